"""Opening and closing balances from a column of running balances, if it agrees with every movement."""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from shared.money import Money
from treasury.statement_values import Movement, UnsignedAmounts


@dataclass(frozen=True, slots=True)
class Balanced:
    """A movement and the balance that the bank states beside it, if any."""

    movement: Movement
    balance: Money | None


def opening_and_closing(
    entries: Sequence[Balanced], rejected_rows: Sequence[int], *, may_lack_signs: bool
) -> tuple[Money | None, Money | None]:
    """Balances before the first and after the last of `entries` (one account, oldest or newest first).

    Both are None if the column is empty or contradicts the amounts. A rejected row (`rejected_rows`, sorted)
    between two movements leaves the step across it unchecked. `may_lack_signs` says that the amounts come
    from one column whose sign is all there is: if none is negative and the balance falls by exactly an
    amount, raises `UnsignedAmounts`.
    """
    if all(entry.balance is None for entry in entries):
        return None, None
    walks = [_walk(sequence, rejected_rows) for sequence in _orders(entries)]
    agreeing = [walk for walk in walks if walk is not None]
    if agreeing:
        steps, opening, closing = max(agreeing, key=lambda walk: walk[0])
        return (opening, closing) if steps or len(walks) == 1 else (None, None)
    if may_lack_signs and all(entry.movement.amount.minor >= 0 for entry in entries):
        _refuse_falling(entries)
    return None, None


def _orders(entries: Sequence[Balanced]) -> list[Sequence[Balanced]]:
    """`entries` in the order of time, or both ways if their dates do not tell which it is."""
    first, last = entries[0].movement.date, entries[-1].movement.date
    if len(entries) == 1 or first < last:
        return [entries]
    return [entries[::-1]] if first > last else [entries, entries[::-1]]


def _walk(
    entries: Sequence[Balanced], rejected_rows: Sequence[int]
) -> tuple[int, Money | None, Money | None] | None:
    """Number of steps that the balances confirm and both ends of the chain; None if one contradicts it."""
    nothing = Money.zero(entries[0].movement.amount.currency)
    opening: Money | None = None
    known: Money | None = None
    moved = nothing
    steps = 0
    start = stretch = bisect(rejected_rows, entries[0].movement.row)
    for entry in entries:
        if (now := bisect(rejected_rows, entry.movement.row)) != stretch:
            known, moved, stretch = None, nothing, now
        moved += entry.movement.amount
        if entry.balance is None:
            continue
        if known is not None:
            if known + moved != entry.balance:
                return None
            steps += 1
        elif stretch == start:
            opening = entry.balance - moved
        known, moved = entry.balance, nothing
    return steps, opening, known + moved if known is not None else None


def _refuse_falling(entries: Sequence[Balanced]) -> None:
    for earlier, later in pairwise(entries):
        if earlier.balance is None or later.balance is None:
            continue
        fall = earlier.balance - later.balance
        if fall and fall in (later.movement.amount, -earlier.movement.amount):
            raise UnsignedAmounts(row=later.movement.row)
