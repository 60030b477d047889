"""What is given back of 750.00 CAD paid by card: by two people, once, to the card."""

import threading
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from access.models import User
from outbox import jobs
from shared.database import db, transaction
from shared.errors import DomainError
from tests.simulator.fixtures import SimulatedStripe
from tests.treasury.card_money import CardDesk, attention, balance, cad, desk_of
from tests.treasury.conftest import Ask
from treasury import chart
from treasury.cards import refunds
from treasury.cards import watch as card_watch
from treasury.cards.gateway_errors import GatewayUnavailable
from treasury.cards.models import Refund, RefundStatus
from treasury.cards.refunds import NothingToRefund, RefundOpen, RequestRefund
from treasury.ledger import SamePerson
from treasury.models import (
    Payment,
)

TODAY = date(2026, 1, 1)


@pytest.fixture
def desk(app: Flask, client: FlaskClient, stripe_simulator: SimulatedStripe, ask: Ask) -> CardDesk:
    return desk_of(app, client, stripe_simulator, ask)


def ask_refund(payment: Payment, amount: str, *, by: User, **more: Any) -> Refund:
    with transaction():
        return refunds.request_refund(
            payment, RequestRefund(amount=cad(amount), reason="cannot come", on=TODAY, **more), by=by
        )


def approve(refund: Refund, *, by: User) -> None:
    with transaction():
        refunds.approve_refund(refund, by=by)
    jobs.run_due()


@pytest.mark.usefixtures("both_databases")
def test_a_refund_needs_two_people_and_goes_back_to_the_card(
    desk: CardDesk, aristide: User, zoe: User
) -> None:
    payment = desk.paid()
    refund = ask_refund(payment, "250.00", by=aristide)
    with pytest.raises(SamePerson), transaction():
        refunds.approve_refund(refund, by=aristide)
    assert balance(chart.STRIPE) == cad("727.95")
    approve(refund, by=zoe)
    approve(refund, by=zoe)  # a second click
    assert (refund.status, refund.object_id is not None) == (RefundStatus.DONE, True)
    assert balance(chart.SAVINGS) == cad("-500.00")
    desk.tell_all()  # what the network tells of it changes nothing
    assert balance(chart.SAVINGS) == cad("-500.00")
    assert len(desk.stripe.client.v1.refunds.list().data) == 1
    whole = ask_refund(payment, "500.00", by=aristide)
    approve(whole, by=zoe)
    assert balance(chart.SAVINGS) == cad("0.00")
    with pytest.raises(NothingToRefund):
        ask_refund(payment, "0.01", by=aristide)


@pytest.mark.usefixtures("both_databases")
def test_the_database_itself_wants_two_people_and_one_open_refund(desk: CardDesk, aristide: User) -> None:
    payment = desk.paid()
    refund = ask_refund(payment, "250.00", by=aristide)
    for statement in (
        f"UPDATE refund SET status = 'approved', approved_by_id = {aristide.id} WHERE id = {refund.id}",
        f"UPDATE refund SET status = 'approved' WHERE id = {refund.id}",
        "INSERT INTO refund (payment_id, amount_minor, currency, reason, status, requested_at)"
        f" VALUES ({payment.id}, 1, 'CAD', '', 'requested', CURRENT_TIMESTAMP)",
    ):
        with pytest.raises(IntegrityError), transaction():
            db.session.execute(text(statement))
    with pytest.raises(DBAPIError), transaction():
        db.session.execute(delete(Refund))


@pytest.mark.usefixtures("both_databases")
def test_fifty_requests_at_once_make_one_refund(desk: CardDesk, aristide: User, zoe: User) -> None:
    payment_id, asker, approver = desk.paid().id, aristide.id, zoe.id
    refused: list[str] = []
    together = threading.Barrier(50)

    def request() -> None:
        with desk.app.app_context():
            together.wait()
            try:
                with transaction():
                    refunds.request_refund(
                        db.session.get_one(Payment, payment_id),
                        RequestRefund(amount=cad("750.00"), reason="cannot come", on=TODAY),
                        by=db.session.get_one(User, asker),
                    )
            except (DomainError, IntegrityError) as problem:
                refused.append(type(problem).__name__)
            db.session.remove()

    _at_once([request] * 50)
    db.session.rollback()
    [refund] = db.session.scalars(select(Refund)).all()
    assert len(refused) == 49

    def send() -> None:
        with desk.app.app_context():
            with transaction():
                refunds.approve_refund(
                    db.session.get_one(Refund, refund.id), by=db.session.get_one(User, approver)
                )
            refunds.send_refund(refund.id, desk.gateway)
            db.session.remove()

    _at_once([send] * 5)
    db.session.rollback()
    assert len(desk.stripe.client.v1.refunds.list().data) == 1
    assert balance(chart.SAVINGS) == cad("0.00")


def _at_once(tasks: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_without_its_guards_the_database_would_hold_fifty_refunds(desk: CardDesk, aristide: User) -> None:
    """The control of the test above: it is the lock and the index that make one of fifty."""
    payment = desk.paid()
    with transaction():
        db.session.execute(text("DROP INDEX uq_refund_open"))
        for _request in range(50):
            db.session.add(
                Refund(payment_id=payment.id, amount=cad("750.00"), reason="", requested_by_id=aristide.id)
            )
    assert db.session.scalar(select(func.count()).select_from(Refund)) == 50


def test_a_refund_is_sent_once_though_its_answer_was_lost(desk: CardDesk, aristide: User, zoe: User) -> None:
    payment = desk.paid()
    refund = ask_refund(payment, "750.00", by=aristide)
    with transaction():
        refunds.approve_refund(refund, by=zoe)
    desk.stripe.control.faults("error", "/v1/refunds", times=6)
    with pytest.raises(GatewayUnavailable):
        refunds.send_refund(refund.id, desk.gateway)
    desk.stripe.control.faults("error", f"/v1/charges/{refund.charge_id}", times=3)
    with pytest.raises(GatewayUnavailable):
        refunds.send_refund(refund.id, desk.gateway)  # made at the network, never heard here
    desk.stripe.client.v1.balance.retrieve()
    card_watch.sweep(desk.gateway)
    db.session.expire_all()
    assert refund.status is RefundStatus.DONE
    assert len(desk.stripe.client.v1.refunds.list().data) == 1


def test_a_refund_of_a_disputed_charge_is_refused_and_asks_for_attention(
    desk: CardDesk, aristide: User, zoe: User
) -> None:
    payment = desk.paid()
    refund = ask_refund(payment, "750.00", by=aristide)
    assert refund.charge_id
    desk.stripe.control.dispute(refund.charge_id)
    approve(refund, by=zoe)
    db.session.expire_all()
    assert refund.status is RefundStatus.FAILED
    assert "refund_failed" in attention()


def test_a_transfer_is_given_back_by_an_entry_that_somebody_else_posts(
    receive: Ask, aristide: User, zoe: User
) -> None:
    payment = receive()
    refund = ask_refund(payment, "100.00", by=aristide)
    assert refund.entry is not None
    with pytest.raises(RefundOpen):
        ask_refund(payment, "100.00", by=aristide)
    with transaction():
        refunds.approve_refund(refund, by=zoe)
    assert refund.status is RefundStatus.DONE
    assert (balance(chart.BANK), balance(chart.SAVINGS)) == (cad("650.00"), cad("-650.00"))
    with pytest.raises(NothingToRefund):
        ask_refund(payment, "650.01", by=aristide)
