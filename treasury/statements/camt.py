"""CAMT.053, versions 2 to 13: ISO 20022 statements in XML, read as a stream, one entry at a time.

The amount of an entry is what the bank booked and counts. Where it books several payments as one and the
amounts of the details add up to it exactly, each detail is a line of its own; else the entry is one line.

Source: ISO 20022, BankToCustomerStatement (camt.053.001.02 to .13).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element, ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from treasury.statements.accounts import Movement, Stretch, accounts_of
from treasury.statements.camt_entries import balance_of, entry_movements
from treasury.statements.values import (
    MAX_ROWS,
    Assumptions,
    BrokenMarkup,
    CurrencyUnknown,
    ForbiddenMarkup,
    FormatNotRead,
    NoAccount,
    NotFinal,
    Rejected,
    StatementFile,
    TooDeep,
    TooManyRows,
    UnreadableRow,
)

_DEEPEST = 64
_CHUNK = 1 << 18  # characters handed to the parser at once
_KEPT = frozenset({"Acct", "Bal", "Ntry"})
_IDENTITY = re.compile(
    r"camt\.0(?:52|53|54)\.001|<(?:[A-Za-z0-9]+:)?BkToCstmr(?:Stmt|AcctRpt|DbtCdtNtfctn)\b"
)
_DECLARATION = re.compile(r"\s*<\?xml[^>]*\?>")
_BARE_AMPERSAND = re.compile(r"&(?!#[0-9]{1,7};|#x[0-9a-fA-F]{1,6};|(?:amp|lt|gt|quot|apos);)")
_NOT_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def is_camt(text: str) -> bool:
    """Whether the head of `text` is a cash management message of ISO 20022."""
    return bool(_IDENTITY.search(text[:4000]))


def read_camt(text: str, assume: Assumptions) -> StatementFile:
    """Every account of the message. Entries that are not booked are listed, with the unreadable ones.

    Raises `ForbiddenMarkup`, `BrokenMarkup`, `TooDeep`, `NotFinal` (camt.052), `FormatNotRead` (camt.054),
    `NoAccount`, `CurrencyUnknown`.
    """
    reader = _Reader(assume)
    parser: Any = DefusedXMLParser(target=reader, encoding="utf-8", forbid_dtd=True)
    try:
        for piece in _pieces(text):
            parser.feed(piece)
        parser.close()
    except ParseError as broken:
        raise BrokenMarkup(line=broken.position[0]) from None
    except DefusedXmlException:
        raise ForbiddenMarkup from None
    stretches = [
        Stretch(one.account, one.currency or "", one.opening, one.closing, one.movements)
        for one in reader.statements
        if one.currency
    ]
    if not stretches and not reader.rejected:
        raise NoAccount
    return StatementFile("camt053", accounts_of(stretches), tuple(reader.rejected))


def _pieces(text: str) -> Iterator[bytes]:
    """`text` as UTF-8, whatever its declaration says; an ampersand on its own is one."""
    start = match.end() if (match := _DECLARATION.match(text)) else 0
    while start < len(text):
        end = text.find(">", start + _CHUNK) + 1 or len(text)
        piece = _NOT_XML.sub(" ", _BARE_AMPERSAND.sub("&amp;", text[start:end]))
        yield piece.encode("utf-8", "replace")
        start = end


@dataclass(slots=True)
class _Statement:
    account: str = ""
    currency: str | None = None
    opening: Any = None
    closing: Any = None
    movements: list[Movement] = field(default_factory=list)


class _Reader:
    """The parser's target: keeps where it is, and of each statement only what is being read."""

    def __init__(self, assume: Assumptions) -> None:
        self.assume = assume
        self.statements: list[_Statement] = []
        self.rejected: list[Rejected] = []
        self.entries = 0
        self._names: dict[str, str] = {}
        self._depth = 0
        self._builder: TreeBuilder | None = None
        self._kept_at = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """An element opens."""
        name = self._names.get(tag) or self._names.setdefault(tag, tag.rpartition("}")[2])
        self._depth += 1
        if self._depth > _DEEPEST:
            raise TooDeep
        if self._builder is not None:
            self._builder.start(name, attributes)
        elif name in _KEPT and self.statements:
            self._builder, self._kept_at = TreeBuilder(), self._depth
            self._builder.start(name, attributes)
        elif name == "Stmt":
            self.statements.append(_Statement())
        elif name == "BkToCstmrAcctRpt":
            raise NotFinal(kind="CAMT.052")
        elif name == "BkToCstmrDbtCdtNtfctn":
            raise FormatNotRead(kind="CAMT.054")

    def data(self, text: str) -> None:
        """Text, in one piece or in several."""
        if self._builder is not None:
            self._builder.data(text)

    def end(self, tag: str) -> None:
        """An element closes."""
        if self._builder is not None:
            self._builder.end(self._names[tag])
            if self._depth == self._kept_at:
                element, self._builder = self._builder.close(), None
                self._take(element)
        self._depth -= 1

    def close(self) -> None:
        """The message ends."""

    def _take(self, element: Element) -> None:
        statement = self.statements[-1]
        if element.tag == "Acct":
            statement.account = _account(element)
            statement.currency = element.findtext("Ccy", "").strip().upper() or None
        elif element.tag == "Bal":
            self._balance(statement, element)
        else:
            self._entry(statement, element)

    def _balance(self, statement: _Statement, element: Element) -> None:
        kind, amount = balance_of(element, statement.currency)
        if amount is not None and statement.currency is None:
            statement.currency = amount.currency
        if kind in ("OPBD", "PRCD") and statement.opening is None:
            statement.opening = amount
        elif kind == "CLBD":
            statement.closing = amount

    def _entry(self, statement: _Statement, element: Element) -> None:
        self.entries += 1
        if self.entries > MAX_ROWS:
            raise TooManyRows(count=MAX_ROWS)
        amount = element.find("Amt")
        written = "" if amount is None else amount.get("Ccy", "").strip().upper()
        if statement.currency is None:
            statement.currency = written or self.assume.currency
        if not statement.currency:
            raise CurrencyUnknown
        try:
            statement.movements += entry_movements(element, self.entries, statement.currency)
        except UnreadableRow as unreadable:
            self.rejected.append(Rejected(self.entries, unreadable.reason))


def _account(element: Element) -> str:
    for path in ("Id/IBAN", "Id/Othr/Id", "Id/PrtryAcct/Id"):
        if found := element.findtext(path, "").strip():
            return found
    return ""
