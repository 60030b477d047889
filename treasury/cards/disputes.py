"""A card payment that its holder disputes: what we know of it, and our one answer to the bank."""

from flask_babel import format_date
from sqlalchemy import select

from access.models import User
from shared import audit
from shared.database import db
from shared.errors import DomainError, NotFound
from shared.i18n import LazyString, _, _l
from shared.money import format_money
from treasury.cards import watch
from treasury.cards.gateway_errors import GatewayRefused, KeyUsedOtherwise
from treasury.cards.models import Dispute
from treasury.cards.values import CardNetwork

OPEN = ("needs_response", "warning_needs_response")
"""States in which the card's bank waits for our answer."""

OVER = ("won", "lost", "warning_closed", "prevented")
"""States in which nothing more happens."""

REASONS: dict[str, LazyString] = {
    "credit_not_processed": _l("a refund that they expect has not come"),
    "duplicate": _l("they paid twice"),
    "fraudulent": _l("they say that somebody else used the card"),
    "general": _l("the bank gives no reason"),
    "product_not_received": _l("they say that they did not get what they paid for"),
    "product_unacceptable": _l("they are not content with what they got"),
    "subscription_canceled": _l("they say that they had taken their card off"),
    "unrecognized": _l("they do not recognise the payment"),
}
"""Why, in the network's codes → in words."""


class NotOpen(DomainError):
    """An answer is sent once, while the bank waits for it."""

    code = "dispute_not_open"
    message = _l("The bank waits for no answer to this dispute any more.")


class NothingSaid(DomainError):
    """An answer has words."""

    code = "nothing_said"
    status = 422
    message = _l("Write why the payment is right.")


def find(object_id: str) -> Dispute:
    """A dispute by its number at the network. Raises `NotFound`."""
    found = db.session.scalar(select(Dispute).where(Dispute.object_id == object_id))
    if found is None:
        raise NotFound
    return found


def facts(dispute: Dispute, locale: str) -> str:
    """What the books know of the payment: the beginning of an answer, for a person to go on with."""
    payment = dispute.payment
    paid_on = payment.received_on or dispute.seen_at.date()
    return "\n".join(
        (
            _("Payment %(reference)s of %(amount)s, made by card on %(day)s.", reference=payment.reference,
              amount=format_money(dispute.amount, locale), day=format_date(paid_on, "long")),
            _("It is for: %(what)s.", what=payment.description),
            _("Made in the name of %(name)s, %(email)s, who received a confirmation by e-mail.",
              name=payment.payer_name or "—", email=payment.payer_email or "—"),
        )
    )  # fmt: skip


def answer(object_id: str, words: str, gateway: CardNetwork, *, by: User) -> None:
    """Send our answer to the card's bank, for good, and see what the network makes of it.

    The network keeps its words; the trail keeps that it was sent, since they name people.
    Opens and ends its own transactions around the call. Raises `NothingSaid`, `NotOpen` and the gateway's
    errors.
    """
    said = words.strip()
    if not said:
        raise NothingSaid(field="words")
    if find(object_id).status not in OPEN:
        raise NotOpen
    try:
        gateway.answer_dispute(object_id, said, idempotency_key=f"dispute-answer-{object_id}")
    except (GatewayRefused, KeyUsedOtherwise) as refused:
        raise NotOpen from refused
    watch.look(
        "dispute",
        object_id,
        gateway,
        lambda: audit.record("dispute.answer", find(object_id), by=by, length=len(said)),
    )
