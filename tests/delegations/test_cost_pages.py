"""An organiser writes what a funder adds, by which rule."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.funding.offers import Basis
from delegations.funding.terms import Sharing, terms_of
from delegations.lifecycle import invitations
from delegations.lifecycle.invitations import InviteDelegation
from delegations.models import FundingAgreement
from events.editions import CreateEdition, create_edition, create_series
from events.models import Edition
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


def test_a_rule_may_say_its_window_its_basis_and_how_it_is_shared(client: FlaskClient, fatou: User) -> None:
    with transaction():
        [dakar] = db.session.scalars(select(Edition)).all()
        invited = InviteDelegation(edition_id=dakar.id, code="DKR05-OUT", name="Outaouais")
        outaouais = invitations.invite(invited, by=US)
    sign_in(client, fatou)
    page = "/delegations/funders/DKR05"
    assert "<details><summary>Autres conditions" in client.get(page).text
    rule = {"code": "b7", "name": "Volet fictif", "kind": "match", "ratio": "1", "cap": "900,00", "waits": ""}
    rarer = {
        "basis": "services",
        "opens": "2004-01-01",
        "closes": "2003-01-01",
        "sharing": "pro_rata",
        "stacks": "y",
        "turns-0-delegation_id": str(outaouais.id),
        "turns-0-turn": "x",
    }
    wrong = press(client, page, page, **rule, **rarer)
    assert wrong.status_code == 422 and "<details open><summary>Autres conditions" in wrong.text
    rarer |= {"closes": "2005-01-01", "turns-0-turn": "2"}
    assert press(client, page, page, **rule, **rarer).status_code == 302
    terms = terms_of(db.session.scalars(select(FundingAgreement)).one())
    assert (terms.basis, terms.sharing, terms.stacks) == (Basis.SERVICES, Sharing.PRO_RATA, True)
    assert (terms.opens, terms.closes, terms.serves) == (date(2004, 1, 1), date(2005, 1, 1), (outaouais.id,))


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
