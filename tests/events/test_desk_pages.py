"""The desk's pages without a script, and what its script asks: few questions, each scan once."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from access.models import RoleName
from events import badges, registration
from events.models import CheckIn, Edition, Registration, RegistrationStatus
from network.people import PersonDetails
from shared import clock
from shared.database import db, transaction
from shared.money import Money
from tests.counting import count_queries
from tests.events.desk import (
    NAMES,
    admit,
    badge_of,
    hidden_fields,
    outaouais,
    scan,
    signed_in,
    text_of,
    user_with,
)
from tests.events.gathering import BY, dakar, somebody, summer_university
from treasury.models import PaymentMethod

OPENING = datetime(2005, 11, 22, 9, 5, tzinfo=UTC)
SAME_ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def edition(app: Flask) -> Edition:
    return dakar()


@pytest.fixture
def party(edition: Edition) -> list[Registration]:
    """Outaouais with its badges, at 9:05 on the first day."""
    people = outaouais(edition)
    for one in people:
        badge_of(one)
    clock.travel_to(OPENING)
    return people


@pytest.fixture
def boubacar(app: Flask, edition: Edition) -> FlaskClient:
    """The browser of Boubacar Échantillon, volunteer of Dakar 2005."""
    return signed_in(
        app.test_client(), user_with("boubacar@example.org", RoleName.VOLUNTEER, edition_id=edition.id)
    )


@pytest.fixture
def organiser(app: Flask, edition: Edition) -> FlaskClient:
    """The browser of Fatou Modèle, organiser."""
    return signed_in(app.test_client(), user_with("fatou@example.org", RoleName.ORGANISER))


def _present(client: FlaskClient, code: str, desk: str = "Hall 1", **changes: str) -> str:
    page = client.get("/check-in/DKR05").text
    fields = {**hidden_fields(page), "code": code, "desk": desk, **changes}
    answer = client.post("/check-in/DKR05", data=fields)
    assert answer.status_code == 200
    return _verdict(answer.text)


def _verdict(page: str) -> str:
    """What the answer says, without its marks."""
    shown = page.partition('id="verdict"')[2].partition("<form")[0]
    shown = re.sub(r"<span[^>]*hidden[^>]*>.*?</span>", "", shown)
    return " ".join(re.sub(r"<[^>]+>", " ", shown).partition(">")[2].split())


def _send(client: FlaskClient, *scans: dict[str, Any], **headers: str) -> TestResponse:
    return client.post(
        "/check-in/DKR05/scans", json={"desk": "Hall 1", "scans": list(scans)}, headers=headers or SAME_ORIGIN
    )


def _arrivals() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(CheckIn)) or 0


def test_welcome_then_already_in_without_a_script(boubacar: FlaskClient, party: list[Registration]) -> None:
    code = badge_of(party[0]).short_code
    welcome = _present(boubacar, f" {code[:4].lower()} {code[4:].lower()}")
    for told in ("Welcome", "Ondine Exemple", "Head of delegation", "Outaouais", "DKR05-OUT-01", "FR EN"):
        assert told in welcome
    again = _present(boubacar, code, desk="Hall 2")
    assert "Already in" in again
    assert re.search(r"since 9:05.AM · Hall 1", again)


def test_the_same_form_sent_twice_is_one_scan(boubacar: FlaskClient, party: list[Registration]) -> None:
    code = badge_of(party[0]).short_code
    for _again in range(2):
        assert "Welcome" in _present(boubacar, code, scan_key="the-same-page")
    assert _arrivals() == 1


def test_a_revoked_badge_is_refused_politely_in_four_languages_and_names_nobody(
    boubacar: FlaskClient, party: list[Registration]
) -> None:
    code = badge_of(party[0]).short_code
    with transaction():
        badges.reissue(party[0], "Badge perdu", by=BY)
    refused = _present(boubacar, code)
    for told in (
        "n’est plus valable",
        "no longer valid",
        "ya no es válida",
        "já não é válido",
        "DKR05-OUT-01",
    ):
        assert told in refused
    assert "Ondine" not in refused


def test_unknown_and_foreign_codes_get_their_own_answer(
    boubacar: FlaskClient, party: list[Registration]
) -> None:
    assert "Code not known" in _present(boubacar, "hello")
    foreign = badge_of(admit(summer_university(), "Personne Ailleurs"))
    clock.travel_to(OPENING)
    answer = _present(boubacar, foreign.short_code)
    assert "another gathering" in answer
    assert "Ailleurs" not in answer


def test_what_is_typed_is_never_markup(boubacar: FlaskClient, party: list[Registration]) -> None:
    page = boubacar.get("/check-in/DKR05").text
    answer = boubacar.post(
        "/check-in/DKR05", data={**hidden_fields(page), "code": "<b>x", "desk": '"><script>alert(1)</script>'}
    )
    assert "<script>alert" not in answer.text
    assert "&lt;script&gt;alert" in answer.text


def test_outaouais_has_arrived_in_part_and_who_is_missing(
    boubacar: FlaskClient, edition: Edition, party: list[Registration]
) -> None:
    scan(edition, badge_of(party[0]).short_code)
    page = boubacar.get("/check-in/DKR05/arrivals?q=outaouais").text
    assert "1 of 3 are here" in page
    assert NAMES[2] in page.partition("Missing:")[2]
    assert "Nobody by these words" in boubacar.get("/check-in/DKR05/arrivals?q=zzz").text
    assert "Boris" in boubacar.get("/check-in/DKR05/arrivals?q=boris").text


def test_an_arrival_is_taken_back_with_a_reason(
    boubacar: FlaskClient, edition: Edition, party: list[Registration]
) -> None:
    scan(edition, badge_of(party[0]).short_code)
    fields = {**hidden_fields(boubacar.get("/check-in/DKR05/arrivals?q=outaouais").text), "reason": ""}
    assert "Say why" in boubacar.post("/check-in/DKR05/undo", data=fields, follow_redirects=True).text
    assert _arrivals() == 1
    fields["reason"] = "mauvaise personne"
    assert "taken back" in boubacar.post("/check-in/DKR05/undo", data=fields, follow_redirects=True).text
    assert _arrivals() == 0
    assert boubacar.post("/check-in/DKR05/undo", data=fields).status_code == 404


def test_scans_kept_offline_are_sent_once_and_the_second_desk_is_flagged(
    boubacar: FlaskClient, party: list[Registration]
) -> None:
    code = badge_of(party[0]).short_code
    one = {"scan_key": "a", "code": code, "ago": 600, "offline": True}
    two = {"scan_key": "b", "code": code, "ago": 300, "offline": True, "desk": "Hall 2"}
    for _again in range(2):
        answers = _send(boubacar, one, two).get_json()["answers"]
        assert [answer["result"] for answer in answers] == ["welcome", "flagged"]
    assert _arrivals() == 1
    arrival = db.session.scalars(select(CheckIn)).one()
    assert abs(arrival.at - (OPENING - timedelta(minutes=10))) < timedelta(seconds=30)
    page = boubacar.get("/check-in/DKR05/look-again").text
    assert "Ondine Exemple" in page
    assert "Hall 2" in page
    assert "second scan" in page


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}, {"X-Nothing": "1"}]
)
def test_scans_come_from_our_own_page_only(
    boubacar: FlaskClient, party: list[Registration], headers: dict[str, str]
) -> None:
    one = {"scan_key": "a", "code": badge_of(party[0]).short_code}
    assert _send(boubacar, one, **headers).status_code == 403
    assert _send(boubacar, one, Origin="http://localhost").status_code == 200


@pytest.mark.parametrize(
    "message",
    [
        None,
        [],
        {},
        {"scans": "x"},
        {"scans": [1]},
        {"scans": [{}]},
        {"scans": [{"scan_key": "", "code": "x"}]},
        {"scans": [{"scan_key": "k" * 65, "code": "x"}]},
        {"scans": [{"scan_key": "k", "code": 1}]},
        {"scans": [{"scan_key": "k", "code": "x", "ago": -1}]},
        {"scans": [{"scan_key": "k", "code": "x", "ago": float("nan")}]},
        {"scans": [{"scan_key": "k", "code": "x", "ago": True}]},
        {"scans": [{"scan_key": "k", "code": "x", "desk": None}]},
        {"desk": 1, "scans": []},
        {"scans": [{"scan_key": "k", "code": "x"}] * 51},
    ],
)
def test_what_is_no_list_of_scans_changes_nothing(
    boubacar: FlaskClient, edition: Edition, message: Any
) -> None:
    answer = boubacar.post("/check-in/DKR05/scans", json=message, headers=SAME_ORIGIN)
    assert answer.status_code == 422
    assert _arrivals() == 0


def test_a_scan_costs_few_questions_however_many_are_registered(
    boubacar: FlaskClient, edition: Edition, party: list[Registration]
) -> None:
    asked = []
    for number in (0, 1):
        code = badge_of(party[number]).short_code
        db.session.expire_all()
        with count_queries() as seen:
            assert _send(boubacar, {"scan_key": f"k{number}", "code": code}).status_code == 200
        asked.append(len(seen))
        outaouais(edition, [f"Personne {n}" for n in range(10)], code=f"DKR05-X{number}")
    assert asked[0] == asked[1] <= 10, asked


def test_the_roster_keeps_to_what_a_desk_needs(
    boubacar: FlaskClient, edition: Edition, party: list[Registration]
) -> None:
    with transaction():
        party[0].person.diet, party[0].person.access_needs = "sans arachide", "rampe"
    answer = boubacar.get("/check-in/DKR05/roster.json")
    assert answer.headers["Cache-Control"] == "no-store"
    assert "arachide" not in answer.text
    assert "example.org" not in answer.text
    rows = answer.get_json()["badges"]
    badge = badge_of(party[0])
    assert badge.token not in answer.text
    assert {row["code"] for row in rows} == {badge_of(one).short_code for one in party}
    assert set(rows[0]) == {
        "serial",
        "hash",
        "code",
        "name",
        "delegation",
        "role",
        "seat",
        "good",
        "at",
        "desk",
    }


def test_the_desk_of_another_gathering_does_not_exist_for_a_volunteer(boubacar: FlaskClient) -> None:
    summer_university()
    clock.travel_to(OPENING)
    for path in ("", "/arrivals", "/roster.json", "/look-again", "/day-sheet.pdf"):
        assert boubacar.get(f"/check-in/UE07{path}").status_code == 404
    assert boubacar.get("/check-in").location == "/check-in/DKR05"
    assert boubacar.get("/manage/events/DKR05/badges").status_code == 403


def test_the_day_sheet_lists_everybody_with_a_box(
    boubacar: FlaskClient, edition: Edition, party: list[Registration]
) -> None:
    scan(edition, badge_of(party[0]).short_code)
    text = text_of(boubacar.get("/check-in/DKR05/day-sheet.pdf").data)
    for told in (*NAMES, "DKR05-OUT-02", "1 / 3"):
        assert told in text


@pytest.mark.settings(rate_limits=True)
def test_codes_are_not_to_be_guessed(boubacar: FlaskClient, party: list[Registration]) -> None:
    answers = [_send(boubacar, {"scan_key": f"g{n}", "code": f"guess {n}"}).status_code for n in range(32)]
    assert answers.count(200) == 30
    assert answers[-1] == 429


@pytest.mark.settings(rate_limits=True)
def test_a_busy_desk_is_never_held_up(boubacar: FlaskClient, party: list[Registration]) -> None:
    code = badge_of(party[0]).short_code
    answers = {_send(boubacar, {"scan_key": f"b{n}", "code": code}).status_code for n in range(70)}
    assert answers == {200}


def test_who_is_let_in_unpaid_is_welcomed_and_nothing_of_it_is_shown(
    boubacar: FlaskClient, organiser: FlaskClient, edition: Edition
) -> None:
    person = PersonDetails(name="Personne Solde", email="solde@example.org", country="SN")
    with transaction():
        unpaid = registration.register(
            edition,
            somebody(
                person=person,
                fee=Money.of("688.20", "CAD"),
                method=PaymentMethod.TRANSFER,
                seat_code="DKR05-DEV-04",
            ),
            by=BY,
        )
        registration.admit_unpaid(unpaid, "Solde de 688,20 suivi par la trésorerie", by=BY)
    code = badge_of(unpaid).short_code
    welcome = _present(boubacar, code)
    assert "Welcome" in welcome
    pages = [
        welcome,
        boubacar.get("/check-in/DKR05/arrivals?q=solde").text,
        boubacar.get("/check-in/DKR05/roster.json").text,
        organiser.get("/manage/events/DKR05/badges?q=solde").text,
    ]
    assert unpaid.status is RegistrationStatus.UNPAID
    assert not [page for page in pages if "688" in page or "Solde de" in page]


def test_the_lists_ask_no_more_when_more_are_registered(
    organiser: FlaskClient, edition: Edition, party: list[Registration]
) -> None:
    paths = ("/manage/events/DKR05/badges", "/check-in/DKR05", "/check-in/DKR05/arrivals?q=outaouais")
    asked: list[list[int]] = []
    for _round in range(2):
        asked.append([])
        for path in paths:
            db.session.expire_all()
            with count_queries() as seen:
                assert organiser.get(path).status_code == 200
            asked[-1].append(len(seen))
        outaouais(edition, [f"Personne {n}" for n in range(8)])
        with transaction():
            badges.issue_all(edition, by=BY)
    assert asked[0] == asked[1]
    assert max(asked[0]) <= 10
