"""Papers that leave the house, and gifts

The database keeps serials without a gap, papers as they were issued and printed, and official donation
receipts within what may be receipted.

Revision: 0007, after 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)

# Columns of a paper that are set later, once: everything else is as it was issued.
_LATER = ("voided_at", "voided_by_id", "void_reason", "pdf", "sha256")
_FROZEN = (
    "id", "entity_id", "kind", "year", "number", "issued_on", "locale", "template", "addressee", "email",
    "amount_minor", "currency", "facts", "payment_id", "gift_id", "corrects_id", "replaces_id", "issued_at",
    "issued_by_id",
)  # fmt: skip

_ARRIVED = """EXISTS (SELECT 1 FROM payment p JOIN journal_entry j ON j.id = p.entry_id
    WHERE p.id = {payment} AND p.status = 'settled' AND j.status = 'posted')"""

# What is wrong with a new paper → the words of the refusal; the first that holds is said.
_WRONG = {
    "paper: born neither voided nor printed": "NEW.voided_at IS NOT NULL OR NEW.pdf IS NOT NULL",
    "paper: serials have no gap": """NEW.number <> 1 + coalesce((SELECT max(o.number) FROM paper o
        WHERE o.entity_id = NEW.entity_id AND o.kind = NEW.kind AND o.year = NEW.year), 0)""",
    "paper: papers stay": """EXISTS (SELECT 1 FROM paper o WHERE o.id = NEW.id
        OR o.replaces_id = NEW.replaces_id
        OR (o.voided_at IS NULL AND (o.gift_id = NEW.gift_id
            OR (o.payment_id = NEW.payment_id AND o.kind = NEW.kind AND o.kind <> 'credit_note'))))""",
    "paper: replaces one that was voided": """NEW.replaces_id IS NOT NULL AND NOT EXISTS (
        SELECT 1 FROM paper o WHERE o.id = NEW.replaces_id AND o.voided_at IS NOT NULL
        AND o.entity_id = NEW.entity_id AND o.kind = NEW.kind)""",
    "paper: nothing was received": f"""NEW.kind IN ('receipt', 'deposit')
        AND NOT {_ARRIVED.format(payment="NEW.payment_id")}""",
    "paper: no official receipt for this": f"""NEW.kind = 'donation' AND NOT EXISTS (
        SELECT 1 FROM gift g JOIN legal_entity e ON e.id = NEW.entity_id WHERE g.id = NEW.gift_id
        AND e.charity_number <> '' AND g.nature <> 'service' AND g.directed_to = ''
        AND g.currency = NEW.currency AND g.value_minor - g.advantage_minor = NEW.amount_minor
        AND (g.payment_id IS NULL OR {_ARRIVED.format(payment="g.payment_id")}))""",
}


def _sqlite() -> list[str]:
    checks = " ".join(f"SELECT RAISE(ABORT, '{words}') WHERE {wrong};" for words, wrong in _WRONG.items())
    changed = " OR ".join(f"NEW.{one} IS NOT OLD.{one}" for one in _FROZEN)
    return [
        f"CREATE TRIGGER paper_born BEFORE INSERT ON paper BEGIN {checks} END",
        f"""CREATE TRIGGER paper_frozen BEFORE UPDATE ON paper WHEN {changed}
            OR (OLD.voided_at IS NOT NULL AND (NEW.voided_at IS NOT OLD.voided_at
                OR NEW.voided_by_id IS NOT OLD.voided_by_id OR NEW.void_reason <> OLD.void_reason))
            OR (OLD.pdf IS NOT NULL AND (NEW.pdf IS NOT OLD.pdf OR NEW.sha256 <> OLD.sha256))
            BEGIN SELECT RAISE(ABORT, 'paper: only printed and voided, once'); END""",
        """CREATE TRIGGER paper_kept BEFORE DELETE ON paper
            BEGIN SELECT RAISE(ABORT, 'paper: papers stay'); END""",
    ]


def _postgresql() -> dict[tuple[str, str], str]:
    checks = " ".join(f"IF {wrong} THEN RAISE '{words}'; END IF;" for words, wrong in _WRONG.items())
    later = ", ".join(f"'{one}'" for one in _LATER)
    return {
        ("paper_born", "BEFORE INSERT"): f"""
            PERFORM 1 FROM legal_entity WHERE id = NEW.entity_id FOR NO KEY UPDATE;
            {checks}
            RETURN NEW;""",
        ("paper_changed", "BEFORE UPDATE OR DELETE"): f"""
            IF TG_OP = 'DELETE' THEN RAISE 'paper: papers stay'; END IF;
            IF to_jsonb(NEW) - ARRAY[{later}] <> to_jsonb(OLD) - ARRAY[{later}]
                OR (OLD.voided_at IS NOT NULL AND (NEW.voided_at IS DISTINCT FROM OLD.voided_at
                    OR NEW.voided_by_id IS DISTINCT FROM OLD.voided_by_id
                    OR NEW.void_reason <> OLD.void_reason))
                OR (OLD.pdf IS NOT NULL AND (NEW.pdf IS DISTINCT FROM OLD.pdf OR NEW.sha256 <> OLD.sha256))
            THEN RAISE 'paper: only printed and voided, once'; END IF;
            RETURN NEW;""",
    }


def upgrade() -> None:
    _gift()
    _paper()
    if op.get_bind().dialect.name == "sqlite":
        for statement in _sqlite():
            op.execute(statement)
        return
    for (name, when), body in _postgresql().items():
        op.execute(
            f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
        op.execute(f"CREATE TRIGGER {name} {when} ON paper FOR EACH ROW EXECUTE FUNCTION {name}_guard()")
    op.execute(
        "CREATE TRIGGER paper_never_emptied BEFORE TRUNCATE ON paper "
        "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
    )


def _key(column: str, table: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}_{target}")


def _gift() -> None:
    op.create_table(
        "gift",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("nature", sa.String(length=32), nullable=False),
        sa.Column("fund_id", _BIG, nullable=False),
        sa.Column("donor_name", sa.String(length=160), nullable=False),
        sa.Column("value_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("donor_address", sa.Text(), nullable=False),
        sa.Column("donor_email", sa.String(length=255), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("advantage_minor", _BIG, nullable=False),
        sa.Column("advantage_for", sa.String(length=200), nullable=False),
        sa.Column("directed_to", sa.String(length=160), nullable=False),
        sa.Column("description", sa.String(length=200), nullable=False),
        sa.Column("appraiser", sa.Text(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=True),
        sa.Column("payment_id", _BIG, nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.Column("provenance", sa.String(length=120), nullable=False),
        sa.CheckConstraint("value_minor > 0", name="ck_gift_positive"),
        sa.CheckConstraint("advantage_minor >= 0", name="ck_gift_advantage"),
        sa.CheckConstraint(
            "(nature = 'money') = (payment_id IS NOT NULL)", name="ck_gift_money_has_its_payment"
        ),
        _key("fund_id", "gift", "fund"),
        _key("payment_id", "gift", "payment"),
        sa.PrimaryKeyConstraint("id", name="pk_gift"),
        sa.UniqueConstraint("payment_id", name="uq_gift_payment_id"),
    )
    op.create_index("ix_gift_fund_id", "gift", ["fund_id"])


def _paper() -> None:
    op.create_table(
        "paper",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("entity_id", _BIG, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("year", _BIG, nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("template", sa.String(length=40), nullable=False),
        sa.Column("addressee", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("payment_id", _BIG, nullable=True),
        sa.Column("gift_id", _BIG, nullable=True),
        sa.Column("corrects_id", _BIG, nullable=True),
        sa.Column("replaces_id", _BIG, nullable=True),
        sa.Column("issued_at", _MOMENT, nullable=False),
        sa.Column("issued_by_id", _BIG, nullable=True),
        sa.Column("voided_at", _MOMENT, nullable=True),
        sa.Column("voided_by_id", _BIG, nullable=True),
        sa.Column("void_reason", sa.Text(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=True),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.CheckConstraint(
            "kind IN ('receipt', 'deposit', 'invoice', 'credit_note', 'donation')", name="ck_paper_kind"
        ),
        sa.CheckConstraint("amount_minor > 0", name="ck_paper_positive"),
        sa.CheckConstraint("(kind = 'donation') = (gift_id IS NOT NULL)", name="ck_paper_donation_of_a_gift"),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (corrects_id IS NOT NULL)", name="ck_paper_credit_of_an_invoice"
        ),
        sa.CheckConstraint(
            "(voided_at IS NULL) = (void_reason = '') AND (pdf IS NULL) = (sha256 = '')",
            name="ck_paper_told_why",
        ),
        _key("entity_id", "paper", "legal_entity"),
        _key("payment_id", "paper", "payment"),
        _key("gift_id", "paper", "gift"),
        _key("corrects_id", "paper", "paper"),
        _key("replaces_id", "paper", "paper"),
        _key("issued_by_id", "paper", "user"),
        _key("voided_by_id", "paper", "user"),
        sa.PrimaryKeyConstraint("id", name="pk_paper"),
        sa.UniqueConstraint("entity_id", "kind", "year", "number", name="uq_paper_entity_id"),
        sa.UniqueConstraint("replaces_id", name="uq_paper_replaces_id"),
    )
    op.create_index("ix_paper_corrects_id", "paper", ["corrects_id"])
    living = "voided_at IS NULL AND kind <> 'credit_note'"
    for name, columns, where in (
        ("uq_paper_of_payment", ["payment_id", "kind"], living),
        ("uq_paper_of_gift", ["gift_id"], "voided_at IS NULL"),
    ):
        op.create_index(
            name, "paper", columns, unique=True, sqlite_where=sa.text(where), postgresql_where=sa.text(where)
        )


def downgrade() -> None:
    raise RuntimeError("papers that left the house are not forgotten")
