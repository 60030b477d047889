"""A person for a seat: named, completes their own record, accredited or returned, replaced.

    nominated → completed → accredited;  returned, refused, substituted, withdrawn

A seat has one current nomination (the database sees to it). Replacing the person is one act: the seat keeps
its registration, its money and its history; the old badge and the old link stop working.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select

from access import links
from delegations import messages
from delegations.composition.binding import must_leave_room
from delegations.lifecycle import moves as lifecycle
from delegations.models import (
    CURRENT_NOMINATION,
    CredentialStatus,
    Delegation,
    DelegationStatus,
    Nomination,
    NominationStatus,
    Seat,
    SeatStatus,
)
from delegations.seats import approvals, linking, seats, waiting
from delegations.seats.seats import reason_of
from events import badges
from events import registration as registrations
from events.models import BadgeRole, Registration
from events.registration import Register
from network import people
from network.people import CompleteRecord, PersonDetails
from shared import audit
from shared.audit import Actor, System
from shared.clock import now
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _, _l

LINK_LASTS = timedelta(days=60)
"""How long the link to complete one's record works; a new one can be sent at any time."""

N = NominationStatus


class SeatTaken(DomainError):
    """Somebody was named for this seat meanwhile."""

    code = "seat_taken"
    message = _l("The seat %(seat)s is taken: %(name)s was named for it.")


class AlreadyNominated(DomainError):
    """A person sits in one seat of an edition; without `seat` it is another delegation's, not told which."""

    code = "already_nominated"
    message = _l("%(name)s is already named for the seat %(seat)s.")

    def sentence(self) -> str:
        if not self.details["seat"]:
            return str(_("%(name)s already has a seat in another delegation.", name=self.details["name"]))
        return super().sentence()


class NominationOver(DomainError):
    """The nomination is not at the step where this can be done."""

    code = "nomination_over"
    message = _l("This cannot be done now: the nomination is %(state)s.")

    def sentence(self) -> str:
        return str(self.message) % {"state": STATES[NominationStatus(self.details["state"])]}


class Accredited(DomainError):
    """An accredited person is replaced, or their seat is withdrawn; a nomination alone is not taken back."""

    code = "accredited"
    message = _l("%(name)s is accredited: name somebody else for the seat, or withdraw the seat.")


STATES = {
    N.NOMINATED: _l("waiting for their record"),
    N.COMPLETED: _l("to be accredited"),
    N.ACCREDITED: _l("accredited"),
    N.RETURNED: _l("returned for completion"),
    N.REFUSED: _l("turned down"),
    N.SUBSTITUTED: _l("replaced"),
    N.WITHDRAWN: _l("withdrawn"),
}
"""A nomination's state in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nominate:
    """Who is named, and as what."""

    person: PersonDetails
    role: BadgeRole = BadgeRole.DELEGATE


def nominate(seat: Seat, command: Nominate, *, by: Actor) -> Nomination:
    """Name a person for a free seat and mail them their private link, where an address is known.

    Raises `NotInThisState` (the delegation has not confirmed its seats), `SeatTaken`, `SeatNotFree`,
    `SeatHeld`, `AlreadyNominated`.
    """
    seats.lock(seat, *SeatStatus)
    lifecycle.must_be(seat.delegation, DelegationStatus.CONFIRMED)
    if taken := seat.nomination:
        raise SeatTaken(seat=seat.code, name=taken.person.name)
    seats.lock(seat, SeatStatus.PLANNED, SeatStatus.FUNDED)
    waiting.must_not_be_held(seat)
    nomination = _put_forward(seat, command, by=by)
    _take_over(seat, nomination, by=by)
    audit.record("nomination.nominate", nomination, by=by, seat=seat.code, role=command.role.value)
    return nomination


def _put_forward(seat: Seat, command: Nominate, *, by: Actor) -> Nomination:
    person = people.find_or_create_person(command.person, by=by)
    held = db.session.scalar(
        select(Seat)
        .join(Nomination, Nomination.seat_id == Seat.id)
        .join(Delegation, Delegation.id == Seat.delegation_id)
        .where(
            Nomination.person_id == person.id,
            Nomination.status.in_(CURRENT_NOMINATION),
            Delegation.edition_id == seat.delegation.edition_id,
        )
    )
    if held:
        theirs = held.code if held.delegation_id == seat.delegation_id else ""
        raise AlreadyNominated(field="name", name=person.name, seat=theirs)
    nomination = Nomination(seat_id=seat.id, person_id=person.id, role=command.role)
    db.session.add(nomination)
    seat.status = SeatStatus.NAMED
    db.session.flush()
    send_link(nomination, by=by)
    return nomination


def send_link(nomination: Nomination, *, by: Actor, returned_because: str = "") -> str:
    """Mail the person a new link to their record; earlier ones stop working. Returns the link's token.

    Without an address nothing leaves: the link that was handed over goes on opening, and the token is empty.
    Raises `NominationOver` when there is nothing left to complete.
    """
    must_be_unfinished(nomination)
    if not nomination.person.email:
        return ""
    token = new_link(nomination, by=by)
    messages.tell_nominated(nomination, token, returned_because=returned_because)
    return token


def new_link(nomination: Nomination, *, by: Actor, action: str = "nomination.link") -> str:
    """A link that replaces the earlier ones, `action` being what the trail calls it. Returns its token."""
    links.revoke_links("nominee", nomination.id)
    audit.record(action, nomination, by=by)
    return links.issue_link("nominee", nomination.id, now() + LINK_LASTS)


def must_be_unfinished(nomination: Nomination) -> None:
    """Raises `NominationOver` when there is nothing left to complete."""
    if nomination.status not in (N.NOMINATED, N.COMPLETED, N.RETURNED):
        raise NominationOver(state=nomination.status.value)


def open_record(nomination: Nomination, reason: str, *, by: Actor) -> Nomination:
    """Let this one person correct their record after the deadline; they are mailed a link, and until when.

    Raises `NominationOver`, `ReasonMissing`.
    """
    _lock(nomination, N.COMPLETED, N.RETURNED, N.ACCREDITED)
    approvals.allow_correction(nomination, reason_of(reason), by=by)
    if nomination.person.email:
        messages.tell_may_correct(nomination, new_link(nomination, by=by))
    return nomination


def resend_link(nomination: Nomination, *, by: Actor) -> str:
    """Send the link again because somebody asks. Raises `NoAddress`, `LinkJustSent`, `NominationOver`."""
    _may_be_mailed(nomination)
    return send_link(nomination, by=by)


def _may_be_mailed(nomination: Nomination) -> None:
    hold(nomination)
    if not nomination.person.email:
        raise linking.NoAddress(name=nomination.person.name)
    linking.not_just_sent("nominee", nomination.id)


def renew_link(nomination: Nomination, *, by: Actor) -> None:
    """Mail the person a new link, whatever there is left to do. Raises `NoAddress`, `LinkJustSent`."""
    _may_be_mailed(nomination)
    messages.tell_new_link(nomination, new_link(nomination, by=by))


def complete(nomination: Nomination, command: CompleteRecord, *, by: Actor | None = None) -> Nomination:
    """The person completes their own record, or corrects it until the deadline.

    A change that matters (the gathering's rules say which) is approved again, even after accreditation.
    Raises `NominationOver`, `RecordFrozen`, `PersonNameMissing`, `ConsentMissing`.
    """
    by = by or System(f"nominee:{nomination.id}")
    _lock(nomination, N.NOMINATED, N.COMPLETED, N.RETURNED, N.ACCREDITED)
    approvals.must_be_open(nomination)
    before, known = nomination.status, approvals.what_matters(nomination)
    people.complete_record(nomination.person, command, by=by)
    told = approvals.what_matters(nomination)
    changed = [field for field, value in told.items() if value != known[field]]
    if before is not N.ACCREDITED or changed:
        nomination.status, nomination.reason = N.COMPLETED, ""
    if changed or before is N.RETURNED:
        nomination.endorsed_at = None
    rewritten = any(known[field] for field in changed)
    if rewritten and nomination.credential is CredentialStatus.VERIFIED:
        nomination.credential = CredentialStatus.UPLOADED  # it named somebody written otherwise
    if before is N.ACCREDITED and changed:
        nomination.decided_at, nomination.seat.status = None, SeatStatus.NAMED
    audit.record("nomination.complete", nomination, by=by, fields=changed, **{"from": before.value})
    return nomination


def change_role(nomination: Nomination, role: BadgeRole, *, by: Actor) -> Nomination:
    """Let the person come as something else; a badge that says otherwise opens no door.

    Whoever is accredited stays so: the role is the delegation's word. Raises `NominationOver`.
    """
    _lock(nomination, *CURRENT_NOMINATION)
    before, nomination.role = nomination.role, role
    if before is role:
        return nomination
    if nomination.seat.registration:
        nomination.seat.registration.role = role
        badges.revoke_all(nomination.seat.registration, "another role", by=by)
    audit.record("nomination.role", nomination, by=by, **{"from": before.value, "to": role.value})
    return nomination


def endorse(nomination: Nomination, *, by: Actor) -> Nomination:
    """The delegation gives its word on a completed record; twice is once.

    Raises `NominationOver`, `OutOfBalance`.
    """
    _lock(nomination, N.COMPLETED)
    if nomination.endorsed_at is None:
        must_leave_room(nomination)
        nomination.endorsed_at = now()
        audit.record("nomination.endorse", nomination, by=by)
    return nomination


def accredit(nomination: Nomination, *, by: Actor) -> Registration:
    """Accept the person: the seat is theirs, and their registration exists from now on.

    The registration belongs to the seat: a substitute takes over the one that is there, unless it was
    cancelled. Raises `NominationOver`, `WordMissing`, `LetterMissing`, `LetterUnread`, `LetterRefused`, and
    what `events.registration.register` raises (full, already registered).
    """
    _lock(nomination, N.COMPLETED)
    approvals.must_have_word(nomination)
    approvals.must_have_letter(nomination)
    seat = nomination.seat
    registration = seat.registered or _register(nomination, by=by)
    seat.registration = registration
    nomination.status, nomination.decided_at = N.ACCREDITED, now()
    seat.status, seat.status_reason = SeatStatus.ACCREDITED, ""
    audit.record("nomination.accredit", nomination, by=by, seat=seat.code, registration=registration.id)
    messages.tell_accredited(nomination)
    return registration


def _register(nomination: Nomination, *, by: Actor) -> Registration:
    seat = nomination.seat
    delegation = seat.delegation
    return registrations.register(
        delegation.edition,
        Register(
            person=people.details_of(nomination.person),
            party_code=delegation.code,
            party_name=delegation.name,
            seat_code=seat.code,
            fee=delegation.edition.fee,  # the full fee: tiers are chosen by people who pay for themselves
            role=nomination.role,
            is_demo=delegation.is_demo,
            provenance=delegation.provenance,
        ),
        by=by,
    )


def return_(nomination: Nomination, reason: str, *, by: Actor) -> Nomination:
    """Send the record back, saying what is missing. Raises `NominationOver`, `ReasonMissing`."""
    reason = reason_of(reason)
    _lock(nomination, N.COMPLETED)
    nomination.status, nomination.reason = N.RETURNED, reason
    approvals.allow_correction(nomination, reason, by=by)
    audit.record("nomination.return", nomination, by=by, reason=reason)
    send_link(nomination, by=by, returned_because=reason)
    return nomination


def refuse(nomination: Nomination, reason: str, *, by: Actor) -> Nomination:
    """Refuse the person; the seat is free again, with its registration if it has one.

    Raises `NominationOver`, `ReasonMissing`.
    """
    return _leave(nomination, N.REFUSED, reason, by=by)


def withdraw_nomination(nomination: Nomination, reason: str, *, by: Actor) -> Nomination:
    """Take a nomination back; the seat is free again, with its registration if it has one.

    Raises `Accredited` for an accredited person, `NominationOver`, `ReasonMissing`.
    """
    if nomination.status is N.ACCREDITED:
        raise Accredited(name=nomination.person.name)
    return _leave(nomination, N.WITHDRAWN, reason, by=by)


def _leave(nomination: Nomination, status: NominationStatus, reason: str, *, by: Actor) -> Nomination:
    reason = reason_of(reason)
    _lock(nomination, N.NOMINATED, N.COMPLETED, N.RETURNED)
    lifecycle.must_be(nomination.seat.delegation, DelegationStatus.ALLOCATED, DelegationStatus.CONFIRMED)
    seats.end(nomination, status, reason, by=by)
    nomination.seat.status = SeatStatus.PLANNED
    if nomination.seat.registration:
        registrations.vacate(nomination.seat.registration, reason, by=by)
    audit.record(f"nomination.{status.value}", nomination, by=by, reason=reason)
    return nomination


def substitute(seat: Seat, command: Nominate, reason: str, *, by: Actor) -> Nomination:
    """Replace the person of a seat, in one act.

    The registration, its payment and the money stay with the seat and pass to the new person; the old
    badge, link and nomination stop counting and stay in the history. The new person completes their record
    and is accredited like anybody. Raises `SeatNotFree` when nobody sits in the seat, `ReasonMissing`,
    `AlreadyNominated`.
    """
    reason = reason_of(reason)
    seats.lock(seat, SeatStatus.NAMED, SeatStatus.ACCREDITED)
    old = seat.nomination
    assert old, "a named seat has a current nomination"
    seats.end(old, N.SUBSTITUTED, reason, by=by)
    new = _put_forward(seat, command, by=by)
    if new.person_id == old.person_id:
        raise AlreadyNominated(field="name", name=new.person.name, seat=seat.code)
    if seat.registration:
        badges.revoke_all(seat.registration, reason, by=by)
    _take_over(seat, new, by=by)
    audit.record("seat.substitute", seat, by=by, reason=reason, left=old.id, joined=new.id)
    return new


def _take_over(seat: Seat, nomination: Nomination, *, by: Actor) -> None:
    """The registration that the seat has from somebody before passes to the person who is named now."""
    if registration := seat.registered:
        registrations.replace_person(registration, people.details_of(nomination.person), by=by)
        registration.role = nomination.role


def _lock(nomination: Nomination, *states: NominationStatus) -> None:
    """Hold a nomination still; nothing more is decided about the people of a delegation that is over."""
    hold(nomination)
    lifecycle.must_be(nomination.seat.delegation, *lifecycle.ALIVE)
    if nomination.status not in states:
        raise NominationOver(state=nomination.status.value)
