"""Tables for spreadsheets, as CSV and as workbooks in which no cell is ever a formula."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from io import BytesIO, StringIO

from shared.money import Money, exponent

CSV_MIME = "text/csv; charset=utf-8"
XLSX_MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

NO_FORMULA = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
"""Options of a workbook: a text stays the text it is."""

_FORMULA = frozenset(("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"))

Cell = str | int | Money | None
"""What a table holds; an amount is written as a plain number, its currency stands in a column beside."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """One table: its title, the heads of its columns, and its rows."""

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def neutral(cell: str) -> str:
    """`cell` so that no spreadsheet takes it for a formula: an apostrophe before what would begin one."""
    return f"'{cell}" if cell[:1] in _FORMULA else cell


def as_csv(sheets: Iterable[Sheet]) -> str:
    """CSV text (RFC 4180, with a mark by which spreadsheets know UTF-8): the sheets one below the other.

    Texts are neutralised; amounts and counts are real numbers and stay as they are, also below zero.
    """
    buffer = StringIO("\ufeff")
    buffer.seek(0, 2)
    writer = csv.writer(buffer)
    for number, sheet in enumerate(sheets):
        writer.writerows([[]] * min(number, 1))
        writer.writerow([neutral(sheet.title)])
        writer.writerow([neutral(head) for head in sheet.heads])
        for row in sheet.rows:
            writer.writerow([_plain(cell) for cell in row])
    return buffer.getvalue()


def _plain(cell: Cell) -> str:
    if isinstance(cell, Money):
        return cell.decimal()
    return "" if cell is None else str(cell) if isinstance(cell, int) else neutral(cell)


def as_workbook(sheets: Iterable[Sheet]) -> bytes:
    """An XLSX file with a sheet for each table: texts are texts, amounts numbers with their decimals."""
    import xlsxwriter  # 14 MB that few pages need

    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True, **NO_FORMULA}) as workbook:
        bold = workbook.add_format({"bold": True})
        decimals = [
            workbook.add_format({"num_format": f"#,##0{'.' if n else ''}{'0' * n}"}) for n in range(4)
        ]
        names: set[str] = set()
        for sheet in sheets:
            page = workbook.add_worksheet(_unused(sheet.title, names))
            page.freeze_panes(1, 0)
            for column, head in enumerate(sheet.heads):
                page.write_string(0, column, head, bold)
                page.set_column(column, column, max(12, min(44, 2 + _widest(sheet, column))))
            for line, row in enumerate(sheet.rows, 1):
                for column, cell in enumerate(row):
                    if isinstance(cell, Money):
                        style = decimals[exponent(cell.currency)]
                        page.write_number(line, column, float(cell.decimal()), style)
                    elif isinstance(cell, int):
                        page.write_number(line, column, cell)
                    elif cell:
                        page.write_string(line, column, cell)
    return target.getvalue()


def _widest(sheet: Sheet, column: int) -> int:
    return max((len(_plain(row[column])) for row in (sheet.heads, *sheet.rows[:500])), default=0)


def sheet_name(title: str) -> str:
    """A name that workbooks accept: at most 31 characters, whole words, and none of their own signs."""
    name = "".join(" " if character in "[]:*?/\\'" else character for character in title).strip()
    if len(name) > 31:
        name = f"{name[:30].rpartition(' ')[0] or name[:30]}…"
    return name or "1"


def _unused(title: str, names: set[str]) -> str:
    name, number = sheet_name(title), 1
    while name.casefold() in names:
        number += 1
        name = f"{sheet_name(title)[:27]} {number}"
    names.add(name.casefold())
    return name
