"""Bank statements: bytes of a file to accounts, lines and rejected rows; nothing is stored here."""

import hashlib
import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from shared.errors import DomainError
from treasury.statements.camt import is_camt, read_camt
from treasury.statements.csv_tables import read_csv, sketch_csv
from treasury.statements.layouts import Row, first_row
from treasury.statements.mt940 import is_mt940, read_mt940
from treasury.statements.ofx import is_ofx, read_ofx
from treasury.statements.qif import is_qif, read_qif
from treasury.statements.sheets import is_workbook, read_sheet, sketch_sheet
from treasury.statements.text import decode
from treasury.statements.values import Assumptions, FormatNotRead, Layout, StatementFile, UnknownFormat

_OTHER_FORMATS = (("XLS", re.compile(rb"\xd0\xcf\x11\xe0")), ("PDF", re.compile(rb"%PDF-")))
_SUFFIXES = {
    ".qif": "QIF", ".sta": "MT940", ".mt940": "MT940", ".940": "MT940", ".xlsx": "XLSX", ".ods": "ODS",
}  # fmt: skip
_READERS = ((is_qif, read_qif), (is_camt, read_camt), (is_ofx, read_ofx), (is_mt940, read_mt940))

_BEGINNING = 64 * 1024

PLAIN = Assumptions()


@dataclass(frozen=True, slots=True)
class Sketch:
    """A table looked at from afar: a guess of what its columns are, and its first rows."""

    layout: Layout
    head: tuple[Row, ...]


def inspect(data: bytes, filename: str = "", assume: Assumptions = PLAIN) -> StatementFile:
    """What a statement's file says. Its bytes decide what it is; `filename` helps to name what is not read.

    `assume` answers what the file leaves open. Raises subclasses of `StatementRefused` when nothing can be
    read; a row that cannot be read is listed in `rejected` and does not stop the others.
    """
    if is_workbook(data):
        return read_sheet(data, assume)
    _known_otherwise(data)
    text = decode(data, assume.layout.encoding if assume.layout else None)
    del data  # a long file is in memory once
    for is_it, read in _READERS:
        if is_it(text):
            return read(text, assume)
    try:
        return read_csv(text, assume)
    except UnknownFormat:
        if kind := _SUFFIXES.get(PurePath(filename).suffix.lower(), ""):
            raise FormatNotRead(kind=kind) from None
        raise


def sketch(data: bytes, encoding: str = "", delimiter: str = "") -> Sketch | None:
    """The table in `data` with a guess of its columns; None if the format itself says what is what.

    `encoding` and `delimiter` are what a person said, empty for what the file shows.

    Raises `StatementRefused` for what is no table.
    """
    if is_workbook(data):
        layout, head = sketch_sheet(data)
        return Sketch(layout, tuple(head))
    _known_otherwise(data)
    text = decode(data, encoding or None)
    if any(is_it(text) for is_it, _read in _READERS):
        return None
    layout, head = sketch_csv(text, delimiter)
    return Sketch(layout, tuple(head))


def beginning(data: bytes) -> bytes:
    """The first rows of a text, enough to show how they are read; a workbook is read whole."""
    if is_workbook(data) or len(data) <= _BEGINNING:
        return data
    return data[: data.rfind(b"\n", 0, _BEGINNING) + 1] or data[:_BEGINNING]


def examples(found: Sketch, most: int) -> list[list[str]]:
    """For each column, what its first cells below the titles say."""
    start = first_row(found.layout, found.head) or 0
    rows = [cells for _number, cells in found.head[start:]]
    places = range(len(found.layout.roles))
    return [[c[place] for c in rows if len(c) > place and c[place]][:most] for place in places]


def shape(found: Sketch) -> str:
    """What tells two readings of one table apart, so that roles are not given to other columns."""
    told = (found.layout.delimiter, *found.layout.titles, str(len(found.layout.roles)))
    return hashlib.sha256("\x1f".join(told).encode()).hexdigest()[:16]


def fits(data: bytes, layout: Layout) -> bool:
    """Whether the table in `data` has the columns that `layout` tells of."""
    try:
        found = sketch(data, layout.encoding, layout.delimiter)
    except DomainError:
        return False
    return found is not None and first_row(layout, found.head) is not None


def _known_otherwise(data: bytes) -> None:
    for kind, shape in _OTHER_FORMATS:
        if shape.match(data):
            raise FormatNotRead(kind=kind)


def as_json(statement_file: StatementFile) -> dict[str, Any]:
    """The public form: amounts are decimal strings, dates ISO, absent balances null."""
    return {
        "format": statement_file.format,
        "accounts": [
            {
                "account": account.account,
                "currency": account.currency,
                "opening": account.opening.decimal() if account.opening is not None else None,
                "closing": account.closing.decimal() if account.closing is not None else None,
                "lines": [
                    {
                        "date": line.date.isoformat(),
                        "amount": line.amount.decimal(),
                        "reference": line.reference,
                        "name": line.name,
                    }
                    for line in account.lines
                ],
            }
            for account in statement_file.accounts
        ],
        "rejected": [{"row": row.row, "reason": str(row.reason)} for row in statement_file.rejected],
    }
