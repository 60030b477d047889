"""The same person entered twice: found, shown side by side; what was merged by mistake can be parted."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select

from network.models import Person
from network.people import remaining
from network.same_person import Likeness, Who, pairs
from shared.database import db

MOST_SHOWN = 50


@dataclass(frozen=True, slots=True)
class Double:
    """Two records that may be one person, the earlier first, and why."""

    first: Person
    second: Person
    why: Likeness


@dataclass(frozen=True, slots=True)
class Merged:
    """A record that was merged, and the one that remains for it."""

    duplicate: Person
    remains: Person


def doubles() -> list[Double]:
    """The first of the records that may be the same person."""
    still = Person.merged_into_id.is_(None)
    rows = db.session.execute(select(Person.id, Person.name, Person.email).where(still).order_by(Person.id))
    found = list(islice(pairs(Who(*row) for row in rows), MOST_SHOWN))
    people = _by_id({who.key for pair in found for who in pair[:2]})
    return [Double(people[one.key], people[other.key], why) for one, other, why in found]


def merged() -> list[Merged]:
    """Every record that was merged into another, the latest first."""
    rows: Sequence[Person] = db.session.scalars(
        select(Person).where(Person.merged_into_id.is_not(None)).order_by(Person.id.desc())
    ).all()
    return [Merged(one, remaining(one)) for one in rows]


def _by_id(keys: set[int]) -> dict[int, Person]:
    return {one.id: one for one in db.session.scalars(select(Person).where(Person.id.in_(keys)))}
