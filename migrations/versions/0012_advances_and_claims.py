"""Advances and expense claims: three people, one step at a time, and what was decided stays

The database refuses a step that skips another, a change to a claim or line that was handed in, and a payment
whose posted entry was not written by the claim's approver and posted by its payer.

Revision: 0012, after 0011
"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)

_SKIPS = """OLD.status = 'paid' OR NEW.id <> OLD.id OR NEW.claimant_id <> OLD.claimant_id
    OR NEW.delegation_id <> OLD.delegation_id OR NEW.fund_id <> OLD.fund_id OR NEW.currency <> OLD.currency
    OR NEW.advance_id IS DISTINCT FROM OLD.advance_id
    OR (OLD.approver_id IS NOT NULL AND NEW.approver_id IS DISTINCT FROM OLD.approver_id)
    OR (OLD.status <> NEW.status AND OLD.status || '>' || NEW.status NOT IN
        ('draft>submitted', 'submitted>draft', 'submitted>approved', 'approved>paid'))"""
_UNPROVEN = """NEW.status = 'paid' AND NOT EXISTS (SELECT 1 FROM journal_entry e WHERE e.id = NEW.entry_id
    AND e.status = 'posted' AND e.author_id = NEW.approver_id AND e.approver_id = NEW.payer_id)"""
_GIVEN = """OLD.approver_id IS NOT NULL OR NEW.id <> OLD.id OR NEW.delegation_id <> OLD.delegation_id
    OR NEW.fund_id <> OLD.fund_id OR NEW.holder_id <> OLD.holder_id OR NEW.recorder_id <> OLD.recorder_id
    OR NEW.amount_minor <> OLD.amount_minor OR NEW.currency <> OLD.currency
    OR NEW.given_on <> OLD.given_on"""
_HANDED_IN = "EXISTS (SELECT 1 FROM expense_claim c WHERE c.id = {row}.claim_id AND c.status <> 'draft')"
_OF_VOUCHER = """EXISTS (SELECT 1 FROM claim_line l JOIN expense_claim c ON c.id = l.claim_id
    WHERE l.id = {row}.line_id AND {when})"""
_LATE = _OF_VOUCHER.format(row="NEW", when="c.status = 'paid'")
_HELD = _OF_VOUCHER.format(row="OLD", when="c.status <> 'draft'")
_POSTED = "EXISTS (SELECT 1 FROM journal_entry e WHERE e.id = OLD.entry_id AND e.status = 'posted')"

# (name, event, table, when, sentence); the same conditions on both engines
GUARDS = [
    ("expense_claim_born", "INSERT", "expense_claim", "NEW.status <> 'draft'", "begins as a draft"),
    ("expense_claim_steps", "UPDATE", "expense_claim", _SKIPS, "one step at a time, and it stays"),
    ("expense_claim_proven", "UPDATE", "expense_claim", _UNPROVEN, "its entry is of approver and payer"),
    ("expense_claim_kept", "DELETE", "expense_claim", "OLD.status <> 'draft'", "stays"),
    ("claim_line_born", "INSERT", "claim_line", _HANDED_IN.format(row="NEW"), "the claim is handed in"),
    (
        "claim_line_frozen",
        "UPDATE",
        "claim_line",
        f"NEW.claim_id <> OLD.claim_id OR {_HANDED_IN.format(row='OLD')}",
        "the claim is handed in",
    ),
    ("claim_line_kept", "DELETE", "claim_line", _HANDED_IN.format(row="OLD"), "the claim is handed in"),
    ("claim_voucher_born", "INSERT", "claim_voucher", _LATE, "the claim is paid"),
    ("claim_voucher_frozen", "UPDATE", "claim_voucher", "1 = 1", "never changes"),
    ("claim_voucher_kept", "DELETE", "claim_voucher", _HELD, "the claim is handed in"),
    ("advance_given", "UPDATE", "advance", _GIVEN, "stays as it was given"),
    ("advance_kept", "DELETE", "advance", "OLD.approver_id IS NOT NULL", "stays as it was given"),
    ("advance_entry_frozen", "UPDATE", "advance_entry", "1 = 1", "never changes"),
    ("advance_entry_kept", "DELETE", "advance_entry", _POSTED, "its entry is posted"),
]
NEVER_EMPTIED = ("advance", "advance_entry", "expense_claim", "claim_line", "claim_voucher")


def upgrade() -> None:
    _tables()
    sqlite = op.get_bind().dialect.name == "sqlite"
    for name, event, table, when, sentence in GUARDS:
        if sqlite:
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
    if not sqlite:
        for table in NEVER_EMPTIED:
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
            )


def _tables() -> None:
    op.create_table(
        "advance",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False, index=True),
        sa.Column("fund_id", _BIG, sa.ForeignKey("fund.id"), nullable=False),
        sa.Column("holder_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("recorder_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("purpose", sa.String(200), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("approver_id", _BIG, sa.ForeignKey("user.id")),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_advance_positive")),
        sa.CheckConstraint("holder_id <> recorder_id", name=op.f("ck_advance_holder_records_not")),
        sa.CheckConstraint(
            "approver_id IS NULL OR (approver_id <> recorder_id AND approver_id <> holder_id)",
            name=op.f("ck_advance_three_people"),
        ),
    )
    op.create_table(
        "advance_entry",
        sa.Column("entry_id", _BIG, sa.ForeignKey("journal_entry.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("advance_id", _BIG, sa.ForeignKey("advance.id"), nullable=False, index=True),
        sa.Column("step", sa.String(10), nullable=False),
        sa.CheckConstraint(
            "step IN ('given', 'changed', 'claimed', 'returned')", name=op.f("ck_advance_entry_step")
        ),
    )
    op.create_table(
        "expense_claim",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("delegation_id", _BIG, sa.ForeignKey("delegation.id"), nullable=False, index=True),
        sa.Column("fund_id", _BIG, sa.ForeignKey("fund.id"), nullable=False),
        sa.Column("claimant_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("title", sa.String(160), nullable=False),
        sa.Column("advance_id", _BIG, sa.ForeignKey("advance.id"), index=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("approver_id", _BIG, sa.ForeignKey("user.id")),
        sa.Column("payer_id", _BIG, sa.ForeignKey("user.id")),
        sa.Column("entry_id", _BIG, sa.ForeignKey("journal_entry.id"), unique=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'approved', 'paid')", name=op.f("ck_expense_claim_status")
        ),
        sa.CheckConstraint(
            "approver_id IS NULL OR approver_id <> claimant_id",
            name=op.f("ck_expense_claim_approver_is_another"),
        ),
        sa.CheckConstraint(
            "payer_id IS NULL OR (payer_id <> claimant_id AND payer_id <> approver_id)",
            name=op.f("ck_expense_claim_three_people"),
        ),
        sa.CheckConstraint(
            "(status IN ('approved', 'paid')) = (approver_id IS NOT NULL)",
            name=op.f("ck_expense_claim_approved"),
        ),
        sa.CheckConstraint(
            "(status = 'paid') = (payer_id IS NOT NULL) AND (status = 'paid') = (entry_id IS NOT NULL)",
            name=op.f("ck_expense_claim_paid"),
        ),
    )
    op.create_table(
        "claim_line",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("claim_id", _BIG, sa.ForeignKey("expense_claim.id"), nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("description", sa.String(160), nullable=False),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(3), nullable=False),
        sa.Column("category", sa.String(20), nullable=False),
        sa.Column("missing_reason", sa.String(200), nullable=False),
        sa.UniqueConstraint("claim_id", "number"),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_claim_line_positive")),
    )
    op.create_table(
        "claim_voucher",
        sa.Column("line_id", _BIG, sa.ForeignKey("claim_line.id"), primary_key=True),
        sa.Column("media_type", sa.String(40), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("label", sa.String(120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("added_at", _MOMENT, nullable=False),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/jpeg', 'image/png')",
            name=op.f("ck_claim_voucher_media_type"),
        ),
        sa.CheckConstraint("size BETWEEN 1 AND 10485760", name=op.f("ck_claim_voucher_size")),
    )
