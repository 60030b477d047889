"""Requests to join a delegation, from people who registered for an earlier gathering

Revision: 0031, after 0030
"""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_OPEN = sa.text("status = 'open'")


def upgrade() -> None:
    op.create_table(
        "join_request",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False, index=True),
        sa.Column("registration_id", _BIG, sa.ForeignKey("registration.id"), nullable=False, index=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("reason", sa.String(1000), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("answered_at", _MOMENT),
    )
    op.create_index(
        "uq_join_request_open",
        "join_request",
        ["delegation_id", "registration_id"],
        unique=True,
        sqlite_where=_OPEN,
        postgresql_where=_OPEN,
    )


def downgrade() -> None:
    op.drop_table("join_request")
