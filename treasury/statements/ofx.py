"""OFX 1 (SGML) and OFX 2 (XML), QFX included, by one tolerant reader of tags.

Banks leave tags open, escape twice, write decimal commas and declare encodings they do not use, so neither an
XML nor an SGML parser reads what people download. Only a few tags matter here; the order in which they open
tells where a value belongs, and closing tags are welcome but not needed.

Source: Open Financial Exchange 1.6 and 2.2, sections 3 and 11.
"""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from shared.i18n import _l
from shared.money import EXPONENTS, Money, exponent
from treasury.statements.accounts import Movement, Stretch, accounts_of
from treasury.statements.amounts import decimal_sign_of, read_amount
from treasury.statements.dates import real_date
from treasury.statements.text import unescaped
from treasury.statements.values import (
    MAX_ROWS,
    Assumptions,
    CurrencyUnknown,
    ForbiddenMarkup,
    NoAccount,
    Rejected,
    StatementFile,
    TooManyRows,
    UnreadableRow,
    quoted,
)

_TAG = re.compile(
    r"<(/?)([A-Za-z][A-Za-z0-9._:-]{0,63}+)[^<>]*+>"  # a tag, and the text up to the next one: a "<" that
    r"([^<]*+(?:<(?!/?[A-Za-z][^<>]*+>)[^<]*+)*+)"  # begins no tag belongs to the text
)
_FORBIDDEN = re.compile(r"<!\s*(?:DOCTYPE|ENTITY|ELEMENT|ATTLIST|NOTATION)", re.IGNORECASE)
_DATE = re.compile(r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})(?:[^0-9].*|[0-9]{2}.*)?")

_STATEMENTS = frozenset({"STMTRS", "CCSTMTRS", "INVSTMTRS"})
_MOVEMENTS = frozenset({"STMTTRN", "STMTTRNP"})
_BALANCES = frozenset({"LEDGERBAL", "AVAILBAL"})
_CURRENCIES = frozenset({"CURRENCY", "ORIGCURRENCY"})
_ONCE = frozenset({"TRNAMT", "DTPOSTED", "FITID"})
_KEPT = _ONCE | {
    "CHECKNUM", "REFNUM", "NAME", "EXTDNAME", "MEMO", "CURRENCY.CURSYM", "CORRECTFITID", "CORRECTACTION",
}  # fmt: skip
_NO_ID = frozenset({"", "0", "NONE", "NULL", "NONREF", "NOTPROVIDED"})


def is_ofx(text: str) -> bool:
    """Whether `text` looks like OFX, complete or not."""
    return bool(
        re.search(r"<OFX\b|OFXHEADER|<(?:CC)?STMTTRN(?:RS)?>|<STMTTRN>", text[:20_000], re.IGNORECASE)
    )


def read_ofx(text: str, assume: Assumptions) -> StatementFile:
    """Every account of an OFX text. Rows that cannot be read are listed; nothing is guessed in their place.

    The opening balance is not part of the format; the closing one is the ledger balance. Raises
    `ForbiddenMarkup`, `NoAccount`, and `CurrencyUnknown` when neither the file nor `assume` names one.
    """
    if _FORBIDDEN.search(text):
        raise ForbiddenMarkup
    rejected: list[Rejected] = []
    statements = _Reader().read(_plain_markup(text))
    stretches = [stretch for one in statements if (stretch := _stretch(one, assume, rejected))]
    if not stretches and not rejected:
        raise NoAccount
    return StatementFile("ofx", accounts_of(stretches), tuple(sorted(rejected, key=lambda one: one.row)))


@dataclass(slots=True)
class _RawMovement:
    row: int
    pending: bool
    values: dict[str, str] = field(default_factory=dict)
    repeated: bool = False
    cut: bool = False


@dataclass(slots=True)
class _RawStatement:
    values: dict[str, str] = field(default_factory=dict)
    movements: list[_RawMovement] = field(default_factory=list)


class _Reader:
    """Follows the tags and keeps where it is: in which statement, movement and balance."""

    def __init__(self) -> None:
        self.statements: list[_RawStatement] = []
        self.movement: _RawMovement | None = None
        self.balance = ""
        self.currency = ""
        self.rows = 0

    def read(self, text: str) -> list[_RawStatement]:
        closing, name = "", ""
        for match in _TAG.finditer(text):
            closing, name, value = match.groups()
            name = name.rpartition(":")[2].upper()
            if closing:
                if name in _MOVEMENTS or name in _STATEMENTS:
                    self.movement = None
            elif not self._opens(name):
                self._keep(name, value)
        self._stop(name if not closing else "")
        return self.statements

    def _opens(self, name: str) -> bool:
        if name in _MOVEMENTS:
            self.rows += 1
            if self.rows > MAX_ROWS:
                raise TooManyRows(count=MAX_ROWS)
            self.movement = _RawMovement(self.rows, name == "STMTTRNP")
            self._statement().movements.append(self.movement)
        elif name in _STATEMENTS:
            self.movement, self.balance = None, ""
            self.statements.append(_RawStatement())
        elif name in _BALANCES:
            self.movement, self.balance = None, name
        elif name in _CURRENCIES:
            self.currency = name
        else:
            return False
        return True

    def _keep(self, name: str, value: str) -> None:
        text = unescaped(value)
        if name == "CURSYM":
            name = f"{self.currency}.{name}"
        elif name == "BALAMT":
            name = f"{self.balance}.{name}"
        if self.movement is not None and name not in _KEPT:
            return
        if self.movement is None:
            self._statement().values.setdefault(name, text)
        elif name not in self.movement.values or not self.movement.values[name]:
            self.movement.values[name] = text
        elif name in _ONCE and self.movement.values[name] != text:
            self.movement.repeated = True

    def _stop(self, last_open: str) -> None:
        """The file ends: what was still being written may be cut, and a cut amount reads as another one."""
        if self.movement is not None:
            self.movement.cut = True
        elif last_open == "BALAMT":
            self._statement().values.pop(f"{self.balance}.BALAMT", None)

    def _statement(self) -> _RawStatement:
        if not self.statements:
            self.statements.append(_RawStatement())
        return self.statements[-1]


def _stretch(raw: _RawStatement, assume: Assumptions, rejected: list[Rejected]) -> Stretch | None:
    if not raw.movements and "ACCTID" not in raw.values and "LEDGERBAL.BALAMT" not in raw.values:
        return None
    currency = raw.values.get("CURDEF", "").upper() or assume.currency
    if not currency:
        raise CurrencyUnknown
    if currency not in EXPONENTS:
        reason = _l("The currency %(currency)s is not one that is kept here.", currency=quoted(currency))
        rejected.extend(Rejected(movement.row, reason) for movement in raw.movements)
        return None
    sign = _decimal_sign(raw, currency, assume)
    movements = list(_movements(raw, currency, sign, rejected))
    closing = _balance(raw.values.get("LEDGERBAL.BALAMT", ""), currency, sign)
    return Stretch(raw.values.get("ACCTID", ""), currency, None, closing, movements)


def _decimal_sign(raw: _RawStatement, currency: str, assume: Assumptions) -> str | None:
    """What the account's amounts show. The format groups no thousands, so three decimals may be real."""
    amounts = [movement.values.get("TRNAMT", "") for movement in raw.movements]
    sign = decimal_sign_of([*amounts, raw.values.get("LEDGERBAL.BALAMT", "")], places=3)
    if sign is None and exponent(currency) == 3:
        sign = next((mark for amount in amounts for mark in amount if mark in ".,"), None)
    return sign or assume.decimal_sign


def _movements(
    raw: _RawStatement, currency: str, sign: str | None, rejected: list[Rejected]
) -> Iterator[Movement]:
    corrected = _corrected(raw)
    raw.movements.reverse()
    while raw.movements:  # let go of as they are read, so that a long file is not in memory twice
        movement = raw.movements.pop()
        try:
            _check_correction(movement, corrected)
            yield _movement(movement, currency, sign)
        except UnreadableRow as unreadable:
            rejected.append(Rejected(movement.row, unreadable.reason))


def _corrected(raw: _RawStatement) -> set[str]:
    """Numbers of movements of this statement that others of it replace or take back."""
    here = {movement.values.get("FITID", "") for movement in raw.movements}
    return here & {movement.values.get("CORRECTFITID", "") for movement in raw.movements} - {""}


def _check_correction(raw: _RawMovement, corrected: set[str]) -> None:
    """Nothing that the bank took back comes in, and nothing that it replaced comes in twice."""
    number = raw.values.get("CORRECTFITID", "")
    if raw.values.get("FITID", "") in corrected:
        raise UnreadableRow(_l("The bank replaced this movement or took it back."))
    if number and raw.values.get("CORRECTACTION", "").upper() == "DELETE":
        raise UnreadableRow(_l("Here the bank takes back its movement %(number)s.", number=quoted(number)))
    if number and number not in corrected:
        raise UnreadableRow(
            _l("Here the bank replaces its movement %(number)s of another file.", number=quoted(number))
        )


def _movement(raw: _RawMovement, currency: str, sign: str | None) -> Movement:
    values = raw.values.get
    if raw.pending:
        raise UnreadableRow(_l("This movement is still pending at the bank."))
    if raw.cut:
        raise UnreadableRow(_l("The file stops in the middle of this movement."))
    if raw.repeated:
        raise UnreadableRow(
            _l("Two movements run into each other here: one has two amounts, dates or numbers.")
        )
    other = values("CURRENCY.CURSYM", "").upper()
    if other and other != currency:
        raise UnreadableRow(
            _l(
                "The amount is in %(other)s, the account in %(currency)s.",
                other=quoted(other),
                currency=currency,
            )
        )
    amount = read_amount(values("TRNAMT", ""), currency, sign)
    bank_id = values("FITID", "")
    memo = values("MEMO", "")
    return Movement(
        row=raw.row,
        date=_date(values("DTPOSTED", "")),
        amount=amount,
        reference=values("CHECKNUM", "") or values("REFNUM", ""),
        name=values("NAME", "") or values("EXTDNAME", "") or memo,
        memo=memo,
        bank_id=None if bank_id.upper() in _NO_ID else bank_id,
    )


def _date(text: str) -> date:
    match = _DATE.fullmatch(text)
    if not text:
        raise UnreadableRow(_l("There is no date."))
    if match is None:
        raise UnreadableRow(_l("The date “%(text)s” could not be read.", text=quoted(text)))
    return real_date((int(match[1]), int(match[2]), int(match[3])), text)


def _balance(text: str, currency: str, sign: str | None) -> Money | None:
    try:
        return read_amount(text, currency, sign)
    except UnreadableRow:
        return None


def _plain_markup(text: str) -> str:
    """`text` without comments and processing instructions, and CDATA sections as escaped text."""
    for start, end, keep in (("<!--", "-->", False), ("<?", "?>", False), ("<![CDATA[", "]]>", True)):
        if start in text:
            text = "".join(_without(text, start, end, keep))
    return text


def _without(text: str, start: str, end: str, keep: bool) -> Iterator[str]:
    at = 0
    while (begins := text.find(start, at)) >= 0:
        ends = text.find(end, begins)
        yield text[at:begins]
        if ends < 0:
            return
        if keep:
            yield html.escape(text[begins + len(start) : ends], quote=False)
        at = ends + len(end)
    yield text[at:]
