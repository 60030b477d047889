"""Circles of delegations that share funders: what was read of them, and what they are covered by.

Nobody outside a circle can change what its delegations are covered by, and nothing but what was read can. So
what was worked out is kept beside all that it was worked out from, and told again as long as what is read is
the same, fact by fact: nothing has to be forgotten in time, and nothing told can be older than the books.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from delegations.budgets.lines import in_order
from delegations.budgets.queries import Prices, seat_lines
from delegations.budgets.versions import GROUPS
from delegations.funding.coverage import NetworkCoverage, cover
from delegations.funding.offers import (
    BlockedPledge,
    DelegationFunding,
    Funding,
    Lock,
    MatchAgreement,
    Seat,
    SeatGrant,
)
from delegations.funding.sharing import Arrival, FirstCome, InProportion, Shared
from delegations.funding.terms import Sharing, Terms
from delegations.models import FundingKind
from shared.money import Money

BETWEEN = "\n"
"""Stands between the codes of seats."""


class Member(NamedTuple):
    """What was read of a delegation. Minor units of `currency`.

    `seats` are the codes of those that cost something, with `BETWEEN` between them; `budget` says which of
    the circle's prices they cost.
    """

    id: int
    code: str
    currency: str
    budget: int | None
    seats: str
    received: int
    moved_away: int
    support: int
    services: int | None
    locks: tuple[Lock, ...]


class Offered(NamedTuple):
    """What was read of an agreement: its terms and, where they ask when base money came, its arrivals."""

    code: str
    terms: Terms
    arrivals: tuple[Arrival, ...] = ()


@dataclass(frozen=True, slots=True)
class Circle:
    """Delegations, what their seats cost by budget, and what they are offered; all that covers them."""

    members: tuple[Member, ...]
    prices: Mapping[int, Prices]
    offered: tuple[Offered, ...]

    def circles(self) -> list["Circle"]:
        """The circles that these are, each with what its delegations cost and are offered."""
        stands = bound([one.id for one in self.members], self.offered)
        members: dict[int, list[Member]] = defaultdict(list)
        for one in self.members:
            members[stands[one.id]].append(one)
        serving: dict[int, list[Offered]] = {stand: [] for stand in members}
        for offer in self.offered:
            for stand in {stands.get(one) for one in offer.terms.serves} or serving:
                if stand in serving:
                    serving[stand].append(offer)
        return [self._circle(mine, serving[stand]) for stand, mine in members.items()] or [self]

    def _circle(self, members: list[Member], offered: list[Offered]) -> "Circle":
        prices = {one.budget: self.prices[one.budget] for one in members if one.budget is not None}
        return Circle(tuple(members), prices, tuple(offered))

    def funding(self) -> Funding:
        """What the delegations need and have, and what they are offered."""
        delegations = {one.code: self._delegation(one) for one in self.members}
        return Funding(tuple(delegations.values()), *self._offers(delegations))

    def _delegation(self, one: Member) -> DelegationFunding:
        codes = sorted(one.seats.split(BETWEEN), key=in_order) if one.seats else []
        lines = [()] * len(codes) if one.budget is None else seat_lines(self.prices[one.budget], len(codes))
        return DelegationFunding(
            one.code,
            one.currency,
            tuple(map(Seat, codes, lines)),
            Money(one.received, one.currency),
            Money(one.moved_away, one.currency),
            Money(one.support, one.currency),
            locks=one.locks,
            services=None if one.services is None else Money(one.services, one.currency),
        )

    def _offers(
        self, delegations: Mapping[str, DelegationFunding]
    ) -> tuple[tuple[MatchAgreement, ...], tuple[SeatGrant, ...], tuple[BlockedPledge, ...]]:
        """Matches, grants and blocked pledges. A promise that waits for nothing any more is a grant."""
        matches: list[MatchAgreement] = []
        grants: list[SeatGrant] = []
        pledges: list[BlockedPledge] = []
        for one in self.offered:
            terms, serves = one.terms, self._served(one.terms)
            if serves is None:
                continue  # it serves only others
            if terms.blocked:
                if terms.amount:
                    named = serves if terms.serves else None
                    pledges.append(BlockedPledge(one.code, terms.name, terms.amount, terms.blocked, named))
            elif terms.kind is FundingKind.MATCH:
                matches.append(_match(one, delegations, serves))
            else:
                grants.append(_grant(one, delegations, serves))
        return tuple(matches), tuple(grants), tuple(pledges)

    def _served(self, terms: Terms) -> tuple[str, ...] | None:
        """Codes of the delegations served that count in the currency of the terms; None for nobody here."""
        here = {one.id: one for one in self.members}
        named = [here[one] for one in terms.serves if one in here]
        if terms.serves and not named:
            return None
        every = named or sorted(self.members, key=lambda one: one.code)
        return tuple(one.code for one in every if one.currency == terms.currency)


def _match(
    one: Offered, delegations: Mapping[str, DelegationFunding], serves: tuple[str, ...]
) -> MatchAgreement:
    terms = one.terms
    match = MatchAgreement(
        one.code,
        terms.name,
        terms.ratio,
        frozenset(terms.categories or GROUPS),
        serves,
        terms.cap,
        in_turn=bool(terms.serves),
        stacks=terms.stacks,
        basis=terms.basis,
        opens=terms.opens,
        closes=terms.closes,
    )
    arrivals = [came for came in one.arrivals if came.delegation in serves]
    if terms.opens or terms.closes:
        match = replace(match, counted=_together(arrivals, serves, terms.currency))
    if terms.cap is None or terms.sharing is Sharing.STATED:
        return match
    limits = {served: match.limit(delegations[served]) for served in serves}
    shared: Shared = InProportion(terms.cap.minor, limits)
    if terms.sharing is Sharing.FIRST_COME:
        shared = FirstCome(terms.cap.minor, limits, terms.ratio, tuple(arrivals))
    return replace(match, shared=shared, portions=_in(terms.currency, shared.portions()))


def _grant(one: Offered, delegations: Mapping[str, DelegationFunding], serves: tuple[str, ...]) -> SeatGrant:
    """A grant a seat; a pledge gives its amount once, not once a seat."""
    terms = one.terms
    amount = terms.amount or Money.zero(terms.currency)
    cap = amount if terms.cap is None and terms.kind is FundingKind.PLEDGE else terms.cap
    payable = frozenset(terms.categories or GROUPS)
    grant = SeatGrant(one.code, terms.name, amount, payable, serves, cap, in_turn=bool(terms.serves))
    if cap is None or terms.sharing is not Sharing.PRO_RATA:
        return grant
    limits = {
        served: min(
            amount.minor * len(delegations[served].seats),
            delegations[served].eligible_need(grant.eligible).minor,
        )
        for served in serves
    }
    shared = InProportion(cap.minor, limits)
    return replace(grant, shared=shared, portions=_in(terms.currency, shared.portions()))


def _together(arrivals: list[Arrival], serves: tuple[str, ...], currency: str) -> dict[str, Money]:
    sums = dict.fromkeys(serves, 0)
    for one in arrivals:
        sums[one.delegation] += one.minor
    return _in(currency, {code: max(0, minor) for code, minor in sums.items()})


def _in(currency: str, minors: Mapping[str, int]) -> dict[str, Money]:
    return {code: Money(minor, currency) for code, minor in minors.items()}


def bound(ids: Iterable[int], offered: Iterable[Offered]) -> dict[int, int]:
    """By the id of a delegation (one of `ids`, or served by name) the id that stands for its circle.

    An agreement that waits for something binds nobody.
    """
    binding = [one.terms.serves for one in offered if not one.terms.blocked]
    stands = {one: one for one in (*ids, *(one for serves in binding for one in serves))}

    def circle(one: int) -> int:
        while stands[one] != one:
            stands[one] = one = stands[stands[one]]
        return one

    for serves in binding:
        together = list(serves or stands)
        for other in together[1:]:
            stands[circle(other)] = circle(together[0])
    return {one: circle(one) for one in stands}


@dataclass(frozen=True, slots=True)
class Covered:
    """A circle's funding, and its coverage."""

    funding: Funding
    network: NetworkCoverage


_KEPT: dict[str, tuple[Circle, Covered]] = {}
"""By the code of a circle's first delegation what it was when it was last asked for, and its coverage."""


def covered(circle: Circle) -> Covered:
    """What covers a circle. Raises `OrdersDisagree`."""
    name = circle.members[0].code if circle.members else ""
    kept = _KEPT.get(name)
    if kept is None or kept[0] != circle:
        funding = circle.funding()
        kept = _KEPT[name] = circle, Covered(funding, cover(funding))
    return kept[1]


def joined(circles: Sequence[Circle]) -> NetworkCoverage:
    """What covers several circles: delegations and agreements by their codes. Raises `OrdersDisagree`."""
    found = [covered(one).network for one in circles]
    if len(found) == 1:
        return found[0]
    delegations = {code: one for network in found for code, one in network.delegations.items()}
    funders = {code: use for network in found for code, use in network.funders.items()}
    return NetworkCoverage(
        {code: delegations[code] for code in sorted(delegations, key=in_order)},
        {code: funders[code] for code in sorted(funders)},
    )
