"""Free seats offered to whoever waits: held until they answer, then named, or offered to the next.

    open → accepted / declined / expired / withdrawn

A party that waits whole answers for all of it; one that may be parted says who comes.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from access import links
from delegations.models import Delegation, DelegationStatus, Nomination, Seat
from delegations.seats import messages, nominations, waiting
from delegations.seats.nominations import AlreadyNominated, Nominate
from delegations.seats.waiting_models import (
    OfferedSeat,
    OfferStatus,
    SeatOffer,
    WaitingPerson,
    WaitingStatus,
)
from network import people
from outbox.jobs import HANDLERS, enqueue
from shared import audit
from shared.audit import Actor, System
from shared.clock import now
from shared.database import db, hold, transaction
from shared.errors import DomainError
from shared.i18n import _l

LASTS = timedelta(days=5)
"""How long a seat is held for somebody who does not answer."""
JOB = "seat-offer-ends"
LINK = "seat-offer"

S = OfferStatus


class OfferOver(DomainError):
    """It was answered already, or its time has passed."""

    code = "offer_over"
    message = _l("This offer is over: it was answered, or its time has passed.")


class AllOrNobody(DomainError):
    """A party that waits whole takes its seats together."""

    code = "all_or_nobody"
    status = 422
    message = _l("You wait together: take the seats for all of you, or say no.")


class NobodyChosen(DomainError):
    """To take a seat, somebody has to come."""

    code = "nobody_chosen"
    status = 422
    message = _l("Choose who comes, or say no.")


@dataclass(frozen=True, slots=True)
class Planned:
    """What would be offered to a party: who, and which seats."""

    party: tuple[WaitingPerson, ...]
    seats: tuple[Seat, ...]


def install() -> None:
    """Fill in the job that ends an offer nobody answers; called in `app.py`."""
    HANDLERS[JOB] = end_in_time


def plan(delegation: Delegation, freed: Seat | None = None) -> list[Planned]:
    """What would be offered now, or once `freed` is free too, party by party; nothing is written."""
    if delegation.status is not DelegationStatus.CONFIRMED:
        return []
    free = list(waiting.free_seats(delegation))
    if freed and freed not in free:
        free = sorted([*free, freed], key=lambda seat: seat.number)
    chosen = waiting.next_in_line(waiting.line_of(delegation), len(free))
    planned = []
    for party in waiting.parties_of(chosen):
        planned.append(Planned(tuple(party), tuple(free[: len(party)])))
        free = free[len(party) :]
    return planned


def make(delegation: Delegation, *, by: Actor) -> list[SeatOffer]:
    """Offer the free seats to whoever waits, in order, and write to them; the offers that were made."""
    hold(delegation)
    return [_offer(delegation, one, by=by) for one in plan(delegation)]


def _offer(delegation: Delegation, planned: Planned, *, by: Actor) -> SeatOffer:
    offer = SeatOffer(
        delegation_id=delegation.id,
        until=now() + LASTS,
        whole=any(one.whole for one in planned.party),
    )
    db.session.add(offer)
    db.session.flush()
    for one, seat in zip(planned.party, planned.seats, strict=True):
        one.status = WaitingStatus.OFFERED
        db.session.add(OfferedSeat(offer_id=offer.id, seat_id=seat.id, waiting_id=one.id))
    db.session.flush()
    audit.record("offer.make", offer, by=by, seats=[seat.code for seat in planned.seats])
    for person in {one.person for one in planned.party if one.person.email}:
        messages.tell_offered(offer, person, links.issue_link(LINK, offer.id, offer.until))
    enqueue(JOB, {"offer": offer.id}, due_at=offer.until)
    return offer


def open_offers(delegation: Delegation) -> Sequence[SeatOffer]:
    """The offers that wait for an answer, with their seats and people, the oldest first."""
    return db.session.scalars(
        select(SeatOffer)
        .where(SeatOffer.delegation_id == delegation.id, SeatOffer.status == S.OPEN)
        .order_by(SeatOffer.id)
        .options(
            selectinload(SeatOffer.seats).joinedload(OfferedSeat.seat),
            selectinload(SeatOffer.seats).joinedload(OfferedSeat.waiting).joinedload(WaitingPerson.person),
        )
    ).all()


def accept(offer: SeatOffer, chosen: Collection[int], *, by: Actor) -> list[Nomination]:
    """Name those of the party (ids of who waits) who come; the others give theirs up.

    Raises `OfferOver`, `NobodyChosen`, `AllOrNobody`, and what `nominate` raises.
    """
    _hold(offer)
    coming = [one for one in offer.seats if one.waiting_id in chosen]
    if not coming:
        raise NobodyChosen
    if offer.whole and len(coming) < len(offer.seats):
        raise AllOrNobody
    _close(offer, S.ACCEPTED, "", by=by)
    named = []
    for one in offer.seats:
        if one not in coming:
            waiting.leave(one.waiting, by=by)
            continue
        try:
            named.append(nominations.nominate(one.seat, as_nominee(one.waiting), by=by))
        except AlreadyNominated:  # they found a seat elsewhere
            waiting.leave(one.waiting, by=by)
        else:
            waiting.leave(one.waiting, by=by, status=WaitingStatus.SERVED)
    make(offer.delegation, by=by)
    return named


def decline(offer: SeatOffer, reason: str, *, by: Actor) -> list[SeatOffer]:
    """The party says no and waits no more; the next is offered. Raises `OfferOver`."""
    _hold(offer)
    _close(offer, S.DECLINED, reason, by=by)
    for one in offer.seats:
        waiting.leave(one.waiting, by=by)
    return make(offer.delegation, by=by)


def withdraw(offer: SeatOffer, reason: str, *, by: Actor) -> None:
    """Take an offer back: the seats are free, and the party waits where it stood. Raises `OfferOver`."""
    _hold(offer)
    _close(offer, S.WITHDRAWN, reason, by=by)


def end_in_time(payload: dict[str, Any]) -> None:
    """The job: pass on an offer that nobody answered. Does nothing too early, nor twice."""
    with transaction():
        offer = db.session.get(SeatOffer, payload["offer"])
        if offer is not None:
            expire(offer, by=System("waiting line"))


def expire(offer: SeatOffer, *, by: Actor) -> None:
    """End an offer whose time has passed; its party waits no more unless somebody puts it back."""
    hold(offer.delegation)
    hold(offer)
    if offer.status is not S.OPEN or offer.until > now():
        return
    _close(offer, S.EXPIRED, "", by=by)
    for one in offer.seats:
        waiting.leave(one.waiting, by=by, status=WaitingStatus.LAPSED)
    make(offer.delegation, by=by)


def as_nominee(one: WaitingPerson) -> Nominate:
    """Somebody who waited, as the person to name."""
    return Nominate(person=people.details_of(one.person), role=one.role)


def _hold(offer: SeatOffer) -> None:
    hold(offer.delegation)
    hold(offer)
    if offer.status is not S.OPEN or offer.until <= now():
        raise OfferOver


def _close(offer: SeatOffer, status: OfferStatus, reason: str, *, by: Actor) -> None:
    offer.status, offer.reason, offer.ended_at = status, " ".join(reason.split()), now()
    for one in offer.seats:
        one.held, one.waiting.status = False, WaitingStatus.WAITING
    db.session.flush()  # before another takes the seat
    audit.record(f"offer.{status.value}", offer, by=by, reason=offer.reason)
