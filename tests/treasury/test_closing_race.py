"""A statement is closed while somebody takes back or makes a link of it: one comes first, the other is told.

Two people, two connections, on both databases; the controls take the guards away and the books contradict.
"""

import threading
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared.database import db, transaction
from shared.errors import DomainError
from tests.treasury.bank import bank_posting, bring_in, lines_of
from tests.treasury.conftest import Ask
from treasury.models import Account, BankStatement, Posting, ReconciliationLink, StatementLine
from treasury.reconciliation import links, reconciled
from treasury.reconciliation.links import confirm, undo
from treasury.reconciliation.models import StatementClosing

pytestmark = pytest.mark.usefixtures("both_databases")

_LONG = 0.4  # seconds that the one who closes leaves to the other


class Together:
    """Each task on a thread and a connection of its own; what each was refused with, by its name."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.refused: dict[str, str] = {}

    def run(self, after: threading.Event | None = None, **tasks: Callable[[], object]) -> dict[str, str]:
        """All at once, but for those after the first: they begin when the first has come to `after`.

        However long that takes, and at the latest when it is over: on a busy machine seconds mean nothing.
        """
        db.session.rollback()
        waits = [None, *(after for _task in list(tasks)[1:])]
        threads = [
            threading.Thread(target=self._do, args=(*one, wait, after))
            for one, wait in zip(tasks.items(), waits, strict=True)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()
        return self.refused

    def _do(
        self,
        name: str,
        task: Callable[[], object],
        wait: threading.Event | None,
        over: threading.Event | None,
    ) -> None:
        if wait:
            wait.wait()
        with self.app.app_context():
            try:
                with transaction():
                    task()
            except (DomainError, DatabaseError) as refused:
                self.refused[name] = type(refused).__name__
            finally:
                db.session.remove()
                if over:
                    over.set()


@pytest.fixture
def matched(bank: Account, aristide: User, receive: Ask) -> BankStatement:
    """A statement of one line, which a link explains whole."""
    statement = bring_in(bank, aristide, "15/10/2005;HERON;;750,00;750,00")
    posting = bank_posting(receive())
    with transaction():
        confirm(lines_of(statement)[0], posting, by=aristide)
    return statement


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Set when the one who closes has seen that every line is explained; then it takes its time."""
    seen, lines_waiting = threading.Event(), reconciled.lines_waiting
    hurried = threading.Event()

    def slowly(account: Account, on: date) -> int:
        waiting = lines_waiting(account, on)
        seen.set()
        hurried.wait(_LONG)
        return waiting

    monkeypatch.setattr(reconciled, "lines_waiting", slowly)
    return seen


def race_of(app: Flask, statement: BankStatement, by: User, looked: threading.Event) -> dict[str, str]:
    """Close the statement; once its lines were looked at, take back its link."""
    statement_id, user_id = statement.id, by.id
    link_id = db.session.query(ReconciliationLink).one().id

    def close() -> None:
        found = db.session.get_one(BankStatement, statement_id)
        reconciled.close(found, None, by=db.session.get_one(User, user_id))

    def take_back() -> None:
        undo(db.session.get_one(ReconciliationLink, link_id), by=db.session.get_one(User, user_id))

    return Together(app).run(looked, close=close, take_back=take_back)


def take_away(*guards: tuple[str, str]) -> None:
    on = " ON {}" if db.engine.dialect.name == "postgresql" else ""
    with transaction():
        for name, table in guards:
            db.session.execute(text(f"DROP TRIGGER {name}{on.format(table)}"))


IN_DATABASE = (
    ("statement_closing_born", "statement_closing"),
    ("reconciliation_link_locked", "reconciliation_link"),
)


def without_holding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "refuse_if_closed", lambda _line: None)
    monkeypatch.setattr(reconciled, "hold", lambda _row: None)


def test_who_takes_a_link_back_waits_for_who_closes_and_is_told(
    app: Flask, matched: BankStatement, aristide: User, looked: threading.Event
) -> None:
    assert race_of(app, matched, aristide, looked) == {"take_back": "Locked"}
    assert list(reconciled.findings()) == []
    assert db.session.query(StatementClosing).one().bank_minor == 75000


def test_the_database_alone_keeps_them_apart(
    app: Flask,
    matched: BankStatement,
    aristide: User,
    looked: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    without_holding(monkeypatch)
    refused = race_of(app, matched, aristide, looked)
    assert len(refused) == 1  # whichever came second
    assert list(reconciled.findings()) == []


def test_without_the_guards_a_statement_is_closed_over_an_open_line(
    app: Flask,
    matched: BankStatement,
    aristide: User,
    looked: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The control of the two above."""
    without_holding(monkeypatch)
    take_away(*IN_DATABASE)
    assert race_of(app, matched, aristide, looked) == {}
    [found] = reconciled.findings()
    assert found.problem == "is closed over a line that is not explained"


def test_the_last_line_is_matched_while_its_statement_is_closed(
    app: Flask, bank: Account, aristide: User, receive: Ask, looked: threading.Event
) -> None:
    statement_id = bring_in(bank, aristide, "15/10/2005;HERON;;750,00;750,00").id
    posting_id, user_id = bank_posting(receive()).id, aristide.id

    def close() -> None:
        found = db.session.get_one(BankStatement, statement_id)
        reconciled.close(found, None, by=db.session.get_one(User, user_id))

    def match() -> None:
        line = db.session.query(StatementLine).one()
        confirm(line, db.session.get_one(Posting, posting_id), by=db.session.get_one(User, user_id))

    assert Together(app).run(looked, close=close, match=match) == {"close": "NotExplained"}
    assert Together(app).run(close=close) == {}
    assert list(reconciled.findings()) == []


def test_two_people_match_lines_of_one_statement_and_none_waits_for_ever(
    app: Flask, bank: Account, aristide: User, receive: Ask
) -> None:
    """One accepts two lines together, the other the second of them by itself meanwhile."""
    rows = ("15/10/2005;HERON;;750,00;", "16/10/2005;CAP;;562,50;")
    lines = [one.id for one in lines_of(bring_in(bank, aristide, *rows))]
    postings = [bank_posting(receive(amount)).id for amount in ("750.00", "562.50")]
    begun, held = threading.Event(), threading.Event()

    def link(place: int) -> None:
        line = db.session.get_one(StatementLine, lines[place])
        confirm(line, db.session.get_one(Posting, postings[place]), by=db.session.get_one(User, 1))

    def both() -> None:
        link(0)
        begun.set()
        held.wait(_LONG)
        link(1)

    def second() -> None:
        link(1)

    assert Together(app).run(begun, both=both, second=second) == {}
    assert db.session.query(ReconciliationLink).count() == 2
