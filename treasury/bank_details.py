"""How to pay this house by transfer, in its own words: account, bank, whatever its country needs."""

from markupsafe import Markup

from shared.money import Money
from treasury.epc_qr import transfer_code

_details = ""


def settle(text: str) -> None:
    """Take the words from the settings, once, in `app.py`."""
    global _details
    _details = text.strip()


def code_for(amount: Money | None, reference: str) -> Markup | None:
    """The code (SVG) that a banking app reads to pay this, for euros to an account with an IBAN."""
    drawn = transfer_code(bank_details(), amount, reference) if amount else None
    return Markup(drawn) if drawn else None  # noqa: S704 - drawn by us, no text of anybody's in it


def bank_details() -> list[str]:
    """The lines to print beside a payment reference; empty when nothing was set up."""
    return [line.strip() for line in _details.splitlines() if line.strip()]
