"""Two levels of approval: the delegation's word, then the secretariat; later changes are looked at again."""

import re
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access import links
from access.models import User
from delegations.models import CredentialStatus, Delegation, Nomination, NominationStatus, Seat, SeatStatus
from delegations.seats import approvals, nominations
from delegations.seats.approvals import RecordFrozen
from delegations.seats.nominations import Nominate
from network.people import CompleteRecord
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, accredited, person

N = NominationStatus


def record(**changes: str) -> CompleteRecord:
    return CompleteRecord(**{"name": "Théo Démo", "country": "CA", **changes})  # type: ignore[arg-type]


def named(seat: Seat, name: str = "Théo Démo") -> Nomination:
    """Somebody who completed their record; call it in a transaction."""
    nomination = nominations.nominate(seat, Nominate(person=person(name)), by=BY)
    return nominations.complete(nomination, record(name=name))


def test_a_change_that_matters_is_approved_again(seat: Seat) -> None:
    with transaction():
        nomination = accredited(seat, "Théo Démo")
        registration = seat.registration_id
    with transaction():
        nominations.complete(nomination, record(diet="Sans arachides"))
    assert (nomination.status, seat.status) == (N.ACCREDITED, SeatStatus.ACCREDITED)
    with transaction():
        nominations.complete(nomination, record(organisation_name="Une autre maison"))
    assert (nomination.status, seat.status, nomination.endorsed_at) == (N.COMPLETED, SeatStatus.NAMED, None)
    with transaction():
        nominations.endorse(nomination, by=BY)
        assert nominations.accredit(nomination, by=BY).id == registration


def test_edits_freeze_at_the_deadline_of_the_gathering(seat: Seat, outaouais: Delegation) -> None:
    clock.travel_to(datetime(2005, 10, 31, 23, tzinfo=UTC))
    with transaction():
        outaouais.edition.delegation_deadline = date(2005, 10, 31)
        nomination = named(seat)
        late = nominations.nominate(outaouais.seats[1], Nominate(person=person("Lison Substitut")), by=BY)
    clock.travel_to(datetime(2005, 11, 1, 1, tzinfo=UTC))
    with pytest.raises(RecordFrozen), transaction():
        nominations.complete(nomination, record(diet="Végétarien"))
    with transaction():  # a first record comes late, as a substitute's does
        nominations.complete(late, record(name="Lison Substitut"))
        nominations.open_record(nomination, "Visa tardif", by=BY)
        nominations.complete(nomination, record(diet="Végétarien"))
    with pytest.raises(RecordFrozen), transaction():  # the exception is one person's
        nominations.complete(late, record(name="Lison Substitut", diet="Végétarien"))
    clock.travel_to(datetime(2005, 11, 9, tzinfo=UTC))
    with pytest.raises(RecordFrozen), transaction():
        nominations.complete(nomination, record(diet=""))
    with transaction():  # returning a record opens it
        nominations.return_(nomination, "Langues manquantes", by=BY)
        nominations.complete(nomination, record())
    assert nomination.status is N.COMPLETED


def test_who_may_correct_an_accredited_record_is_mailed_a_link_and_until_when(
    seat: Seat, outaouais: Delegation
) -> None:
    clock.travel_to(datetime(2005, 10, 20, tzinfo=UTC))
    with transaction():
        nomination = accredited(seat, "Ondine Exemple")
        outaouais.edition.delegation_deadline = date(2005, 10, 31)
    clock.travel_to(datetime(2005, 11, 2, 12, tzinfo=UTC))
    with transaction():
        nominations.open_record(nomination, "Passeport renouvelé", by=BY)
    mail = db.session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id.desc())).first()
    assert mail
    assert mail.payload["subject"].startswith("Vous pouvez corriger votre fiche pour Dakar 2005")
    assert "9 novembre 2005, 12:00" in " ".join(mail.payload["text"].split())
    token = re.search(r"/nominee/([\w-]+)", mail.payload["text"])
    assert token
    assert links.open_link("nominee", token[1]) == nomination.id
    with transaction():
        nominations.complete(nomination, record(name="Ondine Exemple", diet="Végétarien"))
    assert nomination.status is N.ACCREDITED  # nothing that is approved has changed


@pytest.fixture
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.mark.usefixtures("no_tokens")
def test_both_levels_in_bulk(client: FlaskClient, outaouais: Delegation, ondine: User, fatou: User) -> None:
    with transaction():
        waiting = [named(seat, f"Personne{seat.number} Exemple") for seat in outaouais.seats[:4]]
    ids = [one.id for one in waiting]
    sign_in(client, fatou)
    page = client.get("/delegations/accreditation").text
    assert "Personne1" in page and 'name="nomination"' not in page  # no word yet
    sign_in(client, ondine)
    assert "Personne4" in client.get("/delegations/DKR05-OUT/seats").text
    client.post("/delegations/DKR05-OUT/seats/confirm", data={"nomination": [*ids[:3], 999]})
    sign_in(client, fatou)
    told = client.get("/delegations/accreditation/preview", query_string={"nomination": ids}).text
    assert told.index("Personne3") < told.index("Qui reste") < told.index("Personne4")
    assert "750,00" in told  # three fees of 250.00
    assert {db.session.get_one(Nomination, one).status for one in ids} == {N.COMPLETED}
    answer = client.post("/delegations/accreditation", data={"nomination": ids}, follow_redirects=True)
    assert "Personne4 Exemple" in answer.text
    assert [db.session.get_one(Nomination, one).status for one in ids] == [*[N.ACCREDITED] * 3, N.COMPLETED]


@pytest.mark.usefixtures("no_tokens")
def test_one_record_is_opened_by_the_organiser(client: FlaskClient, seat: Seat, fatou: User) -> None:
    with transaction():
        seat.delegation.edition.delegation_deadline = date(2005, 10, 31)
        nomination = named(seat)
    sign_in(client, fatou)
    assert "/seats/1/open" in client.get("/delegations/DKR05-OUT/seats/1").text
    assert client.post("/delegations/DKR05-OUT/seats/1/open").status_code == 422  # why?
    client.post("/delegations/DKR05-OUT/seats/1/open", data={"reason": "Passeport renouvelé"})
    db.session.refresh(nomination)
    assert not approvals.is_frozen(nomination)


@pytest.mark.usefixtures("both_databases")
def test_both_levels_are_told_what_was_corrected_since(
    client: FlaskClient, seat: Seat, ondine: User, fatou: User
) -> None:
    """Approving again is about what changed: its name, for the trail keeps nobody's former name."""
    with transaction():
        ondine.locale = fatou.locale = "en"
        nomination = accredited(seat, "Théo Démo")
        nominations.complete(nomination, record(name="Théo Démo-Exemple", diet="Végétarien"))
    told = "corrected since accredited: Name"
    sign_in(client, ondine)
    assert told in client.get("/delegations/DKR05-OUT/seats").text
    assert "Corrected: Name" in client.get("/delegations/DKR05-OUT/seats/1").text
    sign_in(client, fatou)
    assert told in client.get("/delegations/accreditation").text  # before the delegation's word, and after
    with transaction():
        nominations.endorse(nomination, by=BY)
    assert told in client.get("/delegations/accreditation").text
    with transaction():
        nominations.accredit(nomination, by=BY)
    assert approvals.corrected([nomination]) == {}


@pytest.mark.usefixtures("no_tokens")
def test_whoever_can_pass_is_ticked_already(client: FlaskClient, outaouais: Delegation, fatou: User) -> None:
    with transaction():
        first, second = (named(seat, f"Personne{seat.number} Exemple") for seat in outaouais.seats[:2])
        second.credential = CredentialStatus.UPLOADED
    sign_in(client, fatou)
    page = client.get("/delegations/accreditation").text
    assert f'name="nomination" value="{first.id}" checked' in page
    assert f'name="nomination" value="{second.id}" checked' not in page
