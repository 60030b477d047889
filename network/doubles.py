"""The same person entered twice: found, shown side by side; pairs that are two people are not shown again."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from sqlalchemy import select

from network.merge_models import TwoPeople
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
    apart = {(first, second) for first, second in db.session.execute(_APART)}
    alike = (pair for pair in pairs(Who(*row) for row in rows) if _keys(*pair[:2]) not in apart)
    found = list(islice(alike, MOST_SHOWN))
    people = _by_id({who.key for pair in found for who in pair[:2]})
    return [Double(people[one.key], people[other.key], why) for one, other, why in found]


def looked_at() -> list[tuple[Person, Person]]:
    """The pairs that somebody said are two people, the latest first."""
    rows = db.session.execute(_APART.order_by(TwoPeople.id.desc())).all()
    people = _by_id({key for row in rows for key in row})
    return [(people[first], people[second]) for first, second in rows]


def merged() -> list[Merged]:
    """Every record that was merged into another, the latest first."""
    rows: Sequence[Person] = db.session.scalars(
        select(Person).where(Person.merged_into_id.is_not(None)).order_by(Person.id.desc())
    ).all()
    return [Merged(one, remaining(one)) for one in rows]


_APART = select(TwoPeople.first_id, TwoPeople.second_id)


def _keys(one: Who, other: Who) -> tuple[int, int]:
    return min(one.key, other.key), max(one.key, other.key)


def _by_id(keys: set[int]) -> dict[int, Person]:
    return {one.id: one for one in db.session.scalars(select(Person).where(Person.id.in_(keys)))}
