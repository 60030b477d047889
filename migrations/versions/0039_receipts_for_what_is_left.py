"""An official donation receipt may be for what is left of a gift of money

A part that was given or taken back is no gift; the receipt in the place of the voided one says less. Goods
are receipted whole, as before.

Revision: 0039, after 0038
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

_WHOLE = "AND g.currency = NEW.currency AND g.value_minor - g.advantage_minor = NEW.amount_minor"
_LEFT = """AND g.currency = NEW.currency AND (g.value_minor - g.advantage_minor = NEW.amount_minor
            OR g.payment_id IS NOT NULL AND g.value_minor - g.advantage_minor > NEW.amount_minor)"""


def _reword_sqlite(before: str, after: str, old: str, new: str) -> None:
    """The guard under a new name, then the old one away: interrupted, at least one of them stands."""
    connection = op.get_bind()
    guard = connection.scalar(sa.text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": old})
    if guard is None:
        return
    worded = _other(guard, before, after).replace(f"TRIGGER {old} ", f"TRIGGER IF NOT EXISTS {new} ")
    connection.exec_driver_sql(worded)
    op.execute(f"DROP TRIGGER {old}")


def _reword_postgresql(before: str, after: str) -> None:
    connection = op.get_bind()
    guard = connection.scalar(sa.text("SELECT pg_get_functiondef('paper_born_guard'::regproc)"))
    if after not in guard:
        connection.exec_driver_sql(_other(guard, before, after).replace("%", "%%"))


def _other(guard: str, before: str, after: str) -> str:
    if before not in guard:
        raise RuntimeError("the guard of new papers is not as it was made")
    return guard.replace(before, after)


def upgrade() -> None:
    """What is left of a gift of money may be receipted."""
    if op.get_bind().dialect.name == "sqlite":
        _reword_sqlite(_WHOLE, _LEFT, "paper_born", "paper_issued")
    else:
        _reword_postgresql(_WHOLE, _LEFT)


def downgrade() -> None:
    """Only whole gifts, from then on."""
    if op.get_bind().dialect.name == "sqlite":
        _reword_sqlite(_LEFT, _WHOLE, "paper_issued", "paper_born")
    else:
        _reword_postgresql(_LEFT, _WHOLE)
