"""What a card network says seldom, and what is then in the books: a deposit of 750.00 CAD for Outaouais."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
import stripe
from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from access.models import User
from shared import clock
from shared.database import db, transaction
from shared.errors import NotFound
from shared.money import Money
from tests.treasury.card_money import balance, cad, keys, signed
from tests.treasury.conftest import Ask
from tests.treasury.seldom_network import DAY, WHERE, Pages, book, charge, given_back, move
from treasury import chart
from treasury.attention import attend
from treasury.books import periods
from treasury.cards import checkouts, disputes, gateway_money, refunds, retries, watch, webhooks
from treasury.cards.gateway import StripeGateway
from treasury.cards.gateway_errors import (
    BadSignature,
    GatewayRefused,
    UnknownToGateway,
)
from treasury.cards.models import (
    CheckoutPage,
    Payout,
    Refund,
    RefundStatus,
)
from treasury.cards.payouts import TO_CLARIFY, book_payout
from treasury.cards.values import DisputeState, PayoutState
from treasury.models import GatewayEvent, JournalEntry, PaymentMethod, PaymentStatus

# Refunds ------------------------------------------------------------------------------------------------


def test_a_refund_is_in_the_books_once_it_has_left(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    book(charge(payment, given_back(status="pending", balance_transaction=None)))
    assert keys() == {"charge:ch_1"}
    book(charge(payment, given_back()))
    assert balance(chart.STRIPE) == cad("627.95")


def test_a_refund_that_never_left_has_no_way_back(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    book(charge(payment, given_back(status="failed", balance_transaction=None)))
    assert keys() == {"charge:ch_1"}
    assert db.session.scalars(select(Refund)).one().status is RefundStatus.FAILED


def test_a_failed_refund_comes_back_in_the_currency_it_was_taken_in(ask: Ask) -> None:
    payment = ask("500.00", method=PaymentMethod.CARD, currency="EUR")
    taken = cad("160.00")
    state = replace(
        charge(payment, replace(given_back(status="failed", taken=taken), amount=Money.of("100.00", "EUR"))),
        booked=move("charge", "ch_1", cad("800.00"), "20.00"),
    )
    book(state)
    assert {"refund-settled:re_1", "refund-failed-settled:re_1"} <= keys()
    assert balance(chart.STRIPE) == cad("780.00")


def test_a_refund_settles_what_asked_for_it(ask: Ask, aristide: User, zoe: User) -> None:
    payment = ask(method=PaymentMethod.CARD)
    book(charge(payment))
    with transaction():
        asked = attend("over_paid", "k", payment_id=payment.id, details="", amount=cad("100.00"))
        command = refunds.RequestRefund(
            amount=cad("100.00"), reason="too much", on=DAY, attention_id=asked.id
        )
        refund = refunds.request_refund(payment, command, by=aristide)
    with transaction():
        refunds.approve_refund(refund, by=zoe)
    book(charge(payment, given_back(ours=str(refund.id))))
    assert asked.resolved_at is not None
    refunds.send_refund(refund.id, cast(Any, None))  # it is done: the network is not asked again
    with transaction():
        assert refunds.drop_refund(refund, "too late", by=zoe).status is RefundStatus.DONE


def test_what_happens_on_a_closed_day_is_booked_on_the_next_one(ask: Ask, zoe: User) -> None:
    clock.travel_to(datetime(2005, 10, 15, 12, tzinfo=UTC))
    payment = ask(method=PaymentMethod.CARD)
    with transaction():
        periods.close_until(DAY, "the year is told", by=zoe)
    book(charge(payment))
    assert payment.entry
    assert payment.entry.dated_on == DAY + timedelta(days=1)


def test_a_payout_by_hand_leaves_a_fund_that_owes_the_network_alone(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    book(charge(payment, given_back("750.00")))  # the fee stays: 22.05 less than nothing
    parts = (move("charge", "ch_1", payment.amount, "22.05"), move("refund", "re_1", -payment.amount))
    state = PayoutState(
        id="po_1", status="paid", amount=cad("10.00"), automatic=False, arrives_on=DAY, moves=parts
    )
    with transaction():
        book_payout(state)
    assert balance(chart.STRIPE) == cad("-32.05")
    paid_out = db.session.get_one(JournalEntry, db.session.scalars(select(Payout.entry_id)).one())
    assert {one.fund.code for one in paid_out.postings} == {TO_CLARIFY}


# What the watch finds -----------------------------------------------------------------------------------


def test_an_old_page_is_not_looked_at_for_ever(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    with transaction():
        checkouts.announce_page("payment-1", payment_id=payment.id)
        page = db.session.scalars(select(CheckoutPage)).one()
        page.opened_at = clock.now() - timedelta(days=3)  # its answer never came: it has no number
    watch._pages(cast(Any, Pages()))
    db.session.expire_all()
    assert page.closed_at is not None


def test_what_the_network_does_not_know_any_more_stops_nothing(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    parts = (move("charge", "ch_1", payment.amount, "22.05"),)
    payout = PayoutState(
        id="po_1", status="paid", amount=cad("727.95"), automatic=True, arrives_on=DAY, moves=parts
    )

    def forgotten(*_asked: Any) -> Any:
        raise UnknownToGateway

    network = SimpleNamespace(
        fetch_payout=lambda _number: payout, fetch_charge=lambda _number: charge(payment), charge_of=forgotten
    )
    moves = (
        move("refund", "re_9", cad("-1.00")),
        move("payout", "po_1", cad("-727.95")),
        move("stripe_fee", "fee_1", cad("-2.00")),
    )
    assert watch.catch_up(moves, cast(Any, network)) == 3
    assert payment.status is PaymentStatus.SETTLED
    assert balance(chart.BANK) == cad("727.95")


# Messages -----------------------------------------------------------------------------------------------


def body(kind: str = "charge") -> dict[str, Any]:
    return {
        "id": "evt_1",
        "object": "event",
        "type": f"{kind}.updated",
        "created": 1,
        "data": {"object": {"id": "ch_1", "object": kind}},
    }


def test_a_message_beyond_all_bounds_is_not_read(client: FlaskClient) -> None:
    assert client.post("/webhooks/stripe", data=b"x" * (513 * 1024)).status_code == 413


@pytest.mark.parametrize("same", [True, False], ids=["the same message", "another about the same thing"])
def test_two_messages_at_one_moment_are_one_state(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, same: bool
) -> None:
    seen: list[str] = []

    def look(_kind: str, _number: str, _gateway: Any, noted: Any) -> str:
        seen.append("looked")
        if len(seen) == 1:
            if same:  # the other one was committed between our question and our answer
                with transaction():
                    noted()
            raise IntegrityError("twice", {}, ValueError())
        return "seen"

    monkeypatch.setattr(webhooks, "look", look)
    packet = signed(body(), secret="whsec_tests")
    answer = client.post(
        "/webhooks/stripe",
        data=packet["payload"].encode(),
        headers={"Stripe-Signature": packet["signature"], "Content-Type": "application/json"},
    )
    assert answer.json == {"outcome": "known" if same else "seen"}
    assert db.session.scalar(select(func.count()).select_from(GatewayEvent)) == int(same)


def test_a_signature_without_its_moment_is_none() -> None:
    gateway = StripeGateway(secret_key="sk_test_1", webhook_secret="whsec_tests")
    with pytest.raises(BadSignature):
        gateway.verify_event(b"{}", "v1=0000")


# Answers that are seldom given ---------------------------------------------------------------------------


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> StripeGateway:
    """Stripe itself, its client replaced: nothing is asked of the network."""
    found = StripeGateway(secret_key="sk_test_1", webhook_secret="whsec_tests")
    page = SimpleNamespace(id="cs_1", url=None, expires_at=1)

    def refuse(_method: str) -> None:
        raise stripe.InvalidRequestError("no", None, http_status=403)  # type: ignore[no-untyped-call]

    network = SimpleNamespace(
        checkout=SimpleNamespace(sessions=SimpleNamespace(create=lambda *_asked: page)),
        customers=SimpleNamespace(create=lambda *_asked: SimpleNamespace(id="cus_1")),
        payment_intents=SimpleNamespace(retrieve=lambda _number: SimpleNamespace(latest_charge=None)),
        payment_methods=SimpleNamespace(detach=refuse),
    )
    monkeypatch.setattr(StripeGateway, "client", SimpleNamespace(v1=network))
    return found


def test_a_page_without_an_address_is_closed(gateway: StripeGateway) -> None:
    asked: dict[str, Any] = {"reference": "TG7K-492Q-X", "idempotency_key": "k", **WHERE}
    with pytest.raises(GatewayRefused):
        gateway.create_checkout(amount=cad("1.00"), description="", payer_email=None, metadata={}, **asked)
    with pytest.raises(GatewayRefused):
        gateway.create_setup(currency="CAD", payer_name="", payer_email="", **asked)


def test_stripe_itself_is_reached_as_the_machine_says() -> None:
    assert isinstance(StripeGateway(secret_key="sk_test_1", webhook_secret=None).client, stripe.StripeClient)


def test_an_intent_that_nobody_paid_has_no_charge(gateway: StripeGateway) -> None:
    with pytest.raises(UnknownToGateway):
        gateway.fetch_intent_charge("pi_1")


def test_a_card_that_may_not_be_forgotten_is_said(gateway: StripeGateway) -> None:
    with pytest.raises(GatewayRefused):
        gateway.forget_card("pm_1")


def test_a_refused_card_is_tried_on_the_days_of_the_calendar() -> None:
    assert retries.next_try(DAY, 1, "generic_decline", DAY) == DAY + timedelta(days=3)
    assert retries.next_try(DAY, 1, "generic_decline", DAY + timedelta(days=9)) == DAY + timedelta(days=9)
    assert retries.next_try(DAY, 1, "stolen_card", DAY) is None
    assert retries.next_try(DAY, 4, "generic_decline", DAY) is None


# Disputes -----------------------------------------------------------------------------------------------


def test_an_answer_that_says_nothing_or_comes_too_late_is_not_sent(ask: Ask, aristide: User) -> None:
    payment = ask(method=PaymentMethod.CARD)
    state = DisputeState(
        id="dp_1",
        charge="ch_1",
        status="needs_response",
        reason="fraudulent",
        amount=payment.amount,
        due_by=None,
        moves=(),
    )
    book(replace(charge(payment), disputes=(state,)))
    sent: list[str] = []

    def too_late(_number: str, said: str, **_key: str) -> None:
        sent.append(said)
        raise GatewayRefused(reason="closed")

    network = cast(Any, SimpleNamespace(answer_dispute=too_late))
    with pytest.raises(disputes.NothingSaid):
        disputes.answer("dp_1", " ", network, by=aristide)
    with pytest.raises(disputes.NotOpen):
        disputes.answer("dp_1", "She came.", network, by=aristide)
    assert sent == ["She came."]
    with pytest.raises(NotFound):
        disputes.find("dp_2")


def test_a_refund_that_the_network_heard_is_not_asked_for_again(
    ask: Ask, aristide: User, zoe: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    payment = ask(method=PaymentMethod.CARD)
    book(charge(payment))
    with transaction():
        command = refunds.RequestRefund(amount=cad("100.00"), reason="ill", on=DAY)
        refund = refunds.request_refund(payment, command, by=aristide)
    with transaction():
        refunds.approve_refund(refund, by=zoe)
    ours = str(refund.id)
    heard = SimpleNamespace(metadata=SimpleNamespace(to_dict=lambda: {"refund": ours}))
    listed = SimpleNamespace(list=lambda _asked: SimpleNamespace(auto_paging_iter=lambda: [heard]))
    monkeypatch.setattr(StripeGateway, "client", SimpleNamespace(v1=SimpleNamespace(refunds=listed)))
    monkeypatch.setattr(gateway_money, "refund_state", lambda _heard: given_back(ours=ours))
    told = charge(payment, given_back(ours=ours))
    monkeypatch.setattr(StripeGateway, "fetch_charge", lambda _gateway, _number: told)
    refunds.send_refund(refund.id, StripeGateway(secret_key="sk_test_1", webhook_secret=None))
    assert (refund.status, balance(chart.STRIPE)) == (RefundStatus.DONE, cad("627.95"))
