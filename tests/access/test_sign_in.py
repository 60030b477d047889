"""Signing in: by a link, by password and code; and every way that must not work."""

import re
import time
from datetime import timedelta
from html import unescape

import pytest
from flask import Flask
from flask.testing import FlaskClient
from passlib.totp import TOTP
from sqlalchemy import select

from access import grants
from access.models import Grant, RoleName, User
from shared.audit import System
from shared.clock import now, travel_to
from shared.database import db, transaction
from tests.access.conftest import PASSWORD, Post, link_in, messages, signed_in

BY = System("tests")
EMAIL = "ondine@example.org"


@pytest.mark.usefixtures("both_databases")
def test_a_link_signs_in_once(client: FlaskClient, post: Post, ondine: User) -> None:
    post("/sign-in/link", email=" Ondine@example.org")
    path = link_in(messages()[0])
    assert "Ondine Exemple" in client.get(path).text
    assert not signed_in(client), "opening the link alone signs nobody in"
    assert post(path, page=path).location == "/"
    assert signed_in(client)
    assert client.get(path).status_code == 410


def test_a_link_leads_where_the_person_wanted_to_go(client: FlaskClient, post: Post, ondine: User) -> None:
    assert client.get("/account").location == "/sign-in?next=/account"
    post("/sign-in/link", page="/sign-in?next=/account", email=EMAIL, next="/account")
    path = link_in(messages()[0])
    form = re.search(r'action="(/sign-in/link/[^"]+)"', client.get(path).text)
    assert form and post(unescape(form[1]), page=path).location == "/account"


def test_a_link_dies_after_a_quarter_of_an_hour_or_when_a_newer_one_is_asked_for(
    client: FlaskClient, post: Post, ondine: User
) -> None:
    for _again in range(2):
        post("/sign-in/link", email=EMAIL)
    first, second = (link_in(message) for message in messages())
    assert client.get(first).status_code == 410
    assert client.get(second).status_code == 200
    travel_to(now() + timedelta(minutes=16))
    assert client.get(second).status_code == 410
    assert client.get("/sign-in/link/never-issued").status_code == 404


@pytest.mark.parametrize(
    "email", ["nobody@example.org", "ond\u0131ne@example.org", "ondine@example.org\nBcc: x@y.org"]
)
def test_an_unknown_address_gets_the_same_answer_and_no_message(post: Post, ondine: User, email: str) -> None:
    known = post("/sign-in/link", email=EMAIL)
    unknown = post("/sign-in/link", email=email)
    assert unknown.status_code == known.status_code == 200
    assert [message["to"] for message in messages()] == [EMAIL]


def test_the_message_speaks_the_language_of_the_person(post: Post, ondine: User) -> None:
    with transaction():
        db.session.get_one(User, ondine.id).locale = "fr"
    post("/sign-in/link", email=EMAIL)
    assert messages()[0]["subject"] == "Votre lien vers Teranga"


@pytest.mark.usefixtures("both_databases")
def test_a_password_is_enough_for_somebody_without_a_role(
    client: FlaskClient, post: Post, ondine: User
) -> None:
    assert post("/sign-in", email=EMAIL, password="not it at all").status_code == 200
    assert not signed_in(client)
    assert post("/sign-in", email="ONDINE@example.org", password=PASSWORD).location == "/"
    assert signed_in(client)


def test_a_wrong_password_and_an_unknown_address_look_alike(post: Post, ondine: User) -> None:
    wrong = post("/sign-in", email=EMAIL, password="not it at all").text
    unknown = post("/sign-in", email="nobody@example.org", password=PASSWORD).text
    without = re.compile(r'value="[^"]*"')
    assert without.sub("", wrong) == without.sub("", unknown)
    assert 'class="error"' in wrong


def test_somebody_who_left_does_not_sign_in(client: FlaskClient, post: Post, ondine: User) -> None:
    post("/sign-in/link", email=EMAIL)
    path = link_in(messages()[0])
    with transaction():
        db.session.get_one(User, ondine.id).active = False
    assert client.get(path).status_code == 404
    post("/sign-in", email=EMAIL, password=PASSWORD)
    assert not signed_in(client)


def set_up(client: FlaskClient, post: Post) -> TOTP:
    """Follow the setting up of an authenticator; the authenticator."""
    page = post("/account/second-factor", page="/account/second-factor", setup="authenticator").text
    key = re.search(r"<code>([A-Z2-7 -]+)</code>", page)
    action = re.search(r'<form method="post" action="(/(?:account/second-factor|sign-in)/[^"]+)"', page)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert key and action and token
    authenticator = TOTP(key[1].replace("-", "").replace(" ", ""))
    code = authenticator.generate(time.time() - 30).token
    answer = client.post(unescape(action[1]), data={"csrf_token": token[1], "code": code})
    assert answer.status_code == 302, answer.text
    return authenticator


@pytest.mark.usefixtures("both_databases")
def test_a_treasurer_needs_a_code_that_counts_once(client: FlaskClient, post: Post, ondine: User) -> None:
    with transaction():
        grants.grant(ondine, RoleName.TREASURER, by=BY)
    assert post("/sign-in", email=EMAIL, password=PASSWORD).location == "/account/second-factor"
    assert not signed_in(client), "the password alone is not enough"
    authenticator = set_up(client, post)
    assert signed_in(client)
    post("/sign-out", page="/account")
    assert not signed_in(client)

    assert "/sign-in/code" in post("/sign-in", email=EMAIL, password=PASSWORD).location
    code = authenticator.generate().token
    assert post("/sign-in/code", page="/sign-in/code", code="000000").status_code == 200
    assert not signed_in(client)
    assert post("/sign-in/code", page="/sign-in/code", code=code).status_code == 302
    assert signed_in(client)
    post("/sign-out", page="/account")

    post("/sign-in", email=EMAIL, password=PASSWORD)
    assert post("/sign-in/code", page="/sign-in/code", code=code).status_code == 200
    assert not signed_in(client), "the same code again"


def test_a_recovery_code_replaces_the_authenticator_once(
    client: FlaskClient, post: Post, ondine: User
) -> None:
    post("/sign-in", email=EMAIL, password=PASSWORD)
    set_up(client, post)
    page = post("/account/recovery-codes", page="/account/recovery-codes").text
    codes = re.findall(r"<code>([0-9a-f-]{14})</code>", page)
    assert len(codes) == 5
    db.session.rollback()
    stored = db.session.scalars(select(User.mf_recovery_codes)).one()
    assert stored and not set(codes) & set(stored), "they are kept encrypted"
    for expected in (True, False):
        post("/sign-out", page="/account")
        post("/sign-in", email=EMAIL, password=PASSWORD)
        post("/sign-in/recovery-code", page="/sign-in/recovery-code", code=codes[0])
        assert signed_in(client) is expected


def test_the_second_factor_is_asked_for_after_a_link_too(
    client: FlaskClient, post: Post, ondine: User
) -> None:
    post("/sign-in", email=EMAIL, password=PASSWORD)
    set_up(client, post)
    post("/sign-out", page="/account")
    post("/sign-in/link", email=EMAIL)
    path = link_in(messages()[0])
    assert "/sign-in/code" in post(path, page=path).location
    assert not signed_in(client)


def test_a_treasurer_cannot_do_without_the_second_factor(
    client: FlaskClient, post: Post, ondine: User
) -> None:
    with transaction():
        grants.grant(ondine, RoleName.TREASURER, by=BY)
    post("/sign-in", email=EMAIL, password=PASSWORD)
    set_up(client, post)
    post("/account/second-factor", page="/account/second-factor", setup="disable")
    db.session.rollback()
    assert db.session.get_one(User, ondine.id).tf_primary_method == "authenticator"


@pytest.mark.usefixtures("both_databases")
def test_a_new_password_ends_every_other_session(
    app: Flask, client: FlaskClient, post: Post, ondine: User
) -> None:
    post("/sign-in", email=EMAIL, password=PASSWORD)
    stolen = client.get_cookie("session")
    assert stolen
    elsewhere = app.test_client()
    elsewhere.set_cookie("session", stolen.value)
    assert signed_in(elsewhere)
    new = "huit chameaux sous la pluie"
    changed = {"password": PASSWORD, "new_password": new, "new_password_confirm": new}
    assert post("/account/password", page="/account/password", **changed).status_code == 302
    assert signed_in(client)
    assert not signed_in(elsewhere)
    assert [message["to"] for message in messages()] == [EMAIL], "she is told"


def test_a_forgotten_password_is_replaced_through_a_message(
    app: Flask, client: FlaskClient, post: Post, ondine: User
) -> None:
    post("/sign-in/forgotten", page="/sign-in/forgotten", email="nobody@example.org")
    post("/sign-in/forgotten", page="/sign-in/forgotten", email=EMAIL)
    (message,) = messages()
    path, new = link_in(message), "neuf chameaux sous la pluie"
    post(path, page=path, password=new, password_confirm=new)
    post("/sign-in", email=EMAIL, password=PASSWORD)
    assert not signed_in(client)
    post("/sign-in", email=EMAIL, password=new)
    assert signed_in(client)
    assert app.test_client().get(path).status_code == 302, "the link counts once"


def test_a_revoked_role_is_dead_in_the_session_that_is_open(
    client: FlaskClient, post: Post, ondine: User
) -> None:
    with transaction():
        grants.grant(ondine, RoleName.ADMINISTRATOR, by=BY)
    post("/sign-in/link", email=EMAIL)
    path = link_in(messages()[0])
    post(path, page=path)
    assert client.get("/outbox").status_code == 200
    with transaction():
        grants.revoke(db.session.scalars(select(Grant)).one(), by=BY)
    assert client.get("/outbox").status_code == 403
