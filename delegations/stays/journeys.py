"""The journeys of a delegation or a gathering, seen together: who comes on which day, who sleeps where.

Read by as many queries as there are questions, however many people travel.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select
from sqlalchemy.orm import contains_eager

from delegations.models import CURRENT_NOMINATION, Delegation, Nomination, Seat
from delegations.stays.models import Lodging, Stay
from events.models import Edition
from shared.database import db

ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Traveller:
    """Somebody who sits in a seat, and what is known of their stay."""

    nomination: Nomination
    stay: Stay

    @property
    def without_bed(self) -> bool:
        """A place is wanted, and none was found yet."""
        return self.stay.lodging is Lodging.WANTED and not self.stay.place

    @property
    def untold(self) -> bool:
        """The day of arrival, or whether a bed is wanted, is not known."""
        return self.stay.arrives_on is None or self.stay.lodging is None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many `people` sit in seats, said when they arrive (`told`, the `first` on that day) and where they
    sleep (`lodging_told`), want a bed (`wanted`), and have none yet (`without`)."""

    people: int = 0
    told: int = 0
    lodging_told: int = 0
    wanted: int = 0
    without: int = 0
    first: date | None = None


@dataclass(frozen=True, slots=True)
class Day:
    """How many `come` and `go` on a day, and how many wanted `beds` the night after it takes."""

    day: date
    come: int
    go: int
    beds: int


def travellers(delegation: Delegation) -> list[Traveller]:
    """Everybody who sits in a seat of the delegation, by arrival; who has not told comes last."""
    return _by_arrival(_sitting().where(Seat.delegation_id == delegation.id))


def travellers_to(edition: Edition) -> list[Traveller]:
    """Everybody of every delegation, by arrival; who has not told comes last."""
    return _by_arrival(_sitting().where(Delegation.edition_id == edition.id))


def _sitting() -> Select[Nomination, Stay | None]:
    return (
        select(Nomination, Stay)
        .join(Nomination.person)
        .join(Nomination.seat)
        .join(Seat.delegation)
        .outerjoin(Stay, Stay.nomination_id == Nomination.id)
        .where(Nomination.status.in_(CURRENT_NOMINATION))
        .options(
            contains_eager(Nomination.person),
            contains_eager(Nomination.seat).contains_eager(Seat.delegation),
        )
    )


def _by_arrival(found: Select[Nomination, Stay | None]) -> list[Traveller]:
    rows = db.session.execute(found.order_by(Seat.code)).all()
    known = [Traveller(nomination, stay or Stay(nomination_id=nomination.id)) for nomination, stay in rows]
    return sorted(known, key=lambda one: one.stay.arrives_on or date.max)


def tallies(delegation_ids: Iterable[int]) -> dict[int, Tally]:
    """Where each of these delegations stands, by its id; nothing for one in which nobody sits."""
    rows: Iterable[Any] = db.session.execute(
        select(Seat.delegation_id, *_COUNTED)
        .select_from(Nomination)
        .join(Nomination.seat)
        .outerjoin(Stay, Stay.nomination_id == Nomination.id)
        .where(Nomination.status.in_(CURRENT_NOMINATION), Seat.delegation_id.in_(list(delegation_ids)))
        .group_by(Seat.delegation_id)
    )
    return {key: Tally(*counted) for key, *counted in rows}


def tally_to(edition: Edition) -> Tally:
    """Where all the delegations of a gathering stand together."""
    counted = db.session.execute(
        select(*_COUNTED)
        .select_from(Nomination)
        .join(Nomination.seat)
        .join(Seat.delegation)
        .outerjoin(Stay, Stay.nomination_id == Nomination.id)
        .where(Nomination.status.in_(CURRENT_NOMINATION), Delegation.edition_id == edition.id)
    ).one()
    return Tally(*counted)


_WANTED = Stay.lodging == Lodging.WANTED
_COUNTED = (
    func.count(Nomination.id),
    func.count(Stay.arrives_on),
    func.count(Stay.lodging),
    func.count(case((_WANTED, 1))),
    func.count(case((_WANTED & (Stay.place == ""), 1))),
    func.min(Stay.arrives_on),
)
"""The columns of a `Tally`."""


def days_of(delegation: Delegation) -> list[Day]:
    """The days on which its people come and go, from the first that is known to the last."""
    return _days(delegation.edition, Seat.delegation_id == delegation.id)


def days_to(edition: Edition) -> list[Day]:
    """The same for the people of all its delegations."""
    return _days(edition, Delegation.edition_id == edition.id)


def _days(edition: Edition, whose: ColumnElement[bool]) -> list[Day]:
    """A bed is taken from the day of arrival to the last night before leaving; where that is not known, to
    the night before the last day of the gathering."""
    rows = db.session.execute(
        select(Stay.arrives_on, Stay.leaves_on, Stay.lodging, func.count())
        .join(Nomination, Nomination.id == Stay.nomination_id)
        .join(Nomination.seat)
        .join(Seat.delegation)
        .where(Nomination.status.in_(CURRENT_NOMINATION), whose)
        .group_by(Stay.arrives_on, Stay.leaves_on, Stay.lodging)
    ).all()
    come: Counter[date] = Counter()
    go: Counter[date] = Counter()
    beds: Counter[date] = Counter()
    for arrives, leaves, lodging, people in rows:
        if arrives:
            come[arrives] += people
        if leaves:
            go[leaves] += people
        if arrives and lodging is Lodging.WANTED:
            for night in _each(arrives, (leaves or edition.ends_on) - ONE_DAY):
                beds[night] += people
    known = [*come, *go]
    return [Day(one, come[one], go[one], beds[one]) for one in _each(min(known), max(known))] if known else []


def _each(first: date, last: date) -> Iterable[date]:
    """The days from the first to the last, both included."""
    return (first + ONE_DAY * number for number in range((last - first).days + 1))


def rooms(known: Sequence[Traveller]) -> dict[str, list[Traveller]]:
    """Who sleeps where: people by the bed that was found for them, in the order of the places' names."""
    found: dict[str, list[Traveller]] = {}
    for one in sorted((one for one in known if one.stay.place), key=lambda one: one.stay.place.casefold()):
        found.setdefault(one.stay.place, []).append(one)
    return found
