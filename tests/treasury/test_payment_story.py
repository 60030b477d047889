"""What a payment's page tells, and what the attention list offers at once: a deposit of 750.00 CAD."""

from collections.abc import Sequence
from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from outbox.jobs import Job
from shared.audit import AuditRecord
from shared.database import db, transaction
from shared.money import Money
from tests.simulator.fixtures import SimulatedStripe
from tests.treasury.card_money import CardDesk, balance, cad, desk_of
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, attention_actions, chart, payment_story, payments, placing, wording
from treasury.attention_actions import Action
from treasury.books import verification
from treasury.cards import disputes, payout_parts, refunds
from treasury.cards.models import Payout
from treasury.cards.refunds import RequestRefund
from treasury.models import Attention, Payment, PaymentStatus
from treasury.payments import RecordReceipt

DAY = date(2005, 10, 14)
Told = list[tuple[str, str | None]]


@pytest.fixture
def card(app: Flask, client: FlaskClient, stripe_simulator: SimulatedStripe, ask: Ask) -> CardDesk:
    return desk_of(app, client, stripe_simulator, ask)


def record(payment: Payment, amount: Money, by: User) -> None:
    with transaction():
        payment.payer_email = "tresorerie@example.org"
        payments.record_receipt(payment, RecordReceipt(received_on=DAY, amount=amount), by=by)


def approve_all(by: User) -> None:
    for waiting in approvals.waiting():
        with transaction():
            approvals.approve(waiting.entry, by=by)


def act(action: Action, by: User) -> None:
    [item] = attention_actions.listed()
    assert item.offers[0].action is action  # the likely thing, one click away
    with transaction():
        attention_actions.act(db.session.get_one(Attention, item.attention.id), action, on=DAY, by=by)


def told(payment: Payment) -> Told:
    return [
        (str(one.words), None if one.amount is None else str(one.amount))
        for one in payment_story.story(payment)
    ]


def mails() -> list[tuple[str, str]]:
    jobs: Sequence[Job] = db.session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id)).all()
    return [(one.payload["to"], one.payload["text"]) for one in jobs]


def test_what_came_stands_beside_what_was_asked(app: Flask, ask: Ask, aristide: User, zoe: User) -> None:
    payment = ask()
    record(payment, cad("800.00"), aristide)
    page = Desk(app, zoe).see(f"/treasury/payments/{payment.reference}").replace("\xa0", " ")
    assert "800.00 CAD" in page and "waits for a second person" in page
    approve_all(zoe)
    page = Desk(app, aristide).see(f"/treasury/payments/{payment.reference}").replace("\xa0", " ")
    assert "Keep 50.00 CAD as the payer’s credit" in page
    act(Action.CREDIT, aristide)
    approve_all(zoe)
    assert told(payment) == [("Received", "800.00 CAD"), ("Kept as the payer’s credit", None)]
    assert payment_story.story(payment)[-1].placed == cad("50.00")


@pytest.mark.usefixtures("both_databases")
def test_euros_pay_dollars_at_the_rate_of_the_day(app: Flask, ask: Ask, aristide: User, zoe: User) -> None:
    """500.00 euros came for 750.00 dollars; at the 1.4209 of that day they are 710.45, and 39.55 lack."""
    payment = ask()
    record(payment, Money.of("500.00", "EUR"), aristide)
    assert attention_actions.listed()[0].under_way  # nothing is done with what is not in the books yet
    approve_all(zoe)
    act(Action.CHANGE, aristide)
    assert attention_actions.listed()[0].under_way
    approve_all(zoe)
    assert payment.status is PaymentStatus.SETTLED
    assert placing.left_of(payment) == cad("710.45")
    assert placing.open_credits() == []
    assert told(payment)[-1] == ("Changed at the rate of the day, and used", "710.45 CAD")
    assert payment_story.story(payment)[-1].entry.narration.endswith("changed at the rate of the day")
    page = Desk(app, aristide).see(f"/treasury/payments/{payment.reference}")
    assert "The bank took it back" not in page  # no bank brought it
    assert verification.check().sound
    act(Action.REST, aristide)
    rest = db.session.scalars(select(Payment).where(Payment.purpose == placing.REST)).one()
    assert (rest.amount, placing.asked_first(rest)) == (cad("39.55"), payment)
    [(to, text)] = mails()
    assert to == "tresorerie@example.org"
    assert rest.reference in text


def test_a_lost_dispute_is_said_and_asked_for_again(
    card: CardDesk, app: Flask, receive: Ask, aristide: User
) -> None:
    receive("1000.00")  # what the fund holds besides
    payment = card.paid()
    charge = card.charge(payment)
    card.stripe.control.dispute(charge)
    card.tell_all()
    page = Desk(app, aristide).see(f"/treasury/payments/{payment.reference}")
    assert "to be answered" in page
    assert "Answer the dispute" in page
    card.stripe.control.dispute(charge, "lost")
    card.tell_all()
    db.session.expire_all()
    assert told(payment) == [
        ("Paid by card", "750.00 CAD"),
        ("Held by the network: the payment is disputed", "-750.00 CAD"),
        ("The dispute is lost", None),
    ]
    page = Desk(app, aristide).see(f"/treasury/payments/{payment.reference}").replace("\xa0", " ")
    assert payment.status is PaymentStatus.RETURNED and "taken back" in page
    act(Action.REST, aristide)
    assert attention_actions.listed() == []
    [again] = db.session.scalars(select(Payment).where(Payment.purpose == placing.REST))
    assert again.amount == payment.amount


def test_a_won_dispute_brings_it_back(card: CardDesk, receive: Ask) -> None:
    receive("1000.00")
    payment = card.paid()
    card.stripe.control.dispute(card.charge(payment))
    card.stripe.control.dispute(card.charge(payment), "won")
    card.tell_all()
    db.session.expire_all()
    assert told(payment)[-1] == ("The dispute is won: it is back", "750.00 CAD")
    assert attention_actions.listed() == []


def test_a_returned_cheque_is_asked_for_again(receive: Ask, aristide: User, zoe: User) -> None:
    payment = receive()
    with transaction():
        payments.return_receipt(payment, DAY, "no provision", by=aristide)
    approve_all(zoe)
    assert told(payment) == [("Received", "750.00 CAD"), ("Taken back", "-750.00 CAD")]
    act(Action.REST, aristide)
    assert mails() == []  # nobody knows where to write
    [again] = db.session.scalars(select(Payment).where(Payment.purpose == placing.REST))
    with transaction():
        payments.record_receipt(again, RecordReceipt(received_on=DAY), by=aristide)
    approve_all(zoe)
    assert balance(chart.SAVINGS) == cad("-750.00")


@pytest.mark.parametrize("asked_again", [True, False])
def test_what_its_purpose_asks_for_again_is_not_asked_for_twice(
    asked_again: bool, receive: Ask, aristide: User, zoe: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone: list[tuple[Payment, Money, payments.Gone]] = []

    def asks(payment: Payment, lost: Money, why: payments.Gone) -> bool:
        gone.append((payment, lost, why))
        return asked_again

    monkeypatch.setitem(payments.ASKS_AGAIN, "savings", asks)
    payment = receive()
    with transaction():
        mirror = payments.return_receipt(payment, DAY, "no provision", by=aristide)
    approve_all(zoe)
    assert gone == [(payment, cad("750.00"), payments.Gone.TAKEN_BACK)]
    [item] = attention_actions.listed()
    one, offered = item.attention, [offer.action for offer in item.offers]
    assert (one.payment_id, one.amount_minor, one.details) == (payment.id, 75000, "no provision")
    if asked_again:
        assert (one.kind, one.key, offered) == (
            "owed_again", f"owed_again:{payments.asked_again_key(payment)}", [Action.ACCEPT]
        )  # fmt: skip
    else:
        assert (one.kind, one.key, Action.REST in offered) == (
            "taken_back", f"taken_back:return:{mirror.id}", True
        )  # fmt: skip


def test_a_refund_waits_is_said_on_the_home_and_the_payer_is_told(
    app: Flask, receive: Ask, aristide: User, zoe: User
) -> None:
    payment = receive()
    with transaction():
        payment.payer_email = "tresorerie@example.org"
        command = RequestRefund(amount=cad("250.00"), reason="one seat less", on=DAY)
        refund = refunds.request_refund(payment, command, by=aristide)
    page = Desk(app, aristide).see(f"/treasury/payments/{payment.reference}")
    assert "Give money back" not in page  # one at a time
    with transaction():
        refunds.approve_refund(refund, by=zoe)
    [(to, text)] = mails()
    assert to == "tresorerie@example.org"
    assert "250,00 CAD" in text.replace("\xa0", " ")
    assert told(payment) == [("Received", "750.00 CAD"), ("Given back to the payer", "-250.00 CAD")]


def test_a_refund_to_a_card_counts_among_what_waits(
    card: CardDesk, app: Flask, aristide: User, zoe: User
) -> None:
    payment = card.paid()
    with transaction():
        command = RequestRefund(amount=cad("250.00"), reason="one seat less", on=DAY)
        refunds.request_refund(payment, command, by=aristide)
    assert [refunds.how_many_wait_for(one) for one in (zoe, aristide)] == [1, 0]  # nobody approves their own
    home = Desk(app, zoe).see("/treasury")
    assert "1 entry waits for a second person." in home
    assert "See what waits for you" in home


def test_why_a_card_is_refused_is_said_in_words(app: Flask) -> None:
    with app.test_request_context(headers={"Accept-Language": "en"}):
        assert wording.in_words("P1: 4 × generic_decline") == "P1: 4 × the bank refuses the card"


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("Leave it as it is", "Laisser ainsi"),
        ("lost", "perdue"),
        ("Savings plan P1 (TG11): given back to the payer", "Savings plan P1 (TG11): rendu au payeur"),
        ("Madame Démo : c’est réglé", "Madame Démo : c’est réglé"),
    ],
)
def test_what_was_done_is_told_in_the_reader_s_language(app: Flask, written: str, shown: str) -> None:
    with app.test_request_context(headers={"Accept-Language": "fr"}):
        assert attention_actions.resolution_words(written) == shown


def test_a_payout_is_explained_by_its_parts(card: CardDesk, app: Flask, zoe: User) -> None:
    """750.00 less 22.05 of fee, less 100.00 given back at the network itself: 627.95 go to the bank."""
    payment = card.paid()
    card.stripe.client.v1.refunds.create({"charge": card.charge(payment), "amount": 10_000})
    sent = card.stripe.control.pay_out()
    card.tell_all()
    payout = db.session.scalars(select(Payout).where(Payout.object_id == sent)).one()
    parts = payout_parts.parts_of(payout, card.gateway)
    assert parts is not None
    assert [(str(one.words), one.payment) for one in parts.parts] == [
        ("Paid by card", payment),
        ("Given back to the card", payment),
    ]
    assert (parts.amount, parts.fee, parts.rest) == (cad("650.00"), cad("22.05"), cad("0.00"))
    approver = Desk(app, zoe)
    page = approver.see(f"/treasury/payouts/{payout.object_id}").replace("\xa0", " ")
    assert "The parts make the payout, to the cent" in page
    assert payment.payer_name in page
    card.stripe.control.faults("error", "/v1/payouts", times=9)
    assert "not answering" in approver.see(f"/treasury/payouts/{payout.object_id}")
    assert payment.reference in approver.see(f"/treasury/entries/{payout.entry_id - 1}")  # the refund's trail
    approver.see("/treasury/payouts/999", 404)


def test_a_payout_asked_for_by_hand_knows_no_parts(card: CardDesk, app: Flask, zoe: User) -> None:
    card.paid()
    card.stripe.client.v1.payouts.create({"amount": 50_000, "currency": "cad"})
    card.tell_all()
    payout = db.session.scalars(select(Payout)).one()
    assert payout_parts.parts_of(payout, card.gateway) is None
    assert "does not say what it is made of" in Desk(app, zoe).see(f"/treasury/payouts/{payout.object_id}")


def test_a_dispute_is_answered_once_from_its_page(
    card: CardDesk, app: Flask, receive: Ask, aristide: User
) -> None:
    receive("1000.00")
    payment = card.paid()
    number = card.stripe.control.dispute(card.charge(payment))
    card.tell_all()
    treasurer, page = Desk(app, aristide), f"/treasury/disputes/{number}"
    assert f'href="{page}"' in treasurer.see("/treasury/attention")  # one click away
    offered = treasurer.see(page)
    assert payment.reference in offered and "750.00" in offered
    assert treasurer.press(page, page, words=" ").status_code == 422
    card.stripe.control.faults("error", f"/v1/disputes/{number}", times=3)
    unheard = treasurer.press(page, page, words="They came.")
    assert "not answering" in unheard.text and "They came." in unheard.text
    assert treasurer.press(page, page, words="winning_evidence").status_code == 303
    assert "The bank decided for us" in treasurer.see(page)
    again = treasurer.client.post(page, data={"words": "again"})
    assert again.status_code in (400, 422)  # its page has no form any more
    with pytest.raises(disputes.NotOpen):
        disputes.answer(number, "again", card.gateway, by=aristide)
    card.tell_all()
    assert attention_actions.listed() == []
    kept = db.session.scalars(select(AuditRecord).where(AuditRecord.action == "dispute.answer")).all()
    assert [(one.reason, one.details) for one in kept] == [("", {"length": 16})]  # its words name people


def test_who_asks_second_for_a_refund_reads_that_it_is_asked_for(
    receive: Ask, app: Flask, aristide: User
) -> None:
    payment = receive()
    asking = Desk(app, aristide)
    page = f"/treasury/payments/{payment.reference}/refund"
    form = asking.see(page)
    asked = asking.send(
        form, page, amount="750.00", reason="given twice", on="2005-10-14", account_code="1010"
    )
    assert asked.status_code == 303
    late = asking.send(form, page, amount="750.00", reason="again", on="2005-10-14", account_code="1010")
    assert late.status_code == 422
    for shown in (late.text, asking.see(page)):
        assert "Somebody has asked for it" in shown and "given twice" in shown
        assert "Ask for it to be given back" not in shown and "Something is missing" not in shown


@pytest.mark.parametrize("asked", ["refund", "credit"])
def test_what_was_asked_of_a_cheque_is_not_given_once_the_bank_took_the_cheque_back(
    asked: str, receive: Ask, aristide: User, zoe: User
) -> None:
    payment = receive()
    place = placing.Place(amount=cad("100.00"), on=DAY, narration="too much")
    with transaction():
        if asked == "refund":
            refunds.request_refund(
                payment, RequestRefund(amount=place.amount, reason="too much", on=DAY), by=aristide
            )
        else:
            placing.keep_as_credit(payment, place, by=aristide)
        payments.return_receipt(payment, DAY, "no provision", by=aristide)
    draft, mirror = (one.entry for one in approvals.waiting())
    with transaction():
        approvals.approve(mirror, by=zoe)
    with pytest.raises(placing.NotThatMuch) as refused, transaction():
        approvals.approve(draft, by=zoe)
    assert refused.value.details["left"] == cad("0.00")
    with transaction():
        approvals.discard(draft, "it came back", by=zoe)
    assert (placing.left_of(payment), verification.check().sound) == (cad("0.00"), True)
