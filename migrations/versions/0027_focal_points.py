"""Who looks after a delegation: a primary and a backup focal point, each turn kept

The heads whom delegations have become their first focal points.

Revision: 0027, after 0026
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_NOW = sa.text("until IS NULL")


def upgrade() -> None:
    op.create_table(
        "focal_point",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False),
        sa.Column("user_id", _BIG, sa.ForeignKey("user.id"), nullable=False, index=True),
        sa.Column("rank", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("since", _MOMENT, nullable=False),
        sa.Column("until", _MOMENT),
    )
    op.create_index(
        "uq_focal_point_current",
        "focal_point",
        ["delegation_id", "rank"],
        unique=True,
        sqlite_where=_NOW,
        postgresql_where=_NOW,
    )
    op.execute("""INSERT INTO focal_point (delegation_id, user_id, rank, actor, reason, since)
        SELECT d.id, u.id, 'primary', 'system', '', d.created_at
        FROM delegation d JOIN "user" u ON u.email = lower(d.contact_email)
        WHERE EXISTS (SELECT 1 FROM "grant" g WHERE g.user_id = u.id AND g.role = 'head_of_delegation'
            AND g.scope_kind = 'delegation' AND g.scope_id = d.id AND g.revoked_at IS NULL)""")


def downgrade() -> None:
    op.drop_table("focal_point")
