"""Looking at the card network again: what a message names, and what no message told.

At the start, and every half hour, everything that we asked of it and that has no answer yet is re-read, and
what moved its balance is compared with the books: a crash between a charge and its entry ends in the entry.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import select

from outbox.jobs import HANDLERS, enqueue
from outbox.worker import AT_START
from shared.clock import now
from shared.database import db, transaction
from shared.errors import DomainError
from treasury import placing
from treasury.cards import refunds, saved_cards
from treasury.cards.books import book_charge, settle_checkout
from treasury.cards.checkouts import close_page
from treasury.cards.gateway_errors import GatewayClosed, UnknownToGateway
from treasury.cards.gateway_values import CheckoutStatus
from treasury.cards.models import (
    AttemptStatus,
    CardAttempt,
    CardWatch,
    CheckoutPage,
    Payout,
    Refund,
    RefundStatus,
)
from treasury.cards.payouts import book_payout, unknown_moves
from treasury.cards.values import BalanceMove, CardNetwork
from treasury.models import Payment
from treasury.payments import SETTLED

JOB = "card-watch"
EVERY = timedelta(minutes=30)
_OVERLAP = timedelta(days=3)  # moves are looked at again for so long: the network books some of them late
_FIRST = timedelta(days=30)  # how far back a house looks that never looked before
_PAGES_LIVE = timedelta(days=2)

log = logging.getLogger(__name__)

Noted = Callable[[], None]
"""What is written in the same transaction as the books (the message that made us look)."""


def look(kind: str, object_id: str, gateway: CardNetwork, noted: Noted = lambda: None) -> str:
    """Re-read an object of the network and bring what it means into the books.

    The outcome in a word: ``seen``, ``foreign`` (not ours) or ``ignored`` (nothing that concerns money).
    """
    if kind == "checkout.session":
        return _look_at_checkout(object_id, gateway, noted)
    if kind == "payout":
        return look_at_payout(object_id, gateway, noted)
    charge = object_id if kind == "charge" else _charge_of(kind, object_id, gateway)
    return _look_at_charge(charge, gateway, noted) if charge else "ignored"


def _charge_of(kind: str, object_id: str, gateway: CardNetwork) -> str | None:
    if kind in ("refund", "dispute"):
        return gateway.charge_of(object_id, kind)
    return None


def _look_at_checkout(object_id: str, gateway: CardNetwork, noted: Noted) -> str:
    if saved_cards.card_page(object_id) is not None:
        saved_cards.look_at_page(object_id, gateway)
        return "seen"
    state = gateway.fetch_checkout(object_id)
    with transaction():
        noted()
        payment = settle_checkout(state)
        if state.status is not CheckoutStatus.OPEN:
            close_page(object_id)
    return "foreign" if payment is None else "seen"


def _look_at_charge(charge: str, gateway: CardNetwork, noted: Noted) -> str:
    state = gateway.fetch_charge(charge)
    if not state.paid:
        return "ignored"
    with transaction():
        noted()
        payment = book_charge(state)
    return "foreign" if payment is None else "seen"


def look_at_payout(payout: str, gateway: CardNetwork, noted: Noted = lambda: None) -> str:
    """Book a payout, and before it everything it is made of."""
    state = gateway.fetch_payout(payout)
    if not db.session.scalar(select(Payout.id).where(Payout.object_id == payout)):
        catch_up(state.moves, gateway)
    with transaction():
        noted()
        book_payout(state)
    return "seen"


def catch_up(moves: tuple[BalanceMove, ...], gateway: CardNetwork) -> int:
    """Look at the objects behind moves of the balance that the books do not know; how many were unknown."""
    missing = unknown_moves(moves)
    for move in missing:
        try:
            if move.source.startswith("po_"):
                look_at_payout(move.source, gateway)
            elif move.source.startswith(("ch_", "py_")):
                _look_at_charge(move.source, gateway, lambda: None)
            elif move.source.startswith(("re_", "pyr_")):
                look("refund", move.source, gateway)
            elif move.source.startswith(("du_", "dp_")):
                look("dispute", move.source, gateway)
        except UnknownToGateway:
            continue
    return len(missing)


def sweep(gateway: CardNetwork) -> None:
    """Finish everything that was asked of the network and has no answer here; a failure stops its part."""
    for part in (_pages, _attempts, _refunds, _balance):
        with _told(part.__name__.strip("_")):
            part(gateway)


def _pages(gateway: CardNetwork) -> None:
    pages = db.session.execute(
        select(CheckoutPage.object_id, CheckoutPage.id, CheckoutPage.opened_at).where(
            CheckoutPage.closed_at.is_(None)
        )
    ).all()
    for object_id, page_id, opened_at in pages:
        with _told("page"):
            if object_id is not None:
                look("checkout.session", object_id, gateway)
        if opened_at < now() - _PAGES_LIVE:  # the network closes a page after a day
            with transaction():
                db.session.get_one(CheckoutPage, page_id).closed_at = now()


def _attempts(gateway: CardNetwork) -> None:
    waiting = db.session.execute(
        select(CardAttempt.payment_id, CardAttempt.saved_card_id, CardAttempt.number).where(
            CardAttempt.status == AttemptStatus.SENT
        )
    ).all()
    for payment_id, card_id, number in waiting:
        with _told("attempt"):
            saved_cards.charge_card(payment_id, card_id, number, gateway)


def _refunds(gateway: CardNetwork) -> None:
    for refund_id in db.session.scalars(
        select(Refund.id).where(Refund.status == RefundStatus.APPROVED, Refund.charge_id.is_not(None))
    ).all():
        with _told("refund"):
            refunds.send_refund(refund_id, gateway)


def _balance(gateway: CardNetwork) -> None:
    """Compare what moved the network's balance since the last time with the books."""
    watch = db.session.get(CardWatch, 1)
    until = gateway.real_time()
    has_cards = db.session.scalar(select(Payment.id).where(Payment.checkout_id.is_not(None)).limit(1))
    if watch or has_cards:
        catch_up(gateway.moves_since((watch.seen_until if watch else until - _FIRST) - _OVERLAP), gateway)
    with transaction():
        watch = db.session.get(CardWatch, 1) or CardWatch(id=1, seen_until=until)
        watch.seen_until = until
        db.session.add(watch)


@contextmanager
def _told(part: str) -> Iterator[None]:
    try:
        yield
    except GatewayClosed:
        pass  # cards are not open here
    except DomainError as problem:
        log.warning("The card network was not looked at (%s): %s", part, problem.code)


def watch(payload: dict[str, Any], gateway: CardNetwork) -> None:
    """The job: sweep, and plan the next one."""
    plan_watch()
    sweep(gateway)


def plan_watch(*, at_once: bool = False) -> None:
    """Plan the next sweep; one a half hour, whoever plans it."""
    with transaction():
        moment = now()
        slot = int(moment.timestamp() // EVERY.total_seconds()) + 1
        if at_once:
            enqueue(JOB, {}, key=f"{JOB}:start:{int(moment.timestamp())}")
        else:
            enqueue(
                JOB,
                {},
                key=f"{JOB}:{slot}",
                due_at=datetime.fromtimestamp(slot * EVERY.total_seconds(), UTC),
            )


def install(gateway: Callable[[], CardNetwork]) -> None:
    """Fill in the tables of what follows and of jobs; called in `app.py`."""
    SETTLED[placing.REST] = placing.rest_settled
    HANDLERS[refunds.JOB] = lambda payload: refunds.send_refund(payload["refund"], gateway())
    HANDLERS[JOB] = lambda payload: watch(payload, gateway())
    AT_START[JOB] = lambda: plan_watch(at_once=True)
