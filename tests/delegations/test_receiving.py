"""A funder's money arrives: into a fund of its own, seen by a second person, before it counts anywhere."""

from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations import expectations
from delegations.funding import agreements, dues, receiving
from delegations.funding.agreements import AddAgreement
from delegations.funding.offers import Condition
from delegations.models import Delegation, FundingAgreement, FundingKind
from events.models import Edition
from shared.audit import System
from shared.database import db, transaction
from tests.conftest import sign_in
from tests.delegations.network import cad
from tests.delegations.test_cloning import lux
from tests.events.browsing import press
from treasury import ledger, queries
from treasury.models import Fund, FundKind, JournalEntry

__all__ = ["lux"]
ARC = "/delegations/funders/DKR05/ARC"


@pytest.fixture
def pledge(outaouais: Delegation) -> FundingAgreement:
    """Arc-en-Rive promises 5,000.00, once there is a charity registration."""
    with transaction():
        return agreements.add_agreement(
            AddAgreement(
                edition_id=outaouais.edition_id, code="ARC", name="Arc-en-Rive", kind=FundingKind.PLEDGE,
                currency="CAD", amount=cad("5000.00"), categories=("T",), blocked=Condition.CHARITY_NUMBER,
            ),
            by=System(),
        )  # fmt: skip


def test_an_agreement_that_counts_has_a_fund_which_keeps_what_it_may_pay(
    pledge: FundingAgreement, fatou: User
) -> None:
    assert pledge.fund_id is None  # it waits for a registration: there is nothing to keep
    with transaction():
        agreements.unblock(pledge, "00000 0000 RR0000", by=fatou)
    fund = db.session.get_one(Fund, pledge.fund_id)
    assert (fund.code, fund.name, fund.purpose, fund.event) == ("DKR05/ARC", "Arc-en-Rive", "T", "DKR05")
    assert fund.kind is FundKind.RESTRICTED


def test_what_arrives_counts_once_a_second_person_approved_it(
    client: FlaskClient, pledge: FundingAgreement, aristide: User, zoe: User
) -> None:
    sign_in(client, aristide)
    arrival = {
        "arrived": "5000,00",
        "received_on": "2005-03-01",
        "note": "virement",
        "submission_key": "once",
    }
    for _twice in range(2):  # the button pressed twice is one arrival
        assert press(client, ARC, f"{ARC}/received", **arrival).status_code == 302
    [entry] = receiving.waiting(pledge)
    assert entry.narration == "Arc-en-Rive – virement"
    page = client.get(ARC).text
    assert "attend une deuxième personne" in page
    with transaction():
        ledger.post(entry, by=zoe)
    assert pledge.fund_id is not None
    assert queries.income(pledge.fund_id, date(2005, 12, 1)) == [cad("5000.00")]
    assert not receiving.waiting(pledge)


@pytest.mark.parametrize(
    "wrong", [{"arrived": "beaucoup"}, {"arrived": "-5"}, {"received_on": "2999-01-01"}, {"received_on": ""}]
)
def test_an_arrival_that_cannot_be_is_refused_and_nothing_typed_is_lost(
    client: FlaskClient, pledge: FundingAgreement, aristide: User, wrong: dict[str, str]
) -> None:
    sign_in(client, aristide)
    arrival = {"arrived": "5000,00", "received_on": "2005-03-01", "note": "virement du 1er", **wrong}
    refused = press(client, ARC, f"{ARC}/received", **arrival)
    assert refused.status_code == 422 and "virement du 1er" in refused.text
    assert not db.session.scalars(select(JournalEntry)).all()


def test_a_claim_shows_as_received_when_the_money_is_in_the_books(
    pledge: FundingAgreement, aristide: User, zoe: User
) -> None:
    earned, nothing = cad("5000.00"), cad("0.00")
    with transaction():
        dues.claim(pledge, cad("3000.00"), "la lettre", earned=earned, received=nothing, by=aristide)
        arrived = receiving.Receive(amount=cad("2000.00"), received_on=date(2005, 3, 1))
        ledger.post(receiving.receive(pledge, arrived, by=aristide), by=zoe)
    [claim] = dues.replayed(dues.claims_of(pledge), cad("2000.00"))
    assert claim.open == cad("1000.00")


def test_a_code_that_is_taken_here_says_by_whom_and_is_free_elsewhere(
    pledge: FundingAgreement, lux: Edition, aristide: User
) -> None:
    again = AddAgreement(
        edition_id=pledge.edition_id, code="ARC", name="Autre", kind=FundingKind.PLEDGE, currency="CAD",
        amount=cad("1.00"),
    )  # fmt: skip
    with pytest.raises(agreements.AgreementCodeTaken) as refused, transaction():
        agreements.add_agreement(again, by=System())
    assert "Arc-en-Rive (Dakar 2005)" in refused.value.sentence()
    with transaction():
        other = agreements.add_agreement(replace(again, edition_id=lux.id), by=System())
        funds = [receiving.fund_of(one, by=aristide).code for one in (pledge, other)]
    assert funds == ["DKR05/ARC", f"{lux.code}/ARC"]
    assert [one.code for one in expectations.funders()] == funds
