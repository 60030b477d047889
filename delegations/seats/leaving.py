"""When a person or a seat leaves: what follows, told before it happens, and who comes instead.

A seat that becomes free is offered to whoever waits first. Money does not move: it stays on the seat, or in
its plan when the seat itself is withdrawn, until a minuted decision moves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from delegations.funding.coverage import Coverage, SeatCoverage
from delegations.models import CredentialStatus, Delegation, Nomination, Seat
from delegations.seats import messages, nominations, offers, seats, visas, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.waiting_models import SeatOffer, WaitingPerson, WaitingStatus
from delegations.stays import stays
from shared.audit import Actor, System
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.models import PaymentStatus


class NobodyWaits(DomainError):
    """The line is empty, or the group that is first needs more seats than one."""

    code = "nobody_waits"
    message = _l("Nobody waits for this seat any more.")


class SomebodyElseSits(DomainError):
    """The person who would leave is not the one of whom the page spoke."""

    code = "somebody_else_sits"
    message = _l(
        "The person of this seat changed while this page was open. Read again what follows, and go on if you "
        "still wish to."
    )


class SomebodyElseComes(DomainError):
    """The person who would take the seat is not the one of whom the page spoke."""

    code = "somebody_else_comes"
    message = _l("Somebody else waits first now. Read again what follows, and go on if you still wish to.")


@dataclass(frozen=True, slots=True)
class Consequences:
    """What follows when the person of a seat leaves.

    `badges` stop working; `paid` is the settled registration fee; `money` what pays the seat now; `comes`
    waits first and would take the seat, `offered` is what is offered once it is free. Of who leaves: a
    nomination `letter` was sent, the `invitation` letter of this number holds (0: none does), a `visa` is
    asked for, `bed` is where they would have slept.
    """

    leaves: Nomination | None
    badges: int
    paid: Money | None
    money: SeatCoverage | None
    comes: WaitingPerson | None
    offered: Sequence[offers.Planned]
    letter: bool
    invitation: int
    visa: bool
    bed: str

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
    leaves = seat.nomination
    stay = stays.stay_of(leaves) if leaves else None
    invitation = visas.letter_of(leaves) if leaves else None
    return Consequences(
        leaves=leaves,
        badges=sum(one.revoked_at is None for one in registration.badges) if registration else 0,
        paid=payment.amount if payment and payment.status is PaymentStatus.SETTLED else None,
        money=coverage.by_seat.get(seat.code),
        comes=next_for(seat.delegation),
        offered=offers.plan(seat.delegation, freed=seat),
        letter=leaves is not None and leaves.credential is not CredentialStatus.MISSING,
        invitation=invitation.number if invitation else 0,
        visa=leaves is not None and visas.is_open(leaves),
        bed=stay.place if stay else "",
    )


def seated(seat: Seat) -> int:
    """Who sits there, as a page remembers it: the id of the nomination, 0 for nobody."""
    return seat.nomination.id if seat.nomination else 0


def _still(seat: Seat, seen: int | None) -> Nomination | None:
    """Who leaves, with the seat held: the one whom the page showed (`seen`; None where no page was read)."""
    hold(seat.delegation)
    hold(seat)
    db.session.expire(seat, ["nominations"])
    if seen not in (None, seated(seat)):
        raise SomebodyElseSits
    return seat.nomination


def replace(seat: Seat, command: Nominate, reason: str, *, by: Actor, seen: int | None = None) -> Nomination:
    """Give the seat to somebody else, and tell whoever had it.

    `seen` is who sat there on the page that was read. Raises `SomebodyElseSits`, what `substitute` raises.
    """
    old = _still(seat, seen)
    new = nominations.substitute(seat, command, reason, by=by)
    if old:
        messages.tell_left(old)
    return new


def hand_over(
    seat: Seat, reason: str, *, by: Actor, seen: int | None = None, comes: int | None = None
) -> Nomination:
    """Replace the person of a seat by whoever waits first, and tell whoever had it.

    `seen` and `comes` are who sat there and who waited first on the page that was read. Raises `NobodyWaits`,
    `SomebodyElseComes`, what `replace` raises.
    """
    _still(seat, seen)
    first = next_for(seat.delegation)
    if first is None:
        raise NobodyWaits
    if comes not in (None, first.id):
        raise SomebodyElseComes
    waiting.leave(first, by=by, status=WaitingStatus.SERVED)
    return replace(seat, offers.as_nominee(first), reason, by=by)


def withdraw(seat: Seat, reason: str, on: date, *, by: Actor, seen: int | None = None) -> None:
    """Withdraw a seat; its person is told, by the registration that ends or by us where there was none.

    `seen` as for `replace`. Raises `SomebodyElseSits`, what `withdraw_seat` raises.
    """
    old, registered = _still(seat, seen), seat.registered
    seats.withdraw_seat(seat, reason, on, by=by)
    if old and not registered:
        messages.tell_left(old)


def take_back(seat: Seat, reason: str, *, by: Actor, seen: int | None = None) -> list[SeatOffer]:
    """Take a nomination back, tell the person, and offer the seat to whoever waits.

    `seen` as for `replace`. Raises `SomebodyElseSits`, what `withdraw_nomination` does.
    """
    old = _still(seat, seen)
    if old is None:
        raise SomebodyElseSits
    nominations.withdraw_nomination(old, reason, by=by)
    messages.tell_left(old)
    return offers.make(seat.delegation, by=by)


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
