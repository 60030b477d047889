"""A bank's file into one of the house's accounts: every movement comes in once, twins stay two.

What a file says twice, or two files say both, is recognised by the lines' identity. What could not be read is
kept with its row, and what opening, lines and closing leave unexplained is told. A long file comes in by
pieces, each a transaction of its own: whoever is interrupted begins again and adds what is missing.
"""

import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, insert, select

from access.models import User
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _, _l
from shared.money import Money
from treasury.models import Account, BankStatement, StatementLine
from treasury.statements.accounts import other_identities
from treasury.statements.values import GapStart, ParsedLine, StatementAccount, StatementFile

PIECE = 2000
"""Lines that come in together."""

_REFERENCE, _NAME = 160, 200
_MOST_REJECTED = 1000


class NoAccountInCurrency(DomainError):
    """The file has no account in the currency of the account it is imported into."""

    code = "statement_other_currency"
    status = 422
    message = _l("This file has no account in %(currency)s: it counts in %(found)s.")
    currencies: tuple[str, ...] = ()


class SeveralAccounts(DomainError):
    """The file holds several accounts in this currency and nobody said which one is meant."""

    code = "statement_several_accounts"
    status = 422
    message = _l("This file holds several accounts: %(accounts)s. Choose one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake:
    """What a file says of the account it is for. `gap` is opening + lines − closing, None without both."""

    format: str
    source: StatementAccount
    total: Money
    gap: Money | None
    rejected: tuple[tuple[int, str], ...]
    content: str
    """A hash of what the file says of this account: the same for the same file."""

    @property
    def moving(self) -> list[ParsedLine]:
        """The lines that move money: what can be imported."""
        return [line for line in self.source.lines if line.amount]

    @property
    def days(self) -> tuple[date | None, date | None]:
        """The days of the first and the last line that moves money."""
        moving = self.moving
        first = min((line.date for line in moving), default=None)
        return first, max((line.date for line in moving), default=None)

    @property
    def opening(self) -> Money | None:
        """What the account held before the first line: as stated, else by its closing and its lines."""
        if self.source.opening is not None or self.source.closing is None:
            return self.source.opening
        return self.source.closing - self.total

    @property
    def gap_start(self) -> GapStart | None:
        """Where opening, lines and closing begin to disagree, if they do and it can be told."""
        return self.source.gap_start if self.gap else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Intake):
    """What an import would do."""

    new: tuple[ParsedLine, ...]
    repeated: int


def take_in(account: Account, statement_file: StatementFile, bank_account: str | None = None) -> Intake:
    """What the file says of `account`; nothing is looked up.

    `bank_account` names one of several accounts of the file. Raises `NoAccountInCurrency`, `SeveralAccounts`.
    """
    source = _choose(account, statement_file, bank_account)
    total = Money(sum(line.amount.minor for line in source.lines), account.currency)
    gap = None
    if source.opening is not None and source.closing is not None:
        gap = source.opening + total - source.closing
    rejected = [(row.row, str(row.reason)) for row in statement_file.rejected[:_MOST_REJECTED]]
    if left := len(statement_file.rejected) - len(rejected):
        rejected.append((0, _("%(count)s more rows could not be read.", count=left)))
    if still := sum(not line.amount for line in source.lines):
        rejected.append((0, _("%(count)s lines move no money and were left out.", count=still)))
    return Intake(
        format=statement_file.format,
        source=source,
        total=total,
        gap=gap,
        rejected=tuple(rejected),
        content=_content(source),
    )


def plan(account: Account, statement_file: StatementFile, bank_account: str | None = None) -> Plan:
    """What importing the file into `account` would add; nothing is stored. Raises what `take_in` raises."""
    intake = take_in(account, statement_file, bank_account)
    moving = intake.moving
    new = tuple(line for piece in pieces_of(moving) for line in _unknown(account.id, piece))
    return Plan(
        format=intake.format,
        source=intake.source,
        total=intake.total,
        gap=intake.gap,
        rejected=intake.rejected,
        content=intake.content,
        new=new,
        repeated=len(moving) - len(new),
    )


def _content(source: StatementAccount) -> str:
    told = hashlib.sha256()
    for line in source.lines:
        told.update(f"{line.identity}\n".encode())
    return told.hexdigest()


def _choose(account: Account, statement_file: StatementFile, bank_account: str | None) -> StatementAccount:
    fitting = [one for one in statement_file.accounts if one.currency == account.currency]
    if bank_account is not None:
        fitting = [one for one in fitting if one.account == bank_account]
    if not fitting:
        found = sorted({one.currency for one in statement_file.accounts}) or ["?"]
        refused = NoAccountInCurrency(field="account", currency=account.currency, found=", ".join(found))
        refused.currencies = tuple(found)
        raise refused
    if len(fitting) > 1:
        raise SeveralAccounts(field="bank_account", accounts=", ".join(one.account for one in fitting))
    return fitting[0]


def pieces_of(lines: Sequence[ParsedLine]) -> Iterator[Sequence[ParsedLine]]:
    """`lines` in pieces that come in together."""
    for start in range(0, len(lines), PIECE):
        yield lines[start : start + PIECE]


def _unknown(account_id: int, lines: Sequence[ParsedLine]) -> list[ParsedLine]:
    """Those of `lines` (a piece) that are not here yet, under their own identity or another of the same."""
    wanted = {line.identity for line in lines}
    wanted |= {other for identity in wanted for other in other_identities(identity)}
    known = set(
        db.session.scalars(
            select(StatementLine.identity).where(
                StatementLine.account_id == account_id, StatementLine.identity.in_(wanted)
            )
        )
    )
    return [
        line
        for line in lines
        if line.identity not in known and known.isdisjoint(other_identities(line.identity))
    ]


def import_statement(
    account: Account,
    statement_file: StatementFile,
    *,
    by: Actor,
    file_name: str = "",
    bank_account: str | None = None,
) -> BankStatement:
    """Bring the file's new movements into `account`; the very same file again is the statement that is here.

    Raises `NoAccountInCurrency`, `SeveralAccounts`.
    """
    intake = take_in(account, statement_file, bank_account)
    statement = begin_import(account, intake, by=by, file_name=file_name)
    if not statement.complete:
        for piece in pieces_of(intake.moving):
            add_piece(statement, piece)
    return end_import(statement, by=by)


def begin_import(account: Account, intake: Intake, *, by: Actor, file_name: str = "") -> BankStatement:
    """The statement of this file: new, begun before and to be gone on with, or here whole (`complete`)."""
    db.session.scalar(select(Account.id).where(Account.id == account.id).with_for_update())
    same = db.session.scalar(
        select(BankStatement).where(
            BankStatement.account_id == account.id,
            BankStatement.file_hash == intake.content,
            BankStatement.withdrawn_at.is_(None),
        )
    )
    if same is not None:
        if not same.complete:
            same.lines_done = 0
        return same
    start = intake.gap_start
    first_on, last_on = intake.days
    statement = BankStatement(
        account_id=account.id,
        file_name=file_name[:200],
        file_hash=intake.content,
        format=intake.format,
        opening_minor=_minor(intake.source.opening),
        closing_minor=_minor(intake.source.closing),
        total_minor=intake.total.minor,
        imported_by_id=by.id if isinstance(by, User) else None,
        rejected=json.dumps([{"row": row, "reason": reason} for row, reason in intake.rejected]),
        complete=False,
        lines_expected=len(intake.moving),
        gap_row=start.row if start else None,
        gap_on=start.date if start else None,
        first_on=first_on,
        last_on=last_on,
        bank_account=intake.source.account[:_NAME],
    )
    db.session.add(statement)
    db.session.flush()
    return statement


def add_piece(statement: BankStatement, lines: Sequence[ParsedLine]) -> None:
    """Add those of `lines` that are not here yet. The account is held, so nobody adds the same meanwhile."""
    db.session.scalar(select(Account.id).where(Account.id == statement.account_id).with_for_update())
    hold(statement)
    new = [_row(statement, line) for line in _unknown(statement.account_id, lines)]
    if new:
        db.session.execute(insert(StatementLine), new)
    statement.lines_done += len(lines)
    db.session.flush()


def end_import(statement: BankStatement, *, by: Actor) -> BankStatement:
    """All was looked at: the statement is complete and may be matched. Ending again changes nothing."""
    hold(statement)
    if statement.complete:
        return statement
    count = db.session.scalar(
        select(func.count()).select_from(StatementLine).where(StatementLine.statement_id == statement.id)
    )
    statement.repeated = statement.lines_expected - (count or 0)
    statement.complete = True
    audit.record(
        "statement.import",
        statement,
        by=by,
        lines=count,
        repeated=statement.repeated,
        file=statement.file_name,
    )
    return statement


def _minor(amount: Money | None) -> int | None:
    return None if amount is None else amount.minor


def _row(statement: BankStatement, line: ParsedLine) -> dict[str, Any]:
    return {
        "statement_id": statement.id,
        "account_id": statement.account_id,
        "identity": line.identity,
        "dated_on": line.date,
        "amount_minor": line.amount.minor,
        "currency": line.amount.currency,
        "reference": line.reference[:_REFERENCE],
        "name": line.name[:_NAME],
        "memo": line.memo,
        "counterparty": line.counterparty,
    }


def gap(statement: BankStatement) -> Money | None:
    """Opening + lines − closing as the file said them; None where it did not say both."""
    if statement.opening_minor is None or statement.closing_minor is None:
        return None
    minor = statement.opening_minor + statement.total_minor - statement.closing_minor
    return Money(minor, statement.account.currency)


def rejected_rows(statement: BankStatement) -> list[tuple[int, str]]:
    """The rows that could not be read, each with the reason as it was told at the import."""
    return [(one["row"], one["reason"]) for one in json.loads(statement.rejected)]
