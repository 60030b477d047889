"""A loading that was interrupted in a server's database begins again; of two at once, one waits.

A file needs none of this: `./run` fills a new one beside it and renames that. In PostgreSQL a table of its
own says that a loading has begun; all that is beside it is the loading's, which began in an empty database.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text

from shared.database import db

_MARK = "demonstration_unfinished"
_LOCK = 7_265_726_140  # any number that nobody else uses


@contextmanager
def alone() -> Iterator[None]:
    """Wait for whoever loads into the same database; what they left unfinished is gone inside."""
    if db.engine.dialect.name != "postgresql":
        yield
        return
    with db.engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:lock)"), {"lock": _LOCK})
        if inspect(connection).has_table(_MARK):
            _clear(connection)
        connection.commit()
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:lock)"), {"lock": _LOCK})


@contextmanager
def marked() -> Iterator[None]:
    """What happens inside happens whole, or is seen to be unfinished."""
    if db.engine.dialect.name != "postgresql":
        yield
        return
    with db.engine.begin() as connection:
        connection.execute(text(f"CREATE TABLE {_MARK} ()"))
    yield
    with db.engine.begin() as connection:
        connection.execute(text(f"DROP TABLE {_MARK}"))


def _clear(connection: Connection) -> None:
    tables = text("SELECT format('%I', tablename) FROM pg_tables WHERE schemaname = current_schema()")
    for table in connection.scalars(tables).all():
        connection.execute(text(f"DROP TABLE IF EXISTS {table} CASCADE"))
    functions = text(
        "SELECT oid::regprocedure FROM pg_proc WHERE pronamespace = current_schema()::regnamespace"
    )
    for function in connection.scalars(functions).all():
        connection.execute(text(f"DROP FUNCTION {function} CASCADE"))
