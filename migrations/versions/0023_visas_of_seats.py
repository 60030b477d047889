"""Invitation letters, and what came of each visa of a seat, step by step

Revision: 0023, after 0022
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "invitation_letter",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("seat_id", _BIG, sa.ForeignKey("seat.id"), nullable=False),
        sa.Column("nomination_id", _BIG, sa.ForeignKey("nomination.id"), nullable=False, index=True),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("issued_by_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("issued_at", _MOMENT, nullable=False),
        sa.Column("superseded_at", _MOMENT),
        sa.UniqueConstraint("seat_id", "number"),
    )
    op.create_table(
        "visa_step",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("seat_id", _BIG, sa.ForeignKey("seat.id"), nullable=False, index=True),
        sa.Column("nomination_id", _BIG, sa.ForeignKey("nomination.id"), nullable=False, index=True),
        sa.Column("request_id", _BIG, sa.ForeignKey("visa_request.id"), nullable=False),
        sa.Column("outcome", sa.String(32), nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(500), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("visa_step")
    op.drop_table("invitation_letter")
