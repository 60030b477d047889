"""What is still open before the books can be closed up to a day: counted, named, one click from its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select

from shared.database import db
from treasury import chart
from treasury.books import vouchers
from treasury.funds.commitment_models import Commitment, CommitmentEvent
from treasury.funds.commitments import SIGNED
from treasury.funds.models import FundBalance
from treasury.models import (
    Account,
    Attention,
    EntryStatus,
    JournalEntry,
    LineEntry,
    Posting,
    ReconciliationLink,
    StatementLine,
)
from treasury.reconciliation import open_money


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One kind of thing that is open, and how many; a blocking one could never be finished afterwards."""

    kind: str
    count: int
    blocking: bool = False


def open_items(until: date) -> list[OpenItem]:
    """What is open in the books dated up to `until`; nothing that is done is named."""
    return [one for one in _counted(until) if one.count]


def _counted(until: date) -> Iterator[OpenItem]:
    drafts = select(func.count(JournalEntry.id)).where(
        JournalEntry.status == EntryStatus.DRAFT, JournalEntry.dated_on <= until
    )
    yield OpenItem("drafts", _number(drafts), blocking=True)
    yield OpenItem("bank_lines", _number(_unexplained(until)))
    yield OpenItem(
        "attention", _number(select(func.count(Attention.id)).where(Attention.resolved_at.is_(None)))
    )
    yield OpenItem("suspense", _accounts_with(chart.SUSPENSE, until))
    yield OpenItem("advances", _accounts_with(chart.ADVANCES, until))
    yield OpenItem("no_document", vouchers.count(until))
    overdrawn = select(func.count()).select_from(FundBalance).where(FundBalance.minor < 0)
    yield OpenItem("overdrawn", _number(overdrawn))
    yield OpenItem("expired_commitments", _number(_overdue(until)))


def _number(chosen: Select[int]) -> int:
    return int(db.session.scalar(chosen) or 0)


def _unexplained(until: date) -> Select[int]:
    done = open_money.linked(ReconciliationLink.line_id)
    return (
        select(func.count(StatementLine.id))
        .outerjoin(done, done.c.id == StatementLine.id)
        .outerjoin(LineEntry, LineEntry.line_id == StatementLine.id)
        .where(
            StatementLine.dated_on <= until,
            StatementLine.amount_minor != func.coalesce(done.c.minor, 0),
            LineEntry.line_id.is_(None),
        )
    )


def _accounts_with(code: str, until: date) -> int:
    """How many funds still have something on this account, each currency for itself."""
    rows = db.session.execute(
        select(Posting.fund_id)
        .join(Account, Account.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(
            Account.code == code, JournalEntry.status == EntryStatus.POSTED, JournalEntry.dated_on <= until
        )
        .group_by(Posting.fund_id, Posting.currency)
        .having(func.sum(Posting.amount_minor) != 0)
    )
    return len(rows.all())


def _overdue(until: date) -> Select[int]:
    left = (
        select(CommitmentEvent.commitment_id)
        .group_by(CommitmentEvent.commitment_id)
        .having(func.sum(SIGNED) > 0)
    )
    return select(func.count(Commitment.id)).where(Commitment.id.in_(left), Commitment.expires_on <= until)
