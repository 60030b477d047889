"""Migrations killed midway: `python -m bench.migrations FILE [--only 0006,0014] [--server URL]`.

FILE is a database of the demonstration (`instance/teranga.db`). Each revision finds the rows that its tables
would hold, is killed before every statement of its own in turn, and is run again: what is there then must be
what it makes when nothing disturbs it. With `--server` (the maintenance URL of a PostgreSQL) it is there.
"""

import argparse
import os
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.script import ScriptDirectory
from flask_migrate import upgrade
from sqlalchemy import Connection, Engine, create_engine, event, inspect, make_url, text

from app import create_app
from bench.served import settings

_CHANGES = ("CREATE", "INSERT", "ALTER", "UPDATE", "DELETE", "DROP")
_KILLED = 9
Copy = Callable[[str, str], str]
"""Makes a database of this name, a copy of the other one or empty; its URL."""


def migrate(url: str, revision: str, die_at: int = 0) -> int:
    """Upgrade to `revision` in a process of its own, killed before its change `die_at`; its exit code."""
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings(Path(folder), url))
        changes = 0

        @event.listens_for(Engine, "before_cursor_execute")
        def before(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            nonlocal changes
            changes += statement.lstrip().upper().startswith(_CHANGES)
            if changes == die_at > 0:
                os._exit(_KILLED)

        with app.app_context():
            upgrade(revision=revision)
        os._exit(0)


def fill(connection: Connection, filled: Path) -> None:
    """Copy the rows of every table into the columns that are here, past the guards: they are history."""
    sqlite = connection.dialect.name == "sqlite"
    triggers = _triggers(connection) if sqlite else {}
    for name in triggers:
        connection.execute(text(f'DROP TRIGGER "{name}"'))
    history = "PRAGMA defer_foreign_keys = ON" if sqlite else "SET session_replication_role = replica"
    connection.execute(text(history))
    source = sqlite3.connect(filled)
    for table in inspect(connection).get_table_names():
        kinds = {one["name"]: one["type"] for one in inspect(connection).get_columns(table)}
        there = [row[1] for row in source.execute(f'PRAGMA table_info("{table}")')]
        names = [name for name in there if name in kinds]
        if table == "alembic_version" or not names:
            continue
        listed = ", ".join(f'"{name}"' for name in names)
        rows = source.execute(f'SELECT {listed} FROM "{table}"').fetchall()
        connection.execute(text(f'DELETE FROM "{table}"'))
        if rows:
            places = ", ".join(f":{name}" for name in names)
            whole = [_fitting(dict(zip(names, row, strict=True)), kinds, plain=sqlite) for row in rows]
            connection.execute(text(f'INSERT INTO "{table}" ({listed}) VALUES ({places})'), whole)
    for statement in triggers.values():
        connection.execute(text(statement.replace(":", "\\:")))
    connection.commit()


def _fitting(row: dict[str, Any], kinds: dict[str, Any], *, plain: bool) -> dict[str, Any]:
    if plain:
        return row
    return {
        name: bool(value) if value is not None and str(kinds[name]) == "BOOLEAN" else value
        for name, value in row.items()
    }


def _triggers(connection: Connection) -> dict[str, str]:
    found = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))
    return {name: str(statement) for name, statement in found}


_SCHEMA = {
    "sqlite": ("SELECT type, name, sql FROM sqlite_master",),
    "postgresql": (
        "SELECT table_name, column_name, data_type, is_nullable FROM information_schema.columns "
        "WHERE table_schema = 'public'",
        "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace",
        "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
    ),
}


def facts(url: str) -> set[tuple[Any, ...]]:
    """Everything that a migration may change: columns, keys, indexes, checks, guards, how many rows."""
    engine = create_engine(url)
    with engine.connect() as connection:
        found = {
            tuple(map(_unordered, row))
            for asked in _SCHEMA[engine.dialect.name]
            for row in connection.execute(text(asked))
        }
        for table in inspect(connection).get_table_names():
            found.add((table, connection.execute(text(f'SELECT count(*) FROM "{table}"')).scalar()))
    engine.dispose()
    return found


def _unordered(fact: Any) -> Any:
    """A table that was rebuilt has its constraints in any order, which says nothing."""
    if isinstance(fact, str) and fact.startswith("CREATE TABLE"):
        return "\n".join(sorted(line.strip().rstrip(",") for line in fact.splitlines()))
    return fact


def kill_each(revision: str, before: str, filled: Path, copy: Copy) -> int:
    """Kill the migration at each of its changes; how often. Raises `AssertionError` where it is not whole."""
    assert migrate(copy("before", ""), before) == 0
    engine = create_engine(copy("before", "before"))
    with engine.connect() as connection:
        fill(connection, filled)
    engine.dispose()
    whole = copy("whole", "before")
    assert migrate(whole, revision) == 0
    wanted, killed = facts(whole), 0
    while migrate(url := copy("killed", "before"), revision, killed + 1) == _KILLED:
        killed += 1
        assert migrate(url, revision) == 0, f"{revision} is not run again after its change {killed}"
        assert facts(url) == wanted, f"{revision} is not whole after its change {killed}"
    return killed


def in_files(folder: Path) -> Copy:
    """Copies of SQLite files in `folder`."""

    def copy(name: str, of: str) -> str:
        if of != name:
            for file in folder.glob(f"{name}.db*"):
                file.unlink()
            if of:
                shutil.copy(folder / f"{of}.db", folder / f"{name}.db")
        return f"sqlite:///{folder / name}.db"

    return copy


def on_server(maintenance: str) -> Copy:
    """Copies of databases of a PostgreSQL."""
    address = make_url(maintenance).set(drivername="postgresql+psycopg")
    admin = create_engine(address, isolation_level="AUTOCOMMIT")

    def copy(name: str, of: str) -> str:
        if of != name:
            with admin.connect() as connection:
                connection.execute(text(f"DROP DATABASE IF EXISTS migration_{name}"))
                template = f" TEMPLATE migration_{of}" if of else ""
                connection.execute(text(f"CREATE DATABASE migration_{name}{template}"))
        return address.set(database=f"migration_{name}").render_as_string(hide_password=False)

    return copy


def main() -> None:
    """Kill the migrations that are asked for, or every one, and say how often each was killed."""
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("filled", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--server", default="")
    asked = parser.parse_args()
    config = Config()
    config.set_main_option("script_location", "migrations")
    script = ScriptDirectory.from_config(config)
    before = {one.revision: str(one.down_revision) for one in script.walk_revisions() if one.down_revision}
    chosen = asked.only.split(",") if asked.only else sorted(before)
    with tempfile.TemporaryDirectory() as folder:
        copy = on_server(asked.server) if asked.server else in_files(Path(folder))
        for revision in chosen:
            killed = kill_each(revision, before[revision], asked.filled, copy)
            print(revision, "killed", killed, "times", flush=True)


if __name__ == "__main__":
    main()
