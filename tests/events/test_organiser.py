"""The organiser's side: Fatou Modèle sets up Dakar 2005, watches who registers, decides and exports."""

import csv
import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import Grant, RoleName, ScopeKind, User
from documents.spreadsheets import neutral
from events import registration
from events.models import Edition, Registration, RegistrationStatus
from network.people import PersonDetails
from shared.audit import AuditRecord
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.events.browsing import counting, fill_in, press
from tests.events.gathering import BY, dakar, somebody, summer_university

TYPED: dict[str, Any] = {
    "series": "",
    "series_code": "RIPESS",
    "series_name": "Rencontres internationales",
    "code": "dkr05",
    "name": "Dakar 2005",
    "theme": "Mondialiser la solidarité",
    "starts_on": "2005-11-22",
    "ends_on": "2005-11-26",
    "place": "Dakar",
    "country": "SN",
    "zone": "Africa/Dakar",
    "languages": ["fr", "en", "es"],
    "currency": "CAD",
    "fee": "60.00",
    "currencies": "XOF, EUR",
    "capacity": "1000",
    "registration_opens_at": "2005-01-15T08:00",
    "registration_closes_at": "2005-10-15T23:59",
    "delegation_deadline": "2005-09-30",
    "open_to_public": "y",
}


def test_an_organiser_sets_up_dakar_2005_and_opens_it(as_fatou: FlaskClient) -> None:
    answer = fill_in(as_fatou, "/manage/events/new", **TYPED)
    assert answer.location == "/manage/events/DKR05"
    made = db.session.scalars(select(Edition)).one()
    assert (made.code, made.fee, made.currencies, made.capacity) == (
        "DKR05",
        Money.of("60.00", "CAD"),
        ["CAD", "XOF", "EUR"],
        1000,
    )
    assert made.registration_closes_at == datetime(2005, 10, 15, 23, 59, tzinfo=ZoneInfo("Africa/Dakar"))
    assert made.fund is not None and made.fund.code == "DKR05" and made.badge_key
    assert as_fatou.get("/events/DKR05").status_code == 404, "a draft is nobody's business"
    press(as_fatou, "/manage/events/DKR05", "/manage/events/DKR05/open")
    assert as_fatou.get("/events/DKR05").status_code == 200


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"zone": "Dakar"}, "This is not a time zone."),
        ({"zone": "../etc/passwd"}, "This is not a time zone."),
        ({"ends_on": "2005-11-21"}, "The end comes before the beginning."),
        ({"registration_closes_at": "2004-10-15T23:59"}, "The end comes before the beginning."),
        ({"fee": "1e3"}, "This amount could not be read."),
        ({"fee": "-5"}, "This amount could not be read."),
        ({"currencies": "XXX"}, "is not a currency that is set up here."),
        ({"code": "Dakar 2005!"}, "A code has up to 20 capital letters"),
        ({"series_name": ""}, "Write the code and the name of the new series."),
        ({"capacity": "many"}, "Not a valid integer value"),
        ({"name": ""}, "Write the name."),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    as_fatou: FlaskClient, typed: dict[str, str], sentence: str
) -> None:
    answer = fill_in(as_fatou, "/manage/events/new", **{**TYPED, **typed})
    assert answer.status_code == 422
    assert sentence in answer.text and "Mondialiser la solidarité" in answer.text
    assert db.session.scalar(select(Edition.id)) is None


def test_a_code_is_taken_once(as_fatou: FlaskClient) -> None:
    dakar()
    answer = fill_in(
        as_fatou, "/manage/events/new", **{**TYPED, "series": "1", "series_code": "", "series_name": ""}
    )
    assert answer.status_code == 409


def test_fewer_places_than_are_taken_is_refused_and_more_are_offered(as_fatou: FlaskClient) -> None:
    edition = dakar(capacity=2)
    with transaction():
        for number in (1, 2):
            registration.register(edition, somebody(number), by=BY)
        waiting = registration.register(edition, somebody(3, waitlist_ok=True), by=BY)
    changed = {name: value for name, value in TYPED.items() if not name.startswith(("series", "code"))}
    url = "/manage/events/DKR05/edit"
    assert fill_in(as_fatou, url, **{**changed, "capacity": "1"}).status_code == 409
    assert fill_in(as_fatou, url, **{**changed, "currency": "XOF", "fee": "60"}).status_code == 409
    assert fill_in(as_fatou, url, **{**changed, "capacity": "3"}).status_code == 303
    assert waiting.status is RegistrationStatus.OFFERED


def test_fees_to_choose_from_are_added(as_fatou: FlaskClient) -> None:
    edition = dakar()
    typed = {"label_fr": "Solidaire", "label_en": "Solidarity", "code": "solidaire", "amount": "100.00"}
    url, action = "/manage/events/DKR05", "/manage/events/DKR05/tiers"
    assert press(as_fatou, url, action, **{**typed, "amount": "100,0"}).status_code == 422
    assert press(as_fatou, url, action, **typed).status_code == 303
    assert press(as_fatou, url, action, **typed).status_code == 409
    db.session.expire_all()
    assert [(tier.code, tier.amount) for tier in edition.tiers] == [("solidaire", Money.of("100.00", "CAD"))]


@pytest.fixture
def crowd(app: Flask) -> Edition:
    """Five people at the summer university, two of them of a delegation."""
    edition = summer_university()
    with transaction():
        for number, tier in enumerate(("gratuit", "gratuit", "regulier", "regulier", "solidaire"), 1):
            party = {"party_code": "UE07-OUT", "party_name": "Outaouais"} if number < 3 else {}
            registration.register(edition, somebody(number, tier_code=tier, **party), by=BY)
        details = PersonDetails(name="Émile N’Exemple", email="emile@example.org", organisation_name="Le Fil")
        registration.register(edition, somebody(6, person=details, tier_code="gratuit"), by=BY)
    return edition


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", 6),
        ("q=exemple+personne3@", 1),
        ("q=PERSONNE3@EXAMPLE.ORG", 1),
        ("q=émile", 1),
        ("q=le+fil", 1),
        ("q=100%25", 0),
        ("q=_", 0),
        ("status=confirmed", 3),
        ("status=unpaid&tier=regulier", 2),
        ("tier=nothing", 0),
        ("party=UE07-OUT", 2),
        ("status=';--", 6),
        ("order=name&page=99", 6),
        ("order=nonsense&page=-1", 6),
        ("page=x", 6),
    ],
)
def test_the_list_is_searched_and_filtered(
    as_fatou: FlaskClient, crowd: Edition, query: str, found: int
) -> None:
    page = as_fatou.get(f"/manage/events/UE07/registrations?{query}")
    assert page.status_code == 200
    assert f"{found} registration{'' if found == 1 else 's'}" in page.text


def test_the_whole_list_leaves_as_csv_and_that_is_noted(as_fatou: FlaskClient, crowd: Edition) -> None:
    answer = as_fatou.get("/manage/events/UE07/registrations/export.csv?tier=regulier")
    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))
    assert [row["fee"] for row in rows] == ["60.00", "60.00"]
    assert rows[0]["status"] == "unpaid" and rows[0]["reference"].startswith("TG")
    noted = db.session.scalars(select(AuditRecord).where(AuditRecord.action == "registration.export")).one()
    assert noted.details == {"form": "csv", "tier": "regulier", "order": "newest"}


def test_the_list_is_written_while_it_is_sent(as_fatou: FlaskClient, crowd: Edition) -> None:
    """In a thread of its own, as on a server: the view has ended before the first line is written."""
    url = "/manage/events/UE07/registrations/export.csv"
    with ThreadPoolExecutor(1) as server:
        answer = server.submit(lambda: FlaskClient.open(as_fatou, url).data).result()
    assert len(answer.decode("utf-8-sig").splitlines()) == 7


def test_no_cell_is_a_formula(as_fatou: FlaskClient, crowd: Edition) -> None:
    evil = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://x.example")', "http://x.example"]
    with transaction():
        for number, name in enumerate(evil, 20):
            details = PersonDetails(
                name=f"{name} a", email=f"evil{number}@example.org", organisation_name=name
            )
            registration.register(crowd, somebody(number, person=details, tier_code="gratuit"), by=BY)
    text = as_fatou.get("/manage/events/UE07/registrations/export.csv").data.decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t"))]
    book = as_fatou.get("/manage/events/UE07/registrations/export.xlsx").data
    sheets = zipfile.ZipFile(io.BytesIO(book))
    xml = "".join(sheets.read(name).decode() for name in sheets.namelist() if "sheet1" in name)
    assert "<f>" not in xml and "hyperlink" not in xml
    assert "<t>=1+1 a</t>" in xml, "in a workbook the text stays as it is"


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@a", "\t=1", "\r=1", "＝1"])
def test_what_begins_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"
    assert neutral(f"a{cell}") == f"a{cell}"


def test_a_decision_has_a_reason_and_stands_in_the_history(as_fatou: FlaskClient, crowd: Edition) -> None:
    made = db.session.scalars(
        select(Registration).where(Registration.status == RegistrationStatus.UNPAID).limit(1)
    ).one()
    url = f"/manage/events/UE07/registrations/{made.id}"
    assert press(as_fatou, url, f"{url}/admit", reason=" ").status_code == 422
    assert press(as_fatou, url, f"{url}/admit", reason="The bank is slow").status_code == 303
    assert press(as_fatou, url, f"{url}/cancel", reason="Cannot come").status_code == 303
    page = as_fatou.get(url).text
    for text in ("Admitted although unpaid", "The bank is slow", "Cancelled", "Cannot come"):
        assert text in page


def test_a_registration_of_another_gathering_is_not_there(as_fatou: FlaskClient, crowd: Edition) -> None:
    dakar()
    made = db.session.scalars(select(Registration.id).limit(1)).one()
    assert as_fatou.get(f"/manage/events/DKR05/registrations/{made}").status_code == 404
    assert as_fatou.get("/manage/events/UE07/registrations/999999").status_code == 404


def test_an_organiser_of_one_gathering_sees_no_other(app: Flask, crowd: Edition) -> None:
    dakar()
    with transaction():
        user = User(email="one@example.org", name="Organisatrice Exemple")
        db.session.add(user)
        db.session.flush()
        db.session.add(
            Grant(
                user_id=user.id,
                role=RoleName.ORGANISER,
                scope_kind=ScopeKind.EDITION,
                scope_id=crowd.id,
            )
        )
    client = signed_in(app, user)
    assert "UE07" in client.get("/manage/events").text
    assert "DKR05" not in client.get("/manage/events").text
    for url in ("", "/edit", "/registrations", "/registrations/export.csv", "/registrations/export.xlsx"):
        assert client.get(f"/manage/events/DKR05{url}").status_code == 404
        assert client.get(f"/manage/events/UE07{url}").status_code == 200
    assert client.get("/manage/events/new").status_code == 404


def test_the_list_asks_few_questions_however_many_are_registered(
    app: Flask, as_fatou: FlaskClient, crowd: Edition
) -> None:
    def questions() -> int:
        with counting(app) as seen:
            as_fatou.get("/manage/events/UE07/registrations?q=exemple")
        return len(seen)

    before = questions()
    with transaction():
        for number in range(100, 150):
            registration.register(crowd, somebody(number, tier_code="gratuit"), by=BY)
    assert questions() == before <= 8


def signed_in(app: Flask, user: User) -> FlaskClient:
    """A browser in which `user` is signed in."""
    client = app.test_client()
    sign_in(client, user)
    return client


@pytest.fixture
def as_fatou(app: Flask, fatou: User) -> FlaskClient:
    """Fatou Modèle, who reads English today."""
    client = signed_in(app, fatou)
    with client.session_transaction() as session:
        session["locale"] = "en"
    return client


def test_the_page_of_a_gathering_leads_to_what_it_needs_next(as_fatou: FlaskClient) -> None:
    fill_in(as_fatou, "/manage/events/new", **TYPED)
    page = as_fatou.get("/manage/events/DKR05").text
    for path in (
        "/delegations/costs/DKR05", "/delegations/funders/DKR05", "/delegations/invite?edition=DKR05",
        "/delegations/accreditation", "/manage/events/DKR05/badges", "/check-in/DKR05",
    ):  # fmt: skip
        assert f'href="{path}"' in page
        assert as_fatou.get(path).status_code == 200
