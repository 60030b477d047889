"""Boubacar Exemple is named by telephone: no address is known, so the delegation is told to reach him."""

import re
from datetime import UTC, datetime

import pytest
from flask.testing import FlaskClient

from access import links
from access.links import LinkExpired
from access.models import User
from delegations import queries
from delegations.funding import coverage_queries
from delegations.models import Delegation, Nomination, Seat
from delegations.seats import board, leaving, linking, nominations, reaching
from delegations.seats.board import Around, Mover
from delegations.seats.nominations import Nominate
from delegations.seats.reaching import AddressKnown
from network.people import CompleteRecord, PersonDetails
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, person
from tests.delegations.test_nominations import token_in_mail, trail

PAGE = "/delegations/DKR05-OUT/seats/1"


@pytest.fixture(autouse=True)
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    """The forms' tokens are the framework's; these tests post without them."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.fixture
def boubacar(seat: Seat) -> Nomination:
    with transaction():
        return nominations.nominate(seat, Nominate(person=PersonDetails(name="Boubacar Exemple")), by=BY)


@pytest.fixture
def head(client: FlaskClient, ondine: User) -> FlaskClient:
    """What Ondine Exemple opens, in English."""
    with transaction():
        ondine.locale = "en"
    sign_in(client, ondine)
    return client


def move_of(delegation: Delegation) -> tuple[Mover, str]:
    coverage = coverage_queries.coverage_of(delegation)
    lines = board.board_of(queries.seat_board(delegation), coverage, (), Around())
    return lines[0].move.mover, str(lines[0].move.what)


def test_nothing_is_said_to_be_sent_to_who_has_no_address(
    head: FlaskClient, boubacar: Nomination, outaouais: Delegation
) -> None:
    assert trail(boubacar, "nomination.link") == []
    assert move_of(outaouais) == (Mover.DELEGATION, "reach the person: no e-mail address is known")
    page = head.get(PAGE).text
    assert "Nothing can be sent to Boubacar Exemple" in page and f"{PAGE}/reach" in page
    assert "Private link sent" not in page and "Send the private link again" not in page
    again = head.post(f"{PAGE}/link", follow_redirects=True)
    assert "No e-mail address of Boubacar Exemple is known" in again.text
    with pytest.raises(linking.NoAddress):
        nominations.resend_link(boubacar, by=BY)


def test_the_link_leaves_once_an_address_is_given(
    head: FlaskClient, boubacar: Nomination, outaouais: Delegation
) -> None:
    wrong = head.post(f"{PAGE}/reach", data={"email": "boubacar chez example"})
    assert wrong.status_code == 422 and "boubacar chez example" in wrong.text
    assert head.post(f"{PAGE}/reach", data={"email": "Boubacar@Example.org"}).status_code == 302
    assert links.open_link("nominee", token_in_mail("boubacar@example.org")) == boubacar.id
    assert len(trail(boubacar, "nomination.link")) == 1
    assert move_of(outaouais) == (Mover.NOMINEE, "complete the record")
    page = head.get(PAGE).text
    assert "Private link sent" in page and f"{PAGE}/reach" not in page


def test_the_link_is_shown_once_to_be_handed_over(
    head: FlaskClient, boubacar: Nomination, outaouais: Delegation
) -> None:
    shown = head.post(f"{PAGE}/reach", data={"hand": "1"})
    [token] = set(re.findall(r'/nominee/([^"]+)"', shown.text))
    assert shown.headers["Cache-Control"] == "no-store"
    assert links.open_link("nominee", token) == boubacar.id
    page = head.get(PAGE).text
    assert "Private link shown, to be handed over" in page and "Private link sent" not in page
    with transaction():
        nominations.complete(boubacar, CompleteRecord(name="Boubacar Exemple"))
        nominations.return_(boubacar, "Le pays manque", by=BY)
    assert links.open_link("nominee", token) == boubacar.id, "no message leaves: his link stays good"
    assert move_of(outaouais)[0] is Mover.DELEGATION
    head.post(f"{PAGE}/reach", data={"hand": "1"})
    with pytest.raises(LinkExpired):
        links.open_link("nominee", token)


def test_whose_address_is_known_keeps_the_link_and_the_address(head: FlaskClient, seat: Seat) -> None:
    """Nobody opens another's record, nor turns their messages elsewhere, through this door."""
    with transaction():
        theo = nominations.nominate(seat, Nominate(person=person("Théo Démo")), by=BY)
    token = token_in_mail("théo@example.org")
    with pytest.raises(AddressKnown), transaction():
        reaching.hand_over_link(theo, by=BY)
    with pytest.raises(AddressKnown), transaction():
        reaching.give_address(theo, "autre@example.org", by=BY)
    for sent in ({"hand": "1"}, {"email": "autre@example.org"}):
        answer = head.post(f"{PAGE}/reach", data=sent)
        assert (
            answer.status_code == 422 and "is known by now" in answer.text and "/nominee/" not in answer.text
        )
    db.session.expire_all()
    assert theo.person.email == "théo@example.org"
    assert links.open_link("nominee", token) == theo.id


def test_somebody_without_an_address_is_named_and_takes_a_seat_over(head: FlaskClient, seat: Seat) -> None:
    telephone = {"name": "Boubacar Exemple", "email": "", "role": "D", "locale": "fr"}
    page = head.post(f"{PAGE}/nominate", data=telephone, follow_redirects=True).text
    assert "Boubacar Exemple is named. No e-mail address is known: reach them." in page
    instead = telephone | {"name": "Awa Exemple", "reason": "Cannot come"}
    page = head.post(f"{PAGE}/substitute", data=instead, follow_redirects=True).text
    assert "Awa Exemple has the seat now. No e-mail address is known: reach them." in page
    assert seat.nomination and seat.nomination.person.name == "Awa Exemple"


def test_what_is_no_address_is_said_in_the_words_of_the_house(
    head: FlaskClient, ondine: User, seat: Seat
) -> None:
    with transaction():
        ondine.locale = "fr"
    page = head.post(f"{PAGE}/nominate", data={"name": "Awa Exemple", "email": "pas une adresse"}).text
    assert page.count("Ce n’est pas une adresse courriel.") == 2  # in the summary and at its field
    assert "pas une adresse" in page and seat.nomination is None


def test_a_link_that_opens_no_more_is_asked_for_again(client: FlaskClient, seat: Seat) -> None:
    """It goes to the address that is known: whoever found the old one reads and receives nothing."""
    clock.travel_to(datetime(2005, 6, 1, tzinfo=UTC))
    with transaction():
        awa = PersonDetails(name="Awa Exemple", email="awa@example.org", locale="en")
        nomination = nominations.nominate(seat, Nominate(person=awa), by=BY)
    old = token_in_mail("awa@example.org")
    clock.travel_to(datetime(2005, 8, 1, tzinfo=UTC))
    for page in ("", "/stay", "/letter"):
        told = client.get(f"/nominee/{old}{page}")
        assert told.status_code == 410 and "Send me a new link" in told.text
        assert "Awa" not in told.text and "awa@example.org" not in told.text
    again = client.post(f"/nominee/{old}/again", follow_redirects=True).text
    assert "A new link is on its way to your e-mail address." in again
    new = token_in_mail("awa@example.org")
    assert new != old and client.get(f"/nominee/{new}").status_code == 200
    assert "sent a moment ago" in client.post(f"/nominee/{old}/again", follow_redirects=True).text
    with transaction():
        leaving.take_back(seat, "Ne vient pas", by=BY)
    assert "The seat it was for is no longer yours." in client.get(f"/nominee/{new}").text
    assert client.post(f"/nominee/{new}/again").status_code == 404
    assert nomination.seat.nomination is None
