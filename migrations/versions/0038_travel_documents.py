"""What a consulate reads on the invitation letter, while a visa is asked for

Revision: 0038, after 0037
"""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "travel_document",
        sa.Column("nomination_id", _BIG, sa.ForeignKey("nomination.id"), primary_key=True),
        sa.Column("born_on", sa.Date()),
        sa.Column("passport", sa.String(20), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("travel_document")
