"""Which delegation of an earlier gathering another one was begun from

Revision: 0029, after 0028
"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "delegation_descent",
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), primary_key=True),
        sa.Column("parent_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False, index=True),
        sa.CheckConstraint("delegation_id <> parent_id", name=op.f("ck_delegation_descent_two")),
    )


def downgrade() -> None:
    op.drop_table("delegation_descent")
