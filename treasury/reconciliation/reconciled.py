"""Reconciled to a day: the books' balance, the bank's, and what is on its way between them.

What the books hold on an account, less what the bank has not seen yet, plus what the bank has and the books
have not, is what the bank holds; what differs is told. A statement of which every line is explained and whose
balance agrees can be closed: from then on its lines and links are locked.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import exists, func, or_, select, union_all
from sqlalchemy.orm import aliased, joinedload

from access.models import User
from shared import audit
from shared.clock import now
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.books.invariants import Finding
from treasury.ledger import SamePerson
from treasury.models import (
    Account,
    BankStatement,
    EntryStatus,
    JournalEntry,
    Posting,
    ReconciliationLink,
    StatementLine,
)
from treasury.reconciliation import open_money
from treasury.reconciliation.models import PostingOffset, StatementClosing
from treasury.reconciliation.open_money import OpenMoney
from treasury.reconciliation.values import LineToMatch


class NotExplained(DomainError):
    """A statement with open lines is not closed."""

    code = "not_explained"
    message = _l("%(count)s lines up to %(day)s are not explained yet.")


class Disagrees(DomainError):
    """Books and bank differ by more than what is in transit."""

    code = "balance_disagrees"
    status = 422
    message = _l(
        "By the books the bank held %(expected)s on %(day)s; it says %(bank)s: %(difference)s differ."
    )


class BalanceUnknown(DomainError):
    """Nothing tells what the bank held on the last day of the statement."""

    code = "balance_unknown"
    status = 422
    message = _l("This file does not tell its closing balance. Type the one of %(day)s that the bank shows.")


class NothingToClose(DomainError):
    """The statement has no line of its own, or is still coming in."""

    code = "nothing_to_close"
    message = _l("This statement has no lines of its own: there is nothing to close.")


class AlreadyClosed(DomainError):
    """It is closed once, until somebody reopens it."""

    code = "already_closed"
    message = _l("This statement is closed already.")


class LaterClosed(DomainError):
    """Statements are reopened from the last one back."""

    code = "later_closed"
    message = _l("A later statement is closed: reopen that one first.")


@dataclass(frozen=True, slots=True)
class Standing:
    """An account on a day. `bank` is what the bank says it held, None where no statement says it.

    `in_transit` is in the books and not at the bank, `unknown` at the bank and not in the books.
    """

    account: Account
    on: date
    books: Money
    in_transit: Money
    unknown: Money
    bank: Money | None

    @property
    def expected(self) -> Money:
        """What the bank should hold by the books and the lines."""
        return self.books - self.in_transit + self.unknown

    @property
    def difference(self) -> Money | None:
        """What remains unexplained; none where the bank's balance is not known."""
        return None if self.bank is None else self.bank - self.expected


def standing(account: Account, on: date, bank: Money | None = None) -> Standing:
    """The account as it stands on a day; `bank` is the bank's balance, if a person knows better."""
    known = bank_balance(account, on) if bank is None else bank
    return Standing(account, on, _books(account, on), _in_transit(account, on), _unknown(account, on), known)


def _books(account: Account, on: date) -> Money:
    total = db.session.scalar(
        select(func.sum(Posting.amount_minor))
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(
            Posting.account_id == account.id,
            JournalEntry.status == EntryStatus.POSTED,
            JournalEntry.dated_on <= on,
        )
    )
    return Money(int(total or 0), account.currency)


def _in_transit(account: Account, on: date) -> Money:
    rows = _waiting_rows(account, on).order_by(None).subquery()
    total = db.session.scalar(select(func.sum(rows.c.left)))
    return Money(int(total or 0), account.currency)


def _waiting_rows(account: Account, on: date) -> Any:
    """The postings that waited for the bank at the end of a day.

    What the books had before the first statement is part of the balance it opens with, but for what a line
    shows to have been on its way.
    """
    first = select(func.min(StatementLine.dated_on)).where(StatementLine.account_id == account.id)
    beside = aliased(Posting)
    seen = exists().where(  # one posting of the entry is enough: the bank shows an entry as one movement
        beside.entry_id == Posting.entry_id,
        beside.account_id == account.id,
        ReconciliationLink.posting_id == beside.id,
        ReconciliationLink.undone_at.is_(None),
    )
    start = db.session.scalar(first) or date.max
    return open_money.open_rows(account, until=on).where(or_(JournalEntry.dated_on >= start, seen))


def _unknown(account: Account, on: date) -> Money:
    left = _line_left_on(on)
    total = db.session.scalar(
        select(func.sum(left)).where(StatementLine.account_id == account.id, StatementLine.dated_on <= on)
    )
    return Money(int(total or 0), account.currency)


def _line_left_on(on: date) -> Any:
    """What links to postings of days up to `on` leave of a line."""
    done = (
        select(func.sum(ReconciliationLink.amount_minor))
        .join(Posting, Posting.id == ReconciliationLink.posting_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(
            ReconciliationLink.line_id == StatementLine.id,
            ReconciliationLink.undone_at.is_(None),
            JournalEntry.dated_on <= on,
        )
        .correlate(StatementLine)
        .scalar_subquery()
    )
    return StatementLine.amount_minor - func.coalesce(done, 0)


def bank_balance(account: Account, on: date) -> Money | None:
    """What the bank says the account held at the end of a day: a statement's closing and the lines since."""
    for statement, ends in _ends(account):
        if ends <= on and statement.closing_minor is not None:
            since = db.session.scalar(
                select(func.sum(StatementLine.amount_minor)).where(
                    StatementLine.account_id == account.id,
                    StatementLine.dated_on > ends,
                    StatementLine.dated_on <= on,
                )
            )
            return Money(statement.closing_minor + int(since or 0), account.currency)
    return None


def _ends(account: Account) -> Iterator[tuple[BankStatement, date]]:
    """The account's statements with the day of their last line, the latest first."""
    last = func.max(StatementLine.dated_on)
    rows = db.session.execute(
        select(BankStatement, last)
        .join(StatementLine, StatementLine.statement_id == BankStatement.id)
        .where(BankStatement.account_id == account.id, BankStatement.complete.is_(True))
        .group_by(BankStatement.id)
        .order_by(last.desc(), BankStatement.id.desc())
    )
    yield from ((statement, day) for statement, day in rows)


def last_day(statement: BankStatement) -> date | None:
    """The day of a statement's last line; none if every line of its file was here before."""
    return db.session.scalar(
        select(func.max(StatementLine.dated_on)).where(StatementLine.statement_id == statement.id)
    )


def accounts() -> list[tuple[Account, date]]:
    """Every account that has statements, with the day of its last line."""
    rows = db.session.execute(
        select(Account, func.max(StatementLine.dated_on))
        .join(StatementLine, StatementLine.account_id == Account.id)
        .group_by(Account.id)
        .order_by(Account.code, Account.currency)
    )
    return [(account, day) for account, day in rows]


def money_in_transit(account: Account, on: date) -> list[OpenMoney]:
    """What the books have since the first statement and no line of days up to `on` explains, oldest first."""
    return open_money.as_money(account, db.session.execute(_waiting_rows(account, on)).all())


def lines_unknown(account: Account, on: date, most: int) -> list[LineToMatch]:
    """The bank's lines up to a day that the books do not explain by entries up to it, oldest first."""
    left = _line_left_on(on)
    rows = db.session.execute(
        select(StatementLine, left)
        .where(StatementLine.account_id == account.id, StatementLine.dated_on <= on, left != 0)
        .order_by(StatementLine.dated_on, StatementLine.id)
        .limit(most)
    )
    return [
        LineToMatch(
            key=line.id,
            dated_on=line.dated_on,
            amount=Money(int(minor), account.currency),
            reference=line.reference,
            name=line.name or line.memo,
            memo=line.memo if line.name else "",
        )
        for line, minor in rows
    ]


def closing_of(statement_id: int) -> StatementClosing | None:
    """The closing that holds of a statement, if it is closed."""
    return db.session.scalar(
        select(StatementClosing).where(
            StatementClosing.statement_id == statement_id, StatementClosing.reopened_at.is_(None)
        )
    )


def closings(account: Account) -> Sequence[StatementClosing]:
    """Every closing of an account's statements, the last first, with those that were reopened."""
    return db.session.scalars(
        select(StatementClosing)
        .join(BankStatement, BankStatement.id == StatementClosing.statement_id)
        .where(BankStatement.account_id == account.id)
        .order_by(StatementClosing.reconciled_to.desc(), StatementClosing.id.desc())
        .options(joinedload(StatementClosing.statement), joinedload(StatementClosing.closed_by))
    ).all()


def reconciled_to(account: Account) -> date | None:
    """The day to which the account is reconciled: the last day of its last closed statement."""
    return db.session.scalar(
        select(func.max(StatementClosing.reconciled_to))
        .join(BankStatement, BankStatement.id == StatementClosing.statement_id)
        .where(BankStatement.account_id == account.id, StatementClosing.reopened_at.is_(None))
    )


def close(statement: BankStatement, bank: Money | None, *, by: User) -> StatementClosing:
    """Close a statement on its last day; `bank` is the balance printed there, if the file does not say it.

    Raises `NotExplained` while a line up to that day is open, `BalanceUnknown` where neither tells,
    `Disagrees` if books and bank differ by more than what is in transit, `AlreadyClosed`, `NothingToClose`.
    """
    hold(statement)
    day = last_day(statement)
    if day is None or not statement.complete:
        raise NothingToClose
    if closing_of(statement.id):
        raise AlreadyClosed
    found = standing(statement.account, day, bank)
    waiting = lines_waiting(statement.account, day)
    if waiting:
        raise NotExplained(count=waiting, day=day)
    if found.bank is None:
        raise BalanceUnknown(field="balance", day=day)
    if found.bank != found.expected:
        raise Disagrees(
            field="balance",
            expected=found.expected,
            day=day,
            bank=found.bank,
            difference=abs(found.bank - found.expected),
        )
    closing = StatementClosing(
        statement_id=statement.id,
        reconciled_to=day,
        bank_minor=found.bank.minor,
        book_minor=found.books.minor,
        transit_minor=found.in_transit.minor,
        unknown_minor=found.unknown.minor,
        closed_by_id=by.id,
    )
    db.session.add(closing)
    audit.record("statement.close", closing, by=by, statement=statement.id, balance=str(found.bank))
    return closing


def lines_waiting(account: Account, on: date) -> int:
    """How many of the bank's lines up to a day links do not explain whole."""
    chosen = select(func.count()).where(
        StatementLine.account_id == account.id, StatementLine.dated_on <= on, open_money.line_left() != 0
    )
    return db.session.scalar(chosen.select_from(StatementLine)) or 0


def reopen(closing: StatementClosing, reason: str, *, by: User) -> StatementClosing:
    """Unlock a closed statement, by somebody else than who closed it, with the reason.

    Raises `SamePerson`, `LaterClosed`; reopening it again changes nothing.
    """
    hold(closing)
    if closing.reopened_at is not None:
        return closing
    if closing.closed_by_id == by.id:
        raise SamePerson
    last = reconciled_to(closing.statement.account)
    if last is not None and last > closing.reconciled_to:
        raise LaterClosed
    closing.reopened_at, closing.reopened_by_id, closing.reason = now(), by.id, reason
    audit.record("statement.reopen", closing, by=by, reason=reason, statement=closing.statement_id)
    return closing


def findings() -> Iterator[Finding]:
    """Postings that links and offsets explain more than once over; statements closed over an open line."""
    left = open_money.posting_left()
    sides = (
        select(side).where(PostingOffset.undone_at.is_(None))
        for side in (PostingOffset.posting_id, PostingOffset.other_id)
    )
    cancelled = Posting.id.in_(union_all(*sides))
    chosen = select(Posting.id).where(cancelled, left * func.sign(Posting.amount_minor) < 0)
    for row_id in db.session.scalars(chosen.order_by(Posting.id)):
        yield Finding(f"posting {row_id}", "is linked and cancelled for more than it is")
    unexplained = exists().where(
        StatementLine.statement_id == StatementClosing.statement_id, open_money.line_left() != 0
    )
    closed = select(StatementClosing.id).where(StatementClosing.reopened_at.is_(None), unexplained)
    for row_id in db.session.scalars(closed.order_by(StatementClosing.id)):
        yield Finding(f"statement_closing {row_id}", "is closed over a line that is not explained")
