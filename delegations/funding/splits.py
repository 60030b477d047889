"""The fewest splits: who pays which bill, once it is settled what each gives and what of each is paid.

Purses and bills are a transport problem, and what counts is how many of its cells are not empty. In a
solution without cycles, purses and the bills they share hang together in blocks, and a block of k purses
splits k - 1 times: so the fewest splits are as many blocks as possible, each of which comes out even by
itself. That is bin packing, for which no quick way is known; here is what is done, in this order:

1. `start` (any way to pay) loses its cycles, which leaves at most one split less than there are purses.
2. Each split that is left is tried away: two purses exchange whole bills so that the shared one is freed.
3. A bound is proven from below (`bounds`): which groups of purses could come out even at all.
4. Where the two differ and the case is small enough, an integer programme decides (`programme`).

The answer says how many splits there are and how few there could be: when they are equal it is the optimum.
Everything is whole numbers, taken in a fixed order: the same case gives the same answer.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations

Shares = dict[tuple[int, int], int]
"""What is paid: (bill, purse) → amount above zero."""

_SUMS = 20_000  # how many different sums an exchange looks at on each side
_COPIES = 8  # and how many bills of one amount


@dataclass(frozen=True, slots=True)
class Purse:
    """An amount that is spent whole; with `rooms`, at most so much of it in each seat."""

    amount: int
    rooms: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class Bill:
    """What is to be paid of one line of one seat, by some of the `payers`; `begun` pay another part of it."""

    seat: int
    amount: int
    payers: frozenset[int]
    begun: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """Purses and bills that come out even together."""

    purses: tuple[Purse, ...]
    bills: tuple[Bill, ...]


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Who pays what; how many more payments than bills that is; how few it is at the very least."""

    shares: tuple[tuple[int, int, int], ...]
    splits: int
    at_least: int

    @property
    def proven(self) -> bool:
        return self.splits == self.at_least


def count(case: Case, shares: Mapping[tuple[int, int], int]) -> int:
    """How many more payments there are than bills paid."""
    payers: dict[int, set[int]] = defaultdict(set)
    for bill, purse in shares:
        payers[bill].add(purse)
    splits = sum(len(found | case.bills[bill].begun) - 1 for bill, found in payers.items())
    return splits + sum(
        len(bill.begun) - 1 for place, bill in enumerate(case.bills) if bill.begun and place not in payers
    )


class Hanging:
    """What hangs together. Nothing is taken apart again: it may say yes where that is over."""

    def __init__(self) -> None:
        self._towards: dict[object, object] = {}

    def join(self, one: object, other: object) -> bool:
        """Join two things; whether they hung together before."""
        first, second = self._end(one), self._end(other)
        self._towards[first] = second
        return first == second

    def _end(self, one: object) -> object:
        way = []
        while (further := self._towards.get(one, one)) != one:
            way.append(one)
            one = further
        for passed in way:
            self._towards[passed] = one
        return one


class Arranging:
    """Shares on their way to fewer splits. A purse with a limit a seat is as many purses as it pays seats."""

    def __init__(self, case: Case, start: Shares) -> None:
        self.case = case
        self.shares: dict[int, dict[int, int]] = {}
        self._purse_of: list[int] = []
        self._whole: dict[int, set[int]] = defaultdict(set)
        names: dict[tuple[int, int], int] = {}
        for (bill, purse), amount in sorted(start.items()):
            limited = case.purses[purse].rooms is not None
            name = purse, case.bills[bill].seat if limited else -1
            if name not in names:
                names[name] = len(self._purse_of)
                self._purse_of.append(purse)
            self.shares.setdefault(bill, {})[names[name]] = amount
        self._seat_of = {name: seat for (_purse, seat), name in names.items() if seat >= 0}
        self._in_seat: dict[int, list[int]] = defaultdict(list)
        for place, one in enumerate(case.bills):
            self._in_seat[one.seat].append(place)

    def result(self) -> Shares:
        """The shares, by purse again."""
        return {
            (bill, self._purse_of[name]): amount
            for bill, paid in sorted(self.shares.items())
            for name, amount in sorted(paid.items())
        }

    def untie(self) -> None:
        """Take away every cycle: push money round it until one of its payments is nothing."""
        ties: dict[int, set[int]] = defaultdict(set)  # purse → split bills, without a cycle so far
        hang = Hanging()
        for bill in sorted(bill for bill, paid in self.shares.items() if len(paid) > 1):
            for name in sorted(self.shares[bill]):
                if name not in self.shares[bill]:
                    continue
                together = hang.join(("bill", bill), ("purse", name))
                while together and name in self.shares[bill] and (way := self._way(ties, bill, name)):
                    self._push_round([(bill, name), *way], ties)
                if name in self.shares[bill]:
                    ties[name].add(bill)
        for bill in self.shares:
            self._note(bill)

    def _way(self, ties: Mapping[int, set[int]], bill: int, name: int) -> list[tuple[int, int]]:
        """The payments that lead from purse `name` back to `bill`, without the one between the two."""
        seen = {name}
        stack: list[tuple[int, list[tuple[int, int]]]] = [(name, [])]
        while stack:
            here, path = stack.pop()
            for shared in sorted(ties.get(here, ())):
                if path and path[-1][0] == shared:
                    continue
                if shared == bill:
                    return [*path, (shared, here)]
                for other in sorted(self.shares[shared]):
                    if other not in seen and shared in ties.get(other, ()):
                        seen.add(other)
                        stack.append((other, [*path, (shared, here), (shared, other)]))
        return []

    def _push_round(self, cycle: list[tuple[int, int]], ties: dict[int, set[int]]) -> None:
        """Along a cycle of payments every second one gives what the others take."""
        give, take = cycle[0::2], cycle[1::2]
        if min(self.shares[b][n] for b, n in take) < min(self.shares[b][n] for b, n in give):
            give, take = take, give
        amount = min(self.shares[bill][name] for bill, name in give)
        for bill, name in take:
            self.shares[bill][name] += amount
        for bill, name in give:
            self.shares[bill][name] -= amount
            if not self.shares[bill][name]:
                del self.shares[bill][name]
                ties[name].discard(bill)

    def exchange(self, enough: int) -> None:
        """Try each split away, until no more than `enough` are left."""
        improved = True
        while improved and count(self.case, self.result()) > enough:
            improved = False
            for bill in sorted(bill for bill, paid in self.shares.items() if len(paid) > 1):
                improved |= any(
                    self._free(bill, giver, taker) or self._free(bill, taker, giver)
                    for giver, taker in combinations(sorted(self.shares[bill]), 2)
                    if giver in self.shares[bill] and taker in self.shares[bill]
                )

    def _free(self, bill: int, leaver: int, stayer: int) -> bool:
        """`leaver` pays nothing of `bill` any more, if the two can make up for it with whole bills."""
        if self._purse_of[stayer] not in self.case.bills[bill].payers or self.case.bills[bill].begun:
            return False
        owed = self.shares[bill][leaver]
        # the stayer pays `owed` more here: it hands over whole bills worth that much more than it gets back
        handed = _sums(self._movable(stayer, leaver))
        returned = _sums(self._movable(leaver, stayer))
        worth = next((worth for worth in sorted(handed) if worth - owed in returned), None)
        if worth is None:
            return False
        for other, old, new in (
            *((other, stayer, leaver) for other in handed[worth]),
            *((other, leaver, stayer) for other in returned[worth - owed]),
        ):
            self.shares[other] = {new: self.shares[other][old]}
            self._whole[old].discard(other)
            self._whole[new].add(other)
        self.shares[bill][stayer] += owed
        del self.shares[bill][leaver]
        self._note(bill)
        return True

    def _movable(self, owner: int, other: int) -> Iterator[tuple[int, int]]:
        """Bills that `owner` pays whole and `other` may pay as well, with their amounts."""
        purse, whole = self._purse_of[other], self._whole[owner]
        near = next((self._seat_of[one] for one in (other, owner) if one in self._seat_of), None)
        copies: Counter[int] = Counter()
        for place in sorted(whole) if near is None else self._in_seat[near]:
            bill = self.case.bills[place]
            if place in whole and purse in bill.payers and not bill.begun and copies[bill.amount] < _COPIES:
                copies[bill.amount] += 1
                yield place, bill.amount

    def _note(self, bill: int) -> None:
        paid = self.shares[bill]
        if len(paid) == 1:
            self._whole[next(iter(paid))].add(bill)


def _sums(bills: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    """Sums that some of the bills make, each with the bills that make it; not more than `_SUMS`."""
    found: dict[int, tuple[int, ...]] = {0: ()}
    for bill, amount in bills:
        more = {
            worth + amount: (*parts, bill) for worth, parts in found.items() if worth + amount not in found
        }
        found |= more
        if len(found) > _SUMS:
            break
    return found
