"""Registrations as CSV and as a workbook, in which no cell is ever a formula."""

import csv
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

from documents.spreadsheets import NO_FORMULA, neutral, sheet_name
from events.registration_list import EXPORT_COLUMNS

_LINES = 500  # written at a time
_WIDTHS = (12, 28, 30, 30, 8, 12, 6, 14, 14, 10, 8, 14, 12, 16, 18, 8, 17)


def csv_lines(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """CSV text (RFC 4180, with a mark by which spreadsheets know UTF-8), some hundred lines at a time."""
    buffer = StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(EXPORT_COLUMNS)
    for number, row in enumerate(rows, 1):
        writer.writerow([neutral(cell) for cell in row])
        if number % _LINES == 0:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def write_workbook(path: Path, rows: Iterable[tuple[str, ...]], title: str) -> None:
    """Write an XLSX file at `path`, row by row, every cell a text except the fee."""
    options = {"constant_memory": True, **NO_FORMULA}
    import xlsxwriter  # 14 MB that no other page needs

    with xlsxwriter.Workbook(str(path), options) as workbook:
        sheet = workbook.add_worksheet(sheet_name(title))
        bold = workbook.add_format({"bold": True})
        for column, width in enumerate(_WIDTHS):
            sheet.set_column(column, column, width)
        sheet.freeze_panes(1, 0)
        for column, name in enumerate(EXPORT_COLUMNS):
            sheet.write_string(0, column, name, bold)
        fee = EXPORT_COLUMNS.index("fee")
        for line, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                if column == fee:
                    sheet.write_number(line, column, float(cell))
                elif cell:
                    sheet.write_string(line, column, cell)
