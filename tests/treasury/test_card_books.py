"""The card network's account in the books: whatever is told, in whatever order, the books end the same.

The Réseau fictif du Grand-Héron pays its instalment of 750.00 CAD by card.
"""

import itertools
import random
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date
from typing import Any, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from access.models import User
from outbox import jobs
from shared import clock
from shared.database import db, transaction
from shared.errors import DomainError
from tests.simulator.fixtures import SimulatedStripe
from tests.treasury.card_money import CardDesk, balance, books, cad, desk_of, keys
from tests.treasury.conftest import Ask
from treasury import chart, payments
from treasury.cards import refunds, saved_cards
from treasury.cards import watch as card_watch
from treasury.cards.gateway import StripeGateway
from treasury.cards.gateway_errors import GatewayUnavailable
from treasury.cards.gateway_values import CheckoutState
from treasury.cards.models import AttemptStatus, CardAttempt, Payout, Refund, RefundStatus, SavedCard
from treasury.cards.refunds import NothingToRefund, RefundOpen, RequestRefund
from treasury.cards.values import BalanceMove, ChargeState, PayoutState
from treasury.ledger import SamePerson
from treasury.models import (
    Attention,
    Fund,
    FundKind,
    GatewayEvent,
    JournalEntry,
    Payment,
    PaymentMethod,
    PaymentStatus,
)

TODAY = date(2026, 1, 1)


@pytest.fixture
def desk(app: Flask, client: FlaskClient, stripe_simulator: SimulatedStripe, ask: Ask) -> CardDesk:
    return desk_of(app, client, stripe_simulator, ask)


def attention() -> set[str]:
    return set(db.session.scalars(select(Attention.kind).where(Attention.resolved_at.is_(None))))


def ask_refund(payment: Payment, amount: str, *, by: User, **more: Any) -> Refund:
    with transaction():
        return refunds.request_refund(
            payment, RequestRefund(amount=cad(amount), reason="cannot come", on=TODAY, **more), by=by
        )


def approve(refund: Refund, *, by: User) -> None:
    with transaction():
        refunds.approve_refund(refund, by=by)
    jobs.run_due()


# Every order -------------------------------------------------------------------------------------------


@dataclass
class Recorded:
    """The network as it stood at one moment of one payment's life, its numbers made unique by `mark`."""

    mark: str
    reference: str
    checkout: CheckoutState
    charge: ChargeState
    payout: PayoutState | None = None

    def marked(self, found: Any) -> Any:
        """The value with this life's own numbers and reference."""
        changes: dict[str, Any] = {}
        for one in fields(found):
            value = getattr(found, one.name)
            if one.name == "reference":
                changes[one.name] = self.reference
            elif one.name in ("id", "source", "charge", "payment_intent", "balance_transaction") and value:
                changes[one.name] = value + self.mark
            elif isinstance(value, tuple):
                changes[one.name] = tuple(self.marked(part) for part in value)
            elif isinstance(value, BalanceMove):
                changes[one.name] = self.marked(value)
        return replace(found, **changes)

    def fetch_checkout(self, _id: str) -> CheckoutState:
        found: CheckoutState = self.marked(self.checkout)
        return found

    def fetch_charge(self, _id: str) -> ChargeState:
        found: ChargeState = self.marked(self.charge)
        return found

    def charge_of(self, _id: str, _kind: str) -> str:
        return self.charge.id + self.mark

    def fetch_payout(self, _id: str) -> PayoutState:
        assert self.payout
        found: PayoutState = self.marked(self.payout)
        return found

    def tell(self, kind: str) -> None:
        """A message about the object of this kind arrives now."""
        ids = {
            "checkout.session": self.checkout.id,
            "charge": self.charge.id,
            "payout": self.payout.id if self.payout else "",
        }
        card_watch.look(kind, ids.get(kind, "object") + self.mark, cast(StripeGateway, self))


MESSAGES = ("checkout.session", "charge", "refund", "dispute", "payout")
"""What messages are about."""


def a_whole_life(desk: CardDesk, *, won: bool, automatic: bool = True) -> list[Recorded]:
    """Charge 750.00, refund 100.00 that comes back, dispute won or lost, payout: moment by moment."""
    desk.stripe.control.late_fees(True)
    payment = desk.asked()
    desk.pay(payment)
    charge, moments = desk.charge(payment), []
    assert payment.checkout_id
    checkout = desk.gateway.fetch_checkout(payment.checkout_id)

    def moment(payout: str = "") -> None:
        state = desk.gateway.fetch_payout(payout) if payout else None
        moments.append(Recorded("", "", checkout, desk.gateway.fetch_charge(charge), state))

    moment()
    desk.stripe.control.late_fees(False)
    moment()
    client = desk.stripe.client.v1
    refund = client.refunds.create({"charge": charge, "amount": 10_000})
    moment()
    desk.stripe.control.fail_refund(refund.id)
    moment()
    desk.stripe.control.dispute(charge)
    moment()
    desk.stripe.control.dispute(charge, "won" if won else "lost")
    moment()
    if won:
        payout = (
            desk.stripe.control.pay_out()
            if automatic
            else client.payouts.create({"amount": 50_000, "currency": "cad"}).id
        )
        moment(payout)
        desk.stripe.control.end_payout(payout, "failed" if automatic else "paid")
        moment(payout)
    return moments


def told_in(order: Sequence[str], moments: Sequence[Recorded], when: Sequence[int], ask: Ask) -> Any:
    """What the books say after a life of its own was told in this order, message k at moment `when[k]`."""
    mark = f"-life{next(_MARKS)}-"  # no number of the network holds a hyphen
    with transaction():
        fund = Fund(code=f"F{mark}", name="a life", kind=FundKind.RESTRICTED)
        db.session.add(fund)
    payment = ask(fund=fund)
    for kind, number in zip(order, when, strict=True):
        found = moments[number]
        if kind != "payout" or found.payout:
            replace(found, mark=mark, reference=payment.reference).tell(kind)
    db.session.rollback()
    mine = {key: minor for key, minor in books().items() if key[1] == fund.code}
    written = {key.replace(mark, "") for key in keys() if mark in key}
    listed = set(db.session.scalars(select(Attention.kind).where(Attention.payment_id == payment.id)))
    return {account: minor for (account, _fund), minor in mine.items()}, written, listed


_MARKS = itertools.count(1)


@pytest.mark.usefixtures("both_databases")
@pytest.mark.parametrize("automatic", [True, False])
def test_every_order_of_messages_ends_in_the_same_books(desk: CardDesk, automatic: bool) -> None:
    """All 24 orders of the messages about one payment's charge, refund, dispute and payout."""
    moments = a_whole_life(desk, won=True, automatic=automatic)
    orders = list(itertools.permutations(MESSAGES[1:]))[:: 1 if automatic else 4]
    last = [len(moments) - 1] * 4
    seen = [told_in(order, moments, last, desk.ask) for order in orders]
    assert all(one == seen[0] for one in seen)
    balances, _written, listed = seen[0]
    assert balances[chart.SAVINGS] == -75_000  # refund failed, dispute won: the deposit stands
    assert listed == {"refund_elsewhere", "refund_failed", "dispute_opened"}
    assert chart.DISPUTED not in balances


@pytest.mark.usefixtures("both_databases")
def test_messages_while_it_happens_late_twice_or_never_end_in_the_same_books(desk: CardDesk) -> None:
    """Twelve random lives: any message at any moment, any number of times; the charge is told in the end."""
    moments = a_whole_life(desk, won=False)
    chance, seen, last = random.Random(2005), [], len(moments) - 1
    for _life in range(12):
        when = sorted(chance.choices(range(last + 1), k=8))
        order = [chance.choice(MESSAGES[:4]) for _message in when]
        seen.append(told_in([*order, "charge"], moments, [*when, last], desk.ask))
    assert all(one[0] == seen[0][0] for one in seen)
    balances = seen[0][0]
    assert chart.SAVINGS not in balances  # lost: the deposit is gone
    assert balances == {chart.STRIPE: -3_705, chart.BANK_FEES: 3_705}  # two fees are what stays


@pytest.mark.usefixtures("both_databases")
def test_real_messages_shuffled_and_twice_are_one_state(desk: CardDesk) -> None:
    payment = desk.asked()
    desk.pay(payment)
    charge = desk.charge(payment)
    desk.stripe.client.v1.refunds.create({"charge": charge, "amount": 10_000})
    payout = desk.stripe.control.pay_out()
    desk.stripe.control.end_payout(payout, "paid")
    packets = desk.packets() * 2
    random.Random(1).shuffle(packets)
    outcomes = {desk.tell(packet) for packet in packets}
    assert outcomes <= {"seen", "known", "ignored"}
    assert balance(chart.STRIPE) == cad("0.00")
    assert balance(chart.BANK) == cad("627.95")  # 750.00 less 22.05 of fee less 100.00 given back
    assert balance(chart.SAVINGS) == cad("-650.00")
    [row] = db.session.scalars(select(Payout)).all()
    assert (row.status, row.amount) == ("paid", cad("627.95"))


def test_a_payout_that_comes_first_brings_its_charges(desk: CardDesk) -> None:
    payment = desk.asked()
    desk.pay(payment)
    payout = desk.stripe.control.pay_out()
    [created] = [one for one in desk.packets() if one["type"] == "payout.created"]
    assert desk.tell(created) == "seen"
    assert db.session.get_one(Payment, payment.id).status is PaymentStatus.SETTLED
    assert books() == {
        (chart.BANK, "DKR05-OUT"): 72_795,
        (chart.BANK_FEES, "DKR05-OUT"): 2_205,
        (chart.SAVINGS, "DKR05-OUT"): -75_000,
    }
    desk.stripe.control.end_payout(payout, "failed")
    [failed] = [one for one in desk.packets() if one["type"] == "payout.failed"]
    desk.tell(failed)
    assert balance(chart.STRIPE) == cad("727.95")
    assert attention() == {"payout_failed"}


def test_money_of_the_network_that_nobody_asked_for_is_kept_apart(desk: CardDesk) -> None:
    desk.paid()
    desk.stripe.client.v1.payment_intents.create(
        {"amount": 5_000, "currency": "cad", "payment_method": "pm_card_visa", "confirm": True,
         "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"}}
    )  # fmt: skip
    desk.stripe.control.pay_out()
    desk.tell_all()
    found = books()
    assert found[chart.SUSPENSE, "TO-CLARIFY"] == -5_000 + 175  # its fee is nobody's yet
    assert found[chart.BANK, "TO-CLARIFY"] == 5_000 - 175
    assert found[chart.BANK, "DKR05-OUT"] == 72_795
    assert attention() == {"unknown_card_money"}


# Refunds -----------------------------------------------------------------------------------------------


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
