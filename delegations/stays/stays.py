"""Telling a stay: when somebody comes and goes, and where they sleep. By the person, or their delegation.

Flights are booked and beds are found until the last week: a stay is told after the deadline of the records
too, until the gathering is over.
"""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import delete

from delegations.lifecycle import moves as lifecycle
from delegations.models import CURRENT_NOMINATION, Nomination
from delegations.stays.models import Lodging, Stay
from events.models import Edition
from shared import audit
from shared.audit import Actor
from shared.clock import now, today
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import LazyString, _l

AROUND = timedelta(days=60)
"""So long before and after a gathering its people travel; a day further off is a mistake of the pen."""

LODGINGS: dict[Lodging, LazyString] = {
    Lodging.WANTED: _l("a place to sleep is wanted"),
    Lodging.OWN: _l("has a place to sleep"),
}


class FarFromTheGathering(DomainError):
    """The day is not around the gathering: most often a wrong month or year."""

    code = "far_from_the_gathering"
    status = 422
    message = _l("The gathering is from %(first)s to %(last)s: this day cannot be right.")


class LeavesBeforeComing(DomainError):
    """Somebody would go before they come."""

    code = "leaves_before_coming"
    status = 422
    message = _l("Nobody leaves before they arrive.")


class GatheringOver(DomainError):
    """Nobody travels to a gathering that is over, and what was told of its journeys is forgotten soon."""

    code = "gathering_over"
    message = _l("The gathering is over: nothing more is asked about the journey.")


@dataclass(frozen=True, slots=True)
class TellStay:
    """What is told of one person's stay. What is not known yet is None or empty."""

    arrives_on: date | None = None
    arrives_by: str = ""
    leaves_on: date | None = None
    lodging: Lodging | None = None
    wishes: str = ""


def stay_of(nomination: Nomination) -> Stay | None:
    """What is known of somebody's stay."""
    return db.session.get(Stay, nomination.id)


def is_over(edition: Edition) -> bool:
    """Has the last day of the gathering passed, where it is?"""
    return today(edition.zone) > edition.ends_on


def tell(nomination: Nomination, command: TellStay, *, by: Actor) -> Stay:
    """Keep what is told, instead of what was known; the bed that was found stays.

    Raises `Conflict`, `NotInThisState`, `GatheringOver`, `FarFromTheGathering`, `LeavesBeforeComing`.
    """
    _hold(nomination)
    _must_be_around(nomination.seat.delegation.edition, command)
    stay = _kept(nomination)
    stay.arrives_on, stay.leaves_on, stay.lodging = command.arrives_on, command.leaves_on, command.lodging
    stay.arrives_by, stay.wishes = " ".join(command.arrives_by.split()), " ".join(command.wishes.split())
    stay.told_at = now()
    audit.record("nomination.stay", nomination, by=by)
    return stay


def lodge(nomination: Nomination, place: str, *, by: Actor) -> Stay:
    """Say which bed the delegation found for somebody; nothing takes it back.

    Raises `Conflict`, `NotInThisState`, `GatheringOver`.
    """
    _hold(nomination)
    stay, place = _kept(nomination), " ".join(place.split())
    if stay.place != place:
        stay.place = place
        audit.record("nomination.lodged", nomination, by=by)
    return stay


def forget(nomination: Nomination) -> None:
    """The person left the seat: their bed is free."""
    db.session.execute(delete(Stay).where(Stay.nomination_id == nomination.id))


def _kept(nomination: Nomination) -> Stay:
    stay = stay_of(nomination)
    if stay is None:
        stay = Stay(nomination_id=nomination.id)
        db.session.add(stay)
    return stay


def _hold(nomination: Nomination) -> None:
    hold(nomination)
    delegation = nomination.seat.delegation
    lifecycle.must_be(delegation, *lifecycle.ALIVE)
    if nomination.status not in CURRENT_NOMINATION:
        raise Conflict
    if is_over(delegation.edition):
        raise GatheringOver


def _must_be_around(edition: Edition, told: TellStay) -> None:
    """People arrive before the gathering's end and leave after its beginning, within two months of it."""
    first, last = edition.starts_on, edition.ends_on
    known = {"first": first, "last": last}
    if told.arrives_on and not first - AROUND <= told.arrives_on <= last:
        raise FarFromTheGathering(field="arrives_on", **known)
    if told.leaves_on and not first <= told.leaves_on <= last + AROUND:
        raise FarFromTheGathering(field="leaves_on", **known)
    if told.arrives_on and told.leaves_on and told.leaves_on < told.arrives_on:
        raise LeavesBeforeComing(field="leaves_on")
