"""Several payers of one savings plan, each with a share and a reference; their reminders are told apart

The database refuses any change to a share and to what a payer had paid at a version: replaying them divides a
plan in the same way for ever.

Revision: 0035, after 0034
"""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)
_FROZEN = ("plan_share", "payer_saved")

SQLITE = [
    f"""CREATE TRIGGER {table}_{event.lower()}_frozen BEFORE {event} ON {table}
    BEGIN SELECT RAISE(ABORT, '{table}: rows only grow'); END"""
    for table in _FROZEN
    for event in ("UPDATE", "DELETE")
]

POSTGRESQL = [
    """CREATE FUNCTION payer_rows_guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE '%: rows only grow', TG_TABLE_NAME; END $$""",
    *(
        f"""CREATE TRIGGER {table}_frozen BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION payer_rows_guard()"""
        for table in _FROZEN
    ),
    *(
        f"""CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"""
        for table in _FROZEN
    ),
]


def upgrade() -> None:
    op.create_table(
        "plan_payer",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("plan_id", _BIG, sa.ForeignKey("savings_plan.id"), nullable=False),
        sa.Column("payer_id", _BIG, sa.ForeignKey("organisation.id"), nullable=False, index=True),
        sa.Column("reference", sa.String(24), nullable=False),
        sa.Column("payer_email", sa.String(255), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.UniqueConstraint("plan_id", "payer_id", name=op.f("uq_plan_payer_plan_id_payer_id")),
        sa.UniqueConstraint("reference", name=op.f("uq_plan_payer_reference")),
    )
    op.create_table(
        "plan_share",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("plan_id", _BIG, sa.ForeignKey("savings_plan.id"), nullable=False, index=True),
        sa.Column("payer_id", _BIG, sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("numerator", _BIG, nullable=False),
        sa.Column("denominator", _BIG, nullable=False),
        sa.Column("has_left", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.CheckConstraint("numerator >= 0 AND denominator >= numerator", name=op.f("ck_plan_share_share")),
    )
    op.create_table(
        "payer_saved",
        sa.Column("change_id", _BIG, sa.ForeignKey("plan_change.id"), primary_key=True),
        sa.Column("payer_id", _BIG, sa.ForeignKey("organisation.id"), primary_key=True),
        sa.Column("saved_minor", _BIG, nullable=False),
    )
    for name, start in (("leaving_numerator", "0"), ("leaving_denominator", "1")):
        op.add_column("plan_change", sa.Column(name, _BIG, nullable=False, server_default=start))
    _reminders()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _reminders() -> None:
    """What was told and stopped so far was the first payer's."""
    op.create_table(
        "payer_reminder",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("plan_id", _BIG, sa.ForeignKey("savings_plan.id"), nullable=False),
        sa.Column("payer_id", _BIG, sa.ForeignKey("organisation.id"), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", _MOMENT, nullable=False),
        sa.UniqueConstraint(
            "plan_id", "payer_id", "due", "kind", name=op.f("uq_payer_reminder_plan_id_payer_id_due_kind")
        ),
    )
    op.create_table(
        "payer_stop",
        sa.Column("plan_id", _BIG, sa.ForeignKey("savings_plan.id"), primary_key=True),
        sa.Column("payer_id", _BIG, sa.ForeignKey("organisation.id"), primary_key=True),
        sa.Column("at", _MOMENT, nullable=False),
    )
    op.execute(
        """INSERT INTO payer_reminder (plan_id, payer_id, due, kind, at)
        SELECT r.plan_id, p.payer_id, r.due, r.kind, r.at
        FROM plan_reminder r JOIN savings_plan p ON p.id = r.plan_id ORDER BY r.id"""
    )
    op.execute(
        """INSERT INTO payer_stop (plan_id, payer_id, at)
        SELECT s.plan_id, p.payer_id, s.at FROM reminder_stop s JOIN savings_plan p ON p.id = s.plan_id"""
    )
    op.drop_table("plan_reminder")
    op.drop_table("reminder_stop")


def downgrade() -> None:
    raise RuntimeError("who pays a savings plan is not taken away")
