"""The list of statements: the days of each, what waits, what is closed, what is missing before it."""

from io import BytesIO

import pytest
from flask import Flask
from python_calamine import CalamineWorkbook

from access.models import User
from shared import clock
from shared.database import transaction
from tests.treasury.bank import bank_posting, bring_in, lines_of
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import chart, ledger
from treasury.models import Account
from treasury.reconciliation import reconciled
from treasury.reconciliation.links import confirm
from treasury.statements import listing, views

STATEMENTS = "/treasury/statements"


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


def test_each_statement_stands_with_its_days_and_what_became_of_it(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    posting = bank_posting(receive())
    october = bring_in(bank, aristide, "15/10/2005;HERON;;750,00;750,00")
    with transaction():
        confirm(lines_of(october)[0], posting, by=aristide)
        reconciled.close(october, None, by=aristide)
    bring_in(bank, aristide, "03/11/2005;X;;1,00;851,00", "18/11/2005;Y;;2,00;853,00")
    page = treasurer.see(STATEMENTS)
    newest, older = page.split("<tr>")[2:4]
    assert "Nov 3, 2005 – Nov 18, 2005" in newest
    assert "2 lines to match" in newest
    assert "lines are missing before it" in newest
    assert "Oct 15, 2005" in older
    assert "closed" in older
    assert "missing" not in older


def test_the_list_is_narrowed_to_an_account_and_to_what_waits(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "No statement yet" in treasurer.see(STATEMENTS)
    posting = bank_posting(receive())
    done = bring_in(bank, aristide, "15/10/2005;HERON;;750,00;")
    with transaction():
        confirm(lines_of(done)[0], posting, by=aristide)
        box = ledger.account(chart.CASH, "CAD")
    bring_in(box, aristide, "16/10/2005;X;;1,00;")
    assert [one.id for one in listing.accounts()] == [bank.id, box.id]
    rows = [treasurer.see(f"{STATEMENTS}?{asked}").count("<tr>") - 1 for asked in ("", "show=waiting")]
    assert rows == [2, 1]
    assert "16, 2005" not in treasurer.see(f"{STATEMENTS}?account={bank.id}")
    assert "No statement is like this" in treasurer.see(f"{STATEMENTS}?account={bank.id}&show=waiting")
    monkeypatch.setattr(views, "_PAGE", 1)
    assert "Page 2 of 2" in treasurer.see(f"{STATEMENTS}?page=2")


def test_the_list_and_the_lines_of_one_are_taken_along(
    treasurer: Desk, bank: Account, aristide: User, receive: Ask
) -> None:
    posting = bank_posting(receive())
    october = bring_in(
        bank, aristide, "15/10/2005;=HERON;;750,00;750,00", "16/10/2005;Frais / Fee;;-1,50;748,50"
    )
    with transaction():
        confirm(lines_of(october)[0], posting, by=aristide)
    cells = treasurer.see(f"{STATEMENTS}/list.csv?show=waiting").splitlines()[2].split(",")
    assert cells[2:7] == ["2005-10-15", "2005-10-16", clock.today().isoformat(), "2", "1"]
    answer = treasurer.client.get(f"{STATEMENTS}/{october.id}/lines.xlsx")
    sheet = CalamineWorkbook.from_filelike(BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert (sheet[-2][:2], sheet[-2][5:]) == (["2005-10-15", "=HERON"], [750.0, 0.0, "1", "CAD"])
    assert (sheet[-1][1], sheet[-1][5:]) == ("Fee", [-1.5, -1.5, "", "CAD"])
    assert "'=HERON" in treasurer.see(f"{STATEMENTS}/{october.id}/lines.csv")
    assert treasurer.client.get(f"{STATEMENTS}/999/lines.csv").status_code == 404
