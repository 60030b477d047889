"""One application and one database a test, on both engines; three recurring people."""

import gc
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from argon2 import PasswordHasher
from flask import Flask, has_app_context
from flask.testing import FlaskClient
from flask_migrate import upgrade
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from werkzeug.test import TestResponse

from access import open_sessions, users
from access.models import Grant, RoleName, User
from app import create_app
from config.settings import Settings
from shared import clock
from shared.database import db, transaction
from shared.limits import limiter
from tests.clones import Clone

pytest_plugins = ["tests.simulator.fixtures"]

gc.disable()  # until everything is loaded
users._hasher = PasswordHasher(time_cost=1, memory_cost=64)  # the least that a password may cost

POSTGRES = os.environ.get("TEST_POSTGRES_URL", "")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest file first, so that no worker is left alone with it at the end."""
    items.sort(key=lambda item: item.path.name != "test_histories.py")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: it is not searched for garbage again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    gc.enable()


def settings(url: str, instance: Path) -> Settings:
    return Settings(
        database_url=url,
        instance=instance,
        secret_key="a secret of the tests, long enough for anything",
        public_url="http://localhost",
        testing=True,
        stripe_secret_key="sk_test_tests",
        stripe_webhook_secret="whsec_tests",
        stripe_api_base="http://127.0.0.1:9",
        rate_limits=False,
    )


def _migrated(url: str, folder: Path) -> None:
    app = create_app(settings(url, folder))
    with app.app_context():
        upgrade()
        db.session.remove()
        for engine in db.engines.values():
            engine.dispose()


class Browser(FlaskClient):
    """A client whose every request is a world of its own, as on a server.

    Without this the test's application context would lend its `g` and its session to all requests. The
    test's own session is rolled back first, so that it reads afterwards what the request committed.
    """

    def open(self, *args: Any, **kwargs: Any) -> TestResponse:
        """Send one request."""
        if has_app_context():
            db.session.rollback()
        with self.application.app_context():
            return super().open(*args, **kwargs)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file that every test copies."""
    folder = tmp_path_factory.mktemp("template")
    _migrated(f"sqlite:///{folder / 'teranga.db'}", folder)
    with create_app(settings(f"sqlite:///{folder / 'teranga.db'}", folder)).app_context():
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.engine.dispose()
    return folder / "teranga.db"


@pytest.fixture(scope="session")
def postgres_template(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A migrated, empty PostgreSQL database that every test clones."""
    name = f"template_{uuid.uuid4().hex[:12]}"
    administer(f"CREATE DATABASE {name}")
    url = make_url(POSTGRES).set(drivername="postgresql+psycopg", database=name)
    _migrated(url.render_as_string(hide_password=False), tmp_path_factory.mktemp("template_pg"))
    yield name
    administer(f"DROP DATABASE {name} WITH (FORCE)")


def administer(statement: str) -> None:
    engine = create_engine(
        make_url(POSTGRES).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def both_databases(request: pytest.FixtureRequest) -> str:
    """Ask for this to run a test on SQLite and on PostgreSQL."""
    return str(request.param)


class Compiled(BytecodeCache):
    """What became of each template, for every application of this process."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Give back what was kept."""
        if bucket.key in self.kept:
            bucket.bytecode_from_string(self.kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it."""
        self.kept[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


def made(chosen: Settings) -> Flask:
    """The application as the tests use it: templates compiled once, passwords hashed at the least cost."""
    app = create_app(chosen)
    app.jinja_env.bytecode_cache = COMPILED
    app.extensions["security"].pwd_context.update(argon2__time_cost=1, argon2__memory_cost=64)
    app.test_client_class = Browser
    return app


class Stage:
    """One application per engine for a whole run, its database made anew for each test.

    The database keeps its address, so that the templates, statements and routes that an application has
    compiled serve every test; what a test changes on the application itself is put back.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._clone = (
            Clone(f"test_{uuid.uuid4().hex[:12]}", make_url(POSTGRES), administer) if POSTGRES else None
        )
        self._apps: dict[Settings, Flask] = {}

    def app(self, chosen: Settings) -> Flask:
        """The application of these settings."""
        if chosen not in self._apps:
            self._apps[chosen] = made(chosen)
        return self._apps[chosen]

    def sqlite(self, template: Path) -> str:
        """The address of a fresh copy of `template`."""
        file = self.folder / "teranga.db"
        for old in self.folder.glob("teranga.db*"):
            old.unlink()
        shutil.copy(template, file)
        return f"sqlite:///{file}"

    def postgresql(self, template: str) -> str:
        """The address of a clone of `template`."""
        assert self._clone
        return self._clone.fresh(template).render_as_string(hide_password=False)

    def drop(self) -> None:
        """Take the clone away."""
        if self._clone:
            self._clone.drop()


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    """In memory where the machine has a place for it, so that no commit waits for a disk."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(prefix="teranga-", dir=memory if memory.is_dir() else None) as folder:
        stage = Stage(Path(folder))
        yield stage
        stage.drop()


@pytest.fixture
def app(request: pytest.FixtureRequest, stage: Stage, tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh database: SQLite, or both where `both_databases` is asked for.

    A test that says `settings` and no change has an application to itself.
    """
    engine = (
        request.getfixturevalue("both_databases") if "both_databases" in request.fixturenames else "sqlite"
    )
    if engine == "postgresql":
        if not POSTGRES:
            pytest.skip("TEST_POSTGRES_URL is not set: ./test sets it")
        url = stage.postgresql(request.getfixturevalue("postgres_template"))
    else:
        url = stage.sqlite(request.getfixturevalue("sqlite_template"))
    own = request.node.get_closest_marker("settings")
    if own and not own.kwargs:
        app = made(settings(url, tmp_path))
    else:
        app = stage.app(replace(settings(url, stage.folder), **(own.kwargs if own else {})))
    limiter.enabled = app.config["RATELIMIT_ENABLED"]  # one for all applications of the process
    if limiter.enabled:
        limiter.reset()
    extensions, testing = dict(app.extensions), app.testing
    with app.app_context():
        yield app
        db.session.remove()
        db.engine.dispose()
    app.extensions, app.testing = extensions, testing
    clock.travel_to(None)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def _person(email: str, name: str, role: RoleName) -> User:
    with transaction():
        user = User(email=email, name=name)
        db.session.add(user)
        db.session.flush()
        db.session.add(Grant(user_id=user.id, role=role))
    return user


@pytest.fixture
def aristide(app: Flask) -> User:
    """Aristide Fictif, treasurer: records."""
    return _person("aristide@example.org", "Aristide Fictif", RoleName.TREASURER)


@pytest.fixture
def zoe(app: Flask) -> User:
    """Zoé Témoin: approves, never records."""
    return _person("zoe@example.org", "Zoé Témoin", RoleName.APPROVER)


@pytest.fixture
def fatou(app: Flask) -> User:
    """Fatou Modèle, organiser."""
    return _person("fatou@example.org", "Fatou Modèle", RoleName.ORGANISER)


FOR_GOOD = timedelta(days=40_000)
"""Tests travel through the years; their browsers stay open."""


def sign_in(client: FlaskClient, user: User) -> None:
    """Let `client` be `user`, as after a completed sign-in."""
    with transaction():
        token = open_sessions.begin(user, lasts=FOR_GOOD)
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = token, True
