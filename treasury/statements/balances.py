"""Opening and closing balances from a column of running balances, held against every movement."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from shared.money import Money
from treasury.statements.accounts import Movement
from treasury.statements.values import GapStart, UnsignedAmounts

_STEPS_PER_BREAK = 4
_STEPS_TO_TURN = 2


@dataclass(frozen=True, slots=True)
class Balanced:
    """A movement, the balance that the bank states beside it, the fee (negative) taken with it, if any."""

    movement: Movement
    balance: Money | None
    fee: Money | None = None

    @property
    def moved(self) -> int:
        """By how much the balance moved, in minor units."""
        return self.movement.amount.minor + (0 if self.fee is None else self.fee.minor)


@dataclass(frozen=True, slots=True)
class Balances:
    """Before the first and after the last movement, oldest first; where the column stops following.

    `inverted` says that the balances agree with every movement once all signs are turned.
    """

    opening: Money | None = None
    closing: Money | None = None
    gap_start: GapStart | None = None
    inverted: bool = False


@dataclass(frozen=True, slots=True)
class _Walk:
    """How many steps the balances confirm and contradict, and both ends of the chain."""

    steps: int
    breaks: int
    balances: Balances


def balances_of(
    entries: Sequence[Balanced], rejected_rows: Sequence[int], *, may_lack_signs: bool
) -> Balances:
    """What the column of balances says of `entries` (one account, oldest or newest first).

    Nothing, if it is empty or contradicts the amounts throughout; a contradiction that stands alone is where
    the gap begins. A rejected row (`rejected_rows`, sorted) between two movements leaves the step across it
    unchecked. `may_lack_signs` says that the amounts come from one column whose sign is all there is: if
    none is negative and the balance falls by exactly an amount, raises `UnsignedAmounts`; if turning every
    sign makes all agree, they are turned.
    """
    if all(entry.balance is None for entry in entries):
        return Balances()
    orders = _orders(entries)
    walks = [_walk(order, rejected_rows) for order in orders]
    sound = [walk for walk in walks if not walk.breaks]
    if sound:
        best = max(sound, key=lambda walk: walk.steps)
        return best.balances if best.steps or len(walks) == 1 else Balances()
    if may_lack_signs:
        if all(entry.movement.amount.minor >= 0 for entry in entries):
            _refuse_falling(entries)
        turned = [_walk([_turned(entry) for entry in order], rejected_rows) for order in orders]
        agreeing = [walk for walk in turned if not walk.breaks and walk.steps >= _STEPS_TO_TURN]
        if agreeing:
            return replace(agreeing[0].balances, inverted=True)
    best = max(walks, key=lambda walk: walk.steps - walk.breaks)
    return best.balances if best.steps > _STEPS_PER_BREAK * best.breaks else Balances()


def fees_apart(entries: Sequence[Balanced], rejected_rows: Sequence[int]) -> bool:
    """Whether fees were taken besides the amounts, as the balances say; besides, where they say nothing."""
    if all(entry.fee is None for entry in entries):
        return False
    inside = [replace(entry, fee=None) for entry in entries]
    apart, within = (_fewest_breaks(one, rejected_rows) for one in (entries, inside))
    return apart <= within


def _fewest_breaks(entries: Sequence[Balanced], rejected_rows: Sequence[int]) -> int:
    return min(_walk(order, rejected_rows).breaks for order in _orders(entries))


def _orders(entries: Sequence[Balanced]) -> list[Sequence[Balanced]]:
    """`entries` in the order of time, or both ways if their dates do not tell which it is."""
    first, last = entries[0].movement.date, entries[-1].movement.date
    if len(entries) == 1 or first < last:
        return [entries]
    return [entries[::-1]] if first > last else [entries, entries[::-1]]


def _turned(entry: Balanced) -> Balanced:
    return replace(entry, movement=replace(entry.movement, amount=-entry.movement.amount))


def _walk(entries: Sequence[Balanced], rejected_rows: Sequence[int]) -> _Walk:
    """Follow the balances from the oldest movement to the newest, starting again from what each states."""
    currency = entries[0].movement.amount.currency
    opening: int | None = None
    known: int | None = None
    gap_start: GapStart | None = None
    moved = steps = breaks = 0
    start = stretch = bisect(rejected_rows, entries[0].movement.row)
    unchecked = False
    for entry in entries:
        if (now := bisect(rejected_rows, entry.movement.row)) != stretch:
            unchecked, stretch = True, now
        moved += entry.moved
        if entry.balance is None:
            continue
        stated = entry.balance.minor
        if known is None:
            opening = stated - moved if stretch == start else None
        elif known + moved == stated:
            steps += not unchecked
        else:
            breaks += not unchecked
            gap_start = gap_start or GapStart(entry.movement.row, entry.movement.date)
        known, moved, unchecked = stated, 0, False
    closing = None if known is None or unchecked else known + moved
    return _Walk(steps, breaks, Balances(_money(opening, currency), _money(closing, currency), gap_start))


def _money(minor: int | None, currency: str) -> Money | None:
    return None if minor is None else Money(minor, currency)


def _refuse_falling(entries: Sequence[Balanced]) -> None:
    for earlier, later in pairwise(entries):
        if earlier.balance is None or later.balance is None:
            continue
        fall = earlier.balance - later.balance
        if fall and fall in (later.movement.amount, -earlier.movement.amount):
            raise UnsignedAmounts(row=later.movement.row)
