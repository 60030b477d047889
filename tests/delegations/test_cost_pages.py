"""An organiser writes what a funder adds, by which rule."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.models import FundingAgreement
from events.editions import CreateEdition, create_edition, create_series
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.events.browsing import press

US = System()


@pytest.fixture(autouse=True)
def edition(app: Flask) -> None:
    with transaction():
        series = create_series("RIPESS", "Rencontres", by=US)
        create_edition(
            CreateEdition(
                code="DKR05",
                series_id=series.id,
                name="Dakar 2005",
                starts_on=date(2005, 11, 22),
                ends_on=date(2005, 11, 26),
                zone="Africa/Dakar",
                place="Dakar",
                country="SN",
                fee=Money.of("250.00", "CAD"),
            ),
            by=US,
        )


def test_a_funder_s_rule_is_added(client: FlaskClient, fatou: User) -> None:
    sign_in(client, fatou)
    rule = {
        "code": "b1",
        "name": "Volet fictif",
        "kind": "match",
        "ratio": "2",
        "cap": "24 000,00",
        "waits": "",
    }
    assert (
        press(
            client, "/delegations/funders/DKR05", "/delegations/funders/DKR05", **rule, categories=["T"]
        ).status_code
        == 302
    )
    found = db.session.scalars(select(FundingAgreement)).one()
    assert (found.code, found.ratio_numerator, found.cap_minor, found.categories) == (
        "B1",
        2,
        2_400_000,
        ["T"],
    )
    assert (
        press(client, "/delegations/funders/DKR05", "/delegations/funders/DKR05", **rule).status_code == 422
    )
