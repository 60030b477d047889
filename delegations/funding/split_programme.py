"""Fewer splits than a given number, or the proof that there are none: an integer programme for small cases.

Bills of one amount that the same purses may pay are counted, not told apart; of each kind as many are set
aside as could be split. SciPy brings HiGHS, which searches with floating point: what it finds is made whole
again and checked, and its word that nothing is there to be found is taken where amounts are below 2**31.
"""

from collections import defaultdict
from dataclasses import dataclass
from math import gcd, inf

from delegations.funding.flow import FlowNetwork
from delegations.funding.splits import Case, Shares, count

_COLUMNS = 800  # a larger programme is not tried
_NODES = 100
_SECONDS = 10  # only a guard: at these sizes the nodes end first, so the answer is always the same


class TooLarge(Exception):
    """Nobody knows, in the time there is."""


@dataclass(frozen=True, slots=True)
class _Kind:
    """Bills alike: what they cost, who may pay them, in which seat when that matters, and which they are."""

    amount: int
    payers: tuple[int, ...]
    begun: frozenset[int]
    seat: int
    bills: tuple[int, ...]


def fewer_splits(case: Case, than: int) -> Shares | None:
    """The fewest splits where they are below `than`; None where nothing is below. Raises `TooLarge`."""
    kinds = _kinds(case)
    if than <= 0 or not kinds:  # locks and support alone share lines: nothing is left to arrange
        return None
    aside = [_aside(kind, than) for kind in kinds]
    columns = sum(
        len(kind.payers) * (1 + 2 * split) + split for kind, split in zip(kinds, aside, strict=True)
    )
    if columns > _COLUMNS or any(purse.amount >= 2**31 for purse in case.purses):
        raise TooLarge
    return _Programme(case, kinds, aside).solve(than)


def _aside(kind: _Kind, than: int) -> int:
    """How many bills of a kind could be split: each costs a split, unless several pay part of it already."""
    if len(kind.payers) == 1:
        return 0
    return len(kind.bills) if kind.begun else min(len(kind.bills), than - 1)


def _kinds(case: Case) -> list[_Kind]:
    limited = {place for place, purse in enumerate(case.purses) if purse.rooms is not None}
    alike: dict[tuple[int, tuple[int, ...], tuple[int, ...], int], list[int]] = defaultdict(list)
    for place, bill in enumerate(case.bills):
        if bill.amount:
            seat = bill.seat if limited & bill.payers else -1
            alike[bill.amount, tuple(sorted(bill.payers)), tuple(sorted(bill.begun)), seat].append(place)
    return [
        _Kind(amount, payers, frozenset(begun), seat, tuple(bills))
        for (amount, payers, begun, seat), bills in alike.items()
    ]


class _Programme:
    """Columns: of each kind, how many bills each purse pays whole; of each bill set aside, whether it is
    split, by whom (`pays`) and how (`parts`)."""

    def __init__(self, case: Case, kinds: list[_Kind], aside: list[int]) -> None:
        self.case, self.kinds = case, kinds
        self.unit = max(1, gcd(*(kind.amount for kind in kinds), *(purse.amount for purse in case.purses)))
        self.tops: list[int] = []
        self.costs: list[int] = []
        self.whole_numbers: list[int] = []
        self.rows: list[tuple[dict[int, int], float, float]] = []
        self.spent: dict[int, dict[int, int]] = defaultdict(dict)
        self.in_seat: dict[tuple[int, int], dict[int, int]] = defaultdict(dict)
        self.whole = [self._kind(kind) for kind in kinds]
        self.copies = [
            (place, *self._copy(kind))
            for place, (kind, many) in enumerate(zip(kinds, aside, strict=True))
            for _copy in range(many)
        ]
        for place, kind in enumerate(kinds):
            every = dict.fromkeys(self.whole[place].values(), 1)
            every |= {split: 1 for of, split, _pays, _parts in self.copies if of == place}
            self._row(every, len(kind.bills), len(kind.bills))
        for purse, found in self.spent.items():
            amount = case.purses[purse].amount // self.unit
            self._row(found, amount, amount)
        for (purse, seat), found in self.in_seat.items():
            self._row(found, -inf, _room(case, purse, seat) / self.unit)

    def _column(self, top: int, cost: int, *, whole: bool = True) -> int:
        self.tops.append(top)
        self.costs.append(cost)
        self.whole_numbers.append(int(whole))
        return len(self.tops) - 1

    def _row(self, found: dict[int, int], least: float, most: float) -> None:
        self.rows.append((found, least, most))

    def _pay(self, kind: _Kind, purse: int, column: int, worth: int) -> None:
        self.spent[purse][column] = worth
        if self.case.purses[purse].rooms is not None:
            self.in_seat[purse, kind.seat][column] = worth

    def _kind(self, kind: _Kind) -> dict[int, int]:
        found = {}
        for purse in kind.payers:
            found[purse] = self._column(len(kind.bills), _extra(kind, purse))
            self._pay(kind, purse, found[purse], kind.amount // self.unit)
        return found

    def _copy(self, kind: _Kind) -> tuple[int, dict[int, int], dict[int, int]]:
        worth = kind.amount // self.unit
        split = self._column(1, 0 if kind.begun else -1)
        pays, parts = {}, {}
        for purse in kind.payers:
            pays[purse] = self._column(1, _extra(kind, purse) if kind.begun else 1)
            parts[purse] = self._column(worth, 0, whole=False)
            self._row({parts[purse]: 1, pays[purse]: -worth}, -inf, 0)
            self._pay(kind, purse, parts[purse], 1)
        self._row(dict.fromkeys(parts.values(), 1) | {split: -worth}, 0, 0)
        return split, pays, parts

    def solve(self, than: int) -> Shares | None:
        """What HiGHS finds, made whole and checked."""
        import numpy as np  # here, and only when needed: pages are served without it
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import coo_array

        fixed = sum((len(kind.begun) - 1) * len(kind.bills) for kind in self.kinds if kind.begun)
        fixed += sum(len(bill.begun) - 1 for bill in self.case.bills if bill.begun and not bill.amount)
        self._row({place: cost for place, cost in enumerate(self.costs) if cost}, -inf, than - 1 - fixed)
        worths = [worth for found, _low, _top in self.rows for worth in found.values()]
        rows = [row for row, (found, _low, _top) in enumerate(self.rows) for _column in found]
        columns = [column for found, _low, _top in self.rows for column in found]
        matrix = coo_array(
            (np.array(worths, dtype=float), (np.array(rows), np.array(columns))),
            shape=(len(self.rows), len(self.tops)),
        )
        found = milp(
            np.array(self.costs, dtype=float),
            integrality=np.array(self.whole_numbers),
            bounds=Bounds(0, np.array(self.tops, dtype=float)),
            constraints=LinearConstraint(
                matrix, [low for _row, low, _top in self.rows], [top for _row, _low, top in self.rows]
            ),
            options={"node_limit": _NODES, "time_limit": _SECONDS, "mip_rel_gap": 0},
        )
        if found.status == _INFEASIBLE:
            return None
        if found.status != _OPTIMAL or found.x is None:
            raise TooLarge
        return self._checked([round(value) for value in found.x], than)

    def _checked(self, values: list[int], than: int) -> Shares:
        """The shares in whole units; whoever pays part of a split bill, how much is a flow."""
        shares: Shares = {}
        left = {place: list(kind.bills) for place, kind in enumerate(self.kinds)}
        held = [purse.amount for purse in self.case.purses]
        room = {key: _room(self.case, *key) for key in self.in_seat}
        for place, kind in enumerate(self.kinds):
            for purse, column in self.whole[place].items():
                for _bill in range(values[column]):
                    if not left[place]:
                        raise TooLarge
                    shares[left[place].pop(0), purse] = kind.amount
                    held[purse] -= kind.amount
                    if (purse, kind.seat) in room:
                        room[purse, kind.seat] -= kind.amount
        if min(held, default=0) < 0 or min(room.values(), default=0) < 0:
            raise TooLarge
        split = [
            (
                left[place].pop(0),
                self.kinds[place],
                [purse for purse, column in pays.items() if values[column]],
            )
            for place, used, pays, _parts in self.copies
            if values[used] and left[place]
        ]
        shares |= _flowing(split, held, room)
        if any(left.values()) or count(self.case, shares) >= than:
            raise TooLarge
        return shares


_OPTIMAL, _INFEASIBLE = 0, 2


def _room(case: Case, purse: int, seat: int) -> int:
    rooms = case.purses[purse].rooms
    assert rooms is not None
    return rooms[seat]


def _extra(kind: _Kind, purse: int) -> int:
    """A purse that pays part of a bill already pays more of it without a split."""
    return int(bool(kind.begun) and purse not in kind.begun)


def _flowing(
    split: list[tuple[int, _Kind, list[int]]], held: list[int], room: dict[tuple[int, int], int]
) -> Shares:
    """How much each pays of the bills that are split. Raises `TooLarge` where it does not come out even."""
    flow = FlowNetwork()
    start, goal = flow.node(), flow.node()
    purses = [flow.node() for _purse in held]
    for purse, amount in enumerate(held):
        flow.arc(start, purses[purse], amount)
    doors: dict[tuple[int, int], int] = {}
    arcs = {}
    for bill, kind, payers in split:
        here = flow.node()
        flow.arc(here, goal, kind.amount)
        for purse in payers:
            door, key = purses[purse], (purse, kind.seat)
            if key in room:
                if key not in doors:
                    doors[key] = flow.node()
                    flow.arc(purses[purse], doors[key], room[key])
                door = doors[key]
            arcs[bill, purse] = flow.arc(door, here, kind.amount)
    if flow.push(start, goal, sum(held)) != sum(kind.amount for _bill, kind, _payers in split) or sum(
        held
    ) != sum(kind.amount for _bill, kind, _payers in split):
        raise TooLarge
    return {key: flow.carried(arc) for key, arc in arcs.items() if flow.carried(arc)}
