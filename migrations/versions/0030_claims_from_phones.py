"""Lines of claims: sent twice they are one, and one may be shared among seats

The database refuses a change to the shares of a claim that was handed in.

Revision: 0030, after 0029
"""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HANDED_IN = """EXISTS (SELECT 1 FROM claim_line l JOIN expense_claim c ON c.id = l.claim_id
    WHERE l.id = {row}.line_id AND c.status <> 'draft')"""
_OF_ANOTHER = """NOT EXISTS (SELECT 1 FROM claim_line l JOIN expense_claim c ON c.id = l.claim_id
    JOIN seat s ON s.delegation_id = c.delegation_id
    WHERE l.id = NEW.line_id AND s.id = NEW.seat_id AND l.currency = NEW.currency)"""

# (name, event, when, sentence); the same conditions on both engines
GUARDS = [
    ("claim_share_born", "INSERT", _HANDED_IN.format(row="NEW"), "the claim is handed in"),
    ("claim_share_ours", "INSERT", _OF_ANOTHER, "for seats of its delegation, in its currency"),
    ("claim_share_frozen", "UPDATE", "1 = 1", "never changes"),
    ("claim_share_kept", "DELETE", _HANDED_IN.format(row="OLD"), "the claim is handed in"),
]


def upgrade() -> None:
    op.execute("ALTER TABLE claim_line ADD COLUMN sent_key VARCHAR(60)")
    op.create_index("uq_claim_line_claim_id_sent_key", "claim_line", ["claim_id", "sent_key"], unique=True)
    op.create_table(
        "claim_share",
        sa.Column("line_id", _BIG, sa.ForeignKey("claim_line.id"), primary_key=True),
        sa.Column("seat_id", _BIG, sa.ForeignKey("seat.id"), primary_key=True, index=True),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_claim_share_not_below_zero")),
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, event, when, sentence in GUARDS:
        if sqlite:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON claim_share WHEN {when} "
                f"BEGIN SELECT RAISE(ABORT, 'claim_share: {sentence}'); END"
            )
            continue
        row = "OLD" if event == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {when} THEN RAISE 'claim_share: {sentence}'; END IF; RETURN {row}; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON claim_share "
            f"FOR EACH ROW EXECUTE FUNCTION {name}_guard()"
        )
    if not sqlite:
        op.execute(
            "CREATE TRIGGER claim_share_never_emptied BEFORE TRUNCATE ON claim_share "
            "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
        )


def downgrade() -> None:
    raise RuntimeError("what was shared stays shared")
