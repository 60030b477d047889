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

from sqlalchemy import ColumnElement, func, select

from delegations.budgets.queries import prices_of
from delegations.budgets.versions import seat_budgets
from delegations.funding.allocation_models import AllocationLock
from delegations.funding.circles import BETWEEN, Circle, Covered, Member, bound, covered, joined
from delegations.funding.coverage import Coverage, NetworkCoverage
from delegations.funding.offer_queries import offered, with_arrivals
from delegations.funding.offers import Lock
from delegations.funding.service_models import InKind
from delegations.funding.terms import Terms
from delegations.models import Delegation, DelegationStatus, SavingsPlan
from delegations.models import Seat as SeatRow
from delegations.seats.seats import ACTIVE
from events.models import Edition
from shared.database import db
from treasury import chart
from treasury.balance_models import PostedBalance
from treasury.models import Account, EntryStatus, JournalEntry, Posting

_GONE = (DelegationStatus.DECLINED, DelegationStatus.WITHDRAWN)


def coverage_of(delegation: Delegation) -> Coverage:
    """The coverage of one delegation, as it is within its edition."""
    return covered_around(delegation).network.delegations[delegation.code]


def covered_around(delegation: Delegation) -> Covered:
    """What funds and covers a delegation and all that share a funder with it. Raises `OrdersDisagree`."""
    whole = _read(delegation.edition, [delegation], {})
    return next(
        covered(one) for one in whole.circles() if delegation.code in (member.code for member in one.members)
    )


def network_coverage(
    edition: Edition,
    asked: Iterable[Delegation] | None = None,
    instead: Mapping[int, Terms] | None = None,
) -> NetworkCoverage:
    """The coverage of every delegation of an edition, or at least of those `asked`.

    `instead` puts other terms (of another version, say) in the place of those of agreements, by their ids.
    Raises `OrdersDisagree`.
    """
    return joined(_read(edition, asked, instead or {}).circles())


def _read(edition: Edition, asked: Iterable[Delegation] | None, instead: Mapping[int, Terms]) -> Circle:
    """What is known of an edition's delegations, and what its funders offer.

    With some `asked`: of them and of all that share a funder with them, or with those; nobody else can change
    what they are covered by.
    """
    offers, mine = offered(edition.id, instead), Delegation.edition_id == edition.id
    if asked is not None and all(one.terms.serves for one in offers if not one.terms.blocked):
        ids = {one.id for one in asked}
        stands = bound(ids, offers)
        wanted = {stands[one] for one in ids}
        mine &= Delegation.id.in_([one for one, stand in stands.items() if stand in wanted])
    rows = db.session.execute(
        select(Delegation.id, Delegation.code, Delegation.status).where(mine).order_by(Delegation.id)
    ).all()
    budgets = seat_budgets(edition.id)
    prices = {budget.id: prices_of(budget) for budget in budgets.values()}
    seats, received, transfers = _active_seats(mine), _received(mine), _transfers(mine)
    locks, given = _locks(), _services(mine)
    members = []
    for key, code, status in rows:
        budget = budgets.get(key) or budgets.get(None)
        price = prices[budget.id] if budget else ()
        currency = price[0][0].amount.currency if price else edition.currency
        place = key, currency
        moved, support = transfers.get(place, (0, 0))
        # A cheque may come back after its money was moved on: there is never less than nothing.
        own = max(0, received.get(place, 0))
        members.append(
            Member(
                key,
                code,
                currency,
                budget.id if budget else None,
                "" if status in _GONE else seats.get(key, ""),
                own,
                min(own, max(0, moved)),
                max(0, support - min(0, moved)),
                given.get(place),
                tuple(one for one in locks[key] if one.amount.currency == currency) if key in locks else (),
            )
        )
    codes = {one.id: one.code for one in members}
    return Circle(tuple(members), prices, tuple(with_arrivals(one, codes) for one in offers))


def _active_seats(mine: ColumnElement[bool]) -> dict[int, str]:
    """Codes of the seats that cost something, with `BETWEEN` between them, by delegation."""
    rows = db.session.execute(
        select(SeatRow.delegation_id, func.aggregate_strings(SeatRow.code, BETWEEN).label("codes"))
        .join(Delegation, Delegation.id == SeatRow.delegation_id)
        .where(mine, SeatRow.status.in_(ACTIVE))
        .group_by(SeatRow.delegation_id)
    )
    return {row.delegation_id: row.codes for row in rows}


def _received(mine: ColumnElement[bool]) -> dict[tuple[int, str], int]:
    """What came into the plans of each delegation, by currency, as the database counts it."""
    rows = db.session.execute(
        select(SavingsPlan.delegation_id, Account.currency, -func.sum(PostedBalance.minor))
        .join(Delegation, Delegation.id == SavingsPlan.delegation_id)
        .join(PostedBalance, PostedBalance.fund_id == SavingsPlan.fund_id)
        .join(Account, Account.id == PostedBalance.account_id)
        .where(mine, Account.code == chart.SAVINGS)
        .group_by(SavingsPlan.delegation_id, Account.currency)
    )
    return {(delegation, currency): int(minor) for delegation, currency, minor in rows}


def _transfers(mine: ColumnElement[bool]) -> dict[tuple[int, str], tuple[int, int]]:
    """What was moved out of plans' funds and into delegations' own ones, by delegation and currency.

    An entry that only moves money between funds of the same delegation counts for nothing.
    """
    funds = (
        select(PostedBalance.fund_id)
        .join(Account, Account.id == PostedBalance.account_id)
        .where(Account.code == chart.TRANSFERS)
    )
    own = select(Delegation.fund_id, Delegation.id).where(mine, Delegation.fund_id.in_(funds))
    plans = (
        select(SavingsPlan.fund_id, SavingsPlan.delegation_id)
        .join(Delegation, Delegation.id == SavingsPlan.delegation_id)
        .where(mine, SavingsPlan.fund_id.in_(funds))
    )
    owners = {fund: (owner, 1) for fund, owner in db.session.execute(own)}
    owners |= {fund: (owner, 0) for fund, owner in db.session.execute(plans)}
    moving = (
        select(Posting.entry_id, Posting.fund_id, Posting.currency, Posting.amount_minor)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(
            Posting.fund_id.in_(owners),
            Account.code == chart.TRANSFERS,
            Posting.category == "",
            JournalEntry.status == EntryStatus.POSTED,
        )
    )
    moves: dict[tuple[int, int, str], list[int]] = defaultdict(lambda: [0, 0])
    for entry, fund, currency, minor in db.session.execute(moving) if owners else ():
        owner, place = owners[fund]
        moves[entry, owner, currency][place] += minor
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for (_entry, owner, currency), (out, into) in moves.items():
        if out + into:
            away, support = found.get((owner, currency), (0, 0))
            found[owner, currency] = away + out, support - into
    return found


def _services(mine: ColumnElement[bool]) -> dict[tuple[int, str], int]:
    """What was accepted in kind of each delegation's payers, by currency."""
    rows = db.session.execute(
        select(InKind.delegation_id, InKind.currency, func.sum(InKind.value_minor))
        .join(Delegation, Delegation.id == InKind.delegation_id)
        .where(mine, InKind.state == "accepted")
        .group_by(InKind.delegation_id, InKind.currency)
    )
    return {
        (delegation, currency): int(minor) for delegation, currency, minor in rows if delegation is not None
    }


def _locks() -> dict[int, list[Lock]]:
    """What was decided by hand about who pays what, in the order decided."""
    found: dict[int, list[Lock]] = defaultdict(list)
    for lock, seat, delegation_id in db.session.execute(
        select(AllocationLock, SeatRow.code, SeatRow.delegation_id)
        .join(SeatRow, SeatRow.id == AllocationLock.seat_id)
        .where(AllocationLock.lifted_at.is_(None))
        .order_by(AllocationLock.id)
    ):
        found[delegation_id].append(Lock(seat, lock.line, lock.source, lock.amount))
    return found
