"""QIF: one field a line, a letter before each, ``^`` after each movement; no currency, no balances.

Source: the format's descriptions by Intuit and GnuCash; dates such as ``1/15'05`` have an apostrophe before
years from 2000 on.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from shared.i18n import _l
from shared.money import Money, exponent
from treasury.statements.accounts import Movement, Stretch, accounts_of
from treasury.statements.amounts import decimal_sign_of, read_amount
from treasury.statements.dates import date_order_of, read_date
from treasury.statements.text import unescaped
from treasury.statements.values import (
    MAX_ROWS,
    Assumptions,
    CurrencyUnknown,
    NoAccount,
    Rejected,
    StatementFile,
    TooManyRows,
    UnreadableRow,
)

_HEADER = re.compile(r"!(?:type|account|option|clear)", re.IGNORECASE)
_MONEY_KINDS = frozenset({"bank", "cash", "ccard", "oth a", "oth l"})
_LISTS = frozenset(
    {"account", "cat", "class", "memorized", "prices", "security", "template", "tag", "budget"}
)
_OPENING = frozenset({"opening balance", "solde d'ouverture", "solde initial", "saldo inicial"})


def is_qif(text: str) -> bool:
    """Whether the first thing `text` says is a QIF header."""
    return bool(_HEADER.match(text.lstrip()))


@dataclass(slots=True)
class _Record:
    """The lines up to ``^``: by letter, the first of each."""

    row: int
    account: str
    kind: str
    values: dict[str, str] = field(default_factory=dict)
    cut: bool = False

    @property
    def opens(self) -> bool:
        """This is the opening balance, which the format writes as if it were a movement."""
        return self.values.get("P", "").casefold() in _OPENING

    @property
    def written_amount(self) -> str:
        return self.values.get("T") or self.values.get("U", "")


def read_qif(text: str, assume: Assumptions) -> StatementFile:
    """The accounts of a QIF text, in the currency that `assume` names.

    Raises `CurrencyUnknown`, `AmbiguousDates`, `NoAccount`.
    """
    currency = assume.currency
    if not currency:
        raise CurrencyUnknown
    records = list(_records(text))
    moving = [one for one in records if one.kind in _MONEY_KINDS]
    if not records:
        raise NoAccount
    order = date_order_of((_plain_date(one) for one in moving), assume.date_order)
    amounts = [one.written_amount for one in moving]
    sign = decimal_sign_of(amounts, exponent(currency)) or assume.decimal_sign
    rejected: list[Rejected] = []
    openings: dict[str, Money] = {}
    movements: dict[str, list[Movement]] = {}
    del moving
    records.reverse()
    while records:  # let go of as they are read, so that a long file is not in memory twice
        record = records.pop()
        try:
            movement = _movement(record, currency, order, sign)
        except UnreadableRow as unreadable:
            rejected.append(Rejected(record.row, unreadable.reason))
            continue
        ones = movements.setdefault(record.account, [])
        if record.opens and not ones:
            openings[record.account] = movement.amount
        else:
            ones.append(movement)
    stretches = [
        Stretch(account, currency, openings.get(account), None, ones) for account, ones in movements.items()
    ]
    return StatementFile("qif", accounts_of(stretches), tuple(rejected))


def _records(text: str) -> Iterator[_Record]:
    """The records of accounts that hold money or securities, with the account they stand under."""
    kind, account = "bank", ""
    record: _Record | None = None
    rows = 0
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("!"):
            kind, record = _kind(line, kind), None
        elif line.startswith("^"):
            if record is not None and kind == "account":
                account = record.values.get("N", "")
            elif record is not None and kind not in _LISTS:
                yield record
            record = None
        elif line.strip():
            if record is None:
                rows += 1
                record = _Record(number, account, kind)
            record.values.setdefault(line[0].upper(), unescaped(line[1:]))
        if rows > MAX_ROWS:
            raise TooManyRows(count=MAX_ROWS)
    if record is not None and kind not in _LISTS:
        record.cut = True
        yield record


def _kind(line: str, before: str) -> str:
    """What a header announces; ``!Option`` and ``!Clear`` announce nothing."""
    word, _colon, rest = line[1:].partition(":")
    return (rest or word).casefold().strip() if word.casefold() in ("type", "account") else before


def _plain_date(record: _Record) -> str:
    """``1/15' 5`` as ``1/15/5``."""
    return record.values.get("D", "").replace("' ", "/").replace("'", "/").replace("/ ", "/")


def _movement(record: _Record, currency: str, order: str | None, sign: str | None) -> Movement:
    if record.kind not in _MONEY_KINDS:
        raise UnreadableRow(_l("This movement is of securities, not of money."))
    if record.cut:
        raise UnreadableRow(_l("The file stops in the middle of this movement."))
    memo = record.values.get("M", "")
    return Movement(
        row=record.row,
        date=read_date(_plain_date(record), order),
        amount=read_amount(record.written_amount, currency, sign),
        reference=record.values.get("N", ""),
        name=record.values.get("P", "") or memo,
        memo=memo,
        bank_id=None,
    )
