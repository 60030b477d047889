"""What is still open before the books can be closed up to a day: counted, named, one click from its place."""

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
from treasury.paper import outlived
from treasury.reconciliation import open_money


@dataclass(frozen=True, slots=True)
class OpenItem:
    """One kind of thing that is open, and how many; a blocking one could never be finished afterwards."""

    kind: str
    count: int
    blocking: bool = False


def open_items(until: date) -> list[OpenItem]:
    """What is open in the books dated up to `until`; nothing that is done is named."""
    asked = _asked(until)
    counted = db.session.execute(select(*(one.scalar_subquery() for one in asked.values()))).one()
    counts = dict(zip(asked, counted, strict=True))
    counts["attention"] += len(outlived.outlived())
    return [OpenItem(kind, count, blocking=kind == "drafts") for kind, count in counts.items() if count]


def _asked(until: date) -> dict[str, Select[int]]:
    return {
        "drafts": select(func.count(JournalEntry.id)).where(
            JournalEntry.status == EntryStatus.DRAFT, JournalEntry.dated_on <= until
        ),
        "bank_lines": _unexplained(until),
        "attention": select(func.count(Attention.id)).where(Attention.resolved_at.is_(None)),
        "suspense": _accounts_with(chart.SUSPENSE, until),
        "advances": _accounts_with(chart.ADVANCES, until),
        "no_document": vouchers.counted(until),
        "overdrawn": select(func.count()).select_from(FundBalance).where(FundBalance.minor < 0),
        "expired_commitments": _overdue(until),
    }


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


def _accounts_with(code: str, until: date) -> Select[int]:
    """How many funds still have something on this account, each currency for itself."""
    some = (
        select(Posting.fund_id)
        .join(Account, Account.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(
            Account.code == code, JournalEntry.status == EntryStatus.POSTED, JournalEntry.dated_on <= until
        )
        .group_by(Posting.fund_id, Posting.currency)
        .having(func.sum(Posting.amount_minor) != 0)
        .subquery()
    )
    return select(func.count()).select_from(some)


def _overdue(until: date) -> Select[int]:
    left = (
        select(CommitmentEvent.commitment_id)
        .group_by(CommitmentEvent.commitment_id)
        .having(func.sum(SIGNED) > 0)
    )
    return select(func.count(Commitment.id)).where(Commitment.id.in_(left), Commitment.expires_on <= until)
