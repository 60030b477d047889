"""Where a delegation stands once its seats are given: locked, closed, gone, brought back, asked again.

A locked delegation keeps its seats and its names as they are; a closed one is history. Each step can be
undone while life undoes it, and says why.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Select, select

from access.users import names_of
from delegations.budgets import advances, claims
from delegations.budgets.claim_models import WAITING
from delegations.composition.binding import must_be_kept
from delegations.lifecycle import messages, quotas
from delegations.lifecycle import moves as lifecycle
from delegations.lifecycle.models import DelegationStep
from delegations.lifecycle.moves import RULES, Move
from delegations.models import (
    CURRENT_NOMINATION,
    Delegation,
    DelegationStatus,
    Nomination,
    NominationStatus,
    Seat,
)
from delegations.savings.standings import saved_by
from delegations.seats import seats
from events.models import Edition
from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import LazyString, _l
from shared.money import Money

S = DelegationStatus


class PeopleInSeats(DomainError):
    """A delegation does not leave over the heads of its people."""

    code = "people_in_seats"
    message = _l("People still sit in %(seats)s: take them back first, so that each of them is told.")


class StillOpen(DomainError):
    """Closing over open advances and claims says why."""

    code = "still_open"
    status = 422
    message = _l("Advances or claims are still open: settle them, or write why it is closed all the same.")


def recall(delegation: Delegation, reason: str, *, by: Actor) -> None:
    """Take a request for seats back to prepare it again. Raises `NotInThisState`, `WhyMissing`."""
    lifecycle.prepare(delegation, Move.RECALL)
    lifecycle.take(delegation, Move.RECALL, by=by, reason=reason)


def lock(delegation: Delegation, reason: str, *, by: Actor) -> None:
    """From now on nobody is named, replaced or taken back. Raises `NotInThisState`, `NotBalanced`."""
    lifecycle.prepare(delegation, Move.LOCK)
    must_be_kept(delegation)
    lifecycle.take(delegation, Move.LOCK, by=by, reason=reason)


def unlock(delegation: Delegation, reason: str, *, by: Actor) -> None:
    """Let its people change again. Raises `NotInThisState`, `WhyMissing`."""
    lifecycle.prepare(delegation, Move.UNLOCK)
    lifecycle.take(delegation, Move.UNLOCK, by=by, reason=reason)


@dataclass(frozen=True, slots=True)
class NotReady:
    """What a lock would fix as it is: seats without a person, people who are not accredited."""

    unnamed: int
    unaccredited: int

    def __bool__(self) -> bool:
        return bool(self.unnamed or self.unaccredited)


def not_ready(delegation: Delegation) -> NotReady:
    """What somebody who locks the delegation should know first."""
    held = [seat.nomination for seat in delegation.seats if seat.status in seats.ACTIVE]
    named = [one for one in held if one]
    ready = [one for one in named if one.status is NominationStatus.ACCREDITED]
    return NotReady(len(held) - len(named), len(named) - len(ready))


@dataclass(frozen=True, slots=True)
class OpenMatters:
    """What a delegation has still to account for: money in hands by currency, claims to decide or pay."""

    in_hands: tuple[Money, ...]
    claims: int

    def __bool__(self) -> bool:
        return bool(self.in_hands or self.claims)


def open_matters(delegation: Delegation) -> OpenMatters:
    """What stands in the way of closing it as accounted for."""
    held = [
        left for one in advances.advances_of(delegation) for left in advances.in_hand(one).values() if left
    ]
    waiting = [one for one in claims.claims_of(delegation) if one.status in WAITING]
    return OpenMatters(_by_currency(held), len(waiting))


def close(delegation: Delegation, reason: str, *, by: Actor) -> None:
    """The gathering is over and accounted for; with something open, only for a reason that is written.

    Money that still comes is recorded all the same. Raises `NotInThisState`, `StillOpen`.
    """
    lifecycle.prepare(delegation, Move.CLOSE)
    if open_matters(delegation) and not reason.strip():
        raise StillOpen(field="reason")
    lifecycle.take(delegation, Move.CLOSE, by=by, reason=reason)


def reopen(delegation: Delegation, reason: str, *, by: Actor) -> None:
    """Something was forgotten: back to locked. Raises `NotInThisState`, `WhyMissing`."""
    lifecycle.prepare(delegation, Move.REOPEN)
    lifecycle.take(delegation, Move.REOPEN, by=by, reason=reason)


def withdraw(delegation: Delegation, reason: str, *, by: Actor) -> None:
    """The delegation does not come. Its seats and what was saved stay until somebody decides about them.

    Raises `NotInThisState`, `WhyMissing`, `PeopleInSeats`.
    """
    lifecycle.prepare(delegation, Move.WITHDRAW)
    taken = db.session.scalars(
        select(Seat.code)
        .join(Nomination, Nomination.seat_id == Seat.id)
        .where(Seat.delegation_id == delegation.id, Nomination.status.in_(CURRENT_NOMINATION))
        .order_by(Seat.number)
    ).all()
    if taken:
        raise PeopleInSeats(seats=", ".join(taken))
    lifecycle.take(delegation, Move.WITHDRAW, by=by, reason=reason)


def restore(delegation: Delegation, reason: str, *, by: Actor) -> None:
    """Bring a delegation that said no back to where it was, if its quotas still have room for its seats.

    Raises `NotInThisState`, `QuotaFull`, `WhyMissing`.
    """
    lifecycle.prepare(delegation, Move.RESTORE)
    back_to = steps_of(delegation)[-1].left or S.INVITED
    quotas.must_have_room(delegation, sum(seat.status in seats.ACTIVE for seat in delegation.seats))
    lifecycle.take(delegation, Move.RESTORE, by=by, reason=reason, to=back_to)


def reset_confirmations(edition: Edition, reason: str, *, by: Actor) -> list[Delegation]:
    """An edition moves: every confirmed delegation is asked again. Seats, names and money stay.

    Their focal points are told. Asked twice, it concerns only those who confirmed since. Raises `WhyMissing`.
    """
    concerned = list(
        db.session.scalars(
            _confirmed(edition).with_for_update(of=Delegation).execution_options(populate_existing=True)
        )
    )
    for delegation in concerned:
        lifecycle.take(delegation, Move.RESET, by=by, reason=reason)
        step = steps_of(delegation)[-1]
        messages.tell_reset(delegation, step.reason, key=step.id)
    return concerned


@dataclass(frozen=True, slots=True)
class Concerned:
    """A delegation that would be asked again, and what it keeps; `saved` by currency."""

    delegation: Delegation
    seats: int
    people: int
    saved: tuple[Money, ...]


def concerned_by_reset(edition: Edition) -> list[Concerned]:
    """Whom a reset would ask again; nothing is changed."""
    found = db.session.scalars(_confirmed(edition)).all()
    saved = saved_by(plan for one in found for plan in one.plans)
    return [
        Concerned(
            one,
            seats=sum(seat.status in seats.ACTIVE for seat in one.seats),
            people=sum(seat.nomination is not None for seat in one.seats),
            saved=_by_currency([saved[plan.id] for plan in one.plans]),
        )
        for one in found
    ]


def _by_currency(amounts: Sequence[Money]) -> tuple[Money, ...]:
    currencies = sorted({one.currency for one in amounts})
    return tuple(
        Money.total([one for one in amounts if one.currency == currency], currency) for currency in currencies
    )


def _confirmed(edition: Edition) -> Select[Delegation]:
    return (
        select(Delegation)
        .where(Delegation.edition_id == edition.id, Delegation.status.in_(RULES[Move.RESET].sources))
        .order_by(Delegation.id)
    )


class Reached(StrEnum):
    """How a station of the path is drawn."""

    DONE = "done"
    HERE = "here"
    COMING = "coming"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class Station:
    """One station of the path from the invitation to the closing."""

    words: LazyString
    reached: Reached


STATIONS = (
    (S.INVITED, _l("Invited")),
    (S.SUBMITTED, _l("Seats asked for")),
    (S.ALLOCATED, _l("Seats given")),
    (S.CONFIRMED, _l("Confirmed")),
    (S.LOCKED, _l("Locked")),
    (S.CLOSED, _l("Closed")),
)


def path(status: DelegationStatus, before: DelegationStatus | None = None) -> list[Station]:
    """The way as it is drawn; a delegation that left it stopped after `before`."""
    gone = status in (S.DECLINED, S.WITHDRAWN)
    order = [state for state, _words in STATIONS]
    at = (before or S.INVITED) if gone else status
    here = order.index(S.INVITED if at in (S.DRAFT, S.DECLINED, S.WITHDRAWN) else at)
    if gone:
        words = _l("Declined") if status is S.DECLINED else _l("Withdrawn")
        passed = [Station(one, Reached.DONE) for _state, one in STATIONS[: here + 1]]
        return [*passed, Station(words, Reached.OFF)]
    return [
        Station(words, Reached.DONE if n < here else Reached.HERE if n == here else Reached.COMING)
        for n, (_state, words) in enumerate(STATIONS)
    ]


WHOSE_MOVE = {
    S.INVITED: (_l("the delegation"), _l("say how many seats it needs")),
    S.DRAFT: (_l("the delegation"), _l("finish its request and send it")),
    S.SUBMITTED: (_l("the organisers"), _l("give seats")),
    S.ALLOCATED: (_l("the delegation"), _l("confirm its seats")),
    S.CONFIRMED: (_l("the delegation"), _l("name its people and gather its money")),
    S.LOCKED: (_l("the organisers"), _l("welcome it, then close it once it is accounted for")),
    S.CLOSED: (_l("nobody"), _l("nothing more: this is history")),
    S.DECLINED: (_l("nobody"), _l("nothing more, unless the organisers bring it back")),
    S.WITHDRAWN: (_l("nobody"), _l("nothing more, unless the organisers bring it back")),
}
"""Whose move it is, and what they do."""


def steps_of(delegation: Delegation) -> Sequence[DelegationStep]:
    """Every step so far, oldest first."""
    return db.session.scalars(
        select(DelegationStep)
        .where(DelegationStep.delegation_id == delegation.id)
        .order_by(DelegationStep.id)
    ).all()


@dataclass(frozen=True, slots=True)
class Told:
    """A step as it is told: the actor by name, empty where the machine acted."""

    step: DelegationStep
    actor: str


def history(delegation: Delegation) -> list[Told]:
    """The delegation's steps with who made them, the latest first."""
    steps = steps_of(delegation)
    names = names_of(one.actor for one in steps)
    return [Told(one, names.get(one.actor, "")) for one in reversed(steps)]
