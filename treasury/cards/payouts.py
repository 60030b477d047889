"""Payouts of the card network in the books, fund by fund, and what moved its balance without our knowing."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from sqlalchemy import func, select

from shared.database import db
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger
from treasury.attention import attend
from treasury.cards.books import in_house, open_day, posted
from treasury.cards.models import Payout
from treasury.cards.values import BalanceMove, PayoutState
from treasury.ledger import Leg
from treasury.models import Account, Fund, FundKind, JournalEntry, LedgerHead, Posting

TO_CLARIFY = "TO-CLARIFY"
"""The fund of money that nobody could tell the owner of yet."""

_PAID_OUT = _l("Card payments (Stripe), paid out to the bank: %(number)s")
_MOVED = _l("Card network (Stripe), to be clarified: %(kind)s, %(number)s")

_BY_KIND = {
    "charge": "charge",
    "payment": "charge",
    "refund": "refund",
    "payment_refund": "refund",
    "refund_failure": "refund-failed",
    "payment_failure_refund": "refund-failed",
    "payout": "payout",
    "payout_failure": "payout-back",
    "payout_cancel": "payout-back",
}


def book_payout(state: PayoutState) -> Payout:
    """A payout leaves the network for the bank, fund by fund; and comes back when the bank would not have it.

    An automatic one is split by what it is made of. One asked for by hand knows no parts: it takes what each
    fund had at the network then, in the order of the funds. What stays unexplained is shown.
    """
    db.session.get_one(LedgerHead, 1, with_for_update=True)
    found = db.session.scalar(select(Payout).where(Payout.object_id == state.id))
    if found is None:
        entry = _post_payout(state)
        found = Payout(
            object_id=state.id,
            amount=state.amount,
            status=state.status,
            automatic=state.automatic,
            arrives_on=state.arrives_on,
            entry_id=entry.id,
        )
        db.session.add(found)
        db.session.flush()
    found.status = state.status
    key = f"payout-back:{state.id}"
    if state.came_back and posted(key) is None:
        entry = db.session.get_one(JournalEntry, found.entry_id)
        back = [Leg(one.account.code, one.fund_id, -one.amount) for one in entry.postings]
        ledger.post_now(open_day(), entry.narration, back, source=f"payout:{found.id}", idempotency_key=key)
        attend("payout_failed", state.id, details=str(state.amount))
    return found


def _post_payout(state: PayoutState) -> JournalEntry:
    for move in state.moves:
        _explain(move)
    shares = _shares(state)
    legs = []
    for fund_id, share in sorted(shares.items()):
        legs += [Leg(chart.BANK, fund_id, share, memo=state.id), Leg(chart.STRIPE, fund_id, -share)]
    day = open_day()
    return ledger.post_now(
        day,
        in_house(_PAID_OUT, number=state.id),
        legs,
        source=f"payout:{state.id}"[:60],
        idempotency_key=f"payout:{state.id}",
    )


def _shares(state: PayoutState) -> dict[int, Money]:
    """How much of a payout is whose, summing to its amount."""
    held = _held_by_fund([move_key(one) for one in state.moves], state.amount.currency)
    left, shares = state.amount, dict[int, Money]()
    for fund_id, share in sorted(held.items()):
        taken = share if state.automatic else min(max(share, Money.zero(share.currency)), left)
        if taken:
            shares[fund_id] = taken
            left -= taken
    if left:
        fund_id = clarifying_fund().id
        shares[fund_id] = shares.get(fund_id, Money.zero(left.currency)) + left
        attend("payout_unexplained", state.id, details=f"{left} / {state.amount}")
    return {fund_id: share for fund_id, share in shares.items() if share}


def _held_by_fund(keys: Sequence[str], currency: str) -> dict[int, Money]:
    """What the entries of these keys, and those that follow from them, left on the network's account."""
    wanted = [follower for key in keys for follower in (key, *_followers(key))]
    found: dict[int, Money] = defaultdict(lambda: Money.zero(currency))
    for start in range(0, len(wanted), 500):
        rows = db.session.execute(
            select(Posting.fund_id, func.sum(Posting.amount_minor))
            .join(Posting.entry)
            .join(Account, Account.id == Posting.account_id)
            .where(
                JournalEntry.idempotency_key.in_(wanted[start : start + 500]),
                Account.code == chart.STRIPE,
                Posting.currency == currency,
            )
            .group_by(Posting.fund_id)
        )
        for fund_id, minor in rows:
            found[fund_id] += Money(int(minor), currency)
    return dict(found)


def _followers(key: str) -> Iterator[str]:
    """The keys of what follows from an entry: a later fee, and money changed into the settled currency."""
    kind, _colon, source = key.partition(":")
    if kind == "charge":
        yield f"fee:{source}"
        yield f"settled:{source}"
    elif kind in ("refund", "refund-failed"):
        yield f"{kind}-settled:{source}"


def _explain(move: BalanceMove) -> None:
    """A move of the balance that no payment of ours explains goes to the fund to clarify, once."""
    key = move_key(move)
    if posted(key) or not move.net:
        return
    fund = clarifying_fund().id
    legs = [Leg(chart.STRIPE, fund, move.net), Leg(chart.SUSPENSE, fund, -move.net)]
    words = in_house(_MOVED, kind=move.kind, number=move.source)
    ledger.post_now(open_day(), words, legs, source="stripe", idempotency_key=key)
    attend("unknown_card_money", key, details=f"{move.source} – {move.amount}")


def move_key(move: BalanceMove) -> str:
    """The key of the entry that a move of the network's balance has in the books."""
    if move.source.startswith(("du_", "dp_")):
        return f"dispute:{move.id}"
    kind = _BY_KIND.get(move.kind)
    return f"{kind}:{move.source}" if kind else f"move:{move.id}"


def unknown_moves(moves: Iterable[BalanceMove]) -> list[BalanceMove]:
    """Those of which the books know nothing yet."""
    by_key = {move_key(move): move for move in moves}
    known = set[str]()
    keys = list(by_key)
    for start in range(0, len(keys), 500):
        part = keys[start : start + 500]
        known |= set(
            db.session.scalars(
                select(JournalEntry.idempotency_key).where(JournalEntry.idempotency_key.in_(part))
            )
        )
    return [move for key, move in by_key.items() if key not in known]


def clarifying_fund() -> Fund:
    """The fund of money whose owner is to be found, opened on first use."""
    found = db.session.scalar(select(Fund).where(Fund.code == TO_CLARIFY))
    if found is None:
        found = Fund(code=TO_CLARIFY, name="To be clarified", kind=FundKind.UNRESTRICTED)
        db.session.add(found)
        db.session.flush()
    return found
