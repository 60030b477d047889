"""A closed period opens again for a reason that stands with it; the database refuses to open it without one

Revision: 0022, after 0021
"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

# A reason is given for this opening: closing again takes it away.
_UNEXPLAINED = """(OLD.status = 'closed' AND NEW.status = 'open'
        AND trim(coalesce(NEW.reopened_for, '')) = '')
    OR (NEW.status <> 'open' AND NEW.reopened_for IS NOT NULL)"""
_WHY = "period: opened again for a reason"

SQLITE = [
    f"""CREATE TRIGGER period_explained BEFORE UPDATE ON period WHEN {_UNEXPLAINED}
    BEGIN SELECT RAISE(ABORT, '{_WHY}'); END""",
    f"""CREATE TRIGGER period_closed_kept BEFORE DELETE ON period WHEN OLD.status = 'closed'
    BEGIN SELECT RAISE(ABORT, '{_WHY}'); END""",
    f"""CREATE TRIGGER period_closed_replaced BEFORE INSERT ON period
    WHEN EXISTS (SELECT 1 FROM period o WHERE o.status = 'closed'
                 AND (o.id = NEW.id OR o.starts_on = NEW.starts_on))
    BEGIN SELECT RAISE(ABORT, '{_WHY}'); END""",
]

POSTGRESQL = [
    f"""CREATE OR REPLACE FUNCTION period_explained_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF TG_OP = 'DELETE' THEN
            IF OLD.status = 'closed' THEN RAISE '{_WHY}'; END IF;
            RETURN OLD;
        END IF;
        IF {_UNEXPLAINED} THEN RAISE '{_WHY}'; END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER period_explained BEFORE UPDATE OR DELETE ON period
    FOR EACH ROW EXECUTE FUNCTION period_explained_guard()""",
]


def upgrade() -> None:
    op.add_column("period", sa.Column("reopened_for", sa.Text(), nullable=True))
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the guards of the ledger are not taken away")
