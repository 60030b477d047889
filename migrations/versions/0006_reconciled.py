"""Statements that close and lock their lines; postings that cancel each other; proposals that are kept

The database refuses a link or its undoing on a line of a closed statement, a closing while a line is not
explained, and a posting that links and offsets explain more than once over.

Revision: 0006, after 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_MOMENT = sa.DateTime(timezone=True)

# What links and offsets leave of a posting, as a size; {id} is the posting's.
_EXPLAINED = """((SELECT coalesce(sum(abs(amount_minor)), 0) FROM reconciliation_link
        WHERE posting_id = {id} AND undone_at IS NULL)
    + (SELECT coalesce(sum(abs(amount_minor)), 0) FROM posting_offset
        WHERE (posting_id = {id} OR other_id = {id}) AND undone_at IS NULL))"""

_LOCKED = """EXISTS (SELECT 1 FROM statement_closing c
    JOIN statement_line l ON l.statement_id = c.statement_id WHERE l.id = {line} AND c.reopened_at IS NULL)"""

_UNEXPLAINED = """EXISTS (SELECT 1 FROM statement_line l WHERE l.statement_id = NEW.statement_id
    AND l.amount_minor <> (SELECT coalesce(sum(k.amount_minor), 0) FROM reconciliation_link k
        WHERE k.line_id = l.id AND k.undone_at IS NULL))"""

_TOO_MUCH = f"""abs(NEW.amount_minor) + {_EXPLAINED.format(id="NEW.{side}")}
    > (SELECT abs(amount_minor) FROM posting WHERE id = NEW.{{side}})"""

_STRANGERS = """NEW.undone_at IS NOT NULL OR NOT EXISTS (
    SELECT 1 FROM posting p JOIN posting o ON o.account_id = p.account_id
    JOIN journal_entry e ON e.id = p.entry_id JOIN journal_entry f ON f.id = o.entry_id
    WHERE p.id = NEW.posting_id AND o.id = NEW.other_id AND e.status = 'posted' AND f.status = 'posted'
      AND (p.amount_minor > 0) = (NEW.amount_minor > 0) AND (o.amount_minor > 0) = (NEW.amount_minor < 0))"""

SQLITE = [
    f"""CREATE TRIGGER reconciliation_link_fits BEFORE INSERT ON reconciliation_link
    BEGIN
        SELECT RAISE(ABORT, 'statement_closing: the line is locked')
        WHERE {_LOCKED.format(line="NEW.line_id")};
        SELECT RAISE(ABORT, 'reconciliation_link: more than its posting')
        WHERE {_TOO_MUCH.format(side="posting_id")};
    END""",
    f"""CREATE TRIGGER reconciliation_link_locked BEFORE UPDATE ON reconciliation_link
    WHEN {_LOCKED.format(line="OLD.line_id")}
    BEGIN SELECT RAISE(ABORT, 'statement_closing: the line is locked'); END""",
    """CREATE TRIGGER statement_line_late BEFORE INSERT ON statement_line
    WHEN EXISTS (SELECT 1 FROM statement_closing WHERE statement_id = NEW.statement_id
                 AND reopened_at IS NULL)
    BEGIN SELECT RAISE(ABORT, 'statement_closing: the statement is closed'); END""",
    f"""CREATE TRIGGER posting_offset_born BEFORE INSERT ON posting_offset
    BEGIN
        SELECT RAISE(ABORT, 'posting_offset: offsets stay')
        WHERE EXISTS (SELECT 1 FROM posting_offset WHERE id = NEW.id);
        SELECT RAISE(ABORT, 'posting_offset: posted, same account, opposite signs') WHERE {_STRANGERS};
        SELECT RAISE(ABORT, 'posting_offset: more than a posting')
        WHERE {_TOO_MUCH.format(side="posting_id")} OR {_TOO_MUCH.format(side="other_id")};
    END""",
    """CREATE TRIGGER posting_offset_frozen BEFORE UPDATE ON posting_offset
    WHEN OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL OR NEW.id <> OLD.id
      OR NEW.posting_id <> OLD.posting_id OR NEW.other_id <> OLD.other_id
      OR NEW.amount_minor <> OLD.amount_minor
    BEGIN SELECT RAISE(ABORT, 'posting_offset: only undone, once'); END""",
    """CREATE TRIGGER posting_offset_kept BEFORE DELETE ON posting_offset
    BEGIN SELECT RAISE(ABORT, 'posting_offset: offsets stay'); END""",
    f"""CREATE TRIGGER statement_closing_born BEFORE INSERT ON statement_closing
    BEGIN
        SELECT RAISE(ABORT, 'statement_closing: closings stay')
        WHERE NEW.reopened_at IS NOT NULL OR EXISTS (SELECT 1 FROM statement_closing o WHERE o.id = NEW.id
            OR (o.statement_id = NEW.statement_id AND o.reopened_at IS NULL));
        SELECT RAISE(ABORT, 'statement_closing: a line is not explained') WHERE {_UNEXPLAINED};
    END""",
    """CREATE TRIGGER statement_closing_frozen BEFORE UPDATE ON statement_closing
    WHEN OLD.reopened_at IS NOT NULL OR NEW.reopened_at IS NULL OR NEW.reopened_by_id IS NULL
      OR NEW.id <> OLD.id OR NEW.statement_id <> OLD.statement_id OR NEW.bank_minor <> OLD.bank_minor
      OR NEW.reconciled_to <> OLD.reconciled_to OR NEW.closed_by_id <> OLD.closed_by_id
    BEGIN SELECT RAISE(ABORT, 'statement_closing: only reopened, once, by a person'); END""",
    """CREATE TRIGGER statement_closing_kept BEFORE DELETE ON statement_closing
    BEGIN SELECT RAISE(ABORT, 'statement_closing: closings stay'); END""",
]

_ROW = "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}_guard()"
# A closing and a link of the same statement wait for each other on the statement's row.
_WAIT = "PERFORM 1 FROM bank_statement WHERE id = {statement} FOR UPDATE;"
_OF_LINE = "(SELECT statement_id FROM statement_line WHERE id = {line})"

POSTGRESQL_FUNCTIONS = {
    ("reconciliation_link_fits", "INSERT", "reconciliation_link"): f"""
        {_WAIT.format(statement=_OF_LINE.format(line="NEW.line_id"))}
        PERFORM 1 FROM posting WHERE id = NEW.posting_id FOR UPDATE;
        IF {_LOCKED.format(line="NEW.line_id")} THEN RAISE 'statement_closing: the line is locked'; END IF;
        IF {_TOO_MUCH.format(side="posting_id")} THEN
            RAISE 'reconciliation_link: more than its posting'; END IF;
        RETURN NEW;""",
    ("reconciliation_link_locked", "UPDATE", "reconciliation_link"): f"""
        {_WAIT.format(statement=_OF_LINE.format(line="OLD.line_id"))}
        IF {_LOCKED.format(line="OLD.line_id")} THEN RAISE 'statement_closing: the line is locked'; END IF;
        RETURN NEW;""",
    ("statement_line_late", "INSERT", "statement_line"): """
        IF EXISTS (SELECT 1 FROM statement_closing WHERE statement_id = NEW.statement_id
                   AND reopened_at IS NULL) THEN
            RAISE 'statement_closing: the statement is closed'; END IF;
        RETURN NEW;""",
    ("posting_offset_born", "INSERT", "posting_offset"): f"""
        PERFORM 1 FROM posting WHERE id IN (NEW.posting_id, NEW.other_id) ORDER BY id FOR UPDATE;
        IF {_STRANGERS} THEN RAISE 'posting_offset: posted, same account, opposite signs'; END IF;
        IF {_TOO_MUCH.format(side="posting_id")} OR {_TOO_MUCH.format(side="other_id")} THEN
            RAISE 'posting_offset: more than a posting'; END IF;
        RETURN NEW;""",
    ("posting_offset_changed", "UPDATE OR DELETE", "posting_offset"): """
        IF TG_OP = 'DELETE' THEN RAISE 'posting_offset: offsets stay'; END IF;
        IF OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL OR NEW.id <> OLD.id
            OR NEW.posting_id <> OLD.posting_id OR NEW.other_id <> OLD.other_id
            OR NEW.amount_minor <> OLD.amount_minor THEN
            RAISE 'posting_offset: only undone, once'; END IF;
        RETURN NEW;""",
    ("statement_closing_born", "INSERT", "statement_closing"): f"""
        {_WAIT.format(statement="NEW.statement_id")}
        IF NEW.reopened_at IS NOT NULL THEN RAISE 'statement_closing: closings stay'; END IF;
        IF {_UNEXPLAINED} THEN RAISE 'statement_closing: a line is not explained'; END IF;
        RETURN NEW;""",
    ("statement_closing_changed", "UPDATE OR DELETE", "statement_closing"): """
        IF TG_OP = 'DELETE' THEN RAISE 'statement_closing: closings stay'; END IF;
        IF OLD.reopened_at IS NOT NULL OR NEW.reopened_at IS NULL OR NEW.reopened_by_id IS NULL
            OR NEW.id <> OLD.id OR NEW.statement_id <> OLD.statement_id OR NEW.bank_minor <> OLD.bank_minor
            OR NEW.reconciled_to <> OLD.reconciled_to OR NEW.closed_by_id <> OLD.closed_by_id THEN
            RAISE 'statement_closing: only reopened, once, by a person'; END IF;
        RETURN NEW;""",
}

NEVER_EMPTIED = ("posting_offset", "statement_closing")


def upgrade() -> None:
    _tables()
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
        return
    for (name, event, table), body in POSTGRESQL_FUNCTIONS.items():
        op.execute(
            f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
        )
        op.execute(_ROW.format(name=name, event=event, table=table))
    for table in NEVER_EMPTIED:
        op.execute(
            f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
        )


def _tables() -> None:
    op.create_table(
        "matching_run",
        sa.Column("account_id", _BIG, sa.ForeignKey("account.id"), primary_key=True),
        sa.Column("known", sa.String(160), nullable=False),
        sa.Column("newest_line", _BIG, nullable=False),
        sa.Column("size", _BIG, nullable=False),
        sa.Column("asked", sa.String(160), nullable=False),
        sa.Column("asked_at", _MOMENT),
        sa.Column("made_at", _MOMENT, nullable=False),
    )
    op.create_table(
        "match_proposal",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("account_id", _BIG, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("line_id", _BIG, sa.ForeignKey("statement_line.id"), nullable=False),
        sa.Column("place", _BIG, nullable=False),
        sa.Column("line_minor", _BIG, nullable=False),
        sa.Column("money", sa.Text(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("sure", sa.Boolean(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
    )
    op.create_index("ix_match_proposal_line_id", "match_proposal", ["line_id", "place"])
    op.create_index("ix_match_proposal_account_id_sure", "match_proposal", ["account_id", "sure", "line_id"])
    op.create_table(
        "posting_offset",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("posting_id", _BIG, sa.ForeignKey("posting.id"), nullable=False, index=True),
        sa.Column("other_id", _BIG, sa.ForeignKey("posting.id"), nullable=False, index=True),
        sa.Column("amount_minor", _BIG, nullable=False),
        sa.Column("made_at", _MOMENT, nullable=False),
        sa.Column("made_by_id", _BIG, sa.ForeignKey("user.id")),
        sa.Column("undone_at", _MOMENT),
        sa.Column("undone_by_id", _BIG, sa.ForeignKey("user.id")),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("ck_posting_offset_not_zero")),
    )
    op.create_table(
        "write_off",
        sa.Column("entry_id", _BIG, sa.ForeignKey("journal_entry.id"), primary_key=True),
        sa.Column("posting_id", _BIG, sa.ForeignKey("posting.id"), nullable=False, unique=True),
    )
    op.create_table(
        "statement_closing",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("statement_id", _BIG, sa.ForeignKey("bank_statement.id"), nullable=False),
        sa.Column("reconciled_to", sa.Date(), nullable=False),
        sa.Column("bank_minor", _BIG, nullable=False),
        sa.Column("book_minor", _BIG, nullable=False),
        sa.Column("transit_minor", _BIG, nullable=False),
        sa.Column("unknown_minor", _BIG, nullable=False),
        sa.Column("closed_by_id", _BIG, sa.ForeignKey("user.id"), nullable=False),
        sa.Column("closed_at", _MOMENT, nullable=False),
        sa.Column("reopened_at", _MOMENT),
        sa.Column("reopened_by_id", _BIG, sa.ForeignKey("user.id")),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "reopened_by_id IS NULL OR reopened_by_id <> closed_by_id",
            name=op.f("ck_statement_closing_two_people"),
        ),
        sa.CheckConstraint(
            "book_minor - transit_minor + unknown_minor = bank_minor",
            name=op.f("ck_statement_closing_agrees"),
        ),
    )
    live = sa.text("reopened_at IS NULL")
    op.create_index(
        "uq_statement_closing_live",
        "statement_closing",
        ["statement_id"],
        unique=True,
        sqlite_where=live,
        postgresql_where=live,
    )
    op.create_table(
        "forgotten_habit",
        sa.Column("id", _BIG, primary_key=True),
        sa.Column("account_id", _BIG, sa.ForeignKey("account.id"), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("wording", sa.String(300), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("links_to", _BIG, nullable=False),
        sa.Column("forgotten_at", _MOMENT, nullable=False),
        sa.Column("forgotten_by_id", _BIG, sa.ForeignKey("user.id")),
        sa.UniqueConstraint(
            "account_id",
            "kind",
            "wording",
            "name",
            name=op.f("uq_forgotten_habit_account_id_kind_wording_name"),
        ),
    )


def downgrade() -> None:
    raise RuntimeError("the guards of reconciliation are not taken away")
