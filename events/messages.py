"""What people are told about their registration: written by the worker, in their language, once each.

A message is written from what is true when it is written: one that came too late is not sent, because
another one follows it.
"""

from collections.abc import Mapping
from typing import Any

from babel.dates import format_date, format_datetime
from babel.dates import get_timezone as zone_of
from flask_babel import force_locale
from sqlalchemy import select

from documents.pdf import render_pdf
from events.calendar import MIME, calendar_file
from events.models import Registration, RegistrationStatus
from events.owed_again import earlier_payments, why_gone
from events.places import end_offer
from events.registration import private_link
from events.wording import days
from outbox import mail
from outbox.mail import Attachment
from outbox.rendering import render
from shared.addresses import absolute
from shared.audit import System
from shared.database import db, transaction
from shared.i18n import DEFAULT_LOCALE, LOCALES, LazyString, _, _l
from shared.money import format_money
from treasury.bank_details import bank_details
from treasury.models import Payment, PaymentStatus
from treasury.payments import Gone
from treasury.wording import METHODS

S = RegistrationStatus

TRUE_WHILE: Mapping[str, S] = {
    "awaiting_approval": S.AWAITING_APPROVAL,
    "unpaid": S.UNPAID,
    "owed_again": S.UNPAID,
    "confirmed": S.CONFIRMED,
    "paid": S.CONFIRMED,
    "waitlisted": S.WAITLISTED,
    "offered": S.OFFERED,
    "cancelled": S.CANCELLED,
}
"""What a message is about → the status in which it is still true."""

SUBJECTS: Mapping[str, LazyString] = {
    "awaiting_approval": _l("%(edition)s: we have your request"),
    "unpaid": _l("%(edition)s: your place is kept, the fee remains"),
    "owed_again": _l("%(edition)s: your payment came back, the fee is due again"),
    "confirmed": _l("%(edition)s: you are expected"),
    "paid": _l("%(edition)s: paid, you are expected"),
    "waitlisted": _l("%(edition)s: you are on the waiting list"),
    "offered": _l("%(edition)s: a place is free for you"),
    "cancelled": _l("%(edition)s: your registration is cancelled"),
}

GONE: Mapping[Gone, LazyString] = {
    Gone.TAKEN_BACK: _l("The bank took your payment back: the cheque or the transfer came back to it."),
    Gone.DISPUTE_LOST: _l("Your card payment was disputed, and the card’s bank gave the money back."),
}
"""Why a fee that had come is due again, to whoever paid it."""


def send_message(payload: dict[str, Any]) -> None:
    """The job `registration-message`: ``registration`` (id), ``about`` (a key of `TRUE_WHILE`), ``once``."""
    about = payload["about"]
    registration = db.session.get(Registration, payload["registration"])
    if registration is None or registration.status is not TRUE_WHILE[about] or not registration.person.email:
        return
    locale = registration.person.locale if registration.person.locale in LOCALES else DEFAULT_LOCALE
    with force_locale(locale):
        attachments = _attachments(registration, about)
        with transaction():
            registration = db.session.get_one(Registration, payload["registration"])
            if registration.status is not TRUE_WHILE[about]:
                return
            told = _told(registration, about, locale)
            mail.send(
                registration.person.email,
                told["subject"],
                render("events/email/registration.txt", **told),
                render("events/email/registration.html", **told),
                key=f"registration-message:{payload['once']}",
                attachments=attachments,
            )


def end_offer_in_time(payload: dict[str, Any]) -> None:
    """The job `registration-offer-ends`: pass on an offer that nobody took."""
    with transaction():
        registration = db.session.get(Registration, payload["registration"])
        if registration is not None:
            end_offer(registration, by=System("waiting list"))


def acknowledgement(payment: Payment, locale: str) -> bytes:
    """A PDF that says what was received, from whom and for what. It is no official donation receipt."""
    registration = db.session.scalars(select(Registration).where(Registration.payment_id == payment.id)).one()
    with force_locale(locale):
        html = render(
            "events/print/acknowledgement.html",
            payment=payment,
            registration=registration,
            amount=format_money(payment.amount, locale),
            received_on=format_date(payment.received_on, "long", locale=locale),
            method=METHODS[payment.method],
        )
    return render_pdf(html)


def _attachments(registration: Registration, about: str) -> list[Attachment]:
    """The calendar file for who holds a place; the acknowledgement once money came."""
    if about not in ("unpaid", "confirmed", "paid"):
        return []
    found = [Attachment(f"{registration.edition.code}.ics", MIME, calendar_file(registration))]
    payment = registration.payment
    if payment and payment.status is PaymentStatus.SETTLED:
        pdf = acknowledgement(payment, registration.person.locale)
        found.append(Attachment(f"{payment.reference}.pdf", "application/pdf", pdf))
    return found


def _told(registration: Registration, about: str, locale: str) -> dict[str, Any]:
    edition, payment = registration.edition, registration.payment
    due = payment if payment and payment.status is PaymentStatus.REQUESTED else None
    return {
        "about": about,
        "subject": str(SUBJECTS[about]) % {"edition": edition.name},
        "name": registration.person.name,
        "sentences": _sentences(registration, about, locale),
        "code": registration.code,
        "link": absolute(f"/registration/{private_link(registration)}"),
        "amount": format_money(due.amount if due else registration.fee, locale),
        "due": due,
        "bank_details": bank_details(),
    }


def fee_of_a_seat(registration: Registration) -> str:
    """Who comes in a seat is not asked alone: the money saved for the seat may pay its fee."""
    words = _("The fee may be paid by your delegation (%(party)s): ask there before you pay it yourself.",
              party=registration.party_name)  # fmt: skip
    return str(words)


def _sentences(registration: Registration, about: str, locale: str) -> list[str]:
    """What happened, and what happens next."""
    edition = registration.edition
    filled = {
        "edition": edition.name,
        "place": edition.place,
        "days": days(edition.starts_on, edition.ends_on, locale),
    }
    if about == "unpaid":
        return [
            _("A place at %(edition)s (%(place)s, %(days)s) is kept for you.", **filled),
            *([fee_of_a_seat(registration)] if registration.seat_code else []),
            _("It is confirmed once the fee has arrived."),
        ]
    if about == "owed_again":
        return [
            *(str(GONE[why_gone(one)]) for one in earlier_payments(registration)[-1:]),
            _("Your place at %(edition)s (%(place)s, %(days)s) stays yours; the fee is due again.", **filled),
            _("It is confirmed once the fee has arrived."),
        ]
    if about in ("confirmed", "paid"):
        return [
            _("You are expected at %(edition)s (%(place)s, %(days)s).", **filled),
            _("At the welcome desk, show your code or say your name."),
            *([_("The acknowledgement of your payment is attached.")] if about == "paid" else []),
        ]
    if about == "waitlisted":
        return [
            _("All places at %(edition)s are taken: you are on the waiting list.", edition=edition.name),
            _("As soon as a place is free for you, we write. Nothing is due until then."),
        ]
    if about == "offered" and registration.offered_until:
        until = format_datetime(
            registration.offered_until, "long", tzinfo=zone_of(edition.zone), locale=locale
        )
        return [
            _("A place at %(edition)s is free for you.", edition=edition.name),
            _("It is kept until %(until)s. Take it on your page.", until=until),
        ]
    if about == "cancelled":
        return [
            _("Your registration for %(edition)s is cancelled.", edition=edition.name),
            _("If you have paid, the treasurer writes to you about the money."),
        ]
    return [_("The organisers look at your request and write to you.")]
