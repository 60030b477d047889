"""What an allocation starts from: seats and their cost, own savings, and what funders have agreed to.

Values only. Amounts are facts taken from the ledger (received, moved, decided) or terms of an agreement
(ratio, cap, eligible groups); nothing here is an expectation.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from math import floor

from delegations.budgets.lines import CostLine, in_order
from delegations.funding.sharing import Arrival, Shared
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import CurrencyMismatch, Money


class OrdersDisagree(DomainError):
    """One agreement serves A before B, another B before A."""

    code = "orders_disagree"
    message = _l("Two agreements serve the same delegations in opposite orders: %(delegations)s.")


@dataclass(frozen=True, slots=True)
class Seat:
    """One active seat and the lines it costs. Seats are served in the order of their codes."""

    code: str
    lines: tuple[CostLine, ...]


@dataclass(frozen=True, slots=True)
class Lock:
    """Somebody decided that `source` pays at least `amount` of a line of a seat, whatever else would be best.

    `source` is an agreement's code, or `LOCK_OWN` or `LOCK_SUPPORT`. It is kept as far as the source reaches.
    """

    seat: str
    line: str
    source: str
    amount: Money


LOCK_OWN, LOCK_SUPPORT = "own", "support"


@dataclass(frozen=True, slots=True)
class DelegationFunding:
    """What one delegation needs and has of its own.

    `received` is the cash of its own payers, the basis of matches once `moved_away` (by a minuted decision)
    is taken off. `support` is what the support fund's decisions gave it, `services` what its payers gave in
    kind and was accepted: never cash, but the basis of a match that says so.
    """

    code: str
    currency: str
    seats: tuple[Seat, ...]
    received: Money
    moved_away: Money
    support: Money
    locks: tuple[Lock, ...] = ()
    services: Money | None = None

    def __post_init__(self) -> None:
        budgets = [lines for lines, _seats in self.budgets()]
        amounts = [line.amount for lines in budgets for line in lines]
        for amount in (self.received, self.moved_away, self.support, self.own, *amounts):
            if amount.currency != self.currency:
                raise CurrencyMismatch(f"{amount} in {self.code}, which counts in {self.currency}")
            if amount.minor < 0:
                raise ValueError(f"{self.code}: {amount} is less than nothing")
        if len({seat.code for seat in self.seats}) < len(self.seats):
            raise ValueError(f"{self.code}: two seats of one code")
        kinds = {(line.code, line.group) for lines in budgets for line in lines}
        if len({code for code, _group in kinds}) < len(kinds):
            raise ValueError(f"{self.code}: a line is of one group in every seat")

    @property
    def own(self) -> Money:
        """Own cash that is still there for its seats, and that matches are counted on."""
        return self.received - self.moved_away

    @property
    def need(self) -> Money:
        return self._costs(lambda _line: True)

    def eligible_need(self, groups: frozenset[str]) -> Money:
        """What the lines of these groups cost, over all seats."""
        return self._costs(lambda line: line.group in groups)

    def budgets(self) -> list[tuple[tuple[CostLine, ...], int]]:
        """What seats cost, and how many share the same lines: mostly all of them."""
        shared = Counter(id(seat.lines) for seat in self.seats)
        different = {id(seat.lines): seat.lines for seat in self.seats}
        return [(lines, shared[key]) for key, lines in different.items()]

    def _costs(self, counts: Callable[[CostLine], bool]) -> Money:
        each = ((line.amount.minor * seats, line) for lines, seats in self.budgets() for line in lines)
        return Money(sum(minor for minor, line in each if counts(line)), self.currency)


def alike_seats(seats: Sequence[Seat], apart: Set[int]) -> dict[int, int]:
    """The first of each kind of seats that share their lines, and how many there are; some stand `apart`."""
    first: dict[tuple[int, int], int] = {}
    found = Counter[int]()
    for index, seat in enumerate(seats):
        kind = id(seat.lines), index if index in apart else -1
        found[first.setdefault(kind, index)] += 1
    return found


class Basis(StrEnum):
    """What a match is counted on."""

    CASH = "cash"
    SERVICES = "services"


@dataclass(frozen=True, slots=True)
class MatchAgreement:
    """A funder adds `ratio` times the own cash received, for lines of the `eligible` groups.

    `serves` is the order in which delegations draw on the `cap`, unless none is stated (not `in_turn`: the
    orders of others decide, then codes); with `portions` (by delegation) the cap is shared out beforehand
    and no order counts. Unless it `stacks`, the funder matches no dollar that another
    has matched; as soon as one agreement of a delegation refuses, each dollar of that delegation is
    matched once only. `counted` (by delegation) is the part of its base that falls within the agreement's
    window, from `opens` to `closes`; without it all counts. `shared` tells how the cap was shared out, where
    a rule does it.
    """

    code: str
    label: str
    ratio: Fraction
    eligible: frozenset[str]
    serves: tuple[str, ...]
    cap: Money | None = None
    in_turn: bool = True
    stacks: bool = False
    basis: Basis = Basis.CASH
    counted: Mapping[str, Money] | None = None
    portions: Mapping[str, Money] | None = None
    shared: Shared | None = None
    opens: date | None = None
    closes: date | None = None

    def base(self, delegation: DelegationFunding) -> Money:
        """What of a delegation's cash or services this agreement doubles."""
        whole = pool(delegation, self.basis)
        return whole if self.counted is None else min(whole, self.counted.get(delegation.code, whole * 0))

    def is_open(self, on: date) -> bool:
        """Whether what arrives on a day is doubled."""
        return within(on, self.opens, self.closes)

    def limit(self, delegation: DelegationFunding) -> int:
        """The most it may give a delegation of what its base earns and it may pay, in minor units."""
        earned = floor(self.ratio * self.base(delegation).minor)
        return min(earned, delegation.eligible_need(self.eligible).minor)

    def with_saved(self, delegation: DelegationFunding, more: Money, on: date) -> "MatchAgreement":
        """The same once `more` cash of a delegation arrived on a day; `delegation` has it already."""
        if self.basis is not Basis.CASH or not self.is_open(on):
            return self
        code, match = delegation.code, self
        if match.counted is not None:
            within = match.counted.get(code, more * 0) + more
            match = replace(match, counted={**match.counted, code: within})
        if match.shared is None:
            return match
        came = Arrival(on, sys.maxsize, code, more.minor)
        shared = match.shared.with_arrival(came, match.limit(delegation))
        share = Money(shared.portions()[code], more.currency)
        return replace(match, shared=shared, portions={**(match.portions or {}), code: share})


def within(day: date, opens: date | None, closes: date | None) -> bool:
    """Whether a day falls within a window, both of its days included; it may have no end."""
    return (not opens or opens <= day) and (not closes or day <= closes)


def pool(delegation: DelegationFunding, basis: Basis) -> Money:
    """What matches of one basis share: each dollar of it is matched once, unless all agree to stack."""
    if basis is Basis.CASH:
        return delegation.own
    return delegation.services or Money.zero(delegation.currency)


@dataclass(frozen=True, slots=True)
class SeatGrant:
    """A funder gives up to `per_seat` for lines of the `eligible` groups; all else as in a match."""

    code: str
    label: str
    per_seat: Money
    eligible: frozenset[str]
    serves: tuple[str, ...]
    cap: Money | None = None
    in_turn: bool = True
    portions: Mapping[str, Money] | None = None
    shared: Shared | None = None


class Condition(StrEnum):
    """What a pledge waits for."""

    CHARITY_NUMBER = "charity_number"
    SIGNATURE = "signature"


@dataclass(frozen=True, slots=True)
class BlockedPledge:
    """A promise that counts nothing until its condition is met. `serves` is `None` for every delegation."""

    code: str
    label: str
    amount: Money
    condition: Condition
    serves: tuple[str, ...] | None = None


Agreement = MatchAgreement | SeatGrant


@dataclass(frozen=True, slots=True)
class Funding:
    """A whole network: delegations, and the agreements that they share.

    An agreement may name delegations that are not here (declined, without seats): they take nothing of it.
    """

    delegations: tuple[DelegationFunding, ...]
    matches: tuple[MatchAgreement, ...] = ()
    grants: tuple[SeatGrant, ...] = ()
    pledges: tuple[BlockedPledge, ...] = ()

    def __post_init__(self) -> None:
        for codes in ([d.code for d in self.delegations], [a.code for a in self.agreements]):
            if len(set(codes)) < len(codes):
                raise ValueError(f"a code stands twice in {sorted(codes)}")

    @property
    def agreements(self) -> tuple[Agreement, ...]:
        return (*self.grants, *self.matches)

    def for_delegation(self, code: str) -> list[Agreement]:
        """The agreements that serve a delegation."""
        return [agreement for agreement in self.agreements if code in agreement.serves]

    def in_service_order(self) -> list[DelegationFunding]:
        """Delegations so that each agreement meets them in its own order; by code where none cares.

        Raises `OrdersDisagree` when no such order exists.
        """
        by_code = {delegation.code: delegation for delegation in self.delegations}
        return [by_code[code] for code in _service_order(by_code, self.agreements)]


def _service_order(codes: Iterable[str], agreements: Iterable[Agreement]) -> list[str]:
    sorter = TopologicalSorter[str](dict.fromkeys(codes, ()))
    known = set(codes)
    for agreement in agreements:
        if agreement.portions is not None or not agreement.in_turn:
            continue  # its cap is shared out, or it serves everybody: nobody comes before anybody
        for earlier, later in pairwise(code for code in agreement.serves if code in known):
            sorter.add(later, earlier)
    try:
        sorter.prepare()
    except CycleError as cycle:
        raise OrdersDisagree(delegations=", ".join(sorted(set(cycle.args[1])))) from cycle
    order: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready(), key=in_order)
        order += ready
        sorter.done(*ready)
    return order
