"""A claim that is begun on a phone without network carries the key of its form

Revision: 0036, after 0035
"""

import sqlalchemy as sa
from alembic import op

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None

_UNIQUE = "uq_expense_claim_claimant_id_sent_key"


def upgrade() -> None:
    """Add the column; run again, the same."""
    known = sa.inspect(op.get_bind())
    if "sent_key" not in {one["name"] for one in known.get_columns("expense_claim")}:
        op.execute("ALTER TABLE expense_claim ADD COLUMN sent_key VARCHAR(60)")
    if _UNIQUE not in {one["name"] for one in known.get_indexes("expense_claim")}:
        op.create_index(_UNIQUE, "expense_claim", ["claimant_id", "sent_key"], unique=True)


def downgrade() -> None:
    op.drop_index(_UNIQUE, "expense_claim")
    op.execute("ALTER TABLE expense_claim DROP COLUMN sent_key")
