"""What the database itself refuses, on SQLite and on PostgreSQL alike

A posted entry adds up to zero per fund and currency, has two postings at least, and never changes; nothing
is posted into a closed period; a locked period never opens; a link is never worth more than its bank line
or its posting; the audit trail only grows. Each guard holds against raw SQL, REPLACE and TRUNCATE.

Revision: 0002, after 0001
"""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE = [
    # A draft is born a draft; REPLACE may not swallow a posted row (also where recursive_triggers is off).
    """CREATE TRIGGER journal_entry_born BEFORE INSERT ON journal_entry
    WHEN NEW.status <> 'draft' OR EXISTS (
        SELECT 1 FROM journal_entry o WHERE o.status = 'posted' AND (o.id = NEW.id OR o.number = NEW.number
        OR o.idempotency_key = NEW.idempotency_key OR o.reverses_id = NEW.reverses_id))
    BEGIN SELECT RAISE(ABORT, 'journal_entry: born as a draft, and posted rows stay'); END""",
    """CREATE TRIGGER journal_entry_post BEFORE UPDATE ON journal_entry
    WHEN OLD.status = 'draft' AND NEW.status = 'posted'
    BEGIN
        SELECT RAISE(ABORT, 'journal_entry: two postings at least')
        WHERE (SELECT count(*) FROM posting WHERE entry_id = OLD.id) < 2;
        SELECT RAISE(ABORT, 'journal_entry: not zero per fund and currency')
        WHERE EXISTS (SELECT 1 FROM posting WHERE entry_id = OLD.id
                      GROUP BY fund_id, currency HAVING sum(amount_minor) <> 0);
        SELECT RAISE(ABORT, 'journal_entry: period closed')
        WHERE EXISTS (SELECT 1 FROM period WHERE status <> 'open'
                      AND NEW.dated_on BETWEEN starts_on AND ends_on);
        SELECT RAISE(ABORT, 'journal_entry: only a posted entry is reversed')
        WHERE NEW.reverses_id IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM journal_entry WHERE id = NEW.reverses_id AND status = 'posted');
    END""",
    """CREATE TRIGGER journal_entry_frozen BEFORE UPDATE ON journal_entry
    WHEN OLD.status = 'posted' OR NEW.id <> OLD.id
    BEGIN SELECT RAISE(ABORT, 'journal_entry: posted rows never change'); END""",
    """CREATE TRIGGER journal_entry_kept BEFORE DELETE ON journal_entry WHEN OLD.status = 'posted'
    BEGIN SELECT RAISE(ABORT, 'journal_entry: posted rows stay'); END""",
    """CREATE TRIGGER posting_born BEFORE INSERT ON posting
    WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id AND status = 'posted')
      OR EXISTS (SELECT 1 FROM posting p JOIN journal_entry e ON e.id = p.entry_id
                 WHERE p.id = NEW.id AND e.status = 'posted')
    BEGIN SELECT RAISE(ABORT, 'posting: its entry is posted'); END""",
    """CREATE TRIGGER posting_frozen BEFORE UPDATE ON posting
    WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id IN (OLD.entry_id, NEW.entry_id) AND status = 'posted')
    BEGIN SELECT RAISE(ABORT, 'posting: its entry is posted'); END""",
    """CREATE TRIGGER posting_kept BEFORE DELETE ON posting
    WHEN EXISTS (SELECT 1 FROM journal_entry WHERE id = OLD.entry_id AND status = 'posted')
    BEGIN SELECT RAISE(ABORT, 'posting: its entry is posted'); END""",
    """CREATE TRIGGER period_locked BEFORE UPDATE ON period WHEN OLD.status = 'locked'
    BEGIN SELECT RAISE(ABORT, 'period: locked for good'); END""",
    """CREATE TRIGGER period_kept BEFORE DELETE ON period WHEN OLD.status = 'locked'
    BEGIN SELECT RAISE(ABORT, 'period: locked for good'); END""",
    """CREATE TRIGGER period_replaced BEFORE INSERT ON period
    WHEN EXISTS (SELECT 1 FROM period o WHERE o.status = 'locked'
                 AND (o.id = NEW.id OR o.starts_on = NEW.starts_on))
    BEGIN SELECT RAISE(ABORT, 'period: locked for good'); END""",
    """CREATE TRIGGER reconciliation_link_born BEFORE INSERT ON reconciliation_link
    BEGIN
        SELECT RAISE(ABORT, 'reconciliation_link: links stay')
        WHERE EXISTS (SELECT 1 FROM reconciliation_link WHERE id = NEW.id);
        SELECT RAISE(ABORT, 'reconciliation_link: posted, same account and sign')
        WHERE NEW.undone_at IS NOT NULL OR NOT EXISTS (
            SELECT 1 FROM statement_line l JOIN posting p ON p.account_id = l.account_id
            JOIN journal_entry e ON e.id = p.entry_id
            WHERE l.id = NEW.line_id AND p.id = NEW.posting_id AND e.status = 'posted'
              AND (l.amount_minor > 0) = (NEW.amount_minor > 0)
              AND (p.amount_minor > 0) = (NEW.amount_minor > 0));
        SELECT RAISE(ABORT, 'reconciliation_link: more than its bank line')
        WHERE abs(NEW.amount_minor) + (SELECT coalesce(sum(abs(amount_minor)), 0) FROM reconciliation_link
              WHERE line_id = NEW.line_id AND undone_at IS NULL)
            > (SELECT abs(amount_minor) FROM statement_line WHERE id = NEW.line_id);
        SELECT RAISE(ABORT, 'reconciliation_link: more than its posting')
        WHERE abs(NEW.amount_minor) + (SELECT coalesce(sum(abs(amount_minor)), 0) FROM reconciliation_link
              WHERE posting_id = NEW.posting_id AND undone_at IS NULL)
            > (SELECT abs(amount_minor) FROM posting WHERE id = NEW.posting_id);
    END""",
    """CREATE TRIGGER reconciliation_link_frozen BEFORE UPDATE ON reconciliation_link
    WHEN OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL OR NEW.id <> OLD.id OR NEW.line_id <> OLD.line_id
      OR NEW.posting_id <> OLD.posting_id OR NEW.amount_minor <> OLD.amount_minor
    BEGIN SELECT RAISE(ABORT, 'reconciliation_link: only undone, once'); END""",
    """CREATE TRIGGER reconciliation_link_kept BEFORE DELETE ON reconciliation_link
    BEGIN SELECT RAISE(ABORT, 'reconciliation_link: links stay'); END""",
    """CREATE TRIGGER statement_line_frozen BEFORE UPDATE ON statement_line
    BEGIN SELECT RAISE(ABORT, 'statement_line: as the bank said it'); END""",
    """CREATE TRIGGER statement_line_kept BEFORE DELETE ON statement_line
    BEGIN SELECT RAISE(ABORT, 'statement_line: as the bank said it'); END""",
    """CREATE TRIGGER statement_line_replaced BEFORE INSERT ON statement_line
    WHEN EXISTS (SELECT 1 FROM statement_line o WHERE o.id = NEW.id
                 OR (o.account_id = NEW.account_id AND o.identity = NEW.identity))
    BEGIN SELECT RAISE(ABORT, 'statement_line: as the bank said it'); END""",
    """CREATE TRIGGER audit_record_frozen BEFORE UPDATE ON audit_record
    BEGIN SELECT RAISE(ABORT, 'audit_record: only grows'); END""",
    """CREATE TRIGGER audit_record_kept BEFORE DELETE ON audit_record
    BEGIN SELECT RAISE(ABORT, 'audit_record: only grows'); END""",
    """CREATE TRIGGER audit_record_replaced BEFORE INSERT ON audit_record
    WHEN EXISTS (SELECT 1 FROM audit_record WHERE id = NEW.id)
    BEGIN SELECT RAISE(ABORT, 'audit_record: only grows'); END""",
]

_ROW = "CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}_guard()"

POSTGRESQL_FUNCTIONS = {
    ("journal_entry_born", "INSERT", "journal_entry"): """
        IF NEW.status <> 'draft' THEN RAISE 'journal_entry: born as a draft'; END IF;
        RETURN NEW;""",
    ("journal_entry_changed", "UPDATE", "journal_entry"): """
        IF OLD.status = 'posted' OR NEW.id <> OLD.id THEN
            RAISE 'journal_entry: posted rows never change'; END IF;
        IF NEW.status = 'posted' THEN
            IF (SELECT count(*) FROM posting WHERE entry_id = OLD.id) < 2 THEN
                RAISE 'journal_entry: two postings at least'; END IF;
            IF EXISTS (SELECT 1 FROM posting WHERE entry_id = OLD.id
                       GROUP BY fund_id, currency HAVING sum(amount_minor) <> 0) THEN
                RAISE 'journal_entry: not zero per fund and currency'; END IF;
            PERFORM 1 FROM period WHERE NEW.dated_on BETWEEN starts_on AND ends_on FOR SHARE;
            IF EXISTS (SELECT 1 FROM period WHERE status <> 'open'
                       AND NEW.dated_on BETWEEN starts_on AND ends_on) THEN
                RAISE 'journal_entry: period closed'; END IF;
            IF NEW.reverses_id IS NOT NULL AND NOT EXISTS (
                SELECT 1 FROM journal_entry WHERE id = NEW.reverses_id AND status = 'posted') THEN
                RAISE 'journal_entry: only a posted entry is reversed'; END IF;
        END IF;
        RETURN NEW;""",
    ("journal_entry_kept", "DELETE", "journal_entry"): """
        IF OLD.status = 'posted' THEN RAISE 'journal_entry: posted rows stay'; END IF;
        RETURN OLD;""",
    ("posting_written", "INSERT OR UPDATE", "posting"): """
        PERFORM 1 FROM journal_entry WHERE id = NEW.entry_id FOR UPDATE;
        IF EXISTS (SELECT 1 FROM journal_entry WHERE id = NEW.entry_id AND status = 'posted') THEN
            RAISE 'posting: its entry is posted'; END IF;
        IF TG_OP = 'UPDATE' AND EXISTS (
            SELECT 1 FROM journal_entry WHERE id = OLD.entry_id AND status = 'posted') THEN
            RAISE 'posting: its entry is posted'; END IF;
        RETURN NEW;""",
    ("posting_kept", "DELETE", "posting"): """
        IF EXISTS (SELECT 1 FROM journal_entry WHERE id = OLD.entry_id AND status = 'posted') THEN
            RAISE 'posting: its entry is posted'; END IF;
        RETURN OLD;""",
    ("period_locked", "UPDATE OR DELETE", "period"): """
        IF OLD.status = 'locked' THEN RAISE 'period: locked for good'; END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;""",
    ("reconciliation_link_born", "INSERT", "reconciliation_link"): """
        PERFORM 1 FROM statement_line WHERE id = NEW.line_id FOR UPDATE;
        PERFORM 1 FROM posting WHERE id = NEW.posting_id FOR UPDATE;
        IF NEW.undone_at IS NOT NULL OR NOT EXISTS (
            SELECT 1 FROM statement_line l JOIN posting p ON p.account_id = l.account_id
            JOIN journal_entry e ON e.id = p.entry_id
            WHERE l.id = NEW.line_id AND p.id = NEW.posting_id AND e.status = 'posted'
              AND (l.amount_minor > 0) = (NEW.amount_minor > 0)
              AND (p.amount_minor > 0) = (NEW.amount_minor > 0)) THEN
            RAISE 'reconciliation_link: posted, same account and sign'; END IF;
        IF abs(NEW.amount_minor) + (SELECT coalesce(sum(abs(amount_minor)), 0) FROM reconciliation_link
                WHERE line_id = NEW.line_id AND undone_at IS NULL)
            > (SELECT abs(amount_minor) FROM statement_line WHERE id = NEW.line_id) THEN
            RAISE 'reconciliation_link: more than its bank line'; END IF;
        IF abs(NEW.amount_minor) + (SELECT coalesce(sum(abs(amount_minor)), 0) FROM reconciliation_link
                WHERE posting_id = NEW.posting_id AND undone_at IS NULL)
            > (SELECT abs(amount_minor) FROM posting WHERE id = NEW.posting_id) THEN
            RAISE 'reconciliation_link: more than its posting'; END IF;
        RETURN NEW;""",
    ("reconciliation_link_changed", "UPDATE OR DELETE", "reconciliation_link"): """
        IF TG_OP = 'DELETE' THEN RAISE 'reconciliation_link: links stay'; END IF;
        IF OLD.undone_at IS NOT NULL OR NEW.undone_at IS NULL OR NEW.id <> OLD.id
            OR NEW.line_id <> OLD.line_id OR NEW.posting_id <> OLD.posting_id
            OR NEW.amount_minor <> OLD.amount_minor THEN
            RAISE 'reconciliation_link: only undone, once'; END IF;
        RETURN NEW;""",
    ("statement_line_frozen", "UPDATE OR DELETE", "statement_line"): """
        RAISE 'statement_line: as the bank said it';""",
    ("audit_record_frozen", "UPDATE OR DELETE", "audit_record"): """
        RAISE 'audit_record: only grows';""",
}

NEVER_EMPTIED = (
    "journal_entry",
    "posting",
    "reconciliation_link",
    "statement_line",
    "audit_record",
    "period",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
    else:
        for (name, event, table), body in POSTGRESQL_FUNCTIONS.items():
            op.execute(
                f"CREATE FUNCTION {name}_guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
            )
            op.execute(_ROW.format(name=name, event=event, table=table))
        op.execute(
            "CREATE FUNCTION never_emptied_guard() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE '%: is never emptied', TG_TABLE_NAME; END $$"
        )
        for table in NEVER_EMPTIED:
            op.execute(
                f"CREATE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION never_emptied_guard()"
            )
    op.execute("INSERT INTO ledger_head (id, number, hash) VALUES (1, 0, '" + "0" * 64 + "')")


def downgrade() -> None:
    raise RuntimeError("the guards of the ledger are not taken away")
