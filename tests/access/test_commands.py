"""`teranga`: what a person reads and what a program reads, with and without an environment."""

import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app import begun, main
from shared import clock

PASSWORD = "une longue phrase secrète"


class Terminal:
    """Somebody types commands against one new database."""

    def __init__(self, folder: Path) -> None:
        self.environment: dict[str, str | None] = {
            "TERANGA_DEMO": "1",
            "TERANGA_INSTANCE": str(folder),
            "DATABASE_URL": None,
            "TERANGA_CLOCK": None,
        }

    def __call__(self, *arguments: str, answers: str = "", **environment: str | None) -> Result:
        return CliRunner().invoke(
            main, arguments, input=answers, env={**self.environment, **environment}, prog_name="teranga"
        )


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path)


@pytest.fixture
def ready(terminal: Terminal) -> Terminal:
    """A database with Ada Exemple as its administrator."""
    done = terminal("init", "--email", "ada@example.org", "--name", "Ada Exemple", "--password", PASSWORD)
    assert done.exit_code == 0, done.output
    return terminal


def test_a_pure_command_needs_no_environment(terminal: Terminal) -> None:
    asked = "savings schedule --target 13500.00 --currency CAD --count 34 --first 2003-01-15 --json".split()
    done = terminal(*asked, TERANGA_DEMO=None)
    assert done.exit_code == 0
    parts = json.loads(done.output)
    assert len(parts) == 34
    assert parts[0]["due"] == "2003-01-15"


def test_an_unsafe_environment_is_a_list_of_sentences(terminal: Terminal) -> None:
    done = terminal("users", "list", TERANGA_DEMO=None, SECRET_KEY=None)
    assert done.exit_code == 2
    assert "SECRET_KEY must be set" in done.stderr
    assert "Traceback" not in done.output


def test_serving_without_tables_says_what_to_do(terminal: Terminal) -> None:
    done = terminal("serve")
    assert done.exit_code == 1
    assert "run `teranga init`" in done.stderr


def test_a_demonstration_begins_now_or_days_ago() -> None:
    """``S2@…``, so many seconds since 1970: what is due on a later day can be seen to happen."""
    clock.start(begun("S2"))
    assert clock.today() == date(2007, 6, 15)
    clock.travel_to(None)
    long_ago = clock.now() - timedelta(days=92)
    clock.start(begun(f"S2@{int(long_ago.timestamp())}"))
    assert clock.today() == date(2007, 9, 15)


def test_the_first_administrator_answers_questions_and_is_the_only_first(terminal: Terminal) -> None:
    answers = f"ada@example.org\nAda Exemple\n{PASSWORD}\n{PASSWORD}\n"
    assert terminal("init", answers=answers).exit_code == 0
    again = terminal("init", "--email", "eve@example.org", "--name", "Ève", "--password", PASSWORD)
    assert again.exit_code == 1
    assert "There is an administrator already" in again.stderr
    (ada,) = json.loads(terminal("users", "list", "--json").output)
    assert ada["email"] == "ada@example.org"
    assert ada["roles"] == [{"role": "administrator", "scope": "everywhere", "id": None}]


def test_a_password_that_is_too_short_makes_nobody(terminal: Terminal) -> None:
    done = terminal("init", "--email", "ada@example.org", "--name", "Ada", "--password", "short")
    assert done.exit_code == 1
    assert json.loads(terminal("users", "list", "--json").output) == []


def test_people_are_added_and_asked_to_look_after_things(ready: Terminal) -> None:
    assert ready("users", "add", "aristide@example.org", "--name", "Aristide Fictif").exit_code == 0
    assert ready("users", "add", "ARISTIDE@example.org", "--name", "Again").exit_code == 1
    assert ready("users", "grant", "aristide@example.org", "treasurer").exit_code == 0
    assert "treasurer" in ready("users", "list").output
    assert ready("users", "grant", "aristide@example.org", "treasurer", "--revoke").exit_code == 0
    assert "treasurer" not in ready("users", "list").output
    assert "Nobody signs in" in ready("users", "grant", "nobody@example.org", "treasurer").stderr


def test_a_key_is_shown_once_and_taken_back(ready: Terminal) -> None:
    asked = (
        "tokens add desk --user ada@example.org --scope checkins:write --scope editions:read --json".split()
    )
    made = json.loads(ready(*asked).output)
    assert made["scopes"] == ["editions:read", "checkins:write"]
    assert made["token"].startswith("teranga_")
    listed = ready("tokens", "list", "--json").output
    assert made["token"] not in listed
    assert json.loads(listed)[0]["revoked_at"] is None
    assert ready("tokens", "revoke", str(made["id"])).exit_code == 0
    assert json.loads(ready("tokens", "list", "--json").output)[0]["revoked_at"]
    assert ready("tokens", "revoke", "99").exit_code == 1


@pytest.mark.parametrize(
    "asked", ["coverage DKR05-OUT --json", "ledger check", "badges DKR05 --out badges.pdf"]
)
def test_without_tables_a_command_says_what_to_run_first(terminal: Terminal, asked: str) -> None:
    done = terminal(*asked.split())
    assert done.exit_code == 1
    assert "no tables yet: run `teranga init`, or `teranga demo`" in done.output
    assert "Traceback" not in done.output
