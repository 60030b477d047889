"""How to pay this house by transfer, in its own words: account, bank, whatever its country needs."""

_details = ""


def settle(text: str) -> None:
    """Take the words from the settings, once, in `app.py`."""
    global _details
    _details = text.strip()


def bank_details() -> list[str]:
    """The lines to print beside a payment reference; empty when nothing was set up."""
    return [line.strip() for line in _details.splitlines() if line.strip()]
