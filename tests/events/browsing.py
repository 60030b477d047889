"""A person with a browser and no patience for tests: opens a form, fills in what it asks for, sends it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from sqlalchemy.engine import Connection
from werkzeug.test import TestResponse

from shared.database import db

_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')


def hidden_fields(html: str) -> dict[str, str]:
    """What a form carries along: its token and its own key."""
    found = {}
    for tag in _HIDDEN.findall(html):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and value:
            found[name[1]] = unescape(value[1])
    return found


def fill_in(
    client: FlaskClient, url: str, headers: dict[str, str] | None = None, **typed: Any
) -> TestResponse:
    """Open the form at `url` and send it with `typed`."""
    page = client.get(url, headers=headers)
    return client.post(url, data={**hidden_fields(page.text), **typed}, headers=headers)


def press(client: FlaskClient, page: str, action: str, **typed: Any) -> TestResponse:
    """Press the button of `page` that posts to `action`."""
    token = hidden_fields(client.get(page).text)["csrf_token"]
    return client.post(action, data={"csrf_token": token, **typed})


@contextmanager
def counting(app: Flask) -> Iterator[list[str]]:
    """The statements sent to the database while the block runs."""
    seen: list[str] = []

    def note(
        connection: Connection, cursor: Any, statement: str, parameters: Any, context: Any, many: bool
    ) -> None:
        seen.append(statement)

    event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine, "before_cursor_execute", note)


PERSON: dict[str, Any] = {
    "name": "Nadège Exemple-Échantillon",
    "email": "nadege@example.org",
    "organisation_name": "Coopérative du Fil",
    "country": "SN",
    "languages": ["fr", "wo"],
}
