"""Everything that /api/v1/openapi.json describes, asked rightly and wrongly: each answer is as described."""

from copy import deepcopy
from typing import Any

import pytest
from flask import Flask

from access import tokens
from access.models import User
from access.tokens import SCOPES
from delegations.models import Delegation
from shared.database import transaction
from tests.api.conftest import BY, described


def test_the_description_says_who_may_and_what_may_be_refused(app: Flask) -> None:
    document = described(app)
    assert document["openapi"].startswith("3.1")
    operations = [one for path in document["paths"].values() for one in path.values()]
    assert len(operations) == 11
    assert {one["security"][0]["token"][0] for one in operations} == set(SCOPES)
    for one in operations:
        assert {"401", "403", "422", "429"} <= set(one["responses"])
        for code, answer in one["responses"].items():
            kind = "application/problem+json" if code >= "400" else "application/json"
            assert list(answer["content"]) == [kind]
    assert [one["operationId"] for one in operations if "requestBody" in one] == [
        "checkIn",
        "createRegistration",
    ]


CHECKED = {
    # Cannot speak WSGI in this version; `test_no_key_opens_any_of_it` asks the same.
    "ignored_auth": {"enabled": False},
    # A schema cannot say that a name needs a letter, nor which cursors we gave: 422 may answer those.
    "positive_data_acceptance": {"expected-statuses": ["2xx", "401", "403", "404", "409", "422"]},
}


def findings(app: Flask, key: str, document: dict[str, Any] | None = None, least: int = 200) -> list[str]:
    """What schemathesis finds wrong with the answers; with `document`, as if that were the description.

    Fewer questions than `least` say nothing.
    """
    import schemathesis  # a second of loading, for one process of those that test
    from schemathesis.engine import events as engine_events
    from schemathesis.engine import from_schema

    config = schemathesis.Config.from_dict(
        {
            "seed": 2005,
            "headers": {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity"},
            "checks": CHECKED,
            "generation": {"max-examples": 12, "deterministic": True, "database": "none"},
            "phases": {"stateful": {"enabled": False}},
        }
    )

    def served(environ: Any, start: Any) -> Any:
        with app.app_context():  # each request a world of its own, as on a server
            return app(environ, start)

    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", served, config=config)
    if document is not None:
        schema.raw_schema.clear()
        schema.raw_schema.update(document)
    found, asked = [], 0
    for event in from_schema(schema).execute():
        if isinstance(event, engine_events.ScenarioFinished):
            for checks in event.recorder.checks.values():
                asked += 1
                found += [
                    f"{event.recorder.label}: {check.failure_info.failure}"
                    for check in checks
                    if check.failure_info
                ]
        elif isinstance(event, engine_events.NonFatalError | engine_events.FatalError):
            found.append(str(event))
    assert asked > least, "too little was asked to say anything"
    return found


@pytest.fixture
def key(outaouais: Delegation, fatou: User) -> str:
    """The key of an organiser."""
    with transaction():
        return tokens.issue_token("schemathesis", fatou, SCOPES, by=BY)[1]


def test_schemathesis_finds_nothing(app: Flask, key: str) -> None:
    app.testing = False  # an unexpected error is a 500, as on a server
    assert findings(app, key) == []


def test_schemathesis_finds_a_status_that_is_not_described(app: Flask, key: str) -> None:
    app.testing = False
    planted = deepcopy(described(app))
    path = "/api/v1/editions/{code}/registrations"
    planted["paths"] = {path: planted["paths"][path]}
    for code in ("404", "422"):
        del planted["paths"][path]["post"]["responses"][code]
    found = findings(app, key, planted, least=20)
    assert any("Undocumented status code" in one for one in found)
