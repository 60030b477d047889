"""What stands on each account in each fund is counted as entries are posted; a posting knows its day

Lists and balances of a long journal answer at once. The database counts, by the entry that is posted; the
auditor's walk sums everything again.

Revision: 0009, after 0008
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

_COUNT = """INSERT INTO posted_balance (account_id, fund_id, minor, postings)
    SELECT account_id, fund_id, sum(amount_minor), count(*) FROM posting WHERE {which}
    GROUP BY account_id, fund_id ORDER BY account_id, fund_id"""

_ADD = (
    _COUNT.format(which="entry_id = NEW.id")
    + """ ON CONFLICT (account_id, fund_id) DO UPDATE SET minor = posted_balance.minor + excluded.minor,
    postings = posted_balance.postings + excluded.postings"""
)

_DATE = "UPDATE posting SET posted_on = NEW.dated_on WHERE entry_id = NEW.id"

SQLITE = [
    f"""CREATE TRIGGER journal_entry_dates BEFORE UPDATE ON journal_entry
    WHEN OLD.status = 'draft' AND NEW.status = 'posted'
    BEGIN {_DATE}; END""",
    f"""CREATE TRIGGER journal_entry_counts AFTER UPDATE ON journal_entry
    WHEN OLD.status = 'draft' AND NEW.status = 'posted'
    BEGIN {_ADD}; END""",
    """CREATE TRIGGER posting_undated BEFORE INSERT ON posting WHEN NEW.posted_on IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'posting: dated when its entry is posted'); END""",
]

POSTGRESQL_FUNCTIONS = {
    ("journal_entry_dates", "BEFORE UPDATE", "journal_entry"): f"""
        IF OLD.status = 'draft' AND NEW.status = 'posted' THEN {_DATE}; END IF;
        RETURN NEW;""",
    ("journal_entry_counts", "AFTER UPDATE", "journal_entry"): f"""
        IF OLD.status = 'draft' AND NEW.status = 'posted' THEN {_ADD}; END IF;
        RETURN NULL;""",
    ("posting_undated", "BEFORE INSERT", "posting"): """
        IF NEW.posted_on IS NOT NULL THEN RAISE 'posting: dated when its entry is posted'; END IF;
        RETURN NEW;""",
}


def upgrade() -> None:
    op.create_table(
        "posted_balance",
        sa.Column("account_id", _BIG, nullable=False),
        sa.Column("fund_id", _BIG, nullable=False),
        sa.Column("minor", _BIG, nullable=False),
        sa.Column("postings", _BIG, nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_posted_balance_account_id_account"),
        sa.ForeignKeyConstraint(["fund_id"], ["fund.id"], name="fk_posted_balance_fund_id_fund"),
        sa.PrimaryKeyConstraint("account_id", "fund_id", name="pk_posted_balance"),
    )
    op.add_column("posting", sa.Column("posted_on", sa.Date()))
    _fill()
    op.create_index("ix_posting_fund_id_posted_on", "posting", ["fund_id", "posted_on", "id", "account_id"])
    op.create_index("ix_posting_account_id_posted_on", "posting", ["account_id", "posted_on", "id"])
    op.drop_index("ix_posting_account_id", "posting")
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
        return
    for (name, when, table), body in POSTGRESQL_FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
        op.execute(f"CREATE TRIGGER {name} {when} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}_guard()")
    op.execute(
        "CREATE TRIGGER posted_balance_never_emptied BEFORE TRUNCATE ON posted_balance "
        "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
    )


def _fill() -> None:
    """What was posted before gets its day; the guard that keeps postings as they are lets this once pass."""
    posted = "SELECT id FROM journal_entry WHERE status = 'posted'"
    day = (
        "UPDATE posting SET posted_on = (SELECT dated_on FROM journal_entry e WHERE e.id = posting.entry_id)"
    )
    bind = op.get_bind()
    if bind.dialect.name == "sqlite":
        guard = bind.exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE name = 'posting_frozen'"
        ).scalar_one()
        op.execute("DROP TRIGGER posting_frozen")
        op.execute(f"{day} WHERE entry_id IN ({posted})")
        op.execute(guard)
    else:
        op.execute("ALTER TABLE posting DISABLE TRIGGER posting_written")
        op.execute(f"{day} WHERE entry_id IN ({posted})")
        op.execute("ALTER TABLE posting ENABLE TRIGGER posting_written")
    op.execute(_COUNT.format(which="posted_on IS NOT NULL"))


def downgrade() -> None:
    raise RuntimeError("the guards of the ledger are not taken away")
