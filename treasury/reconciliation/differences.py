"""Small differences between bank and books, and postings that cancel each other: neither shows at the bank.

A bank keeps a fee of a transfer, or gives a few cents more after an exchange. Up to a cap the difference may
be written off to an account that is named for it. It is an entry like any other: one person drafts it beside
the link, another approves it, whatever its size: no longer asking for money is a decision about money.
"""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from access.models import User
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold
from shared.errors import DomainError, NotFound
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger
from treasury.ledger import Leg
from treasury.models import (
    Account,
    EntryStatus,
    JournalEntry,
    LineEntry,
    Posting,
    ReconciliationLink,
    StatementLine,
)
from treasury.reconciliation import links as reconciliation
from treasury.reconciliation import proposals
from treasury.reconciliation.evidence import held_back_at_most
from treasury.reconciliation.models import PostingOffset, WriteOff
from treasury.reconciliation.open_money import OpenMoney
from treasury.reconciliation.values import Reason

NAMED = (chart.BANK_FEES, chart.EXCHANGE)
"""The accounts of the chart to which a difference may be written off."""


class TooMuch(DomainError):
    """The difference is above the cap, or of a kind that is not written off."""

    code = "difference_too_great"
    status = 422
    message = _l("A difference of %(difference)s is not written off: the most is %(most)s.")


class DoNotCancel(DomainError):
    """The two postings are of different accounts or of the same direction, or explained already."""

    code = "do_not_cancel"
    message = _l("These two do not cancel each other.")


def cap(currency: str) -> Money:
    """The greatest difference that is written off in this currency."""
    return held_back_at_most(currency)


def settle_with_difference(
    line: StatementLine,
    posting: Posting,
    account_code: str,
    narration: str,
    reasons: tuple[Reason, ...] = (),
    *,
    by: User,
) -> JournalEntry:
    """Link `line` and `posting` as far as they go, and draft what writes off the rest of either.

    The link holds at once; the difference is gone when somebody else approves the draft. Raises `TooMuch`,
    and what `reconciliation.confirm` and `record_line` raise.
    """
    reconciliation.confirm(line, posting, reasons=reasons, by=by)
    over, under = reconciliation.line_left_of(line), reconciliation.posting_left_of(posting)
    difference = Money(abs(over or under), line.currency)
    if account_code not in NAMED or not difference or difference > cap(line.currency):
        raise TooMuch(difference=difference, most=cap(line.currency), field="account_code")
    if over:
        rest = reconciliation.RecordLine(
            fund_id=posting.fund_id, account_code=account_code, narration=narration
        )
        return reconciliation.record_line(line, rest, by=by)
    code = db.session.get_one(Account, line.account_id).code
    amount = Money(under, line.currency)
    entry = ledger.draft(
        line.dated_on,
        narration,
        [Leg(code, posting.fund_id, -amount), Leg(account_code, posting.fund_id, amount)],
        by=by,
    )
    db.session.add(WriteOff(entry_id=entry.id, posting_id=posting.id))
    audit.record("difference.write-off", posting, by=by, entry=entry.id, amount=str(amount))
    return entry


def drafts_beside(link: ReconciliationLink) -> list[JournalEntry]:
    """The drafts that wait to write off what a link left of its posting or of its line."""
    rest = select(WriteOff.entry_id).where(WriteOff.posting_id == link.posting_id)
    more = (
        select(LineEntry.entry_id)
        .join(Posting, Posting.entry_id == LineEntry.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(
            LineEntry.line_id == link.line_id,
            Account.code.in_(NAMED),
            func.abs(Posting.amount_minor) <= cap(link.line.currency).minor,
        )
    )
    chosen = select(JournalEntry).where(
        JournalEntry.status == EntryStatus.DRAFT, JournalEntry.id.in_(rest.union(more))
    )
    return list(db.session.scalars(chosen.order_by(JournalEntry.id)))


def write_off(entry: JournalEntry, *, by: Actor) -> PostingOffset | None:
    """If the posted entry was drafted to write off the rest of a posting, the two cancel each other now."""
    planned = db.session.get(WriteOff, entry.id)
    if planned is None:
        return None
    posting = db.session.get_one(Posting, planned.posting_id)
    other = next(one for one in entry.postings if one.account_id == posting.account_id)
    db.session.delete(planned)
    return cancel_out(posting, other, by=by)


def cancel_out(posting: Posting, other: Posting, *, by: Actor) -> PostingOffset:
    """Say that two postings cancel each other, as far as both are open, and never show at the bank.

    Raises `DoNotCancel`.
    """
    for key in sorted((posting.id, other.id)):
        if db.session.scalar(select(Posting.id).where(Posting.id == key).with_for_update()) is None:
            raise NotFound
    mine, theirs = reconciliation.posting_left_of(posting), reconciliation.posting_left_of(other)
    if posting.account_id != other.account_id or mine * theirs >= 0:
        raise DoNotCancel
    amount = (1 if mine > 0 else -1) * min(abs(mine), abs(theirs))
    offset = PostingOffset(
        posting_id=posting.id,
        other_id=other.id,
        amount_minor=amount,
        made_by_id=by.id if isinstance(by, User) else None,
    )
    db.session.add(offset)
    proposals.out_of_date(posting.account_id)
    audit.record("offset.make", offset, by=by, posting=posting.id, other=other.id, amount=amount)
    return offset


def undo_offset(offset: PostingOffset, *, by: Actor) -> PostingOffset:
    """Take back that two postings cancel each other; again, nothing changes."""
    hold(offset)
    if offset.undone_at is None:
        offset.undone_at, offset.undone_by_id = now(), by.id if isinstance(by, User) else None
        proposals.out_of_date(offset.posting.account_id)
        audit.record("offset.undo", offset, by=by, posting=offset.posting_id, other=offset.other_id)
    return offset


def reversals_among(waiting: Sequence[OpenMoney]) -> list[tuple[OpenMoney, OpenMoney]]:
    """Entries that wait for the bank beside their own reversal: neither will show there, most likely."""
    by_entry = {one.entry_id: one for one in waiting if len(one.posting_ids) == 1}
    rows = db.session.execute(
        select(JournalEntry.reverses_id, JournalEntry.id).where(JournalEntry.reverses_id.in_(list(by_entry)))
    )
    return [
        (by_entry[entry], by_entry[mirror])
        for entry, mirror in rows
        if mirror in by_entry and by_entry[entry].candidate.amount == -by_entry[mirror].candidate.amount
    ]


def offsets(account: Account, most: int) -> Sequence[PostingOffset]:
    """The postings of an account that were said to cancel each other, the last first."""
    return db.session.scalars(
        select(PostingOffset)
        .join(Posting, Posting.id == PostingOffset.posting_id)
        .where(Posting.account_id == account.id, PostingOffset.undone_at.is_(None))
        .order_by(PostingOffset.id.desc())
        .limit(most)
        .options(
            joinedload(PostingOffset.posting).joinedload(Posting.entry),
            joinedload(PostingOffset.other).joinedload(Posting.entry),
        )
    ).all()
