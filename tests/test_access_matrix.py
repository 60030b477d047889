"""Every route tried by everybody: `access_matrix.txt` says who gets in, and this reads it."""

import re
import shutil
import time
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from werkzeug.test import TestResponse

from access import tokens
from access.models import User
from access.tokens import SCOPES
from shared.database import db, transaction
from tests.conftest import made, settings
from tests.matrix_world import BY, PEOPLE, World, build

TABLE = Path(__file__).with_name("access_matrix.txt")
ACTORS = ["anonymous", *PEOPLE, *SCOPES]
TOKEN = "known to this browser"


class Row(NamedTuple):
    """One route and method, and what each actor is answered."""

    method: str
    rule: str
    cells: list[str]


def rows() -> list[Row]:
    """The table; a row needs as many cells as there are actors."""
    found = []
    for line in TABLE.read_text().splitlines():
        if line.strip() and not line.startswith("#"):
            method, rule, *cells = line.split()
            assert len(cells) == len(ACTORS), f"{method} {rule}: {len(cells)} cells for {len(ACTORS)} actors"
            found.append(Row(method, rule, cells))
    return found


def routes(app: Flask) -> set[tuple[str, str]]:
    """Every method and rule of the application."""
    return {
        (method, rule.rule)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }


def verdict(answer: TestResponse) -> str:
    """`no` for the door that stays shut, `404` for what is not theirs to know, else `yes`."""
    if answer.status_code == 404:
        return "404"
    if answer.status_code in {401, 403} or re.match(r"/sign-in(\?|$)", answer.location or ""):
        return "no"
    assert answer.status_code < 500 or answer.status_code == 503, answer.text
    return "yes"


@pytest.fixture(scope="module")
def furnished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Flask, World, Path]:
    """The application, its world and a copy of its database as it was at first."""
    folder = tmp_path_factory.mktemp("matrix")
    file, first = folder / "teranga.db", folder / "first.db"
    shutil.copy(sqlite_template, file)
    # Cards are closed: nobody waits for a service that is not there.
    app = made(replace(settings(f"sqlite:///{file}", folder), stripe_secret_key=None))
    with app.app_context():
        world = build()
        db.session.remove()  # a session that still reads would hold the checkpoint up
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    shutil.copy(file, first)
    return app, world, first


def restore(app: Flask, first: Path) -> None:
    with app.app_context():
        db.engine.dispose()
    file = first.with_name("teranga.db")
    for leftover in ("-wal", "-shm"):
        file.with_name(file.name + leftover).unlink(missing_ok=True)
    shutil.copy(first, file)


def signed(app: Flask, session: dict[str, object]) -> str:
    """The cookie of such a session, for a tenth of a request less than opening and saving one."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return str(serializer.dumps(session))


def ask(app: Flask, world: World, method: str, url: str, actor: str) -> TestResponse:
    """`actor`, in a fresh browser or with a key, asks for `url`, sending an empty form."""
    client = app.test_client()
    headers = {
        "Origin": "http://localhost",
        "X-CSRFToken": URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token").dumps(TOKEN),
    }
    session: dict[str, object] = {"csrf_token": TOKEN}
    if actor in world.sessions:
        session.update(_user_id=world.sessions[actor], _fresh=True, fs_paa=time.time())
    client.set_cookie("session", signed(app, session))
    if actor in world.keys:
        headers["Authorization"] = f"Bearer {world.keys[actor]}"
    return client.open(url, method=method, headers=headers, buffered=True)


def test_every_route_has_its_row_and_every_row_its_route(furnished: tuple[Flask, World, Path]) -> None:
    app, _world, _first = furnished
    told = {(row.method, row.rule) for row in rows()}
    missing = [f"{method:<6} {rule}" for method, rule in sorted(routes(app) - told, key=lambda r: r[::-1])]
    assert not missing, "add to tests/access_matrix.txt (with ? in each cell, then run again):\n" + "\n".join(
        f"{line:<60}" + " ?" * len(ACTORS) for line in missing
    )
    assert told - routes(app) == set(), "these routes are gone: take their rows away"


def test_no_route_is_told_twice() -> None:
    told = [(row.method, row.rule) for row in rows()]
    assert len(told) == len(set(told))


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.method} {row.rule}")
def test_everybody_gets_what_the_table_says(row: Row, furnished: tuple[Flask, World, Path]) -> None:
    app, world, first = furnished
    url = world.address(row.rule)
    seen = []
    for actor in ACTORS:
        seen.append(verdict(ask(app, world, row.method, url, actor)))
        if row.method != "GET" and seen[-1] == "yes":  # who comes next finds everything as it was
            restore(app, first)
    wrong = [
        f"{actor}: {cell}, not {said}"
        for actor, cell, said in zip(ACTORS, seen, row.cells, strict=True)
        if cell != said
    ]
    cells = " ".join(f"{cell:<4}" for cell in seen)
    assert not wrong, f"{'; '.join(wrong)}\nseen:\n{row.method:<6} {row.rule:<52} {cells}"


Stage = tuple[Flask, World, Path]
MINE, OTHERS, NOBODYS = "DKR05-QUE", "DKR05-OUT", "DKR05-NIL"
"""The codes of the delegation of who asks, of another one, and one that no delegation has."""

PIECES = (
    "plan_code",
    "plan",
    "claim_id",
    "advance_id",
    "waiting_id",
    "offer_id",
    "member_id",
    "application_id",
)
"""Parts of addresses that name something of one delegation; a seat's number is everybody's."""


def addresses(stage: Stage) -> list[tuple[str, str, str]]:
    """Every method and rule that leads to something of a delegation, with the address of Outaouais'."""
    app, world, _first = stage
    told = [(method, rule, world.address(rule)) for method, rule in sorted(routes(app)) if "<code>" in rule]
    return [one for one in told if OTHERS in one[2].split("/")]


def status(stage: Stage, method: str, url: str, actor: str) -> int:
    app, world, first = stage
    answer = ask(app, world, method, url, actor)
    if method != "GET" and answer.status_code not in (403, 404):
        restore(app, first)
    return answer.status_code


def test_a_head_learns_nothing_of_another_delegation(furnished: Stage) -> None:
    """Page, PDF, export, act: another delegation's is not there. The control is what its own head is told."""
    own = {(row.method, row.rule): row.cells[ACTORS.index("head")] for row in rows()}
    opened, told = 0, []
    for method, rule, url in addresses(furnished):
        if rule.startswith("/api/"):
            continue
        theirs, nobodys = (
            status(furnished, method, url.replace(OTHERS, code), "other_head") for code in (OTHERS, NOBODYS)
        )
        opened += own[method, rule] == "yes"
        refused = (403, 404) if own[method, rule] == "no" else (404,)  # no head at all may do it: 403
        if theirs != nobodys or theirs not in refused:
            told.append(f"{method} {url}: {theirs}, and {nobodys} for one that is not there")
    assert not told, "\n".join(told)
    assert opened > 50


def test_what_is_theirs_is_not_found_under_ones_own_code(furnished: Stage) -> None:
    """The address says Québec, the claim, the plan or the offer is Outaouais'."""
    tried, told = 0, []
    for method, rule, url in addresses(furnished):
        if rule.startswith("/api/") or not any(f"{piece}>" in rule for piece in PIECES):
            continue
        tried += 1
        found = status(furnished, method, url.replace(OTHERS, MINE), "other_head")
        if found not in (403, 404):
            told.append(f"{method} {url.replace(OTHERS, MINE)}: {found}")
    assert not told, "\n".join(told)
    assert tried > 20


def test_a_heads_key_opens_their_own_delegation_alone(furnished: Stage) -> None:
    app, world, _first = furnished
    with app.app_context():
        other = db.session.scalars(select(User).where(User.email == "other_head@example.org")).one()
        with transaction():
            world.keys["other_heads_key"] = tokens.issue_token("laptop", other, list(SCOPES), by=BY)[1]
        paths = [url for _method, rule, url in addresses(furnished) if rule.startswith("/api/")]
        found = {url: status(furnished, "GET", url, "other_heads_key") for url in paths}
        own = status(furnished, "GET", f"/api/v1/delegations/{MINE}", "other_heads_key")
    assert found and set(found.values()) == {404}, found
    assert own == 200


@pytest.mark.parametrize("code", [OTHERS, MINE])
def test_the_list_shows_ones_own(furnished: Stage, code: str) -> None:
    app, world, _first = furnished
    page = ask(app, world, "GET", "/delegations", "other_head").text
    assert (code in page) is (code == MINE)
