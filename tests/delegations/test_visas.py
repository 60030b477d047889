"""A visa: the letter leaves after accreditation and payment; a refusal keeps the seat and its money."""

from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access import links
from access.models import User
from delegations.models import Delegation, Nomination, NominationStatus, Seat
from delegations.seats import leaving, nominations, seats, travel, visas, waiting
from delegations.seats.nominations import Nominate
from delegations.seats.visa_models import TravelDocument
from delegations.seats.visas import DayAhead, LetterTooEarly, NotThisStep
from delegations.seats.waiting import Wait
from events import registration as registrations
from events.models import VisaRequest
from events.programme import VisaOutcome
from shared import clock
from shared.audit import AuditRecord
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, accredited, person

V = VisaOutcome
AUTUMN = datetime(2005, 10, 20, 9, tzinfo=UTC)


@pytest.fixture
def amina(seat: Seat) -> Nomination:
    """Amina Prototype, accredited for DKR05-OUT-01, her fee waived."""
    clock.travel_to(AUTUMN)
    with transaction():
        nomination = accredited(seat, "Amina Prototype")
        assert seat.registration
        registrations.admit_unpaid(seat.registration, "Prise en charge", by=BY)
    return nomination


@pytest.mark.usefixtures("both_databases")
def test_a_refusal_leads_to_whoever_waits(amina: Nomination, seat: Seat, fatou: User) -> None:
    with transaction():
        visas.note(amina, V.REQUESTED, date(2005, 10, 1), by=BY)
        letter = visas.issue_letter(amina, funded=True, by=fatou)
        waiting.wait(seat.delegation, Wait(person=person("Lison Substitut")), by=BY)
    assert (letter.number, visas.standing(amina)) == (1, V.ISSUED)
    assert visas.refused_seats(seat.delegation) == set()
    with transaction():
        visas.note(amina, V.REFUSED, date(2005, 10, 18), "Sans motif", by=BY)
    assert visas.refused_seats(seat.delegation) == {seat.id}
    registration = seat.registration_id
    with transaction():
        new = leaving.hand_over(seat, "Visa refusé", by=BY)
    assert (new.person.name, seat.registration_id) == ("Lison Substitut", registration)
    assert visas.refused_seats(seat.delegation) == set()
    assert letter.superseded_at and visas.letter_of(new) is None
    assert [step.outcome for step in visas.steps_of(seat)] == [V.REQUESTED, V.ISSUED, V.REFUSED]
    assert db.session.scalars(select(VisaRequest.outcome)).all() == ["refused"]
    edition = seat.delegation.edition
    shown = {show: [one.nomination for one in visas.lines_of(edition, show)] for show in (None, *visas.Show)}
    assert shown == {None: [], visas.Show.OPEN: [], visas.Show.REFUSED: [amina]}  # who has left by now


def test_a_letter_leaves_after_accreditation_and_payment(seat: Seat, fatou: User) -> None:
    with transaction():
        nomination = accredited(seat, "Amina Prototype")
    with pytest.raises(LetterTooEarly), transaction():
        visas.issue_letter(nomination, funded=False, by=fatou)
    assert seat.registration
    with transaction():
        registrations.admit_unpaid(seat.registration, "Prise en charge", by=BY)
        visas.issue_letter(nomination, funded=False, by=fatou)
        again = visas.issue_letter(nomination, funded=False, by=fatou)
    assert (again.number, visas.letter_of(nomination)) == (2, again)


def test_what_can_be_noted_and_when(amina: Nomination, seat: Seat) -> None:
    with pytest.raises(NotThisStep), transaction():
        visas.note(amina, V.GRANTED, date(2005, 10, 1), by=BY)  # nobody asked
    with pytest.raises(DayAhead), transaction():
        visas.note(amina, V.REQUESTED, date(2005, 10, 21), by=BY)
    with transaction():
        visas.note(amina, V.REQUESTED, date(2005, 10, 1), by=BY)
        visas.note(amina, V.REFUSED, date(2005, 10, 10), by=BY)
        visas.note(amina, V.REQUESTED, date(2005, 10, 12), "Nouveau dossier", by=BY)
    with transaction():  # who leaves the seat asks for nothing any more
        seats.withdraw_seat(seat, "Se retire", date(2005, 10, 20), by=BY)
    assert db.session.scalars(select(VisaRequest.outcome).order_by(VisaRequest.id)).all() == [
        "refused",
        "withdrawn",
    ]


@pytest.mark.usefixtures("both_databases")
def test_what_a_passport_says_is_on_the_letter_and_goes_with_the_answer(
    client: FlaskClient, amina: Nomination, ondine: User, fatou: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    monkeypatch.setattr("delegations.seats.visa_views.render_pdf", lambda html: html.encode())
    with transaction():
        token = links.issue_link("nominee", amina.id, datetime(2005, 12, 1, tzinfo=UTC))
    telling = f"/nominee/{token}/travel"
    assert client.get(telling).status_code == 404  # no visa is asked for: nothing is collected
    with transaction():
        visas.issue_letter(amina, funded=True, by=fatou)
    assert client.post(telling, data={"born_on": "2005-12-24", "passport": "SPECIMEN"}).status_code == 422
    told = {"born_on": "1960-04-03", "passport": "spec imen1"}
    assert client.post(telling, data=told).status_code == 302
    own = client.get(f"/nominee/{token}/invitation.pdf").text
    assert ("SPECIMEN1" in own, "1960" in own) == (True, True)
    letter = "/delegations/DKR05-OUT/seats/1/visa/letter.pdf"
    sign_in(client, fatou)
    assert "SPECIMEN1" in client.get(letter).text
    sign_in(client, ondine)
    shown = client.get(letter).text
    assert ("SPECIMEN1" in shown, "1960" in shown, 'class="room"' in shown) == (False, False, True)
    trail = db.session.scalars(select(AuditRecord).where(AuditRecord.action == "visa.travel_document")).all()
    assert [one.details for one in trail] == [{}]
    with transaction():
        visas.note(amina, V.GRANTED, date(2005, 10, 19), by=BY)
    assert db.session.scalars(select(TravelDocument)).all() == []


def test_what_a_passport_says_goes_with_the_person(amina: Nomination, fatou: User) -> None:
    with transaction():
        visas.issue_letter(amina, funded=True, by=fatou)
        travel.tell(amina, date(1960, 4, 3), "", by=BY)
    assert travel.document_of(amina)
    with transaction():
        nominations.substitute(amina.seat, Nominate(person=person("Lison Substitut")), "Malade", by=BY)
    assert db.session.scalars(select(TravelDocument)).all() == []


def test_from_the_request_to_the_letter_on_the_pages(
    client: FlaskClient,
    amina: Nomination,
    outaouais: Delegation,
    ondine: User,
    fatou: User,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    here = "/delegations/DKR05-OUT/seats/1/visa"
    sign_in(client, ondine)
    assert client.get(f"{here}/letter.pdf").status_code == 404
    client.post(here, data={"outcome": "requested", "on": "2005-10-03"})
    assert client.post(here, data={"outcome": "granted", "on": "2005-12-24"}).status_code == 422
    sign_in(client, fatou)
    client.post(f"{here}/letter")
    assert "Amina Prototype" in client.get("/delegations/visas/DKR05").text
    with transaction():
        token = links.issue_link("nominee", amina.id, datetime(2005, 12, 1, tzinfo=UTC))
    assert client.get(f"/nominee/{token}/invitation.pdf").data.startswith(b"%PDF")
    client.post(here, data={"outcome": "refused", "on": "2005-10-19", "note": "Sans motif"})
    told = client.get(here).text
    assert "La place n’est pas perdue" in told and "Sans motif" in told
    assert "Visa refusé" in client.get("/delegations/DKR05-OUT/seats/1/substitute").text
    assert amina.status is NominationStatus.ACCREDITED and outaouais.seats[0].registration_id
