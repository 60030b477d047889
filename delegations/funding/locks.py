"""What somebody decides by hand about who pays which line of a seat: kept until lifted."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from access.models import User
from delegations.funding.allocation_models import AllocationLock
from delegations.models import Delegation, Seat
from delegations.seats.seats import reason_of
from shared import audit
from shared.clock import now
from shared.database import db, hold
from shared.errors import Conflict, DomainError, NotFound
from shared.i18n import _l
from shared.money import Money


class LineFull(DomainError):
    """More would be locked on a line than it costs."""

    code = "line_full"
    status = 422
    message = _l("The line costs %(cost)s: no more than that can be locked on it.")


class NotItsLine(DomainError):
    """A funder pays only what was agreed."""

    code = "not_its_line"
    status = 422
    message = _l("By its agreement, %(source)s may not pay this line. Choose another payer or another line.")


@dataclass(frozen=True, slots=True, kw_only=True)
class LockLine:
    """`source` (an agreement's code, ``own``, ``support``) pays `amount` of `line`, which costs `cost`.

    `payable` is whether the source may pay such a line at all.
    """

    line: str
    source: str
    amount: Money
    cost: Money
    reason: str
    payable: bool = True


def lock(seat: Seat, command: LockLine, *, by: User) -> AllocationLock:
    """Decide that a source pays so much of a line. The same, said twice for the same reason, is said once.

    Raises `NotItsLine`, `LineFull`, `ReasonMissing`.
    """
    reason = reason_of(command.reason)
    if not command.payable:
        raise NotItsLine(field="source", source=command.source)
    hold(seat)
    here = [one for one in _standing(seat.delegation_id)
            if (one.seat_id, one.line) == (seat.id, command.line)]  # fmt: skip
    for one in here:
        if (one.source, one.amount, one.reason, one.by_id) == (command.source, command.amount, reason, by.id):
            return one
    already = [one.amount for one in here if one.amount.currency == command.cost.currency]
    if command.amount + Money.total(already, command.cost.currency) > command.cost:
        raise LineFull(field="amount", cost=command.cost)
    made = AllocationLock(
        seat_id=seat.id,
        line=command.line,
        source=command.source,
        amount=command.amount,
        reason=reason,
        by_id=by.id,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("allocation.lock", made, by=by, seat=seat.code, line=command.line,
                 source=command.source, amount=str(command.amount), reason=reason)  # fmt: skip
    return made


def lift(made: AllocationLock, *, by: User) -> None:
    """The decision holds no more. Raises `Conflict` when it was lifted before."""
    hold(made)
    if made.lifted_at is not None:
        raise Conflict
    made.lifted_at, made.lifted_by_id = now(), by.id
    audit.record("allocation.lift", made, by=by)


def locks_of(delegation: Delegation) -> Sequence[AllocationLock]:
    """The locks that stand, in the order decided."""
    return _standing(delegation.id)


def _standing(delegation_id: int) -> Sequence[AllocationLock]:
    return db.session.scalars(
        select(AllocationLock)
        .join(Seat, Seat.id == AllocationLock.seat_id)
        .where(Seat.delegation_id == delegation_id, AllocationLock.lifted_at.is_(None))
        .order_by(AllocationLock.id)
        .options(joinedload(AllocationLock.seat), joinedload(AllocationLock.by))
    ).all()


def lock_of(delegation: Delegation, lock_id: int) -> AllocationLock:
    """One of a delegation's. Raises `NotFound`."""
    found = db.session.get(AllocationLock, lock_id)
    if found is None or found.seat.delegation_id != delegation.id:
        raise NotFound
    return found
