"""What moves when two records are made one person, and pairs that were looked at and are two people

Revision: 0018, after 0017
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "moved_row",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("duplicate_id", _BIG, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("row_id", _BIG, nullable=False),
        sa.UniqueConstraint("duplicate_id", "kind", "row_id"),
    )
    op.create_table(
        "two_people",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("first_id", _BIG, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("second_id", _BIG, sa.ForeignKey("person.id"), nullable=False),
        sa.Column("reason", sa.String(300), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.UniqueConstraint("first_id", "second_id"),
        sa.CheckConstraint("first_id < second_id", name=op.f("ck_two_people_in_order")),
    )


def downgrade() -> None:
    op.drop_table("two_people")
    op.drop_table("moved_row")
