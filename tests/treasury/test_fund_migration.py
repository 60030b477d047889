"""Books that were kept before funds were guarded: nothing is lost, nothing is invented, new rules hold."""

from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import text

from app import create_app
from shared.database import db, transaction
from tests.conftest import settings
from treasury.books import verification

BEFORE = """
INSERT INTO account (id, code, name, kind, currency) VALUES
  (1, '1010', 'Bank', 'asset', 'CAD'), (2, '5100', 'Travel', 'expense', 'CAD'),
  (3, '1200', 'Advances', 'asset', 'CAD'), (4, '1800', 'Conversion', 'asset', 'CAD');
INSERT INTO fund (id, code, name, kind, purpose, is_demo) VALUES
  (1, 'DKR05', 'Dakar', 'unrestricted', '', false), (2, 'DKR05-OUT', 'Outaouais', 'restricted', '', false);
INSERT INTO event_series (id, code, name, is_demo) VALUES (1, 'RIP', 'Meetings', false);
"""
ENTRY = """
INSERT INTO journal_entry (id, dated_on, narration, source, status, created_at)
  VALUES ({id}, '2005-0{id}-01', 'x', 'test', 'draft', '2005-01-01');
INSERT INTO posting (entry_id, account_id, fund_id, amount_minor, currency, category, memo)
  VALUES ({id}, 1, 2, {minor}, 'CAD', '', ''), ({id}, 2, 2, -({minor}), 'CAD', '', '');
UPDATE journal_entry SET status = 'posted', number = {id}, hash = 'h', posted_at = '2005-0{id}-02'
  WHERE id = {id};
"""


def run(script: str) -> None:
    with transaction():
        for statement in filter(str.strip, script.split(";")):
            db.session.execute(text(statement))


def test_a_fund_that_was_below_zero_keeps_its_past_and_goes_no_deeper(tmp_path: Path) -> None:
    app = create_app(settings(f"sqlite:///{tmp_path / 'teranga.db'}", tmp_path))
    with app.app_context():
        upgrade(revision="0003")
        run(BEFORE)
        for number, minor in ((1, 100), (2, -250), (3, 50)):
            run(ENTRY.format(id=number, minor=minor))
        upgrade()
        kept = db.session.execute(text("SELECT fund_id, minor, committed_minor FROM fund_balance")).all()
        assert kept == [(2, -100, 0)]
        leave = db.session.execute(text("SELECT limit_minor, withdrawn_at IS NULL FROM overdraft")).all()
        assert leave == [(150, 0)]
        kinds = text("SELECT code, kind, spendable FROM account WHERE code IN ('1200', '1800') ORDER BY code")
        assert db.session.execute(kinds).all() == [("1200", "asset", 0), ("1800", "equity", 0)]
        run(ENTRY.format(id=4, minor=30))
        refused = ""
        try:
            run(ENTRY.format(id=5, minor=-1))
        except Exception as problem:
            refused = str(problem)
        assert "not enough money" in refused
        found = [one.problem for one in verification.check().findings]
        assert not [one for one in found if "takes fund" in one or "add up to" in one]
        db.session.remove()
        db.engine.dispose()
