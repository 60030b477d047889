"""Registration: the one way into an edition, and everything that may follow.

Money received is never refused: what does not fit the registration goes to the attention list.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import bindparam, select

from access import links
from events import badges, owed_again
from events.editions import BadFee, Window, window
from events.models import (
    HOLDS_A_PLACE,
    NOBODY_COMES,
    BadgeRole,
    Edition,
    EditionStatus,
    FeeTier,
    Registration,
    RegistrationStatus,
    new_code,
)
from events.places import (
    PURPOSE,
    ask_for_fee,
    first_status,
    give_back,
    has_room,
    lock,
    lock_with,
    move,
    take,
    tell,
)
from network.models import Person
from network.people import PersonDetails, enter_person, find_or_create_person, find_person
from shared import audit
from shared.audit import Actor, System
from shared.clock import now
from shared.database import connection, db, write
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import attention, payments
from treasury.models import Payment, PaymentMethod, PaymentStatus

LINK_LASTS = timedelta(days=30)  # after the edition has ended


class EditionFull(DomainError):
    """Every place is held. The page offers the waiting list."""

    code = "edition_full"
    message = _l("All places are taken. You can join the waiting list.")


class AlreadyRegistered(DomainError):
    """This person holds a registration of this edition that is not cancelled; `registration_id` names it."""

    code = "already_registered"
    message = _l("This person is already registered. We have sent the confirmation again.")


class RegistrationClosed(DomainError):
    """The edition is not open to registration now."""

    code = "registration_closed"
    message = _l("Registration is not open.")


class UnknownTier(DomainError):
    """The edition offers no such fee, or one must be chosen."""

    code = "unknown_tier"
    status = 422
    message = _l("Choose one of the fees.")


class ReasonMissing(DomainError):
    """A decision about somebody has a reason."""

    code = "reason_missing"
    status = 422
    message = _l("Write the reason.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Register:
    """One person for one edition.

    The fee is the tier's, else `fee` (which only the house decides), else the edition's. `submission_key` is
    drawn by the form: the same key again means the same registration. A registration with a `seat_code` comes
    from an accredited seat, so the public's window does not bind it; it takes a place like any other.
    """

    person: PersonDetails
    submission_key: str | None = None
    tier_code: str | None = None
    method: PaymentMethod | None = None
    fee: Money | None = None
    role: BadgeRole = BadgeRole.DELEGATE
    party_code: str = ""
    party_name: str = ""
    seat_code: str = ""
    waitlist_ok: bool = False
    access_needs: str = ""
    is_demo: bool = False
    provenance: str = ""


def register(edition: Edition, command: Register, *, by: Actor) -> Registration:
    """Register somebody: confirmed when nothing is due, else unpaid with a payment asked for.

    Raises `RegistrationClosed`, `UnknownTier`, `EditionFull` (unless `waitlist_ok`), `AlreadyRegistered` and
    what `find_or_create_person` raises.
    """
    lock(edition)
    if known := _submitted(command.submission_key):
        return known
    if not _admits(edition, command):
        raise RegistrationClosed
    tier = _tier(edition, command)
    fee = tier.amount if tier else edition.fee if command.fee is None else command.fee
    person = _person(edition, command, by)
    free = has_room(edition)
    if not free and not command.waitlist_ok:
        raise EditionFull
    registration = Registration(
        edition_id=edition.id,
        person_id=person.id,
        status=first_status(free, fee),
        role=command.role,
        tier_id=tier.id if tier else None,
        fee=fee,
        party_code=command.party_code,
        party_name=command.party_name,
        seat_code=command.seat_code,
        submission_key=command.submission_key,
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    registration.edition, registration.person = edition, person
    write(registration)
    if free:
        take(edition)
    audit.record("registration.create", registration, by=by, status=registration.status.value)
    if registration.status is RegistrationStatus.UNPAID:
        ask_for_fee(registration, command.method or PaymentMethod.TRANSFER, by=by)
    tell(registration, registration.status.value)
    return registration


def cancel(registration: Registration, reason: str, *, by: Actor) -> Registration:
    """Give the place back; the first on the waiting list is offered it. Cancelling twice is cancelling once.

    An unpaid payment is no longer asked for; a paid one goes to the attention list. Raises `ReasonMissing`.
    """
    if not reason.strip():
        raise ReasonMissing(field="reason")
    edition = lock_with(registration)
    if registration.status is RegistrationStatus.CANCELLED:
        return registration
    before = registration.status
    move(registration, RegistrationStatus.CANCELLED, by=by, reason=reason)
    badges.revoke_all(registration, reason, by=by)
    payment = registration.payment
    if payment and payment.status is PaymentStatus.REQUESTED:
        payments.cancel(payment, by=by)
    owed_again.no_longer_owed(registration, "cancelled", by=by)
    for paid in filter(None, (*owed_again.earlier_payments(registration), payment)):
        if paid.status in (PaymentStatus.SETTLED, PaymentStatus.RECORDED):
            attention.attend(
                "cancelled_after_payment",
                f"registration:{registration.id}:{paid.id}",
                payment_id=paid.id,
                details=f"{registration.code} – {paid.amount}",
            )
    tell(registration, "cancelled")
    if before in HOLDS_A_PLACE:
        give_back(edition, by=by)
    return registration


def admit_unpaid(registration: Registration, reason: str, *, by: Actor) -> Registration:
    """Let somebody in before the fee arrives; what is due stays due. Raises `ReasonMissing`, `Conflict`."""
    if not reason.strip():
        raise ReasonMissing(field="reason")
    lock_with(registration)
    if registration.status is not RegistrationStatus.UNPAID:
        raise Conflict
    registration.admit_unpaid, registration.admit_reason = True, reason.strip()
    audit.record("registration.admit_unpaid", registration, by=by, reason=reason)
    return registration


def fee_settled(payment: Payment) -> None:
    """The fee is in the books: confirm. Refuses nothing; what does not fit is put on the attention list."""
    registration = db.session.scalar(select(Registration).where(Registration.payment_id == payment.id))
    if registration is None:
        attention.attend(
            "registration_unknown", f"payment:{payment.id}", payment_id=payment.id, details=payment.reference
        )
        return
    db.session.refresh(registration, with_for_update=True)
    if registration.status is RegistrationStatus.UNPAID:
        move(registration, RegistrationStatus.CONFIRMED, by=System("treasury"))
        owed_again.no_longer_owed(registration, "paid", by=System("treasury"))
        tell(registration, "paid")
    elif registration.status not in (RegistrationStatus.CONFIRMED, RegistrationStatus.VACANT):
        attention.attend(
            f"paid_while_{registration.status.value}",
            f"registration:{registration.id}",
            payment_id=payment.id,
            details=f"{registration.code} – {payment.amount}",
        )


def replace_person(registration: Registration, details: PersonDetails, *, by: Actor) -> Registration:
    """Somebody else comes instead: same registration, same money, a new code; earlier links open no more.

    Their badges open no door any more. Raises `AlreadyRegistered`, `Conflict`.
    """
    edition = lock_with(registration)
    if registration.status is RegistrationStatus.CANCELLED:
        raise Conflict
    person = find_or_create_person(details, by=by)
    vacant = registration.status is RegistrationStatus.VACANT
    if person.id == registration.person_id and not vacant:
        return registration
    _refuse_twice(edition, person)
    before = registration.person_id
    registration.person_id, registration.person = person.id, person
    registration.code = new_code()
    links.revoke_links(PURPOSE, registration.id)
    badges.revoke_all(registration, "somebody else comes instead", by=by)
    if registration.payment is not None:
        payments.ask_another(registration.payment, person.name, person.email)
    if vacant:
        move(registration, _by_its_fee(registration), by=by)
    audit.record("registration.replace_person", registration, by=by, before=before, after=person.id)
    tell(registration, registration.status.value)
    return registration


def vacate(registration: Registration, reason: str, *, by: Actor) -> Registration:
    """Nobody comes on it for now: its place and its money wait for whoever is named next.

    The person is free to register again; their badges and links open nothing. What holds no place stays.
    """
    lock_with(registration)
    if registration.status not in HOLDS_A_PLACE:
        return registration
    move(registration, RegistrationStatus.VACANT, by=by, reason=reason)
    links.revoke_links(PURPOSE, registration.id)
    badges.revoke_all(registration, reason, by=by)
    return registration


def _by_its_fee(registration: Registration) -> RegistrationStatus:
    """How it stands once somebody comes on it: by what is due, and what of it is in the books."""
    payment = registration.payment
    settled = payment is None or payment.status is PaymentStatus.SETTLED
    return RegistrationStatus.CONFIRMED if settled else RegistrationStatus.UNPAID


def private_link(registration: Registration) -> str:
    """A new link's text for the page /registration/<text>; earlier ones stay good."""
    end = datetime.combine(registration.edition.ends_on, time.max, UTC)
    return links.issue_link(PURPOSE, registration.id, max(now(), end) + LINK_LASTS)


_SUBMITTED = select(Registration.id).where(Registration.submission_key == bindparam("key"))


def _submitted(key: str | None) -> Registration | None:
    known = connection().scalar(_SUBMITTED, {"key": key}) if key else None
    return None if known is None else db.session.get_one(Registration, known)


def _admits(edition: Edition, command: Register) -> bool:
    return admits_seats(edition) if command.seat_code else window(edition) is Window.OPEN


def admits_seats(edition: Edition) -> bool:
    """Whether who sits in a delegation's seat can be registered: the gathering is public, and not over."""
    return edition.status in (EditionStatus.OPEN, EditionStatus.CLOSED)


def _tier(edition: Edition, command: Register) -> FeeTier | None:
    if command.tier_code:
        for tier in edition.tiers:
            if tier.code == command.tier_code:
                return tier
        raise UnknownTier(field="tier")
    if command.fee is None and edition.tiers:
        raise UnknownTier(field="tier")
    if command.fee is not None and command.fee.minor < 0:
        raise BadFee(field="fee")
    return None


def _person(edition: Edition, command: Register, by: Actor) -> Person:
    """Who registers: known already, then not twice, or entered now."""
    details = replace(command.person, is_demo=command.is_demo or command.person.is_demo)
    person = find_person(details)
    if person is None:
        person = enter_person(details, by=by)
    else:
        _refuse_twice(edition, person)
    if command.access_needs:
        person.access_needs, person.access_needs_consented_at = command.access_needs, now()
    return person


def _refuse_twice(edition: Edition, person: Person) -> None:
    known = db.session.scalar(
        select(Registration.id).where(
            Registration.edition_id == edition.id,
            Registration.person_id == person.id,
            Registration.status.not_in(NOBODY_COMES),
        )
    )
    if known:
        raise AlreadyRegistered(registration_id=known)
