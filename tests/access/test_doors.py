"""What strangers try at the door: redirects, hosts, tokens, frames, caches, too many tries."""

import re
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access.models import User
from access.sign_in import FORMS_LIMIT
from access.views import blueprint
from shared.database import db, transaction
from tests.access.conftest import PASSWORD, Post, signed_in

EMAIL = "ondine@example.org"
ELSEWHERE = [
    "https://evil.example/",
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
    "/\n/evil.example",
    "http:evil.example",
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_redirect_leaves_the_house(client: FlaskClient, post: Post, ondine: User, target: str) -> None:
    answers = [
        post("/language/en?next=" + "".join(f"%{byte:02X}" for byte in target.encode())),
        post("/sign-in", email=EMAIL, password=PASSWORD, next=target),
    ]
    assert answers[0].location == "/"
    for answer in answers:  # Flask-Security shows its form again, or stays on this host
        assert urlsplit(urljoin("http://localhost/", answer.location or "/")).netloc == "localhost"


def test_a_language_is_chosen_and_stays(client: FlaskClient, post: Post) -> None:
    assert post("/language/en?next=/sign-in%3Fnext=/account").location == "/sign-in?next=/account"
    assert '<html lang="en"' in client.get("/sign-in").text
    assert post("/language/fr").location == "/"
    assert '<html lang="fr"' in client.get("/sign-in").text
    assert post("/language/xx").status_code == 404


@pytest.mark.settings(testing=False, demo=False, public_url="https://teranga.example")
def test_another_host_is_refused(client: FlaskClient, app: Flask) -> None:
    assert client.get("/sign-in", headers={"Host": "evil.example"}).status_code == 400
    assert client.get("/sign-in", headers={"Host": "teranga.example"}).status_code == 200
    forwarded = {"Host": "teranga.example", "X-Forwarded-Host": "evil.example"}
    assert "evil" not in client.get("/account", headers=forwarded).location


@pytest.mark.settings(testing=False, public_url="https://teranga.example")
def test_the_cookie_is_for_this_site_over_https_only(client: FlaskClient) -> None:
    answer = client.get("/sign-in", base_url="https://teranga.example")
    cookie = answer.headers["Set-Cookie"]
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))
    assert "max-age" in answer.headers["Strict-Transport-Security"]


@pytest.mark.settings(testing=False, public_url="https://teranga.example")
def test_the_cookie_that_remembers_is_for_this_site_over_https_only(
    client: FlaskClient, ondine: User
) -> None:
    site: dict[str, Any] = {
        "base_url": "https://teranga.example",
        "headers": {"Referer": "https://teranga.example/sign-in"},
    }
    page = client.get("/sign-in", **site).text
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token
    typed = {"csrf_token": token[1], "email": EMAIL, "password": PASSWORD, "remember": "y"}
    answer = client.post("/sign-in", data=typed, **site)
    (cookie,) = (one for one in answer.headers.getlist("Set-Cookie") if one.startswith("remember_token="))
    assert {"Secure", "HttpOnly", "SameSite=Lax"} <= set(cookie.split("; "))


@pytest.mark.parametrize("path", ["/sign-in", "/account", "/never-was"])
def test_no_page_is_cached_framed_or_sniffed(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert "no-store" in answer.headers["Cache-Control"]
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/sign-in", "/sign-in/link", "/sign-out", "/language/fr", "/sign-in/forgotten"]
)
def test_a_form_without_its_token_does_nothing(client: FlaskClient, ondine: User, path: str) -> None:
    assert client.post(path, data={"email": EMAIL, "password": PASSWORD}).status_code == 400
    assert not signed_in(client)


def test_the_token_of_before_is_worthless_after_sign_in(
    client: FlaskClient, post: Post, ondine: User
) -> None:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert token
    post("/sign-in", email=EMAIL, password=PASSWORD)
    assert client.post("/sign-out", data={"csrf_token": token[1]}).status_code == 400
    assert signed_in(client)


@pytest.mark.settings(rate_limits=True)
def test_tries_are_counted_per_address_and_per_account(app: Flask, post: Post, ondine: User) -> None:
    assert FORMS_LIMIT.startswith("10 per minute")
    for _ in range(10):
        assert post("/sign-in", email=EMAIL, password="not it at all").status_code == 200
    assert post("/sign-in", email=EMAIL, password=PASSWORD).status_code == 429

    stranger = app.test_client()
    stranger.environ_base["REMOTE_ADDR"] = "198.51.100.7"
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', stranger.get("/sign-in").text)
    assert token
    fields = {"csrf_token": token[1], "email": EMAIL, "password": PASSWORD}
    assert stranger.post("/sign-in", data=fields).status_code == 429, "the account is protected, too"


@pytest.mark.settings(rate_limits=True)
def test_writing_the_address_otherwise_is_no_new_account_to_try(app: Flask, ondine: User) -> None:
    """Each try from another machine, with a letter of the domain in full width: one mailbox all the same."""
    domain = "example.org"
    wide = [domain[:n] + chr(ord(domain[n]) + 0xFEE0) + domain[n + 1 :] for n in range(7)]
    tries = [f"{name}@{written}" for name in ("ondine", "ONDINE") for written in wide]
    answers = [
        Stranger(app, f"198.51.100.{number}").post("/sign-in", email=email, password="not it at all")
        for number, email in enumerate(tries)
    ]
    assert answers == [200] * 10 + [429] * 4


@pytest.mark.settings(rate_limits=True)
def test_what_is_sent_beside_a_code_does_not_change_whose_code_is_tried(
    app: Flask, client: FlaskClient, ondine: User
) -> None:
    with transaction():
        user = db.session.get_one(User, ondine.id)
        user.tf_primary_method = "authenticator"
        user.tf_totp_secret = app.extensions["security"].totp_factory.generate_totp_secret()
    answers = []
    for number in range(11):
        stranger = Stranger(app, f"198.51.100.{number}")
        with stranger.client.session_transaction() as session:
            session["tf_user_id"], session["tf_state"] = ondine.fs_uniquifier, "ready"
        answers.append(stranger.post("/sign-in/code", code="000000", email=f"{number}@example.org"))
    assert answers == [200] * 10 + [429]


@pytest.mark.settings(rate_limits=True)
def test_a_stranger_keeps_nobody_from_a_new_password(app: Flask) -> None:
    for _again in range(11):
        Stranger(app, "198.51.100.1").post("/sign-in/forgotten/no-such-token", password="x")
    assert Stranger(app, "198.51.100.2").post("/sign-in/forgotten/no-such-token", password="x") != 429


class Stranger:
    """A browser somewhere else."""

    def __init__(self, app: Flask, address: str) -> None:
        self.client = app.test_client()
        self.client.environ_base["REMOTE_ADDR"] = address

    def post(self, path: str, **fields: str) -> int:
        """Send a form with the token of a page; the status of the answer."""
        page = self.client.get("/sign-in/forgotten").text
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
        assert token
        return self.client.post(path, data={"csrf_token": token[1], **fields}).status_code


@pytest.mark.settings(rate_limits=True)
def test_a_forged_address_does_not_help(app: Flask, client: FlaskClient, post: Post) -> None:
    answers = [
        post("/sign-in/link", email=f"someone{number}@example.org", headers=None).status_code
        for number in range(11)
    ]
    assert answers[-1] == 429
    forged = client.post("/sign-in/link", data={}, headers={"X-Forwarded-For": "203.0.113.9"})
    assert forged.status_code in {400, 429}


def test_nobody_becomes_a_person_of_the_demonstration_elsewhere(client: FlaskClient, post: Post) -> None:
    assert client.get("/demo").status_code == 404
    assert post("/demo/1").status_code == 404
    assert client.get("/outbox").location == "/sign-in?next=/outbox"


@pytest.mark.settings  # a route more, on an application of its own
def test_a_page_without_a_permission_is_for_nobody(app: Flask) -> None:
    app.add_url_rule("/forgotten-to-say", "forgotten", lambda: "secret")
    assert app.test_client().get("/forgotten-to-say").status_code == 302
    assert blueprint.name == "access"


def test_a_language_chosen_where_a_form_was_refused_leads_to_the_page_of_the_form(post: Post) -> None:
    """The address of a refused form may take only what is sent: the reader goes on, on the page above it."""
    sent_to = "/delegations/funders/DKR05/B1/duties/5/done"
    assert post(f"/language/en?next={sent_to}").location == "/delegations/funders/DKR05/B1"
    assert post("/language/en?next=/delegations/funders/DKR05/B1").location.endswith("/B1")
