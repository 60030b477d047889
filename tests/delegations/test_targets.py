"""What a further plan is proposed to save: seats times price, less what others will pay."""

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
from flask.testing import FlaskClient

from access.models import User
from delegations.budgets.versions import CreateBudget, Line, approve_budget, create_budget
from delegations.funding import agreements
from delegations.funding.agreements import AddAgreement
from delegations.funding.coverage import cover
from delegations.funding.coverage_queries import covered_around
from delegations.funding.terms import Sharing
from delegations.models import Delegation, FundingKind, SeatStatus
from delegations.savings.targets import target_of
from shared.database import transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, deposit, plan_of

OPEN = "/delegations/DKR05-OUT/plans/open"


def shown(client: FlaskClient, address: str) -> str:
    """The page, every space in it a plain one."""
    return " ".join(client.get(address).get_data(as_text=True).split())


TRAVEL = AddAgreement(
    edition_id=0, code="B1", name="Volet Grands-Vents", kind=FundingKind.MATCH, currency="CAD",
    ratio=Fraction(2), cap=cad("24000.00"), categories=("T",),
)  # fmt: skip
WORKSHOPS = AddAgreement(
    edition_id=0, code="B3", name="Volet Écoles", kind=FundingKind.GRANT, currency="CAD",
    amount=cad("240.00"), cap=cad("1920.00"), categories=("E",),
)  # fmt: skip


def offer(delegation: Delegation, *offers: AddAgreement) -> None:
    """Let these serve one delegation."""
    with transaction():
        for one in offers:
            mine = replace(one, edition_id=delegation.edition_id, serves=(delegation.id,))
            agreements.add_agreement(mine, by=BY)


@pytest.fixture
def offered(outaouais: Delegation) -> Delegation:
    """Six seats of 4,500.00; B1 adds two for one on travel (2,680.00 a seat), B3 gives 240.00 a seat."""
    offer(outaouais, TRAVEL, WORKSHOPS)
    return outaouais


def test_what_is_left_to_save_is_the_cost_less_what_others_will_pay(offered: Delegation) -> None:
    """27,000.00 less 1,440.00 given today and 16,080.00 that the match adds to the rest."""
    found = target_of(offered)
    assert (found.coverage.need, found.funded, found.coming) == (
        cad("27000.00"), cad("1440.00"), cad("16080.00"),
    )  # fmt: skip
    assert found.amount == cad("9480.00")


def test_it_is_the_least_that_covers_every_seat(offered: Delegation) -> None:
    amount, funding = target_of(offered).amount, covered_around(offered).funding
    [mine] = funding.delegations
    missing = [
        cover(replace(funding, delegations=(replace(mine, received=saved),))).delegations[mine.code].remaining
        for saved in (amount, amount - Money(1, "CAD"))
    ]
    assert missing[0] == cad("0.00") < missing[1]


@pytest.mark.parametrize(
    ("terms", "coming", "amount"),
    [
        ({"sharing": Sharing.FIRST_COME}, "16080.00", "9480.00"),
        ({"sharing": Sharing.PRO_RATA}, "16080.00", "9480.00"),
        ({"opens": date(2003, 1, 1)}, "16080.00", "9480.00"),
        ({"opens": date(2003, 1, 1), "sharing": Sharing.FIRST_COME}, "16080.00", "9480.00"),
        ({"closes": date(2003, 1, 1)}, "0.00", "25560.00"),  # it doubles nothing that comes now
    ],
)
def test_a_match_adds_to_what_is_still_to_come_as_its_terms_say(
    outaouais: Delegation, terms: dict[str, Any], coming: str, amount: str
) -> None:
    offer(outaouais, replace(TRAVEL, **terms), WORKSHOPS)
    found = target_of(outaouais)
    assert (found.coming, found.amount) == (cad(coming), cad(amount))


def test_plans_that_run_take_their_part_and_what_came_counts_once(
    offered: Delegation, aristide: User, zoe: User
) -> None:
    with transaction():
        plan = plan_of(offered, "P1", "9000.00", 12)
    assert (target_of(offered).asked, target_of(offered).amount) == (cad("9000.00"), cad("480.00"))
    with transaction():
        deposit(plan, "3000.00", date(2003, 4, 15), aristide, zoe)
    found = target_of(offered)
    assert (found.coverage.own_used, found.asked, found.amount) == (
        cad("3000.00"), cad("6000.00"), cad("480.00"),
    )  # fmt: skip
    with transaction():
        plan_of(offered, "P2", "2000.00", 4)
    found = target_of(offered)
    assert (found.asked, found.amount) == (cad("6480.00"), cad("0.00"))  # P2 asks for more than is missing


def test_the_form_proposes_it_and_shows_how_it_comes_out(
    client: FlaskClient, offered: Delegation, ondine: User
) -> None:
    with transaction():
        plan_of(offered, "P1", "9000.00", 12)
    sign_in(client, ondine)
    page = shown(client, OPEN)
    assert 'value="480,00"' in page
    for figure in ("27 000,00", "1 440,00", "16 080,00", "9 000,00"):
        assert figure in page
    told = shown(client, f"{OPEN}?target=1200.00&currency=CAD")
    assert 'value="1 200,00"' in told  # what the planner worked out is kept


def test_without_a_seat_or_a_price_the_form_says_which_is_missing(
    client: FlaskClient, outaouais: Delegation, ondine: User, aristide: User, zoe: User
) -> None:
    sign_in(client, ondine)
    assert "Combien il reste à épargner" in shown(client, OPEN)
    with transaction():
        lines = [Line(code="L01", label="Tout est donné", category="T", unit_price=cad("0.00"))]
        free = create_budget(
            CreateBudget(edition_id=outaouais.edition_id, lines=lines, reason="Offert"), by=aristide
        )
        approve_budget(free, by=zoe)
    assert "personne n’a approuvé ce que coûte une place" in shown(client, OPEN)
    with transaction():
        for seat in outaouais.seats:
            seat.status = SeatStatus.WITHDRAWN
    assert "la délégation n’a pas de place" in shown(client, OPEN)
