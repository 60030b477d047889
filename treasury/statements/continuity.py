"""From one statement to the next: with what one closes the next one opens, or the gap is told.

A statement that is missing, or was cut, shows as a difference between the two that stand beside it. Files
that overlap are held against each other on the days that both tell of.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select

from shared.database import db
from shared.money import Money
from treasury.models import Account, BankStatement, StatementLine
from treasury.statements.importing import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """Where an account's statements do not follow: between `since` and `until`.

    `expected` is what the account holds there by the statement before (`earlier`), `opening` what the later
    one begins with.
    """

    earlier: BankStatement
    later_id: int | None
    since: date
    until: date
    expected: Money
    opening: Money

    @property
    def amount(self) -> Money:
        """What is missing between the two; negative if more went out."""
        return self.opening - self.expected


def opening_of(statement: BankStatement) -> int | None:
    """What the account held before a statement's first line, in minor units: as stated, else by its end."""
    if statement.opening_minor is not None or statement.closing_minor is None:
        return statement.opening_minor
    return statement.closing_minor - statement.total_minor


def break_before(
    account: Account,
    first_on: date | None,
    opening: int | None,
    *,
    repeated: int = 0,
    bank_account: str = "",
    later_id: int | None = None,
) -> Break | None:
    """Whether a statement that begins on `first_on` with `opening` (minor units) does not follow another.

    None if it follows, if it is the first, or if no balance tells. `repeated` is the sum of its lines that
    were here before it, `later_id` the statement itself, once it is here; statements of another
    `bank_account` are not held against it.
    """
    if first_on is None or opening is None:
        return None
    earlier = _earlier(account, first_on, bank_account, later_id)
    if earlier is None or earlier.last_on is None or earlier.closing_minor is None:
        return None
    expected = earlier.closing_minor + _moved(earlier, earlier.last_on, first_on)
    ends_alike = opening + repeated == earlier.closing_minor  # one that was cut within the day it ends on
    if opening == expected or ends_alike:
        return None
    return Break(
        earlier=earlier,
        later_id=later_id,
        since=min(earlier.last_on, first_on),
        until=first_on,
        expected=Money(expected, account.currency),
        opening=Money(opening, account.currency),
    )


def _earlier(
    account: Account, first_on: date, bank_account: str, later_id: int | None
) -> BankStatement | None:
    """Of the statements that begin before this one and tell their end: the one that goes furthest.

    Of those that begin on the same day, the one that came in first is before.
    """
    before = BankStatement.first_on < first_on
    same_day = BankStatement.first_on == first_on
    chosen = select(BankStatement).where(
        BankStatement.account_id == account.id,
        BankStatement.complete.is_(True),
        BankStatement.withdrawn_at.is_(None),
        BankStatement.closing_minor.is_not(None),
        before | (same_day if later_id is None else same_day & (BankStatement.id < later_id)),
    )
    if bank_account:
        chosen = chosen.where(BankStatement.bank_account.in_((bank_account, "")))
    return db.session.scalar(chosen.order_by(BankStatement.last_on.desc(), BankStatement.id.desc()).limit(1))


def _moved(earlier: BankStatement, last_on: date, first_on: date) -> int:
    """What the lines move from the end of a statement to the beginning of a day; back, if it is before.

    Going back, lines that came in after the statement were not in it.
    """
    line = StatementLine
    chosen = select(func.sum(line.amount_minor)).where(line.account_id == earlier.account_id)
    if last_on < first_on:
        chosen = chosen.where(line.dated_on > last_on, line.dated_on < first_on)
        return int(db.session.scalar(chosen) or 0)
    chosen = chosen.where(line.dated_on.between(first_on, last_on), line.statement_id <= earlier.id)
    return -int(db.session.scalar(chosen) or 0)


def break_of(statement: BankStatement) -> Break | None:
    """Whether a statement that is here does not follow the one before it."""
    if statement.withdrawn_at is not None:
        return None
    own = select(func.sum(StatementLine.amount_minor)).where(StatementLine.statement_id == statement.id)
    return break_before(
        statement.account,
        statement.first_on,
        opening_of(statement),
        repeated=statement.total_minor - int(db.session.scalar(own) or 0),
        bank_account=statement.bank_account,
        later_id=statement.id,
    )


def break_of_plan(account: Account, planned: Plan) -> Break | None:
    """Whether what an import would add does not follow the statement before."""
    opening = planned.opening
    if opening is None or not planned.new:
        return None
    return break_before(
        account,
        planned.days[0],
        opening.minor,
        repeated=planned.total.minor - sum(one.amount.minor for one in planned.new),
        bank_account=planned.source.account,
    )


def breaks(account: Account, most: int = 60) -> list[Break]:
    """Where the newest statements of an account do not follow each other, the latest first."""
    chosen = (
        select(BankStatement)
        .where(
            BankStatement.account_id == account.id,
            BankStatement.complete.is_(True),
            BankStatement.withdrawn_at.is_(None),
            BankStatement.first_on.is_not(None),
        )
        .order_by(BankStatement.first_on.desc(), BankStatement.id.desc())
        .limit(most)
    )
    return [found for one in db.session.scalars(chosen) if (found := break_of(one))]


def other_number(account: Account, number: str) -> str:
    """The number under which the bank's files told of this account so far, if `number` is not one of them."""
    known = db.session.scalars(
        select(BankStatement.bank_account)
        .where(
            BankStatement.account_id == account.id,
            BankStatement.bank_account != "",
            BankStatement.withdrawn_at.is_(None),
        )
        .order_by(BankStatement.id.desc())
    ).all()
    return known[0] if number and known and number not in known else ""


def usual_number(account: Account, numbers: tuple[str, ...]) -> str | None:
    """Of a file's accounts, the one that came into this account the last time."""
    return db.session.scalar(
        select(BankStatement.bank_account)
        .where(
            BankStatement.account_id == account.id,
            BankStatement.bank_account.in_(numbers),
            BankStatement.withdrawn_at.is_(None),
        )
        .order_by(BankStatement.id.desc())
        .limit(1)
    )
