"""The tests' PostgreSQL database is as new for each of them, whatever the one before did to it."""

import uuid
from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from tests import conftest
from tests.clones import Clone

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def clone(postgres_template: str) -> Iterator[Clone]:
    """A clone beside the one that the tests use."""
    clone = Clone(f"test_{uuid.uuid4().hex[:12]}", make_url(conftest.POSTGRES), conftest.administer)
    yield clone
    clone.drop()


def _do(clone: Clone, *statements: str) -> object:
    """What the last of them answers."""
    engine = create_engine(clone.url)
    with engine.begin() as connection:
        answers = [connection.execute(text(one)) for one in statements]
        found = answers[-1].scalar() if answers[-1].returns_rows else None
    engine.dispose()
    return found


_ROW = "INSERT INTO event_series (code, name, is_demo) VALUES ('RIP', 'Rencontres', false) RETURNING id"
_BORN = "SELECT oid FROM pg_database WHERE datname = current_database()"


def test_rows_sequences_and_what_the_tables_came_with_are_as_before(
    clone: Clone, postgres_template: str
) -> None:
    clone.fresh(postgres_template)
    born = _do(clone, _BORN)
    assert _do(clone, _ROW) == 1
    _do(clone, "SET session_replication_role = replica", "UPDATE ledger_head SET number = 7")
    clone.fresh(postgres_template)
    assert _do(clone, _BORN) == born, "cleared, not cloned"
    assert _do(clone, "SELECT number FROM ledger_head") == 0
    assert _do(clone, "SELECT count(*) FROM event_series") == 0
    assert _do(clone, _ROW) == 1


@pytest.mark.parametrize(
    "change",
    [
        "ALTER TABLE journal_entry DISABLE TRIGGER ALL",
        "ALTER TABLE event_series ADD COLUMN more integer",
        "DROP INDEX ix_audit_record_action",
    ],
)
def test_a_table_that_was_changed_makes_a_new_clone(
    clone: Clone, postgres_template: str, change: str
) -> None:
    clone.fresh(postgres_template)
    born = _do(clone, _BORN)
    _do(clone, change)
    clone.fresh(postgres_template)
    assert _do(clone, _BORN) != born
