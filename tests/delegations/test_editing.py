"""Two people change one thing: the second is told what changed and loses nothing typed."""

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access import grants, users
from access.models import RoleName, User
from access.users import CreateUser
from delegations.lifecycle import invitations
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import Delegation, Seat
from delegations.seats import nominations, seats
from delegations.seats.nominations import Nominate, SeatTaken
from events.models import Edition
from network import people
from network.people import CompleteRecord
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.crowd import at_once
from tests.delegations.conftest import BY, person
from tests.delegations.test_nominations import token_in_mail

pytestmark = pytest.mark.usefixtures("both_databases", "no_tokens")


@pytest.fixture
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


def seen_on(client: FlaskClient, address: str) -> str:
    """What the form remembers of the moment when it was opened."""
    found = re.search(r'name="seen"[^>]*value="([^"]*)"', client.get(address).text)
    assert found
    return html.unescape(found[1])


@pytest.fixture
def horizons(dakar: Edition) -> Delegation:
    """The delegation Coopération, invited; it asks for three seats."""
    with transaction():
        invited = InviteDelegation(edition_id=dakar.id, code="DKR05-COO", name="Coopération")
        return invitations.request_seats(invitations.invite(invited, by=BY), 3, "Trois comités", by=BY)


@pytest.fixture
def head(horizons: Delegation) -> User:
    with transaction():
        user = users.create_user(CreateUser(email="theo@example.org", name="Théo Démo"), by=BY)
        grants.grant(user, RoleName.HEAD_OF_DELEGATION, by=BY, delegation_id=horizons.id)
    return user


def test_two_heads_ask_for_seats(client: FlaskClient, horizons: Delegation, head: User) -> None:
    sign_in(client, head)
    where = "/delegations/DKR05-COO/request"
    seen = seen_on(client, where)
    with transaction():
        invitations.request_seats(horizons, 5, "Cinq comités", by=BY)
    mine: dict[str, Any] = {"count": "4", "note": "Trois comités", "seen": seen}
    told = client.post(where, data=mine)
    assert told.status_code == 422
    assert 'value="4"' in told.text  # typed: kept
    assert "Cinq comités</textarea>" in told.text.replace("\r\n", "")  # not touched: follows
    db.session.refresh(horizons)
    assert horizons.seats_requested == 5
    again = re.search(r'name="seen"[^>]*value="([^"]*)"', told.text)
    assert again
    decided = client.post(where, data={**mine, "note": "Cinq comités", "seen": html.unescape(again[1])})
    assert decided.status_code == 302
    db.session.refresh(horizons)
    assert (horizons.seats_requested, horizons.request_note) == (4, "Cinq comités")


def test_the_same_form_sent_twice_is_no_conflict(
    client: FlaskClient, horizons: Delegation, head: User
) -> None:
    sign_in(client, head)
    where = "/delegations/DKR05-COO/request"
    mine = {"count": "4", "note": "Quatre", "seen": seen_on(client, where)}
    assert [client.post(where, data=mine).status_code for _ in range(2)] == [302, 302]


def test_the_request_changes_while_the_organiser_answers_it(
    client: FlaskClient, horizons: Delegation, fatou: User
) -> None:
    sign_in(client, fatou)
    where = "/delegations/DKR05-COO/allocate"
    seen = seen_on(client, where)
    with transaction():
        invitations.request_seats(horizons, 5, "Cinq comités", by=BY)
    told = client.post(where, data={"count": "2", "seen": seen})
    assert told.status_code == 422 and 'value="2"' in told.text
    again = re.search(r'name="seen"[^>]*value="([^"]*)"', told.text)
    assert again
    client.post(where, data={"count": "2", "seen": html.unescape(again[1])})
    db.session.refresh(horizons)
    assert horizons.seats_allocated == 2


def test_two_heads_say_who_nominates(client: FlaskClient, seat: Seat, ondine: User) -> None:
    sign_in(client, ondine)
    where = "/delegations/DKR05-OUT/seats/1"
    seen = seen_on(client, where)
    with transaction():
        seats.set_nominator(seat, "Ville fictive", by=BY)
    told = client.post(f"{where}/nominator", data={"nominator": "Collège fictif", "seen": seen})
    assert told.status_code == 422
    assert "Ville fictive" in told.text and 'value="Collège fictif"' in told.text
    db.session.refresh(seat)
    assert seat.nominator == "Ville fictive"


def test_a_record_completed_on_two_telephones(client: FlaskClient, seat: Seat, ondine: User) -> None:
    with transaction():
        nomination = nominations.nominate(seat, Nominate(person=person("Lison Substitut")), by=ondine)
    where = f"/nominee/{token_in_mail(nomination.person.email)}"
    seen = seen_on(client, where)
    theirs = CompleteRecord(
        name="Lison Substitut", country="CA", languages=("fr", "es"), diet="Sans arachide"
    )
    with transaction():
        people.complete_record(nomination.person, theirs, by=BY)
    mine = {"name": "Lison Substitut", "country": "SN", "languages": ["fr"], "locale": "fr", "seen": seen}
    told = client.post(where, data=mine)
    assert told.status_code == 422
    assert "Canada" in told.text and "Sénégal" in told.text and "Sans arachide" in told.text
    db.session.refresh(nomination.person)
    assert nomination.person.country == "CA"


def test_two_heads_name_somebody_for_the_last_seat(app: Flask, outaouais: Delegation) -> None:
    with transaction():
        for one in outaouais.seats[:5]:
            nominations.nominate(one, Nominate(person=person(f"Titulaire{one.number} Exemple")), by=BY)
    key = outaouais.seats[5].id
    db.session.remove()

    def name(number: int) -> str:
        try:
            with transaction():
                command = Nominate(person=person(f"Candidate{number} Exemple"))
                return nominations.nominate(db.session.get_one(Seat, key), command, by=BY).person.name
        except SeatTaken as taken:
            return str(taken.details["name"])

    answers = at_once(app, name, 6)
    assert len(set(answers)) == 1  # one has it; the five others are told who
    held = db.session.get_one(Seat, key)
    assert [one.person.name for one in held.nominations] == answers[:1]
