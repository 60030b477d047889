"""Maximum flow in whole numbers: Dinic's algorithm, pushed from one source after another.

Source: Y. Dinitz, "Algorithm for solution of a problem of maximum flow in a network with power estimation"
(1970). SciPy's `maximum_flow` counts in 32 bits, too few for a network's budget in francs; these are Python's
integers. What a source has pushed stays pushed when a later one pushes (its way may change, never its
total), and arcs are tried in the order in which they were made: the same network gives the same flow.
"""

from copy import copy


class FlowNetwork:
    """Nodes are numbers given by `node()`; arcs are numbers given by `arc()`."""

    def __init__(self) -> None:
        self._arcs: list[list[int]] = []  # of each node, those that leave it
        self._head: list[int] = []  # where an arc leads; arc ^ 1 is the way back
        self._room: list[int] = []  # what an arc can still carry

    def node(self) -> int:
        """A new node."""
        self._arcs.append([])
        return len(self._arcs) - 1

    def arc(self, tail: int, head: int, capacity: int) -> int:
        """A new arc that carries at most `capacity`."""
        arc = len(self._head)
        for here, there, room in ((tail, head, capacity), (head, tail, 0)):
            self._arcs[here].append(len(self._head))
            self._head.append(there)
            self._room.append(room)
        return arc

    def carried(self, arc: int) -> int:
        """What flows through `arc`."""
        return self._room[arc ^ 1]

    def push(self, start: int, goal: int, limit: int) -> int:
        """Send as much as possible, at most `limit`, from `start` to `goal`; how much it was."""
        pushed = 0
        while pushed < limit:
            depth = self._depths(start, goal)
            if depth[goal] < 0:
                break
            pushed += self._fill(start, goal, limit - pushed, depth)
        return pushed

    def could_push(self, start: int, goal: int, limit: int) -> int:
        """What `push` would send, without sending it: others may ask at the same time."""
        tried = copy(self)
        tried._room = self._room.copy()
        return tried.push(start, goal, limit)

    def _depths(self, start: int, goal: int) -> list[int]:
        """How many arcs with room each node is away from `start`; -1 where none leads."""
        depth = [-1] * len(self._arcs)
        depth[start] = 0
        front = [start]
        while front and depth[goal] < 0:
            reached = []
            for node in front:
                for arc in self._arcs[node]:
                    head = self._head[arc]
                    if self._room[arc] and depth[head] < 0:
                        depth[head] = depth[node] + 1
                        reached.append(head)
            front = reached
        return depth

    def _fill(self, start: int, goal: int, limit: int, depth: list[int]) -> int:
        """Fill shortest ways until none is left or `limit` is sent; how much it was."""
        tried = [0] * len(self._arcs)
        path: list[int] = []
        sent, node = 0, start
        while True:
            if node == goal:
                amount = min(limit - sent, min(self._room[arc] for arc in path))
                for arc in path:
                    self._room[arc] -= amount
                    self._room[arc ^ 1] += amount
                sent += amount
                if sent == limit:
                    return sent
                full = next(k for k, arc in enumerate(path) if not self._room[arc])
                node = self._head[path[full] ^ 1]
                del path[full:]
            elif (onward := self._next(node, tried, depth)) is not None:
                path.append(onward)
                node = self._head[onward]
            elif path:
                node = self._head[path.pop() ^ 1]
                tried[node] += 1
            else:
                return sent

    def _next(self, node: int, tried: list[int], depth: list[int]) -> int | None:
        """The first arc of `node`, from the last tried on, that leads one step nearer."""
        arcs = self._arcs[node]
        while tried[node] < len(arcs):
            arc = arcs[tried[node]]
            if self._room[arc] and depth[self._head[arc]] == depth[node] + 1:
                return arc
            tried[node] += 1
        return None
