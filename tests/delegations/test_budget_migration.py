"""A budget approved before its versions were guarded counts as it did; an interrupted upgrade resumes."""

from pathlib import Path

import pytest
from alembic import op
from flask_migrate import upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import DatabaseError

from app import create_app
from delegations.budgets import versions
from delegations.budgets.queries import BudgetState, states
from shared.database import db
from shared.money import Money
from tests.conftest import settings
from tests.treasury.test_fund_migration import run

BEFORE = """
INSERT INTO event_series (id, code, name, is_demo) VALUES (1, 'RIP', 'Meetings', false);
INSERT INTO edition (id, code, series_id, name, theme, description, starts_on, ends_on, zone, place, country,
    fee_minor, currency, currencies, languages, status, open_to_public, places_taken, is_demo, provenance)
  VALUES (1, 'DKR05', 1, 'Dakar', '', '', '2005-11-22', '2005-11-26', 'UTC', '', 'SN', 0, 'CAD', '[]', '[]',
    'open', true, 0, false, '');
INSERT INTO budget (id, edition_id, kind, version, title, status, provenance)
  VALUES (1, 1, 'seat', 1, 'Une place', 'approved', '');
INSERT INTO budget_line (budget_id, code, label, category, quantity, unit_minor, currency, is_source)
  VALUES (1, 'L02', 'Auberge', 'U', 12, 4500, 'CAD', false);
"""


def test_what_was_approved_before_counts_as_it_did(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(settings(f"sqlite:///{tmp_path / 'teranga.db'}", tmp_path))
    with app.app_context():
        upgrade(revision="0023")
        run(BEFORE)
        with monkeypatch.context() as broken:
            broken.setattr(op, "create_table", lambda *_args, **_kinds: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                upgrade(revision="0024")
        assert "people" not in {one["name"] for one in inspect(db.engine).get_columns("budget_line")}
        upgrade()
        budget = versions.seat_budgets(1)[None]
        assert [line.amount for line in budget.costs] == [Money.of("540.00", "CAD")]
        assert states([budget]) == {1: BudgetState.APPROVED}
        with pytest.raises(DatabaseError, match="its version is approved"):
            db.session.execute(text("UPDATE budget_line SET days = 2"))
        db.session.remove()
