"""When a person or a seat leaves: what follows, told before it happens, and who comes instead.

A seat that becomes free is offered to whoever waits first. Money does not move: it stays on the seat, or in
its plan when the seat itself is withdrawn, until a minuted decision moves it.
"""

from dataclasses import dataclass

from delegations.funding.coverage import Coverage, SeatCoverage
from delegations.models import Delegation, Nomination, Seat
from delegations.seats import messages, nominations, offers, waiting
from delegations.seats.waiting_models import SeatOffer, WaitingPerson, WaitingStatus
from shared.audit import Actor, System
from shared.database import hold
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.models import PaymentStatus


class NobodyWaits(DomainError):
    """The line is empty, or the group that is first needs more seats than one."""

    code = "nobody_waits"
    message = _l("Nobody waits for this seat any more.")


@dataclass(frozen=True, slots=True)
class Consequences:
    """What follows when the person of a seat leaves.

    `badges` stop working; `paid` is the settled registration fee; `money` what pays the seat now; `comes`
    waits first and would take the seat.
    """

    leaves: Nomination | None
    badges: int
    paid: Money | None
    money: SeatCoverage | None
    comes: WaitingPerson | None

    @property
    def own(self) -> Money | None:
        """What was saved for this seat."""
        return self.money.own if self.money and self.money.own else None

    @property
    def others(self) -> Money | None:
        """What funders and the support fund give for this seat, which is not asked of them without it."""
        given = self.money and self.money.covered - self.money.own
        return given or None


def consequences(seat: Seat, coverage: Coverage) -> Consequences:
    """What would follow; nothing is changed."""
    registration = seat.registered
    payment = registration.payment if registration else None
    return Consequences(
        leaves=seat.nomination,
        badges=sum(one.revoked_at is None for one in registration.badges) if registration else 0,
        paid=payment.amount if payment and payment.status is PaymentStatus.SETTLED else None,
        money=coverage.by_seat.get(seat.code),
        comes=next_for(seat.delegation),
    )


def hand_over(seat: Seat, reason: str, *, by: Actor) -> Nomination:
    """Replace the person of a seat by whoever waits first. Raises `NobodyWaits`, what `substitute` raises."""
    hold(seat.delegation)
    comes = next_for(seat.delegation)
    if comes is None:
        raise NobodyWaits
    waiting.leave(comes, by=by, status=WaitingStatus.SERVED)
    return nominations.substitute(seat, offers.as_nominee(comes), reason, by=by)


def take_back(nomination: Nomination, reason: str, *, by: Actor) -> list[SeatOffer]:
    """Take a nomination back and offer the seat to whoever waits. Raises what `withdraw_nomination` does."""
    nominations.withdraw_nomination(nomination, reason, by=by)
    return offers.make(nomination.seat.delegation, by=by)


def refuse(nomination: Nomination, reason: str, *, by: Actor) -> list[SeatOffer]:
    """Turn a person down, tell them why, and offer the seat to whoever waits.

    Raises what `nominations.refuse` does.
    """
    nominations.refuse(nomination, reason, by=by)
    messages.tell_refused(nomination)
    return offers.make(nomination.seat.delegation, by=by)


def decline(nomination: Nomination, reason: str) -> list[SeatOffer]:
    """The person says no to the seat: the delegation is told, and whoever waits is offered the seat.

    Raises what `withdraw_nomination` does.
    """
    by = System(f"nominee:{nomination.id}")
    nominations.withdraw_nomination(nomination, reason, by=by)
    messages.tell_declined(nomination)
    return offers.make(nomination.seat.delegation, by=by)


def next_for(delegation: Delegation) -> WaitingPerson | None:
    """Who waits first and would take one seat."""
    return next(iter(waiting.next_in_line(waiting.line_of(delegation), 1)), None)
