"""What people receive: in their language, with what belongs to it attached, once, never what is untrue."""

import base64
from typing import Any

import pytest
from flask import Flask
from icalendar import Calendar
from sqlalchemy import select

from access import links
from access.models import User
from events import messages, registration
from events.models import Registration, RegistrationStatus
from network.people import PersonDetails
from outbox.jobs import Job, run_due
from shared import clock
from shared.database import db, transaction
from tests.events.gathering import BY, dakar, somebody, summer_university
from treasury import bank_details, payments


@pytest.fixture(autouse=True)
def bank(app: Flask) -> None:
    bank_details.settle("Caisse de démonstration\ntransit 00000 · compte 000000")


def mails() -> list[dict[str, Any]]:
    """What was sent, oldest first, after the worker has looked once."""
    run_due()
    jobs = db.session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id))
    return [job.payload for job in jobs]


def attached(mail: dict[str, Any]) -> dict[str, bytes]:
    return {one["name"]: base64.b64decode(one["content"]) for one in mail["attachments"]}


def join(**changes: Any) -> Registration:
    edition = dakar()
    with transaction():
        return registration.register(edition, somebody(**changes), by=BY)


def test_whoever_owes_a_fee_learns_the_reference_and_where_to_send_it(app: Flask) -> None:
    made = join()
    assert made.payment is not None
    [mail] = mails()
    assert mail["to"] == "personne1@example.org"
    assert mail["subject"] == "Dakar 2005 : votre place est réservée, il reste les frais"
    for said in (made.code, made.payment.reference, "60,00", "compte 000000", "22–26 novembre 2005"):
        assert said in mail["text"] and said in mail["html"]
    event = Calendar.from_ical(attached(mail)["DKR05.ics"].decode()).events[0]
    assert str(event["summary"]) == "Dakar 2005"


def test_who_comes_in_a_seat_is_told_that_the_delegation_may_pay(app: Flask) -> None:
    of_ours: dict[str, Any] = {
        "seat_code": "DKR05-OUT-01",
        "party_code": "DKR05-OUT",
        "party_name": "Outaouais",
    }
    made = join(**of_ours)
    with transaction():
        alone = registration.register(made.edition, somebody(2), by=BY)
    told = "Votre délégation (Outaouais) peut payer ces frais"
    assert [told in mail["text"].replace("\n", " ") for mail in mails()] == [True, False]
    for one, says in ((made, True), (alone, False)):
        with transaction():
            page = f"/registration/{registration.private_link(one)}"
        assert (told in app.test_client().get(page).text) is says


def test_the_link_in_the_message_opens_the_registration(app: Flask) -> None:
    made = join()
    [mail] = mails()
    token = mail["text"].split("/registration/")[1].split()[0]
    assert links.open_link("registration", token) == made.id


def test_somebody_who_reads_english_is_written_to_in_english(app: Flask) -> None:
    edition = summer_university()
    person = PersonDetails(name="Ondine Exemple", email="ondine@example.org", locale="en")
    with transaction():
        registration.register(edition, somebody(1, person=person, tier_code="gratuit"), by=BY)
    [mail] = mails()
    assert mail["subject"] == "Université d’été 2007: you are expected"
    assert "At the welcome desk" in mail["text"] and "Reference" not in mail["text"]


def test_a_fee_received_is_acknowledged_by_a_paper(app: Flask, aristide: User, zoe: User) -> None:
    made = join()
    assert made.payment is not None
    with transaction():
        payments.record_receipt(made.payment, payments.RecordReceipt(received_on=clock.today()), by=aristide)
    with transaction():
        payments.approve_receipt(made.payment, by=zoe)
    *_before, mail = mails()
    assert mail["subject"] == "Dakar 2005 : c’est payé, vous êtes attendu·e"
    paper = attached(mail)[f"{made.payment.reference}.pdf"]
    assert paper.startswith(b"%PDF")
    with app.app_context():
        assert paper == messages.acknowledgement(
            db.session.get_one(type(made.payment), made.payment.id), "fr"
        )


def test_what_is_no_longer_true_is_not_written(app: Flask) -> None:
    made = join()
    with transaction():
        registration.cancel(made, "cannot come", by=BY)
    [mail] = mails()
    assert "annulée" in mail["subject"] and "00000" not in mail["text"]


def test_a_job_that_runs_twice_writes_once(app: Flask) -> None:
    join()
    job = db.session.scalars(select(Job).where(Job.kind == "registration-message")).one()
    for _again in range(2):
        messages.send_message(job.payload)
    assert len(mails()) == 1


def test_who_waits_and_who_is_offered_a_place_are_told(app: Flask) -> None:
    edition = dakar(capacity=1)
    with transaction():
        first = registration.register(edition, somebody(1), by=BY)
        waiting = registration.register(edition, somebody(2, waitlist_ok=True), by=BY)
    mails()
    with transaction():
        registration.cancel(first, "cannot come", by=BY)
    told = [" ".join(mail["text"].split()) for mail in mails() if mail["to"] == "personne2@example.org"]
    assert "liste d’attente" in told[0] and "une place" in told[1].lower()
    assert waiting.status is RegistrationStatus.OFFERED
    assert "5 mai 2005" in told[1], "until when, in the zone of the gathering"
    clock.travel_to(clock.now().replace(day=6))
    run_due()
    assert db.session.get_one(Registration, waiting.id).status is RegistrationStatus.OFFERED, (
        "nobody else waits"
    )


def test_markup_in_a_name_is_text(app: Flask) -> None:
    person = PersonDetails(name="<b>Gras</b> & Cie", email="gras@example.org")
    join(person=person)
    [mail] = mails()
    assert "&lt;b&gt;Gras&lt;/b&gt; &amp; Cie" in mail["html"] and "<b>Gras</b> & Cie" in mail["text"]
