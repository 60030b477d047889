"""Seats: who nominates them, and how one is given back or withdrawn. A seat outlives its people.

    planned → named → accredited → attended;  released, withdrawn

Whether a seat is funded is not stored: coverage derives it from postings.
"""

from datetime import date

from access import links
from delegations.lifecycle import moves as lifecycle
from delegations.models import (
    CURRENT_NOMINATION,
    DelegationStatus,
    Nomination,
    NominationStatus,
    Seat,
    SeatStatus,
)
from delegations.seats import visas, waiting
from delegations.stays import stays
from events import badges
from events import registration as registrations
from shared import audit
from shared.audit import Actor
from shared.clock import now, today
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l

S = SeatStatus
ACTIVE = (S.PLANNED, S.FUNDED, S.NAMED, S.ACCREDITED, S.ATTENDED)
"""Seats that cost something; the others were given back."""

STATES = {
    S.PLANNED: _l("to be named"),
    S.FUNDED: _l("funded"),
    S.NAMED: _l("named"),
    S.ACCREDITED: _l("accredited"),
    S.ATTENDED: _l("attended"),
    S.RELEASED: _l("given back"),
    S.WITHDRAWN: _l("withdrawn"),
}
"""A seat's state in words."""


class SeatNotFree(DomainError):
    """A person sits in it, or it was given back."""

    code = "seat_not_free"
    message = _l("The seat %(seat)s is %(state)s.")

    def sentence(self) -> str:
        return str(self.message) % {
            "seat": self.details["seat"],
            "state": STATES[SeatStatus(self.details["state"])],
        }


class ReasonMissing(DomainError):
    """What undoes something says why."""

    code = "reason_missing"
    status = 422
    message = _l("Write the reason: it is kept.")


class NotYet(DomainError):
    """What is written down has happened."""

    code = "not_yet"
    status = 422
    message = _l("This day is still to come: write the day on which it was decided.")


def set_nominator(seat: Seat, nominator: str, *, by: Actor) -> Seat:
    """Say which body names the person of this seat."""
    before, seat.nominator = seat.nominator, " ".join(nominator.split())
    if before != seat.nominator:
        audit.record("seat.nominator", seat, by=by, **{"from": before, "to": seat.nominator})
    return seat


def release(seat: Seat, reason: str, *, by: Actor) -> Seat:
    """Give back a seat that nobody sits in. Raises `SeatNotFree`, `SeatHeld`, `ReasonMissing`."""
    reason = reason_of(reason)
    lock(seat, S.PLANNED, S.FUNDED)
    waiting.must_not_be_held(seat)
    if seat.registration:  # of somebody who left, waiting for another name
        registrations.cancel(seat.registration, reason, by=by)
    seat.status, seat.status_reason = S.RELEASED, reason
    audit.record("seat.release", seat, by=by, reason=reason)
    return seat


def withdraw_seat(seat: Seat, reason: str, on: date, *, by: Actor) -> Seat:
    """Withdraw a seat and its person, if any: the registration is cancelled and its badges revoked.

    What was saved for it stays in its plan's fund until a minuted decision moves it (`support.move_savings`).
    Raises `SeatNotFree` for a seat already given back or attended, `SeatHeld`, `ReasonMissing`, `NotYet`.
    """
    reason = reason_of(reason)
    if on > today(seat.delegation.edition.zone):
        raise NotYet(field="on")
    lock(seat, S.PLANNED, S.FUNDED, S.NAMED, S.ACCREDITED)
    waiting.must_not_be_held(seat)
    nomination = seat.nomination
    if nomination:
        end(nomination, NominationStatus.WITHDRAWN, reason, by=by)
    if seat.registration:
        badges.revoke_all(seat.registration, reason, by=by)
        registrations.cancel(seat.registration, reason, by=by)
    seat.status, seat.status_reason = S.WITHDRAWN, reason
    audit.record(
        "seat.withdraw",
        seat,
        by=by,
        reason=reason,
        on=on.isoformat(),
        nomination=nomination and nomination.id,
    )
    return seat


def end(nomination: Nomination, status: NominationStatus, reason: str, *, by: Actor) -> None:
    """Let a nomination stop holding its seat: its links, its letter, its visa and its bed count no more."""
    assert status not in CURRENT_NOMINATION
    visas.leave(nomination, by=by)
    stays.forget(nomination)
    nomination.status, nomination.reason, nomination.decided_at = status, reason, now()
    links.revoke_links("nominee", nomination.id)
    db.session.flush()  # before another takes the seat: one current nomination a seat


def lock(seat: Seat, *states: SeatStatus) -> None:
    """Hold the seat and its delegation's state still. Raises `SeatNotFree`, `NotInThisState`."""
    hold(seat.delegation)
    hold(seat)
    db.session.expire(seat, ["nominations"])
    lifecycle.must_be(seat.delegation, DelegationStatus.ALLOCATED, DelegationStatus.CONFIRMED)
    if seat.status not in states:
        raise SeatNotFree(seat=seat.code, state=seat.status.value)


def reason_of(text: str) -> str:
    """A reason as it is kept. Raises `ReasonMissing`."""
    reason = " ".join(text.split())
    if not reason:
        raise ReasonMissing(field="reason")
    return reason
