"""When each person comes and goes, and where they sleep

Revision: 0042, after 0041
"""

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "stay",
        sa.Column("nomination_id", _BIG, sa.ForeignKey("nomination.id"), primary_key=True),
        sa.Column("arrives_on", sa.Date()),
        sa.Column("arrives_by", sa.String(120), nullable=False),
        sa.Column("leaves_on", sa.Date()),
        sa.Column("lodging", sa.String(32)),
        sa.Column("wishes", sa.String(300), nullable=False),
        sa.Column("place", sa.String(160), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("leaves_on >= arrives_on", name=op.f("ck_stay_dates")),
        if_not_exists=True,
    )


def downgrade() -> None:
    op.drop_table("stay")
