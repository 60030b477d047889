"""Feeds the pure cover of costs from what the books and the agreements say, a whole edition at once.

Caps are shared between delegations, so even one delegation's coverage looks at those bound to it. The
number of queries does not grow with delegations, seats or deposits.

What counts as what:

- **own**: postings on the savings account of the plans' funds (returned cheques taken off);
- **moved away**: transfers out of a plan's fund that pay no budget line, to a fund outside the delegation;
- **support**: such transfers into the delegation's own fund (what was not needed and went back taken off).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import ColumnElement, func, select

from delegations.budgets.lines import in_order
from delegations.budgets.models import Budget
from delegations.budgets.queries import seat_lines
from delegations.budgets.versions import seat_budgets
from delegations.funding.allocation_models import AllocationLock
from delegations.funding.coverage import Coverage, NetworkCoverage, cover
from delegations.funding.offer_queries import Network, offers
from delegations.funding.offers import DelegationFunding, Funding, Lock, Seat
from delegations.funding.service_models import InKind
from delegations.funding.terms import Terms
from delegations.models import (
    Delegation,
    DelegationStatus,
    FundingAgreement,
    FundingServes,
    SavingsPlan,
)
from delegations.models import Seat as SeatRow
from delegations.seats.seats import ACTIVE
from events.models import Edition
from shared.database import db
from shared.money import Money
from treasury import chart, queries
from treasury.models import Account, EntryStatus, JournalEntry, Posting

_GONE = (DelegationStatus.DECLINED, DelegationStatus.WITHDRAWN)


def coverage_of(delegation: Delegation) -> Coverage:
    """The coverage of one delegation, as it is within its edition."""
    return network_coverage(delegation.edition, [delegation]).delegations[delegation.code]


def network_coverage(
    edition: Edition,
    asked: Iterable[Delegation] | None = None,
    instead: Mapping[int, Terms] | None = None,
) -> NetworkCoverage:
    """The coverage of every delegation of an edition, or at least of those `asked`.

    Raises `OrdersDisagree`.
    """
    return cover(funding_of(edition, asked, instead))


def funding_of(
    edition: Edition,
    asked: Iterable[Delegation] | None = None,
    instead: Mapping[int, Terms] | None = None,
) -> Funding:
    """What an edition's delegations need and have, and what its funders offer.

    With some `asked`: of them and of all that share a funder with them, or with those; nobody else can change
    what they are covered by. `instead` puts other terms (of another version, say) in the place of those of
    agreements, by their ids.
    """
    mine = Delegation.edition_id == edition.id
    if asked is not None and (ids := _bound_together(edition.id, {one.id for one in asked})) is not None:
        mine = Delegation.id.in_(ids)
    rows = db.session.execute(
        select(Delegation.id, Delegation.code, Delegation.fund_id, Delegation.status).where(mine)
    ).all()
    budgets = seat_budgets(edition.id)
    seats = _active_seats(mine)
    money = _Money([row.id for row in rows], {row.id: row.fund_id for row in rows})
    locks, given = _locks(mine), _services(mine)
    delegations: dict[str, DelegationFunding] = {}
    for row in rows:
        budget = budgets.get(row.id) or budgets.get(None)
        currency = budget.costs[0].amount.currency if budget and budget.costs else edition.currency
        delegations[row.code] = DelegationFunding(
            row.code,
            currency,
            () if row.status in _GONE else _seats(budget, seats[row.id]),
            *money.of(row.id, currency),
            locks=tuple(one for one in locks[row.id] if one.amount.currency == currency),
            services=given.get((row.id, currency)),
        )
    network = Network(delegations, {row.id: row.code for row in rows}, edition.id)
    return Funding(tuple(delegations.values()), *offers(network, instead or {}))


def _bound_together(edition_id: int, ids: set[int]) -> set[int] | None:
    """These delegations and those that funders bind to them; None when a funder serves everybody."""
    rows: Any = db.session.execute(
        select(FundingAgreement.id, FundingServes.delegation_id)
        .outerjoin(FundingServes, FundingServes.agreement_id == FundingAgreement.id)
        .where(FundingAgreement.edition_id == edition_id, FundingAgreement.blocked_reason == "")
    )
    served: dict[int, set[int]] = defaultdict(set)
    for agreement, delegation in rows:
        if delegation is None:
            return None
        served[agreement].add(delegation)
    found, more = set(ids), True
    while more:
        circles = [circle for circle in served.values() if circle & found and not circle <= found]
        found = found.union(*circles)
        more = bool(circles)
    return found


def _active_seats(mine: ColumnElement[bool]) -> dict[int, list[str]]:
    """Codes of the seats that cost something, by delegation."""
    found: dict[int, list[str]] = defaultdict(list)
    for delegation_id, code in db.session.execute(
        select(SeatRow.delegation_id, SeatRow.code)
        .join(Delegation, Delegation.id == SeatRow.delegation_id)
        .where(mine, SeatRow.status.in_(ACTIVE))
    ):
        found[delegation_id].append(code)
    return found


def _seats(budget: Budget | None, codes: list[str]) -> tuple[Seat, ...]:
    """The seats with what each costs, in the order of their codes."""
    lines = seat_lines(budget, len(codes)) if budget else [()] * len(codes)
    return tuple(Seat(code, costs) for code, costs in zip(sorted(codes, key=in_order), lines, strict=True))


class _Money:
    """What the books say of delegations' funds: received, moved away and given in support."""

    def __init__(self, delegation_ids: list[int], own_funds: dict[int, int]) -> None:
        self._plans: dict[int, list[int]] = defaultdict(list)
        self._currencies: set[str] = set()
        for delegation_id, fund_id, currency in db.session.execute(
            select(SavingsPlan.delegation_id, SavingsPlan.fund_id, SavingsPlan.currency).where(
                SavingsPlan.delegation_id.in_(delegation_ids)
            )
        ):
            self._plans[delegation_id].append(fund_id)
            self._currencies.add(currency)
        plan_funds = [fund for funds in self._plans.values() for fund in funds]
        self._received = {
            currency: queries.received(plan_funds, chart.SAVINGS, currency)
            for currency in sorted(self._currencies)
        }
        owners = {fund: (owner, False) for owner, fund in own_funds.items()}
        owners |= {fund: (owner, True) for owner, funds in self._plans.items() for fund in funds}
        self._away, self._support = _transfers(owners)

    def of(self, delegation_id: int, currency: str) -> tuple[Money, Money, Money]:
        """Received, moved away, support, in `currency`."""
        received = self._received.get(currency, {})
        zero = Money.zero(currency)
        own = sum((received.get(fund, zero) for fund in self._plans[delegation_id]), start=zero)
        away = Money(self._away[delegation_id, currency], currency)
        support = Money(self._support[delegation_id, currency], currency)
        # A cheque may come back after its money was moved on: there is never less than nothing.
        own = max(zero, own)
        return own, min(own, max(zero, away)), max(zero, support - min(zero, away))


def _transfers(owners: dict[int, tuple[int, bool]]) -> tuple[dict[tuple[int, str], int], ...]:
    """Minor units moved out of plans' funds and into delegations' own ones, by delegation and currency.

    An entry that only moves money between funds of the same delegation counts for nothing.
    """
    moves: dict[tuple[int, int, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry_id, fund_id, currency, minor in db.session.execute(
        select(Posting.entry_id, Posting.fund_id, Posting.currency, Posting.amount_minor)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(
            Posting.fund_id.in_(owners),
            Account.code == chart.TRANSFERS,
            Posting.category == "",
            JournalEntry.status == EntryStatus.POSTED,
        )
    ):
        owner, of_a_plan = owners[fund_id]
        moves[entry_id, owner, currency][0 if of_a_plan else 1] += minor
    away: dict[tuple[int, str], int] = defaultdict(int)
    support: dict[tuple[int, str], int] = defaultdict(int)
    for (_entry, owner, currency), (plans, own) in moves.items():
        if plans + own:
            away[owner, currency] += plans
            support[owner, currency] -= own
    return away, support


def _services(mine: ColumnElement[bool]) -> dict[tuple[int, str], Money]:
    """What was accepted in kind of each delegation's payers, by currency."""
    rows = db.session.execute(
        select(InKind.delegation_id, InKind.currency, func.sum(InKind.value_minor))
        .join(Delegation, Delegation.id == InKind.delegation_id)
        .where(mine, InKind.state == "accepted")
        .group_by(InKind.delegation_id, InKind.currency)
    )
    return {
        (delegation, currency): Money(int(minor), currency)
        for delegation, currency, minor in rows
        if delegation is not None
    }


def _locks(mine: ColumnElement[bool]) -> dict[int, list[Lock]]:
    """What was decided by hand about who pays what, in the order decided."""
    found: dict[int, list[Lock]] = defaultdict(list)
    for lock, seat, delegation_id in db.session.execute(
        select(AllocationLock, SeatRow.code, SeatRow.delegation_id)
        .join(SeatRow, SeatRow.id == AllocationLock.seat_id)
        .join(Delegation, Delegation.id == SeatRow.delegation_id)
        .where(mine, AllocationLock.lifted_at.is_(None))
        .order_by(AllocationLock.id)
    ):
        found[delegation_id].append(Lock(seat, lock.line, lock.source, lock.amount))
    return found
