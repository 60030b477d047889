"""What can be done about something on the attention list: the likely thing first, one click away.

Each action only asks or drafts: a second person approves what moves money.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import or_, select, true

from access.models import User
from shared.database import db
from shared.errors import Conflict, NotFound
from shared.forms import reader
from shared.i18n import LazyString, _l
from shared.money import Money, format_money
from treasury import payment_messages, placing
from treasury.attention import settle_attention
from treasury.cards import refunds
from treasury.cards.models import Refund, RefundStatus
from treasury.cards.refunds import RequestRefund
from treasury.models import Attention, EntryStatus, JournalEntry, Payment, PaymentStatus
from treasury.placing import Place
from treasury.receipt_models import Placement, PlacementKind
from treasury.respoken import respoken
from treasury.wording import DISPUTE_ENDS, in_words


class Action(StrEnum):
    ACCEPT = "accept"
    APPLY = "apply"
    CHANGE = "change"
    CREDIT = "credit"
    GIFT = "gift"
    GIVE_BACK = "give-back"
    REFUND = "refund"
    REST = "rest"


LABELS: dict[Action, LazyString] = {
    Action.ACCEPT: _l("Leave it as it is"),
    Action.APPLY: _l("Use it for another payment"),
    Action.CHANGE: _l("Use %(amount)s at the rate of the day"),
    Action.CREDIT: _l("Keep %(amount)s as the payer’s credit"),
    Action.GIFT: _l("The payer gives it: %(amount)s"),
    Action.GIVE_BACK: _l("Give %(amount)s back"),
    Action.REFUND: _l("Give %(amount)s back"),
    Action.REST: _l("Ask for the missing %(amount)s"),
}

_DONE: dict[Action, LazyString] = {
    Action.APPLY: _l("used for another payment"),
    Action.CHANGE: _l("changed at the rate of the day"),
    Action.CREDIT: _l("kept as the payer’s credit"),
    Action.GIFT: _l("given by the payer"),
}
_GIVEN_BACK = _l("given back to the payer")
"""What is written of it in the books."""

_MOST_OWED = 500  # payments offered as targets, over all payers of the list
_TOO_MUCH = (Action.REFUND, Action.CREDIT, Action.APPLY, Action.GIFT)

ACTIONS: dict[str, tuple[Action, ...]] = {
    "cancelled_after_payment": _TOO_MUCH,
    "dispute_lost": (Action.REST, Action.ACCEPT),
    "other_amount": (Action.ACCEPT, Action.REFUND, Action.CREDIT, Action.APPLY),
    "over_paid": (Action.CREDIT, Action.REFUND, Action.APPLY, Action.GIFT),
    "owed_again": (Action.ACCEPT,),
    "paid_after_cancellation": _TOO_MUCH,
    "paid_by_other": (Action.ACCEPT, Action.REFUND),
    "paid_twice": _TOO_MUCH,
    "paid_while_cancelled": _TOO_MUCH,
    "paid_while_waitlisted": (Action.ACCEPT, Action.REFUND, Action.CREDIT, Action.APPLY),
    "plan_closed": (Action.CREDIT, Action.REFUND, Action.APPLY, Action.GIFT),
    "refund_elsewhere": (Action.ACCEPT,),
    "refund_failed": (Action.CREDIT, Action.GIFT),
    "registration_unknown": (Action.CREDIT, Action.REFUND, Action.APPLY),
    "surplus": (Action.CREDIT, Action.REFUND, Action.APPLY, Action.GIFT),
    "taken_back": (Action.REST, Action.ACCEPT),
    "under_paid": (Action.REST, Action.ACCEPT),
    "wrong_currency": (Action.CHANGE, Action.GIVE_BACK),
}
"""Kind → what can be done, the likely thing first. Of any other kind a person says what they did."""

_GONE_OR_ABROAD = ("dispute_lost", "owed_again", "taken_back", "under_paid", "wrong_currency")
"""Kinds whose amount is not among what the payment brought in its own currency."""


@dataclass(frozen=True, slots=True)
class Offer:
    """An action as a button: what it is, what it says."""

    action: Action
    label: str


@dataclass(frozen=True, slots=True)
class Item:
    """Something on the list with what can be done about it now; `targets` are payments it could pay."""

    attention: Attention
    payment: Payment | None
    offers: tuple[Offer, ...]
    targets: tuple[Payment, ...]
    under_way: bool


def listed(about: Payment | None = None) -> list[Item]:
    """The whole list (or what of it is `about` a payment), oldest first."""
    rows: list[tuple[Attention, Payment | None]] = [
        (one, payment)
        for one, payment in db.session.execute(
            select(Attention, Payment)
            .outerjoin(Payment, Payment.id == Attention.payment_id)
            .where(
                Attention.resolved_at.is_(None),
                true() if about is None else Attention.payment_id == about.id,
            )
            .order_by(Attention.id)
        )
    ]
    payments = {payment.id: payment for _one, payment in rows if payment is not None}
    busy = _under_way([one for one, _payment in rows])
    left, owed = placing.left_of_each(list(payments.values())), _owed(list(payments.values()))
    found = []
    for one, payment in rows:
        stake = at_stake(one, left.get(payment.id) if payment else None)
        offers = _offers(one, stake) if payment is not None and one.id not in busy else ()
        may_pay = payment is not None and any(offer.action is Action.APPLY for offer in offers)
        targets = _targets(payment, owed) if payment is not None and may_pay else ()
        found.append(Item(one, payment, offers, targets, one.id in busy))
    return found


def _offers(one: Attention, stake: Money | None) -> tuple[Offer, ...]:
    possible = ACTIONS.get(one.kind, ())
    if not stake:
        possible = tuple(action for action in possible if action is Action.ACCEPT)
    return tuple(Offer(action, label(action, stake)) for action in possible)


def label(action: Action, amount: Money | None) -> str:
    """What the button says."""
    words = str(LABELS[action])
    return words % {"amount": format_money(amount, reader())} if amount else words


def _under_way(rows: Sequence[Attention]) -> set[int]:
    """Those about which something is written, and waits for a second person or the network."""
    ids = [one.id for one in rows]
    placed = select(Placement.attention_id).where(Placement.attention_id.in_(ids))
    given = select(Refund.attention_id).where(
        Refund.attention_id.in_(ids),
        Refund.status.in_((RefundStatus.REQUESTED, RefundStatus.APPROVED)),
    )
    waiting = {found for found in db.session.scalars(placed.union(given)) if found is not None}
    receipts = {one.id: int(one.key.partition("receipt:")[2] or 0) for one in rows if ":receipt:" in one.key}
    drafts = select(JournalEntry.id).where(
        JournalEntry.id.in_(receipts.values()), JournalEntry.status == EntryStatus.DRAFT
    )
    unapproved = set(db.session.scalars(drafts)) if receipts else set()
    return waiting | {one for one, entry in receipts.items() if entry in unapproved}


def at_stake(one: Attention, left: Money | None) -> Money | None:
    """The amount that is to be placed: what is odd about it, as far as it is still there (`left`)."""
    if one.kind in _GONE_OR_ABROAD or left is None:
        return one.amount
    wanted = left if one.amount is None else one.amount
    return min(wanted, left) if wanted.currency == left.currency and left.minor > 0 else None


def _owed(some: Sequence[Payment]) -> list[Payment]:
    """What the payers of these payments still owe, the latest first."""
    ids = {payment.payer_id for payment in some if payment.payer_id}
    names = {payment.payer_name for payment in some if payment.payer_name}
    return list(
        db.session.scalars(
            select(Payment)
            .where(
                Payment.status == PaymentStatus.REQUESTED,
                or_(Payment.payer_id.in_(ids), Payment.payer_name.in_(names)),
            )
            .order_by(Payment.id.desc())
            .limit(_MOST_OWED)
        )
    )


def _targets(payment: Payment, owed: Sequence[Payment]) -> tuple[Payment, ...]:
    """What of it the same payer owes in the same currency."""
    return tuple(
        one
        for one in owed
        if one.currency == payment.currency
        and (one.payer_id == payment.payer_id if payment.payer_id else one.payer_name == payment.payer_name)
    )


def act(one: Attention, action: Action, *, on: date, by: User, target: Payment | None = None) -> None:
    """Do it, as far as one person may. Raises what the action raises, and `Conflict` when it is no choice."""
    payment = db.session.get(Payment, one.payment_id) if one.payment_id else None
    if one.resolved_at is not None or payment is None or action not in ACTIONS.get(one.kind, ()):
        raise Conflict
    if _under_way([one]):
        raise Conflict
    amount = at_stake(one, placing.left_of(payment))
    if action is Action.ACCEPT:
        settle_attention(one.id, str(LABELS[action]), by=by)
        return
    if amount is None:
        raise Conflict
    place = Place(amount=amount, on=on, narration=_words(payment, action), attention_id=one.id)
    if action is Action.REFUND:
        command = RequestRefund(
            amount=amount,
            reason=place.narration,
            on=on,
            charge_id=one.key.partition("charge:")[2],
            attention_id=one.id,
        )
        refunds.request_refund(payment, command, by=by)
    elif action is Action.REST:
        payment_messages.tell_still_due(placing.ask_for_rest(payment, amount, by=by))
        settle_attention(one.id, str(LABELS[action]) % {"amount": amount}, by=by)
    elif action is Action.APPLY:
        _apply(payment, target, place, by=by)
    elif action in (Action.CHANGE, Action.GIVE_BACK):
        credit = _credit_of(payment)
        (placing.change_credit if action is Action.CHANGE else placing.give_credit_back)(credit, place, by=by)
    else:
        (placing.keep_as_credit if action is Action.CREDIT else placing.keep_as_gift)(payment, place, by=by)


def _apply(payment: Payment, target: Payment | None, place: Place, *, by: User) -> None:
    if target is None:
        raise NotFound
    amount = min(place.amount, target.amount) if target.currency == place.amount.currency else place.amount
    placing.apply(
        payment,
        target,
        Place(amount=amount, on=place.on, narration=place.narration, attention_id=place.attention_id),
        by=by,
    )


def _credit_of(payment: Payment) -> Placement:
    found = db.session.scalars(
        select(Placement)
        .where(Placement.payment_id == payment.id, Placement.kind == PlacementKind.CREDIT)
        .order_by(Placement.id.desc())
    ).first()
    if found is None:
        raise Conflict
    return found


def _words(payment: Payment, action: Action) -> str:
    return f"{payment.description} ({payment.reference}): {_DONE.get(action, _GIVEN_BACK)}"[:200]


def resolution_words(written: str) -> str:
    """What was done about it, in the reader's language where the program wrote it."""
    head, colon, done = written.rpartition(": ")
    said = respoken(done, [*_DONE.values(), _GIVEN_BACK])
    if said != done:
        return f"{head}{colon}{said}"
    return in_words(respoken(str(DISPUTE_ENDS.get(written, written)), LABELS.values()))
