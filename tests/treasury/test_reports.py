"""Reports add up on the screen, as PDF, workbook and text; what is expected is not in the books."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from python_calamine import CalamineWorkbook

from access.models import User
from documents.spreadsheets import Cell, Sheet, as_csv, as_workbook
from network.models import Organisation
from shared import clock
from shared.database import db, transaction
from shared.errors import NotFound
from shared.money import Money
from tests.printing import words
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import chart, expectations, ledger
from treasury.books import exchange
from treasury.expectations import Expected, Funder
from treasury.funds import commitments
from treasury.ledger import Leg
from treasury.models import Fund, Payment
from treasury.paper import gifts
from treasury.paper.models import GiftNature
from treasury.reports import ahead as report_ahead
from treasury.reports import files as report_files
from treasury.reports import views as report_views
from treasury.reports.ahead import months
from treasury.reports.catalogue import RECIPES
from treasury.reports.values import Asked, Column, Kind, Linked, Report, Section, sheets

NOVEMBER = date(2005, 11, 14)
HERON = "Réseau fictif du Grand-Héron"


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.fixture(autouse=True)
def november() -> None:
    clock.travel_to(datetime(2005, 11, 14, 12, tzinfo=UTC))


@pytest.fixture
def payer(bank: object) -> Organisation:
    with transaction():
        payer = Organisation(name=HERON)
        db.session.add(payer)
    return payer


@pytest.fixture
def books(
    receive: Ask, payer: Organisation, outaouais: Fund, sorel: Fund, aristide: User, zoe: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    """Two deposits of the payer, one in 2004; a ticket; a deposit of another that was taken back."""
    mine = [receive("750.00", on=date(2004, 12, 15)), receive("750.00", on=date(2005, 4, 15))]
    theirs = receive("100.00", fund=sorel, on=date(2005, 5, 2), payer="Atelier fictif des Îles")
    with transaction():
        for one in mine:
            db.session.get_one(Payment, one.id).payer_id = payer.id
        legs = [Leg(chart.TRAVEL, outaouais.id, cad("400.00"), category="L01")]
        ticket = ledger.draft(
            date(2005, 6, 1), "=Ticket", [*legs, Leg(chart.BANK, outaouais.id, cad("-400.00"))], by=aristide
        )
        ledger.post(ticket, by=zoe)
        assert theirs.entry
        ledger.post(ledger.reverse(theirs.entry, date(2005, 5, 9), "Returned", by=aristide), by=zoe)
    told = [
        Expected(date(2005, 4, 15), cad("450.00"), "Atelier fictif des Îles"),
        Expected(date(2005, 10, 20), cad("30.00"), "Atelier fictif des Îles"),
        Expected(date(2005, 12, 1), cad("750.00"), HERON),
        Expected(date(2006, 1, 15), cad("5000.00"), "Fondation fictive", sure=False),
        Expected(date(2005, 9, 1), cad("25.00"), "Clio Maquette", sure=False, owed=False),
        Expected(date(2005, 12, 20), cad("-1200.00"), "Agence"),
    ]
    monkeypatch.setattr(expectations, "EXPECTED", {"tests": lambda: told})
    funder = Funder("B1", "Volet Grands-Vents", "2:1", cad("24000.00"), outaouais.id, "signature")
    nobody = Funder("B4", "Fondation fictive", "pledge", cad("5000.00"), None, "charity number")
    monkeypatch.setattr(expectations, "FUNDERS", {"tests": lambda: [nobody, funder]})


def made(name: str, **asked: Any) -> Report:
    return RECIPES[name].make(Asked(**asked))


def column(section: Section, label: str) -> list[Any]:
    at = [one.label for one in section.columns].index(label)
    return [row[at] for row in section.rows]


# What they say -----------------------------------------------------------------------------------------


@pytest.mark.usefixtures("books")
def test_a_fund_begins_moves_and_ends(outaouais: Fund) -> None:
    (section,) = made("fund", fund=outaouais, since=date(2005, 1, 1)).sections
    assert column(section, "Balance") == [cad("750.00"), cad("1500.00"), cad("1100.00")]
    assert section.total[-3:] == [cad("750.00"), cad("400.00"), cad("1100.00")]
    (earlier,) = made("fund", fund=outaouais, until=date(2004, 12, 31)).sections
    assert earlier.total[-1] == cad("750.00")


def test_a_statement_is_of_something(app: Flask) -> None:
    for name in ("fund", "payer", "funder"):
        with pytest.raises(NotFound):
            made(name)


@pytest.mark.usefixtures("books")
def test_a_payers_passbook_adds_up(payer: Organisation) -> None:
    (section,) = made("payer", payer_id=payer.id).sections
    assert column(section, "Together") == [cad("750.00"), cad("1500.00")]
    assert section.total[5] == cad("1500.00")


@pytest.mark.usefixtures("books")
def test_a_payment_taken_back_is_taken_off_the_passbook(payer: Organisation) -> None:
    with transaction():
        other = db.session.query(Payment).filter_by(payer_name="Atelier fictif des Îles").one()
        other.payer_id = payer.id
    (section,) = made("payer", payer_id=payer.id, since=date(2005, 5, 1)).sections
    assert column(section, "Amount") == [cad("100.00"), cad("-100.00")]


@pytest.mark.usefixtures("books")
def test_a_funder_reads_what_was_promised_received_and_paid(outaouais: Fund) -> None:
    promised, paid, entries = made("funder", funder="B1").sections
    assert column(promised, "Amount") == [cad("24000.00"), cad("1500.00"), cad("22500.00")]
    assert promised.note == "It waits for: signature. It counts nothing meanwhile."
    assert [list(row[1:]) for row in paid.rows] == [["Travel", "L01", cad("400.00")]]
    assert paid.rows[0][0] == Linked("5100", "treasury.account", {"code": "5100", "currency": "CAD"})
    assert entries.total[-1] == cad("1100.00")
    (blocked,) = made("funder", funder="B4").sections
    assert column(blocked, "Amount") == [cad("5000.00"), cad("0.00"), cad("5000.00")]


@pytest.mark.usefixtures("books")
def test_both_sides_of_the_trial_balance_are_equal_on_any_day() -> None:
    for until in (date(2004, 12, 31), date(2005, 5, 5), NOVEMBER):
        (section,) = made("trial-balance", until=until).sections
        assert section.total[3] == section.total[4] != cad("0.00")


@pytest.mark.usefixtures("books")
def test_cash_tells_what_is_restricted(house: Fund, aristide: User, zoe: User) -> None:
    with transaction():
        legs = [Leg(chart.CASH, house.id, cad("20.00")), Leg(chart.GIFTS, house.id, cad("-20.00"))]
        ledger.post(ledger.draft(NOVEMBER, "Gift", legs, by=aristide), by=zoe)
    (section,) = made("cash").sections
    assert [list(row[2:]) for row in section.rows] == [
        [cad("1100.00"), cad("0.00"), cad("1100.00")],
        [cad("0.00"), cad("20.00"), cad("20.00")],
    ]
    assert section.total[-1] == cad("1120.00")


@pytest.mark.usefixtures("books")
def test_what_is_due_is_aged_by_who_owes_it() -> None:
    (section,) = made("due").sections
    (row,) = section.rows
    assert list(row) == ["Atelier fictif des Îles", cad("30.00"), None, None, cad("450.00"), cad("480.00")]
    assert section.total[-1] == cad("480.00")


@pytest.mark.usefixtures("books")
def test_the_forecast_counts_what_is_sure_and_shows_what_may_come() -> None:
    report = made("forecast")
    (section,) = report.sections
    assert column(section, "Month")[:3] == ["At hand now", "Nov 2005", "Dec 2005"]
    assert column(section, "Left, sure")[:4] == [cad("1100.00"), cad("1100.00"), cad("650.00"), cad("650.00")]
    assert column(section, "Left, if all comes")[3] == cad("5650.00")
    assert "480.00" in section.note  # a gift that is only promised is never late
    (drawing,) = report.drawings
    assert len(drawing.series[0]["points"]) == report_ahead.MONTHS + 1
    assert max(y for line in drawing.series for _x, y in line["points"]) == 1


amounts = st.integers(-10_000_00, 10_000_00).filter(bool).map(lambda minor: Money(minor, "CAD"))
expected = st.builds(
    Expected,
    due=st.dates(date(2005, 1, 1), date(2008, 1, 1)),
    amount=amounts,
    who=st.just("X"),
    sure=st.booleans(),
)


@given(st.lists(expected, max_size=30), st.dates(date(2005, 1, 1), date(2006, 12, 31)))
def test_a_forecast_loses_nothing_that_is_ahead(told: list[Expected], day: date) -> None:
    ahead = months(cad("100.00"), told, day)
    ends = date(day.year + 1, day.month, 1)
    counted = [one for one in told if day <= one.due < ends]
    from_this_month = [
        one for one in told if day.replace(day=1) <= one.due < day and one.amount < cad("0.00")
    ]
    assert ahead[-1].best == Money.total((one.amount for one in [*counted, *from_this_month]), "CAD") + cad(
        "100.00"
    )
    assert all(one.balance <= one.best for one in ahead)
    assert len(ahead) == report_ahead.MONTHS


@pytest.mark.usefixtures("books")
def test_exchange_differences_name_the_event_and_every_conversion(
    outaouais: Fund, aristide: User, zoe: User
) -> None:
    with transaction():
        change = exchange.Conversion(
            fund_id=outaouais.id, given=cad("200.00"), received=Money(83_000, "XOF"), dated_on=NOVEMBER,
            narration="Change", slip="Bordereau", account_code=chart.BANK,
        )  # fmt: skip
        ledger.post(exchange.convert(change, by=aristide), by=zoe)
    by_fund, conversions = made("exchange").sections
    assert by_fund.total[-1] == by_fund.rows[0][-1] != Money(0, "XOF")
    assert [row[2:4] for row in conversions.rows] == [[cad("200.00"), Money(83_000, "XOF")]]
    assert "European Central Bank" in str(conversions.rows[0][5])
    assert sheets(made("exchange"))[1].rows[0][2:4] == ["200.00 CAD", "83000 XOF"]


@pytest.mark.usefixtures("books")
def test_a_funder_reads_a_part_of_the_time() -> None:
    sections = made("funder", funder="B1", since=date(2005, 6, 2)).sections
    assert [one.title for one in sections] == ["Promised and received", "Entries, CAD"]
    assert sections[1].total[-1] == cad("1100.00")


def test_a_funder_that_promised_no_figure_reads_what_came(
    receive: Ask, outaouais: Fund, monkeypatch: pytest.MonkeyPatch
) -> None:
    receive("750.00")
    anyone = Funder("B5", "Contributions volontaires", "", None, outaouais.id)
    monkeypatch.setattr(expectations, "FUNDERS", {"tests": lambda: [anyone]})
    promised, *_rest = made("funder", funder="B5").sections
    assert [list(row) for row in promised.rows] == [["Received", cad("750.00")]]


def test_what_this_room_expects_by_itself(ask: Ask, receive: Ask, outaouais: Fund, aristide: User) -> None:
    receive("750.00")
    with transaction():
        promise = commitments.Reserve(
            fund_id=outaouais.id, amount=cad("100.00"), payee="Agence", purpose="Billets", dated_on=NOVEMBER
        )
        commitments.reserve(promise, by=aristide)
        gift = gifts.RecordGift(
            nature=GiftNature.MONEY, fund_id=outaouais.id, donor_name="Clio Maquette", value=cad("25.00")
        )
        gifts.record_gift(gift, by=aristide)
    asked = ask("250.00")
    with transaction():
        db.session.get_one(Payment, asked.id).purpose = "registration"
    own = [one for kind in ("fees", "gifts", "commitments") for one in expectations.EXPECTED[kind]()]
    assert [(one.amount, one.owed) for one in own] == [
        (cad("250.00"), True),
        (cad("25.00"), False),
        (cad("-100.00"), True),
    ]


# In four shapes ----------------------------------------------------------------------------------------


@pytest.fixture
def auditor_desk(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


@pytest.mark.usefixtures("books")
def test_every_report_is_a_page_a_paper_a_workbook_and_a_text(
    auditor_desk: Desk, outaouais: Fund, payer: Organisation
) -> None:
    assert "Cash forecast" in auditor_desk.see("/treasury/reports")
    queries = {"fund": f"fund={outaouais.code}", "payer": f"payer={payer.id}", "funder": "funder=B1"}
    for name in RECIPES:
        query = queries.get(name, "")
        page = auditor_desk.see(f"/treasury/reports/{name}?{query}&until=2005-11-14&since=nonsense")
        assert str(RECIPES[name].title) in page
        for ending, begins in (("xlsx", b"PK"), ("csv", "\ufeff".encode())):
            file = auditor_desk.client.get(f"/treasury/reports/{name}/file.{ending}?{query}")
            assert file.status_code == 200, (name, ending)
            assert file.data.startswith(begins)
            assert f"{name}-2005-11-14.{ending}" in file.headers["Content-Disposition"]
    pdf = auditor_desk.client.get(f"/treasury/reports/fund/file.pdf?{queries['fund']}").data
    assert "1,100.00" in words(pdf)
    assert "=Ticket" in words(pdf)


@pytest.mark.usefixtures("bank")
def test_a_fund_without_entries_has_a_file_that_says_so(auditor_desk: Desk, house: Fund) -> None:
    [title, said] = auditor_desk.see(f"/treasury/reports/fund/file.csv?fund={house.code}").splitlines()
    assert "Statement of a fund" in title and "Nothing to report" in said


@pytest.mark.usefixtures("books")
def test_a_report_asks_about_whom_before_it_tells(auditor_desk: Desk) -> None:
    for name in ("fund", "payer", "funder"):
        assert "About whom, or what?" in auditor_desk.see(f"/treasury/reports/{name}")
        auditor_desk.see(f"/treasury/reports/{name}/file.csv", 404)
    for address in (
        "gossip", "fund?fund=NONE", "payer?payer=999", "funder?funder=B9", "cash/file.exe", "gossip/file.csv"
    ):  # fmt: skip
        auditor_desk.see(f"/treasury/reports/{address}", 404)


def test_a_long_report_shows_its_end_on_the_screen_and_all_in_a_file(
    auditor_desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows: list[list[Any]] = [[f"line {number}", cad("1.00")] for number in range(1, 602)]
    long = Section("CAD", [Column("What"), Column("Amount", Kind.MONEY)], rows, currency="CAD")
    recipe = replace(RECIPES["cash"], make=lambda asked: Report("Cash", "", [long]))
    monkeypatch.setattr(report_views, "RECIPES", {"cash": recipe})
    page = auditor_desk.see("/treasury/reports/cash")
    assert "The last 500 of 601 lines" in page
    assert "line 101<" not in page
    assert "line 102<" in page
    assert auditor_desk.client.get("/treasury/reports/cash/file.csv").text.count("line ") == 601


def test_nothing_in_the_books_is_said_so(auditor_desk: Desk) -> None:
    assert "There is nothing in the books for this." in auditor_desk.see("/treasury/reports/cash")
    assert auditor_desk.client.get("/treasury/reports/cash/file.pdf").data[:4] == b"%PDF"


@pytest.mark.usefixtures("books")
def test_nobody_is_given_hundreds_of_pages(auditor_desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report_files, "_LONGEST", 2)
    assert "take the workbook" in auditor_desk.see("/treasury/reports/trial-balance/file.pdf", 422)


# No cell is a formula ----------------------------------------------------------------------------------

NASTY = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x")', "＝1", "https://x", "007",
]  # fmt: skip


def test_no_cell_of_a_workbook_is_a_formula_or_a_link() -> None:
    book = as_workbook([Sheet("=Title", ["=Head", "Amount"], [[one, cad("-12.50")] for one in NASTY])])
    with zipfile.ZipFile(io.BytesIO(book)) as parts:
        for name in parts.namelist():
            if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                tags = {etree.QName(one).localname for one in etree.fromstring(parts.read(name)).iter()}
                assert not tags & {"f", "hyperlink"}
    rows = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    assert [row[0] for row in rows[1:]] == NASTY
    assert {row[1] for row in rows[1:]} == {-12.5}


def test_texts_of_a_csv_are_defused_and_numbers_are_not() -> None:
    rows: list[list[Cell]] = [[one, cad("-12.50"), Money(-830, "XOF"), -7] for one in NASTY]
    text = as_csv([Sheet("=Title", ["-Head"], rows)])
    cells = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert cells[0] == ["'=Title"]
    assert cells[1] == ["'-Head"]
    assert [row[0][0] for row in cells[2:10]] == ["'"] * 8
    assert {tuple(row[1:]) for row in cells[2:]} == {("-12.50", "-830", "-7")}


def test_two_sheets_never_share_a_name_and_three_decimals_stay(tmp_path: Path) -> None:
    title = "A very long title of a fund: with / signs"
    book = as_workbook([Sheet(title, ["X"], [[Money(1234, "TND")]]), Sheet(title, ["X"], [])])
    opened = CalamineWorkbook.from_filelike(io.BytesIO(book))
    assert len(set(opened.sheet_names)) == 2
    assert opened.get_sheet_by_index(0).to_python()[1] == [1.234]
