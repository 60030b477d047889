"""A browser in few words, and Ondine Exemple, who signs in."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from access import users
from access.models import User
from outbox import jobs
from outbox.jobs import Job
from shared.audit import System
from shared.database import db, transaction

PASSWORD = "sept chameaux sous la pluie"
Post = Callable[..., TestResponse]


@pytest.fixture
def ondine(app: Flask) -> User:
    """Ondine Exemple, who has a password and no role."""
    with transaction():
        return users.create_user(
            users.CreateUser(
                email="ondine@example.org", name="Ondine Exemple", locale="en", password=PASSWORD
            ),
            by=System("tests"),
        )


@pytest.fixture
def post(client: FlaskClient) -> Post:
    """Send a form as a browser does: with the token of the page it stands on."""

    def send(url: str, *, page: str = "/sign-in", **fields: Any) -> TestResponse:
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(page).text)
        assert token, f"{page} has no form"
        return client.post(url, data={"csrf_token": token[1], **fields})

    return send


def messages() -> list[dict[str, Any]]:
    """The messages on their way, oldest first, once the worker has written those that were asked for."""
    db.session.rollback()
    jobs.run_due()
    return list(db.session.scalars(select(Job.payload).where(Job.kind == "mail").order_by(Job.id)))


def link_in(message: dict[str, Any]) -> str:
    """The path of the link that a message carries."""
    found = re.search(r"http://localhost(/\S+)", message["text"])
    assert found
    return found[1]


def signed_in(client: FlaskClient) -> bool:
    """Whether this browser gets to see its own account."""
    return client.get("/account").status_code == 200
