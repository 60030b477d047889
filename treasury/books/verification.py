"""The auditor's walk: every invariant and the hash chain recomputed from the rows; the first break is named.

It trusts neither the triggers nor the operations, so that it finds what was done around them.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from shared.database import connection, db
from treasury.books import invariants, seals
from treasury.books.invariants import Finding
from treasury.books.seals import Evidence
from treasury.models import EntryStatus, JournalEntry, LedgerHead, Posting, ReconciliationLink, StatementLine
from treasury.reconciliation import reconciled

_PAGE = 2000
_ENTRY: tuple[Any, ...] = (
    JournalEntry.id,
    JournalEntry.number,
    JournalEntry.dated_on,
    JournalEntry.narration,
    JournalEntry.source,
    JournalEntry.reverses_id,
    JournalEntry.author_id,
    JournalEntry.approver_id,
    JournalEntry.seal,
    JournalEntry.previous_hash,
    JournalEntry.hash,
)
_POSTING: tuple[Any, ...] = (
    Posting.id,
    Posting.account_id,
    Posting.fund_id,
    Posting.amount_minor,
    Posting.currency,
    Posting.category,
    Posting.memo,
    Posting.rate_id,
    Posting.posted_on,
)


@dataclass(slots=True)
class Walked:
    """One posted entry as its row says, with its postings: what the walk looks at, without a unit of work."""

    id: int
    number: int
    dated_on: date
    narration: str
    source: str
    reverses_id: int | None
    author_id: int | None
    approver_id: int | None
    seal: int
    previous_hash: str | None
    hash: str | None
    postings: list[Any] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How many entries were walked, and what was found; the books are sound when nothing was."""

    entries: int
    findings: list[Finding]

    @property
    def sound(self) -> bool:
        return not self.findings


def check() -> Verdict:
    """Walk the whole journal in posting order, then the links."""
    findings: list[Finding] = []
    previous, number = "0" * 64, 0
    for page in _pages():
        span = JournalEntry.number.between(page[0].number, page[-1].number)
        beside = seals.evidence(page, select(JournalEntry.id).where(span))
        for entry in page:
            number += 1
            findings += _entry_findings(entry, number, previous, beside)
            previous = entry.hash or ""
            number = entry.number
    head = db.session.get(LedgerHead, 1)
    if head is None or (head.number, head.hash) != (number, previous):
        findings.append(Finding("ledger_head", "does not name the last posted entry"))
    findings += _link_findings()
    findings += reconciled.findings()
    findings += invariants.findings()
    return Verdict(number, findings)


def _pages() -> Iterator[list[Walked]]:
    last = 0
    posted = select(*_ENTRY).where(JournalEntry.status == EntryStatus.POSTED).order_by(JournalEntry.number)
    lines = select(Posting.entry_id, *_POSTING).join(JournalEntry, JournalEntry.id == Posting.entry_id)
    while entries := connection().execute(posted.where(JournalEntry.number > last).limit(_PAGE)).all():
        page = {row[0]: Walked(*row) for row in entries}
        first, last = entries[0].number, entries[-1].number
        within = lines.where(
            JournalEntry.number.between(first, last),
            Posting.entry_id.between(min(page), max(page)),  # says nothing new, but the index is by entry
        )
        for row in connection().execute(within).all():
            page[row[0]].postings.append(row)
        yield list(page.values())


def _entry_findings(entry: Walked, number: int, previous: str, beside: Evidence) -> Iterator[Finding]:
    row = f"journal_entry {entry.id} (number {entry.number})"
    if entry.number != number:
        yield Finding(row, f"number {number} was expected")
    if entry.previous_hash != previous:
        yield Finding(row, "does not follow the entry before it")
    if entry.hash != seals.digest(entry, entry.previous_hash or "", beside):
        yield Finding(row, "is not what was posted: its hash differs")
    if len(entry.postings) < 2:
        yield Finding(row, "has fewer than two postings")
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for posting in entry.postings:
        sums[posting.fund_id, posting.currency] += posting.amount_minor
        if posting.posted_on != entry.dated_on:
            yield Finding(
                f"posting {posting.id}", f"is listed on {posting.posted_on}, not on its entry's date"
            )
    for (fund, currency), total in sums.items():
        if total:
            yield Finding(row, f"is off by {total} minor units of {currency} in fund {fund}")
    if entry.approver_id is not None and entry.approver_id == entry.author_id:
        yield Finding(row, "was approved by its author")


def _link_findings() -> Iterator[Finding]:
    for column, worth, table in (
        (ReconciliationLink.line_id, StatementLine.amount_minor, StatementLine),
        (ReconciliationLink.posting_id, Posting.amount_minor, Posting),
    ):
        rows = db.session.execute(
            select(column, func.sum(func.abs(ReconciliationLink.amount_minor)), func.abs(worth))
            .join(table, table.id == column)
            .where(ReconciliationLink.undone_at.is_(None))
            .group_by(column, worth)
            .having(func.sum(func.abs(ReconciliationLink.amount_minor)) > func.abs(worth))
        )
        for row_id, linked, has in rows:
            yield Finding(f"{table.__tablename__} {row_id}", f"is linked for {linked} of {has}")
