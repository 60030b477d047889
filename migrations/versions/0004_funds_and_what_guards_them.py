"""Funds with a window and a keeper; the database refuses to overdraw them; commitments, documents, periods

A fund's spendable money is counted at posting, with a lock, in `fund_balance`. What was already posted below
zero stays as it is, by an overdraft that says so and that no new entry can use.

Revision: 0004, after 0003
"""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

# What an entry moves of each fund's spendable money. `{entry}` is the entry's id.
_MOVES = """SELECT p.fund_id, p.currency, sum(p.amount_minor) AS minor FROM posting p
    JOIN account a ON a.id = p.account_id WHERE p.entry_id = {entry}
    AND ((a.kind = 'asset' AND a.spendable) OR a.kind = 'liability')
    GROUP BY p.fund_id, p.currency HAVING sum(p.amount_minor) <> 0"""

_MOVED = _MOVES.format(entry="NEW.id")

# How far below zero a fund may go, for an entry ({entry}: its id or NULL) of a date.
_LIMIT = """(SELECT coalesce(max(o.limit_minor), 0) FROM overdraft o WHERE o.fund_id = b.fund_id
    AND o.currency = b.currency AND o.withdrawn_at IS NULL
    AND (o.entry_id = {entry} OR (o.entry_id IS NULL AND {day} BETWEEN o.starts_on AND o.ends_on)))"""

_OVERDRAWN = f"""SELECT 1 FROM fund_balance b JOIN ({_MOVED}) m
    ON m.fund_id = b.fund_id AND m.currency = b.currency
    WHERE m.minor < 0
    AND b.minor - b.committed_minor < -{_LIMIT.format(entry="NEW.id", day="NEW.dated_on")}"""

_TAKEN = """coalesce(-(SELECT sum(p.amount_minor) FROM posting p JOIN account a ON a.id = p.account_id
    JOIN commitment c ON c.id = NEW.commitment_id AND c.fund_id = p.fund_id AND c.currency = p.currency
    WHERE p.entry_id = NEW.entry_id AND ((a.kind = 'asset' AND a.spendable) OR a.kind = 'liability')), 0)"""

_OUTSTANDING = """(SELECT coalesce(sum(CASE WHEN e.step = 'reserved' THEN e.amount_minor
    ELSE -e.amount_minor END), 0) FROM commitment_event e WHERE e.commitment_id = NEW.commitment_id)"""

_TOO_MUCH = f"""SELECT 1 FROM fund_balance b JOIN commitment c ON c.fund_id = b.fund_id
    AND c.currency = b.currency WHERE c.id = NEW.commitment_id
    AND b.minor - b.committed_minor < -{_LIMIT.format(entry="NULL", day="NEW.dated_on")}"""

_COUNT = f"""INSERT INTO fund_balance (fund_id, currency, minor, committed_minor)
    SELECT fund_id, currency, minor, 0 FROM ({_MOVED}) m WHERE true ORDER BY fund_id, currency
    ON CONFLICT (fund_id, currency) DO UPDATE SET minor = fund_balance.minor + excluded.minor"""

_COMMIT = """INSERT INTO fund_balance (fund_id, currency, minor, committed_minor)
    SELECT c.fund_id, c.currency, 0, CASE WHEN NEW.step = 'reserved' THEN NEW.amount_minor ELSE 0 END
    FROM commitment c WHERE c.id = NEW.commitment_id
    ON CONFLICT (fund_id, currency) DO UPDATE SET committed_minor = fund_balance.committed_minor
    + CASE WHEN NEW.step = 'reserved' THEN NEW.amount_minor ELSE -NEW.amount_minor END"""

# Table → what its rows may never undergo; each is one sentence of the refusal.
_FROZEN = {
    "exchange_rate": "a rate stays as it was read",
    "commitment": "a commitment never changes",
    "commitment_event": "what happened stays",
}

SQLITE = [
    f"""CREATE TRIGGER journal_entry_spends AFTER UPDATE ON journal_entry
    WHEN OLD.status = 'draft' AND NEW.status = 'posted'
    BEGIN
        {_COUNT};
        SELECT RAISE(ABORT, 'fund: not enough money') WHERE EXISTS ({_OVERDRAWN});
    END""",
    """CREATE TRIGGER overdraft_frozen BEFORE UPDATE ON overdraft
    WHEN OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR NEW.id <> OLD.id
      OR NEW.fund_id <> OLD.fund_id OR NEW.currency <> OLD.currency OR NEW.limit_minor <> OLD.limit_minor
      OR NEW.reason <> OLD.reason OR NEW.starts_on <> OLD.starts_on OR NEW.ends_on <> OLD.ends_on
      OR NEW.entry_id IS NOT OLD.entry_id OR NEW.allowed_at <> OLD.allowed_at
    BEGIN SELECT RAISE(ABORT, 'overdraft: only withdrawn, once'); END""",
    """CREATE TRIGGER overdraft_kept BEFORE DELETE ON overdraft
    BEGIN SELECT RAISE(ABORT, 'overdraft: stays'); END""",
    """CREATE TRIGGER overdraft_replaced BEFORE INSERT ON overdraft
    WHEN EXISTS (SELECT 1 FROM overdraft WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'overdraft: stays'); END""",
    f"""CREATE TRIGGER commitment_event_happens AFTER INSERT ON commitment_event
    BEGIN
        SELECT RAISE(ABORT, 'commitment: not so much is promised') WHERE {_OUTSTANDING} < 0;
        SELECT RAISE(ABORT, 'commitment: reserved once') WHERE NEW.step = 'reserved'
            AND 1 < (SELECT count(*) FROM commitment_event e
                     WHERE e.commitment_id = NEW.commitment_id AND e.step = 'reserved');
        SELECT RAISE(ABORT, 'commitment: the entry takes less') WHERE NEW.step = 'consumed'
            AND NEW.amount_minor > {_TAKEN};
        {_COMMIT};
        SELECT RAISE(ABORT, 'fund: not enough money') WHERE NEW.step = 'reserved' AND EXISTS ({_TOO_MUCH});
    END""",
    """CREATE TRIGGER entry_document_born BEFORE INSERT ON entry_document
    WHEN NEW.late <> EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id AND status = 'posted')
      OR EXISTS (SELECT 1 FROM entry_document d JOIN journal_entry e ON e.id = d.entry_id
                 WHERE e.status = 'posted' AND (d.id = NEW.id OR (d.entry_id = NEW.entry_id
                 AND (d.number = NEW.number OR d.sha256 = NEW.sha256))))
    BEGIN SELECT RAISE(ABORT, 'entry_document: late when its entry is posted, and it stays'); END""",
    """CREATE TRIGGER entry_document_frozen BEFORE UPDATE ON entry_document
    BEGIN SELECT RAISE(ABORT, 'entry_document: never changes'); END""",
    """CREATE TRIGGER entry_document_kept BEFORE DELETE ON entry_document
    WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = OLD.entry_id AND status = 'posted')
    BEGIN SELECT RAISE(ABORT, 'entry_document: its entry is posted'); END""",
    """CREATE TRIGGER period_born BEFORE INSERT ON period
    WHEN NEW.ends_on < NEW.starts_on OR EXISTS (SELECT 1 FROM period o WHERE o.id IS NOT NEW.id
         AND o.starts_on <= NEW.ends_on AND o.ends_on >= NEW.starts_on)
    BEGIN SELECT RAISE(ABORT, 'period: one at a time'); END""",
    """CREATE TRIGGER period_steps BEFORE UPDATE ON period
    WHEN NEW.id <> OLD.id OR NEW.starts_on <> OLD.starts_on OR NEW.ends_on <> OLD.ends_on
      OR (OLD.status = 'open' AND NEW.status = 'locked')
    BEGIN SELECT RAISE(ABORT, 'period: keeps its days, and is closed before it is locked'); END""",
]

for _table, _words in _FROZEN.items():
    SQLITE += [
        f"CREATE TRIGGER {_table}_frozen BEFORE UPDATE ON {_table} "
        f"BEGIN SELECT RAISE(ABORT, '{_table}: {_words}'); END",
        f"CREATE TRIGGER {_table}_kept BEFORE DELETE ON {_table} "
        f"BEGIN SELECT RAISE(ABORT, '{_table}: {_words}'); END",
        f"CREATE TRIGGER {_table}_replaced BEFORE INSERT ON {_table} "
        f"WHEN EXISTS (SELECT 1 FROM {_table} WHERE id = NEW.id) "
        f"BEGIN SELECT RAISE(ABORT, '{_table}: {_words}'); END",
    ]

# (name, when, table) → body
POSTGRESQL_FUNCTIONS = {
    ("journal_entry_spends", "AFTER UPDATE", "journal_entry"): f"""
        IF OLD.status = 'draft' AND NEW.status = 'posted' THEN
            {_COUNT};
            IF EXISTS ({_OVERDRAWN}) THEN RAISE 'fund: not enough money'; END IF;
        END IF;
        RETURN NULL;""",
    ("overdraft_changed", "BEFORE UPDATE OR DELETE", "overdraft"): """
        IF TG_OP = 'DELETE' THEN RAISE 'overdraft: stays'; END IF;
        IF OLD.withdrawn_at IS NOT NULL OR NEW.withdrawn_at IS NULL OR NEW.id <> OLD.id
            OR NEW.fund_id <> OLD.fund_id OR NEW.currency <> OLD.currency
            OR NEW.limit_minor <> OLD.limit_minor OR NEW.reason <> OLD.reason
            OR NEW.starts_on <> OLD.starts_on OR NEW.ends_on <> OLD.ends_on
            OR NEW.entry_id IS DISTINCT FROM OLD.entry_id OR NEW.allowed_at <> OLD.allowed_at THEN
            RAISE 'overdraft: only withdrawn, once'; END IF;
        RETURN NEW;""",
    ("commitment_event_happens", "AFTER INSERT", "commitment_event"): f"""
        {_COMMIT};
        IF {_OUTSTANDING} < 0 THEN RAISE 'commitment: not so much is promised'; END IF;
        IF NEW.step = 'reserved' AND 1 < (SELECT count(*) FROM commitment_event
            WHERE commitment_id = NEW.commitment_id AND step = 'reserved') THEN
            RAISE 'commitment: reserved once'; END IF;
        IF NEW.step = 'consumed' AND NEW.amount_minor > {_TAKEN} THEN
            RAISE 'commitment: the entry takes less'; END IF;
        IF NEW.step = 'reserved' AND EXISTS ({_TOO_MUCH}) THEN RAISE 'fund: not enough money'; END IF;
        RETURN NULL;""",
    ("entry_document_born", "BEFORE INSERT", "entry_document"): """
        PERFORM 1 FROM journal_entry WHERE id = NEW.entry_id FOR UPDATE;
        IF NEW.late <> EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id AND status = 'posted') THEN
            RAISE 'entry_document: late when its entry is posted'; END IF;
        RETURN NEW;""",
    ("entry_document_changed", "BEFORE UPDATE OR DELETE", "entry_document"): """
        IF TG_OP = 'UPDATE' THEN RAISE 'entry_document: never changes'; END IF;
        IF EXISTS (SELECT 1 FROM journal_entry WHERE id = OLD.entry_id AND status = 'posted') THEN
            RAISE 'entry_document: its entry is posted'; END IF;
        RETURN OLD;""",
    ("period_born", "BEFORE INSERT", "period"): """
        PERFORM 1 FROM ledger_head FOR UPDATE;
        IF NEW.ends_on < NEW.starts_on OR EXISTS (SELECT 1 FROM period o WHERE o.id <> NEW.id
            AND o.starts_on <= NEW.ends_on AND o.ends_on >= NEW.starts_on) THEN
            RAISE 'period: one at a time'; END IF;
        RETURN NEW;""",
    ("period_steps", "BEFORE UPDATE", "period"): """
        IF NEW.id <> OLD.id OR NEW.starts_on <> OLD.starts_on OR NEW.ends_on <> OLD.ends_on
            OR (OLD.status = 'open' AND NEW.status = 'locked') THEN
            RAISE 'period: keeps its days, and is closed before it is locked'; END IF;
        RETURN NEW;""",
    **{
        (f"{table}_frozen", "BEFORE UPDATE OR DELETE", table): f"RAISE '{table}: {words}';"
        for table, words in _FROZEN.items()
    },
}

NEVER_EMPTIED = ("fund_balance", "overdraft", "entry_document", *_FROZEN)


def upgrade() -> None:
    _tables()
    _columns()
    _fill()
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
        return
    for (name, when, table), body in POSTGRESQL_FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
        op.execute(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}_guard()")
    for table in NEVER_EMPTIED:
        op.execute(
            f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
        )


def _key(column: str, table: str, of: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{of}.id"], name=f"fk_{table}_{column}_{of}")


def _tables() -> None:
    moment, text = sa.DateTime(timezone=True), sa.Text()
    op.create_table(
        "legal_entity",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("address", text, nullable=False),
        sa.Column("registration_number", sa.String(length=60), nullable=False),
        sa.Column("charity_number", sa.String(length=60), nullable=False),
        sa.Column("framework", sa.String(length=20), nullable=False),
        sa.Column("year_starts", _BIG, nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("is_demo", sa.Boolean(), nullable=False),
        sa.CheckConstraint("year_starts BETWEEN 1 AND 12", name="ck_legal_entity_month"),
        sa.PrimaryKeyConstraint("id", name="pk_legal_entity"),
        sa.UniqueConstraint("name", name="uq_legal_entity_name"),
    )
    one = sa.text("is_default")
    op.create_index(
        "ix_legal_entity_one_default",
        "legal_entity",
        ["is_default"],
        unique=True,
        sqlite_where=one,
        postgresql_where=one,
    )
    op.create_table(
        "fund_balance",
        sa.Column("fund_id", _BIG, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("minor", _BIG, nullable=False),
        sa.Column("committed_minor", _BIG, nullable=False),
        sa.CheckConstraint("committed_minor >= 0", name="ck_fund_balance_committed"),
        _key("fund_id", "fund_balance", "fund"),
        sa.PrimaryKeyConstraint("fund_id", "currency", name="pk_fund_balance"),
    )
    op.create_table(
        "overdraft",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("fund_id", _BIG, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("limit_minor", _BIG, nullable=False),
        sa.Column("reason", text, nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("entry_id", _BIG, nullable=True),
        sa.Column("allowed_by_id", _BIG, nullable=True),
        sa.Column("allowed_at", moment, nullable=False),
        sa.Column("withdrawn_at", moment, nullable=True),
        sa.Column("withdrawn_by_id", _BIG, nullable=True),
        sa.CheckConstraint("limit_minor > 0", name="ck_overdraft_positive"),
        sa.CheckConstraint("length(trim(reason)) > 0", name="ck_overdraft_reason_given"),
        sa.CheckConstraint("ends_on >= starts_on", name="ck_overdraft_window"),
        _key("fund_id", "overdraft", "fund"),
        _key("entry_id", "overdraft", "journal_entry"),
        _key("allowed_by_id", "overdraft", "user"),
        _key("withdrawn_by_id", "overdraft", "user"),
        sa.PrimaryKeyConstraint("id", name="pk_overdraft"),
    )
    op.create_index("ix_overdraft_fund_id_currency", "overdraft", ["fund_id", "currency"])
    op.create_index("ix_overdraft_entry_id", "overdraft", ["entry_id"])
    op.create_table(
        "commitment",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("fund_id", _BIG, nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("payee", sa.String(length=160), nullable=False),
        sa.Column("purpose", sa.String(length=200), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=True),
        sa.Column("idempotency_key", sa.String(length=160), nullable=True),
        sa.Column("created_at", moment, nullable=False),
        _key("fund_id", "commitment", "fund"),
        sa.PrimaryKeyConstraint("id", name="pk_commitment"),
        sa.UniqueConstraint("idempotency_key", name="uq_commitment_idempotency_key"),
    )
    op.create_index("ix_commitment_fund_id", "commitment", ["fund_id"])
    op.create_table(
        "commitment_event",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("commitment_id", _BIG, nullable=False),
        sa.Column("step", sa.String(length=10), nullable=False),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("dated_on", sa.Date(), nullable=False),
        sa.Column("entry_id", _BIG, nullable=True),
        sa.Column("reason", text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by_id", _BIG, nullable=True),
        sa.CheckConstraint("amount_minor > 0", name="ck_commitment_event_positive"),
        sa.CheckConstraint(
            "step IN ('reserved', 'consumed', 'released', 'expired')", name="ck_commitment_event_step"
        ),
        sa.CheckConstraint(
            "(step = 'consumed') = (entry_id IS NOT NULL)", name="ck_commitment_event_consumed_by_an_entry"
        ),
        _key("commitment_id", "commitment_event", "commitment"),
        _key("entry_id", "commitment_event", "journal_entry"),
        _key("by_id", "commitment_event", "user"),
        sa.PrimaryKeyConstraint("id", name="pk_commitment_event"),
    )
    op.create_index(
        "ix_commitment_event_commitment_id_entry_id",
        "commitment_event",
        ["commitment_id", "entry_id"],
        unique=True,
    )
    op.create_index("ix_commitment_event_entry_id", "commitment_event", ["entry_id"])
    op.create_table(
        "commitment_draft",
        sa.Column("entry_id", _BIG, nullable=False),
        sa.Column("commitment_id", _BIG, nullable=False),
        _key("entry_id", "commitment_draft", "journal_entry"),
        _key("commitment_id", "commitment_draft", "commitment"),
        sa.PrimaryKeyConstraint("entry_id", name="pk_commitment_draft"),
    )
    op.create_table(
        "entry_document",
        sa.Column("id", _BIG, nullable=False),
        sa.Column("entry_id", _BIG, nullable=False),
        sa.Column("number", _BIG, nullable=False),
        sa.Column("media_type", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("label", sa.String(length=120), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("added_at", moment, nullable=False),
        sa.Column("added_by_id", _BIG, nullable=True),
        sa.CheckConstraint(
            "media_type IN ('application/pdf', 'image/jpeg', 'image/png')",
            name="ck_entry_document_media_type",
        ),
        sa.CheckConstraint("size BETWEEN 1 AND 10485760", name="ck_entry_document_size"),
        _key("entry_id", "entry_document", "journal_entry"),
        _key("added_by_id", "entry_document", "user"),
        sa.PrimaryKeyConstraint("id", name="pk_entry_document"),
        sa.UniqueConstraint("entry_id", "number", name="uq_entry_document_entry_id_number"),
        sa.UniqueConstraint("entry_id", "sha256", name="uq_entry_document_entry_id_sha256"),
    )


def _columns() -> None:
    """Added one by one: rebuilding a table, as SQLite's batches do, would take its guards away."""
    whole = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    for table, column in (
        ("account", "spendable BOOLEAN NOT NULL DEFAULT true"),
        ("fund", "aim TEXT NOT NULL DEFAULT ''"),
        ("fund", "event VARCHAR(40) NOT NULL DEFAULT ''"),
        ("fund", "starts_on DATE"),
        ("fund", "ends_on DATE"),
        ("fund", f"entity_id {whole} CONSTRAINT fk_fund_entity_id_legal_entity REFERENCES legal_entity (id)"),
        ("journal_entry", f"seal {whole} NOT NULL DEFAULT 1"),
    ):
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _fill() -> None:
    """What follows from the rows that are there: kinds of accounts, events of funds, balances."""
    op.execute("UPDATE account SET spendable = false WHERE code IN ('1200', '1800')")
    op.execute("UPDATE account SET kind = 'equity' WHERE code = '1800'")
    for of in (
        "SELECT e.code FROM edition e WHERE e.fund_id = fund.id",
        "SELECT e.code FROM edition e JOIN delegation d ON d.edition_id = e.id WHERE d.fund_id = fund.id",
        "SELECT e.code FROM edition e JOIN delegation d ON d.edition_id = e.id "
        "JOIN savings_plan s ON s.delegation_id = d.id WHERE s.fund_id = fund.id",
        "SELECT e.code FROM edition e JOIN funding_agreement f ON f.edition_id = e.id "
        "WHERE f.fund_id = fund.id",
    ):
        op.execute(f"UPDATE fund SET event = coalesce(({of} LIMIT 1), event) WHERE event = ''")
    spendable = """FROM posting p JOIN account a ON a.id = p.account_id
        JOIN journal_entry j ON j.id = p.entry_id
        WHERE j.status = 'posted' AND ((a.kind = 'asset' AND a.spendable) OR a.kind = 'liability')"""
    op.execute(
        "INSERT INTO fund_balance (fund_id, currency, minor, committed_minor) "
        f"SELECT p.fund_id, p.currency, sum(p.amount_minor), 0 {spendable} GROUP BY p.fund_id, p.currency"
    )
    below = sa.text(
        f"""INSERT INTO overdraft (fund_id, currency, limit_minor, reason, starts_on, ends_on, allowed_at,
            withdrawn_at)
        SELECT fund_id, currency, -min(running), 'Posted before overdrafts were refused', min(dated_on),
            max(dated_on), min(posted_at), :now
        FROM (SELECT p.fund_id, p.currency, j.dated_on, j.posted_at, sum(p.amount_minor)
              OVER (PARTITION BY p.fund_id, p.currency ORDER BY j.number) AS running {spendable}) past
        GROUP BY fund_id, currency HAVING min(running) < 0"""
    ).bindparams(sa.bindparam("now", datetime.now(UTC), type_=sa.DateTime(timezone=True)))
    op.get_bind().execute(below)


def downgrade() -> None:
    raise RuntimeError("the guards of the ledger are not taken away")
