"""Amounts as banks write them: read exactly or refused with the reason; never rounded, never zero instead."""

import re
from collections.abc import Iterable

from shared.i18n import _l
from shared.money import EXPONENTS, Money, exponent
from treasury.statements.values import UnreadableRow, quoted

_LARGEST = 10**15  # as in shared.money
_LONGEST = 64  # characters; nothing a bank writes as one amount is longer
_SEPARATORS = " \u00a0\u202f\u2009'’.,"

_PLAIN = re.compile(r"(-?)([0-9]{1,12})(?:([.,])([0-9]{1,2}))?")
_CURRENCIES_OF_MARK = {
    "€": ("EUR",), "£": ("GBP",), "R$": ("BRL",), "FCFA": ("XOF", "XAF"),
    "CA$": ("CAD",), "$CA": ("CAD",), "US$": ("USD",), "$US": ("USD",),
}  # fmt: skip
_MARK = r"[A-Z]{3}|CA\$|US\$|R\$|\$\s?CA|\$\s?US|\$|€|£|F\s?CFA|F"
_WRITTEN = re.compile(
    rf"""
    (?P<open>\()? \s* (?P<lead>[+\-\u2212])? \s* (?P<before>{_MARK})? \s* (?P<inner>[+\-\u2212])? \s*
    (?P<number>[0-9.,][0-9{_SEPARATORS}]*) \s*
    (?P<after>{_MARK})? \s* (?P<side>CR|DR|DB)? \s* (?P<trail>[+\-\u2212])? \s* (?P<close>\))?
    """,
    re.VERBOSE,
)
_NUMBER = re.compile(rf"[0-9]+(?:[{_SEPARATORS}][0-9]+)*|[.,][0-9]+")
_SPLIT = re.compile(rf"([{_SEPARATORS}])")


def read_amount(text: str, currency: str, decimal_sign: str | None) -> Money:
    """The amount `text` says, in `currency`, negative for ``-5``, ``5-``, ``(5)`` and ``5 DR``.

    `decimal_sign` is what the whole column showed; without it an amount such as ``4,500`` is refused. Raises
    `UnreadableRow`: no amount, several readings, more decimals than the currency has, another currency.
    """
    plain = _PLAIN.fullmatch(text)
    if plain and (plain[3] is None or decimal_sign in (None, plain[3])):
        minor = _minor(plain[2], plain[4] or "", text, currency)
        return Money(-minor if plain[1] else minor, currency)
    written = _written(text)
    if not text.strip():
        raise UnreadableRow(_l("There is no amount."))
    if written is None or bool(written["open"]) != bool(written["close"]):
        raise _unreadable(text)
    _same_currency(written["before"] or written["after"], currency)
    signs = [sign for sign in (written["lead"], written["inner"], written["trail"], written["side"]) if sign]
    if len(signs) + bool(written["open"]) > 1:
        raise _unreadable(text)
    negative = bool(written["open"]) or bool(signs and signs[0] not in ("+", "CR"))
    whole, fraction = _parts(written["number"].strip(_SEPARATORS[:4]), decimal_sign, text)
    minor = _minor(whole, fraction, text, currency)
    return Money(-minor if negative else minor, currency)


def decimal_sign_of(texts: Iterable[str], places: int) -> str | None:
    """The decimal sign that these amounts of one column show, or None if they show none or contradict.

    ``1 234,50`` shows a comma, ``1.234.567`` shows that the point groups. ``1,234`` alone shows nothing where
    the currency has three decimals (`places`); where it has two, it cannot be 1.234 and so the comma groups.
    """
    signs = {_evidence(text, places) for text in texts if "." in text or "," in text} - {None}
    return signs.pop() if len(signs) == 1 else None


def currency_of(text: str) -> str | None:
    """The currency that the amount `text` names beside its figures, if it names exactly one."""
    written = None if _PLAIN.fullmatch(text) else _written(text)
    mark = (written["before"] or written["after"] or "") if written else ""
    codes = _CURRENCIES_OF_MARK.get("".join(mark.split()), (mark,))
    return codes[0] if len(codes) == 1 and codes[0] in EXPONENTS else None


def _evidence(text: str, places: int) -> str | None:
    plain = _PLAIN.fullmatch(text)
    if plain:
        return plain[3]
    written = _written(text)
    number = written["number"].strip(_SEPARATORS[:4]) if written else ""
    if not _NUMBER.fullmatch(number):
        return None
    numbers, marks = _split(number)
    last = marks[-1] if marks else ""
    if last not in (".", ","):
        return None
    other = "," if last == "." else "."
    if marks.count(last) > 1:
        return other
    if not _ambiguous(numbers, marks):
        return last
    return other if numbers[-1][places:].strip("0") else None


def _written(text: str) -> re.Match[str] | None:
    return _WRITTEN.fullmatch(text.strip().upper()) if len(text) <= _LONGEST else None


def _split(number: str) -> tuple[list[str], list[str]]:
    pieces = _SPLIT.split(number)
    return pieces[0::2], pieces[1::2]


def _ambiguous(numbers: list[str], marks: list[str]) -> bool:
    """One point or comma, three digits behind it and one to three before: 4,500 may be 4500 or 4.5."""
    return len(marks) == 1 and len(numbers[1]) == 3 and 1 <= len(numbers[0]) <= 3 and numbers[0][0] != "0"


def _parts(number: str, decimal_sign: str | None, text: str) -> tuple[str, str]:
    """Digits of the whole part and of the decimals."""
    if not _NUMBER.fullmatch(number):
        raise _unreadable(text)
    numbers, marks = _split(number)
    fraction = ""
    if marks and marks[-1] in (".", ","):
        if decimal_sign is None and _ambiguous(numbers, marks):
            raise UnreadableRow(
                _l(
                    "The amount “%(text)s” can be read in two ways, and nothing in the file tells which.",
                    text=quoted(text),
                )
            )
        repeated = marks.count(marks[-1]) > 1
        if marks[-1] == decimal_sign or (decimal_sign is None and not repeated):
            fraction = numbers.pop()
            mark = marks.pop()
            if mark in marks:
                raise _unreadable(text)
    if marks and (marks[0] == decimal_sign or not _grouped(numbers, marks)):
        raise _unreadable(text)
    return "".join(numbers), fraction


def _grouped(numbers: list[str], marks: list[str]) -> bool:
    """Groups of three behind one to three digits, all with one mark."""
    head, *groups = numbers
    return (
        1 <= len(head) <= 3 and head[0] != "0" and len(set(marks)) == 1 and all(len(g) == 3 for g in groups)
    )


def _minor(whole: str, fraction: str, text: str, currency: str) -> int:
    places = exponent(currency)
    if fraction[places:].strip("0"):
        raise UnreadableRow(
            _l(
                "The amount “%(text)s” has more decimals than %(currency)s has.",
                text=quoted(text),
                currency=currency,
            )
        )
    minor = int((whole or "0") + fraction[:places].ljust(places, "0"))
    if minor > _LARGEST:
        raise UnreadableRow(_l("The amount “%(text)s” is too large.", text=quoted(text)))
    return minor


def _same_currency(mark: str | None, currency: str) -> None:
    """A bare $ or F tells nothing; any other mark must be of the account's currency."""
    compact = "".join(mark.split()) if mark else "F"
    if compact not in ("$", "F") and currency not in _CURRENCIES_OF_MARK.get(compact, (compact,)):
        raise UnreadableRow(
            _l("The amount is in %(other)s, the account in %(currency)s.", other=compact, currency=currency)
        )


def _unreadable(text: str) -> UnreadableRow:
    return UnreadableRow(_l("The amount “%(text)s” could not be read.", text=quoted(text)))
