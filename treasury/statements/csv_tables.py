"""CSV as banks export it: delimiter and titles are recognised, a quotation mark too many costs one row."""

import csv
import re
from collections.abc import Iterator, Sequence

from shared.i18n import LazyString, _l
from treasury.statements.columns import Columns
from treasury.statements.layouts import SEARCHED, Row, columns_in, first_row, guess, titles_among
from treasury.statements.tables import read_table
from treasury.statements.values import (
    MAX_ROWS,
    Assumptions,
    ColumnsUnknown,
    Layout,
    Rejected,
    StatementFile,
    TooManyRows,
    UnknownFormat,
)

DELIMITERS = (";", ",", "\t", "|")
_LONGEST_ROW = 6  # lines of one quoted row
_AS_TEXT = re.compile(r'="(.*)"')  # how spreadsheets are told to leave figures alone


def read_csv(text: str, assume: Assumptions) -> StatementFile:
    """The accounts of a table: one per account and currency named in it, usually one.

    Raises `UnknownFormat`, `ColumnsUnknown`, `CurrencyUnknown`, `AmbiguousDates`, `UnsignedAmounts`.
    """
    lines = text.split("\n")
    delimiter, start, columns = _told(lines, assume.layout) or _find_titles(lines)
    rejected: list[Rejected] = []
    rows = list(_rows(lines, start, delimiter, columns.width, rejected))
    above = [_cells(line, delimiter) or [] for line in lines[:start]]
    return read_table("csv", columns, above, rows, rejected, assume)


def sketch_csv(text: str, delimiter: str = "") -> tuple[Layout, list[Row]]:
    """A layout guessed for the table, and its first rows. Raises `UnknownFormat` for what is no table."""
    lines = text.split("\n")
    if delimiter not in DELIMITERS:
        try:
            delimiter = _find_titles(lines)[0]
        except ColumnsUnknown:
            delimiter = max(DELIMITERS, key=lambda one: _regularity(lines, one))
    head = head_of(lines, delimiter)
    found = guess(head)
    return Layout(roles=found.roles, titles=found.titles, delimiter=delimiter), head


def head_of(lines: Sequence[str], delimiter: str) -> list[Row]:
    """The first rows as cells, blank ones left out."""
    head = []
    for index, line in enumerate(lines[:SEARCHED]):
        cells = _cells(line, delimiter) if len(line) < 5000 else None
        if cells and any(cells):
            head.append((index + 1, cells))
    return head


def _regularity(lines: Sequence[str], delimiter: str) -> int:
    """How many of the first rows have the most usual number of columns, times that number."""
    widths = [len(cells) for _number, cells in head_of(lines, delimiter) if len(cells) > 1]
    return max((width * widths.count(width) for width in set(widths)), default=0)


def _told(lines: list[str], layout: Layout | None) -> tuple[str, int, Columns] | None:
    """Delimiter, index of the first movement and columns as `layout` says; None if it does not fit."""
    if layout is None or not layout.delimiter:
        return None
    columns = columns_in(layout)
    head = head_of(lines, layout.delimiter)
    index = first_row(layout, head)
    if columns is None or index is None:
        return None
    start = head[index][0] - 1 if index < len(head) else len(lines)
    return layout.delimiter, start, columns


def _find_titles(lines: list[str]) -> tuple[str, int, Columns]:
    """Delimiter, index of the row below the titles, and columns: the row that most titles are known of."""
    best: tuple[str, int, Columns] | None = None
    tabular = False
    for delimiter in DELIMITERS:
        head = [row for row in head_of(lines, delimiter) if delimiter in lines[row[0] - 1]]
        tabular = tabular or any(len(cells) >= 3 for _number, cells in head)
        titled = titles_among(head)
        if titled and (best is None or titled[1].known > best[2].known):
            best = delimiter, head[titled[0]][0], titled[1]
    if best is None:
        raise ColumnsUnknown if tabular and not lines[0].startswith("<") else UnknownFormat
    return best


def _rows(
    lines: list[str], start: int, delimiter: str, width: int, rejected: list[Rejected]
) -> Iterator[Row]:
    """The rows from line `start` on, numbered from 1 as an editor does; unreadable ones go to `rejected`."""
    blank = delimiter + ' "\t\u00a0'
    index = start
    rows = 0
    while index < len(lines):
        taken = 1
        line = lines[index]
        if line.strip(blank):
            rows += 1
            if rows > MAX_ROWS:
                raise TooManyRows(count=MAX_ROWS)
            cells: list[str] | None
            if '"' in line:
                cells, taken = _quoted_row(lines, index, delimiter, width)
            else:
                cells = [cell.strip() for cell in line.split(delimiter)]
            while cells and len(cells) > width and not cells[-1]:
                cells.pop()
            if cells and len(cells) == width:
                yield index + 1, cells
            else:
                rejected.append(Rejected(index + 1, _row_problem(cells, width)))
        index += taken


def _row_problem(cells: list[str] | None, width: int) -> LazyString:
    if cells is None:
        return _l("The quotation marks of this row do not match.")
    return _l("This row has %(count)s columns, the titles have %(width)s.", count=len(cells), width=width)


def _quoted_row(lines: list[str], index: int, delimiter: str, width: int) -> tuple[list[str] | None, int]:
    """Cells of a row with quotation marks, and how many lines it takes. One that never closes takes one."""
    cells = _cells(lines[index], delimiter)
    if cells is not None:
        return cells, 1
    for taken in range(2, _LONGEST_ROW + 1):
        if index + taken > len(lines):
            break
        cells = _cells("\n".join(lines[index : index + taken]), delimiter)
        if cells is not None and len(cells) == width:
            return cells, taken
    return None, 1


def _cells(line: str, delimiter: str) -> list[str] | None:
    try:
        rows = list(csv.reader([line], delimiter=delimiter, strict=True, skipinitialspace=True))
    except csv.Error:
        return None
    cells = [cell.strip() for row in rows for cell in row]
    return [_AS_TEXT.sub(r"\1", cell) for cell in cells] if '="' in line else cells
