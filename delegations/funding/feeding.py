"""Feeds places in turn from a start: each gets all that those before it leave, and keeps it.

A place is fed with what the start still has, be it that others are fed from elsewhere to make room. That is a
greedy choice in a matroid: the first place gets as much as it ever could, then the second… A search that
fails has seen everything from where a place could be fed: nothing comes in there ever again, so it is not
searched a second time.
"""

from collections.abc import Iterator
from contextlib import suppress
from typing import TypeVar

START = 0


class Feeding:
    """Nodes are numbers given by `node()`, arcs by `arc()`; node 0 is the start."""

    def __init__(self) -> None:
        self._into: list[list[int]] = [[]]
        self._carrying: list[dict[int, None]] = [{}]  # arcs that leave a node, not empty
        self._ends: list[tuple[int, int]] = []
        self._room: list[int] = []
        self._carried: list[int] = []
        self._cut_off: set[int] = set()

    def node(self) -> int:
        """A new node."""
        self._into.append([])
        self._carrying.append({})
        return len(self._into) - 1

    def arc(self, tail: int, head: int, capacity: int) -> int:
        """A new arc that carries at most `capacity`."""
        self._ends.append((tail, head))
        self._room.append(capacity)
        self._carried.append(0)
        self._into[head].append(len(self._ends) - 1)
        return len(self._ends) - 1

    def carried(self, arc: int) -> int:
        """What flows through `arc`."""
        return self._carried[arc]

    def feed(self, node: int, limit: int) -> int:
        """Bring up to `limit` to `node`; how much it was."""
        fed = 0
        while fed < limit and (way := self._straight(node) or self._way(node)):
            amount = min(
                limit - fed, *(self._room[arc] if onward else self._carried[arc] for arc, onward in way)
            )
            for arc, onward in way:
                self._push(arc, amount if onward else -amount)
            fed += amount
        return fed

    def _push(self, arc: int, amount: int) -> None:
        self._room[arc] -= amount
        self._carried[arc] += amount
        carrying = self._carrying[self._ends[arc][0]]
        if self._carried[arc]:
            carrying[arc] = None
        else:
            carrying.pop(arc, None)

    def _straight(self, node: int) -> list[tuple[int, bool]]:
        """A way from the start along arcs with room, without moving anything; none where there is none."""
        for arc in self._into[node]:
            if self._room[arc]:
                tail = self._ends[arc][0]
                if tail == START:
                    return [(arc, True)]
                if way := self._straight(tail):
                    return [(arc, True), *way]
        return []

    def _way(self, node: int) -> list[tuple[int, bool]]:
        """Any way, also back along arcs that carry something: each arc, and whether it carries more."""
        if node in self._cut_off:
            return []
        seen = {node}
        path: list[tuple[int, bool]] = []
        ahead = [self._steps(node)]
        while ahead:
            with suppress(StopIteration):
                arc, onward, tail = next(ahead[-1])
                if tail not in seen and tail not in self._cut_off:
                    path.append((arc, onward))
                    if tail == START:
                        return path
                    seen.add(tail)
                    ahead.append(self._steps(tail))
                continue
            ahead.pop()
            if path:
                path.pop()
        self._cut_off |= seen
        return []

    def _steps(self, node: int) -> Iterator[tuple[int, bool, int]]:
        for arc in self._into[node]:
            if self._room[arc]:
                yield arc, True, self._ends[arc][0]
        for arc in self._carrying[node]:
            yield arc, False, self._ends[arc][1]


Held = TypeVar("Held")


def take(purse: list[tuple[Held, int]], wanted: int) -> list[tuple[Held, int]]:
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
