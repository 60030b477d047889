"""A payment by the reference that somebody typed; where it is mistyped, the payment that they meant."""

from sqlalchemy import select

from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from treasury.models import Payment
from treasury.references import compact_reference, nearest, show_reference


class NoSuchPayment(DomainError):
    """The reference that was typed is none of ours."""

    code = "no_such_payment"
    status = 422
    message = _l("No payment has this reference. Look it up in the list of payments.")


class MistypedReference(NoSuchPayment):
    """One slip of the hand makes the reference of a payment."""

    code = "mistyped_reference"
    message = _l("No payment has this reference. Was %(likely)s meant, of %(name)s?")


def by_reference(typed: str) -> Payment:
    """The payment of this reference, however it is typed. Raises `NoSuchPayment`, `MistypedReference`."""
    found = db.session.scalar(
        select(Payment).where(Payment.reference == show_reference(compact_reference(typed)))
    )
    if found is not None:
        return found
    for meant in meant_by(typed):
        raise MistypedReference(
            field="reference", likely=meant.reference, name=meant.payer_name or meant.description
        )
    raise NoSuchPayment(field="reference")


def meant_by(typed: str) -> list[Payment]:
    """The payments whose reference is one slip of the hand away from what was typed; usually one or none."""
    near = nearest(typed)
    if not near:
        return []
    return list(db.session.scalars(select(Payment).where(Payment.reference.in_(near)).order_by(Payment.id)))
