"""Which money pays which line of which seat.

What is best, in this order:

1. **The most is covered.** Own savings may pay any line, so cost is covered up to ``min(need, own + R)``,
   where R is the most that restricted money (grants, matches) can pay. R is a maximum flow from sources
   through seats to groups of lines, and `FlowNetwork` finds it exactly.
2. **The unrestricted is spared.** Restricted money pays all it can; own savings pay what is left, the support
   fund what they leave. Among restricted sources, those that nobody else could use and those that may pay
   the fewest groups go first.
3. **Few splits.** Sources are poured one after another into seats and lines in their order, so n sources
   that meet in one group of a seat's lines split n - 1 of these at the most. This is a bound, not a proven
   minimum: fewest splits is a packing problem, and filling seat after seat is worth more to people.

Where several matches draw on the same cash once only, the highest ratio goes first. That is exact too: what
sources can reach together is a polymatroid, the shared cash is one linear limit on it, and the cheapest
source first, cut off at the limit, attains the optimum; what is cut off is less than one minor unit of any
later source.

Between delegations an agreement's stated order is a rule. First each in turn takes what it needs beyond its
own savings; then, from what caps are left, each in turn takes what spares its own savings. So money that one
delegation could do without never leaves a gap in another.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from math import floor

from delegations.budgets.lines import CostLine, in_order
from delegations.funding.flow import FlowNetwork
from delegations.funding.offers import Agreement, DelegationFunding, Funding, MatchAgreement, Seat
from shared.money import CurrencyMismatch, Money


class SourceKind(StrEnum):
    """Five sources that are never netted; services in kind are not cash and do not come here."""

    OWN = "own"
    MATCH = "match"
    GRANT = "grant"
    SUPPORT = "support"


@dataclass(frozen=True, slots=True)
class Source:
    """Where money comes from. `code` and `label` are the agreement's; empty for own savings and support."""

    kind: SourceKind
    code: str = ""
    label: str = ""


OWN, SUPPORT = Source(SourceKind.OWN), Source(SourceKind.SUPPORT)


@dataclass(frozen=True, slots=True)
class Payment:
    """So much of a source pays one line of one seat."""

    seat: str
    line: str
    source: Source
    amount: Money


@dataclass(frozen=True, slots=True)
class Unused:
    """Why part of what an agreement offered a delegation is not used. The three add up to what is not."""

    ineligible: Money
    over_cap: Money
    already_matched: Money


class Pouring:
    """One delegation's restricted money on its way to its lines. Whole numbers of minor units inside."""

    def __init__(self, funding: Funding, delegation: DelegationFunding) -> None:
        self.delegation = delegation
        self.seats = sorted(delegation.seats, key=lambda seat: in_order(seat.code))
        self.used: dict[str, int] = defaultdict(int)
        self._offers = funding.for_delegation(delegation.code)
        matches = [offer for offer in self._offers if isinstance(offer, MatchAgreement)]
        self._once = not all(match.stacks for match in matches)
        present = {other.code for other in funding.delegations}
        self._offers.sort(key=lambda offer: self._rank(offer, present))
        self._flow = FlowNetwork()
        self._goal = self._flow.node()
        self._start: dict[str, int] = {}
        self._arcs: list[tuple[int, str, Agreement, int]] = []
        self._lay()

    def _rank(self, offer: Agreement, present: set[str]) -> tuple[object, ...]:
        """Cheapest in own cash first, then what nobody else could use, then what may pay the least."""
        costs = 1 / offer.ratio if self._once and isinstance(offer, MatchAgreement) else Fraction(0)
        shared = offer.cap is not None and len(present.intersection(offer.serves)) > 1
        return costs, shared, len(offer.eligible), isinstance(offer, MatchAgreement), in_order(offer.code)

    def _lay(self) -> None:
        """Sources → (each seat, for a grant) → groups of costs of a seat → goal."""
        payable = frozenset[str]().union(*(offer.eligible for offer in self._offers))
        costs: dict[tuple[int, str], int] = defaultdict(int)
        for index, seat in enumerate(self.seats):
            for line in seat.lines:
                if line.group in payable:
                    costs[index, line.group] += line.amount.minor
        groups = {place: self._flow.node() for place in sorted(costs)}
        for place, node in groups.items():
            self._flow.arc(node, self._goal, costs[place])
        for offer in self._offers:
            start = self._start[offer.code] = self._flow.node()
            doors: dict[int, int] = {}
            for (index, group), node in groups.items():
                if group not in offer.eligible:
                    continue
                door = start
                if not isinstance(offer, MatchAgreement):
                    if index not in doors:
                        doors[index] = self._flow.node()
                        self._flow.arc(start, doors[index], self._minor(offer.per_seat))
                    door = doors[index]
                arc = self._flow.arc(door, node, costs[index, group])
                self._arcs.append((index, group, offer, arc))

    def _minor(self, amount: Money) -> int:
        if amount.currency != self.delegation.currency:
            raise CurrencyMismatch(f"{amount} is offered to {self.delegation.code}")
        return amount.minor

    def nominal(self, offer: Agreement) -> int:
        """What an agreement offers, before caps and eligibility."""
        if isinstance(offer, MatchAgreement):
            return floor(offer.ratio * self.delegation.own.minor)
        return self._minor(offer.per_seat) * len(self.seats)

    def _offered(self, offer: Agreement) -> int:
        """What an agreement still offers, given the cash that is matched already."""
        if not (self._once and isinstance(offer, MatchAgreement)):
            return self.nominal(offer) - self.used[offer.code]
        matched = sum(
            self.used[other.code] / other.ratio for other in self._offers if isinstance(other, MatchAgreement)
        )
        return floor(offer.ratio * (self.delegation.own.minor - matched))

    def pour(self, caps: dict[str, int], demand: int) -> None:
        """Pour restricted money until `demand` is reached in all, taking what is used off `caps`."""
        for offer in self._offers:
            wanted = demand - sum(self.used.values())
            limit = min(wanted, self._offered(offer), caps.get(offer.code, wanted))
            pushed = self._flow.push(self._start[offer.code], self._goal, limit)
            self.used[offer.code] += pushed
            if offer.code in caps:
                caps[offer.code] -= pushed

    def unused(self, offer: Agreement) -> Unused:
        """Why the rest of an offer stays unused, once all is poured."""
        currency = self.delegation.currency
        lost = self.nominal(offer) - self.used[offer.code]
        eligible = self._flow.could_push(self._start[offer.code], self._goal, lost)
        offered = min(eligible, self._offered(offer))
        return Unused(*(Money(part, currency) for part in (lost - eligible, offered, eligible - offered)))

    def payments(self) -> Iterator[Payment]:
        """All that is paid: restricted money, then own savings, then support, by seat and line."""
        currency = self.delegation.currency
        given: dict[tuple[int, str], list[tuple[Source, int]]] = defaultdict(list)
        for index, group, offer, arc in self._arcs:
            given[index, group].append((source_of(offer), self._flow.carried(arc)))
        own, support = self.delegation.own.minor, self.delegation.support.minor
        for index, seat in enumerate(self.seats):
            for line in in_line_order(seat):
                left = line.amount.minor
                for source, amount in _take(given[index, line.group], left):
                    left -= amount
                    yield Payment(seat.code, line.code, source, Money(amount, currency))
                if paid := min(own, left):
                    own, left = own - paid, left - paid
                    yield Payment(seat.code, line.code, OWN, Money(paid, currency))
                if paid := min(support, left):
                    support -= paid
                    yield Payment(seat.code, line.code, SUPPORT, Money(paid, currency))


def _take(purse: list[tuple[Source, int]], wanted: int) -> list[tuple[Source, int]]:
    """Up to `wanted` out of a purse, source after source."""
    taken = []
    while wanted and purse:
        source, held = purse.pop(0)
        amount = min(held, wanted)
        if held > amount:
            purse.insert(0, (source, held - amount))
        if amount:
            taken.append((source, amount))
        wanted -= amount
    return taken


def source_of(offer: Agreement) -> Source:
    """The source that an agreement's money comes from."""
    kind = SourceKind.MATCH if isinstance(offer, MatchAgreement) else SourceKind.GRANT
    return Source(kind, offer.code, offer.label)


def in_line_order(seat: Seat) -> list[CostLine]:
    """A seat's lines as they are served."""
    return sorted(seat.lines, key=lambda line: in_order(line.code))
