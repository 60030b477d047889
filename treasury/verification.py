"""The auditor's walk: every invariant and the hash chain recomputed from the rows; the first break is named.

It trusts neither the triggers nor the operations, so that it finds what was done around them.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from shared.database import db
from treasury import invariants, reconciled, seals
from treasury.invariants import Finding
from treasury.models import EntryStatus, JournalEntry, LedgerHead, Posting, ReconciliationLink, StatementLine
from treasury.seals import Evidence

_PAGE = 2000


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
        beside = seals.evidence([entry.id for entry in page])
        for entry in page:
            number += 1
            findings += _entry_findings(entry, number, previous, beside)
            previous = entry.hash or ""
            number = entry.number or number
        db.session.expunge_all()
    head = db.session.get(LedgerHead, 1)
    if head is None or (head.number, head.hash) != (number, previous):
        findings.append(Finding("ledger_head", "does not name the last posted entry"))
    findings += _link_findings()
    findings += reconciled.findings()
    findings += invariants.findings()
    return Verdict(number, findings)


def _pages() -> Iterator[Sequence[JournalEntry]]:
    last = 0
    while page := db.session.scalars(
        select(JournalEntry)
        .where(JournalEntry.status == EntryStatus.POSTED, JournalEntry.number > last)
        .order_by(JournalEntry.number)
        .limit(_PAGE)
        .options(selectinload(JournalEntry.postings))
    ).all():
        last = page[-1].number or last
        yield page


def _entry_findings(entry: JournalEntry, number: int, previous: str, beside: Evidence) -> Iterator[Finding]:
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
