"""Addresses of what is not there, and forms that were tampered with: refused, and nothing changes."""

import io
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from access.models import Grant, RoleName, User
from shared.database import db, transaction
from shared.errors import Forbidden
from tests.treasury.bank import bank_posting, bring_in, lines_of, looked_at
from tests.treasury.card_money import cad
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, attention_actions, pages, payments, placing
from treasury.attention import attend
from treasury.cards import refunds
from treasury.desk import cash
from treasury.desk.cash import OpenBox
from treasury.desk.models import CashSession
from treasury.funds import commitments
from treasury.models import Account, Attention, Fund, JournalEntry, ReconciliationLink
from treasury.reconciliation.models import StatementClosing
from treasury.reports import trails

DAY = date(2005, 10, 15)

NOBODY = [
    ("get", "/treasury/desk/cash/new/GBP"),
    ("get", "/treasury/desk/cash/999"),
    ("get", "/treasury/reconciled/999"),
    ("get", "/treasury/disputes/dp_999"),
    ("post", "/treasury/reconciled/statements/999/close"),
    ("post", "/treasury/attention/999/wink"),
    ("post", "/treasury/attention/999/credit"),
    ("post", "/treasury/attention/credits/999/use"),
    ("post", "/treasury/statements/links/999/undo"),
    ("post", "/treasury/refunds/999/drop"),
    ("post", "/treasury/reconciled/1/cancel-out"),
    ("post", "/treasury/reconciled/offsets/999/undo"),
    ("post", "/treasury/reconciled/1/habits/forget"),
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
    pairs = MultiDict([("pair", f"{number}-1") for number in range(1, 400)])  # more than a page shows
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


def test_what_was_never_closed_is_not_reopened(app: Flask, bank: Account, zoe: User) -> None:
    desk = Desk(app, zoe)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
        assert desk.client.post("/treasury/reconciled/closings/999/reopen").status_code == 404


@pytest.mark.usefixtures("without_tokens")
def test_forms_that_say_nothing_are_shown_again(
    app: Flask, outaouais: Fund, receive: Ask, aristide: User
) -> None:
    payment = receive("750.00")
    with transaction():
        command = commitments.Reserve(
            fund_id=outaouais.id, amount=cad("10.00"), payee="hotel", purpose="stay", dated_on=DAY
        )
        promise = commitments.reserve(command, by=aristide)
    client = Desk(app, aristide).client
    for url in (
        f"/treasury/payments/{payment.reference}/return",
        f"/treasury/fund-details/{outaouais.id}",
        f"/treasury/commitments/{promise.id}/release",
        "/treasury/desk/cheques/deposit",
        "/treasury/transfers/new",
    ):
        answer = client.post(url, data={"on": "never", "amount": "a lot", "name": ""})
        assert answer.status_code == 422, url


@pytest.mark.usefixtures("without_tokens")
def test_who_only_reads_throws_nothing_away(app: Flask, receive: Ask, aristide: User) -> None:
    payment = receive("750.00")
    with transaction():
        command = refunds.RequestRefund(amount=cad("100.00"), reason="ill", on=DAY)
        refund = refunds.request_refund(payment, command, by=aristide)
        mary = User(email="mary@example.org", name="Mary Sample")
        db.session.add(mary)
        db.session.flush()
        db.session.add(Grant(user_id=mary.id, role=RoleName.AUDITOR))
    client = Desk(app, mary).client
    for url in (f"/treasury/refunds/{refund.id}/drop", f"/treasury/entries/{refund.entry_id}/discard"):
        assert client.post(url).status_code == 404
    db.session.expire_all()
    assert refund.status == "requested"


@pytest.mark.usefixtures("without_tokens")
def test_what_cannot_be_done_about_money_is_said(app: Flask, ask: Ask, aristide: User, zoe: User) -> None:
    payment = ask("750.00")
    with transaction():
        more = payments.RecordReceipt(received_on=DAY, amount=cad("1000.00"))
        payments.record_receipt(payment, more, by=aristide)
    with transaction():
        payments.approve_receipt(payment, by=zoe)
    desk = Desk(app, aristide)
    one = db.session.scalars(select(Attention.id)).one()
    desk.client.post(f"/treasury/attention/{one}/rest")  # nothing is missing
    assert "changed meanwhile" in desk.see("/treasury/attention")
    with transaction():
        attention_actions.act(
            db.session.get_one(Attention, one), attention_actions.Action.CREDIT, on=DAY, by=aristide
        )
    with transaction():
        approvals.approve(approvals.waiting()[0].entry, by=zoe)
    credit = placing.open_credits()[0][0]
    desk.client.post(f"/treasury/attention/credits/{credit.id}/use")  # for what is not said
    assert "No payment has this reference" in desk.see("/treasury/attention")
    euros = ask("60.00", currency="EUR")
    desk.client.post(f"/treasury/attention/credits/{credit.id}/use", data={"reference": euros.reference})
    assert placing.left_of_credit(credit) == cad("250.00")


@pytest.mark.usefixtures("without_tokens")
def test_a_line_names_its_payment_once(app: Flask, bank: Account, ask: Ask, aristide: User) -> None:
    line = lines_of(bring_in(bank, aristide, "16/10/2005;VIREMENT;;750,00;"))[0]
    payment, desk = ask(), Desk(app, aristide)
    for _click in range(2):
        answer = desk.client.post(
            f"/treasury/statements/lines/{line.id}/receipt", data={"payment": payment.reference}
        )
        assert answer.status_code == 302
    db.session.expire_all()
    assert payment.status == "recorded"


@pytest.mark.usefixtures("without_tokens")
def test_a_part_of_money_that_left_is_negative_too(
    app: Flask, bank: Account, receive: Ask, aristide: User, zoe: User
) -> None:
    payment = receive("750.00")
    with transaction():
        command = refunds.RequestRefund(amount=cad("100.00"), reason="ill", on=DAY)
        refund = refunds.request_refund(payment, command, by=aristide)
    with transaction():
        refunds.approve_refund(refund, by=zoe)
    assert refund.entry
    out = next(one for one in refund.entry.postings if one.account_id == bank.id)
    line = lines_of(bring_in(bank, aristide, "16/10/2005;RETRAIT;;-100,00;"))[0]
    Desk(app, aristide).client.post(
        f"/treasury/statements/lines/{line.id}/confirm",
        data={"posting": str(out.id), "amount": "40.00", "left": "10000"},
    )
    db.session.rollback()
    assert db.session.scalars(select(ReconciliationLink.amount_minor)).all() == [-4000]


@pytest.mark.usefixtures("without_tokens", "bank")
def test_a_reference_that_nobody_asked_for_takes_no_cash(app: Flask, house: Fund, aristide: User) -> None:
    with transaction():
        command = OpenBox(place="Accueil", currency="CAD", fund_id=house.id, count={2000: 2})
        box = cash.open_box(command, by=aristide).id
    client = Desk(app, aristide).client
    for reference in ("TG22-2222-2", ""):
        answer = client.post(f"/treasury/desk/cash/{box}/take", data={"reference": reference})
        assert answer.status_code in (404, 422)
    db.session.rollback()
    assert cash.expected(db.session.get_one(CashSession, box)) == cad("40.00")


@pytest.mark.usefixtures("without_tokens")
def test_a_request_is_taken_back_by_who_asked_until_it_is_approved(
    app: Flask, receive: Ask, aristide: User, zoe: User
) -> None:
    payment, client = receive("750.00"), Desk(app, aristide).client
    states = []
    for approved in (False, True):
        with transaction():
            command = refunds.RequestRefund(amount=cad("100.00"), reason="ill", on=DAY)
            refund = refunds.request_refund(payment, command, by=aristide)
        if approved:
            with transaction():
                refunds.approve_refund(refund, by=zoe)
        assert client.post(f"/treasury/refunds/{refund.id}/drop").status_code == 303
        db.session.expire_all()
        states.append(refund.status)
    assert states == ["dropped", "done"]


@pytest.mark.usefixtures("without_tokens")
def test_a_person_may_choose_otherwise_than_what_is_offered(
    app: Flask, bank: Account, receive: Ask, aristide: User
) -> None:
    line = lines_of(bring_in(bank, aristide, "16/10/2005;RESEAU FICTIF DU GRAND HERON;;750,00;"))[0]
    named, other = receive("750.00"), receive("760.00", payer="Carrefour fictif du Cap")
    offered = [money.posting_ids for money in looked_at(bank, line).money.values()]
    assert (bank_posting(named).id,) in offered
    confirm = f"/treasury/statements/lines/{line.id}/confirm"
    client = Desk(app, aristide).client
    assert client.post(confirm, data={"posting": "the second"}).status_code == 400
    assert client.post(confirm, data={"posting": str(bank_posting(other).id)}).status_code == 302
    db.session.rollback()
    link = db.session.scalars(select(ReconciliationLink)).one()
    assert "chosen" in link.reasons
    assert other.entry_id
    [trail] = trails.trails(JournalEntry.id == other.entry_id)
    assert trail.links == [link]


@pytest.mark.usefixtures("without_tokens", "bank")
def test_a_statement_that_is_not_there_is_not_taken_back(app: Flask, aristide: User) -> None:
    answer = Desk(app, aristide).client.post("/treasury/statements/999/withdraw", data={"reason": "mine"})
    assert answer.status_code == 404
