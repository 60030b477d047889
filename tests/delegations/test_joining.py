"""Who came to a summer university asks to join a delegation in one step; its head answers."""

from datetime import UTC, date, datetime, timedelta

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.joining import requests
from delegations.joining.models import JoinRequest, JoinStatus
from delegations.joining.requests import AskedAlready, NotToThisOne
from delegations.lifecycle import standing
from delegations.models import Delegation
from delegations.seats import leaving, offers, waiting
from delegations.seats.nominations import Nominate, nominate
from delegations.seats.waiting import Wait
from events import editions
from events.editions import CreateEdition
from events.models import Edition, EditionStatus, Registration
from events.registration import Register, private_link, register
from network import people
from network.people import PersonDetails
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from shared.errors import Conflict
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, person


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.fixture
def eve(dakar: Edition) -> Registration:
    """Ève Gabarit, registered for the summer university of June 2005, on its first day."""
    clock.travel_to(datetime(2005, 6, 9, 12, tzinfo=UTC))
    with transaction():
        summer = editions.create_edition(
            CreateEdition(
                code="UE05", series_id=dakar.series_id, name="Université d’été", starts_on=date(2005, 6, 9),
                ends_on=date(2005, 6, 10), zone="America/Toronto", place="Montréal", country="CA",
                fee=cad("0.00"), currencies=("CAD",), capacity=200,
            ),
            by=BY,
        )  # fmt: skip
        editions.open_registration(summer, by=BY)
        details = PersonDetails(name="Ève Gabarit", email="eve@example.org", country="CA")
        return register(summer, Register(person=details), by=BY)


def mails() -> list[tuple[str, str]]:
    wanted = select(Job.payload).where(Job.key.like("join-%")).order_by(Job.id)
    return [(one["to"], one["subject"]) for one in db.session.scalars(wanted)]


def test_a_yes_gives_the_first_free_seat(
    both_databases: str, outaouais: Delegation, eve: Registration
) -> None:
    assert [one.code for one in requests.open_to(eve)] == ["DKR05-OUT"]
    with transaction():
        request = requests.ask(eve, outaouais, "  Je parle   espagnol ")
    assert (request.note, requests.open_to(eve), requests.open_count(outaouais)) == (
        "Je parle espagnol",
        [],
        1,
    )
    with pytest.raises(AskedAlready), transaction():
        requests.ask(eve, outaouais, "")
    with transaction():
        assert requests.accept(request, by=BY) is JoinStatus.NAMED
    nomination = outaouais.seats[0].nomination
    assert nomination and nomination.person_id == eve.person_id
    with pytest.raises(Conflict), transaction():
        requests.decline(request, "Trop tard", by=BY)
    with pytest.raises(AskedAlready), transaction():  # they have a place at Dakar now
        requests.ask(eve, outaouais, "")


def test_without_a_free_seat_a_yes_is_a_place_in_the_line(outaouais: Delegation, eve: Registration) -> None:
    with transaction():
        for number, seat in enumerate(outaouais.seats):
            nominate(seat, Nominate(person=person(f"P{number} Fictif")), by=BY)
        request = requests.ask(eve, outaouais, "")
        assert requests.accept(request, by=BY) is JoinStatus.WAITING
    assert [one.person.name for one in waiting.line_of(outaouais)] == ["Ève Gabarit"]
    assert mails() == [("eve@example.org", "Vous attendez une place dans la délégation Outaouais")]


def test_the_page_says_what_a_yes_is_by_now(
    outaouais: Delegation, eve: Registration, client: FlaskClient
) -> None:
    """Named, taken back, waiting once more, then seated from the line."""
    with transaction():
        token = private_link(eve)
        requests.accept(requests.ask(eve, outaouais, ""), by=BY)
    page = f"/registration/{token}"
    assert "Outaouais a une place pour vous" in client.get(page).text
    with transaction():
        leaving.take_back(outaouais.seats[0], "Erreur", by=BY)
    then = client.get(page).text
    assert "Outaouais ne garde plus de place pour vous" in then and "a une place pour vous" not in then
    with transaction():
        waiting.wait(outaouais, Wait(person=people.details_of(eve.person)), by=BY)
    assert "Vous êtes dans la file de Outaouais" in client.get(page).text
    with transaction():
        [offer] = offers.make(outaouais, by=BY)
        offers.accept(offer, [offer.seats[0].waiting_id], by=BY)
    assert "Outaouais a une place pour vous" in client.get(page).text


def test_who_asked_first_is_read_first(outaouais: Delegation, eve: Registration) -> None:
    with transaction():
        others = [
            register(eve.edition, Register(person=person(name)), by=BY)
            for name in ("Noé Essai", "Ruth Essai")
        ]
        first, second, third = [requests.ask(one, outaouais, "« Oui »") for one in (eve, *others)]
        requests.decline(first, "Complet", by=BY)
    assert list(requests.requests_to(outaouais)) == [second, third, first]


def test_nobody_asks_who_is_locked_past_or_their_own(outaouais: Delegation, eve: Registration) -> None:
    with transaction():
        standing.lock(outaouais, "", by=BY)
    assert requests.open_to(eve) == []
    with pytest.raises(NotToThisOne), transaction():
        requests.ask(eve, outaouais, "")
    with transaction():
        standing.unlock(outaouais, "Une place de plus", by=BY)
    clock.travel_to(datetime(2005, 11, 22, 12, tzinfo=UTC))  # Dakar begins
    assert requests.open_to(eve) == []


def test_nobody_learns_of_a_gathering_before_it_is_announced(
    outaouais: Delegation, eve: Registration
) -> None:
    with transaction():
        outaouais.edition.status = EditionStatus.DRAFT
    assert requests.open_to(eve) == []
    with pytest.raises(NotToThisOne), transaction():
        requests.ask(eve, outaouais, "")


def test_one_step_on_ones_own_page_and_the_head_says_no(
    outaouais: Delegation, eve: Registration, ondine: User, client: FlaskClient
) -> None:
    with transaction():
        token = private_link(eve)
    own = client.get(f"/registration/{token}").get_data(as_text=True)
    assert 'value="DKR05-OUT"' in own
    client.post(f"/registration/{token}/join", data={"choice": "DKR05-OUT", "note": "Je viens"})
    [request] = db.session.scalars(select(JoinRequest))
    assert "Vous avez demandé à rejoindre Outaouais" in client.get(f"/registration/{token}").get_data(
        as_text=True
    )
    sign_in(client, ondine)
    assert "1 personne demande à venir" in client.get("/delegations/DKR05-OUT").get_data(as_text=True)
    address = f"/delegations/DKR05-OUT/joining/{request.id}/decline"
    assert client.post(address, data={"reason": ""}).status_code == 422
    client.post(address, data={"reason": "Toutes nos places sont promises"})
    own = client.get(f"/registration/{token}").get_data(as_text=True)
    assert "Toutes nos places sont promises" in own
    assert mails()[-1] == ("eve@example.org", "Votre demande à la délégation Outaouais")


def test_a_request_is_taken_back_by_its_author_alone(
    outaouais: Delegation, eve: Registration, client: FlaskClient
) -> None:
    with transaction():
        request = requests.ask(eve, outaouais, "")
        details = PersonDetails(name="Noé Essai", email="noe@example.org", country="CA")
        other = private_link(register(eve.edition, Register(person=details), by=BY))
        mine = private_link(eve)
    assert client.post(f"/registration/{other}/join/{request.id}/take-back").status_code == 404
    client.post(f"/registration/{mine}/join/{request.id}/take-back")
    assert request.status is JoinStatus.TAKEN_BACK
    assert timedelta() <= (request.answered_at or clock.now()) - request.asked_at
