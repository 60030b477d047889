"""The steps that delegations make, which the database keeps; those of before come from the audit trail

Revision: 0014, after 0013
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

SQLITE = [
    """CREATE TRIGGER delegation_step_frozen BEFORE UPDATE ON delegation_step
    BEGIN SELECT RAISE(ABORT, 'delegation_step: what happened stays'); END""",
    """CREATE TRIGGER delegation_step_kept BEFORE DELETE ON delegation_step
    BEGIN SELECT RAISE(ABORT, 'delegation_step: what happened stays'); END""",
    """CREATE TRIGGER delegation_step_replaced BEFORE INSERT ON delegation_step
    WHEN EXISTS (SELECT 1 FROM delegation_step o WHERE o.id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'delegation_step: what happened stays'); END""",
]

POSTGRESQL = [
    """CREATE FUNCTION delegation_step_guard() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE 'delegation_step: what happened stays'; END $$""",
    """CREATE TRIGGER delegation_step_kept BEFORE UPDATE OR DELETE ON delegation_step
    FOR EACH ROW EXECUTE FUNCTION delegation_step_guard()""",
    """CREATE TRIGGER delegation_step_never_emptied BEFORE TRUNCATE ON delegation_step
    FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()""",
]


def upgrade() -> None:
    op.create_table(
        "delegation_step",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False),
        sa.Column("left", sa.String(32), nullable=True),
        sa.Column("reached", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_index(op.f("ix_delegation_step_delegation_id"), "delegation_step", ["delegation_id"])
    _tell_the_past()
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)


def _tell_the_past() -> None:
    """What the audit trail says of the delegations that are there."""
    bind = op.get_bind()
    kept = {f"Delegation:{row.id}": row.id for row in bind.execute(sa.text("SELECT id FROM delegation"))}
    records = bind.execute(
        sa.text(
            "SELECT at, actor, action, subject, reason, details FROM audit_record "
            "WHERE subject LIKE 'Delegation:%' ORDER BY id"
        )
    )
    insert = sa.text(
        'INSERT INTO delegation_step (delegation_id, "left", reached, actor, reason, at) '
        "VALUES (:delegation_id, :left, :reached, :actor, :reason, :at)"
    )
    for record in records.all():
        details = json.loads(record.details) if isinstance(record.details, str) else record.details
        reached = "invited" if record.action == "delegation.invite" else details.get("to")
        if reached and record.subject in kept:
            step = {
                "delegation_id": kept[record.subject],
                "left": details.get("from"),
                "reached": reached,
                "actor": record.actor,
                "reason": record.reason,
                "at": record.at,
            }
            bind.execute(insert, step)


def downgrade() -> None:
    raise RuntimeError("what delegations did is not taken away")
