"""What people told for one gathering is forgotten thirty days after it, as the forms promise.

A job a day. Names, seats and money stay: an auditor needs them. Diets and access needs served the kitchen and
the hall; papers of a journey, the border; what somebody said of themselves, the balance of a delegation.
"""

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, literal, or_, select, union_all

from delegations.composition.models import SelfPortrait
from delegations.models import Delegation, Nomination, Seat
from delegations.seats.letter_models import NominationLetter
from delegations.seats.visa_models import InvitationLetter, TravelDocument, VisaStep
from delegations.stays.models import Stay
from events.models import Edition, Registration, VisaRequest
from network.models import Person
from outbox.jobs import HANDLERS, enqueue
from outbox.worker import AT_START
from shared import audit
from shared.audit import System
from shared.clock import now
from shared.database import Base, db, transaction

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
    """Delete what gatherings that ended more than 30 days before `day` needed to know; how much there was."""
    over = day - KEPT
    ended = db.session.scalars(select(Edition).where(Edition.ends_on < over).order_by(Edition.id)).all()
    return _forget_needs(over) + sum(_forget_papers(edition) for edition in ended)


def _forget_needs(over: date) -> int:
    """Diets and access needs of whose gatherings all ended before `over`; of how many people.

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
    last = (
        select(gatherings.c.person_id)
        .group_by(gatherings.c.person_id)
        .having(func.max(gatherings.c.ends_on) < over)
    )
    told = or_(Person.diet != "", Person.access_needs != "")
    theirs = or_(Person.id.in_(last), Person.merged_into_id.in_(last))
    people = db.session.scalars(select(Person).where(told, theirs)).all()
    for person in people:
        person.diet, person.access_needs, person.access_needs_consented_at = "", "", None
        audit.record("person.forget", person, by=System("calendar"))
    return len(people)


def _forget_papers(edition: Edition) -> int:
    """Letters, visas, stays and portraits of an edition; the trail keeps how many, and the visas' outcomes.

    Whether a letter was verified stays with the nomination.
    """
    asked = select(VisaRequest.outcome).where(VisaRequest.edition_id == edition.id)
    outcomes = Counter(db.session.scalars(asked))
    theirs = (
        select(Nomination.id)
        .join(Nomination.seat)
        .join(Seat.delegation)
        .where(Delegation.edition_id == edition.id)
    )
    gone: dict[str, Any] = {
        "letters": _delete(NominationLetter, NominationLetter.nomination_id.in_(theirs)),
        "travel_documents": _delete(TravelDocument, TravelDocument.nomination_id.in_(theirs)),
        "invitations": _delete(InvitationLetter, InvitationLetter.nomination_id.in_(theirs)),
        "stays": _delete(Stay, Stay.nomination_id.in_(theirs)),
        "portraits": _delete(SelfPortrait, SelfPortrait.nomination_id.in_(theirs)),
        "visa_steps": _delete(VisaStep, VisaStep.nomination_id.in_(theirs)),
        "visas": _delete(VisaRequest, VisaRequest.edition_id == edition.id),
    }
    found: int = sum(gone.values())
    if found:
        audit.record("edition.forget", edition, by=System("calendar"), outcomes=outcomes, **gone)
    return found


def _delete(model: type[Base], *which: ColumnElement[bool]) -> int:
    return len(db.session.scalars(delete(model).where(*which).returning(literal(1))).all())
