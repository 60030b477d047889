"""One’s own registration by private link: pay by card, come back, take an offered place, cancel."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from icalendar import Calendar
from sqlalchemy import func, select

from access.models import User
from events import places, programme, registration
from events.calendar import calendar_file
from events.models import Edition, Registration, RegistrationStatus
from events.programme import AddSession, SessionKind
from shared import clock
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.events.browsing import PERSON, fill_in, hidden_fields, press
from tests.events.gathering import BY, dakar, somebody
from tests.simulator.fixtures import DECLINED, KEY, SECRET, SimulatedStripe
from treasury.cards.gateway import StripeGateway
from treasury.models import JournalEntry, Payment, PaymentMethod, PaymentStatus

ENGLISH = {"Accept-Language": "en"}


@pytest.fixture
def edition(app: Flask) -> Edition:
    return dakar()


@pytest.fixture
def cards(app: Flask, stripe_simulator: SimulatedStripe) -> SimulatedStripe:
    """The application takes cards through a simulator whose webhooks never come."""
    app.extensions["teranga.gateway"] = StripeGateway(
        secret_key=KEY, webhook_secret=SECRET, api_base=stripe_simulator.base_url
    )
    stripe_simulator.control.webhooks("hold", url="http://127.0.0.1:9/webhooks/stripe")
    return stripe_simulator


def only() -> Registration:
    return db.session.scalars(select(Registration)).one()


def link(found: Registration) -> str:
    """A fresh private link's path."""
    with transaction():
        return f"/registration/{registration.private_link(found)}"


def by_card(client: FlaskClient) -> str:
    """Register with a card in hand; the checkout that was opened."""
    answer = fill_in(client, "/events/DKR05/register", ENGLISH, **PERSON, method="card")
    assert answer.status_code == 303 and "/c/pay/" in answer.location
    payment = only().payment
    assert payment is not None and payment.checkout_id is not None
    return payment.checkout_id


def entries() -> int:
    return db.session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def test_paid_by_card_and_back_before_any_webhook(
    client: FlaskClient, edition: Edition, cards: SimulatedStripe
) -> None:
    checkout = by_card(client)
    cards.pay(checkout)
    first, second = (
        client.get(f"/registration/paid?checkout={checkout}", headers=ENGLISH) for _reloaded in range(2)
    )
    assert first.status_code == second.status_code == 303
    page = client.get(second.location, headers=ENGLISH).text
    assert "Paid. Thank you!" in page and "You are expected" in page
    assert (only().status, entries()) == (RegistrationStatus.CONFIRMED, 1)


def test_opening_the_return_address_without_paying_changes_nothing(
    client: FlaskClient, edition: Edition, cards: SimulatedStripe
) -> None:
    checkout = by_card(client)
    answer = client.get(f"/registration/paid?checkout={checkout}", headers=ENGLISH)
    assert "Not paid yet" in client.get(answer.location, headers=ENGLISH).text
    assert (only().status, entries()) == (RegistrationStatus.UNPAID, 0)
    for unknown in ("", "cs_test_somebody_elses"):
        assert client.get(f"/registration/paid?checkout={unknown}").status_code == 404


def test_a_declined_card_is_said_and_another_one_pays(
    client: FlaskClient, edition: Edition, cards: SimulatedStripe
) -> None:
    checkout = by_card(client)
    cards.pay(checkout, DECLINED)
    answer = client.get(f"/registration/back/{only().code}", headers=ENGLISH)
    page = client.get(answer.location, headers=ENGLISH)
    assert "The bank declined this card" in page.text
    again = press(client, answer.location, f"{answer.location}/pay")
    assert again.location.endswith(checkout), "the same page to pay on, so never two charges"
    cards.pay(checkout)
    client.get(f"/registration/paid?checkout={checkout}", headers=ENGLISH)
    assert (only().status, entries()) == (RegistrationStatus.CONFIRMED, 1)


def test_the_form_posted_twice_opens_one_page_to_pay_on(
    client: FlaskClient, edition: Edition, cards: SimulatedStripe
) -> None:
    typed = {**hidden_fields(client.get("/events/DKR05/register").text), **PERSON, "method": "card"}
    answers = {client.post("/events/DKR05/register", data=typed).location for _again in range(3)}
    assert len(answers) == 1
    assert db.session.scalar(select(func.count()).select_from(Payment)) == 1


def test_a_page_to_pay_on_that_was_made_for_somebody_else_is_closed_and_a_new_one_opens(
    client: FlaskClient, edition: Edition, cards: SimulatedStripe
) -> None:
    first = by_card(client)
    with transaction():
        registration.replace_person(only(), somebody(7).person, by=BY)
    page = link(only())
    second = press(client, page, f"{page}/pay").location
    assert "/c/pay/" in second and first not in second
    assert not cards.pay(first).ok
    cards.pay(second.rpartition("/")[2])
    client.get(f"/registration/paid?checkout={second.rpartition('/')[2]}")
    assert (only().status, entries()) == (RegistrationStatus.CONFIRMED, 1)


def test_who_has_paid_meanwhile_is_asked_for_nothing_in_another_language_either(
    client: FlaskClient, edition: Edition, cards: SimulatedStripe
) -> None:
    cards.pay(by_card(client))
    with transaction():
        registration.replace_person(only(), somebody(7).person, by=BY)
    page = link(only())
    assert press(client, page, f"{page}/pay").location.endswith(page)
    assert (only().status, entries()) == (RegistrationStatus.CONFIRMED, 1)


def test_when_the_card_service_is_silent_the_place_is_kept(
    client: FlaskClient, edition: Edition, app: Flask
) -> None:
    app.extensions["teranga.gateway"] = StripeGateway(
        secret_key=KEY, webhook_secret=SECRET, api_base="http://127.0.0.1:9", patience=(0.2, 0.2)
    )
    answer = fill_in(client, "/events/DKR05/register", ENGLISH, **PERSON, method="card")
    page = client.get(answer.location, headers=ENGLISH).text
    assert "The card service is not answering" in page and "Your place is kept" in page
    assert only().status is RegistrationStatus.UNPAID


def test_back_in_another_browser_says_where_the_link_is(
    app: Flask, client: FlaskClient, edition: Edition, cards: SimulatedStripe
) -> None:
    by_card(client)
    page = app.test_client().get(f"/registration/back/{only().code}", headers=ENGLISH).text
    assert "Open the link in our message" in page and "Nadège" not in page


def test_a_link_opens_one_registration_until_it_is_over(client: FlaskClient, edition: Edition) -> None:
    with transaction():
        made = registration.register(edition, somebody(1), by=BY)
    own = link(made)
    page = client.get(own)
    assert page.status_code == 200 and page.headers["X-Robots-Tag"] == "noindex"
    assert "example.org" not in page.text, "the page opens without a password: it shows no address"
    assert client.get("/registration/guessed").status_code == 404
    clock.travel_to(clock.now() + timedelta(days=400))
    assert client.get(own).status_code == 410


def test_somebody_who_cannot_come_gives_the_place_back(client: FlaskClient, edition: Edition) -> None:
    with transaction():
        made = registration.register(edition, somebody(1), by=BY)
    own = link(made)
    assert press(client, own, f"{own}/cancel").status_code == 303
    assert (made.status, made.edition.places_taken) == (RegistrationStatus.CANCELLED, 0)
    assert "is cancelled" in client.get(own, headers=ENGLISH).text
    assert client.post(f"{own}/cancel").status_code == 400, "nothing is cancelled without the form's token"


def test_an_offered_place_is_taken_on_the_page_and_once_only(client: FlaskClient, app: Flask) -> None:
    edition = dakar(capacity=1)
    with transaction():
        first = registration.register(edition, somebody(1), by=BY)
        waiting = registration.register(edition, somebody(2, waitlist_ok=True), by=BY)
    with transaction():
        registration.cancel(first, "cannot come", by=BY)
    own = link(waiting)
    assert "It is kept for you until" in client.get(own, headers=ENGLISH).text
    assert press(client, own, f"{own}/take", method="card").status_code == 303
    assert (waiting.status, waiting.payment and waiting.payment.method) == (
        RegistrationStatus.UNPAID,
        PaymentMethod.CARD,
    )
    assert press(client, own, f"{own}/take").status_code == 409


def test_an_offer_that_has_passed_is_not_taken(client: FlaskClient, app: Flask) -> None:
    edition = dakar(capacity=1)
    with transaction():
        first = registration.register(edition, somebody(1), by=BY)
        waiting = registration.register(edition, somebody(2, waitlist_ok=True), by=BY)
    with transaction():
        registration.cancel(first, "cannot come", by=BY)
    own = link(waiting)
    clock.travel_to(clock.now() + places.OFFER_LASTS + timedelta(minutes=1))
    assert "The time to take it has passed" in client.get(own, headers=ENGLISH).text
    assert press(client, own, f"{own}/take").status_code == 409


def test_who_has_paid_already_is_not_sent_to_pay(
    client: FlaskClient, edition: Edition, cards: SimulatedStripe
) -> None:
    checkout = by_card(client)
    own = link(only())
    token = hidden_fields(client.get(own).text)["csrf_token"]
    cards.pay(checkout)
    answer = client.post(f"{own}/pay", data={"csrf_token": token})
    assert answer.location == own
    payment = only().payment
    assert payment is not None and payment.status is PaymentStatus.SETTLED


def test_the_calendar_tells_the_gathering_in_its_own_zone(client: FlaskClient, app: Flask) -> None:
    edition = dakar(zone="America/Toronto")
    with transaction():
        made = registration.register(edition, somebody(1), by=BY)
    whole = Calendar.from_ical(calendar_file(made)).events[0]
    assert (whole.start, whole.end) == (date(2005, 11, 22), date(2005, 11, 27)), "whole days, end excluded"
    zone = ZoneInfo("America/Toronto")
    with transaction():
        for day, hour, title in ((22, 9, "Accueil"), (26, 15, "Marche")):
            start = datetime(2005, 11, day, hour, tzinfo=zone)
            session = AddSession(kind=SessionKind.WELCOME, title=title, starts_at=start)
            programme.add_session(edition, session, by=BY)
    own = link(made)
    answer = client.get(f"{own}/calendar.ics")
    assert answer.mimetype == "text/calendar"
    text = answer.text
    event = Calendar.from_ical(text).events[0]
    assert "DTSTART;TZID=America/Toronto:20051122T090000" in text and "BEGIN:VTIMEZONE" in text
    assert "DTEND;TZID=America/Toronto:20051126T180000" in text
    assert made.code in str(event["uid"])


def test_who_signed_in_finds_their_registration_again(app: Flask, edition: Edition) -> None:
    with transaction():
        ines, ondine = (User(email=f"{name}@example.org", name=name) for name in ("personne1", "ondine"))
        db.session.add_all([ines, ondine])
        found = registration.register(edition, somebody(1), by=BY)
    client, elsewhere = app.test_client(), app.test_client()
    sign_in(client, ines)
    sign_in(elsewhere, ondine)
    assert found.code in client.get("/").text
    answer = press(client, "/", f"/registration/own/{found.code}")
    assert answer.status_code == 303
    assert found.code in client.get(answer.location).text
    assert found.code not in elsewhere.get("/").text
    assert press(elsewhere, "/", f"/registration/own/{found.code}").status_code == 404
