"""The limited places of an edition: taken, given back and offered to who waits. The only writer of the count.

`Edition.places_taken` counts the registrations that hold a place. It changes only here, under the edition's
row lock (the write lock on SQLite). Locks are taken in one order everywhere: payment, ledger, edition.
"""

import secrets
from datetime import timedelta
from functools import cache

from flask_babel import force_locale
from sqlalchemy import Update, bindparam, inspect, select, update
from sqlalchemy.orm import joinedload
from sqlalchemy.orm.attributes import set_committed_value

from events.models import Edition, EditionStatus, Registration, RegistrationStatus
from outbox import jobs
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import connection, db
from shared.errors import Conflict
from shared.i18n import DEFAULT_LOCALE, LOCALES, _
from shared.money import Money
from treasury import chart, payments
from treasury.models import Payment, PaymentMethod

PURPOSE = "registration"
"""Purpose of the payments of fees, and of the private links of registrations."""

OFFER_LASTS = timedelta(days=3)


_HELD = (
    select(Edition)
    .where(Edition.id == bindparam("id"))
    .options(joinedload(Edition.tiers))
    .with_for_update(of=Edition)
    .execution_options(populate_existing=True)
)


def lock(edition: Edition) -> None:
    """Hold the edition's row until the transaction ends, and read it and its fees again as they are now."""
    db.session.flush()  # reading again would undo what is not written yet
    (key,) = inspect(edition).identity or (edition.id,)
    db.session.scalars(_HELD, {"id": key}).unique().one()


def lock_with(registration: Registration) -> Edition:
    """Hold a registration's payment and edition, and read all three again as they are now."""
    db.session.flush()
    if registration.payment_id is not None:
        db.session.get_one(Payment, registration.payment_id, with_for_update=True, populate_existing=True)
    edition = db.session.get_one(
        Edition, registration.edition_id, with_for_update=True, populate_existing=True
    )
    db.session.refresh(registration)
    return edition


def has_room(edition: Edition) -> bool:
    """Whether one more place may be taken; asked under the lock."""
    return edition.capacity is None or edition.places_taken < edition.capacity


def take(edition: Edition) -> None:
    """One more place is held; the caller holds the lock and has asked `has_room`."""
    _amend(edition, places_taken=edition.places_taken + 1)


def give_back(edition: Edition, *, by: Actor) -> None:
    """One place less is held; whoever waits is offered it."""
    _amend(edition, places_taken=edition.places_taken - 1)
    _offer(edition, by=by)


def first_status(free: bool, fee: Money) -> RegistrationStatus:
    """What a registration becomes: waiting without a free place, else unpaid while a fee is due."""
    if not free:
        return RegistrationStatus.WAITLISTED
    return RegistrationStatus.UNPAID if fee.minor else RegistrationStatus.CONFIRMED


def move(registration: Registration, status: RegistrationStatus, *, by: Actor, reason: str = "") -> None:
    """One transition, with who and why."""
    before, registration.status = registration.status, status
    audit.record(f"registration.{status.value}", registration, by=by, reason=reason, before=before.value)


def offer_places(edition: Edition, *, by: Actor) -> int:
    """Offer free places to who waits, first come first; who let an offer pass comes last. How many offers."""
    lock(edition)
    return _offer(edition, by=by)


def _offer(edition: Edition, *, by: Actor) -> int:
    offers = 0
    while has_room(edition) and edition.status is EditionStatus.OPEN and (waiting := _next_waiting(edition)):
        waiting.offered_until = now() + OFFER_LASTS
        move(waiting, RegistrationStatus.OFFERED, by=by)
        take(edition)
        tell(waiting, "offered")
        jobs.enqueue(
            "registration-offer-ends",
            {"registration": waiting.id, "until": waiting.offered_until.isoformat()},
            due_at=waiting.offered_until,
        )
        offers += 1
    return offers


def accept_offer(
    registration: Registration, *, method: PaymentMethod = PaymentMethod.TRANSFER, by: Actor
) -> Registration:
    """Take the place that was offered. Raises `Conflict` when there is no offer or it has passed."""
    lock_with(registration)
    if registration.status is not RegistrationStatus.OFFERED or _passed(registration):
        raise Conflict
    registration.offered_until = None
    status = first_status(True, registration.fee)
    move(registration, status, by=by)
    if status is RegistrationStatus.UNPAID:
        ask_for_fee(registration, method, by=by)
    tell(registration, status.value)
    return registration


def end_offer(registration: Registration, *, by: Actor) -> Registration:
    """Pass an offer nobody took to the next; whoever let it pass waits on, last. Does nothing too early."""
    edition = lock_with(registration)
    if registration.status is RegistrationStatus.OFFERED and _passed(registration):
        move(registration, RegistrationStatus.WAITLISTED, by=by, reason="the offer was not taken in time")
        give_back(edition, by=by)
    return registration


def ask_for_fee(
    registration: Registration, method: PaymentMethod, *, by: Actor, amount: Money | None = None
) -> Payment:
    """The payment of the fee, or of `amount` that went of it again, asked for into the edition's fund."""
    edition = registration.edition
    assert edition.fund_id is not None, "an edition that takes fees has a fund"
    payment = payments.request(
        payments.RequestPayment(
            purpose=PURPOSE,
            subject_id=registration.id,
            amount=registration.fee if amount is None else amount,
            fund_id=edition.fund_id,
            income_code=chart.FEES,
            method=method,
            description=_fee_words(registration),
            payer_name=registration.person.name,
            payer_email=registration.person.email,
        ),
        by=by,
    )
    _amend(registration, payment_id=payment.id)
    set_committed_value(registration, "payment", payment)
    return payment


def _fee_words(registration: Registration) -> str:
    """What the fee is called on the page to pay on and in the journal, in the payer's language."""
    locale = registration.person.locale
    with force_locale(locale if locale in LOCALES else DEFAULT_LOCALE):
        return str(
            _(
                "Registration fee, %(edition)s · %(code)s",
                edition=registration.edition.name,
                code=registration.code,
            )
        )


def tell(registration: Registration, about: str, *, key: str | None = None) -> None:
    """Have a message written to the person by the worker: what happened, and what happens next.

    The same `key` is told once.
    """
    if registration.person.email:
        jobs.enqueue(
            "registration-message",
            {"registration": registration.id, "about": about, "once": secrets.token_hex(8)},
            key=key,
        )


def _next_waiting(edition: Edition) -> Registration | None:
    return db.session.scalars(
        select(Registration)
        .where(Registration.edition_id == edition.id, Registration.status == RegistrationStatus.WAITLISTED)
        .order_by(
            Registration.offered_until.is_not(None),
            Registration.offered_until,
            Registration.created_at,
            Registration.id,
        )
        .limit(1)
    ).one_or_none()


def _passed(registration: Registration) -> bool:
    return registration.offered_until is not None and registration.offered_until <= now()


def _amend(row: Edition | Registration, **values: object) -> None:
    """Change columns of a written row now, with one statement; the session holds the new values too."""
    connection().execute(_amendment(type(row)), {"row_id": row.id, **values})
    for name, value in values.items():
        set_committed_value(row, name, value)


@cache
def _amendment(kind: type[Edition] | type[Registration]) -> Update:
    """The statement that changes the row of a table whose key is given as ``row_id``."""
    return update(kind).where(kind.id == bindparam("row_id"))
