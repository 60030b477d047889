"""An agreement made before there were versions is its own first version; an interrupted upgrade resumes.

Codes were everybody's then; now they are a gathering's own, and what points to an agreement still does.
"""

from fractions import Fraction
from pathlib import Path

import pytest
from alembic import op
from flask_migrate import upgrade
from sqlalchemy import inspect, text
from sqlalchemy.exc import IntegrityError

from app import create_app
from delegations.funding import agreements
from delegations.funding.terms import read, terms_of
from delegations.models import FundingAgreement
from shared.database import db
from shared.money import Money
from tests.conftest import settings
from tests.delegations.test_budget_migration import BEFORE as EDITION
from tests.treasury.test_fund_migration import run

BEFORE = (
    EDITION.partition("INSERT INTO budget ")[0]
    + """
INSERT INTO funding_agreement (id, code, edition_id, name, kind, currency, ratio_numerator, ratio_denominator,
    amount_minor, cap_minor, categories, blocked_reason, is_demo, provenance)
  VALUES (1, 'B1', 1, 'Volet Rives', 'match', 'CAD', 1, 2, 0, 2400000, '["T"]', 'signature', false, '');
INSERT INTO in_kind (edition_id, description, giver, quantity, unit, value_minor, currency, state, reason,
    is_demo, provenance) VALUES (1, 'Salles', 'Centre', 3, 'soir', 45000, 'CAD', 'accepted', '', false, '');
"""
)
ELSEWHERE = """
CREATE TEMPORARY TABLE other AS SELECT * FROM edition; UPDATE other SET id = 2, code = 'LUX09';
INSERT INTO edition SELECT * FROM other; DROP TABLE other;
CREATE TEMPORARY TABLE other AS SELECT * FROM funding_agreement; UPDATE other SET id = 2, edition_id = 2;
INSERT INTO funding_agreement SELECT * FROM other;
"""


def test_what_was_agreed_before_is_the_first_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(settings(f"sqlite:///{tmp_path / 'teranga.db'}", tmp_path))
    with app.app_context():
        upgrade(revision="0031")
        run(BEFORE)
        with monkeypatch.context() as broken:
            broken.setattr(op, "create_table", lambda *_args, **_kinds: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                upgrade(revision="0032")
        assert not inspect(db.engine).has_table("agreement_version")
        upgrade()
        agreement = db.session.get_one(FundingAgreement, 1)
        [first] = agreements.versions_of(agreement)
        terms = read(first.terms)
        assert terms == terms_of(agreement)
        assert (first.number, terms.ratio, terms.cap) == (1, Fraction(1, 2), Money.of("24000.00", "CAD"))
        assert db.session.execute(text("PRAGMA foreign_key_check")).all() == []
        run(ELSEWHERE)
        with pytest.raises(IntegrityError):
            run("UPDATE funding_agreement SET edition_id = 1")
        db.session.rollback()
        db.session.remove()
