"""The session of a request."""

import gc

import pytest
from flask import Flask
from flask_sqlalchemy.session import Session
from sqlalchemy import select

from network.models import Organisation
from shared.database import HoldingSession, db


@pytest.mark.parametrize("guarded", [True, False], ids=["held", "control: not held"])
def test_no_row_is_freed_while_the_session_closes(
    app: Flask, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    """A row in a circle of its own is garbage; the collector may come in the midst of closing."""
    left: list[int] = []

    def close(session: Session) -> None:
        gc.collect()
        left.append(len(list(session.identity_map.values())))

    with app.app_context():
        db.session.add(Organisation(name="Coopérative fictive des Trois-Ponts"))
        db.session.commit()
        row = db.session.scalars(select(Organisation)).one()
        row.circle = row  # type: ignore[attr-defined]
        del row
        with monkeypatch.context() as patched:
            patched.setattr(Session, "close", close)
            kind = HoldingSession if guarded else Session
            kind.close(db.session())
    assert left == [1 if guarded else 0]
