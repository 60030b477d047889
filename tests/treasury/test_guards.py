"""Raw SQL that tries to break the books, on both databases. Each attack fails; without its guard it works."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared.audit import AuditRecord, System, record
from shared.database import db, transaction
from shared.money import Money
from treasury import chart, ledger
from treasury.books import verification
from treasury.ledger import Leg
from treasury.models import (
    BankStatement,
    Fund,
    FundKind,
    JournalEntry,
    Period,
    ReconciliationLink,
    StatementLine,
)

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.fixture
def posted(app: Flask) -> JournalEntry:
    """One posted entry of 750.00 CAD: bank against savings."""
    with transaction():
        chart.open_chart("CAD")
        fund = Fund(code="DKR05-OUT", name="Outaouais", kind=FundKind.RESTRICTED)
        other = Fund(code="DKR05-QUE", name="Québec", kind=FundKind.RESTRICTED)
        db.session.add_all([fund, other])
        db.session.flush()
        amount = Money.of("750.00", "CAD")
        entry = ledger.post_now(
            date(2003, 1, 15),
            "Instalment 1",
            [Leg(chart.BANK, fund.id, amount), Leg(chart.SAVINGS, fund.id, -amount)],
            source="test",
        )
        db.session.add(Period(starts_on=date(2002, 1, 1), ends_on=date(2002, 12, 31), status="locked"))
    return entry


def attack(*statements: str) -> None:
    with transaction():
        for statement in statements:
            db.session.execute(text(statement))


COLUMNS = "dated_on, narration, source, status, created_at"
DRAFT = (
    f"INSERT INTO journal_entry (id, {COLUMNS}) "
    "VALUES (900, '2003-02-01', 'x', 'test', 'draft', '2003-02-01')"
)
POSTING = "INSERT INTO posting (entry_id, account_id, fund_id, amount_minor, currency, category, memo) VALUES"
POST = "UPDATE journal_entry SET status = 'posted', number = 900, hash = 'x' WHERE id = 900"

ATTACKS = {
    "an entry born posted": [
        f"INSERT INTO journal_entry ({COLUMNS}, number, hash) "
        "VALUES ('2003-02-01', 'x', 'test', 'posted', '2003-02-01', 77, 'h')"
    ],
    "posted without postings": [DRAFT, POST],
    "posted with one posting": [DRAFT, f"{POSTING} (900, 1, 1, 100, 'CAD', '', '')", POST],
    "posted although not zero": [
        DRAFT,
        f"{POSTING} (900, 1, 1, 100, 'CAD', '', ''), (900, 2, 1, -99, 'CAD', '', '')",
        POST,
    ],
    "zero in all but not per fund": [
        DRAFT,
        f"{POSTING} (900, 1, 1, 100, 'CAD', '', ''), (900, 2, 2, -100, 'CAD', '', '')",
        POST,
    ],
    "posted into a locked period": [
        DRAFT.replace("2003-02-01', 'x'", "2002-02-01', 'x'"),
        f"{POSTING} (900, 1, 1, 100, 'CAD', '', ''), (900, 2, 1, -100, 'CAD', '', '')",
        POST,
    ],
    "a posting of nothing": [DRAFT, f"{POSTING} (900, 1, 1, 0, 'CAD', '', '')"],
    "a currency that is not its account's": [DRAFT, f"{POSTING} (900, 1, 1, 5, 'XOF', '', '')"],
    "a posted amount changed": ["UPDATE posting SET amount_minor = amount_minor * 2"],
    "a posted narration changed": ["UPDATE journal_entry SET narration = 'other'"],
    "a posted entry back to draft": ["UPDATE journal_entry SET status = 'draft', number = NULL, hash = NULL"],
    "a posting added to a posted entry": [f"{POSTING} (1, 1, 1, 5, 'CAD', '', '')"],
    "a posting moved out of a posted entry": [DRAFT, "UPDATE posting SET entry_id = 900 WHERE id = 1"],
    "a posting deleted": ["DELETE FROM posting"],
    "a posted entry deleted": ["DELETE FROM posting", "DELETE FROM journal_entry"],
    "approved by its author": ["UPDATE journal_entry SET author_id = 1, approver_id = 1"],
    "a locked period opened": ["UPDATE period SET status = 'open'"],
    "a locked period deleted": ["DELETE FROM period"],
    "the trail changed": ["UPDATE audit_record SET actor = 'somebody else'"],
    "the trail shortened": ["DELETE FROM audit_record"],
}

ONLY_SQLITE = {
    "REPLACE over a posted entry": [
        f"INSERT OR REPLACE INTO journal_entry (id, {COLUMNS}) "
        "VALUES (1, '2003-02-01', 'x', 'test', 'draft', '2003-02-01')"
    ],
    "REPLACE over a posting": [
        DRAFT,
        "INSERT OR REPLACE INTO posting (id, entry_id, account_id, fund_id, amount_minor, currency, "
        "category, memo) VALUES (1, 900, 1, 1, 5, 'CAD', '', '')",
    ],
    "REPLACE over a locked period": [
        "INSERT OR REPLACE INTO period (id, starts_on, ends_on, status) "
        "VALUES (1, '2002-01-01', '2002-12-31', 'open')"
    ],
    "REPLACE over the trail": [
        "INSERT OR REPLACE INTO audit_record (id, at, actor, action, subject, reason, details) "
        "VALUES (1, '2003-01-01', 'x', 'x', 'x', '', '{}')"
    ],
}

EMPTIED = ["journal_entry", "posting", "audit_record", "period", "statement_line", "reconciliation_link"]


def refused(*statements: str) -> bool:
    try:
        attack(*statements)
    except DatabaseError:
        return True
    return False


def test_the_database_refuses_every_attack(posted: JournalEntry) -> None:
    assert [name for name, statements in ATTACKS.items() if not refused(*statements)] == []
    assert verification.check().sound


@pytest.mark.parametrize("recursive", ["ON", "OFF"])
def test_sqlite_refuses_to_replace(posted: JournalEntry, recursive: str) -> None:
    if db.engine.dialect.name == "sqlite":
        with db.engine.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA recursive_triggers = {recursive}")
        assert [name for name, statements in ONLY_SQLITE.items() if not refused(*statements)] == []
        assert verification.check().sound


def test_postgresql_refuses_to_truncate(posted: JournalEntry) -> None:
    if db.engine.dialect.name == "postgresql":
        assert [table for table in EMPTIED if not refused(f"TRUNCATE {table} CASCADE")] == []
        assert verification.check().sound


def test_a_second_reversal_and_a_reused_key_are_refused(posted: JournalEntry) -> None:
    with transaction():
        ledger.post(ledger.reverse(posted, date(2003, 2, 1), "returned", by=System()), by=System())
    insert = DRAFT.replace("created_at)", "created_at, reverses_id)").replace(
        "'2003-02-01')", "'2003-02-01', 1)"
    )
    with pytest.raises(DatabaseError):
        attack(insert)


def link(line: StatementLine, posting_id: int, minor: int) -> ReconciliationLink:
    made = ReconciliationLink(line_id=line.id, posting_id=posting_id, amount_minor=minor)
    db.session.add(made)
    db.session.flush()
    return made


def bank_line(posted: JournalEntry, minor: int) -> StatementLine:
    bank = ledger.account(chart.BANK, "CAD")
    statement = BankStatement(account_id=bank.id, file_name="j.ofx", file_hash="h", format="ofx")
    db.session.add(statement)
    db.session.flush()
    line = StatementLine(
        statement_id=statement.id,
        account_id=bank.id,
        identity=f"id{minor}",
        dated_on=date(2003, 1, 16),
        amount=Money(minor, "CAD"),
    )
    db.session.add(line)
    db.session.flush()
    return line


LINKS = {
    "more than the posting": (75000, [75001]),
    "more than the posting, in two parts": (75000, [50000, 25001]),
    "more than the line": (50000, [50001]),
    "of the other sign": (-75000, [-75000]),
    "of another sign than the line": (75000, [-100]),
}


def linked(posted: JournalEntry, line: int, links: list[int]) -> None:
    bank = next(one.id for one in posted.postings if one.amount_minor > 0)
    with transaction():
        found = bank_line(posted, line)
        for minor in links:
            link(found, bank, minor)


def test_a_link_is_never_worth_more_than_what_it_links(posted: JournalEntry) -> None:
    for line, links in LINKS.values():
        with pytest.raises(DatabaseError):
            linked(posted, line, links)
    linked(posted, 75000, [50000, 25000])


def test_an_undone_link_frees_its_amount_and_stays(posted: JournalEntry) -> None:
    bank = next(one.id for one in posted.postings if one.amount_minor > 0)
    with transaction():
        line = bank_line(posted, 75000)
        first = link(line, bank, 75000)
    with transaction():
        db.session.execute(
            text(f"UPDATE reconciliation_link SET undone_at = '2003-02-01' WHERE id = {first.id}")
        )
        link(line, bank, 75000)
    for statement in ("UPDATE reconciliation_link SET undone_at = NULL", "DELETE FROM reconciliation_link"):
        with pytest.raises(DatabaseError):
            attack(statement)


def test_without_its_guard_the_attack_works_and_the_walk_names_the_row(posted: JournalEntry) -> None:
    """The control: the same update passes once the trigger is gone, and `ledger check` finds the row."""
    table = " ON posting" if db.engine.dialect.name == "postgresql" else ""
    guard = "posting_written" if table else "posting_frozen"
    attack(f"DROP TRIGGER {guard}{table}", "UPDATE posting SET amount_minor = 75001 WHERE id = 1")
    findings = verification.check().findings
    assert findings[0].row == f"journal_entry {posted.id} (number 1)"


def test_the_walk_finds_a_cut_tail(posted: JournalEntry) -> None:
    attack("UPDATE ledger_head SET number = 5")
    assert [one.row for one in verification.check().findings] == ["ledger_head"]


def test_the_trail_names_who_and_what(posted: JournalEntry, aristide: User) -> None:
    with transaction():
        record("entry.look", posted, by=aristide, reason="audit")
    found = db.session.query(AuditRecord).order_by(AuditRecord.id.desc()).first()
    assert found and (found.actor, found.action, found.subject) == (
        f"user:{aristide.id}",
        "entry.look",
        f"JournalEntry:{posted.id}",
    )
