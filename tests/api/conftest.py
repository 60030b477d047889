"""A program with its key, and what it asks about: Dakar 2005 and the delegation Outaouais."""

import uuid
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from access import grants, tokens, users
from access.models import RoleName, User
from access.tokens import SCOPES
from access.users import CreateUser
from delegations.models import Delegation
from events.models import Edition
from shared import clock
from shared.audit import System
from shared.database import transaction
from tests.conftest import Browser
from tests.delegations.conftest import delegation_of, deposit, plan_of
from tests.events.gathering import dakar, summer_university
from treasury import chart

BY = System("tests")


class Program:
    """A client with a key."""

    def __init__(self, app: Flask, key: str = "") -> None:
        self.client: Browser = app.test_client()  # type: ignore[assignment]
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, path: str, **headers: str) -> TestResponse:
        """Ask."""
        return self.client.get(f"/api/v1{path}", headers={**self.headers, **headers})

    def post(self, path: str, body: Any, key: str | None = None, **headers: str) -> TestResponse:
        """Write, under a new idempotency key unless one is given."""
        once = {"Idempotency-Key": key or str(uuid.uuid4())}
        return self.client.post(f"/api/v1{path}", json=body, headers={**self.headers, **once, **headers})


Keys = Callable[..., Program]


@pytest.fixture
def key_of(app: Flask) -> Keys:
    """Make a program that acts as a user within scopes (all of them, if none is named)."""

    def make(user: User, *scopes: str) -> Program:
        with transaction():
            text = tokens.issue_token("a program", user, scopes or SCOPES, by=BY)[1]
        return Program(app, text)

    return make


@pytest.fixture
def edition(app: Flask) -> Iterator[Edition]:
    """Dakar 2005, open; the summer university too."""
    summer_university(capacity=2)
    yield dakar()
    clock.travel_to(None)


@pytest.fixture
def outaouais(edition: Edition, aristide: User, zoe: User) -> Delegation:
    """Outaouais with the plan P1, of which 1,500.00 of 9,000.00 is saved; Mauricie beside it."""
    with transaction():
        chart.open_chart("CAD")
        delegation = delegation_of(edition, "OUT", "Outaouais", 6)
        delegation_of(edition, "MAU", "Mauricie", 3)
        plan = plan_of(delegation, "P1", "9000.00", 12)
    with transaction():
        deposit(plan, "1500.00", date(2005, 3, 1), aristide, zoe)
    return delegation


@pytest.fixture
def ondine(outaouais: Delegation) -> User:
    """Ondine Exemple, head of the delegation Outaouais."""
    with transaction():
        user = users.create_user(CreateUser(email="ondine@example.org", name="Ondine Exemple"), by=BY)
        grants.grant(user, RoleName.HEAD_OF_DELEGATION, by=BY, delegation_id=outaouais.id)
    return user


def described(app: Flask) -> dict[str, Any]:
    """What the interface says of itself."""
    found: dict[str, Any] = Program(app).get("/openapi.json").get_json()
    return found
