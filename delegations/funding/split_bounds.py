"""How few splits there could be at the very least: which groups of purses could come out even."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import cache, partial, reduce
from math import gcd

from delegations.funding.splits import Bill, Case, Purse

_MOST_PURSES = 12  # every group of them is looked at
_WORDS = 20_000_000  # how many machine words the sums of one case may take


def fewest_possible(case: Case) -> int:
    """No arrangement has fewer splits: purses less the blocks that could come out even."""
    spread = _spread(case)
    found = _at_least(case, spread)
    if spread and len(case.purses) - len(spread) + sum(map(len, spread.values())) <= _MOST_PURSES:
        found = max(found, _at_least(_told_apart(case, spread), {}))
    return found


def _at_least(case: Case, spread: dict[int, dict[int, int]]) -> int:
    pooled = [place for place in range(len(case.purses)) if place not in spread and case.purses[place].amount]
    seats: dict[int, list[tuple[int, int]]] = {}
    for purse, by_seat in spread.items():
        for seat, amount in by_seat.items():
            seats.setdefault(seat, []).append((purse, amount))
    alone = _seats_apart(case, seats)
    local = sum(map(len, seats.values()))
    blocks = _most_blocks_of(case, pooled, seats)
    return max(0, len(pooled) + local - blocks - alone)


def _spread(case: Case) -> dict[int, dict[int, int]]:
    """Purses with a limit a seat that reach it wherever they can: what they give each seat is settled."""
    found: dict[int, dict[int, int]] = {}
    for place, purse in enumerate(case.purses):
        if purse.rooms is None:
            continue
        payable: Counter[int] = Counter()
        for bill in case.bills:
            if place in bill.payers:
                payable[bill.seat] += bill.amount
        most = {seat: min(purse.rooms[seat], amount) for seat, amount in sorted(payable.items()) if amount}
        if sum(most.values()) == purse.amount:
            found[place] = {seat: amount for seat, amount in most.items() if amount}
    return found


def _told_apart(case: Case, spread: dict[int, dict[int, int]]) -> Case:
    """The same with a purse for each seat where a purse is limited to what it gives the seat."""
    purses = [Purse(0) if place in spread else purse for place, purse in enumerate(case.purses)]
    towards: dict[tuple[int, int], int] = {}
    for purse, by_seat in spread.items():
        for seat, amount in by_seat.items():
            towards[purse, seat] = len(purses)
            purses.append(Purse(amount))
    bills = [
        replace(bill, payers=frozenset(towards.get((purse, bill.seat), purse) for purse in bill.payers))
        for bill in case.bills
    ]
    return Case(tuple(purses), tuple(bills))


def _seats_apart(case: Case, seats: dict[int, list[tuple[int, int]]]) -> int:
    """How many blocks of purses limited to a seat could come out even within it, over all seats."""
    bills: dict[int, list[Bill]] = {}
    for bill in case.bills:
        bills.setdefault(bill.seat, []).append(bill)
    known: dict[object, int] = {}
    total = 0
    for seat, purses in seats.items():
        here = tuple(sorted((bill.amount, tuple(sorted(bill.payers))) for bill in bills[seat]))
        key = tuple(purses), here
        if key not in known:
            known[key] = _most_blocks(
                [purse for purse, _amount in purses], partial(_even_here, dict(purses), here), every=False
            )
        total += known[key]
    return total


def _even_here(
    given: dict[int, int], bills: tuple[tuple[int, tuple[int, ...]], ...], group: frozenset[int]
) -> bool:
    target = sum(given[one] for one in group)
    return target in _subset_sums(amount for amount, payers in bills if not group.isdisjoint(payers))


def _subset_sums(amounts: Iterator[int]) -> set[int]:
    return reduce(lambda sums, amount: sums | {one + amount for one in sums}, amounts, {0})


def _most_blocks_of(case: Case, pooled: list[int], seats: dict[int, list[tuple[int, int]]]) -> int:
    """How many blocks with a pooled purse there could be."""
    if len(pooled) > _MOST_PURSES:
        return len(pooled)
    unit, odd = _unit(case, [amount for purses in seats.values() for _purse, amount in purses])
    alone = not seats and all(case.purses[purse].rooms is None for purse in pooled)
    budget = [_WORDS]

    def even(group: frozenset[int]) -> bool:
        target = sum(case.purses[one].amount for one in group)
        if unit and target % unit not in odd:
            return False
        return not alone or _reachable(case, group, target, budget)

    return _most_blocks(pooled, even, every=True)


def _unit(case: Case, given: list[int]) -> tuple[int, set[int]]:
    """What nearly all amounts are multiples of, and what the few odd bills can add to that in all."""
    amounts = Counter(bill.amount for bill in case.bills if bill.amount)
    unit = reduce(gcd, [*given, *(amount for amount, many in amounts.items() if many > 1)], 0)
    odd = [amount for amount in amounts.elements() if unit and amount % unit]
    if len(odd) > _MOST_PURSES:
        unit, odd = gcd(unit, *odd), []
    return unit, {one % unit for one in _subset_sums(iter(odd))} if unit else {0}


def _reachable(case: Case, group: frozenset[int], target: int, budget: list[int]) -> bool:
    """Whether bills that the group may pay, all that only it may pay among them, could add up to `target`."""
    bills = [bill for bill in case.bills if not group.isdisjoint(bill.payers)]
    left = target - sum(bill.amount for bill in bills if bill.payers <= group)
    if left < 0:
        return False
    unit = reduce(gcd, (bill.amount for bill in bills), left) or 1
    copies = Counter(bill.amount // unit for bill in bills if not bill.payers <= group)
    items = [amount * part for amount, many in sorted(copies.items()) for part in _halves(many)]
    budget[0] -= len(items) * (left // unit // 64 + 1)
    if budget[0] < 0:
        return True  # too long to tell: it may be
    sums, within = 1, (1 << (left // unit + 1)) - 1
    for item in items:
        sums |= (sums << item) & within
    return bool(sums >> (left // unit) & 1)


def _halves(many: int) -> Iterator[int]:
    """Parts of `many` whose sums are every number up to it: 1, 2, 4 and so on, and the rest."""
    part = 1
    while many:
        taken = min(part, many)
        yield taken
        many, part = many - taken, part * 2


def _most_blocks(purses: Collection[int], even: Callable[[frozenset[int]], bool], *, every: bool) -> int:
    """Into how many groups that come out even purses could fall at most; `every` one in a group, or not."""
    order = sorted(purses)
    none = -len(order) - 1

    @cache
    def comes_out(mask: int) -> bool:
        return even(frozenset(purse for place, purse in enumerate(order) if mask >> place & 1))

    @cache
    def most(mask: int) -> int:
        if not mask:
            return 0
        first = mask & -mask
        rest = mask ^ first
        found = none if every else most(rest)
        others = rest
        while True:
            if comes_out(first | others):
                found = max(found, 1 + most(rest ^ others))
            if not others:
                return found
            others = (others - 1) & rest

    return max(0, most((1 << len(order)) - 1))
