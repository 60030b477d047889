"""The visa of a seat's person: asked for, invited by letter, granted or refused; each step stays written.

    requested → issued → granted / refused / unanswered;  withdrawn

A refusal does not lose the seat: somebody else is named, or whoever waits first takes it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import func, select, update
from sqlalchemy.orm import contains_eager, joinedload

from access.models import User
from delegations.lifecycle import moves as lifecycle
from delegations.models import CURRENT_NOMINATION, Delegation, Nomination, NominationStatus, Seat
from delegations.seats import travel
from delegations.seats.visa_models import InvitationLetter, VisaStep
from events import badges, programme
from events.models import Edition, VisaRequest
from events.programme import VisaOutcome
from shared import audit
from shared.audit import Actor
from shared.clock import now, today
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import LazyString, _l

V = VisaOutcome

OUTCOMES: dict[VisaOutcome, LazyString] = {
    V.REQUESTED: _l("asked for"),
    V.ISSUED: _l("invitation letter issued"),
    V.GRANTED: _l("granted"),
    V.REFUSED: _l("refused"),
    V.UNANSWERED: _l("without an answer"),
    V.WITHDRAWN: _l("no longer asked for"),
}
"""Where a visa stands, in words."""

_ANSWERS = (V.GRANTED, V.REFUSED, V.UNANSWERED, V.WITHDRAWN)

FOLLOWS: dict[VisaOutcome | None, tuple[VisaOutcome, ...]] = {
    None: (V.REQUESTED,),
    V.REQUESTED: _ANSWERS,
    V.ISSUED: _ANSWERS,
    V.UNANSWERED: (V.GRANTED, V.REFUSED, V.WITHDRAWN),
    V.GRANTED: (V.REFUSED,),
    V.REFUSED: (V.REQUESTED, V.GRANTED),
    V.WITHDRAWN: (V.REQUESTED,),
}
"""What may be noted after what; the letter itself is issued, not noted."""


class LetterTooEarly(DomainError):
    """An invitation letter is for somebody accredited whose registration is paid, or let in unpaid."""

    code = "letter_too_early"
    message = _l("An invitation letter leaves after accreditation, and once the fee is paid or waived.")


class NotThisStep(DomainError):
    """The visa does not stand where this could follow."""

    code = "not_this_step"
    message = _l("This does not follow from where the visa stands now.")


class DayAhead(DomainError):
    """What happened has happened."""

    code = "day_ahead"
    status = 422
    message = _l("This day is still to come.")


def steps_of(seat: Seat) -> Sequence[VisaStep]:
    """All that happened to the visas of a seat, of whoever sat there, the first first."""
    return db.session.scalars(select(VisaStep).where(VisaStep.seat_id == seat.id).order_by(VisaStep.id)).all()


def standing(nomination: Nomination) -> VisaOutcome | None:
    """Where the visa of this person stands; None when none was asked for."""
    last = _last(nomination)
    return last.outcome if last else None


def is_open(nomination: Nomination) -> bool:
    """A visa is asked for, and no consulate has answered."""
    return standing(nomination) in OPEN


@dataclass(frozen=True, slots=True)
class VisaLine:
    """Where the visa of one seat stands, and since when."""

    nomination: Nomination
    step: VisaStep


class Show(StrEnum):
    """Which visas of an edition are looked at."""

    OPEN = "open"
    REFUSED = "refused"


OPEN = (V.REQUESTED, V.ISSUED, V.UNANSWERED)
"""A visa is asked for, and no consulate has answered."""


def lines_of(edition: Edition, show: Show | None = None) -> list[VisaLine]:
    """The visas of everybody who sits in a delegation of this edition, what needs somebody first.

    Those that are open, or were refused, are those of whoever asked, even if somebody else sits there by now.
    """
    theirs = {
        None: Nomination.status.in_(CURRENT_NOMINATION),
        Show.OPEN: VisaStep.outcome.in_(OPEN),
        Show.REFUSED: VisaStep.outcome == V.REFUSED,
    }[show]
    latest = select(func.max(VisaStep.id)).group_by(VisaStep.nomination_id)
    rows = db.session.execute(
        select(Nomination, VisaStep)
        .join(VisaStep, VisaStep.nomination_id == Nomination.id)
        .join(Nomination.seat)
        .join(Seat.delegation)
        .where(
            Delegation.edition_id == edition.id,
            theirs,
            VisaStep.id.in_(latest),
        )
        .order_by(Seat.code)
        .options(
            contains_eager(Nomination.seat).contains_eager(Seat.delegation), joinedload(Nomination.person)
        )
    )
    urgent = list(_URGENT)
    return sorted((VisaLine(*row) for row in rows), key=lambda line: urgent.index(line.step.outcome))


def standings(delegation: Delegation) -> dict[int, VisaStep]:
    """The last step of everybody who sits here and asked for a visa, by their nominations' ids."""
    latest = (
        select(func.max(VisaStep.id))
        .join(Nomination, Nomination.id == VisaStep.nomination_id)
        .join(Nomination.seat)
        .where(Seat.delegation_id == delegation.id, Nomination.status.in_(CURRENT_NOMINATION))
        .group_by(VisaStep.nomination_id)
    )
    steps = db.session.scalars(select(VisaStep).where(VisaStep.id.in_(latest)))
    return {one.nomination_id: one for one in steps}


def refused_seats(delegation: Delegation) -> set[int]:
    """The ids of the seats whose person was refused a visa, so that somebody else may go."""
    return {one.seat_id for one in standings(delegation).values() if one.outcome is V.REFUSED}


_URGENT = (V.REFUSED, V.REQUESTED, V.UNANSWERED, V.ISSUED, V.WITHDRAWN, V.GRANTED)


def note(nomination: Nomination, outcome: VisaOutcome, on: date, remark: str = "", *, by: Actor) -> VisaStep:
    """Write down what happened on a day. Raises `NotThisStep`, `DayAhead`, `Conflict`."""
    _hold(nomination)
    if on > today(nomination.seat.delegation.edition.zone):
        raise DayAhead(field="on")
    if outcome not in FOLLOWS[standing(nomination)]:
        raise NotThisStep(field="outcome")
    return _write(nomination, outcome, on, remark, by=by)


def issue_letter(nomination: Nomination, *, funded: bool, by: User) -> InvitationLetter:
    """Issue the invitation letter; an earlier one of this seat no longer holds. The visa is then under way.

    `funded`: the cost of the seat is covered, and the letter may say so. Raises `LetterTooEarly`, `Conflict`.
    """
    _hold(nomination)
    seat = nomination.seat
    registration = seat.registration
    if nomination.status is not NominationStatus.ACCREDITED or registration is None:
        raise LetterTooEarly
    if not badges.is_admitted(registration):
        raise LetterTooEarly
    _supersede(seat)
    number = db.session.scalar(
        select(func.count(InvitationLetter.id)).where(InvitationLetter.seat_id == seat.id)
    )
    letter = InvitationLetter(
        seat_id=seat.id,
        nomination_id=nomination.id,
        number=1 + (number or 0),
        facts=_facts(nomination, funded, by),
        issued_by_id=by.id,
    )
    db.session.add(letter)
    audit.record("nomination.invitation", nomination, by=by, number=letter.number)
    if standing(nomination) in (None, V.REQUESTED, V.REFUSED, V.WITHDRAWN):
        _write(nomination, V.ISSUED, today(seat.delegation.edition.zone), "", by=by)
    return letter


def letter_of(nomination: Nomination) -> InvitationLetter | None:
    """The invitation letter that holds for this person."""
    return db.session.scalar(
        select(InvitationLetter).where(
            InvitationLetter.nomination_id == nomination.id, InvitationLetter.superseded_at.is_(None)
        )
    )


def leave(nomination: Nomination, *, by: Actor) -> None:
    """They left the seat: their letter holds no more, and a visa still open is no longer asked for."""
    _supersede(nomination.seat)
    travel.forget(nomination)
    if is_open(nomination):
        _write(nomination, V.WITHDRAWN, today(nomination.seat.delegation.edition.zone), "", by=by)


def _supersede(seat: Seat) -> None:
    db.session.execute(
        update(InvitationLetter)
        .where(InvitationLetter.seat_id == seat.id, InvitationLetter.superseded_at.is_(None))
        .values(superseded_at=now())
    )


def _write(nomination: Nomination, outcome: VisaOutcome, on: date, remark: str, *, by: Actor) -> VisaStep:
    seat, last = nomination.seat, _last(nomination)
    anew = outcome in (V.REQUESTED, V.ISSUED)
    if last is None or (anew and last.outcome in (V.REFUSED, V.WITHDRAWN)):
        edition = seat.delegation.edition
        asked = programme.request_visa(edition, seat.code, outcome, person_id=nomination.person_id, by=by)
        db.session.flush()
    else:
        asked = db.session.get_one(VisaRequest, last.request_id)
        asked.outcome = outcome.value
    step = VisaStep(
        seat_id=seat.id,
        nomination_id=nomination.id,
        request_id=asked.id,
        outcome=outcome,
        dated_on=on,
        note=" ".join(remark.split()),
        actor=by.actor_label,
    )
    db.session.add(step)
    if outcome in _ANSWERS and outcome is not V.UNANSWERED:
        travel.forget(nomination)
    audit.record(f"visa.{outcome.value}", nomination, by=by, reason=step.note, on=on.isoformat())
    return step


def _last(nomination: Nomination) -> VisaStep | None:
    return db.session.scalars(
        select(VisaStep).where(VisaStep.nomination_id == nomination.id).order_by(VisaStep.id.desc()).limit(1)
    ).first()


def _hold(nomination: Nomination) -> None:
    hold(nomination)
    lifecycle.must_be(nomination.seat.delegation, *lifecycle.ALIVE)
    if nomination.status not in CURRENT_NOMINATION:
        raise Conflict


def _facts(nomination: Nomination, funded: bool, by: User) -> dict[str, object]:
    """What the letter says, as it is on the day it is issued."""
    seat, person = nomination.seat, nomination.person
    delegation = seat.delegation
    edition = delegation.edition
    return {
        "name": person.name,
        "country": person.country,
        "organisation": person.shown_organisation,
        "role": nomination.role.value,
        "seat": seat.code,
        "delegation": delegation.name,
        "edition": edition.name,
        "place": edition.place,
        "edition_country": edition.country,
        "starts_on": edition.starts_on.isoformat(),
        "ends_on": edition.ends_on.isoformat(),
        "issued_on": today(edition.zone).isoformat(),
        "issued_by": by.name or by.email,
        "funded": funded,
        "locale": person.locale,
    }
