"""Asking to join a delegation in one step, and the head's answer: a seat, a place in the line, or no."""

from collections.abc import Sequence

from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

from delegations.joining import messages
from delegations.joining.models import JoinRequest, JoinStatus
from delegations.models import CURRENT_NOMINATION, Delegation, DelegationStatus, Nomination, Seat
from delegations.seats import nominations, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.seats import reason_of
from delegations.seats.waiting import Wait
from delegations.seats.waiting_models import IN_LINE, WaitingPerson
from events.models import HOLDS_A_PLACE, Edition, EditionStatus, Registration
from network import people
from shared import audit
from shared.audit import Actor, System
from shared.clock import now, today
from shared.database import db, hold, write
from shared.errors import Conflict, DomainError
from shared.i18n import _l

TAKES_PEOPLE = (DelegationStatus.SUBMITTED, DelegationStatus.ALLOCATED, DelegationStatus.CONFIRMED)
"""A delegation whose people are not settled yet."""


class NotToThisOne(DomainError):
    """The delegation takes nobody now, or goes to no later gathering."""

    code = "not_to_this_one"
    message = _l("This delegation takes nobody now: choose another one.")


class AskedAlready(DomainError):
    """A person asks a delegation once, and none of an edition where they have a seat."""

    code = "asked_already"
    message = _l("You have asked this delegation, or have a place in one of this gathering already.")


def open_to(registration: Registration) -> Sequence[Delegation]:
    """The delegations this person may ask: to later, announced gatherings, taking people, not asked yet."""
    if registration.status not in HOLDS_A_PLACE:
        return []
    placed = waiting.editions_of(registration.person_id)
    asked = select(JoinRequest.delegation_id).where(
        JoinRequest.registration_id == registration.id, JoinRequest.status == JoinStatus.OPEN
    )
    return db.session.scalars(
        select(Delegation)
        .join(Delegation.edition)
        .where(
            Edition.status != EditionStatus.DRAFT,
            Edition.starts_on > max(today(), registration.edition.ends_on),
            Edition.id.not_in(placed),
            Delegation.status.in_(TAKES_PEOPLE),
            Delegation.id.not_in(asked),
        )
        .options(joinedload(Delegation.edition))
        .order_by(Edition.starts_on, Delegation.name)
    ).all()


def ask(registration: Registration, delegation: Delegation, note: str) -> JoinRequest:
    """Ask to join; the delegation's focal points are told. Raises `NotToThisOne`, `AskedAlready`."""
    by = System(f"registration:{registration.id}")
    hold(delegation)
    if delegation.edition_id in waiting.editions_of(registration.person_id) or _open(
        registration, delegation
    ):
        raise AskedAlready
    if delegation.id not in {one.id for one in open_to(registration)}:
        raise NotToThisOne
    request = JoinRequest(
        delegation_id=delegation.id, registration_id=registration.id, note=" ".join(note.split())
    )
    write(request)
    audit.record("join.ask", request, by=by, delegation=delegation.code)
    messages.tell_asked(request)
    return request


def _open(registration: Registration, delegation: Delegation) -> int | None:
    return db.session.scalar(
        select(JoinRequest.id).where(
            JoinRequest.registration_id == registration.id,
            JoinRequest.delegation_id == delegation.id,
            JoinRequest.status == JoinStatus.OPEN,
        )
    )


def take_back(request: JoinRequest) -> None:
    """The person asks no more. Raises `Conflict` once it is answered."""
    _answer(request, JoinStatus.TAKEN_BACK, "", by=System(f"registration:{request.registration_id}"))


def accept(request: JoinRequest, *, by: Actor) -> JoinStatus:
    """Say yes: the first free seat of a confirmed delegation is theirs to take, else a place in its line.

    Raises `Conflict` (answered already), what `nominate` and `wait` raise.
    """
    delegation, person = request.delegation, request.registration.person
    hold(delegation)
    free = waiting.free_seats(delegation) if delegation.status is DelegationStatus.CONFIRMED else []
    _answer(request, JoinStatus.NAMED if free else JoinStatus.WAITING, "", by=by)
    details = people.details_of(person)
    if free:
        nominations.nominate(free[0], Nominate(person=details), by=by)
    else:
        waiting.wait(delegation, Wait(person=details), by=by)
        messages.tell_waiting(request)
    return request.status


def decline(request: JoinRequest, reason: str, *, by: Actor) -> None:
    """Say no, with a word that the person reads. Raises `Conflict`, `ReasonMissing`."""
    _answer(request, JoinStatus.DECLINED, reason_of(reason), by=by)
    messages.tell_declined(request)


def _answer(request: JoinRequest, status: JoinStatus, reason: str, *, by: Actor) -> None:
    hold(request)
    if request.status is not JoinStatus.OPEN:
        raise Conflict
    request.status, request.reason, request.answered_at = status, reason, now()
    audit.record(f"join.{status.value}", request, by=by, reason=reason)
    db.session.flush()


def requests_to(delegation: Delegation) -> Sequence[JoinRequest]:
    """Who asked to join it: the open ones first, in their order, then the latest that were answered."""
    return db.session.scalars(
        select(JoinRequest)
        .where(JoinRequest.delegation_id == delegation.id)
        .options(joinedload(JoinRequest.registration).joinedload(Registration.person))
        .order_by(
            JoinRequest.status != JoinStatus.OPEN,
            case((JoinRequest.status == JoinStatus.OPEN, JoinRequest.id), else_=-JoinRequest.id),
        )
    ).all()


def become(request: JoinRequest) -> JoinStatus | None:
    """What a yes is by now: a seat, a place in the line, or (None) neither any more."""
    person_id = request.registration.person_id
    seated = (
        select(Nomination.id)
        .join(Nomination.seat)
        .where(
            Seat.delegation_id == request.delegation_id,
            Nomination.person_id == person_id,
            Nomination.status.in_(CURRENT_NOMINATION),
        )
    )
    if db.session.scalar(seated):
        return JoinStatus.NAMED
    waits = select(WaitingPerson.id).where(
        WaitingPerson.delegation_id == request.delegation_id,
        WaitingPerson.person_id == person_id,
        WaitingPerson.status.in_(IN_LINE),
    )
    return JoinStatus.WAITING if db.session.scalar(waits) else None


def open_count(delegation: Delegation) -> int:
    """How many requests wait for its head."""
    waits = JoinRequest.delegation_id == delegation.id, JoinRequest.status == JoinStatus.OPEN
    return db.session.scalar(select(func.count(JoinRequest.id)).where(*waits)) or 0


def requests_of(registration: Registration) -> Sequence[JoinRequest]:
    """What this person asked, the latest first."""
    return db.session.scalars(
        select(JoinRequest)
        .where(JoinRequest.registration_id == registration.id)
        .options(joinedload(JoinRequest.delegation).joinedload(Delegation.edition))
        .order_by(JoinRequest.id.desc())
    ).all()
