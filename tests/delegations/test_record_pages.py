"""What a person, a head and an organiser read while a record goes its way: never more than is true."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access import links
from access.models import User
from delegations.lifecycle import adding
from delegations.lifecycle.adding import NoMoreSeats
from delegations.models import Delegation, Nomination, Seat
from delegations.seats import approvals, nominations
from delegations.seats.approvals import Rules
from delegations.seats.nominations import Nominate
from events import editions
from events.editions import CreateEdition
from events.models import Edition
from network.people import CompleteRecord
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.conftest import BY, accredited, cad, delegation_of, person

INES = {"name": "Inés Ejemplo", "country": "CA", "languages": "fr", "locale": "fr"}


@pytest.fixture(autouse=True)
def no_token(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What is sent here is written by the test, not by a page with a token in it."""
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    yield
    clock.travel_to(None)


@pytest.fixture
def summer(dakar: Edition) -> Edition:
    """The summer university of 2007, which has no budget."""
    with transaction():
        edition = editions.create_edition(
            CreateEdition(
                code="UE07", series_id=dakar.series_id, name="Université d’été", starts_on=date(2007, 6, 14),
                ends_on=date(2007, 6, 15), zone="America/Toronto", place="Gatineau", country="CA",
                fee=cad("60.00"), currencies=("CAD",), capacity=200,
            ),
            by=BY,
        )  # fmt: skip
        editions.open_registration(edition, by=BY)
    return edition


def own_page(nomination: Nomination) -> str:
    with transaction():
        return f"/nominee/{links.issue_link('nominee', nomination.id, clock.now() + nominations.LINK_LASTS)}"


def completed(seat: Seat) -> Nomination:
    nomination = nominations.nominate(seat, Nominate(person=person("Inés Ejemplo")), by=BY)
    return nominations.complete(
        nomination, CompleteRecord(name="Inés Ejemplo", country="CA", languages=("fr",))
    )


def test_what_was_typed_before_the_deadline_is_not_lost_after_it(
    client: FlaskClient, seat: Seat, outaouais: Delegation
) -> None:
    clock.travel_to(datetime(2005, 10, 20, tzinfo=UTC))
    with transaction():
        outaouais.edition.delegation_deadline = date(2005, 10, 31)
        nomination = completed(seat)
    clock.travel_to(datetime(2005, 11, 2, tzinfo=UTC))
    page = own_page(nomination)
    shown = client.get(page).text
    assert 'name="diet"' not in shown  # nothing to write in: it would be refused
    assert all(words in shown for words in ("Ce que vous avez dit", "Inés Ejemplo", "Canada", "français"))
    late = client.post(page, data={**INES, "diet": "Végétarien, écrit la veille"})
    assert late.status_code == 422
    assert "la date limite est passée" in late.text
    assert 'value="Végétarien, écrit la veille"' in late.text
    assert "Nous avons votre fiche" not in late.text


@pytest.mark.usefixtures("ondine")
def test_a_person_is_told_who_looks_at_the_record_next(client: FlaskClient, seat: Seat) -> None:
    with transaction():
        nomination = completed(seat)
    page = own_page(nomination)
    assert "Votre délégation confirme votre fiche" in client.get(f"{page}/done").text
    with transaction():
        nominations.endorse(nomination, by=BY)
    then = client.get(f"{page}/done").text
    assert "Votre délégation" not in then and "Les organisateur·rices regardent votre fiche" in then
    with transaction():
        nominations.accredit(nomination, by=BY)
    sent = client.post(page, data={**INES, "diet": "Sans gluten"}, follow_redirects=True)
    assert "vous restez accrédité·e" in sent.text and "regardent votre fiche" not in sent.text
    renamed = client.post(page, data={**INES, "name": "Inés Otra"}, follow_redirects=True)
    assert "Votre délégation confirme votre fiche" in renamed.text


def test_a_record_that_comes_back_is_not_taken_for_the_first_message(seat: Seat) -> None:
    with transaction():
        nominations.return_(completed(seat), "Quelle organisation ?", by=BY)
    mails = db.session.scalars(select(Job).where(Job.kind == "mail").order_by(Job.id))
    first, back = [one.payload["subject"] for one in mails][-2:]
    assert first == "Votre place pour Dakar 2005 (22 novembre 2005)"
    assert back == "Il manque quelque chose à votre fiche pour Dakar 2005 (22 novembre 2005)"


@pytest.mark.parametrize("needed", [True, False])
def test_who_lacks_the_letter_that_is_asked_for_is_not_offered_to_be_accredited(
    client: FlaskClient, seat: Seat, dakar: Edition, fatou: User, needed: bool
) -> None:
    with transaction():
        approvals.set_rules(dakar, Rules(letter_required=needed), by=BY)
        completed(seat)
    sign_in(client, fatou)
    page = client.get("/delegations/accreditation").text
    assert ('action="/delegations/DKR05-OUT/seats/1/accredit"' in page) is not needed
    assert page.count('href="/delegations/DKR05-OUT/seats/1/letter"') == 1 + needed


def test_a_seat_without_a_budget_is_not_said_to_be_covered(
    client: FlaskClient, summer: Edition, fatou: User
) -> None:
    with transaction():
        estrie = delegation_of(summer, "EST", "Estrie", 2)
        accredited(estrie.seats[0], "Ruth Placeholder")
    sign_in(client, fatou)
    page = client.get(f"/delegations/{estrie.code}/seats/1").text
    assert "Aucun coût pour l’instant" in page and "couvert" not in page and "rendue" not in page


def test_a_delegation_that_had_two_hundred_seats_says_so(
    client: FlaskClient, outaouais: Delegation, fatou: User
) -> None:
    with transaction():
        adding.add_seats(outaouais, 194, by=BY)
    with pytest.raises(NoMoreSeats), transaction():
        adding.add_seats(outaouais, 1, by=BY)
    sign_in(client, fatou)
    page = client.get("/delegations/DKR05-OUT/more-seats").text
    assert "Cette délégation a eu 200 places" in page and 'name="count"' not in page
