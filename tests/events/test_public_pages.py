"""The pages for everybody: what they show, what they never show, how light they are, and the form."""

import gzip
import re
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from events import editions, programme, registration
from events.models import Edition, EditionStatus, Registration, RegistrationStatus
from events.programme import AddHeadcount, AddSession, FigureStatus, SessionKind
from outbox.jobs import Job
from shared import clock
from shared.database import db, transaction
from tests.events.browsing import PERSON, counting, fill_in, hidden_fields
from tests.events.gathering import BY, dakar, somebody, summer_university
from treasury.models import Payment, PaymentMethod

FRENCH, ENGLISH = {"Accept-Language": "fr"}, {"Accept-Language": "en"}


@pytest.fixture
def told(app: Flask) -> Edition:
    """Dakar 2005 with its programme, its way and its four figures."""
    edition = dakar()
    with transaction():
        programme.add_session(
            edition,
            AddSession(
                kind=SessionKind.PLENARY,
                title="Plénière 1",
                starts_at=datetime(2005, 11, 22, 15, tzinfo=UTC),
                room="A",
                capacity=600,
                languages=("fr", "en", "es"),
            ),
            by=BY,
        )
        programme.add_milestone(edition, "Commission de liaison", "2002-12", by=BY)
        for people, status in ((500, "planned"), (1000, "expected"), (1200, "reported"), (1500, "recalled")):
            figure = AddHeadcount(people=people, status=FigureStatus(status), provenance="[4]")
            programme.add_headcount(edition, figure, by=BY)
    return edition


def test_the_page_tells_the_gathering(client: FlaskClient, told: Edition) -> None:
    page = client.get("/events/DKR05", headers=FRENCH).text
    for text in ("Dakar 2005", "22–26 novembre 2005", "Sénégal", "500", "60,00", "Plénière 1", "15:00"):
        assert text in page
    assert "décembre 2002" in page
    assert "15 octobre" not in page and "14 octobre 2005" in page, "midnight belongs to the day before"


def test_four_figures_with_status_and_no_sum(client: FlaskClient, told: Edition) -> None:
    page = client.get("/events/DKR05", headers=ENGLISH).text
    for text in ("500", "planned", "1,000", "expected", "1,200", "reported", "1,500", "recalled"):
        assert text in page
    assert "4,200" not in page and "4200" not in page


def test_no_person_and_no_amount_owed_is_public(client: FlaskClient, told: Edition) -> None:
    with transaction():
        made = registration.register(told, somebody(1, party_code="DKR05-OUT", party_name="Outaouais"), by=BY)
        assert made.payment is not None
        reference = made.payment.reference
    for url in ("/", "/events/DKR05", "/events/DKR05/register"):
        page = client.get(url).text
        for secret in ("Personne Exemple", "example.org", "Coopérative fictive", "Outaouais", reference):
            assert secret not in page, (url, secret)


def test_a_draft_is_not_there_yet_and_an_archive_tells_what_was(client: FlaskClient, app: Flask) -> None:
    days = {"starts_on": date(1997, 7, 1), "ends_on": date(1997, 7, 4), "delegation_deadline": None}
    lima = dakar(code="RIP-1997", name="Lima", **days)
    with transaction():
        editions.archive_edition(lima, by=BY)
        figure = AddHeadcount(people=235, status=FigureStatus.REPORTED, countries=32)
        programme.add_headcount(lima, figure, by=BY)
    assert "235" in client.get("/").text
    assert client.get("/events/RIP-1997/register").status_code == 409
    with transaction():
        lima.status = EditionStatus.DRAFT
    assert client.get("/events/RIP-1997").status_code == 404
    assert client.get("/events/NOWHERE").status_code == 404


@pytest.mark.parametrize("url", ["/events/DKR05", "/events/DKR05/register"])
def test_a_first_view_is_light_enough_for_a_weak_network(
    client: FlaskClient, told: Edition, url: str
) -> None:
    """At most 60 kB and six requests, everything included."""
    page = client.get(url, headers={"Accept-Encoding": "gzip"})
    assert page.headers["Content-Encoding"] == "gzip"
    html = gzip.decompress(page.data).decode()
    wanted = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', html)) | {"/static/img/band.svg"}
    weights = [len(client.get(one, headers={"Accept-Encoding": "gzip"}).data) for one in wanted]
    assert len(wanted) + 1 <= 6
    assert len(page.data) + sum(weights) < 60_000


def test_the_pages_ask_few_questions_however_many_are_registered(
    app: Flask, client: FlaskClient, told: Edition
) -> None:
    def questions(url: str) -> int:
        with counting(app) as seen:
            client.get(url)
        return len(seen)

    urls = ("/", "/events/DKR05", "/events/DKR05/register")
    client.get("/events/DKR05/register")  # the empty form is set once, and kept
    before = [questions(url) for url in urls]
    with transaction():
        for number in range(30):
            registration.register(told, somebody(number), by=BY)
    assert [questions(url) for url in urls] == before
    assert max(before) <= 6


def test_a_registration_asks_little_of_the_database(app: Flask, client: FlaskClient, told: Edition) -> None:
    """Nobody else writes while it is made: person, fee, message, link and trail are one statement each."""
    typed = hidden_fields(client.get("/events/DKR05/register").text) | PERSON | {"method": "transfer"}
    with counting(app) as seen:
        assert client.post("/events/DKR05/register", data=typed).status_code == 303
    told_by = [statement.split()[0] for statement in seen]
    assert told_by.count("INSERT") == 8, "person, registration, payment, a record of each, message, link"
    assert told_by.count("UPDATE") == 2, "one place more, the registration's payment"
    assert told_by.count("SELECT") <= 5


def test_somebody_registers_alone_and_learns_what_happens_next(client: FlaskClient, told: Edition) -> None:
    answer = fill_in(client, "/events/DKR05/register", **PERSON, method="transfer")
    assert answer.status_code == 303
    made = db.session.scalars(select(Registration)).one()
    assert (made.person.name, made.person.country, made.person.languages) == (
        "Nadège Exemple-Échantillon",
        "SN",
        ["fr", "wo"],
    )
    assert made.payment is not None and made.payment.method is PaymentMethod.TRANSFER
    page = client.get(answer.location, headers=ENGLISH)
    assert made.code in page.text and made.payment.reference in page.text
    assert "What" not in page.headers.get("X-Robots-Tag", "") and page.headers["X-Robots-Tag"] == "noindex"


def test_the_form_posted_twice_is_one_registration(client: FlaskClient, told: Edition) -> None:
    page = client.get("/events/DKR05/register").text
    typed = {**hidden_fields(page), **PERSON, "method": "transfer"}
    answers = [client.post("/events/DKR05/register", data=typed) for _again in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert db.session.scalars(select(Registration)).one().edition.places_taken == 1
    assert "0" in client.get(answers[1].location).text


def test_going_back_and_typing_somebody_else_registers_them_too(client: FlaskClient, told: Edition) -> None:
    """A browser that goes back shows the same form: a school registers its class that way."""
    typed = {**hidden_fields(client.get("/events/DKR05/register").text), **PERSON, "method": "transfer"}
    first = client.post("/events/DKR05/register", data=typed)
    second = client.post(
        "/events/DKR05/register", data={**typed, "name": "Awa Modèle", "email": "awa@example.org"}
    )
    assert (first.status_code, second.status_code) == (303, 303)
    assert "Awa Modèle" in client.get(second.location).text
    assert db.session.scalar(select(func.count(Registration.id))) == 2


def test_the_self_chosen_fee_may_be_zero(client: FlaskClient, app: Flask) -> None:
    summer_university()
    page = client.get("/events/UE07/register", headers=FRENCH).text
    for text in ("Solidaire", "100,00", "Gratuit", "0,00"):
        assert text in page
    answer = fill_in(client, "/events/UE07/register", **PERSON, tier="gratuit")
    made = db.session.scalars(select(Registration)).one()
    assert (answer.status_code, made.status) == (303, RegistrationStatus.CONFIRMED)
    assert db.session.scalar(select(Payment.id)) is None


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": "  "}, "Write the name as it should stand on the badge."),
        ({"name": "Nul\x00"}, "cannot be printed"),
        ({"email": "nadege at example"}, "This is not an e-mail address."),
        ({"country": ""}, "Choose the country you come from."),
        ({"country": "ZZ"}, "Not a valid choice"),
        ({"method": ""}, "Choose how you pay."),
        ({"method": "cash"}, "Choose how you pay."),
        ({"access_needs": "A ramp"}, "Tick the box"),
        ({"website": "http://spam.example"}, "Leave this field empty."),
        ({"submission": "forged"}, "This form was open for too long."),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(
    client: FlaskClient, told: Edition, typed: dict[str, str], sentence: str
) -> None:
    answer = fill_in(client, "/events/DKR05/register", ENGLISH, **{**PERSON, "method": "transfer", **typed})
    assert answer.status_code == 422
    assert sentence in answer.text and "Coopérative du Fil" in answer.text
    assert db.session.scalar(select(Registration.id)) is None


def test_a_fee_must_be_chosen_and_must_exist(client: FlaskClient, app: Flask) -> None:
    summer_university()
    for tier in ({}, {"tier": "gold"}):
        answer = fill_in(client, "/events/UE07/register", ENGLISH, **PERSON, method="transfer", **tier)
        assert answer.status_code == 422


def test_a_full_gathering_offers_the_waiting_list(client: FlaskClient, app: Flask) -> None:
    edition = dakar(capacity=1)
    page = client.get("/events/DKR05/register").text
    with transaction():
        registration.register(edition, somebody(1), by=BY)
    typed = {**hidden_fields(page), **PERSON, "method": "transfer"}
    late = client.post("/events/DKR05/register", data=typed, headers=ENGLISH)
    assert late.status_code == 409
    assert "Join the waiting list" in late.text and "Nadège" in late.text
    answer = client.post("/events/DKR05/register", data={**typed, "waitlist": "1"})
    assert answer.status_code == 303
    assert "waiting list" in client.get(answer.location, headers=ENGLISH).text
    statuses = db.session.scalars(select(Registration.status).order_by(Registration.id)).all()
    assert statuses == [RegistrationStatus.UNPAID, RegistrationStatus.WAITLISTED]


def test_before_and_after_its_time_the_form_is_closed(client: FlaskClient, told: Edition) -> None:
    for moment in (datetime(2005, 1, 2, tzinfo=UTC), datetime(2005, 11, 1, tzinfo=UTC)):
        clock.travel_to(moment)
        assert client.get("/events/DKR05/register").status_code == 409
        token = hidden_fields(client.get("/events/DKR05").text)["csrf_token"]
        answer = client.post("/events/DKR05/register", data={"csrf_token": token, **PERSON})
        assert answer.status_code == 409
    assert db.session.scalar(select(Registration.id)) is None


def test_who_is_registered_already_receives_the_message_again_once_a_day(
    client: FlaskClient, told: Edition
) -> None:
    first, *later = [
        fill_in(client, "/events/DKR05/register", ENGLISH, **PERSON, method="transfer") for _try in range(3)
    ]
    assert [first.status_code, *(one.status_code for one in later)] == [303, 409, 409]
    assert "already registered" in later[0].text
    jobs = db.session.scalars(select(Job).where(Job.kind == "registration-message")).all()
    assert [job.payload["about"] for job in jobs] == ["unpaid", "unpaid"]


def test_without_a_token_nothing_is_registered(client: FlaskClient, told: Edition) -> None:
    assert client.post("/events/DKR05/register", data={**PERSON, "method": "transfer"}).status_code == 400
    assert db.session.scalar(select(Registration.id)) is None


@pytest.mark.settings(rate_limits=True)
def test_faster_than_people_is_asked_to_look_it_over(client: FlaskClient, told: Edition) -> None:
    answer = fill_in(client, "/events/DKR05/register", ENGLISH, **PERSON, method="transfer")
    assert answer.status_code == 422 and "quicker than people" in answer.text


@pytest.mark.settings(rate_limits=True)
def test_too_many_forms_from_one_address_wait(client: FlaskClient, told: Edition) -> None:
    token = hidden_fields(client.get("/events/DKR05/register").text)
    answers = [client.post("/events/DKR05/register", data=token).status_code for _try in range(61)]
    assert answers[:60] == [422] * 60 and answers[60] == 429
