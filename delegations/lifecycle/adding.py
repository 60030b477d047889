"""A delegation that has its seats is given more, within the quotas, or gives back those that nobody needs."""

from delegations.lifecycle import messages, quotas
from delegations.lifecycle import moves as lifecycle
from delegations.lifecycle.invitations import MOST_SEATS, BadSeatCount
from delegations.lifecycle.models import DelegationStep
from delegations.models import Delegation, DelegationStatus, Seat
from delegations.seats import offers, seats, waiting
from shared import audit
from shared.audit import Actor
from shared.database import db, hold, write
from shared.errors import DomainError
from shared.i18n import _l


class SeatsChanged(DomainError):
    """The seats are not those that the page showed: it was sent twice, or somebody else came first."""

    code = "seats_changed"
    message = _l(
        "Its seats changed since this page was opened: see what it has now, and go on if you still wish to."
    )


class NoMoreSeats(DomainError):
    """A delegation has had as many seats as one can have, those that were given back included."""

    code = "no_more_seats"
    message = _l("This delegation has had %(most)s seats, and none has more. Invite a second one beside it.")


def add_seats(
    delegation: Delegation, count: int, reason: str = "", *, by: Actor, seen: int | None = None
) -> list[Seat]:
    """Give `count` more seats, numbered after the last one there ever was; nobody confirms again.

    `seen` is the last number that the page showed. Raises `BadSeatCount`, `NoMoreSeats`, `QuotaFull`,
    `NotInThisState`, `SeatsChanged`.
    """
    hold(delegation)
    lifecycle.must_be(delegation, DelegationStatus.ALLOCATED, DelegationStatus.CONFIRMED)
    last = last_number(delegation)
    if seen not in (None, last):
        raise SeatsChanged
    if last >= MOST_SEATS:
        raise NoMoreSeats(most=MOST_SEATS)
    if not 1 <= count <= MOST_SEATS - last:
        raise BadSeatCount(field="count", most=MOST_SEATS - last)
    quotas.must_have_room(delegation, count)
    given = [
        Seat(delegation_id=delegation.id, number=number, code=f"{delegation.code}-{number:02}")
        for number in range(last + 1, last + count + 1)
    ]
    db.session.add_all(given)
    delegation.seats_allocated += count
    db.session.flush()
    db.session.expire(delegation, ["seats"])
    audit.record("delegation.more_seats", delegation, by=by, count=count, reason=reason)
    write(
        DelegationStep(
            delegation_id=delegation.id,
            left=delegation.status,
            reached=delegation.status,
            actor=by.actor_label,
            reason=" · ".join(filter(None, [f"+{count}", " ".join(reason.split())])),
        )
    )
    messages.tell_more_seats(delegation, given)
    offers.make(delegation, by=by)
    return given


class TooFewFree(DomainError):
    """Only seats in which nobody sits, and which are offered to nobody, are given back together."""

    code = "too_few_free"
    status = 422
    message = _l("Only %(free)s of its seats are free to give back.")


def give_back(
    delegation: Delegation, count: int, reason: str, *, by: Actor, seen: int | None = None
) -> list[Seat]:
    """Give back the last `count` free seats for a reason; they cost nothing and fill no quota any more.

    `seen` is how many free ones the page showed. Raises `TooFewFree`, `NotInThisState`, `ReasonMissing`,
    `SeatsChanged`.
    """
    hold(delegation)
    free = list(waiting.free_seats(delegation))
    if seen not in (None, len(free)):
        raise SeatsChanged
    if not 1 <= count <= len(free):
        raise TooFewFree(field="count", free=len(free))
    return [seats.release(seat, reason, by=by) for seat in free[-count:]]


def last_number(delegation: Delegation) -> int:
    """The highest number a seat of this delegation has; 0 without seats."""
    return max((seat.number for seat in delegation.seats), default=0)
