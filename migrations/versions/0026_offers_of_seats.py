"""Seats offered to whoever waits, held until they answer

Revision: 0026, after 0025
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "seat_offer",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False, index=True),
        sa.Column("until", _MOMENT, nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("ended_at", _MOMENT),
    )
    op.create_table(
        "offered_seat",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("offer_id", _BIG, sa.ForeignKey("seat_offer.id"), nullable=False, index=True),
        sa.Column("seat_id", _BIG, sa.ForeignKey("seat.id"), nullable=False),
        sa.Column("waiting_id", _BIG, sa.ForeignKey("waiting_person.id"), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
    )
    for name, column in (("uq_offered_seat_held", "seat_id"), ("uq_offered_seat_waiting", "waiting_id")):
        op.create_index(
            name,
            "offered_seat",
            [column],
            unique=True,
            sqlite_where=sa.text("held"),
            postgresql_where=sa.text("held"),
        )


def downgrade() -> None:
    op.drop_table("offered_seat")
    op.drop_table("seat_offer")
