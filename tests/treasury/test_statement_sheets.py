"""XLSX: figures as they were typed, dates that are dates, and archives that are no workbook but a bomb."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pytest
import xlsxwriter

from tests.treasury.reading import amounts, days, reasons
from treasury.statements.reading import inspect, sketch
from treasury.statements.sheets import is_workbook
from treasury.statements.values import (
    AmbiguousDates,
    Assumptions,
    BrokenWorkbook,
    ColumnsUnknown,
    EmptyFile,
    FileTooLarge,
    ForbiddenMarkup,
    Layout,
    PackedTooTight,
    StatementFile,
    TooManyRows,
)

NOON = datetime.combine(date(2005, 1, 31), time(12))
CAISSE: list[list[Any]] = [
    ["Caisse fictive de l'Érable"],
    ["Compte :", "30055-0001234"],
    [],
    ["Date", "Libellé", "Débit", "Crédit", "Solde", "N° de chèque"],
    [date(2005, 1, 15), "Versement Réseau fictif", None, 750, 1750, None],
    [date(2005, 1, 17), "Chèque", None, 375.1, 2125.1, 42],
    [NOON, "Frais", 4.95, None, 2120.15, None],
]


def workbook(*sheets: Sequence[Any], hidden: int = 0) -> bytes:
    """A workbook with these sheets; the first `hidden` of them are hidden."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    dated = book.add_format({"num_format": "dd/mm/yyyy"})
    for number, rows in enumerate(sheets):
        sheet = book.add_worksheet()
        for row, cells in enumerate(rows):
            for column, cell in enumerate(cells):
                if isinstance(cell, date):
                    sheet.write_datetime(row, column, cell, dated)
                elif cell is not None:
                    sheet.write(row, column, cell)
        if number < hidden:
            sheet.hide()
        elif number == hidden:
            sheet.activate()
            sheet.set_first_sheet()
    book.close()
    return out.getvalue()


def read(data: bytes, **assume: Any) -> StatementFile:
    return inspect(data, assume=Assumptions(**{"currency": "CAD", **assume}))


def test_dates_that_are_text_in_some_cells_are_read_in_their_own_order() -> None:
    rows: list[list[Any]] = [
        ["Date", "Libellé", "Montant"],
        [date(2006, 10, 2), "Dépôt", 10],
        ["31/10/2006", "Frais", -1],
    ]
    assert days(inspect(workbook(rows), assume=Assumptions(currency="CAD"))) == ["2006-10-02", "2006-10-31"]
    rows.append(["31/11/2006", "Jamais", -1])
    assert reasons(inspect(workbook(rows), assume=Assumptions(currency="CAD")))[0][0] == 4
    rows[2][0] = rows[3][0] = "03/04/2006"  # the cells that are dates say nothing of those that are text
    with pytest.raises(AmbiguousDates, match="03/04/2006"):
        inspect(workbook(rows), assume=Assumptions(currency="CAD"))


def test_a_caisse_sheet_with_an_address_above_the_titles() -> None:
    found = read(workbook(CAISSE))
    [account] = found.accounts
    assert (found.format, account.account) == ("xlsx", "30055-0001234")
    assert days(found) == ["2005-01-15", "2005-01-17", "2005-01-31"]
    assert amounts(found) == ["750.00", "375.10", "-4.95"]
    assert (str(account.opening), str(account.closing)) == ("1000.00 CAD", "2120.15 CAD")
    assert account.lines[1].reference == "42"


def test_the_first_visible_sheet_with_a_table_is_the_statement() -> None:
    other = [["Date", "Montant"], [date(2004, 1, 1), 1]]
    assert amounts(read(workbook(other, [["Bonjour"]], CAISSE, hidden=1))) == ["750.00", "375.10", "-4.95"]


@pytest.mark.parametrize(
    ("typed", "amount"),
    [
        (0.1 + 0.2, "0.30"),
        (1234567.89, "1234567.89"),
        (-4500, "-4500.00"),
        ("1 234,50", "1234.50"),
        ("(12,50)", "-12.50"),
        (1e9, "1000000000.00"),
    ],
)
def test_a_figure_is_what_was_typed(typed: float | str, amount: str) -> None:
    assert amounts(read(workbook([["Date", "Montant"], [date(2005, 1, 15), typed]]))) == [amount]


@pytest.mark.parametrize("typed", [1.234, 0.001, True, "abc"])
def test_a_figure_that_is_no_amount_is_rejected_and_never_zero(typed: Any) -> None:
    found = read(workbook([["Date", "Montant"], [date(2005, 1, 15), 10], [date(2005, 1, 16), typed]]))
    assert amounts(found) == ["10.00"]
    assert [row for row, _reason in reasons(found)] == [3]


def test_a_sheet_without_titles_is_asked_about_and_a_layout_answers() -> None:
    data = workbook(CAISSE[4:])
    with pytest.raises(ColumnsUnknown):
        read(data)
    found = sketch(data)
    assert found is not None
    assert found.layout.roles[:2] == ("date", "memo")
    layout = Layout(roles=("date", "memo", "debit", "credit", "balance", "reference"))
    assert amounts(read(data, layout=layout)) == ["750.00", "375.10", "-4.95"]


def test_the_guess_prefers_the_sheet_that_has_titles() -> None:
    found = sketch(workbook([["Bonjour", "x"]], CAISSE))
    assert found is not None
    assert found.layout.roles == ("date", "memo", "debit", "credit", "balance", "reference")


def test_an_empty_workbook_is_asked_about_and_is_no_table() -> None:
    with pytest.raises(ColumnsUnknown):
        read(workbook([]))
    with pytest.raises(EmptyFile):
        sketch(workbook([]))


def packed(**members: str | bytes) -> bytes:
    """A workbook of which some parts are replaced or added."""
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(workbook(CAISSE))) as whole,
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as changed,
    ):
        for name in whole.namelist():
            changed.writestr(name, members.pop(name, b"") or whole.read(name))
        for name, content in members.items():
            changed.writestr(name, content)
    return out.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_what_unpacks_into_far_more_than_it_holds_is_refused_before_anything_opens_it() -> None:
    bomb = packed(**{SHEET: b"<worksheet>" + b" " * (64 << 20)})
    assert len(bomb) < 100_000
    with pytest.raises(PackedTooTight):
        read(bomb)
    with pytest.raises(PackedTooTight):
        read(packed(**{f"xl/media/{number}.xml": "x" for number in range(500)}))


def test_declarations_in_any_part_are_refused() -> None:
    for name in (SHEET, "xl/sharedStrings.xml", "[Content_Types].xml", "xl/_rels/workbook.xml.rels"):
        with pytest.raises(ForbiddenMarkup):
            read(packed(**{name: '<!DOCTYPE x [<!ENTITY a "aaaa">]><x>&a;</x>'}))


@pytest.mark.parametrize("place", ["XFD1048576", "A1048576", "ZZ1"])
def test_a_cell_far_out_does_not_fill_the_memory(place: str) -> None:
    far = f'<worksheet><sheetData><row r="1"><c r="{place}"><v>1</v></c></row></sheetData></worksheet>'
    with pytest.raises(TooManyRows):
        read(packed(**{SHEET: far}))


def test_what_only_begins_like_a_workbook_is_damaged(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = workbook(CAISSE)
    assert is_workbook(whole)
    for data in (b"PK\x03\x04rest", whole[:-200], packed(**{"xl/workbook.xml": "<x"})):
        with pytest.raises((BrokenWorkbook, ColumnsUnknown)):
            read(data)
    monkeypatch.setattr("treasury.statements.sheets.MAX_PACKED", 100)
    with pytest.raises(FileTooLarge):
        read(whole)
