"""The line for a seat: people wait in the order in which they came, alone or as a group.

A group (a family, a team) that waits whole is passed over until there are seats for all of it; one that may
be parted takes what is free.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, Subquery, select, true
from sqlalchemy.orm import selectinload

from delegations.models import CURRENT_NOMINATION, Delegation, Nomination, Seat, SeatStatus
from delegations.seats.waiting_models import IN_LINE, OfferedSeat, SeatOffer, WaitingPerson, WaitingStatus
from events.models import BadgeRole
from network import people
from network.people import PersonDetails
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold, write
from shared.errors import Conflict, DomainError
from shared.i18n import LazyString, _l


class SeatHeld(DomainError):
    """The seat is offered to somebody who has not answered yet."""

    code = "seat_held"
    message = _l("The seat %(seat)s is offered to %(name)s, who has not answered yet.")


class AlreadyWaiting(DomainError):
    """A person stands in one line of an edition, once, and in none when they have a seat."""

    code = "already_waiting"
    message = _l("%(name)s has a seat or waits for one already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Who waits, as what, and with whom. `whole`: the party takes seats for all or for none."""

    person: PersonDetails
    role: BadgeRole = BadgeRole.DELEGATE
    party: str = ""
    whole: bool = False


def wait(delegation: Delegation, command: Wait, *, by: Actor) -> WaitingPerson:
    """Put a person at the end of the delegation's line. Raises `AlreadyWaiting`, `PersonNameMissing`."""
    return wait_all(delegation, [command], by=by)[0]


def wait_all(delegation: Delegation, commands: Sequence[Wait], *, by: Actor) -> list[WaitingPerson]:
    """Put these people at the end of the line, in their order. Raises what `wait` does."""
    hold(delegation)
    there = placed(delegation.edition_id)
    joined = []
    for command in commands:
        person = people.find_or_create_person(command.person, by=by)
        if person.id in there:
            raise AlreadyWaiting(field="name", name=person.name)
        there.add(person.id)
        one = WaitingPerson(
            delegation_id=delegation.id,
            person_id=person.id,
            role=command.role,
            party=" ".join(command.party.split()),
            whole=command.whole,
        )
        write(one)
        joined.append(one)
        audit.record("waiting.join", one, by=by, delegation=delegation.code)
    return joined


def leave(waiting: WaitingPerson, *, by: Actor, status: WaitingStatus = WaitingStatus.LEFT) -> None:
    """Let somebody stop waiting: they have a seat, or no longer want one.

    Raises `Conflict` for who does not wait, or is offered a seat and answers that.
    """
    hold(waiting)
    if waiting.status is not WaitingStatus.WAITING:
        raise Conflict
    waiting.status, waiting.ended_at = status, now()
    audit.record(f"waiting.{status.value}", waiting, by=by)


def wait_again(waiting: WaitingPerson, *, by: Actor) -> WaitingPerson:
    """Put who left, or let an offer pass, at the end of the line. Raises `AlreadyWaiting`, `Conflict`."""
    if waiting.status not in (WaitingStatus.LEFT, WaitingStatus.LAPSED):
        raise Conflict
    details = people.details_of(waiting.person)
    again = Wait(person=details, role=waiting.role, party=waiting.party, whole=waiting.whole)
    return wait(waiting.delegation, again, by=by)


def free_seats(delegation: Delegation) -> Sequence[Seat]:
    """The seats nobody is named for and nobody is offered, in order."""
    held = select(OfferedSeat.seat_id).where(OfferedSeat.held)
    return db.session.scalars(
        select(Seat)
        .where(
            Seat.delegation_id == delegation.id,
            Seat.status.in_((SeatStatus.PLANNED, SeatStatus.FUNDED)),
            Seat.id.not_in(held),
        )
        .order_by(Seat.number)
    ).all()


def held_seats(delegation: Delegation) -> set[int]:
    """The ids of its seats that are offered to somebody."""
    held = select(OfferedSeat.seat_id).join(OfferedSeat.seat)
    return set(db.session.scalars(held.where(Seat.delegation_id == delegation.id, OfferedSeat.held)))


def must_not_be_held(seat: Seat) -> None:
    """Raises `SeatHeld` while the seat is offered to somebody."""
    if offered := offered_to(seat):
        raise SeatHeld(seat=seat.code, name=offered.waiting.person.name)


def offered_to(seat: Seat) -> OfferedSeat | None:
    """For whom a seat is held, if for anybody."""
    return db.session.scalar(select(OfferedSeat).where(OfferedSeat.seat_id == seat.id, OfferedSeat.held))


def line_of(delegation: Delegation) -> Sequence[WaitingPerson]:
    """Who waits, the first first."""
    return db.session.scalars(in_line(delegation)).all()


def in_line(delegation: Delegation) -> Select[WaitingPerson]:
    """How to ask for who waits, the first first."""
    return (
        select(WaitingPerson)
        .where(WaitingPerson.delegation_id == delegation.id, WaitingPerson.status == WaitingStatus.WAITING)
        .order_by(WaitingPerson.id)
        .options(selectinload(WaitingPerson.person))
    )


def left_in_line(offer: SeatOffer) -> list[WaitingPerson]:
    """Those of a party that is offered seats for some of it, who go on waiting."""
    party = offer.seats[0].waiting.party
    return [one for one in line_of(offer.delegation) if one.party == party] if party else []


STATES: dict[WaitingStatus, LazyString] = {
    WaitingStatus.WAITING: _l("waits"),
    WaitingStatus.OFFERED: _l("is offered a seat"),
    WaitingStatus.SERVED: _l("has a seat"),
    WaitingStatus.LEFT: _l("waits no more"),
    WaitingStatus.LAPSED: _l("did not answer in time"),
}
"""Where somebody who waits stands, in words."""


def gone_from(delegation: Delegation) -> Sequence[WaitingPerson]:
    """The last who waited and do not any more, the latest first."""
    return db.session.scalars(
        select(WaitingPerson)
        .where(WaitingPerson.delegation_id == delegation.id, WaitingPerson.ended_at.is_not(None))
        .order_by(WaitingPerson.ended_at.desc(), WaitingPerson.id.desc())
        .limit(20)
        .options(selectinload(WaitingPerson.person))
    ).all()


def parties_of(line: Sequence[WaitingPerson]) -> list[list[WaitingPerson]]:
    """The line by who waits together, in the order of the first of each party."""
    parties: dict[str, list[WaitingPerson]] = {}
    for one in line:
        parties.setdefault(one.party or f" {one.id}", []).append(one)
    return list(parties.values())


def next_in_line(line: Sequence[WaitingPerson], free: int) -> list[WaitingPerson]:
    """Whom `free` seats are for: in order, a group that waits whole only if all of it fits."""
    served: list[WaitingPerson] = []
    for party in parties_of(line):
        left = free - len(served)
        if len(party) <= left:
            served += party
        elif not any(one.whole for one in party):
            served += party[:left]
    return served


def placed(edition_id: int) -> set[int]:
    """The ids of people who hold a seat of this edition or wait for one."""
    return set(db.session.scalars(select(_places(Delegation.edition_id == edition_id).c.person_id)))


def people_of(delegation: Delegation) -> set[int]:
    """The ids of people who hold a seat of this delegation or wait for one."""
    return set(db.session.scalars(select(_places(Delegation.id == delegation.id).c.person_id)))


def editions_of(person_id: int) -> set[int]:
    """The ids of the editions where this person holds a seat or waits for one."""
    return set(db.session.scalars(select(_places(true(), person_id).c.edition_id)))


def _places(within: ColumnElement[bool], person_id: int | None = None) -> Subquery:
    """Who sits or waits where: a row of person and edition each."""
    seated = (
        select(Nomination.person_id, Delegation.edition_id)
        .join(Seat, Seat.id == Nomination.seat_id)
        .join(Delegation, Delegation.id == Seat.delegation_id)
        .where(within, Nomination.status.in_(CURRENT_NOMINATION))
    )
    waiting = (
        select(WaitingPerson.person_id, Delegation.edition_id)
        .join(Delegation, Delegation.id == WaitingPerson.delegation_id)
        .where(within, WaitingPerson.status.in_(IN_LINE))
    )
    if person_id is not None:
        seated = seated.where(Nomination.person_id == person_id)
        waiting = waiting.where(WaitingPerson.person_id == person_id)
    return seated.union(waiting).subquery()
