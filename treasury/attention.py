"""The one list of what a person must look at about money. Nothing that arrives is refused."""

from sqlalchemy import select

from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db
from shared.money import Money
from treasury.models import Attention

_NOTHING_LEFT_TO_PAY = frozenset(
    {"cancelled_after_payment", "paid_after_cancellation", "paid_while_cancelled"}
)
"""Kinds that say the same of a payment: what it was for is cancelled. It is said once."""


def attend(
    kind: str, key: str, *, details: str, payment_id: int | None = None, amount: Money | None = None
) -> Attention:
    """Put something about money on the list; the same `kind` and `key` once. `amount` is what is at stake."""
    full = f"{kind}:{key}"
    found = db.session.scalar(select(Attention).where(Attention.key == full))
    if found is None and kind in _NOTHING_LEFT_TO_PAY:
        found = db.session.scalar(
            select(Attention).where(
                Attention.payment_id == payment_id,
                Attention.kind.in_(_NOTHING_LEFT_TO_PAY),
                Attention.resolved_at.is_(None),
            )
        )
    if found is None:
        found = Attention(
            kind=kind,
            key=full,
            payment_id=payment_id,
            details=details,
            amount_minor=None if amount is None else amount.minor,
            currency=None if amount is None else amount.currency,
        )
        db.session.add(found)
    db.session.flush()
    return found


def settle_attention(attention_id: int, resolution: str, *, by: Actor) -> None:
    """Take something off the list, with what was done about it; again changes nothing."""
    found = db.session.get_one(Attention, attention_id, with_for_update=True)
    if found.resolved_at is None:
        found.resolved_at, found.resolution = now(), resolution
        audit.record("attention.resolve", found, by=by, reason=resolution)


def withdraw(key_ends: str, reason: str, *, by: Actor) -> None:
    """Take off the list what was said of something that is gone (a draft thrown away)."""
    for found in db.session.scalars(
        select(Attention).where(Attention.resolved_at.is_(None), Attention.key.endswith(f":{key_ends}"))
    ):
        settle_attention(found.id, reason, by=by)
