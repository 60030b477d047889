"""The database: one typed base, one write path. SQLite (a wheel of its own) and PostgreSQL alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from functools import cache
from typing import Any, dataclass_transform

from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy import (
    BigInteger,
    DateTime,
    Dialect,
    Engine,
    Insert,
    Integer,
    MetaData,
    String,
    event,
    insert,
)
from sqlalchemy.engine import Connection
from sqlalchemy.orm import (
    DeclarativeBase,
    MappedAsDataclass,
    composite,
    make_transient_to_detached,
    mapped_column,
    relationship,
)
from sqlalchemy.types import TypeDecorator

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, stored in UTC by both engines and aware again when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment without a zone means nothing")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        return value and (value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC))


class EnumText(TypeDecorator[StrEnum]):
    """A `StrEnum` stored as its value, a readable word, in a text column."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        super().__init__(length=32)
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        return None if value is None else self.kind(value)


@dataclass_transform(
    kw_only_default=True, eq_default=False, field_specifiers=(mapped_column, relationship, composite)
)
class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False):
    """Every table's class. Constructor arguments are checked; rows compare by identity."""

    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {datetime: UtcDateTime(), int: BigInteger().with_variant(Integer(), "sqlite")}


class HoldingSession(Session):
    """A session that lets go of its rows only after it has closed.

    Closing writes to the bookkeeping of every row. Where the garbage collector frees a row in the midst of
    that write, CPython 3.11 loses its memory and the process dies; a row still held here is not freed.
    """

    def close(self) -> None:
        held = list(self.identity_map.values())
        super().close()
        held.clear()


db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True, session_options={"class_": HoldingSession})


@contextmanager
def transaction() -> Iterator[None]:
    """One unit of work that writes, committed whole or not at all.

    It ends the reads before it, so that everything inside is read under the write lock (``BEGIN
    IMMEDIATE`` on SQLite; row locks on PostgreSQL). Only views, webhooks, commands and jobs use it.
    """
    session = db.session()
    if session.info.get("writing"):
        raise RuntimeError("transactions do not nest")
    session.rollback()
    try:
        session.info["writing"] = session.connection(execution_options={"write": True})
        yield
        session.commit()
    except BaseException:
        session.rollback()
        raise
    finally:
        session.info["writing"] = None


def hold(row: Base) -> None:
    """Lock a row until the transaction ends and read it as it is now; what was changed is written first.

    Only the row itself: what was read joined to it is not locked, which PostgreSQL would refuse.
    """
    db.session.flush()
    db.session.refresh(row, with_for_update={"of": type(row)})


def connection() -> Connection:
    """The connection of this unit of work: asked directly, it flushes nothing and tells plain values."""
    session = db.session()
    return session.info.get("writing") or session.connection()


def write(row: Base) -> None:
    """Insert a new row now, with one statement, and keep it in the session as it was written.

    A row that only adds a fact needs no unit of work; what is pending is flushed before. Raises
    `IntegrityError` at once.
    """
    db.session.flush()
    statement, names = _insertion(type(row))
    held = vars(row)
    written = connection().execute(statement, {name: held[name] for name in names if name in held})
    row.id = written.inserted_primary_key[0]  # type: ignore[index, attr-defined]  # every table has an id
    make_transient_to_detached(row)
    db.session.add(row)


@cache
def _insertion(kind: type[Base]) -> tuple[Insert, list[str]]:
    """The statement that inserts a row of a table, and the names of its columns besides the key."""
    return insert(kind.__table__), [one.key for one in kind.__table__.columns if not one.primary_key]  # type: ignore[arg-type]


@event.listens_for(Engine, "connect")
def _on_connect(connection: Any, record: Any) -> None:
    if "sqlite" not in type(connection).__module__:
        return
    connection.isolation_level = None  # we say BEGIN ourselves, below
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "busy_timeout=30000",
        "cache_size=-1000",  # kB for each of the threads: what is read often the system keeps as well
    ):
        connection.execute(f"PRAGMA {pragma}").close()


@event.listens_for(Engine, "begin")
def _on_begin(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        writing = connection.get_execution_options().get("write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")
