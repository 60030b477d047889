"""Signing out is real: what was copied from a browser opens nothing afterwards."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from access import open_sessions, sign_in_links
from access.models import OpenSession, User
from outbox import jobs
from shared.clock import now, travel_to
from shared.database import db, transaction
from tests.access.conftest import PASSWORD, Post, link_in, messages, signed_in
from tests.counting import count_queries, note_statements

EMAIL = "ondine@example.org"

Copy = Callable[[], FlaskClient]


@pytest.fixture
def copied(app: Flask, client: FlaskClient) -> Copy:
    """Another browser with everything that Ondine's keeps."""

    def copy() -> FlaskClient:
        thief = app.test_client()
        for name in ("session", "remember_token"):
            if cookie := client.get_cookie(name):
                thief.set_cookie(name, cookie.value)
        return thief

    return copy


def rows() -> int:
    db.session.rollback()
    return db.session.scalar(select(func.count()).select_from(OpenSession)) or 0


@pytest.mark.usefixtures("both_databases")
def test_signing_out_ends_what_was_copied_before(
    client: FlaskClient, post: Post, ondine: User, copied: Copy
) -> None:
    post("/sign-in", email=EMAIL, password=PASSWORD, remember="y")
    thief = copied()
    assert thief.get_cookie("remember_token") and signed_in(thief), "the control: a copy is as good"
    post("/sign-out", page="/account")
    assert not signed_in(client)
    assert not signed_in(thief)
    assert rows() == 0


def test_the_browser_alone_knows_the_token(client: FlaskClient, post: Post, ondine: User) -> None:
    post("/sign-in", email=EMAIL, password=PASSWORD)
    with client.session_transaction() as session:
        token = session["_user_id"]
    kept = db.session.scalars(select(OpenSession)).one()
    assert token not in (kept.digest, ondine.fs_uniquifier)
    for known in (kept.digest, ondine.fs_uniquifier):  # what somebody reads in a stolen database
        with client.session_transaction() as session:
            session["_user_id"] = known
        assert not signed_in(client)


@pytest.mark.usefixtures("both_databases")
def test_signing_out_everywhere_leaves_no_browser_and_no_link(
    app: Flask, client: FlaskClient, post: Post, ondine: User
) -> None:
    post("/sign-in", email=EMAIL, password=PASSWORD)
    telephone = app.test_client()
    with telephone.session_transaction() as session, transaction():
        session["_user_id"] = open_sessions.begin(ondine)
    post("/sign-in/link", page="/account", email=EMAIL)
    link = link_in(messages()[0])
    assert signed_in(client) and signed_in(telephone)
    assert "Sign out everywhere" in client.get("/account").text
    assert post("/account/sign-out-everywhere", page="/account").location == "/"
    assert not signed_in(client) and not signed_in(telephone)
    assert client.get(link).status_code == 410
    post("/sign-in", email=EMAIL, password=PASSWORD)
    assert signed_in(client), "she comes back as usual"


def test_one_browser_of_two_stays(app: Flask, client: FlaskClient, post: Post, ondine: User) -> None:
    telephone = app.test_client()
    with telephone.session_transaction() as session, transaction():
        session["_user_id"] = open_sessions.begin(ondine)
    post("/sign-in", email=EMAIL, password=PASSWORD)
    post("/sign-out", page="/account")
    assert (signed_in(client), signed_in(telephone)) == (False, True)


@pytest.mark.usefixtures("both_databases")
def test_a_session_ends_by_itself_and_is_swept_out(app: Flask, client: FlaskClient, ondine: User) -> None:
    with client.session_transaction() as session, transaction():
        session["_user_id"] = open_sessions.begin(ondine)
    travel_to(now() + open_sessions.LASTS - timedelta(seconds=1))
    assert signed_in(client)
    travel_to(now() + timedelta(seconds=2))
    assert not signed_in(client)
    with transaction():
        open_sessions.begin(ondine)
    assert rows() == 1, "the next sign-in sweeps out what is over"


def test_who_asks_is_found_with_one_statement(client: FlaskClient, post: Post, ondine: User) -> None:
    post("/sign-in", email=EMAIL, password=PASSWORD)
    with count_queries() as seen:
        client.get("/account")
    assert len([one for one in seen if "open_session" in one or "FROM user" in one]) == 1


@pytest.mark.usefixtures("both_databases")
def test_asking_for_a_link_is_the_same_work_for_an_address_that_nobody_has(
    client: FlaskClient, post: Post, ondine: User
) -> None:
    sent: list[list[str]] = []
    for email in (EMAIL, "nobody@example.org"):
        with note_statements() as seen:
            post("/sign-in/link", email=email)
        sent.append(list(seen))
    assert sent[0] == sent[1] != []
    # The control: the work that used to be done before the answer tells them apart.
    for number, email in enumerate((EMAIL, "nobody@example.org")):
        with note_statements() as seen:
            sign_in_links.write({"email": email, "target": "/"})
        sent[number] = list(seen)
    assert sent[0] != sent[1]


def test_of_an_address_that_nobody_has_nothing_is_kept(post: Post, ondine: User) -> None:
    post("/sign-in/link", email="nobody@example.org")
    assert messages() == []
    assert [one.payload for one in db.session.scalars(select(jobs.Job))] == [{}]
