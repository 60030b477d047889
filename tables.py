"""The database as the application finds it: which engine, and whether the tables are those of this version.

SQLite before 3.51.3 can corrupt a WAL database when the log resets, so an older engine is refused. Alembic
(11 MB) is loaded only to change tables.
"""

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import inspect, text
from werkzeug.local import LocalProxy

from shared.database import db

SQLITE_FLOOR = (3, 51, 3)
MIGRATIONS = Path(__file__).parent / "migrations"


def engine_options(url: str) -> dict[str, Any]:
    """Options of `create_engine` for `url`. Raises `RuntimeError` when SQLite's engine is too old."""
    told = {"hide_parameters": True}  # an error in a log says what failed, and nothing about people
    if not url.startswith("sqlite"):
        return {**told, "pool_pre_ping": True, "pool_size": 10, "max_overflow": 10}
    import pysqlite3.dbapi2 as module  # the wheel that carries its own SQLite

    if module.sqlite_version_info < SQLITE_FLOOR:
        raise RuntimeError(f"SQLite {module.sqlite_version} is too old; {SQLITE_FLOOR} or newer is needed")
    return {**told, "module": module, "connect_args": {"timeout": 30, "check_same_thread": False}}


def install(app: Flask) -> None:
    """Let Flask-Migrate's commands find the migrations of `app`; it is loaded when one of them asks."""
    app.extensions["migrate"] = LocalProxy(lambda: _load(app))


def _load(app: Flask) -> Any:
    from flask_migrate import Migrate

    Migrate(app, db, directory=str(MIGRATIONS))
    return app.extensions["migrate"]


def pending() -> str:
    """What is to be done before the database can be used, as a sentence; empty when nothing is."""
    present = _present()
    db.engine.dispose()
    if not present:
        return "The database has no tables yet: run `teranga init`, or `teranga demo`."
    if present != {newest()}:
        return "The tables are older than this version: make a copy, then run `teranga db upgrade`."
    return ""


def follow() -> None:
    """Bring tables of an older version up to this one; a database without tables stays as it is."""
    if _present() - {newest()}:
        from flask_migrate import upgrade

        upgrade()


def newest() -> str:
    """The newest migration: the one whose file has the highest number."""
    return max(MIGRATIONS.glob("versions/[0-9]*.py")).name.partition("_")[0]


def _present() -> set[str]:
    """Where the database stands: at one migration, or none before it has tables."""
    with db.engine.connect() as connection:
        known = inspect(connection).has_table("alembic_version")
        return set(connection.scalars(text("SELECT version_num FROM alembic_version"))) if known else set()
