"""What must hold of the books besides the entries themselves: funds, commitments, documents, rates, periods.

Like the rest of the walk it trusts neither triggers nor operations: every figure is summed again from rows.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import func, select

from shared.database import connection, db
from shared.money import Money
from treasury import chart
from treasury.balance_models import PostedBalance
from treasury.document_models import EntryDocument
from treasury.funds.commitment_models import Commitment, CommitmentEvent
from treasury.funds.commitments import SIGNED
from treasury.funds.models import FundBalance, Overdraft
from treasury.models import Account, EntryStatus, ExchangeRate, JournalEntry, Period, Posting
from treasury.queries import SPENDABLE

_POSTED = JournalEntry.status == EntryStatus.POSTED


@dataclass(frozen=True, slots=True)
class Finding:
    """One broken promise: which row, and what is wrong with it."""

    row: str
    problem: str


def findings() -> Iterator[Finding]:
    """Everything but the entries and the links, one broken promise at a time."""
    yield from _balances()
    yield from _counted()
    yield from _listed()
    yield from _overdrawn()
    yield from _commitments()
    yield from _documents()
    yield from _rates()
    yield from _periods()


def _balances() -> Iterator[Finding]:
    """The database's own count of each fund equals what postings and commitments say."""
    summed: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    spendable = (
        select(Posting.fund_id, Posting.currency, func.sum(Posting.amount_minor))
        .join(Account, Account.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(_POSTED, SPENDABLE)
        .group_by(Posting.fund_id, Posting.currency)
    )
    promised = (
        select(Commitment.fund_id, Commitment.currency, func.sum(SIGNED))
        .join(CommitmentEvent)
        .group_by(Commitment.fund_id, Commitment.currency)
    )
    for place, chosen in enumerate((spendable, promised)):
        for fund, currency, minor in db.session.execute(chosen):
            summed[fund, currency][place] = int(minor)
    counted: dict[tuple[int, str], list[int]] = defaultdict(lambda: [0, 0])
    for row in db.session.scalars(select(FundBalance)):
        counted[row.fund_id, row.currency] = [row.minor, row.committed_minor]
    for key in sorted(summed.keys() | counted.keys()):
        if summed[key] != counted[key]:
            yield Finding(
                f"fund_balance {key[0]} {key[1]}", f"says {counted[key]} where rows add up to {summed[key]}"
            )


def _counted() -> Iterator[Finding]:
    """What the database counts of each account and fund equals what its postings say."""
    summed = {
        (account, fund): (int(minor), count)
        for account, fund, minor, count in db.session.execute(
            select(Posting.account_id, Posting.fund_id, func.sum(Posting.amount_minor), func.count())
            .join(JournalEntry, JournalEntry.id == Posting.entry_id)
            .where(_POSTED)
            .group_by(Posting.account_id, Posting.fund_id)
        )
    }
    counted = {
        (one.account_id, one.fund_id): (one.minor, one.postings)
        for one in db.session.scalars(select(PostedBalance))
    }
    for key in sorted(summed.keys() | counted.keys()):
        if summed.get(key) != counted.get(key):
            yield Finding(
                f"posted_balance {key[0]} {key[1]}",
                f"says {counted.get(key)} where postings add up to {summed.get(key)}",
            )


def _listed() -> Iterator[Finding]:
    """No draft is listed among what was posted."""
    early = (
        select(Posting.id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.status == EntryStatus.DRAFT, Posting.posted_on.is_not(None))
    )
    for posting_id in db.session.scalars(early):
        yield Finding(f"posting {posting_id}", "is listed although its entry is a draft")


def _overdrawn() -> Iterator[Finding]:
    """Entries in posting order: none took a fund below what was allowed when it was posted."""
    running: dict[tuple[int, str], int] = defaultdict(int)
    leave: dict[tuple[int, str], list[Overdraft]] = defaultdict(list)
    for one in db.session.scalars(select(Overdraft)):
        leave[one.fund_id, one.currency].append(one)
    moves = (
        select(
            JournalEntry.id,
            JournalEntry.number,
            Posting.fund_id,
            Posting.currency,
            func.sum(Posting.amount_minor),
        )
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .join(Account, Account.id == Posting.account_id)
        .where(_POSTED, SPENDABLE)
        .group_by(JournalEntry.id, Posting.fund_id, Posting.currency)
        .order_by(JournalEntry.number)
        .execution_options(yield_per=5000)
    )
    for entry_id, number, fund, currency, minor in connection().execute(moves):
        key = fund, currency
        running[key] += int(minor)
        if minor >= 0 or running[key] >= 0:
            continue
        day, posted_at = db.session.execute(
            select(JournalEntry.dated_on, JournalEntry.posted_at).where(JournalEntry.id == entry_id)
        ).one()
        in_force = [
            one.limit_minor
            for one in leave[key]
            if (one.entry_id or entry_id) == entry_id
            and one.starts_on <= day <= one.ends_on
            and (one.withdrawn_at is None or (posted_at is not None and one.withdrawn_at > posted_at))
        ]
        allowed = max(in_force, default=0)
        if running[key] < -allowed:
            yield Finding(
                f"journal_entry {entry_id} (number {number})",
                f"takes fund {fund} to {running[key]} minor units of {currency}, {allowed} allowed",
            )


def _commitments() -> Iterator[Finding]:
    left = db.session.execute(
        select(CommitmentEvent.commitment_id, func.sum(SIGNED))
        .group_by(CommitmentEvent.commitment_id)
        .having(func.sum(SIGNED) < 0)
    )
    for commitment_id, minor in left:
        yield Finding(f"commitment {commitment_id}", f"is used for {-minor} more than was promised")
    unpaid = db.session.scalars(
        select(CommitmentEvent.id)
        .join(JournalEntry, JournalEntry.id == CommitmentEvent.entry_id)
        .where(JournalEntry.status != EntryStatus.POSTED)
    )
    for event_id in unpaid:
        yield Finding(f"commitment_event {event_id}", "is consumed by an entry that is not posted")


def _documents() -> Iterator[Finding]:
    ids = db.session.scalars(select(EntryDocument.id).order_by(EntryDocument.id)).all()
    for document_id in ids:  # one at a time: they are large
        content, sha256, size = db.session.execute(
            select(EntryDocument.content, EntryDocument.sha256, EntryDocument.size).where(
                EntryDocument.id == document_id
            )
        ).one()
        if hashlib.sha256(content).hexdigest() != sha256 or len(content) != size:
            yield Finding(f"entry_document {document_id}", "is not what was attached: its hash differs")


def _rates() -> Iterator[Finding]:
    """What passes through the clearing account keeps a rate, and is worth the same on both sides of it."""
    rows = db.session.execute(
        select(JournalEntry.id, JournalEntry.number, Posting.fund_id, Posting.amount_minor, Posting.currency)
        .add_columns(ExchangeRate.base, ExchangeRate.quote, ExchangeRate.numerator, ExchangeRate.denominator)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .join(Account, Account.id == Posting.account_id)
        .outerjoin(ExchangeRate, ExchangeRate.id == Posting.rate_id)
        .where(_POSTED, Account.code == chart.CONVERSION)
        .order_by(JournalEntry.number)
    )
    sides: dict[tuple[int, int, int], list[Money]] = defaultdict(list)
    told: dict[tuple[int, int, int], tuple[str, str, Fraction]] = {}
    for entry_id, number, fund, minor, currency, base, quote, numerator, denominator in rows:
        key = entry_id, number, fund
        if base is None:
            yield Finding(f"journal_entry {entry_id} (number {number})", "converts without a rate")
            continue
        sides[key].append(Money(minor, currency))
        told[key] = base, quote, Fraction(numerator, denominator)
    for (entry_id, number, fund), amounts in sides.items():
        base, quote, value = told[entry_id, number, fund]
        out, back = (
            Money(sum(one.minor for one in amounts if one.currency == code), code) for code in (base, quote)
        )
        if out.convert(value, quote) != -back:
            yield Finding(
                f"journal_entry {entry_id} (number {number})",
                f"clears {out} against {-back}, not at its rate",
            )


def _periods() -> Iterator[Finding]:
    last: date | None = None
    for one in db.session.scalars(select(Period).order_by(Period.starts_on)):
        if one.ends_on < one.starts_on or (last and one.starts_on <= last):
            yield Finding(f"period {one.id}", "covers days of another one")
        last = one.ends_on
