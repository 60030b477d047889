"""`teranga coverage DKR05-OUT`: the same figures for people and for programs."""

import json
from datetime import date
from fractions import Fraction

import pytest
from flask import Flask

from access.models import User
from delegations.cli import coverage
from delegations.funding import agreements
from delegations.funding.agreements import AddAgreement
from delegations.models import Delegation, FundingKind, SavingsPlan
from shared.database import transaction
from tests.delegations.conftest import BY, deposit

ASKED = "delegation currency need own_used match_nominal match_usable grants support gap lines".split()


@pytest.fixture
def saved(outaouais: Delegation, plan: SavingsPlan, aristide: User, zoe: User) -> Delegation:
    with transaction():
        deposit(plan, "9000.00", date(2005, 10, 15), aristide, zoe)
        match = AddAgreement(
            edition_id=outaouais.edition_id, code="B1", name="Volet Grands-Vents", kind=FundingKind.MATCH,
            currency="CAD", ratio=Fraction(2), categories=("T",), serves=(outaouais.id,),
        )  # fmt: skip
        agreements.add_agreement(match, by=BY)
    return outaouais


def test_the_json_has_what_was_agreed(app: Flask, saved: Delegation) -> None:
    answer = app.test_cli_runner().invoke(coverage, ["DKR05-OUT", "--json"])
    assert answer.exit_code == 0
    told = json.loads(answer.output)
    assert [key for key in told if key in ASKED] == ASKED
    assert [told[key] for key in ASKED[:-1]] == [
        "DKR05-OUT", "CAD", "27000.00", "9000.00", "18000.00", "16080.00", "0.00", "0.00", "1920.00",
    ]  # fmt: skip
    assert (told["remaining"], told["match_unusable"], len(told["lines"])) == ("1920.00", "1920.00", 12)


def test_the_table_says_why(app: Flask, saved: Delegation) -> None:
    answer = app.test_cli_runner().invoke(coverage, ["dkr05-out"])
    assert "27000.00" in answer.output
    assert "Volet Grands-Vents cannot be used" in answer.output


def test_an_unknown_delegation_is_said(app: Flask) -> None:
    answer = app.test_cli_runner().invoke(coverage, ["DKR05-XXX"])
    assert answer.exit_code == 1
    assert "There is no delegation DKR05-XXX" in answer.output
