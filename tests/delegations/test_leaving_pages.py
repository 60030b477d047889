"""A person leaves a seat on a page: what was read is what happens, and whoever had the seat is told."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.models import CredentialStatus, Delegation, NominationStatus, Seat, SeatStatus
from delegations.seats import leaving, nominations, offers, visas, waiting
from delegations.seats.leaving import SomebodyElseSits
from delegations.seats.nominations import Nominate
from delegations.seats.waiting import Wait
from delegations.stays import stays
from events import badges
from events import registration as registrations
from events.models import RegistrationStatus
from events.programme import VisaOutcome
from network.people import CompleteRecord, PersonDetails
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, accredited, person

AUTUMN = datetime(2005, 10, 24, 12, tzinfo=UTC)
SEAT = "/delegations/DKR05-OUT/seats/1"
TO = {"email": "noe.essai@example.org", "role": "D", "locale": "fr"}


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is sent here is written by the test, not by a page with a token in it."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


def read(client: FlaskClient, page: str) -> dict[str, str]:
    """What the page remembers of whom it spoke of."""
    text = client.get(page).text
    found = re.findall(r'<input[^>]*name="(seated|comes)"[^>]*>', text)
    values = re.findall(r'<input[^>]*name="(?:seated|comes)"[^>]*value="([^"]*)"', text)
    return dict(zip(found, values, strict=True))


def told() -> list[tuple[str, str]]:
    """Whom a message was written to, and its subject."""
    jobs = db.session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id))
    return [(job.payload["to"], job.payload["subject"]) for job in jobs]


def sits(seat: Seat) -> str:
    db.session.expire_all()
    return seat.nomination.person.name if seat.nomination else ""


@pytest.fixture
def line(outaouais: Delegation, seat: Seat) -> list[str]:
    """Théo Démo sits in the first seat; Lison Substitut waits first, then Noé Essai."""
    with transaction():
        accredited(seat, "Théo Démo")
        for name in ("Lison Substitut", "Noé Essai"):
            waiting.wait(outaouais, Wait(person=person(name)), by=BY)
    return ["Lison Substitut", "Noé Essai"]


@pytest.mark.usefixtures("line")
def test_a_seat_is_handed_over_once_from_one_page(client: FlaskClient, seat: Seat, fatou: User) -> None:
    sign_in(client, fatou)
    seen = read(client, f"{SEAT}/substitute")
    first = client.post(f"{SEAT}/hand-over", data={**seen, "reason": "Empêchement familial"})
    assert (first.status_code, sits(seat)) == (302, "Lison Substitut")
    second = client.post(f"{SEAT}/hand-over", data={**seen, "reason": "Pressé deux fois"})
    assert (second.status_code, sits(seat)) == (409, "Lison Substitut")
    assert "La personne de cette place a changé" in second.text
    assert "Donner la place à Noé Essai" in second.text and "Pressé deux fois" in second.text
    again = read(client, f"{SEAT}/substitute")
    client.post(f"{SEAT}/hand-over", data={**again, "reason": "Décidé après lecture"})
    assert sits(seat) == "Noé Essai"


@pytest.mark.usefixtures("line")
def test_another_who_waits_first_is_not_given_the_seat_unread(
    client: FlaskClient, seat: Seat, outaouais: Delegation, fatou: User
) -> None:
    sign_in(client, fatou)
    seen = read(client, f"{SEAT}/substitute")
    with transaction():
        waiting.leave(waiting.line_of(outaouais)[0], by=BY)
    refused = client.post(f"{SEAT}/hand-over", data={**seen, "reason": "Malade"})
    assert (refused.status_code, sits(seat)) == (409, "Théo Démo")
    assert "attend maintenant en premier" in refused.text
    with transaction():
        waiting.leave(waiting.line_of(outaouais)[0], by=BY)
    nobody = client.post(f"{SEAT}/hand-over", data={**seen, "reason": "Malade"})
    assert "Plus personne n’attend cette place" in nobody.text and "Malade" in nobody.text


@pytest.mark.parametrize(
    ("act", "more"),
    [
        ("substitute", {**TO, "name": "Noé Essai"}),
        ("withdraw", {"on": "2005-03-11"}),
        ("take-back", {}),
    ],
)
def test_nothing_happens_to_somebody_of_whom_the_page_did_not_speak(
    client: FlaskClient, seat: Seat, fatou: User, act: str, more: Mapping[str, str]
) -> None:
    with transaction():
        nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
    sign_in(client, fatou)
    seen = read(client, f"{SEAT}/{act}")
    with transaction():
        leaving.replace(seat, Nominate(person=person("Lison Substitut")), "Malade", by=BY)
    refused = client.post(f"{SEAT}/{act}", data={**seen, **more, "reason": "Ne vient pas"})
    assert (refused.status_code, sits(seat)) == (422, "Lison Substitut")
    assert "La personne de cette place a changé" in refused.text and "Ne vient pas" in refused.text
    read_again = {**read(client, f"{SEAT}/{act}"), **more, "reason": "Ne vient pas"}
    assert client.post(f"{SEAT}/{act}", data=read_again).status_code == 302
    assert sits(seat) != "Lison Substitut"


def test_nobody_is_taken_back_twice(client: FlaskClient, seat: Seat, fatou: User) -> None:
    with transaction():
        nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
        leaving.take_back(seat, "Erreur", by=BY)
    with pytest.raises(SomebodyElseSits), transaction():
        leaving.take_back(seat, "Erreur", by=BY)
    sign_in(client, fatou)
    for page in ("substitute", "take-back"):
        assert client.get(f"{SEAT}/{page}").location == SEAT
    assert client.post(f"{SEAT}/hand-over", data={"reason": "Malade"}).location == SEAT


def test_whoever_had_the_seat_is_told_and_not_why(seat: Seat, outaouais: Delegation) -> None:
    """Where a registration ends, its own message says so."""
    with transaction():
        accredited(seat, "Théo Démo")
        leaving.replace(seat, Nominate(person=person("Noé Essai")), "Malade", by=BY)
        nominations.nominate(outaouais.seats[1], Nominate(person=person("Inés Ejemplo")), by=BY)
        leaving.take_back(outaouais.seats[1], "Erreur", by=BY)
        nominations.nominate(outaouais.seats[2], Nominate(person=person("João Amostra")), by=BY)
        leaving.withdraw(
            outaouais.seats[2], "Trop cher", outaouais.edition.starts_on.replace(year=2002), by=BY
        )
        accredited(outaouais.seats[3], "Ruth Placeholder")
        leaving.withdraw(
            outaouais.seats[3], "Trop cher", outaouais.edition.starts_on.replace(year=2002), by=BY
        )
    subject = "Vous n’avez plus de place pour Dakar 2005 (22 novembre 2005)"
    left = [to for to, words in told() if words == subject]
    assert left == ["théo@example.org", "inés@example.org", "joão@example.org"]
    [text] = [
        job.payload["text"]
        for job in db.session.scalars(select(Job).where(Job.kind == "mail"))
        if job.payload["subject"] == subject and job.payload["to"].startswith("théo")
    ]
    assert "DKR05-OUT-01" in text and "Malade" not in text
    assert [one.status for one in outaouais.seats[2:4]] == [SeatStatus.WITHDRAWN] * 2
    assert seat.nominations[0].status is NominationStatus.SUBSTITUTED


@pytest.mark.parametrize("leaving_by", ["substitute", "withdraw"])
def test_all_that_follows_for_who_leaves_is_read_first(
    client: FlaskClient, ondine: User, fatou: User, seat: Seat, leaving_by: str
) -> None:
    """Lison Substitut has a badge, a nomination letter, an invitation letter, an open visa and a bed."""
    clock.travel_to(AUTUMN)
    with transaction():
        ondine.locale = "en"
        nomination = accredited(seat, "Lison Substitut")
        nomination.credential = CredentialStatus.VERIFIED
        assert seat.registration
        registrations.admit_unpaid(seat.registration, "Paid by the delegation", by=BY)
        badges.issue_badge(seat.registration, by=BY)
        visas.issue_letter(nomination, funded=True, by=fatou)
        stays.lodge(nomination, "Room 1", by=BY)
    sign_in(client, ondine)
    read_first = client.get(f"{SEAT}/{leaving_by}").text
    for line in (
        "Lison Substitut is told by e-mail; your reason stays with the delegation.",
        "The private link of Lison Substitut stops working.",
        "1 badge is revoked.",
        "The nomination letter of Lison Substitut no longer counts.",
        "The invitation letter no. 1 is superseded",
        "The visa is no longer asked for.",
        "The place to sleep is free again: Room 1.",
    ):
        assert line in read_first
    left = {"reason": "Empêchement", "on": "2005-10-24", "name": "Awa Exemple", "seated": nomination.id} | TO
    client.post(f"{SEAT}/{leaving_by}", data=left)
    assert (visas.standing(nomination), visas.letter_of(nomination)) == (VisaOutcome.WITHDRAWN, None)
    assert stays.stay_of(nomination) is None


def test_what_follows_a_nomination_taken_back_is_read_first(
    client: FlaskClient, ondine: User, seat: Seat
) -> None:
    clock.travel_to(AUTUMN)
    with transaction():
        ondine.locale = "en"
        nomination = nominations.nominate(seat, Nominate(person=PersonDetails(name="Awa Exemple")), by=BY)
        stays.lodge(nomination, "Room 1", by=BY)
    sign_in(client, ondine)
    read_first = client.get(f"{SEAT}/take-back").text
    assert "No e-mail address of Awa Exemple is known: it is for the delegation to tell them." in read_first
    assert "The place to sleep is free again: Room 1." in read_first


def test_whom_the_free_seats_go_to_is_read_first_also_where_it_is_a_family(
    client: FlaskClient, fatou: User, seat: Seat, outaouais: Delegation
) -> None:
    """One seat is free and a family of two waits whole: the seat that is freed makes two."""
    with transaction():
        fatou.locale = "en"
        named = [
            nominations.nominate(one, Nominate(person=person(f"Titulaire{one.number} Exemple")), by=BY)
            for one in outaouais.seats[:5]
        ]
        nominations.complete(named[0], CompleteRecord(name="Titulaire1 Exemple"))
        for name in ("Awa Famille", "Binta Famille"):
            waiting.wait(outaouais, Wait(person=person(name), party="Famille", whole=True), by=BY)
    sign_in(client, fatou)
    offered = "Awa Famille, Binta Famille → DKR05-OUT-01, DKR05-OUT-06"
    assert offered in client.get(f"{SEAT}/refuse").text and offered in client.get(f"{SEAT}/take-back").text
    page = client.post(f"{SEAT}/refuse", data={"reason": "Dossier"}, follow_redirects=True).text
    assert "Binta Famille waited first and is offered a seat." in page
    [offer] = offers.open_offers(outaouais)
    assert [held.seat.code for held in offer.seats] == ["DKR05-OUT-01", "DKR05-OUT-06"]


def test_turning_down_who_was_accredited_before_says_what_becomes_of_the_registration(
    client: FlaskClient, fatou: User, seat: Seat
) -> None:
    with transaction():
        fatou.locale = "en"
        nominations.complete(accredited(seat, "Théo Démo"), CompleteRecord(name="Théo Démo-Exemple"))
    sign_in(client, fatou)
    kept = "The registration and its fee stay with the seat, for whoever is named next."
    assert kept in client.get(f"{SEAT}/refuse").text
    client.post(f"{SEAT}/refuse", data={"reason": "Une autre personne"})
    db.session.refresh(seat)
    assert seat.registration and seat.registration.status is RegistrationStatus.VACANT
