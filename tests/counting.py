"""How many queries a piece of work asks of the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from shared.database import db


@contextmanager
def note_statements() -> Iterator[list[str]]:
    """Everything sent inside the block, in its order."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", note)


@contextmanager
def count_queries() -> Iterator[list[str]]:
    """The SELECTs sent inside the block, in their order, told when it ends."""
    found: list[str] = []
    with note_statements() as seen:
        yield found
    found += [one for one in seen if one.lstrip().upper().startswith("SELECT")]
