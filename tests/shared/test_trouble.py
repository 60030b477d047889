"""When the database does not answer: a sentence and 503, and no word about people in the log."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.exc import IntegrityError, OperationalError

from access.models import User
from shared.database import db, transaction
from tests.conftest import sign_in


@contextmanager
def away(app: Flask) -> Iterator[None]:
    """Inside, the database says no to whatever is asked."""

    def no(*_asked: Any) -> None:
        raise OperationalError("SELECT", {}, Exception("database is locked"))

    event.listen(db.engine, "before_cursor_execute", no)
    app.testing = False
    try:
        yield
    finally:
        event.remove(db.engine, "before_cursor_execute", no)


@pytest.mark.parametrize("path", ["/", "/manage/events", "/api/v1/editions"])
def test_a_page_says_that_the_database_does_not_answer(
    app: Flask, client: FlaskClient, fatou: User, path: str
) -> None:
    sign_in(client, fatou)
    key = {"Authorization": "Bearer teranga_any"} if path.startswith("/api") else {}
    with away(app):
        answer = client.get(path, headers={"Accept-Language": "en", **key})
    assert answer.status_code == 503
    assert "does not answer" in answer.text


def test_an_error_of_the_database_names_nobody(fatou: User, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(IntegrityError) as refused, transaction():
        db.session.add(User(email=fatou.email, name="Twice Secret"))
    assert "Twice Secret" not in str(refused.value) and "[SQL parameters hidden" in str(refused.value)
