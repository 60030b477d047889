"""Rules of composition, and what people chose to say about themselves for them

Revision: 0025, after 0024
"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "composition_rule",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("edition_id", _BIG, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("value", _BIG, nullable=False),
        sa.Column("binds", sa.Boolean(), nullable=False),
        sa.Column("together", sa.Boolean(), nullable=False),
        sa.UniqueConstraint("edition_id", "kind"),
        sa.CheckConstraint("value > 0", name=op.f("ck_composition_rule_value")),
    )
    op.create_table(
        "self_portrait",
        sa.Column("nomination_id", _BIG, sa.ForeignKey("nomination.id"), primary_key=True),
        sa.Column("component", sa.String(32)),
        sa.Column("woman", sa.Boolean()),
        sa.Column("young", sa.Boolean()),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
    )


def downgrade() -> None:
    op.drop_table("self_portrait")
    op.drop_table("composition_rule")
