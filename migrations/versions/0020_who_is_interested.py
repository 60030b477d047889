"""Who of the network was asked about a gathering, what they answered, and the reminders that left

The database keeps each reminder's number once, and refuses an answer that says two things.

Revision: 0020, after 0019
"""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "interest",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("edition_id", _BIG, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("organisation_id", _BIG, sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("answered_at", _MOMENT),
        sa.Column("interested", sa.Boolean()),
        sa.Column("plans", sa.Boolean(), nullable=False),
        sa.Column("hosts", sa.Boolean(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("stopped_at", _MOMENT),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("provenance", sa.String(120), nullable=False),
        sa.UniqueConstraint("edition_id", "organisation_id"),
        sa.CheckConstraint("(answered_at IS NULL) = (interested IS NULL)", name=op.f("ck_interest_answered")),
        sa.CheckConstraint("NOT (plans OR hosts) OR interested", name=op.f("ck_interest_interested")),
    )
    op.create_table(
        "interest_reminder",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("interest_id", _BIG, sa.ForeignKey("interest.id"), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("interest_id", "number"),
    )


def downgrade() -> None:
    op.drop_table("interest_reminder")
    op.drop_table("interest")
