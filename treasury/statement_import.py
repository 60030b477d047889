"""A bank's file into one of the house's accounts: every movement comes in once, twins stay two.

What a file says twice, or two files say both, is recognised by the lines' identity. What could not be read is
kept with its row, and what opening, lines and closing leave unexplained is told.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select

from access.models import User
from shared import audit
from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _, _l
from shared.money import Money
from treasury.models import Account, BankStatement, StatementLine
from treasury.statement_values import ParsedLine, StatementAccount, StatementFile

_CHUNK = 2000
_REFERENCE, _NAME = 160, 200


class NoAccountInCurrency(DomainError):
    """The file has no account in the currency of the account it is imported into."""

    code = "statement_other_currency"
    status = 422
    message = _l("This file has no account in %(currency)s: it counts in %(found)s.")


class SeveralAccounts(DomainError):
    """The file holds several accounts in this currency and nobody said which one is meant."""

    code = "statement_several_accounts"
    status = 422
    message = _l("This file holds several accounts: %(accounts)s. Choose one.")


@dataclass(frozen=True, slots=True)
class Plan:
    """What an import would do. `gap` is opening + lines − closing, None where the file does not say both."""

    source: StatementAccount
    new: tuple[ParsedLine, ...]
    repeated: int
    total: Money
    gap: Money | None
    rejected: tuple[tuple[int, str], ...]
    content: str
    """A hash of what the file says of this account: the same for the same file."""

    @property
    def first_day(self) -> date | None:
        return min((line.date for line in self.source.lines), default=None)

    @property
    def last_day(self) -> date | None:
        return max((line.date for line in self.source.lines), default=None)


def plan(account: Account, statement_file: StatementFile, bank_account: str | None = None) -> Plan:
    """What importing the file into `account` would add; nothing is stored.

    `bank_account` names one of several accounts of the file. Raises `NoAccountInCurrency`, `SeveralAccounts`.
    """
    source = _choose(account, statement_file, bank_account)
    known = _known(account, source.lines)
    moving = [line for line in source.lines if line.amount]
    new = tuple(line for line in moving if line.identity not in known)
    total = Money.total((line.amount for line in source.lines), account.currency)
    gap = None
    if source.opening is not None and source.closing is not None:
        gap = source.opening + total - source.closing
    rejected = [(row.row, str(row.reason)) for row in statement_file.rejected]
    still = len(source.lines) - len(moving)
    if still:
        rejected.append((0, _("%(count)s lines move no money and were left out.", count=still)))
    content = hashlib.sha256("\n".join(line.identity for line in source.lines).encode()).hexdigest()
    return Plan(source, new, len(moving) - len(new), total, gap, tuple(rejected), content)


def _choose(account: Account, statement_file: StatementFile, bank_account: str | None) -> StatementAccount:
    fitting = [one for one in statement_file.accounts if one.currency == account.currency]
    if bank_account is not None:
        fitting = [one for one in fitting if one.account == bank_account]
    if not fitting:
        found = sorted({one.currency for one in statement_file.accounts}) or ["?"]
        raise NoAccountInCurrency(field="account", currency=account.currency, found=", ".join(found))
    if len(fitting) > 1:
        raise SeveralAccounts(field="bank_account", accounts=", ".join(one.account for one in fitting))
    return fitting[0]


def _known(account: Account, lines: Sequence[ParsedLine]) -> set[str]:
    if not lines:
        return set()
    days = [line.date for line in lines]
    return set(
        db.session.scalars(
            select(StatementLine.identity).where(
                StatementLine.account_id == account.id, StatementLine.dated_on.between(min(days), max(days))
            )
        )
    )


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
    db.session.scalar(select(Account.id).where(Account.id == account.id).with_for_update())
    found = plan(account, statement_file, bank_account)
    same = db.session.scalar(
        select(BankStatement).where(
            BankStatement.account_id == account.id, BankStatement.file_hash == found.content
        )
    )
    if same is not None:
        return same
    opening, closing = found.source.opening, found.source.closing
    statement = BankStatement(
        account_id=account.id,
        file_name=file_name[:200],
        file_hash=found.content,
        format=statement_file.format,
        opening_minor=None if opening is None else opening.minor,
        closing_minor=None if closing is None else closing.minor,
        total_minor=found.total.minor,
        repeated=found.repeated,
        imported_by_id=by.id if isinstance(by, User) else None,
        rejected=json.dumps([{"row": row, "reason": reason} for row, reason in found.rejected]),
    )
    db.session.add(statement)
    db.session.flush()
    _store(statement, found.new)
    audit.record(
        "statement.import", statement, by=by, lines=len(found.new), repeated=found.repeated, file=file_name
    )
    return statement


def _store(statement: BankStatement, lines: Sequence[ParsedLine]) -> None:
    for start in range(0, len(lines), _CHUNK):
        rows = [
            {
                "statement_id": statement.id,
                "account_id": statement.account_id,
                "identity": line.identity,
                "dated_on": line.date,
                "amount_minor": line.amount.minor,
                "currency": line.amount.currency,
                "reference": line.reference[:_REFERENCE],
                "name": line.name[:_NAME],
                "memo": line.memo,
            }
            for line in lines[start : start + _CHUNK]
        ]
        db.session.execute(insert(StatementLine), rows)


def gap(statement: BankStatement) -> Money | None:
    """Opening + lines − closing as the file said them; None where it did not say both."""
    if statement.opening_minor is None or statement.closing_minor is None:
        return None
    minor = statement.opening_minor + statement.total_minor - statement.closing_minor
    return Money(minor, statement.account.currency)


def rejected_rows(statement: BankStatement) -> list[tuple[int, str]]:
    """The rows that could not be read, each with the reason as it was told at the import."""
    return [(one["row"], one["reason"]) for one in json.loads(statement.rejected)]
