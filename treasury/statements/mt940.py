"""MT940: tags between colons, a line of figures for each movement, free words under tag 86.

Source: SWIFT category 9, MT940 field specifications; the German sub-fields (?20 to ?33), the Dutch words
between slashes and the SEPA marks (EREF+) of tag 86. Banks break the widths, so widths are not relied on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from shared.i18n import _l
from shared.money import EXPONENTS, Money
from treasury.statements.accounts import Movement, Stretch, accounts_of
from treasury.statements.amounts import read_amount
from treasury.statements.dates import real_date
from treasury.statements.mt940_words import words_of
from treasury.statements.text import tidy
from treasury.statements.values import (
    MAX_ROWS,
    Assumptions,
    CurrencyUnknown,
    NoAccount,
    NotFinal,
    Rejected,
    StatementFile,
    TooManyRows,
    UnreadableRow,
    quoted,
)

_TAG = re.compile(r":([0-9]{2}[A-Z]?):")
_SHAPE = re.compile(r"^:(?:25|28C?|60[FM]|61):", re.MULTILINE)
_BALANCE = re.compile(r"([CD])([0-9]{6})([A-Z]{3})([0-9.,]{1,20})")
_CURRENCY = re.compile(r"[CD][0-9]{6}([A-Z]{3})")
_FIGURES = re.compile(
    r"(?P<valued>[0-9]{6})(?P<booked>[0-9]{4})?(?P<side>R?[CD]|E[CD])(?P<funds>[A-Z])?"
    r"(?P<amount>[0-9.,]{1,20})(?P<kind>[A-Z][A-Z0-9]{3})(?P<rest>.*)"
)
_ACCOUNT_CURRENCY = re.compile(r"(.*[0-9].*?)[ /]?([A-Z]{3})")
_NO_REFERENCE = frozenset({"", "NONREF", "NOREF", "NONE", "NOTPROVIDED", "0"})


def is_mt940(text: str) -> bool:
    """Whether `text` begins like a message of statement tags."""
    head = text[:4000]
    return bool(re.search(r"^(?:\{.*)?:20:", head, re.MULTILINE) and _SHAPE.search(head))


@dataclass(slots=True)
class _Line:
    """A movement as it stands: tag 61 with its lines, then tag 86."""

    row: int
    figures: list[str]
    words: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Message:
    values: dict[str, str] = field(default_factory=dict)
    lines: list[_Line] = field(default_factory=list)


def read_mt940(text: str, assume: Assumptions) -> StatementFile:
    """Every account of the messages in `text`; a message whose balances are missing is read all the same.

    Raises `NoAccount`, `NotFinal` for MT942, `CurrencyUnknown`.
    """
    rejected: list[Rejected] = []
    stretches = [_stretch(one, assume, rejected) for one in _messages(text)]
    found = [one for one in stretches if one is not None]
    if not found and not rejected:
        raise NoAccount
    return StatementFile("mt940", accounts_of(found), tuple(rejected))


def _messages(text: str) -> list[_Message]:
    messages: list[_Message] = []
    into: list[str] | None = None
    rows = 0
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip()
        start = line.find(":20:") if line.startswith("{") else 0
        match = _TAG.match(line, max(start, 0))
        if match is None:
            if into is not None and not line.startswith("-") and not line.startswith("{"):
                into.append(line)
            continue
        tag, rest = match[1], line[match.end() :]
        if tag == "20" or not messages:
            messages.append(_Message())
        message = messages[-1]
        if tag == "61":
            rows += 1
            if rows > MAX_ROWS:
                raise TooManyRows(count=MAX_ROWS)
            into = [rest]
            message.lines.append(_Line(number, into))
        elif tag == "86" and message.lines and "62" not in message.values:
            into = message.lines[-1].words
            into.append(rest)
        else:
            into = None
            _keep(message, tag, rest)
    return messages


def _keep(message: _Message, tag: str, rest: str) -> None:
    if tag in ("34F", "13D", "13"):
        raise NotFinal(kind="MT942")
    if tag[:2] == "62":
        message.values["62"] = rest  # the last page's
    else:
        message.values.setdefault(tag[:2], rest)


def _stretch(message: _Message, assume: Assumptions, rejected: list[Rejected]) -> Stretch | None:
    values = message.values
    if not message.lines and "60" not in values and "62" not in values:
        return None
    account, currency = _account(values.get("25", ""))
    stated = _CURRENCY.match(values.get("60", "")) or _CURRENCY.match(values.get("62", ""))
    currency = stated[1] if stated else currency or assume.currency
    if not currency:
        raise CurrencyUnknown
    if currency not in EXPONENTS:
        reason = _l("The currency %(currency)s is not one that is kept here.", currency=quoted(currency))
        rejected.extend(Rejected(line.row, reason) for line in message.lines)
        return None
    movements = list(_movements(message, currency, rejected))
    opening, closing = (_balance(values.get(tag, ""), currency) for tag in ("60", "62"))
    return Stretch(account, currency, opening, closing, movements)


def _account(text: str) -> tuple[str, str | None]:
    """The account without the currency that some banks write behind it."""
    bare = tidy(text)
    match = _ACCOUNT_CURRENCY.fullmatch(bare)
    return (match[1], match[2]) if match and match[2] in EXPONENTS else (bare, None)


def _balance(text: str, currency: str) -> Money | None:
    match = _BALANCE.match(text)
    if match is None or match[3] != currency:
        return None
    try:
        amount = _amount(match[4], currency)
    except UnreadableRow:
        return None
    return -amount if match[1] == "D" else amount


def _movements(message: _Message, currency: str, rejected: list[Rejected]) -> Iterator[Movement]:
    message.lines.reverse()
    while message.lines:  # let go of as they are read, so that a long file is not in memory twice
        line = message.lines.pop()
        try:
            yield _movement(line, currency)
        except UnreadableRow as unreadable:
            rejected.append(Rejected(line.row, unreadable.reason))


def _movement(line: _Line, currency: str) -> Movement:
    match = _FIGURES.fullmatch(line.figures[0])
    if match is None:
        raise UnreadableRow(_l("The line “%(text)s” could not be read.", text=quoted(line.figures[0])))
    amount = _amount(match["amount"], currency)
    out = match["side"] in ("D", "RC", "ED")  # a reversed credit takes money back
    reference, _slashes, bank_id = match["rest"].partition("//")
    words = words_of(line.words)
    reference, bank_id = (_unless_empty(one) for one in (reference, bank_id))
    besides = tidy(" ".join(line.figures[1:]))  # a name with some banks, codes with others
    memo = words.memo or besides
    return Movement(
        row=line.row,
        date=_date(match),
        amount=-amount if out else amount,
        reference=reference or words.reference,
        name=words.name or ("" if besides.startswith("/") else besides) or memo,
        memo=memo,
        bank_id=bank_id or None,
        counterparty=words.account,
    )


def _unless_empty(text: str) -> str:
    bare = tidy(text)
    return "" if bare.upper() in _NO_REFERENCE else bare


def _amount(text: str, currency: str) -> Money:
    """The format's decimal sign is a comma, also behind whole amounts; some banks write a point."""
    return read_amount(text.rstrip(",."), currency, "," if "," in text else None)


def _date(match: re.Match[str]) -> date:
    """The day of booking, which has no year of its own: the one nearest to the value date."""
    written = match["valued"]
    year = int(written[:2]) + (2000 if int(written[:2]) < 70 else 1900)
    month, day = int(written[2:4]), int(written[4:])
    booked = match["booked"]
    if booked is None:
        return real_date((year, month, day), written)
    booked_month = int(booked[:2])
    year += (month - booked_month > 6) - (booked_month - month > 6)
    return real_date((year, booked_month, int(booked[2:])), booked)
