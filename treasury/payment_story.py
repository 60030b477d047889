"""What happened to a payment, step by step: what came, what the network took or holds, where it went."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from shared.database import db
from shared.i18n import LazyString, _l
from shared.money import Money
from treasury import chart, placing
from treasury.cards.models import Dispute, Refund
from treasury.models import Account, AccountKind, EntryStatus, JournalEntry, Payment, Posting
from treasury.receipt_models import Placement, PlacementKind

_BY_KEY: dict[str, LazyString] = {
    "charge": _l("Paid by card"),
    "dispute": _l("Held by the network: the payment is disputed"),
    "dispute-lost": _l("The dispute is lost"),
    "dispute-settled": _l("Changed by the card network"),
    "fee": _l("Fee of the card network"),
    "refund": _l("Given back to the card"),
    "refund-failed": _l("The refund came back"),
    "refund-failed-settled": _l("Changed by the card network"),
    "refund-settled": _l("Changed by the card network"),
    "settled": _l("Changed by the card network"),
}
"""What an entry is, by what its key begins with."""

_PLACED: dict[PlacementKind, LazyString] = {
    PlacementKind.APPLY: _l("Used for another payment"),
    PlacementKind.BACK: _l("A credit given back"),
    PlacementKind.CREDIT: _l("Kept as the payer’s credit"),
    PlacementKind.GIFT: _l("Given by the payer"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """An entry about a payment: what it is; `amount` what came (positive) or went, before the `fee`.

    `placed` is what was only put elsewhere, `target` the payment that it pays.
    """

    entry: JournalEntry
    words: LazyString
    amount: Money | None
    fee: Money | None
    placed: Money | None = None
    target: Payment | None = None


def story(payment: Payment) -> list[Step]:
    """Every entry about a payment and about the credits it became, drafts last."""
    placed = {
        one.entry_id: one
        for one in db.session.scalars(
            select(Placement).where(Placement.payment_id == payment.id).options(joinedload(Placement.target))
        )
    }
    given_back = set(db.session.scalars(select(Refund.entry_id).where(Refund.payment_id == payment.id)))
    ids = {*placing.entries_of([payment.id]), *placed}
    entries = db.session.scalars(
        select(JournalEntry)
        .where(JournalEntry.id.in_(ids))
        .order_by(JournalEntry.status == EntryStatus.DRAFT, JournalEntry.number, JournalEntry.id)
        .options(selectinload(JournalEntry.postings).joinedload(Posting.account))
    )
    return [_step(payment, one, placed.get(one.id), given_back=one.id in given_back) for one in entries]


def _step(payment: Payment, entry: JournalEntry, placed: Placement | None, *, given_back: bool) -> Step:
    came, fee = _came(entry.postings), _fee(entry.postings)
    if placed is not None and placed.target is payment:
        return Step(entry, _l("Changed at the rate of the day, and used"), _counted(payment, entry), fee)
    if placed is not None:
        return Step(entry, _PLACED[placed.kind], came, fee, placed.amount, placed.target)
    if came is None and entry.id == payment.entry_id:
        came = _counted(payment, entry)
    return Step(entry, _words(entry, came, given_back=given_back), came, fee)


def _counted(payment: Payment, entry: JournalEntry) -> Money:
    """What an entry counts for the payment: no money moved, another fund or a credit paid it."""
    mine = (payment.fund_id, payment.income_code, payment.currency)
    counted = [one.amount for one in entry.postings if (one.fund_id, one.account.code, one.currency) == mine]
    return -Money.total(counted, payment.currency)


def _words(entry: JournalEntry, came: Money | None, *, given_back: bool) -> LazyString:
    kind = (entry.idempotency_key or "").partition(":")[0]
    if kind == "dispute" and came is not None and came.minor > 0:
        return _l("The dispute is won: it is back")
    if entry.reverses_id is not None:
        return _l("Taken back")
    if given_back and kind not in _BY_KEY:
        return _l("Given back to the payer")
    return _BY_KEY.get(kind, _l("Received"))


def _came(postings: Sequence[Posting]) -> Money | None:
    """What came (or went) in all before fees, in the one currency it did; None when nothing moved."""
    moved = [one.amount for one in postings if _is_money(one.account) or one.account.code == chart.BANK_FEES]
    if len({one.currency for one in moved}) != 1:
        return None
    return Money.total(moved, moved[0].currency) or None


def _fee(postings: Sequence[Posting]) -> Money | None:
    taken = [one.amount for one in postings if one.account.code == chart.BANK_FEES]
    return Money.total(taken, taken[0].currency) if taken else None


def _is_money(account: Account) -> bool:
    return account.kind is AccountKind.ASSET and account.code != chart.DISPUTED


def disputes_of(payment: Payment) -> list[Dispute]:
    """What of a payment its card's holder disputed, the first first."""
    return list(
        db.session.scalars(select(Dispute).where(Dispute.payment_id == payment.id).order_by(Dispute.id))
    )
