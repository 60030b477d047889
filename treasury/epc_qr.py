"""The code that banking apps read to fill in a SEPA transfer (European Payments Council, EPC069-12).

Only euros, and only to an account with an IBAN. For other currencies no code is read by every app, and the
page says so.
"""

import re
from dataclasses import dataclass

from shared.money import Money

_IBAN = re.compile(r"\b([A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]){11,30})")
_BIC = re.compile(r"\b([A-Z]{6}[A-Z0-9]{2}(?:[A-Z0-9]{3})?)\b")
_LARGEST = 99_999_999_999  # cents: the standard ends at 999 999 999.99 euros


@dataclass(frozen=True, slots=True)
class SepaAccount:
    """Where the money goes: the holder's name and the IBAN without spaces."""

    holder: str
    iban: str
    bic: str = ""


def is_iban(text: str) -> bool:
    """Whether `text` (capitals, no spaces) is an IBAN whose two check digits hold (ISO 13616, mod 97)."""
    if not re.fullmatch(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}", text):
        return False
    return int("".join(str(int(one, 36)) for one in text[4:] + text[:4])) % 97 == 1


def sepa_account(lines: list[str]) -> SepaAccount | None:
    """The account that the house's bank details name, if they hold an IBAN; the first line is its holder."""
    for line in lines:
        for found in _IBAN.findall(line):
            words = found.split()
            for end in range(len(words), 0, -1):  # words behind an IBAN are not part of it
                iban = "".join(words[:end])
                if is_iban(iban):
                    return SepaAccount(_holder(lines, line), iban, _bic(lines, iban))
    return None


def _holder(lines: list[str], iban_line: str) -> str:
    return next((line for line in lines if line != iban_line), "")[:70]


def _bic(lines: list[str], iban: str) -> str:
    for line in lines:
        marked = re.search(r"\b(?:BIC|SWIFT)\b\W*(.*)", line)
        found = _BIC.search(marked[1]) if marked else None
        if found and found[1] not in iban:
            return found[1]
    return ""


def payload(account: SepaAccount, amount: Money, reference: str) -> str | None:
    """The text of the code; None for another currency, or an amount that the standard does not carry."""
    if amount.currency != "EUR" or not 1 <= amount.minor <= _LARGEST or not account.holder:
        return None
    figures = f"EUR{amount.decimal()}"
    named = f"{account.bic}\n{account.holder}\n{account.iban}"
    return f"BCD\n002\n1\nSCT\n{named}\n{figures}\n\n\n{reference}"


def as_svg(text: str) -> str:
    """The code as an SVG to put into a page: dark on white, with its quiet zone, whatever the page's colours.

    Error correction M, at most version 13, as the standard asks.
    """
    import segno  # only pages with a code need it

    code = segno.make_qr(text, error="m", boost_error=False)
    drawn: str = code.svg_inline(scale=4, border=4, dark="#111111", light="#ffffff", omitsize=True)
    return drawn


def transfer_code(lines: list[str], amount: Money, reference: str) -> str | None:
    """The SVG for a transfer of `amount` to the house's account, where a banking app can read one."""
    account = sepa_account(lines)
    text = payload(account, amount, reference) if account else None
    return as_svg(text) if text else None
