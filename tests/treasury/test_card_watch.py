"""What the watch finds that nobody told, and cards that are kept: charged once, or refused with a reason."""

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select
from sqlalchemy.exc import DBAPIError

from access.models import User
from outbox import jobs
from shared import clock
from shared.database import db, transaction
from tests.simulator.fixtures import SimulatedStripe
from tests.treasury.card_money import CardDesk, attention, balance, books, cad, desk_of
from tests.treasury.conftest import Ask
from treasury import chart, payments
from treasury.cards import saved_cards
from treasury.cards import watch as card_watch
from treasury.cards.gateway import StripeGateway
from treasury.cards.models import AttemptStatus, CardAttempt, SavedCard
from treasury.models import (
    GatewayEvent,
    JournalEntry,
    PaymentMethod,
    PaymentStatus,
)


@pytest.fixture
def desk(app: Flask, client: FlaskClient, stripe_simulator: SimulatedStripe, ask: Ask) -> CardDesk:
    return desk_of(app, client, stripe_simulator, ask)


# What a crash leaves -----------------------------------------------------------------------------------


@pytest.mark.usefixtures("both_databases")
def test_a_charge_that_nobody_told_is_found_at_the_next_start(desk: CardDesk) -> None:
    payment = desk.asked()
    desk.pay(payment)  # and the application dies: no message arrives, the payer's browser never comes back
    card_watch.plan_watch(at_once=True)
    jobs.run_due()
    db.session.expire_all()
    assert payment.status is PaymentStatus.SETTLED
    assert balance(chart.SAVINGS) == cad("-750.00")
    card_watch.sweep(desk.gateway)
    assert db.session.scalar(select(func.count()).select_from(JournalEntry)) == 1


def test_a_refund_or_dispute_that_nobody_told_is_found_by_the_balance(desk: CardDesk) -> None:
    payment = desk.paid()
    charge = desk.charge(payment)
    desk.stripe.client.v1.refunds.create({"charge": charge, "amount": 10_000})
    other = desk.paid("100.00")
    desk.stripe.control.dispute(desk.charge(other))
    card_watch.sweep(desk.gateway)
    assert balance(chart.SAVINGS) == cad("-750.00")
    assert balance(chart.DISPUTED) == cad("100.00")
    assert attention() == {"refund_elsewhere", "dispute_opened"}


def test_the_watch_plans_itself_once_a_half_hour(desk: CardDesk) -> None:
    for _worker in range(3):
        card_watch.plan_watch()
    waiting = db.session.scalars(select(jobs.Job).where(jobs.Job.kind == card_watch.JOB)).all()
    assert len(waiting) == 1


def test_a_network_that_is_away_or_closed_stops_nothing(desk: CardDesk) -> None:
    payment = desk.asked()
    desk.pay(payment)
    desk.stripe.control.faults("error", "/v1/", times=40)
    card_watch.sweep(desk.gateway)
    card_watch.sweep(StripeGateway(secret_key=None, webhook_secret=None))
    assert payment.status is PaymentStatus.REQUESTED


# A kept card -------------------------------------------------------------------------------------------


def kept(desk: CardDesk, number: str = "4242424242424242") -> SavedCard:
    """A card left on the network's page."""
    url = saved_cards.ask_card(
        saved_cards.AskCard(
            purpose="savings",
            subject_id=1,
            reference="TG7K-492Q-X",
            currency="CAD",
            payer_name="Réseau fictif du Grand-Héron",
            payer_email="payeuse@example.org",
            consent="I agree.",
        ),
        desk.gateway,
        success_url="http://localhost/",
        cancel_url="http://localhost/",
        locale="fr",
    )
    page = url.rsplit("/", 1)[1]
    desk.stripe.pay(page, number)
    card = saved_cards.look_at_page(page, desk.gateway)
    assert card
    return card


@pytest.fixture
def keeping(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    seen: list[int] = []
    monkeypatch.setitem(saved_cards.CARD_KEPT, "savings", lambda card: seen.append(card.id))
    return seen


@pytest.mark.usefixtures("both_databases")
def test_a_kept_card_is_charged_once_a_try(desk: CardDesk, keeping: list[int]) -> None:
    card = kept(desk)
    assert (card.last4, card.brand, card.expires) == ("4242", "visa", "2034-12")
    assert keeping == [card.id]
    payment = desk.ask(method=PaymentMethod.CARD)
    for _again in range(3):
        attempt = saved_cards.charge_card(payment.id, card.id, 1, desk.gateway)
        assert attempt.status is AttemptStatus.PAID
    assert payment.status is PaymentStatus.SETTLED
    assert balance(chart.STRIPE) == cad("727.95")
    assert len(desk.stripe.client.v1.charges.list().data) == 1


def test_a_charge_whose_answer_was_lost_is_found_by_our_reference(desk: CardDesk, keeping: list[int]) -> None:
    card = kept(desk)
    payment = desk.ask(method=PaymentMethod.CARD)
    desk.gateway.charge_kept_card(
        customer=card.customer_id,
        method=card.method_id,
        amount=payment.amount,
        description="",
        idempotency_key="forgotten by the network",
        metadata={"reference": payment.reference, "attempt": "1"},
    )
    with transaction():  # what was committed before the crash
        db.session.add(
            CardAttempt(
                key=f"charge-{payment.reference}-1", payment_id=payment.id, saved_card_id=card.id, number=1
            )
        )
    card_watch.sweep(desk.gateway)
    db.session.expire_all()
    assert payment.status is PaymentStatus.SETTLED
    assert len(desk.stripe.client.v1.charges.list().data) == 1


def test_a_try_that_a_crash_cut_short_takes_nothing_once_it_was_paid_otherwise(
    desk: CardDesk, keeping: list[int], aristide: User
) -> None:
    card = kept(desk)
    payment = desk.ask(method=PaymentMethod.CARD)
    with transaction():  # what was committed before the crash
        db.session.add(
            CardAttempt(
                key=f"charge-{payment.reference}-1", payment_id=payment.id, saved_card_id=card.id, number=1
            )
        )
    with transaction():
        payments.record_receipt(payment, payments.RecordReceipt(received_on=clock.today()), by=aristide)
    card_watch.sweep(desk.gateway)
    db.session.expire_all()
    assert db.session.scalars(select(CardAttempt)).one().status is AttemptStatus.PAID
    assert desk.stripe.client.v1.charges.list().data == []


@pytest.mark.parametrize(
    ("number", "reason"),
    [("4000000000000341", "generic_decline"), ("4000002760003184", "authentication_required")],
)
def test_a_refused_card_says_why_and_takes_nothing(
    number: str, reason: str, desk: CardDesk, keeping: list[int]
) -> None:
    card = kept(desk, number)
    payment = desk.ask(method=PaymentMethod.CARD)
    attempt = saved_cards.charge_card(payment.id, card.id, 1, desk.gateway)
    assert (attempt.status, attempt.reason) == (AttemptStatus.DECLINED, reason)
    assert (payment.status, books()) == (PaymentStatus.REQUESTED, {})


def test_events_are_kept_for_good(desk: CardDesk) -> None:
    desk.paid()
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(delete(GatewayEvent))
