"""A bank's file through the pages: looked at, its columns corrected and remembered, a long one apart."""

import io
from html import unescape
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from access.models import User
from outbox.jobs import run_due
from shared.database import db, transaction
from tests.treasury.desk import Desk
from tests.treasury.reading import SAMPLES
from treasury import chart, ledger
from treasury.models import Account, BankStatement, StatementLine
from treasury.statements import importing as statement_import
from treasury.statements import jobs as statement_jobs
from treasury.statements import pages as statement_pages
from treasury.statements import uploads as statement_uploads
from treasury.statements.cli import statements
from treasury.statements.models import RememberedLayout, StatementUpload

DEMO = Path(__file__).parents[2] / "demonstration" / "samples"
IMPORT = "/treasury/statements/import"


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


def send(desk: Desk, account: Account, content: bytes, name: str = "x.csv", **typed: str) -> TestResponse:
    """Choose the file and look at it."""
    file = (io.BytesIO(content), name)
    return desk.press(IMPORT, "", files={"file": file}, account=str(account.id), **typed)


def lines() -> list[str]:
    db.session.rollback()
    return [
        f"{line.dated_on} {line.amount} {line.name}"
        for line in db.session.scalars(select(StatementLine).order_by(StatementLine.id))
    ]


def test_a_statement_comes_in_after_a_look_and_only_once(treasurer: Desk, bank: Account) -> None:
    sent = send(treasurer, bank, (DEMO / "releve-novembre-2005.csv").read_bytes(), "nov.csv")
    preview = sent.headers["Location"]
    page = treasurer.see(preview)
    assert "6 lines are new." in page
    assert "Row 9" in page
    assert "differ by 120.00" in page
    assert "The difference begins at row 10" in page
    assert lines() == []
    for _twice in range(2):
        done = treasurer.send(page, preview)
        assert done.headers["Location"].endswith("/treasury/statements/1")
    assert len(lines()) == 6
    assert treasurer.client.get(preview).headers["Location"].endswith("/treasury/statements/1")
    workbench = treasurer.see("/treasury/statements/1")
    assert "1 row could not be read" in workbench
    assert "The difference begins at row 10" in workbench
    again = send(treasurer, bank, (DEMO / "releve-novembre-2005.csv").read_bytes(), "nov.csv")
    page = treasurer.see(again.headers["Location"])
    assert "Nothing in this file is new." in page
    assert treasurer.send(page, again.headers["Location"]).headers["Location"].endswith("/statements/1")
    assert "Every line of this file was here already." in treasurer.see("/treasury/statements")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"%PDF-1.4", "PDF"),
        (b"", "This file is empty."),
        (b"Date;Montant;Devise\n2005-11-14;1,00;EUR\n", "EUR"),
        (b"01/02/2005;x\n", "does not look like a bank statement"),
        (b"!Type:Bank\nD03/04/2005\nT1.00\n^\n", "can be read in more than one way"),
        (b"<!DOCTYPE x><Document><BkToCstmrStmt/></Document>", "DOCTYPE"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_at_its_field(
    treasurer: Desk, bank: Account, content: bytes, told: str
) -> None:
    sent = send(treasurer, bank, content)
    assert sent.status_code == 422
    assert told in unescape(sent.text)
    assert db.session.scalar(select(func.count()).select_from(StatementUpload)) == 0


def test_of_several_accounts_in_a_file_one_is_chosen(treasurer: Desk, bank: Account) -> None:
    sent = send(treasurer, bank, (SAMPLES / "deux-comptes.qif").read_bytes(), "deux.qif")
    preview = sent.headers["Location"]
    page = treasurer.see(preview)
    assert "This file holds several accounts" in page
    wrong = treasurer.send(page, preview, bank_account="nobody's")
    assert wrong.status_code == 422
    chosen = treasurer.send(page, preview, bank_account="Boîte du bureau")
    assert chosen.headers["Location"] == preview
    treasurer.send(treasurer.see(preview), preview)
    assert lines() == ["2005-01-20 -12.50 CAD Stamps"]


def test_the_statement_of_a_mobile_money_operator_is_imported_like_a_banks(
    treasurer: Desk, bank: Account
) -> None:
    with transaction():
        chart.open_chart("XOF")
        mobile = ledger.account(chart.MOBILE_MONEY, "XOF")
    preview = send(treasurer, mobile, (SAMPLES / "monnaie-mobile.csv").read_bytes()).headers["Location"]
    page = treasurer.see(preview)
    assert "Opening, lines and closing agree." in page
    assert "This movement failed or was cancelled" in page
    treasurer.send(page, preview)
    assert len(lines()) == 3


def test_a_file_of_which_nothing_can_come_in_is_said(treasurer: Desk, bank: Account) -> None:
    preview = send(treasurer, bank, b"Date;Montant\n2005-01-15;0,00\n").headers["Location"]
    treasurer.send(treasurer.see(preview), preview)
    assert lines() == []
    assert "Every line of this file was here already." in treasurer.see("/treasury/statements")


def test_a_file_can_be_let_go(treasurer: Desk, bank: Account) -> None:
    preview = send(treasurer, bank, b"Date;Montant\n2005-01-15;1,00\n").headers["Location"]
    treasurer.press(preview, f"{preview}/discard")
    treasurer.see(preview, 404)


def test_a_file_in_another_currency_is_shown_for_the_same_account_in_that_currency(
    treasurer: Desk, bank: Account
) -> None:
    with transaction():
        chart.open_chart("EUR")
    sent = send(treasurer, bank, (SAMPLES / "asn.940").read_bytes(), "asn.940")
    page = treasurer.see(sent.headers["Location"])
    assert "This file counts in EUR" in page
    assert "MT940 · Bank · EUR" in page
    treasurer.send(page, sent.headers["Location"])
    db.session.rollback()
    assert db.session.scalars(select(BankStatement)).one().account.currency == "EUR"


# Columns ----------------------------------------------------------------------------------------------


def test_columns_without_titles_are_guessed_shown_corrected_and_remembered(
    treasurer: Desk, app: Flask, bank: Account
) -> None:
    data = (SAMPLES / "sans-titres.csv").read_bytes()
    columns = send(treasurer, bank, data).headers["Location"]
    assert columns.endswith("/columns")
    page = treasurer.see(columns)
    assert "Dépôt, Réseau fictif" in page
    assert "Column 9" in page
    assert "2005" in page.partition("as they are understood now")[2]
    shown = treasurer.send(page, columns, **{"roles-3": "id", "roles-4": "name", "again": "1"})
    assert shown.status_code == 200
    assert 'value="id" selected' not in page
    assert "selected" in shown.text
    done = treasurer.send(page, columns, **{"roles-3": "id", "roles-4": "name", "go": "1"})
    preview = done.headers["Location"]
    assert treasurer.send(treasurer.see(preview), preview).status_code == 302
    assert lines()[0] == "2005-01-15 750.00 CAD Dépôt, Réseau fictif"
    next_month = data.replace(b"2005/01", b"2005/02")
    preview = send(treasurer, bank, next_month).headers["Location"]
    assert not preview.endswith("/columns")
    assert "3 lines are new." in treasurer.see(preview)
    (file := Path(app.instance_path) / "mars.csv").write_bytes(data.replace(b"2005/01", b"2005/03"))
    ran = app.test_cli_runner().invoke(statements, ["import", str(file), "--account", "1010", "--apply"])
    assert "3 new lines" in ran.output


def test_dates_of_two_readings_are_asked_for_on_the_columns(treasurer: Desk, bank: Account) -> None:
    sent = send(treasurer, bank, b"Date;Montant\n03/04/2005;10,00\n05/06/2005;11,00\n")
    columns = sent.headers["Location"]
    page = treasurer.see(columns)
    assert "can be read in more than one way" in page
    undecided = treasurer.send(page, columns, go="1")
    assert undecided.status_code == 422
    assert "can be read in more than one way" in undecided.text
    preview = treasurer.send(page, columns, go="1", date_order="dmy").headers["Location"]
    treasurer.send(treasurer.see(preview), preview)
    assert lines()[0].startswith("2005-04-03 10.00")
    kept = db.session.scalars(select(RememberedLayout)).one()
    assert kept.layout["date_order"] == "dmy"
    again = send(treasurer, bank, b"Date;Montant\n03/07/2005;10,00\n").headers["Location"]
    page = treasurer.see(again)
    assert "Jul 3, 2005" in page or "3 July 2005" in page or "July 3, 2005" in page
    treasurer.send(treasurer.see(f"{again}/columns"), f"{again}/columns", go="1", date_order="mdy")
    treasurer.send(treasurer.see(again), again)
    assert db.session.scalars(select(RememberedLayout)).one().layout["date_order"] == "mdy"


def test_signs_and_letters_are_corrected_on_a_file_that_was_understood_otherwise(
    treasurer: Desk, bank: Account
) -> None:
    data = "Date;Libellé;Montant\n2005-01-15;Épicerie;45,00\n".encode("cp850")
    preview = send(treasurer, bank, data).headers["Location"]
    assert "Épicerie" not in treasurer.see(preview)
    columns = f"{preview}/columns"
    page = treasurer.see(columns)
    shown = treasurer.send(page, columns, encoding="cp850", go="1")  # other letters: other titles, look again
    assert shown.status_code == 200
    assert "Épicerie" in unescape(shown.text)
    done = treasurer.send(shown.text, columns, encoding="cp850", signs="inverted", go="1")
    treasurer.send(treasurer.see(done.headers["Location"]), preview)
    assert lines() == ["2005-01-15 -45.00 CAD Épicerie"]
    later = send(treasurer, bank, data.replace(b"-15", b"-16")).headers["Location"]
    assert "Épicerie" in treasurer.see(later)
    assert treasurer.client.get(columns).headers["Location"] == preview


def test_a_statement_that_says_itself_what_is_what_has_no_page_of_columns(
    treasurer: Desk, bank: Account
) -> None:
    preview = send(treasurer, bank, (SAMPLES / "caisse.qif").read_bytes(), "c.qif").headers["Location"]
    assert "Say what the columns are" not in treasurer.see(preview)
    treasurer.see(f"{preview}/columns", 404)


# Long files -------------------------------------------------------------------------------------------


@pytest.fixture
def long_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file counts as long."""
    for module in (statement_uploads, statement_pages):
        monkeypatch.setattr(module, "LONG", 20)
    for module in (statement_import, statement_jobs):
        monkeypatch.setattr(module, "PIECE", 2)
    monkeypatch.setattr(statement_jobs, "_BREATH", 0)


@pytest.mark.usefixtures("long_ones")
def test_a_long_file_is_read_and_imported_beside_the_pages(treasurer: Desk, bank: Account) -> None:
    preview = send(treasurer, bank, (SAMPLES / "solde-rompu.csv").read_bytes()).headers["Location"]
    assert "The file is being read" in treasurer.see(preview)
    run_due()
    page = treasurer.see(preview)
    assert "9 lines are new." in page
    assert "The difference begins at row 7" in page
    for _twice in range(2):
        assert treasurer.send(page, preview).headers["Location"] == preview
    assert "The lines come in" in treasurer.see(preview)
    run_due()
    assert treasurer.client.get(preview).headers["Location"].endswith("/treasury/statements/1")
    assert len(lines()) == 9


@pytest.mark.usefixtures("long_ones")
def test_a_statement_that_is_not_whole_is_never_shown_as_whole(treasurer: Desk, bank: Account) -> None:
    preview = send(treasurer, bank, (SAMPLES / "solde-rompu.csv").read_bytes()).headers["Location"]
    run_due()
    treasurer.send(treasurer.see(preview), preview)
    run_due()
    with transaction():
        statement = db.session.scalars(select(BankStatement)).one()
        statement.complete, statement.lines_done = False, 4
    for page in (preview, "/treasury/statements/1"):
        html = treasurer.see(page)
        assert "4 of 9 lines" in html
        assert "Salle" not in html
    assert "coming in: 4 of 9" in treasurer.see("/treasury/statements")


@pytest.mark.usefixtures("long_ones")
def test_why_a_long_file_cannot_be_read_is_said_with_what_can_be_done(treasurer: Desk, bank: Account) -> None:
    preview = send(treasurer, bank, b"Date;Montant\n03/04/2005;10,00\n").headers["Location"]
    run_due()
    page = treasurer.see(preview)
    assert "can be read in more than one way" in page
    columns = f"{preview}/columns"
    treasurer.send(treasurer.see(columns), columns, go="1", date_order="dmy")
    run_due()
    assert "1 line is new." in treasurer.see(preview)
    for refused, told in ((b"<!DOCTYPE OFX><OFX><STMTRS>", "DOCTYPE"), (b"%PDF-1.4 and more of it", "PDF")):
        other = send(treasurer, bank, refused).headers["Location"]
        run_due()
        page = treasurer.see(other)
        assert told in page
        assert "Say what the columns are" not in page


@pytest.mark.usefixtures("long_ones")
def test_an_account_of_a_long_file_is_chosen_before_it_is_looked_at_again(
    treasurer: Desk, bank: Account
) -> None:
    preview = send(treasurer, bank, (SAMPLES / "deux-comptes.qif").read_bytes()).headers["Location"]
    run_due()
    treasurer.send(treasurer.see(preview), preview, bank_account="Boîte du bureau")
    run_due()
    assert "1 line is new." in treasurer.see(preview)
