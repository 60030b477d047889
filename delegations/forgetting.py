"""What people told for one gathering is forgotten thirty days after it, as the forms promise.

A job a day. Names, seats and money stay: an auditor needs them. Diets and access needs served the kitchen and
the hall, and nobody else.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import func, or_, select, union_all

from delegations.models import Delegation, Nomination, Seat
from events.models import Edition, Registration
from network.models import Person
from outbox.jobs import HANDLERS, enqueue
from outbox.worker import AT_START
from shared import audit
from shared.audit import System
from shared.clock import now
from shared.database import db, transaction

JOB = "forgetting"
KEPT = timedelta(days=30)
"""So long after the last day of somebody's last gathering."""

_HOUR = time(3, tzinfo=UTC)  # nobody is at a desk


def install() -> None:
    """Fill in the job of each day, and plan today's when a worker starts; called in `app.py`."""
    HANDLERS[JOB] = forget_today
    AT_START[JOB] = plan_a_day


def plan_a_day(day: date | None = None) -> None:
    """Plan the job of a day, today's by default; once, however often it is asked for."""
    day = day or now().date()
    with transaction():
        enqueue(JOB, {"day": day.isoformat()}, key=f"{JOB}:{day}", due_at=datetime.combine(day, _HOUR))


def forget_today(payload: dict[str, Any]) -> None:
    """The job: forget what is due on its day, and plan the next day's."""
    day = date.fromisoformat(payload["day"])
    plan_a_day(day + timedelta(days=1))
    with transaction():
        forget(day)


def forget(day: date) -> int:
    """Delete diets and access needs of whose gatherings all ended more than 30 days before `day`; how many.

    Who was never at a gathering, nor named for one, has told it for one that is still to come.
    """
    registered = select(Registration.person_id, Edition.ends_on).join(Registration.edition)
    named = (
        select(Nomination.person_id, Edition.ends_on)
        .join(Nomination.seat)
        .join(Seat.delegation)
        .join(Delegation.edition)
    )
    gatherings = union_all(registered, named).subquery()
    over = (
        select(gatherings.c.person_id)
        .group_by(gatherings.c.person_id)
        .having(func.max(gatherings.c.ends_on) < day - KEPT)
    )
    told = or_(Person.diet != "", Person.access_needs != "")
    theirs = or_(Person.id.in_(over), Person.merged_into_id.in_(over))
    people = db.session.scalars(select(Person).where(told, theirs)).all()
    for person in people:
        person.diet, person.access_needs, person.access_needs_consented_at = "", "", None
        audit.record("person.forget", person, by=System("calendar"))
    return len(people)
