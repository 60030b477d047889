"""What one person wrote and another must approve: one list, one way to say yes, one to throw a draft away."""

from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import joinedload, selectinload

from access.models import User
from shared import audit
from shared.database import db, hold
from shared.money import Money
from treasury import ledger, payments, placing, queries
from treasury.attention import settle_attention, withdraw
from treasury.cards import refunds
from treasury.cards.models import Refund
from treasury.desk import cash, cheques
from treasury.desk.models import Cheque
from treasury.document_models import EntryDocument
from treasury.funds import commitments
from treasury.funds.commitment_models import CommitmentDraft
from treasury.ledger import AlreadyPosted
from treasury.models import (
    Attention,
    EntryStatus,
    JournalEntry,
    LineEntry,
    Payment,
    PaymentStatus,
    Posting,
)
from treasury.receipt_models import Placement, PlacementKind, ReceiptDetail
from treasury.reconciliation import differences, proposals
from treasury.reconciliation import links as reconciliation
from treasury.reconciliation.models import WriteOff

_GOES_WITH_IT = (
    LineEntry,
    Cheque,
    WriteOff,
    CommitmentDraft,
    EntryDocument,
    Placement,
    ReceiptDetail,
    Posting,
)
"""What was written with a draft and is thrown away with it, in the order that foreign keys allow."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A draft with its author and, if it is a receipt or the return of one, the payment."""

    entry: JournalEntry
    author: str
    payment: Payment | None

    @property
    def amounts(self) -> list[Money]:
        """What the entry moves, one amount a currency."""
        return queries.moved(self.entry)


def waiting() -> list[Waiting]:
    """Every draft, oldest first."""
    rows = db.session.execute(
        select(JournalEntry, User.name, Payment)
        .outerjoin(User, User.id == JournalEntry.author_id)
        .outerjoin(Payment, Payment.entry_id == func.coalesce(JournalEntry.reverses_id, JournalEntry.id))
        .where(JournalEntry.number.is_(None))  # only drafts have none, and the index knows them
        .order_by(JournalEntry.id)
        .options(
            selectinload(JournalEntry.postings).joinedload(Posting.account),
            selectinload(JournalEntry.postings).joinedload(Posting.fund),
            joinedload(Payment.fund),
        )
    )
    return [Waiting(entry, author or "", payment) for entry, author, payment in rows]


def how_many_wait_for(user: User) -> int:
    """How many drafts `user` may be asked to approve: those of others."""
    drafts = select(func.count(JournalEntry.id)).where(
        JournalEntry.number.is_(None), JournalEntry.author_id.is_distinct_from(user.id)
    )
    return db.session.scalar(drafts) or 0


def approve(entry: JournalEntry, *, by: User) -> JournalEntry:
    """Post what somebody else wrote, with all that follows: the payment settles or counts as returned, the
    bank line it was written from is linked, the commitment it pays is consumed. Raises as `ledger.post`.
    """
    hold(entry)
    if entry.status is EntryStatus.POSTED:
        raise AlreadyPosted
    commitments.consume_intended(entry, by=by)
    receipt = _payment(entry.id)
    taken_back = _payment(entry.reverses_id) if entry.reverses_id else None
    given_back = db.session.scalar(select(Refund).where(Refund.entry_id == entry.id))
    placed = db.session.scalar(select(Placement).where(Placement.entry_id == entry.id))
    if placed is not None and placed.from_id is None and placed.currency == placed.payment.currency:
        placing.see_enough(placed.payment, placed.amount)
    if given_back is not None:
        refunds.approve_refund(given_back, by=by)
    elif receipt is not None:
        payments.approve_receipt(receipt, by=by)
    elif taken_back is not None:
        payments.approve_return(taken_back, entry, by=by)
        cheques.follow_return(taken_back, entry)
    else:
        ledger.post(entry, by=by)
    if given_back is not None or (placed is not None and placed.kind is PlacementKind.BACK):
        cash.give_out(entry, by=by)
    if placed is not None and placed.attention_id is not None:
        settle_attention(placed.attention_id, entry.narration, by=by)
    differences.write_off(entry, by=by)
    reconciliation.link_recorded(entry, by=by)
    return entry


def discard(entry: JournalEntry, reason: str, *, by: User) -> None:
    """Throw a draft away, by whoever wrote or would approve it; the payment it recorded is asked for again.

    A draft is no fact yet; the trail keeps that there was one. Raises `AlreadyPosted`.
    """
    hold(entry)
    if entry.status is EntryStatus.POSTED:
        raise AlreadyPosted
    receipt = _payment(entry.id)
    if receipt is not None:
        receipt.status = _asked_before(entry)
        receipt.entry_id = receipt.recorded_by_id = receipt.received_on = None
    given_back = db.session.scalar(select(Refund).where(Refund.entry_id == entry.id))
    if given_back is not None:
        refunds.drop_refund(given_back, reason, by=by)
        db.session.flush()
    withdraw(f"receipt:{entry.id}", reason, by=by)
    cheques.undo_deposit(entry)
    cash.forget_draft(entry)
    audit.record("entry.discard", entry, by=by, reason=reason, narration=entry.narration)
    for one in entry.postings:
        proposals.out_of_date(one.account_id)
    for table in _GOES_WITH_IT:
        db.session.execute(delete(table).where(table.entry_id == entry.id))
    db.session.expire(entry)
    db.session.execute(delete(JournalEntry).where(JournalEntry.id == entry.id))
    db.session.expunge(entry)


def _asked_before(entry: JournalEntry) -> PaymentStatus:
    """Whether what a receipt paid was still asked for when it was recorded: the attention list knows."""
    late = select(Attention.id).where(Attention.key == f"paid_after_cancellation:receipt:{entry.id}")
    return PaymentStatus.CANCELLED if db.session.scalar(late) else PaymentStatus.REQUESTED


def _payment(entry_id: int | None) -> Payment | None:
    return db.session.scalar(select(Payment).where(Payment.entry_id == entry_id).with_for_update())
