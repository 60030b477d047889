"""The demonstration is loaded whole or begun again, and nobody's file is replaced by it."""

import subprocess
from pathlib import Path

import pytest
from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import func, inspect, select

from access.models import User
from demonstration import interrupted
from demonstration.load import demo
from shared.database import db

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.mark.postgres
def test_what_was_interrupted_in_a_server_begins_again(app: Flask, both_databases: str, fatou: User) -> None:
    if both_databases == "sqlite":
        pytest.skip("./run fills a new file and renames it")
    with pytest.raises(KeyboardInterrupt), interrupted.marked():
        raise KeyboardInterrupt
    db.session.rollback()
    with interrupted.alone():
        assert inspect(db.engine).get_table_names() == []
        with interrupted.marked():
            upgrade()
    with interrupted.alone():
        assert inspect(db.engine).has_table("journal_entry")
    assert db.session.scalar(select(func.count(User.id))) == 0


def test_where_there_are_tables_already_nothing_is_loaded(app: Flask, fatou: User) -> None:
    done = app.test_cli_runner().invoke(demo, ["--if-empty"])
    assert (done.exit_code, done.output) == (0, "")
    assert db.session.scalars(select(User)).all() == [fatou]


def state_of(file: Path) -> str:
    """What `./run` takes a file for."""
    script = 'source /dev/stdin <<<"$(sed -n "/^state_of/,/^}/p" run)"; state_of "$1"'
    done = subprocess.run(
        ["bash", "-c", script, "bash", str(file)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def test_only_a_file_without_a_table_is_replaced(tmp_path: Path, sqlite_template: Path) -> None:
    assert state_of(tmp_path / "absent.db") == "empty"
    (tmp_path / "new.db").touch()
    assert state_of(tmp_path / "new.db") == "empty"
    assert state_of(sqlite_template) == "filled"
    (tmp_path / "letter.odt").write_bytes(b"PK\x03\x04 not a database at all")
    assert state_of(tmp_path / "letter.odt") == ""
    assert state_of(tmp_path) == ""
