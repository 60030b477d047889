"""A funder's agreement goes by a code that is its own within its gathering: B1 may be another's elsewhere

SQLite cannot change a constraint in place, and the table has rows that others point to: it is made anew and
filled again within the transaction, foreign keys being checked at its end.

Revision: 0041, after 0040
"""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_ALONE = ("uq_funding_agreement_code", ["code"])
_HERE = ("uq_funding_agreement_edition_id_code", ["edition_id", "code"])
_Rule = tuple[str, list[str]]


def upgrade() -> None:
    _instead(_ALONE, _HERE)


def downgrade() -> None:
    """Refused by the database where two gatherings use one code."""
    _instead(_HERE, _ALONE)


def _instead(before: _Rule, after: _Rule) -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        _made_anew(_told(before), _told(after))
        return
    op.drop_constraint(before[0], "funding_agreement", type_="unique")
    op.create_unique_constraint(after[0], "funding_agreement", after[1])


def _told(rule: _Rule) -> str:
    return f"CONSTRAINT {rule[0]} UNIQUE ({', '.join(rule[1])})"


def _made_anew(before: str, after: str) -> None:
    connection = op.get_bind()
    [made] = connection.scalars(sa.text("SELECT sql FROM sqlite_master WHERE name = 'funding_agreement'"))
    assert before in made, made
    op.execute("PRAGMA defer_foreign_keys = ON")
    op.execute("CREATE TEMPORARY TABLE kept_agreement AS SELECT * FROM funding_agreement")
    op.execute("DROP TABLE funding_agreement")
    op.execute(sa.text(made.replace(before, after).replace(":", r"\:")))
    op.execute("INSERT INTO funding_agreement SELECT * FROM kept_agreement")
    op.execute("DROP TABLE kept_agreement")
    op.create_index("ix_funding_agreement_edition_id", "funding_agreement", ["edition_id"])
