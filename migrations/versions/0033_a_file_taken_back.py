"""A bank's file that came in by mistake is taken back: its lines go while nothing rests on them

Revision: 0033, after 0032
"""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_GONE = """EXISTS (SELECT 1 FROM bank_statement s WHERE s.id = {row}.statement_id
    AND s.withdrawn_at IS NOT NULL)"""
_MATCHED = "EXISTS (SELECT 1 FROM reconciliation_link k WHERE k.line_id = OLD.id)"
_SAID = "statement_line: as the bank said it"
_BACK = "bank_statement: what was taken back stays so"

SQLITE = [
    "DROP TRIGGER IF EXISTS statement_line_kept",
    f"""CREATE TRIGGER statement_line_kept BEFORE DELETE ON statement_line
    WHEN NOT {_GONE.format(row="OLD")} OR {_MATCHED}
    BEGIN SELECT RAISE(ABORT, '{_SAID}'); END""",
    "DROP TRIGGER IF EXISTS statement_line_after",
    f"""CREATE TRIGGER statement_line_after BEFORE INSERT ON statement_line WHEN {_GONE.format(row="NEW")}
    BEGIN SELECT RAISE(ABORT, '{_BACK}'); END""",
    "DROP TRIGGER IF EXISTS bank_statement_back",
    f"""CREATE TRIGGER bank_statement_back BEFORE UPDATE ON bank_statement
    WHEN OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NULL
    BEGIN SELECT RAISE(ABORT, '{_BACK}'); END""",
]

POSTGRESQL = [
    f"""CREATE OR REPLACE FUNCTION statement_line_frozen_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' AND {_GONE.format(row="OLD")} AND NOT {_MATCHED} THEN RETURN OLD; END IF;
        RAISE '{_SAID}'; END $$""",
    f"""CREATE OR REPLACE FUNCTION statement_line_after_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF {_GONE.format(row="NEW")} THEN RAISE '{_BACK}'; END IF;
        RETURN NEW; END $$""",
    "DROP TRIGGER IF EXISTS statement_line_after ON statement_line",
    """CREATE TRIGGER statement_line_after BEFORE INSERT ON statement_line
    FOR EACH ROW EXECUTE FUNCTION statement_line_after_guard()""",
    f"""CREATE OR REPLACE FUNCTION bank_statement_back_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF OLD.withdrawn_at IS NOT NULL AND NEW.withdrawn_at IS NULL THEN RAISE '{_BACK}'; END IF;
        RETURN NEW; END $$""",
    "DROP TRIGGER IF EXISTS bank_statement_back ON bank_statement",
    """CREATE TRIGGER bank_statement_back BEFORE UPDATE ON bank_statement
    FOR EACH ROW EXECUTE FUNCTION bank_statement_back_guard()""",
]

_COLUMNS = (
    sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
    sa.Column("withdrawn_for", sa.String(300), nullable=False, server_default=""),
)


def upgrade() -> None:
    """Add the columns and let go of what was taken back; run again, the same."""
    known = {one["name"] for one in sa.inspect(op.get_bind()).get_columns("bank_statement")}
    for column in _COLUMNS:
        if column.name not in known:
            op.add_column("bank_statement", column)
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    """Every line stays again, as before; impossible once a file was taken back, for its lines are gone."""
    connection = op.get_bind()
    if connection.scalar(sa.text("SELECT 1 FROM bank_statement WHERE withdrawn_at IS NOT NULL LIMIT 1")):
        raise RuntimeError("a bank's file was taken back: it cannot come in again by itself")
    sqlite = connection.dialect.name == "sqlite"
    for statement in _SQLITE_BEFORE if sqlite else _POSTGRESQL_BEFORE:
        op.execute(statement)
    for column in _COLUMNS:
        op.execute(f"ALTER TABLE bank_statement DROP COLUMN {column.name}")


_SQLITE_BEFORE = [
    "DROP TRIGGER bank_statement_back",
    "DROP TRIGGER statement_line_after",
    "DROP TRIGGER statement_line_kept",
    f"""CREATE TRIGGER statement_line_kept BEFORE DELETE ON statement_line
    BEGIN SELECT RAISE(ABORT, '{_SAID}'); END""",
]

_POSTGRESQL_BEFORE = [
    "DROP TRIGGER bank_statement_back ON bank_statement",
    "DROP FUNCTION bank_statement_back_guard()",
    "DROP TRIGGER statement_line_after ON statement_line",
    "DROP FUNCTION statement_line_after_guard()",
    f"""CREATE OR REPLACE FUNCTION statement_line_frozen_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        RAISE '{_SAID}'; END $$""",
]
