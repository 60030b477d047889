"""What nobody types and attackers send: no page breaks on it, on either database."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access.models import Grant, RoleName, User
from access.users import CreateUser, create_user
from shared.audit import System
from shared.database import db, transaction
from shared.web import LARGEST
from tests.conftest import sign_in
from tests.events.gathering import dakar

STRANGE = ["%00", "DKR05%00", "%ED%A0%80", str(LARGEST), str(LARGEST + 1), "9" * 40, "-1", "x" * 3000]
QUERIES = [
    "page=9" + "9" * 30,
    "page=-5",
    "q=%00",
    "q=%ED%A0%80",
    "q=a%00b&status=%00&region=%00&tier=%00&party=%00",
    "&".join(f"{name}={'9' * 30}" for name in ("account", "payer", "organisation", "year", "seats", "part")),
]
REPORTS = ["fund", "payer", "funder", "due", "cash", "forecast", "worth", "exchange", "trial-balance"]


@pytest.fixture
def everything(app: Flask, client: FlaskClient) -> FlaskClient:
    """Somebody who holds every role there is."""
    dakar()
    with transaction():
        user = create_user(CreateUser(email="ada@example.org", name="Ada Témoin"), by=System("tests"))
        db.session.flush()
        user.grants = [_everywhere(user, role) for role in RoleName]
    sign_in(client, user)
    return client


def _everywhere(user: User, role: RoleName) -> Grant:
    return Grant(user_id=user.id, role=role)


@pytest.mark.usefixtures("both_databases")
def test_no_address_breaks_a_page(app: Flask, everything: FlaskClient) -> None:
    signed_in = everything.get_cookie("session")
    assert signed_in is not None
    cookie = signed_in.value
    asked = refused = 0

    def see(path: str) -> None:
        """The page, for somebody who is signed in: some pages of the walk sign out."""
        nonlocal asked, refused
        everything.set_cookie("session", cookie)
        answer = everything.get(path)
        assert answer.status_code < 500, path
        answer.close()
        asked += 1
        refused += answer.status_code in (302, 403) and "/sign-in" in answer.headers.get(
            "Location", "/sign-in"
        )

    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or set()) or rule.endpoint == "static":
            continue
        for strange in STRANGE if rule.arguments else ():
            see("".join(strange if stands else part for stands, part in _parts(rule.rule)))
        here = "".join("DKR05" if stands else part for stands, part in _parts(rule.rule))
        for query in QUERIES:
            see(f"{here}?{query}")
    for report in REPORTS:
        for query in QUERIES:
            see(f"/treasury/reports/{report}?{query}")
    assert asked > 300
    assert refused < asked / 20  # who holds every role is turned away almost nowhere


def _parts(rule: str) -> list[tuple[bool, str]]:
    """`/demo/<int:user_id>` as its pieces, each with whether it stands for something."""
    pieces = []
    for before in rule.split("<"):
        argument, closed, rest = before.partition(">")
        pieces += [(True, argument), (False, rest)] if closed else [(False, before)]
    return pieces


@pytest.mark.usefixtures("both_databases")
@pytest.mark.parametrize("number", [str(LARGEST + 1), "-1", "", "x"])
def test_no_number_in_a_form_breaks_a_page(everything: FlaskClient, number: str) -> None:
    token = everything.get("/account").text.partition('name="csrf_token" value="')[2].partition('"')[0]
    typed = {"csrf_token": token, "registration": number, "reason": "nothing\0"}
    assert everything.post("/check-in/DKR05/undo", data=typed).status_code == 404
    assert everything.post(f"/demo/{number or 0}", data=typed).status_code == 404
