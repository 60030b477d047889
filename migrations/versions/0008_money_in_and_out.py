"""Money in and out: pages, kept cards, refunds, disputes, payouts, placements, cash sessions, cheques

The rows that say what was asked of the card network, with the keys it was asked with, are never deleted. The
accounts these need are opened beside those that the books have.

Revision: 0008, after 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

KEPT_FOR_GOOD = ("card_attempt", "checkout_page", "gateway_event", "payout", "refund")

NEW_ACCOUNTS = (
    ("1060", "Card payments in dispute", "asset", False),
    ("2100", "Credits of payers", "liability", True),
    ("5950", "Cash differences", "expense", True),
)


def upgrade() -> None:
    """Make the tables, the guards and the accounts."""
    op.create_table(
        "card_watch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("seen_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_card_watch_single")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_watch")),
    )
    op.create_table(
        "saved_card",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("subject_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reference", sa.String(length=24), nullable=False),
        sa.Column("consent", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("customer_id", sa.String(length=120), nullable=False),
        sa.Column("method_id", sa.String(length=120), nullable=False),
        sa.Column("brand", sa.String(length=20), nullable=False),
        sa.Column("last4", sa.String(length=4), nullable=False),
        sa.Column("expires", sa.String(length=7), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kept_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_card")),
    )
    with op.batch_alter_table("saved_card", schema=None) as batch_op:
        batch_op.create_index(
            "uq_saved_card_active",
            ["purpose", "subject_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('active', 'failing')"),
            postgresql_where=sa.text("status IN ('active', 'failing')"),
        )

    op.create_table(
        "cash_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("fund_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opening_count", sa.JSON(), nullable=False),
        sa.Column("opening_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closing_count", sa.JSON(), nullable=True),
        sa.Column("closing_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("expected_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("explanation", sa.Text(), nullable=False),
        sa.Column("closed_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.CheckConstraint(
            "closing_minor IS NULL OR closing_minor >= 0", name=op.f("ck_cash_session_closing")
        ),
        sa.CheckConstraint("opening_minor >= 0", name=op.f("ck_cash_session_opening")),
        sa.ForeignKeyConstraint(
            ["closed_by_id"], ["user.id"], name=op.f("fk_cash_session_closed_by_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_cash_session_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name=op.f("fk_cash_session_fund_id_fund")),
        sa.ForeignKeyConstraint(
            ["opened_by_id"], ["user.id"], name=op.f("fk_cash_session_opened_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_session")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_cash_session_entry_id")),
    )
    with op.batch_alter_table("cash_session", schema=None) as batch_op:
        batch_op.create_index(
            "uq_cash_session_open",
            ["place", "currency"],
            unique=True,
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        )

    op.create_table(
        "cheque_deposit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("deposited_on", sa.Date(), nullable=False),
        sa.Column("slip", sa.String(length=80), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_cheque_deposit_entry_id_journal_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cheque_deposit")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_cheque_deposit_entry_id")),
    )
    op.create_table(
        "payout",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("arrives_on", sa.Date(), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_payout_entry_id_journal_entry")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payout")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_payout_entry_id")),
        sa.UniqueConstraint("object_id", name=op.f("uq_payout_object_id")),
    )
    op.create_table(
        "card_attempt",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("saved_card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_card_attempt_payment_id_payment")
        ),
        sa.ForeignKeyConstraint(
            ["saved_card_id"], ["saved_card.id"], name=op.f("fk_card_attempt_saved_card_id_saved_card")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_card_attempt")),
        sa.UniqueConstraint("key", name=op.f("uq_card_attempt_key")),
    )
    with op.batch_alter_table("card_attempt", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_card_attempt_payment_id"), ["payment_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_card_attempt_saved_card_id"), ["saved_card_id"], unique=False)

    op.create_table(
        "cash_move",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_cash_move_not_zero")),
        sa.ForeignKeyConstraint(["by_id"], ["user.id"], name=op.f("fk_cash_move_by_id_user")),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_cash_move_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_cash_move_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["session_id"], ["cash_session.id"], name=op.f("fk_cash_move_session_id_cash_session")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cash_move")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_cash_move_payment_id")),
    )
    with op.batch_alter_table("cash_move", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cash_move_session_id"), ["session_id"], unique=False)

    op.create_table(
        "checkout_page",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("saved_card_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("object_id", sa.String(length=120), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_checkout_page_payment_id_payment")
        ),
        sa.ForeignKeyConstraint(
            ["saved_card_id"], ["saved_card.id"], name=op.f("fk_checkout_page_saved_card_id_saved_card")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checkout_page")),
        sa.UniqueConstraint("key", name=op.f("uq_checkout_page_key")),
        sa.UniqueConstraint("object_id", name=op.f("uq_checkout_page_object_id")),
    )
    with op.batch_alter_table("checkout_page", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_checkout_page_payment_id"), ["payment_id"], unique=False)

    op.create_table(
        "cheque",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("deposit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("returned_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["deposit_id"], ["cheque_deposit.id"], name=op.f("fk_cheque_deposit_id_cheque_deposit")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_cheque_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_cheque_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cheque")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_cheque_entry_id")),
    )
    with op.batch_alter_table("cheque", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_cheque_deposit_id"), ["deposit_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_cheque_payment_id"), ["payment_id"], unique=False)

    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("object_id", sa.String(length=120), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("answer_by", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_dispute_payment_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispute")),
        sa.UniqueConstraint("object_id", name=op.f("uq_dispute_object_id")),
    )
    with op.batch_alter_table("dispute", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_dispute_payment_id"), ["payment_id"], unique=False)

    op.create_table(
        "receipt_detail",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("paid_by", sa.String(length=160), nullable=False),
        sa.Column("operator", sa.String(length=60), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_receipt_detail_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_receipt_detail_payment_id_payment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipt_detail")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_receipt_detail_entry_id")),
        sa.UniqueConstraint("operator", "number", name=op.f("uq_receipt_detail_operator_number")),
    )
    with op.batch_alter_table("receipt_detail", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_receipt_detail_payment_id"), ["payment_id"], unique=False)

    op.create_table(
        "placement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("from_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("target_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("attention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("placed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("(kind = 'apply') = (target_id IS NOT NULL)", name=op.f("ck_placement_target")),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_placement_positive")),
        sa.ForeignKeyConstraint(
            ["attention_id"], ["attention.id"], name=op.f("fk_placement_attention_id_attention")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_placement_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(["from_id"], ["placement.id"], name=op.f("fk_placement_from_id_placement")),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_placement_payment_id_payment")),
        sa.ForeignKeyConstraint(["target_id"], ["payment.id"], name=op.f("fk_placement_target_id_payment")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placement")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_placement_entry_id")),
    )
    with op.batch_alter_table("placement", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_placement_from_id"), ["from_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_placement_payment_id"), ["payment_id"], unique=False)

    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("charge_id", sa.String(length=120), nullable=True),
        sa.Column("object_id", sa.String(length=120), nullable=True),
        sa.Column("entry_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("requested_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("approved_by_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("attention_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "status IN ('requested', 'dropped') OR requested_by_id IS NULL OR approved_by_id IS NOT NULL",
            name=op.f("ck_refund_approved"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_positive")),
        sa.CheckConstraint(
            "approved_by_id IS NULL OR approved_by_id <> requested_by_id", name=op.f("ck_refund_two_people")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["user.id"], name=op.f("fk_refund_approved_by_id_user")),
        sa.ForeignKeyConstraint(
            ["attention_id"], ["attention.id"], name=op.f("fk_refund_attention_id_attention")
        ),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["journal_entry.id"], name=op.f("fk_refund_entry_id_journal_entry")
        ),
        sa.ForeignKeyConstraint(["payment_id"], ["payment.id"], name=op.f("fk_refund_payment_id_payment")),
        sa.ForeignKeyConstraint(
            ["requested_by_id"], ["user.id"], name=op.f("fk_refund_requested_by_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund")),
        sa.UniqueConstraint("entry_id", name=op.f("uq_refund_entry_id")),
        sa.UniqueConstraint("object_id", name=op.f("uq_refund_object_id")),
    )
    with op.batch_alter_table("refund", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_refund_payment_id"), ["payment_id"], unique=False)
        batch_op.create_index(
            "uq_refund_open",
            ["payment_id"],
            unique=True,
            sqlite_where=sa.text("status IN ('requested', 'approved')"),
            postgresql_where=sa.text("status IN ('requested', 'approved')"),
        )

    op.create_table(
        "collection",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("plan_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("number", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("next_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("tries", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("reason", sa.String(length=80), nullable=False),
        sa.Column("payment_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["payment.id"], name=op.f("fk_collection_payment_id_payment")
        ),
        sa.ForeignKeyConstraint(
            ["plan_id"], ["savings_plan.id"], name=op.f("fk_collection_plan_id_savings_plan")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_collection")),
        sa.UniqueConstraint("payment_id", name=op.f("uq_collection_payment_id")),
        sa.UniqueConstraint("plan_id", "number", name=op.f("uq_collection_plan_id_number")),
    )
    with op.batch_alter_table("attention", schema=None) as batch_op:
        batch_op.add_column(
            sa.Column("amount_minor", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True)
        )
        batch_op.add_column(sa.Column("currency", sa.String(length=3), nullable=True))
    _keep_for_good()
    _open_accounts()


def _keep_for_good() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for table in KEPT_FOR_GOOD:
            op.execute(
                f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table}"
                f" BEGIN SELECT RAISE(ABORT, '{table}: kept for good'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION kept_for_good_guard() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE '%: kept for good', TG_TABLE_NAME; END $$"
    )
    for table in KEPT_FOR_GOOD:
        op.execute(
            f"CREATE TRIGGER {table}_kept BEFORE DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION kept_for_good_guard()"
        )


def _open_accounts() -> None:
    missing = sa.text(
        "INSERT INTO account (code, name, kind, currency, spendable)"
        " SELECT :code, :name, :kind, currency, :spendable FROM account a WHERE code = '1010' AND NOT EXISTS"
        " (SELECT 1 FROM account b WHERE b.code = :code AND b.currency = a.currency)"
    )
    for code, name, kind, spendable in NEW_ACCOUNTS:
        op.execute(missing.bindparams(code=code, name=name, kind=kind, spendable=spendable))


def downgrade() -> None:
    raise RuntimeError("what was asked of the card network is kept for good")
