"""Roles, machines' keys and private links: given, opened, taken back."""

from datetime import timedelta

import pytest
from flask import Flask

from access import grants, links, tokens, users
from access.models import RoleName, User
from access.policy import Permission, can
from shared.audit import System
from shared.clock import now, travel_to
from shared.database import db, transaction
from shared.errors import NotFound

pytestmark = pytest.mark.usefixtures("both_databases")
BY = System("tests")


@pytest.fixture
def ondine(app: Flask) -> User:
    """Ondine Exemple, head of the delegation 7."""
    with transaction():
        ondine = users.create_user(users.CreateUser(email="Ondine@Example.ORG", name="Ondine Exemple"), by=BY)
        grants.grant(ondine, RoleName.HEAD_OF_DELEGATION, by=BY, delegation_id=7)
    return ondine


def test_an_address_is_kept_in_one_form_and_used_once(ondine: User) -> None:
    assert ondine.email == "ondine@example.org"
    assert users.find_user(" ONDINE@example.org ") is ondine
    with pytest.raises(users.EmailTaken), transaction():
        users.create_user(users.CreateUser(email="ondine@EXAMPLE.org", name="Another"), by=BY)
    with pytest.raises(users.BadEmail):
        users.normalise_email("ondine@example.org\r\nBcc: everybody@example.org")


def test_a_letter_that_looks_alike_is_somebody_else(ondine: User) -> None:
    assert users.find_user("ond\u0131ne@example.org") is None  # dotless i


def test_a_short_password_is_refused(app: Flask) -> None:
    with pytest.raises(users.WeakPassword, match="12"):
        users.hash_password("eleven char")


def test_a_head_holds_her_own_delegation_only_until_it_is_taken_back(ondine: User) -> None:
    assert can(ondine, Permission.DELEGATION_EDIT, delegation_id=7)
    assert not can(ondine, Permission.DELEGATION_EDIT, delegation_id=8)
    with transaction():
        again = grants.grant(ondine, RoleName.HEAD_OF_DELEGATION, by=BY, delegation_id=7)
        assert len(ondine.grants) == 1
        grants.revoke(again, by=BY)
    assert not can(ondine, Permission.DELEGATION_EDIT, delegation_id=7)
    assert not can(ondine, Permission.DELEGATION_EDIT)


def test_a_key_is_found_by_its_text_until_it_is_taken_back(ondine: User) -> None:
    with transaction():
        token, text = tokens.issue_token("desk", ondine, ["checkins:write", "editions:read"], by=BY)
    assert token.scopes == "editions:read checkins:write"
    assert text not in token.digest
    assert tokens.find_token(text) is token
    assert tokens.find_token(text + "x") is None
    with transaction():
        tokens.revoke_token(token, by=BY)
    assert tokens.find_token(text) is None


def test_the_key_of_somebody_who_left_opens_nothing(ondine: User) -> None:
    with transaction():
        _, text = tokens.issue_token("desk", ondine, ["editions:read"], by=BY)
        ondine.active = False
    assert tokens.find_token(text) is None


def test_an_unknown_scope_is_refused(ondine: User) -> None:
    with pytest.raises(tokens.UnknownScope, match="treasury:write"), transaction():
        tokens.issue_token("x", ondine, ["treasury:write"], by=BY)


def test_a_link_opens_one_thing_until_its_moment(app: Flask) -> None:
    with transaction():
        text = links.issue_link("nominee", 3, now() + timedelta(days=2))
    assert links.open_link("nominee", text) == 3
    with pytest.raises(NotFound):
        links.open_link("plan", text)
    with pytest.raises(NotFound):
        links.open_link("nominee", text[:-1])
    travel_to(now() + timedelta(days=3))
    with pytest.raises(links.LinkExpired):
        links.open_link("nominee", text)


def test_revoked_links_are_dead_and_others_live(app: Flask) -> None:
    with transaction():
        mine, other = (links.issue_link("plan", n, now() + timedelta(days=2)) for n in (1, 2))
        links.revoke_links("plan", 1)
    with pytest.raises(links.LinkExpired):
        links.open_link("plan", mine)
    assert links.open_link("plan", other) == 2


def test_a_link_for_one_time_opens_once(app: Flask) -> None:
    with transaction():
        text = links.issue_link("sign-in", 1, now() + timedelta(minutes=15))
        assert links.spend_link("sign-in", text) == 1
    with pytest.raises(links.LinkExpired), transaction():
        links.spend_link("sign-in", text)
    db.session.rollback()
