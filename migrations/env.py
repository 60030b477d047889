"""Alembic's environment: the application's own engine, one transaction, both databases."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from flask_security import AsaList

from shared.database import Base, EnumText, UtcDateTime


def _plain(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    """Migrations are history: they name the database's own types, not our classes of today."""
    if kind == "type" and isinstance(item, EnumText):
        return "sa.String(length=32)"
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, AsaList):
        return "sa.UnicodeText()"
    return False


def run_migrations() -> None:
    """Run on the application's engine; SQLite rebuilds tables that it cannot alter."""
    engine = current_app.extensions["migrate"].db.engine
    with engine.connect().execution_options(write=True) as connection:
        context.configure(
            connection=connection,
            target_metadata=Base.metadata,
            render_as_batch=True,
            render_item=_plain,
            transaction_per_migration=True,
        )
        with context.begin_transaction():
            context.run_migrations()
        connection.commit()


run_migrations()
