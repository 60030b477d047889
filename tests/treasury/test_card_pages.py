"""Pages to pay on and cards that are kept: run out, paid meanwhile, left anew."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import func, select

from access.models import User
from shared.audit import System
from shared.database import db, transaction
from shared.errors import NotFound
from tests.treasury.card_money import balance, cad
from tests.treasury.conftest import Ask
from tests.treasury.seldom_network import Pages, book, charge, start
from treasury import chart
from treasury.cards import checkouts, saved_cards, watch
from treasury.cards.gateway_values import Checkout, CheckoutState, CheckoutStatus
from treasury.cards.models import (
    AttemptStatus,
    CardAttempt,
    CardStatus,
    CheckoutPage,
    SavedCard,
)
from treasury.models import Payment, PaymentMethod, PaymentStatus
from treasury.payments import AlreadySettled


def test_a_page_that_ran_out_is_followed_by_another(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    first = start(payment.id, Pages())
    ran_out = Pages(cs_1=CheckoutStatus.EXPIRED)
    ran_out.asked = ["before"]
    assert start(payment.id, ran_out) == "http://network/cs_2"
    assert first == "http://network/cs_1"
    assert ran_out.asked[-1].endswith(f"-{payment.attempt}")


def test_a_key_that_asked_for_another_page_is_not_used_again(ask: Ask) -> None:
    payment, pages = ask(method=PaymentMethod.CARD), Pages(used=1)
    assert start(payment.id, pages) == "http://network/cs_2"
    assert pages.asked[0] != pages.asked[1]


def test_no_page_for_what_is_not_asked_for(ask: Ask, receive: Ask, aristide: User) -> None:
    with pytest.raises(NotFound):
        start(999, Pages())
    with pytest.raises(AlreadySettled):
        start(receive().id, Pages())


def test_a_page_is_not_opened_on_what_was_paid_meanwhile(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)

    class Slow(Pages):
        def create_checkout(self, **asked: Any) -> Checkout:
            book(charge(payment))
            return super().create_checkout(**asked)

    with pytest.raises(AlreadySettled):
        start(payment.id, Slow())
    assert payment.checkout_id is None


# Cards that are kept ------------------------------------------------------------------------------------


@pytest.fixture
def card(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> SavedCard:
    """A card that was asked for, its page open."""
    monkeypatch.setitem(saved_cards.CARD_KEPT, "savings", lambda _card: None)
    with transaction():
        made = SavedCard(purpose="savings", subject_id=1, reference="TG7K-492Q-X", consent="I agree.")
        db.session.add(made)
        db.session.flush()
        page = CheckoutPage(key="card-1", saved_card_id=made.id)
        page.object_id = "cs_card"
        db.session.add(page)
    return made


def test_a_card_is_kept_when_its_page_is_told_and_once(card: SavedCard) -> None:
    pages = cast(Any, Pages())
    assert saved_cards.look_at_page("nothing", pages) is None
    for _message in range(2):
        assert watch.look("checkout.session", "cs_card", pages) == "seen"
    assert (card.status, card.last4) == (CardStatus.ACTIVE, "4242")
    for _click in range(2):
        with transaction():
            saved_cards.remove_card(card, by=System("tests"))
    assert card.status is CardStatus.REMOVED


def test_what_was_paid_otherwise_is_not_taken_from_the_card(card: SavedCard, receive: Ask) -> None:
    payment = receive()
    attempt = saved_cards.charge_card(payment.id, card.id, 1, cast(Any, None))  # the network is not asked
    assert attempt.status is AttemptStatus.PAID
    assert balance(chart.STRIPE) == cad("0.00")


def test_a_try_that_nobody_heard_is_made_once_more_with_its_key(card: SavedCard, ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    key = f"charge-{payment.reference}-1"
    with transaction():
        db.session.add(CardAttempt(key=key, payment_id=payment.id, saved_card_id=card.id, number=1))
    used: list[str] = []

    def take(*, idempotency_key: str, **_asked: Any) -> str:
        used.append(idempotency_key)
        return "pi_1"

    network = SimpleNamespace(
        paid_intent=lambda *_asked: None,
        charge_kept_card=take,
        fetch_intent_charge=lambda _intent: charge(payment),
    )
    assert saved_cards.charge_card(payment.id, card.id, 1, cast(Any, network)).status is AttemptStatus.PAID
    assert (used, payment.status) == ([key], PaymentStatus.SETTLED)


# Pages that were paid ------------------------------------------------------------------------------------


class PaidPages(Pages):
    """The network says of its pages that they are paid."""

    def fetch_checkout(self, number: str) -> CheckoutState:
        state = super().fetch_checkout(number)
        return replace(state, paid=self.states.get(number) is CheckoutStatus.COMPLETE)

    expire_checkout = fetch_checkout


def test_a_page_that_was_paid_is_settled_and_no_other_is_opened(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    start(payment.id, Pages())
    with pytest.raises(AlreadySettled):
        start(payment.id, PaidPages(cs_1=CheckoutStatus.COMPLETE))
    db.session.expire_all()
    assert db.session.scalars(select(CheckoutPage)).one().closed_at is not None


def test_a_page_asked_for_otherwise_is_closed_before_another_is_opened(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    start(payment.id, Pages())
    pages = PaidPages(used=1)
    assert start(payment.id, pages) == "http://network/cs_2"
    assert db.session.get_one(Payment, payment.id).checkout_id == "cs_2"


def test_a_page_is_announced_once(ask: Ask) -> None:
    payment = ask(method=PaymentMethod.CARD)
    for _click in range(2):
        with transaction():
            checkouts.announce_page("payment-1", payment_id=payment.id)
    assert db.session.scalar(select(func.count()).select_from(CheckoutPage)) == 1


def test_a_card_left_anew_takes_the_place_of_the_one_before(card: SavedCard) -> None:
    pages = cast(Any, Pages())
    watch.look("checkout.session", "cs_card", pages)
    with transaction():
        anew = SavedCard(purpose="savings", subject_id=1, reference="TG7K-492Q-X", consent="I agree.")
        db.session.add(anew)
        db.session.flush()
        page = CheckoutPage(key="card-2", saved_card_id=anew.id)
        page.object_id = "cs_anew"
        db.session.add(page)
    watch.look("checkout.session", "cs_anew", pages)
    assert (card.status, anew.status) == (CardStatus.REMOVED, CardStatus.ACTIVE)
