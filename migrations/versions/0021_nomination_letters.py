"""Nomination letters, and what a gathering asks before it accredits

Until now accrediting somebody said that their letter was verified, though none could be sent: nobody's is.

Revision: 0021, after 0020
"""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "nomination_letter",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("nomination_id", _BIG, sa.ForeignKey("nomination.id"), nullable=False),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("sent_by", sa.String(120), nullable=False),
        sa.Column("sent_at", _MOMENT, nullable=False),
        sa.Column("looked_at", _MOMENT),
        sa.Column("looked_by_id", _BIG, sa.ForeignKey("user.id")),
        sa.Column("refused_because", sa.String(1000), nullable=False),
        sa.UniqueConstraint("nomination_id", "sha256"),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/jpeg', 'image/png')",
            name=op.f("ck_nomination_letter_media_type"),
        ),
        sa.CheckConstraint("size BETWEEN 1 AND 10485760", name=op.f("ck_nomination_letter_size")),
    )
    op.create_table(
        "accreditation_rules",
        sa.Column("edition_id", _BIG, sa.ForeignKey("edition.id"), primary_key=True),
        sa.Column("letter_required", sa.Boolean(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
    )
    op.execute("UPDATE nomination SET credential = 'missing' WHERE credential = 'verified'")


def downgrade() -> None:
    op.drop_table("accreditation_rules")
    op.drop_table("nomination_letter")
