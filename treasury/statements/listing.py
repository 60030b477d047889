"""The statements that came in, as a list shows them: their days, what each leaves to explain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, exists, func, select
from sqlalchemy.orm import joinedload

from shared.database import db
from treasury.models import Account, BankStatement, ReconciliationLink, StatementLine
from treasury.reconciliation import open_money
from treasury.reconciliation.models import StatementClosing
from treasury.statements import continuity


@dataclass(frozen=True, slots=True)
class Row:
    """A statement with the number of its lines, of those that wait, the day it is closed on if it is.

    `follows` says that it begins where the one before ended, as far as balances tell.
    """

    statement: BankStatement
    lines: int
    left: int
    closed_on: date | None
    follows: bool


def chosen(account_id: int | None, *, waiting: bool) -> Select[BankStatement]:
    """The statements of an account (of all without one), the last first; `waiting` ones alone."""
    found = select(BankStatement).order_by(BankStatement.id.desc()).options(joinedload(BankStatement.account))
    if account_id is not None:
        found = found.where(BankStatement.account_id == account_id)
    if waiting:
        unexplained = exists().where(
            StatementLine.statement_id == BankStatement.id, open_money.line_left() != 0
        )
        found = found.where(unexplained)
    return found


def rows(statements: Sequence[BankStatement]) -> list[Row]:
    """What the list says of these."""
    ids = [one.id for one in statements]
    done = open_money.linked(ReconciliationLink.line_id)
    open_ones = func.count().filter(StatementLine.amount_minor != func.coalesce(done.c.minor, 0))
    counted = {
        statement: (lines, left)
        for statement, lines, left in db.session.execute(
            select(StatementLine.statement_id, func.count(), open_ones)
            .outerjoin(done, done.c.id == StatementLine.id)
            .where(StatementLine.statement_id.in_(ids))
            .group_by(StatementLine.statement_id)
        )
    }
    closed = {
        row.statement_id: row.reconciled_to
        for row in db.session.execute(
            select(StatementClosing.statement_id, StatementClosing.reconciled_to).where(
                StatementClosing.statement_id.in_(ids), StatementClosing.reopened_at.is_(None)
            )
        )
    }
    return [
        Row(one, *counted.get(one.id, (0, 0)), closed.get(one.id), continuity.break_of(one) is None)
        for one in statements
    ]


def accounts() -> Sequence[Account]:
    """The accounts that have statements."""
    having = select(BankStatement.account_id).distinct()
    return db.session.scalars(
        select(Account).where(Account.id.in_(having)).order_by(Account.code, Account.currency)
    ).all()
