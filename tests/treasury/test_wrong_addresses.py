"""Addresses of what is not there, and forms that were tampered with: refused, and nothing changes."""

import io

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from access.models import User
from shared.database import db, transaction
from shared.errors import Forbidden
from tests.treasury.bank import bring_in, lines_of
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import pages
from treasury.attention import attend
from treasury.models import Account, Attention, Fund, JournalEntry
from treasury.reconciliation.models import StatementClosing

NOBODY = [
    ("get", "/treasury/desk/cash/new/GBP"),
    ("get", "/treasury/desk/cash/999"),
    ("get", "/treasury/reconciled/999"),
    ("post", "/treasury/reconciled/statements/999/close"),
    ("post", "/treasury/attention/999/wink"),
    ("post", "/treasury/attention/999/credit"),
    ("post", "/treasury/attention/credits/999/use"),
    ("post", "/treasury/statements/links/999/undo"),
    ("post", "/treasury/refunds/999/drop"),
]


@pytest.mark.usefixtures("without_tokens", "bank")
@pytest.mark.parametrize(("method", "url"), NOBODY)
def test_what_is_not_there_is_not_found(app: Flask, aristide: User, method: str, url: str) -> None:
    client = Desk(app, aristide).client
    assert getattr(client, method)(url).status_code == 404


@pytest.mark.usefixtures("without_tokens")
def test_a_line_is_matched_with_nothing_that_is_not_there(app: Flask, bank: Account, aristide: User) -> None:
    desk = Desk(app, aristide)
    statement = bring_in(bank, aristide, "16/10/2005;DEPOT GUICHET;;750,00;")
    line = f"/treasury/statements/lines/{lines_of(statement)[0].id}"
    for what in ("confirm", "difference"):
        assert desk.client.post(f"{line}/{what}", data={"posting": "999"}).status_code == 404
    pairs = MultiDict([("pair", f"{number}:1") for number in range(1, 400)])  # more than a page shows
    answer = desk.client.post(f"/treasury/statements/{statement.id}/accept", data=pairs)
    assert answer.status_code == 400


@pytest.mark.usefixtures("without_tokens")
def test_a_statement_is_closed_on_a_balance_that_can_be_read(
    app: Flask, bank: Account, aristide: User
) -> None:
    statement = bring_in(bank, aristide, "16/10/2005;DEPOT GUICHET;;750,00;")
    answer = Desk(app, aristide).client.post(
        f"/treasury/reconciled/statements/{statement.id}/close", data={"balance": "a lot"}
    )
    assert answer.status_code == 422
    assert db.session.scalar(select(StatementClosing.id)) is None


@pytest.mark.usefixtures("without_tokens")
def test_a_file_goes_to_an_account_that_is_there(app: Flask, bank: Account, aristide: User) -> None:
    answer = Desk(app, aristide).client.post(
        "/treasury/statements/import",
        data={"account": "999", "file": (io.BytesIO(b"Date;Montant\n16/10/2005;1,00\n"), "a.csv")},
    )
    assert answer.status_code == 422


@pytest.mark.usefixtures("without_tokens")
def test_what_two_people_take_off_the_list_keeps_the_first_ones_words(
    app: Flask, ask: Ask, aristide: User
) -> None:
    payment = ask()
    with transaction():
        key = attend("other_amount", "receipt:0", payment_id=payment.id, details="").id
    desk = Desk(app, aristide)
    for said in ("the payer was told", "I saw it too"):
        desk.client.post(f"/treasury/attention/{key}", data={"resolution": said})
    db.session.rollback()
    assert db.session.get_one(Attention, key).resolution == "the payer was told"


@pytest.mark.usefixtures("without_tokens")
def test_an_entry_has_two_rows_and_each_has_a_fund(app: Flask, outaouais: Fund, aristide: User) -> None:
    desk = Desk(app, aristide)
    row = {"legs-0-account": "1010", "legs-0-fund": "", "legs-0-debit": "10.00", "legs-0-credit": ""}
    empty = {f"legs-{number}-{what}": "" for number in (1, 2, 3) for what in ("account", "fund")}
    sent = {"dated_on": "2005-10-15", "narration": "half", "currency": "CAD", **row, **empty}
    torn = desk.client.post("/treasury/entries/new", data=sent)
    assert (torn.status_code, "Choose one." in torn.text) == (422, True)
    alone = desk.client.post("/treasury/entries/new", data=sent | {"legs-0-fund": str(outaouais.id)})
    assert (alone.status_code, "An entry has two rows at least." in alone.text) == (422, True)
    assert db.session.scalar(select(JournalEntry.id)) is None


def test_nobody_acts_without_a_name(app: Flask) -> None:
    with app.test_request_context("/treasury"), pytest.raises(Forbidden):
        pages.whoever_acts()
