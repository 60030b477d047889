"""Two records made one person, and parted again.

What names the duplicate (a nomination, a registration with its badges, a place in a line) names the person
who remains; each row that moved is remembered, so that parting gives back exactly those. What is decided and
sealed (a grant, an application) keeps the record it was decided for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import InstrumentedAttribute

from network.merge_models import MovedRow, TwoPeople
from network.models import Person
from network.people import remaining
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import LazyString, _l


class PartLaterFirst(DomainError):
    """The record that remained was merged itself since then."""

    code = "part_later_first"
    message = _l("%(name)s was made one with another record later: part those first.")


@dataclass(frozen=True, slots=True)
class Tie:
    """A column that names a person and follows them; `label` is what its rows are called."""

    column: InstrumentedAttribute[Any]
    label: LazyString

    @property
    def kind(self) -> str:
        """The name under which a moved row is remembered: its table's."""
        return str(self.column.class_.__tablename__)


TIES: list[Tie] = []
"""Filled by the application: what moves with a person."""

OBSTACLES: list[Callable[[Person, Person], None]] = []
"""Filled by the application: each raises what keeps these two records from being one."""


@dataclass(frozen=True, slots=True)
class Held:
    """How many rows of one kind name a record."""

    label: LazyString
    count: int


def held_by(people: Sequence[int]) -> dict[int, list[Held]]:
    """What names each of these records, by their ids."""
    found: dict[int, list[Held]] = {key: [] for key in people}
    for tie in TIES:
        counted = select(tie.column, func.count()).where(tie.column.in_(people)).group_by(tie.column)
        for key, count in db.session.execute(counted):
            found[key].append(Held(tie.label, count))
    return found


def merge(duplicate: Person, into: Person, reason: str, *, by: Actor) -> Person:
    """Say that two records are one person; `into` remains and holds what the duplicate held.

    Raises `Conflict` when the duplicate is merged already or both are the same record, and what an obstacle
    raises (both are registered for one gathering).
    """
    into = remaining(into)
    _hold(duplicate, into)
    if duplicate.merged_into_id is not None or into.id == duplicate.id:
        raise Conflict
    for obstacle in OBSTACLES:
        obstacle(duplicate, into)
    moved = {tie.kind: _move(tie, duplicate.id, into.id) for tie in TIES}
    db.session.add_all(
        MovedRow(duplicate_id=duplicate.id, kind=kind, row_id=key)
        for kind, keys in moved.items()
        for key in keys
    )
    duplicate.merged_into_id = into.id
    audit.record("person.merge", duplicate, by=by, reason=reason, into=into.id, moved=moved)
    return into


def part(duplicate: Person, reason: str, *, by: Actor) -> Person:
    """Part what was merged by mistake: what moved comes back, what came since stays.

    Raises `Conflict` when the record is not merged, `PartLaterFirst`.
    """
    hold(duplicate)
    if duplicate.merged_into_id is None:
        raise Conflict
    into = db.session.get_one(Person, duplicate.merged_into_id)
    _hold(duplicate, into)
    if into.merged_into_id is not None:
        raise PartLaterFirst(name=into.name)
    for tie in TIES:
        _give_back(tie, duplicate.id, into.id)
    db.session.execute(delete(MovedRow).where(MovedRow.duplicate_id == duplicate.id))
    duplicate.merged_into_id = None
    audit.record("person.unmerge", duplicate, by=by, reason=reason, into=into.id)
    return duplicate


def keep_apart(one: Person, other: Person, reason: str, *, by: Actor) -> None:
    """Say that two records are two people: they are not shown as a pair again. Saying it twice is once."""
    _hold(one, other)
    first, second = sorted((one.id, other.id))
    if first == second:
        raise Conflict
    known = select(TwoPeople.id).where(TwoPeople.first_id == first, TwoPeople.second_id == second)
    if db.session.scalar(known) is None:
        db.session.add(TwoPeople(first_id=first, second_id=second, reason=reason))
        audit.record("person.two_people", one, by=by, reason=reason, other=other.id)


def look_again(one: Person, other: Person, *, by: Actor) -> None:
    """Take back that two records are two people."""
    first, second = sorted((one.id, other.id))
    db.session.execute(delete(TwoPeople).where(TwoPeople.first_id == first, TwoPeople.second_id == second))
    audit.record("person.look_again", one, by=by, other=other.id)


def _hold(one: Person, other: Person) -> None:
    for row in sorted({one, other}, key=lambda person: person.id):
        hold(row)


def _move(tie: Tie, before: int, after: int) -> list[int]:
    """Let the rows that name one person name the other; their ids."""
    table = tie.column.class_
    statement = update(table).where(tie.column == before).values({tie.column: after}).returning(table.id)
    return sorted(db.session.scalars(statement))


def _give_back(tie: Tie, duplicate: int, into: int) -> None:
    table = tie.column.class_
    remembered = select(MovedRow.row_id).where(MovedRow.duplicate_id == duplicate, MovedRow.kind == tie.kind)
    db.session.execute(
        update(table)
        .where(table.id.in_(remembered), tie.column == into)
        .values({tie.column: duplicate})
        .execution_options(synchronize_session="fetch")
    )
