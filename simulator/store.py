"""The simulator's memory: objects, idempotency keys and webhook deliveries in one SQLite file."""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from simulator.wire import API_VERSION, Object, StripeProblem, new_id, no_such

_KEYS_KEPT = 24 * 3600  # seconds; Stripe forgets idempotency keys after a day
BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
"""Stripe's names for the bounds of a moment, as SQL writes them."""

_TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    position INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS objects_by_kind ON objects (kind, position);
CREATE TABLE IF NOT EXISTS keys (
    key TEXT PRIMARY KEY, endpoint TEXT NOT NULL, fingerprint TEXT NOT NULL, status INTEGER NOT NULL,
    body TEXT NOT NULL, request TEXT NOT NULL, created REAL NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (
    position INTEGER PRIMARY KEY AUTOINCREMENT, event TEXT NOT NULL, state TEXT NOT NULL, due REAL NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0, answer INTEGER);
"""
_DELIVERIES = (
    "SELECT d.position, o.body, d.state, d.attempts, d.answer"
    " FROM deliveries d JOIN objects o ON o.id = d.event "
)


@dataclass(frozen=True, slots=True)
class SavedAnswer:
    """What an idempotency key was used for, and what was answered."""

    endpoint: str
    fingerprint: str
    status: int
    body: str
    request: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One attempt series to bring one event to the endpoint."""

    position: int
    event: Object
    state: str
    attempts: int
    answer: int | None


class Store:
    """Everything in one file, one writer at a time. Rollback journal: any SQLite will do."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.clock = clock
        self.announce: Callable[[list[Object]], None] = lambda events: None
        self.committed: Callable[[], None] = lambda: None
        self.request: Object = {"id": None, "idempotency_key": None}
        self._events: list[Object] = []
        self._lock = threading.RLock()
        self._file = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=30)
        self._file.execute("PRAGMA journal_mode=DELETE")
        self._file.execute("PRAGMA synchronous=NORMAL")
        self._file.executescript(_TABLES)

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """One unit of work; the events it emits get their deliveries in the same commit."""
        with self._lock:
            self._file.execute("BEGIN IMMEDIATE")
            self._events = []
            try:
                yield
                if self._events:
                    self.announce(self._events)
            except BaseException:
                self._file.execute("ROLLBACK")
                raise
            self._file.execute("COMMIT")
        self.committed()

    def now(self) -> int:
        """The simulator's time in whole seconds."""
        return int(self.clock())

    # Objects

    def add(self, item: Object) -> Object:
        """Keep a new object."""
        row = (item["id"], item["object"], json.dumps(item))
        self._file.execute("INSERT INTO objects (id, kind, body) VALUES (?, ?, ?)", row)
        return item

    def save(self, item: Object) -> Object:
        """Keep the new state of an object."""
        self._file.execute("UPDATE objects SET body = ? WHERE id = ?", (json.dumps(item), item["id"]))
        return item

    def remove(self, id_: str) -> None:
        """Forget one object."""
        self._file.execute("DELETE FROM objects WHERE id = ?", (id_,))

    def find(self, id_: str) -> Object | None:
        """The object of any kind with this id."""
        with self._lock:
            row = self._file.execute("SELECT body FROM objects WHERE id = ?", (id_,)).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, kind: str, id_: str, param: str = "id") -> Object:
        """The object of this kind. Raises the 404 of Stripe."""
        item = self.find(id_)
        if item is None or item["object"] != kind:
            raise no_such(kind, id_, param)
        return item

    def select(
        self, kind: str, filters: dict[str, str | int] | None = None, bounds: dict[str, int] | None = None
    ) -> list[Object]:
        """Objects of a kind, newest first: fields equal to `filters`, created within `bounds`."""
        where = "".join(f" AND json_extract(body, '$.{name}') = ?" for name in filters or {})
        where += "".join(f" AND json_extract(body, '$.created') {BOUNDS[name]} ?" for name in bounds or {})
        query = f"SELECT body FROM objects WHERE kind = ?{where} ORDER BY position DESC"  # noqa: S608
        with self._lock:
            values = (kind, *(filters or {}).values(), *(bounds or {}).values())
            rows = self._file.execute(query, values).fetchall()
        return [json.loads(row[0]) for row in rows]

    def emit(self, kind: str, item: Object) -> None:
        """Record an event about `item` as it stands now."""
        public = {name: value for name, value in item.items() if not name.startswith("_")}
        event = self.add({
            "id": new_id("evt_"), "object": "event", "api_version": API_VERSION, "created": self.now(),
            "data": {"object": public}, "livemode": False, "pending_webhooks": 1,
            "request": dict(self.request),
            "type": kind,
        })  # fmt: skip
        self._events.append(event)

    # Idempotency keys

    def recall(self, key: str) -> SavedAnswer | None:
        """What this key was used for during the last day."""
        query = "SELECT endpoint, fingerprint, status, body, request FROM keys WHERE key = ? AND created > ?"
        row = self._file.execute(query, (key, self.clock() - _KEYS_KEPT)).fetchone()
        return SavedAnswer(*row) if row else None

    def remember(self, key: str, answer: SavedAnswer) -> None:
        """Keep the first answer given to this key."""
        row = (
            key,
            answer.endpoint,
            answer.fingerprint,
            answer.status,
            answer.body,
            answer.request,
            self.clock(),
        )
        self._file.execute("INSERT OR REPLACE INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)", row)

    # Deliveries

    def schedule(self, event: Object, *, due: float, held: bool) -> None:
        """Plan one delivery of `event`."""
        row = (event["id"], "held" if held else "waiting", due)
        self._file.execute("INSERT INTO deliveries (event, state, due) VALUES (?, ?, ?)", row)

    def deliveries(self, *states: str) -> list[Delivery]:
        """Deliveries in these states (all when none is named), in the order they were planned."""
        marks = ", ".join("?" * len(states))
        return self._deliveries(f"WHERE d.state IN ({marks}) ORDER BY d.position" if states else "", states)

    def due(self) -> Delivery | None:
        """The first delivery whose moment has come."""
        where = "WHERE d.state = 'waiting' AND d.due <= ? ORDER BY d.due, d.position LIMIT 1"
        return next(iter(self._deliveries(where, (self.clock(),))), None)

    def _deliveries(self, where: str, values: tuple[str | float, ...]) -> list[Delivery]:
        with self._lock:
            rows = self._file.execute(_DELIVERIES + where, values).fetchall()
        return [Delivery(row[0], json.loads(row[1]), *row[2:]) for row in rows]

    def next_due(self) -> float | None:
        """When the next waiting delivery is due."""
        with self._lock:
            row = self._file.execute("SELECT min(due) FROM deliveries WHERE state = 'waiting'").fetchone()
        return None if row[0] is None else float(row[0])

    def record_attempt(self, delivery: Delivery, *, state: str, answer: int | None, due: float) -> None:
        """Note what came of an attempt."""
        row = (state, answer, due, delivery.position)
        query = (
            "UPDATE deliveries SET state = ?, answer = ?, due = ?, attempts = attempts + 1 WHERE position = ?"
        )
        with self._lock:
            self._file.execute(query, row)

    def forget_all(self) -> None:
        """Back to an empty memory."""
        for table in ("objects", "keys", "deliveries"):
            self._file.execute(f"DELETE FROM {table}")  # noqa: S608


def render(store: Store, item: Object, expand: list[str]) -> Object:
    """The object as it leaves: private keys dropped, `expand` paths filled in.

    Raises `StripeProblem` for a path that leads nowhere.
    """
    shown = {name: value for name, value in item.items() if not name.startswith("_")}
    if "_line_items" in item and "line_items" in [path.split(".")[0] for path in expand]:
        url = f"/v1/checkout/sessions/{item['id']}/line_items"
        shown["line_items"] = listing(item["_line_items"], url)
        expand = [path for path in expand if path != "line_items"]
    for head in dict.fromkeys(path.split(".")[0] for path in expand):
        rest = [path.split(".", 1)[1] for path in expand if path.startswith(head + ".")]
        value = shown.get(head)
        if head not in shown or not (value is None or isinstance(value, str | dict)):
            raise StripeProblem(f"This property cannot be expanded ({head}).", param="expand")
        if isinstance(value, str):
            found = store.find(value)
            if found is None:
                raise StripeProblem(f"This property cannot be expanded ({head}).", param="expand")
            shown[head] = render(store, found, rest)
    return shown


def listing(rows: list[Object], url: str, *, more: bool = False) -> Object:
    """Stripe's list envelope."""
    return {"object": "list", "url": url, "has_more": more, "data": rows}


def page_of(
    found: list[Object], limit: int, after: str | None, before: str | None
) -> tuple[list[Object], bool]:
    """One page of `found`, and whether more follow in the direction of travel."""
    ids = [item["id"] for item in found]
    for cursor, param in ((after, "starting_after"), (before, "ending_before")):
        if cursor is not None and cursor not in ids:
            raise no_such("object", cursor, param)
    if before is not None:
        earlier = found[: ids.index(before)]
        return earlier[-limit:], len(earlier) > limit
    later = found[ids.index(after) + 1 :] if after is not None else found
    return later[:limit], len(later) > limit
