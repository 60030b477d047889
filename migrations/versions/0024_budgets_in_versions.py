"""Budgets: quantity, people, days, a currency of its own a line; who pays which; frozen once approved

Lines and versions that were approved before count as they did. The database refuses from now on any change to
an approved version, its lines and its payers, and an approval by its author or by nobody.

Revision: 0024, after 0023
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_ADDED = {
    "budget": {
        "reason": "TEXT NOT NULL DEFAULT ''",
        "edits": "{big} NOT NULL DEFAULT 0",
        "written_at": "{moment}",
        "approved_at": "{moment}",
    },
    "budget_line": {
        "people": "{big} NOT NULL DEFAULT 1 CONSTRAINT ck_budget_line_people CHECK (people > 0)",
        "days": "{big} NOT NULL DEFAULT 1 CONSTRAINT ck_budget_line_days CHECK (days > 0)",
        "basis": "VARCHAR(32) NOT NULL DEFAULT 'seat'"
        " CONSTRAINT ck_budget_line_basis CHECK (basis IN ('seat', 'whole'))",
        "rate_id": "{big} CONSTRAINT fk_budget_line_rate_id_exchange_rate REFERENCES exchange_rate (id)",
        "reason": "VARCHAR(200) NOT NULL DEFAULT ''",
    },
}
_TYPES = {
    "sqlite": {"big": "INTEGER", "moment": "DATETIME"},
    "postgresql": {"big": "BIGINT", "moment": "TIMESTAMP WITH TIME ZONE"},
}

_APPROVED = "EXISTS (SELECT 1 FROM budget b WHERE b.id = {row}.budget_id AND b.status = 'approved')"
_LINE_APPROVED = """EXISTS (SELECT 1 FROM budget b JOIN budget_line l ON l.budget_id = b.id
    WHERE l.id = {row}.line_id AND b.status = 'approved')"""
_OF_ANOTHER = """NOT EXISTS (SELECT 1 FROM budget_line l JOIN budget_line s ON s.budget_id = l.budget_id
    WHERE l.id = NEW.line_id AND s.id = NEW.source_id AND s.is_source AND NOT l.is_source)"""
_STAYS = """OLD.status = 'approved' OR NEW.id <> OLD.id OR NEW.author_id IS DISTINCT FROM OLD.author_id
    OR NEW.edition_id <> OLD.edition_id OR NEW.kind <> OLD.kind OR NEW.version <> OLD.version
    OR NEW.delegation_id IS DISTINCT FROM OLD.delegation_id"""

# (name, event, table, when, sentence); the same conditions on both engines
GUARDS = [
    ("budget_born", "INSERT", "budget", "NEW.status <> 'draft' OR NEW.approver_id IS NOT NULL", "is a draft"),
    ("budget_frozen", "UPDATE", "budget", _STAYS, "an approved version stays, and its author is one"),
    (
        "budget_approved",
        "UPDATE",
        "budget",
        "NEW.status = 'approved' AND NEW.author_id IS NOT NULL AND NEW.approver_id IS NULL",
        "somebody else approves it",
    ),
    ("budget_kept", "DELETE", "budget", "OLD.status = 'approved'", "an approved version stays"),
    ("budget_line_born", "INSERT", "budget_line", _APPROVED.format(row="NEW"), "its version is approved"),
    (
        "budget_line_frozen",
        "UPDATE",
        "budget_line",
        f"NEW.budget_id <> OLD.budget_id OR {_APPROVED.format(row='OLD')}",
        "its version is approved",
    ),
    ("budget_line_kept", "DELETE", "budget_line", _APPROVED.format(row="OLD"), "its version is approved"),
    ("budget_share_born", "INSERT", "budget_share", _LINE_APPROVED.format(row="NEW"), "it is approved"),
    ("budget_share_ours", "INSERT", "budget_share", _OF_ANOTHER, "a source of the same version pays a cost"),
    ("budget_share_frozen", "UPDATE", "budget_share", "1 = 1", "is written anew"),
    ("budget_share_kept", "DELETE", "budget_share", _LINE_APPROVED.format(row="OLD"), "it is approved"),
]
NEVER_EMPTIED = ("budget", "budget_line", "budget_share")


def upgrade() -> None:
    engine = op.get_bind().dialect.name
    for table, columns in _ADDED.items():
        for name, kind in columns.items():
            op.execute(f"ALTER TABLE {table} ADD COLUMN {name} {kind.format(**_TYPES[engine])}")
    op.create_table(
        "budget_share",
        sa.Column("line_id", _BIG, sa.ForeignKey("budget_line.id"), primary_key=True),
        sa.Column("source_id", _BIG, sa.ForeignKey("budget_line.id"), primary_key=True, index=True),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_budget_share_positive")),
    )
    for name, event, table, when, sentence in GUARDS:
        if engine == "sqlite":
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, '{table}: {sentence}'); END"
            )
            continue
        row = "OLD" if event == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {when} THEN RAISE '{table}: {sentence}'; END IF; RETURN {row}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}_guard()"
        )
    if engine != "sqlite":
        for table in NEVER_EMPTIED:
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
            )


def downgrade() -> None:
    raise RuntimeError("what was approved stays as it was approved")
