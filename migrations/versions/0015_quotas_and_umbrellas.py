"""Quotas in seats, and delegations that hold others; no umbrella under an umbrella

Revision: 0015, after 0014
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_CIRCLE = """EXISTS (SELECT 1 FROM umbrella_member o
    WHERE o.id <> NEW.id AND (o.member_id = NEW.umbrella_id OR o.umbrella_id = NEW.member_id))"""

SQLITE = [
    f"""CREATE TRIGGER umbrella_member_{word.lower()} AFTER {word} ON umbrella_member WHEN {_CIRCLE}
    BEGIN SELECT RAISE(ABORT, 'umbrella_member: no umbrella under an umbrella'); END"""
    for word in ("INSERT", "UPDATE")
]

POSTGRESQL = [
    f"""CREATE FUNCTION umbrella_member_guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF {_CIRCLE} THEN RAISE 'umbrella_member: no umbrella under an umbrella'; END IF;
    RETURN NEW; END $$""",
    """CREATE TRIGGER umbrella_member_flat BEFORE INSERT OR UPDATE ON umbrella_member
    FOR EACH ROW EXECUTE FUNCTION umbrella_member_guard()""",
]


def upgrade() -> None:
    op.create_table(
        "quota",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("edition_id", _BIG, sa.ForeignKey("edition.id"), nullable=False),
        sa.Column("scope", sa.String(32), nullable=False),
        sa.Column("of", sa.String(200), nullable=False),
        sa.Column("seats", _BIG, nullable=False),
        sa.UniqueConstraint("edition_id", "scope", "of", name=op.f("uq_quota_edition_id_scope_of")),
        sa.CheckConstraint("seats >= 0", name=op.f("ck_quota_seats")),
    )
    op.create_table(
        "umbrella_member",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("member_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False),
        sa.Column("umbrella_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False),
        sa.UniqueConstraint("member_id", name=op.f("uq_umbrella_member_member_id")),
        sa.CheckConstraint("member_id <> umbrella_id", name=op.f("ck_umbrella_member_two")),
    )
    op.create_index(op.f("ix_umbrella_member_umbrella_id"), "umbrella_member", ["umbrella_id"])
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    op.drop_table("umbrella_member")
    op.drop_table("quota")
