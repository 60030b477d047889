"""What was saved for a withdrawn seat: in which plan it lies, and which decisions moved it since.

Nothing here moves money: a decision is written as a transfer between funds, and a second person approves it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from delegations.models import Delegation, SavingsPlan, Seat, SeatStatus
from delegations.savings.payer_queries import payer_names
from delegations.savings.standings import saved_by
from delegations.support.story import fund_of
from shared.database import db
from shared.money import Money
from treasury import chart, queries
from treasury.models import Account, EntryStatus, JournalEntry, Posting


@dataclass(frozen=True, slots=True)
class Move:
    """A transfer out of a plan's fund, posted or waiting for a second person."""

    entry: JournalEntry
    amount: Money

    @property
    def waits(self) -> bool:
        return self.entry.status is EntryStatus.DRAFT


@dataclass(frozen=True, slots=True)
class Lying:
    """A plan with what it `holds` now, and what of the withdrawn seats' shares no decision moved yet.

    `share` is one seat's part of what was saved in the plan.
    """

    plan: SavingsPlan
    payers: Sequence[str]
    share: Money
    holds: Money
    moves: tuple[Move, ...]
    withdrawn: int

    @property
    def to_decide(self) -> Money:
        """What a decision about one seat would move: its share, while so much is there and not moved."""
        moved = Money.total((one.amount for one in self.moves), self.share.currency)
        waiting = Money.total((one.amount for one in self.moves if one.waits), self.share.currency)
        left = min(self.share, self.share * self.withdrawn - moved, self.holds - waiting)
        return max(left, self.share * 0)


@dataclass(frozen=True, slots=True)
class WithdrawnMoney:
    """The plans of a withdrawn seat's delegation, and the funds its money is most often moved to."""

    plans: tuple[Lying, ...]
    own_fund: int | None
    support_fund: int | None


def money_of(seat: Seat) -> WithdrawnMoney | None:
    """Where the money of a withdrawn seat lies; None for any other seat, or where nothing was saved."""
    delegation = seat.delegation
    if seat.status is not SeatStatus.WITHDRAWN or not delegation.plans:
        return None
    withdrawn = sum(one.status is SeatStatus.WITHDRAWN for one in delegation.seats)
    plans = tuple(one for one in _lying(delegation, withdrawn) if one.share)
    return WithdrawnMoney(plans, delegation.fund_id, fund_of(delegation.edition)) if plans else None


def _lying(delegation: Delegation, withdrawn: int) -> Sequence[Lying]:
    saved, names = saved_by(delegation.plans), payer_names(delegation.plans)
    return [
        Lying(
            plan,
            names[plan.id],
            saved[plan.id].split(plan.seats)[0],
            queries.fund_balance(plan.fund_id, plan.currency),
            _moves(plan),
            min(withdrawn, plan.seats),
        )
        for plan in delegation.plans
    ]


def _moves(plan: SavingsPlan) -> tuple[Move, ...]:
    """What left the plan's fund for another, oldest first; a seat's cost paid to the support fund is none."""
    rows = db.session.execute(
        select(JournalEntry, Posting.amount_minor)
        .join(Posting, Posting.entry_id == JournalEntry.id)
        .join(Account, Account.id == Posting.account_id)
        .where(
            Posting.fund_id == plan.fund_id,
            Posting.currency == plan.currency,
            Posting.category == "",
            Account.code == chart.TRANSFERS,
        )
        .order_by(JournalEntry.dated_on, JournalEntry.id)
    )
    return tuple(Move(entry, Money(minor, plan.currency)) for entry, minor in rows)
