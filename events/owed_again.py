"""A fee that came and went again: its cheque came back, or its card payment was disputed and lost.

The place stays the person's. The registration is unpaid again and says why, what went is asked for by a
payment of its own, and the person is written to.
"""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from events.models import Edition, Registration, RegistrationStatus
from events.places import PURPOSE, ask_for_fee, move, tell
from shared.audit import Actor, System
from shared.database import db
from shared.money import Money
from treasury import attention
from treasury.models import Payment, PaymentMethod
from treasury.payments import Gone, asked_again_key

REASONS = {
    Gone.TAKEN_BACK: "the bank took the payment back",
    Gone.DISPUTE_LOST: "the card payment was disputed and lost",
}
"""Why a registration is unpaid again, as its history keeps it."""


def ask_again(payment: Payment, lost: Money, why: Gone) -> bool:
    """Ask again for what went of a fee; False when nobody owes it any more (cancelled, asked already)."""
    registration = db.session.scalar(select(Registration).where(Registration.payment_id == payment.id))
    if registration is None:
        return False
    db.session.refresh(registration, with_for_update=True)
    if registration.status is not RegistrationStatus.CONFIRMED:
        return False
    treasury = System("treasury")
    move(registration, RegistrationStatus.UNPAID, by=treasury, reason=REASONS[why])
    ask_for_fee(registration, PaymentMethod.TRANSFER, by=treasury, amount=min(lost, payment.amount))
    tell(registration, "owed_again")
    return True


def earlier_payments(registration: Registration) -> list[Payment]:
    """What came for a registration before the payment that is asked for now, and went again; first first."""
    return list(
        db.session.scalars(
            select(Payment)
            .where(
                Payment.purpose == PURPOSE,
                Payment.subject_id == registration.id,
                Payment.id != registration.payment_id,
                Payment.entry_id.is_not(None),
            )
            .order_by(Payment.id)
        )
    )


def why_gone(payment: Payment) -> Gone:
    """Why the money of an earlier payment went again."""
    return Gone.DISPUTE_LOST if payment.method is PaymentMethod.CARD else Gone.TAKEN_BACK


def owing_again(edition: Edition) -> Sequence[Registration]:
    """Registrations that are unpaid although money had come for them, the first first."""
    came = select(Payment.id).where(
        Payment.purpose == PURPOSE,
        Payment.subject_id == Registration.id,
        Payment.id != Registration.payment_id,
        Payment.entry_id.is_not(None),
    )
    return db.session.scalars(
        select(Registration)
        .where(
            Registration.edition_id == edition.id,
            Registration.status == RegistrationStatus.UNPAID,
            came.exists(),
        )
        .order_by(Registration.id)
        .options(joinedload(Registration.person), joinedload(Registration.payment))
    ).all()


def no_longer_owed(registration: Registration, reason: str, *, by: Actor) -> None:
    """Take off the attention list that a fee is owed again: it came, or is not asked for any more."""
    for payment in earlier_payments(registration):
        attention.withdraw(asked_again_key(payment), reason, by=by)
