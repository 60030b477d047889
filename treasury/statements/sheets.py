"""XLSX: the first sheet with a table, its figures exactly as they were typed.

The archive is looked through before anything opens it: how much it unpacks into, declarations that no
workbook needs, and cells so far out that the rows between would fill the memory.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, SheetVisibleEnum

from treasury.statements.layouts import SEARCHED, Row, columns_in, first_row, guess, titles_among
from treasury.statements.tables import read_table
from treasury.statements.values import (
    MAX_ROWS,
    Assumptions,
    BrokenWorkbook,
    ColumnsUnknown,
    EmptyFile,
    FileTooLarge,
    ForbiddenMarkup,
    Layout,
    PackedTooTight,
    Rejected,
    StatementFile,
    TooManyRows,
)

MAX_PACKED = 40 * 1024 * 1024
_MOST_UNPACKED = 120 * 1024 * 1024
_MOST_MEMBERS = 400
_TIGHTEST = 100  # times; sheets of figures pack about ten to twenty times
_SMALL = 1024 * 1024
_WIDEST = 200
_CELL = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,7})([0-9]{1,10})["']""")
_FORBIDDEN = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_PIECE = 1 << 18
_OVERLAP = 64


def is_workbook(data: bytes) -> bool:
    """Whether `data` begins like an archive, which is what XLSX is."""
    return data.startswith(b"PK\x03\x04")


def read_sheet(data: bytes, assume: Assumptions) -> StatementFile:
    """The accounts of the first sheet that has a table.

    Raises `PackedTooTight`, `BrokenWorkbook`, `ForbiddenMarkup`, `TooManyRows`, and what tables raise.
    """
    for rows in sheets(data):
        layout = assume.layout
        told = _told(layout, rows) if layout is not None and not layout.delimiter else None
        titled = told or titles_among(rows[:SEARCHED])
        if titled is None:
            continue
        index, columns = titled
        start = index if told else index + 1
        rejected: list[Rejected] = []
        above = [cells for _number, cells in rows[:start]]
        return read_table("xlsx", columns, above, _fitted(rows[start:], columns.width), rejected, assume)
    raise ColumnsUnknown


def sketch_sheet(data: bytes) -> tuple[Layout, list[Row]]:
    """A layout guessed for the first sheet that has one, and its first rows."""
    best: tuple[Layout, list[Row]] | None = None
    for rows in sheets(data):
        head = rows[:SEARCHED]
        found = guess(head)
        if titles_among(head):
            return found, head
        best = best or (found, head)
    if best is None:
        raise EmptyFile
    return best


def _told(layout: Layout, rows: Sequence[Row]) -> Any:
    columns, index = columns_in(layout), first_row(layout, rows[:SEARCHED])
    return None if columns is None or index is None else (index, columns)


def _fitted(rows: Sequence[Row], width: int) -> list[Row]:
    """Rows as wide as the titles: a sheet has no lines that could be torn."""
    return [(number, (cells + [""] * width)[:width]) for number, cells in rows if any(cells[:width])]


def sheets(data: bytes) -> Iterator[list[Row]]:
    """The rows of each visible sheet that has some."""
    if len(data) > MAX_PACKED:
        raise FileTooLarge(megabytes=MAX_PACKED // 1024 // 1024)
    _look_through(data)
    try:
        workbook = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for about in workbook.sheets_metadata:
            if about.visible != SheetVisibleEnum.Visible:
                continue
            sheet = workbook.get_sheet_by_name(about.name)
            if sheet.start is None:
                continue
            written = enumerate(([_text(cell) for cell in cells] for cells in sheet.iter_rows()), 1)
            yield [(number, cells) for number, cells in written if any(cells)]
    except CalamineError:
        raise BrokenWorkbook from None


def _text(cell: Any) -> str:
    """A cell as text, a figure with the digits that were typed (a workbook keeps fifteen).

    It never has three decimals exactly: unlike 1.234, 1.2340 can be read in one way only.
    """
    if isinstance(cell, str):
        return " ".join(cell.split())
    if isinstance(cell, bool) or cell is None:
        return ""
    if isinstance(cell, int | float):
        text = format(Decimal(format(cell, ".15g")), "f")
        return text + "0" if len(text.partition(".")[2]) == 3 else text
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return (
        cell.isoformat()
        if isinstance(cell, date | time)
        else str(cell)
        if isinstance(cell, timedelta)
        else ""
    )


def _look_through(data: bytes) -> None:
    """Refuse what unpacks into too much, declares entities, or has cells far out."""
    too_tight = PackedTooTight(megabytes=_MOST_UNPACKED // 1024 // 1024)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = archive.infolist()
            if len(members) > _MOST_MEMBERS:
                raise too_tight
            left = _MOST_UNPACKED
            for member in members:
                if member.flag_bits & 1:
                    raise BrokenWorkbook
                most = min(left, max(_SMALL, member.compress_size * _TIGHTEST))
                left -= _look_at(archive, member, most, too_tight)
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError, OSError, zlib.error):
        raise BrokenWorkbook from None


def _look_at(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int, too_tight: PackedTooTight) -> int:
    """How many bytes a member unpacks into, counted while it does."""
    size = 0
    tail = b""
    markup = member.filename.lower().endswith((".xml", ".rels"))
    sheet = "worksheets/" in member.filename.lower()
    with archive.open(member) as content:
        while piece := content.read(_PIECE):
            size += len(piece)
            if size > most:
                raise too_tight
            window = tail + piece
            if markup and _FORBIDDEN.search(window):
                raise ForbiddenMarkup
            if sheet:
                _look_at_cells(window)
            tail = window[-_OVERLAP:]
    return size


def _look_at_cells(window: bytes) -> None:
    for letters, digits in _CELL.findall(window):
        if len(letters) > 2 or _place(letters) > _WIDEST or int(digits) > MAX_ROWS:
            raise TooManyRows(count=MAX_ROWS)


def _place(letters: bytes) -> int:
    place = 0
    for letter in letters.upper():
        place = place * 26 + letter - 64
    return place
