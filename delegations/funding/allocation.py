"""Which money pays which line of which seat.

What is best, in this order:

1. **The most is covered.** Own savings may pay any line, so cost is covered up to ``min(need, own + R)``,
   where R is the most that restricted money (grants, matches) can pay. R is a maximum flow from sources
   through seats to groups of lines, and `FlowNetwork` finds it exactly. Of what covers as much, that which
   covers the first seat further, then the second…: a seat that is paid whole is a person who can go.
2. **The unrestricted is spared.** Restricted money pays all it can; own savings pay what is left, the support
   fund what they leave. Among restricted sources, those that nobody else could use and those that may pay
   the fewest groups go first.
   Support stands where the others leave a gap.
3. **The fewest splits.** What each source gives and what of each line is paid is settled by now; who pays
   what is arranged so that the fewest lines have several payers (`fewest`): proven, or told how far off it
   may be.

What somebody decided by hand (`Lock`) is kept before all this, as far as the source reaches.

Where several matches draw on the same cash once only, the highest ratio goes first. That is exact too: what
sources can reach together is a polymatroid, the shared cash is one linear limit on it, and the cheapest
source first, cut off at the limit, attains the optimum; what is cut off is less than one minor unit of any
later source.

Between delegations an agreement's stated order is a rule. First each in turn takes what it needs beyond its
own savings; then, from what caps are left, each in turn takes what spares its own savings. So money that one
delegation could do without never leaves a gap in another. Where a cap is shared out beforehand instead (pro
rata, first come), each has its portion.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from math import floor

from delegations.budgets.lines import CostLine, in_order
from delegations.funding.feeding import START, Feeding, take
from delegations.funding.fewest import fewest_splits
from delegations.funding.flow import FlowNetwork
from delegations.funding.offers import (
    LOCK_OWN,
    LOCK_SUPPORT,
    Agreement,
    DelegationFunding,
    Funding,
    Lock,
    MatchAgreement,
    Seat,
    SeatGrant,
    alike_seats,
    pool,
)
from delegations.funding.splits import Arrangement, Bill, Case, Purse, Shares
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
        self.kept: list[tuple[Lock, int]] = []
        self._offers = funding.for_delegation(delegation.code)
        self._matches = [offer for offer in self._offers if isinstance(offer, MatchAgreement)]
        self._once = not all(match.stacks for match in self._matches)
        present = {other.code for other in funding.delegations}
        self._offers.sort(key=lambda offer: self._rank(offer, present))
        self._locked: dict[tuple[int, str], dict[str, int]] = defaultdict(dict)
        self._flow = FlowNetwork()
        self._goal = self._flow.node()
        self._start: dict[str, int] = {}
        self.capped: set[str] = set()

    def _rank(self, offer: Agreement, present: set[str]) -> tuple[object, ...]:
        """Cheapest in own cash first, then what nobody else could use, then what may pay the least."""
        costs = 1 / offer.ratio if self._once and isinstance(offer, MatchAgreement) else Fraction(0)
        shared = offer.cap is not None and len(present.intersection(offer.serves)) > 1
        return costs, shared, len(offer.eligible), isinstance(offer, MatchAgreement), in_order(offer.code)

    def lay(self, caps: dict[str, int]) -> None:
        """Keep what is locked, taking it off `caps`; then sources → (a seat, for a grant) → groups → goal.

        Seats that cost the same and of which nothing is locked are laid as one: what can reach them together
        is what can reach them one by one.
        """
        self._keep_locks(caps)
        payable = frozenset[str]().union(*(offer.eligible for offer in self._offers))
        costs: dict[tuple[int, str], int] = defaultdict(int)
        alike = alike_seats(self.seats, {index for index, _line in self._locked})
        for index, count in alike.items():
            for line in self.seats[index].lines:
                if line.group in payable:
                    costs[index, line.group] += self._unlocked(index, line) * count
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
                        room = self._room_in_seat(offer, index) * alike[index]
                        self._flow.arc(start, doors[index], room)
                    door = doors[index]
                self._flow.arc(door, node, costs[index, group])

    def _keep_locks(self, caps: dict[str, int]) -> None:
        if not self.delegation.locks:
            return
        places = {
            (seat.code, line.code): (index, line)
            for index, seat in enumerate(self.seats)
            for line in seat.lines
        }
        offers = {offer.code: offer for offer in self._offers}
        for lock in self.delegation.locks:
            if (lock.seat, lock.line) not in places:
                self.kept.append((lock, 0))
                continue
            index, line = places[lock.seat, lock.line]
            offer = offers.get(lock.source)
            amount = min(self._minor(lock.amount), self._unlocked(index, line))
            if offer is None:
                free = {LOCK_OWN: self.delegation.own, LOCK_SUPPORT: self.delegation.support}.get(lock.source)
                amount = min(amount, (free.minor if free else 0) - self.used[lock.source])
            elif line.group not in offer.eligible:
                amount = 0
            else:
                amount = min(amount, self._offered(offer), caps.get(offer.code, amount))
                if not isinstance(offer, MatchAgreement):
                    amount = min(amount, self._room_in_seat(offer, index))
                if offer.code in caps:
                    caps[offer.code] -= amount
            self.used[lock.source] += amount
            here = self._locked[index, line.code]
            if amount:
                here[lock.source] = here.get(lock.source, 0) + amount
            self.kept.append((lock, amount))

    def _unlocked(self, index: int, line: CostLine) -> int:
        """What of a line no lock pays."""
        if not self._locked:
            return line.amount.minor
        return line.amount.minor - sum(self._locked.get((index, line.code), {}).values())

    def _room_in_seat(self, offer: SeatGrant, index: int) -> int:
        locked = (paid.get(offer.code, 0) for (seat, _line), paid in self._locked.items() if seat == index)
        return self._minor(offer.per_seat) - sum(locked)

    def _minor(self, amount: Money) -> int:
        if amount.currency != self.delegation.currency:
            raise CurrencyMismatch(f"{amount} is offered to {self.delegation.code}")
        return amount.minor

    @cached_property
    def need(self) -> int:
        return self.delegation.need.minor

    def nominal(self, offer: Agreement) -> int:
        """What an agreement offers, before caps and eligibility."""
        if isinstance(offer, MatchAgreement):
            return floor(offer.ratio * offer.base(self.delegation).minor)
        return self._minor(offer.per_seat) * len(self.seats)

    def _offered(self, offer: Agreement) -> int:
        """What an agreement still offers, given its portion and the cash that is matched already."""
        offered = self.nominal(offer) - self.used[offer.code]
        if offer.portions is not None:
            portion = offer.portions.get(self.delegation.code)
            offered = min(offered, (self._minor(portion) if portion else 0) - self.used[offer.code])
        if not (self._once and isinstance(offer, MatchAgreement)):
            return offered
        matched = sum(
            self.used[other.code] / other.ratio for other in self._matches if other.basis is offer.basis
        )
        return min(offered, floor(offer.ratio * (pool(self.delegation, offer.basis).minor - matched)))

    def _restricted(self) -> int:
        return sum(self.used[offer.code] for offer in self._offers)

    def pour(self, caps: dict[str, int], demand: int) -> None:
        """Pour restricted money until `demand` is reached in all, taking what is used off `caps`."""
        for offer in self._offers:
            wanted = demand - self._restricted()
            limit = min(wanted, self._offered(offer), caps.get(offer.code, wanted))
            pushed = self._flow.push(self._start[offer.code], self._goal, limit)
            self.used[offer.code] += pushed
            if offer.code in caps:
                caps[offer.code] -= pushed
                if not caps[offer.code]:
                    self.capped.add(offer.code)

    def unused(self, offer: Agreement) -> Unused:
        """Why the rest of an offer stays unused, once all is poured."""
        currency = self.delegation.currency
        lost = self.nominal(offer) - self.used[offer.code]
        eligible = self._flow.could_push(self._start[offer.code], self._goal, lost)
        offered = min(eligible, self._once_offered(offer))
        return Unused(*(Money(part, currency) for part in (lost - eligible, offered, eligible - offered)))

    def _once_offered(self, offer: Agreement) -> int:
        """What would still be offered if its portion were larger."""
        return self._offered(offer if offer.portions is None else replace(offer, portions=None))

    @cached_property
    def spent(self) -> dict[Source, int]:
        """What each source gives in all: agreements in the order poured, own savings, support."""
        found = {source_of(offer): self.used[offer.code] for offer in self._offers}
        left = self.need - self._restricted()
        kept_for_support = self.used[LOCK_SUPPORT]
        found[OWN] = min(self.delegation.own.minor, left - kept_for_support)
        found[SUPPORT] = min(self.delegation.support.minor, left - found[OWN])
        return found

    @cached_property
    def _sources(self) -> list[tuple[Source, str, Agreement | None]]:
        """Each source with what its locks call it."""
        offers: list[tuple[Source, str, Agreement | None]] = [
            (source_of(offer), offer.code, offer) for offer in self._offers
        ]
        return [*offers, (OWN, LOCK_OWN, None), (SUPPORT, LOCK_SUPPORT, None)]

    @cached_property
    def _lines(self) -> list[tuple[int, CostLine]]:
        return [(index, line) for index, seat in enumerate(self.seats) for line in in_line_order(seat)]

    @cached_property
    def arrangement(self) -> Arrangement:
        """Who pays which line: `Arrangement.shares` by the number of the line and of the source."""
        purses = [self._purse(name, source, offer) for source, name, offer in self._sources]
        amounts, start = self._filled(purses)
        support = self._supported(amounts)
        places = {name: place for place, (_source, name, _offer) in enumerate(self._sources)}
        bills = []
        for number, (index, line) in enumerate(self._lines):
            payers = frozenset(
                place
                for place, (_source, _name, offer) in enumerate(self._sources)
                if amounts[number] and purses[place].amount and (not offer or line.group in offer.eligible)
            )
            begun = {places[name] for name in self._locked.get((index, line.code), {})}
            begun |= {places[LOCK_SUPPORT]} if number in support else set()
            bills.append(Bill(index, amounts[number], payers, frozenset(begun)))
        return fewest_splits(Case(tuple(purses), tuple(bills)), start)

    def _purse(self, name: str, source: Source, offer: Agreement | None) -> Purse:
        """What a source gives to what is not locked. Support stands apart: it pays what all others leave."""
        if source is SUPPORT:
            return Purse(0)
        rooms = None
        if isinstance(offer, SeatGrant):
            rooms = tuple(self._room_in_seat(offer, index) for index in range(len(self.seats)))
        return Purse(self.spent[source] - self._locked_in_all(name), rooms)

    def _locked_in_all(self, name: str) -> int:
        return sum(paid.get(name, 0) for paid in self._locked.values())

    def _supported(self, amounts: list[int]) -> dict[int, int]:
        """What support pays of what is left of lines, in their order, where it is not locked."""
        left = self.spent[SUPPORT] - self._locked_in_all(LOCK_SUPPORT)
        found = {}
        for number, (index, line) in enumerate(self._lines):
            if paid := min(left, self._unlocked(index, line) - amounts[number]):
                found[number] = paid
                left -= paid
        return found

    def _filled(self, purses: list[Purse]) -> tuple[list[int], Shares]:
        """What of each line is paid, seat after seat as far as possible, and a first way to pay it."""
        flow = Feeding()
        groups: dict[tuple[int, str], list[int]] = defaultdict(list)
        for number, (index, line) in enumerate(self._lines):
            groups[index, line.group].append(number)
        places = {place: flow.node() for place in groups}
        arcs: dict[tuple[int, str], list[tuple[int, int]]] = defaultdict(list)
        for place, (purse, (_source, _name, offer)) in enumerate(zip(purses, self._sources, strict=True)):
            if purse.amount:
                inlet = flow.node()
                flow.arc(START, inlet, purse.amount)
                for key, arc in self._doors(flow, inlet, purse, offer, places).items():
                    arcs[key].append((place, arc))
        amounts = [
            flow.feed(places[index, line.group], self._unlocked(index, line)) for index, line in self._lines
        ]
        shares: Shares = {}
        for key, numbers in groups.items():
            held = [(place, flow.carried(arc)) for place, arc in arcs[key]]
            for number in numbers:
                shares |= {(number, place): paid for place, paid in take(held, amounts[number])}
        return amounts, shares

    def _doors(
        self,
        flow: Feeding,
        inlet: int,
        purse: Purse,
        offer: Agreement | None,
        places: dict[tuple[int, str], int],
    ) -> dict[tuple[int, str], int]:
        """Arcs from a purse to all that it may pay, through a door a seat where its room is limited."""
        found: dict[tuple[int, str], int] = {}
        doors: dict[int, int] = {}
        for (index, group), place in places.items():
            if offer is not None and group not in offer.eligible:
                continue
            if purse.rooms is not None and index not in doors:
                doors[index] = flow.node()
                flow.arc(inlet, doors[index], purse.rooms[index])
            found[index, group] = flow.arc(doors.get(index, inlet), place, purse.amount)
        return found

    def payments(self) -> Iterator[Payment]:
        """All that is paid: of each line restricted money, then own savings, then support."""
        paid: dict[int, dict[str, int]] = defaultdict(dict)
        for number, (index, line) in enumerate(self._lines):
            if locked := self._locked.get((index, line.code)):
                paid[number] = dict(locked)
        shared = self.arrangement.shares
        named = [(number, self._sources[place][1], amount) for number, place, amount in shared]
        amounts = Counter[int]()
        for number, _name, amount in named:
            amounts[number] += amount
        supported = self._supported([amounts[number] for number in range(len(self._lines))])
        named += [(number, LOCK_SUPPORT, amount) for number, amount in supported.items()]
        for number, name, amount in named:
            paid[number][name] = paid[number].get(name, 0) + amount
        for number, (index, line) in enumerate(self._lines):
            for source, name, _offer in self._sources:
                if amount := paid.get(number, {}).get(name, 0):
                    money = Money(amount, self.delegation.currency)
                    yield Payment(self.seats[index].code, line.code, source, money)


def source_of(offer: Agreement) -> Source:
    """The source that an agreement's money comes from."""
    kind = SourceKind.MATCH if isinstance(offer, MatchAgreement) else SourceKind.GRANT
    return Source(kind, offer.code, offer.label)


def in_line_order(seat: Seat) -> list[CostLine]:
    """A seat's lines as they are served."""
    return sorted(seat.lines, key=lambda line: in_order(line.code))
