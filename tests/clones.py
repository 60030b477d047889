"""A PostgreSQL database for each test: cloned once, then cleared, which takes a tenth of the time of a clone.

Cleared means that every row and every sequence is again as in the template. What a test did to the tables
themselves is found by the catalogue's fingerprint, and much data by its size: then there is a new clone.
"""

from collections.abc import Callable

import psycopg
from sqlalchemy.engine import URL

GROWN = 8 * 1024 * 1024
"""Bytes above the size of the first clone from which clearing would be slower than cloning."""

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
"""

_FINGERPRINT = """
SELECT string_agg(told, ' ') FROM (
    SELECT max(xmin::text::bigint) || ':' || count(*) AS told FROM pg_class
    UNION ALL SELECT max(xmin::text::bigint) || ':' || count(*) FROM pg_attribute
    UNION ALL SELECT max(xmin::text::bigint) || ':' || count(*) FROM pg_constraint
    UNION ALL SELECT max(xmin::text::bigint) || ':' || count(*) FROM pg_proc
    UNION ALL SELECT max(xmin::text::bigint) || ':' || count(*) FROM pg_trigger
) AS catalogue
"""

# Guards and foreign keys sleep while the house is cleared: that is what the replica's role is for.
_CLEAR = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
SET session_replication_role = replica;
DO $$
DECLARE one text; used boolean;
BEGIN
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' LOOP
        EXECUTE format('SELECT EXISTS (TABLE public.%I) OR EXISTS (TABLE pristine.%I)', one, 'of_' || one)
            INTO used;
        IF used THEN
            EXECUTE format('DELETE FROM public.%I', one);
            EXECUTE format('INSERT INTO public.%I TABLE pristine.%I', one, 'of_' || one);
        END IF;
    END LOOP;
    PERFORM setval(quote_ident(was.sequencename)::regclass, coalesce(was.last_value, was.start_value),
                   was.last_value IS NOT NULL)
        FROM pristine.sequence AS was JOIN pg_sequences AS now USING (sequencename)
        WHERE now.schemaname = 'public' AND now.last_value IS DISTINCT FROM was.last_value;
END $$;
SET session_replication_role = DEFAULT;
"""


class Clone:
    """A database of its own for one process, as new whenever it is asked for."""

    def __init__(self, name: str, server: URL, administer: Callable[[str], None]) -> None:
        self.name = name
        self.url = server.set(drivername="postgresql+psycopg", database=name)
        self.administer = administer
        self._inside: psycopg.Connection | None = None
        self._template = self._fingerprint = ""
        self._size = 0

    def fresh(self, template: str) -> URL:
        """The address of the database, which holds what `template` holds."""
        if not self._cleared(template):
            self.drop()
            self.administer(f"CREATE DATABASE {self.name} TEMPLATE {template}")
            self._inside = psycopg.connect(self._address(), autocommit=True)
            self._inside.execute(_REMEMBER)
            self._template, self._fingerprint, self._size = template, self._told(), self._grown()
        return self.url

    def drop(self) -> None:
        """Take the database away."""
        if self._inside is not None:
            self._inside.close()
            self._inside = None
        self.administer(f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")

    def _cleared(self, template: str) -> bool:
        """Whether the clone could be made as new; not when it is another, has changed or has grown."""
        if self._inside is None or template != self._template:
            return False
        try:
            if self._told() != self._fingerprint or self._grown() - self._size > GROWN:
                return False
            self._inside.execute(_CLEAR)
        except psycopg.Error:  # a test that took the server's connections away
            return False
        return True

    def _told(self) -> str:
        return str(self._one(_FINGERPRINT))

    def _grown(self) -> int:
        return int(str(self._one("SELECT pg_database_size(current_database())")))

    def _one(self, question: str) -> object:
        assert self._inside is not None
        row = self._inside.execute(question).fetchone()
        assert row is not None
        return row[0]

    def _address(self) -> str:
        return self.url.set(drivername="postgresql").render_as_string(hide_password=False)
