"""A PostgreSQL database for each test: cloned once, then cleared, which takes a tenth of the time of a clone.

Cleared means that every row and every sequence is again as in the template. What a test does to the tables
themselves is noted by the database, and much data is seen by its size: then there is a new clone.
"""

from collections.abc import Callable, Iterable

import psycopg
from sqlalchemy.engine import URL

GROWN = 8 * 1024 * 1024
"""Bytes in the tables that were written to, from which clearing would be slower than cloning."""

_REMEMBER = """
CREATE SCHEMA pristine;
CREATE TABLE pristine.sequence AS
    SELECT sequencename, start_value, last_value FROM pg_sequences WHERE schemaname = 'public';
DO $$
DECLARE one text;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('CREATE TABLE pristine.%I AS TABLE public.%I', 'of_' || one, one);
    END LOOP;
END $$;
CREATE TABLE pristine.changed (what text);
CREATE FUNCTION pristine.note() RETURNS event_trigger LANGUAGE plpgsql AS
    $$ BEGIN INSERT INTO pristine.changed VALUES (tg_tag); END $$;
CREATE EVENT TRIGGER noted ON ddl_command_end EXECUTE FUNCTION pristine.note();
"""

_ALONE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
"""

_COUNT_AGAIN = """
SELECT setval(quote_ident(was.sequencename)::regclass, coalesce(was.last_value, was.start_value),
              was.last_value IS NOT NULL)
    FROM pristine.sequence AS was JOIN pg_sequences AS now USING (sequencename)
    WHERE now.schemaname = 'public' AND now.last_value IS DISTINCT FROM was.last_value
"""


class Clone:
    """A database of its own for one process, as new whenever it is asked for."""

    def __init__(self, name: str, server: URL, administer: Callable[[str], None]) -> None:
        self.name = name
        self.url = server.set(drivername="postgresql+psycopg", database=name)
        self.administer = administer
        self._inside: psycopg.Connection | None = None
        self._template = self._filled = ""
        self._born_with: list[str] = []

    def fresh(self, template: str) -> URL:
        """The address of the database, which holds what `template` holds."""
        if not self._cleared(template):
            self.drop()
            self.administer(f"CREATE DATABASE {self.name} TEMPLATE {template}")
            self._inside = psycopg.connect(self._address(), autocommit=True)
            self._inside.execute(_REMEMBER)
            self._template = template
            self._look_around()
        return self.url

    def drop(self) -> None:
        """Take the database away."""
        if self._inside is not None:
            self._inside.close()
            self._inside = None
        self.administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def _look_around(self) -> None:
        """Learn which tables there are, and which of them have rows from the beginning."""
        names = self._names("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        each = [f"""SELECT '{one}' WHERE EXISTS (TABLE public."{one}")""" for one in names]
        self._filled = " UNION ALL ".join(each)
        self._born_with = self._names(self._filled)

    def _cleared(self, template: str) -> bool:
        """Whether the clone could be made as new; not when it is another, has changed or has grown."""
        if self._inside is None or template != self._template:
            return False
        try:
            self._inside.execute(_ALONE)
            if self._names("SELECT what FROM pristine.changed LIMIT 1"):
                return False
            filled = {*self._names(self._filled), *self._born_with}
            sizes = " + ".join(f"""pg_relation_size('public."{one}"')""" for one in filled)
            if int(self._names(f"SELECT {sizes}")[0]) > GROWN:
                return False
            self._empty(filled)
        except psycopg.Error:  # a test that took the server's connections away
            return False
        return True

    def _empty(self, filled: Iterable[str]) -> None:
        """Put back what was there. Guards and keys sleep meanwhile: the replica's role is for that."""
        assert self._inside is not None
        with self._inside.transaction():
            self._inside.execute("SET LOCAL session_replication_role = replica")
            for one in filled:
                self._inside.execute(f'DELETE FROM public."{one}"')
            for one in self._born_with:
                self._inside.execute(f'INSERT INTO public."{one}" TABLE pristine."of_{one}"')
            self._inside.execute(_COUNT_AGAIN)

    def _names(self, question: str) -> list[str]:
        assert self._inside is not None
        return [str(row[0]) for row in self._inside.execute(question).fetchall()]

    def _address(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)
