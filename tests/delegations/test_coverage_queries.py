"""Coverage fed from the books: Outaouais is fully saved, fully matched, and still short."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.funding import agreements
from delegations.funding.agreements import AddAgreement, BadAgreement
from delegations.funding.coverage_queries import coverage_of, covered_around, network_coverage
from delegations.funding.offers import Condition
from delegations.funding.shortfall import ReasonKind
from delegations.funding.unlocks import unlocks
from delegations.models import Delegation, FundingAgreement, FundingKind, SavingsPlan, SupportDecision
from delegations.support import decisions as support
from delegations.support.decisions import Award, Decide, FundTooSmall, MoveSavings
from events.models import Edition
from shared.database import db, transaction
from shared.errors import Conflict
from tests.conftest import sign_in
from tests.counting import count_queries
from tests.delegations.conftest import BY, cad, delegation_of, deposit, plan_of
from treasury import chart, ledger, queries
from treasury.funds.transfers import FundTransfer, transfer
from treasury.ledger import Leg, SamePerson
from treasury.models import Fund, JournalEntry
from treasury.reports import trails

pytestmark = pytest.mark.usefixtures("both_databases")

ON = date(2005, 10, 15)


@pytest.fixture
def funded(outaouais: Delegation, plan: SavingsPlan, aristide: User, zoe: User) -> Delegation:
    """Outaouais at the end of its plan: 9,000.00 saved, B1 adds two for one on travel, B3 240.00 a seat."""
    with transaction():
        deposit(plan, "9000.00", ON, aristide, zoe)
        for command in (
            AddAgreement(
                edition_id=outaouais.edition_id, code="B1", name="Volet Grands-Vents", kind=FundingKind.MATCH,
                currency="CAD", ratio=Fraction(2), cap=cad("24000.00"), categories=("T",),
                serves=(outaouais.id,),
            ),
            AddAgreement(
                edition_id=outaouais.edition_id, code="B3", name="Volet Écoles", kind=FundingKind.GRANT,
                currency="CAD", amount=cad("240.00"), cap=cad("1920.00"), categories=("E",),
                serves=(outaouais.id,),
            ),
            AddAgreement(
                edition_id=outaouais.edition_id, code="B4", name="Fondation fictive Arc-en-Rive",
                kind=FundingKind.PLEDGE, currency="CAD", amount=cad("5000.00"),
                blocked=Condition.CHARITY_NUMBER,
            ),
        ):  # fmt: skip
            agreements.add_agreement(command, by=BY)
    return outaouais


@pytest.fixture
def pool(dakar: Edition, aristide: User, zoe: User) -> Fund:
    """The support fund B6 with 1,000.00 of gifts."""
    with transaction():
        fund = support.open_fund("B6", "Fonds international de soutien", by=BY)
        legs = [Leg(chart.BANK, fund.id, cad("1000.00")), Leg(chart.GIFTS, fund.id, cad("-1000.00"))]
        ledger.post(ledger.draft(ON, "Dons", legs, by=aristide), by=zoe)
    return fund


def decided(pool: Fund, delegation: Delegation, amount: str, by: User) -> SupportDecision:
    return support.decide(
        Decide(
            edition_id=delegation.edition_id,
            decided_on=date(2005, 10, 20),
            title="Décision 1",
            fund_id=pool.id,
            awards=[Award(label=delegation.name, amount=cad(amount), delegation_id=delegation.id)],
            members_present=["Membre fictif 1", "Membre fictif 2"],
        ),
        by=by,
    )


def test_p1_is_the_teaching_case(funded: Delegation) -> None:
    found = coverage_of(funded)
    assert [str(amount) for amount in (found.need, found.own_used, found.match_nominal)] == [
        "27000.00 CAD", "9000.00 CAD", "18000.00 CAD",
    ]  # fmt: skip
    assert [str(amount) for amount in (found.match_usable, found.match_unusable)] == [
        "16080.00 CAD", "1920.00 CAD",
    ]  # fmt: skip
    assert (found.grants, found.gap) == (cad("1440.00"), cad("480.00"))
    kinds = {reason.kind for reason in found.reasons}
    assert {ReasonKind.INELIGIBLE, ReasonKind.ONLY_FREE_MONEY, ReasonKind.PLEDGE_BLOCKED} <= kinds
    around = covered_around(funded)
    assert unlocks(around.funding, around.network, "DKR05-OUT", ON)[0].effort == cad("480.00")


def test_the_support_fund_closes_the_gap_when_a_second_person_approves(
    funded: Delegation, pool: Fund, aristide: User, zoe: User
) -> None:
    with transaction():
        decision = decided(pool, funded, "480.00", aristide)
    assert coverage_of(funded).remaining == cad("480.00")
    with pytest.raises(SamePerson), transaction():
        support.approve(decision, by=aristide)
    with transaction():
        support.approve(decision, by=zoe)
    found = coverage_of(funded)
    assert [found.gap, found.support, found.remaining] == [cad("480.00"), cad("480.00"), cad("0.00")]
    origin = trails.trail(decision.awards[0].entry_id or 0).origin
    assert origin and (origin.endpoint, origin.args) == (
        "delegations.support_decision",
        {"code": "DKR05", "number": decision.number},
    )
    assert "Décision 1" in origin.words
    assert queries.fund_balance(pool.id, "CAD") == cad("520.00")
    with pytest.raises(Conflict), transaction():  # pressed twice
        support.approve(decision, by=zoe)


def test_what_is_left_is_told_as_it_was_before_the_support_fund_gave(
    client: FlaskClient, funded: Delegation, pool: Fund, aristide: User, fatou: User, zoe: User
) -> None:
    sign_in(client, fatou)
    told = "Compté avant les 300,00\xa0CAD du fonds de soutien"
    assert told not in client.get("/delegations/DKR05-OUT").text
    with transaction():
        support.approve(decided(pool, funded, "300.00", aristide), by=zoe)
    assert told in client.get("/delegations/DKR05-OUT").text


def test_the_fund_gives_no_more_than_it_holds(
    funded: Delegation, pool: Fund, aristide: User, zoe: User
) -> None:
    with transaction():
        decision = decided(pool, funded, "1000.01", aristide)
    with pytest.raises(FundTooSmall), transaction():
        support.approve(decision, by=zoe)
    assert db.session.scalars(select(JournalEntry).where(JournalEntry.status == "draft")).all() == []


def test_a_guest_s_ticket_is_paid_from_the_fund(
    dakar: Edition, pool: Fund, aristide: User, zoe: User
) -> None:
    with transaction():
        decision = support.decide(
            Decide(
                edition_id=dakar.id,
                decided_on=ON,
                title="Décision 2",
                fund_id=pool.id,
                awards=[Award(label="Lima", amount=cad("650.00"))],
            ),
            by=aristide,
        )
        support.approve(decision, by=zoe)
    assert queries.fund_balance(pool.id, "CAD") == cad("350.00")


def test_savings_moved_by_a_minuted_decision_are_no_longer_own(
    funded: Delegation, plan: SavingsPlan, pool: Fund, aristide: User, zoe: User
) -> None:
    move = MoveSavings(
        support_fund_id=pool.id, amount=cad("4500.00"), decided_on=ON, minute="Procès-verbal du 11 mars 2005"
    )
    with transaction():
        entry = support.move_savings(plan, move, by=aristide)
    assert coverage_of(funded).own_used == cad("9000.00")
    with transaction():
        ledger.post(entry, by=zoe)
    assert coverage_of(funded).own_used == cad("4500.00")
    assert coverage_of(funded).match_nominal == cad("9000.00")
    with pytest.raises(FundTooSmall), transaction():
        support.move_savings(plan, replace(move, amount=cad("4500.01")), by=aristide)


def test_a_line_paid_to_the_fund_is_spending_not_less_saving(
    funded: Delegation, plan: SavingsPlan, pool: Fund, aristide: User, zoe: User
) -> None:
    with transaction():
        paid = MoveSavings(
            support_fund_id=pool.id, amount=cad("1500.00"), decided_on=ON, minute="L10, 6 places"
        )
        ledger.post(support.contribute(plan, paid, "L10", by=aristide), by=zoe)
    assert coverage_of(funded).own_used == cad("9000.00")
    assert queries.fund_balance(plan.fund_id, "CAD") == cad("7500.00")


def test_money_moved_inside_a_delegation_changes_nothing(
    funded: Delegation, plan: SavingsPlan, aristide: User, zoe: User
) -> None:
    with transaction():
        inside = FundTransfer(
            source_fund_id=plan.fund_id, target_fund_id=funded.fund_id, amount=cad("250.00"), dated_on=ON,
            narration="Avance sur frais",
        )  # fmt: skip
        ledger.post(transfer(inside, by=aristide), by=zoe)
    found = coverage_of(funded)
    assert (found.own_used, found.support) == (cad("9000.00"), cad("0.00"))


def test_the_number_of_queries_does_not_grow(dakar: Edition, aristide: User, zoe: User) -> None:
    with transaction():
        one = delegation_of(dakar, "QUE", "Québec", 3)
        deposit(plan_of(one, "P2", "6750.00", 12), "562.50", date(2003, 1, 15), aristide, zoe)
    db.session.expire_all()
    with count_queries() as few:
        network_coverage(dakar)
    with transaction():
        for code, plan_code in (("MAU", "P3"), ("SOR", "P5"), ("MTL", "P6")):
            more = delegation_of(dakar, code, code, 8)
            deposit(plan_of(more, plan_code, "4500.00", 12), "375.00", date(2003, 1, 15), aristide, zoe)
    db.session.expire_all()
    with count_queries() as many:
        network_coverage(dakar)
    assert len(many) == len(few) <= 12


def test_a_cap_of_nothing_gives_nothing(funded: Delegation) -> None:
    assert coverage_of(funded).grants == cad("1440.00")
    with transaction():
        db.session.scalars(select(FundingAgreement).filter_by(code="B3")).one().cap_minor = 0
    assert coverage_of(funded).grants == cad("0.00")


@pytest.mark.parametrize(
    "change",
    [{"ratio": Fraction(0)}, {"kind": FundingKind.GRANT}, {"cap": cad("0.00")}, {"currency": "XOF"}],
)
def test_an_agreement_that_says_nothing_is_refused(dakar: Edition, change: dict[str, object]) -> None:
    command = {
        "edition_id": dakar.id, "code": "B1", "name": "Volet", "kind": FundingKind.MATCH, "currency": "CAD",
        "ratio": Fraction(2), "cap": cad("24000.00"),
    }  # fmt: skip
    with pytest.raises(BadAgreement), transaction():
        agreements.add_agreement(AddAgreement(**(command | change)), by=BY)  # type: ignore[arg-type]
