"""Savings plans change by versions that only grow; reminders leave once; a payer may stop them

The database refuses a change to a version, and to the terms a plan was opened with: replaying its versions
gives the same plan for ever.

Revision: 0010, after 0009
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)

_TERMS = " OR ".join(
    f"NEW.{name} <> OLD.{name}"
    for name in ("target_minor", "currency", "count", "first_due", "every_months", "remainder")
)

SQLITE = [
    """CREATE TRIGGER plan_change_frozen BEFORE UPDATE ON plan_change
    BEGIN SELECT RAISE(ABORT, 'plan_change: versions only grow'); END""",
    """CREATE TRIGGER plan_change_kept BEFORE DELETE ON plan_change
    BEGIN SELECT RAISE(ABORT, 'plan_change: versions only grow'); END""",
    """CREATE TRIGGER plan_change_replaced BEFORE INSERT ON plan_change
    WHEN EXISTS (SELECT 1 FROM plan_change o
                 WHERE o.id = NEW.id OR (o.plan_id = NEW.plan_id AND o.number = NEW.number))
    BEGIN SELECT RAISE(ABORT, 'plan_change: versions only grow'); END""",
    f"""CREATE TRIGGER savings_plan_terms BEFORE UPDATE ON savings_plan WHEN {_TERMS}
    BEGIN SELECT RAISE(ABORT, 'savings_plan: its first terms stay'); END""",
]

POSTGRESQL = [
    """CREATE FUNCTION plan_change_guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'plan_change: versions only grow'; END $$""",
    """CREATE TRIGGER plan_change_frozen BEFORE UPDATE OR DELETE ON plan_change
    FOR EACH ROW EXECUTE FUNCTION plan_change_guard()""",
    """CREATE TRIGGER plan_change_never_emptied BEFORE TRUNCATE ON plan_change
    FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()""",
    f"""CREATE FUNCTION savings_plan_terms_guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN IF {_TERMS} THEN RAISE 'savings_plan: its first terms stay'; END IF; RETURN NEW; END $$""",
    """CREATE TRIGGER savings_plan_terms BEFORE UPDATE ON savings_plan
    FOR EACH ROW EXECUTE FUNCTION savings_plan_terms_guard()""",
]


def upgrade() -> None:
    op.create_table(
        "plan_change",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("plan_id", _BIG, sa.ForeignKey("savings_plan.id"), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("cause", sa.String(32), nullable=False),
        sa.Column("policy", sa.String(32), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("seats", _BIG, nullable=False),
        sa.Column("saved_minor", _BIG, nullable=False),
        sa.Column("need_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_plan_change_plan_id_number")),
        sa.CheckConstraint("number > 1", name=op.f("ck_plan_change_number")),
        sa.CheckConstraint("need_minor > 0", name=op.f("ck_plan_change_need")),
        sa.CheckConstraint("saved_minor >= 0", name=op.f("ck_plan_change_saved")),
    )
    op.create_table(
        "plan_reminder",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("plan_id", _BIG, sa.ForeignKey("savings_plan.id"), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint("plan_id", "due", "kind", name=op.f("uq_plan_reminder_plan_id_due_kind")),
    )
    op.create_table(
        "reminder_stop",
        sa.Column("plan_id", _BIG, sa.ForeignKey("savings_plan.id"), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
    )
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def downgrade() -> None:
    raise RuntimeError("the versions of savings plans are not taken away")
