"""The demonstration's figures, told through operations and found again in the books, to the cent."""

import re
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from flask import Flask, g
from flask_migrate import upgrade
from sqlalchemy import delete, func, select

from access.models import User
from access.policy import Permission, can
from app import create_app
from delegations.budgets import advances, claims
from delegations.budgets.claim_models import ClaimStatus
from delegations.budgets.models import Budget
from delegations.funding.coverage import NetworkCoverage, total
from delegations.funding.coverage_queries import coverage_of, network_coverage
from delegations.funding.service_models import InKind
from delegations.models import Delegation, SavingsPlan, Seat, SeatStatus
from delegations.savings.plans import plan_statuses
from demonstration.load import NotEmpty, load
from events.models import Edition, HeadcountFigure, Registration
from network import survey
from network.models import Organisation, RegistryAction
from shared import clock
from shared.database import db
from shared.money import Money, format_money
from tests.conftest import settings
from tests.treasury.desk import Desk
from tests.treasury.judges import bean_check, fec_faults, hledger_balances, iati_faults
from treasury import approvals, attention_actions, chart, ledger, queries
from treasury.books import verification
from treasury.ledger import Leg
from treasury.models import EntryStatus, Fund, JournalEntry, ReconciliationLink, StatementLine
from treasury.paper import gifts
from treasury.paper.models import Gift, Paper, PaperKind
from treasury.reconciliation import open_money, proposals, reconciled
from treasury.reports.catalogue import RECIPES
from treasury.reports.exports import FORMATS, Span
from treasury.reports.values import Asked


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


def _person(name: str) -> User:
    return db.session.scalars(select(User).where(User.name == name)).one()


def _told(moment: str, folder: Path) -> Iterator[Flask]:
    app = create_app(settings(f"sqlite:///{folder / 'teranga.db'}", folder))
    with app.app_context():
        upgrade()
        load(moment)
        yield app
        db.session.remove()
        db.engine.dispose()
    clock.travel_to(None)


@pytest.fixture(scope="module")
def s2(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The whole story: what was true at S1 is still found by its date."""
    yield from _told("S2", tmp_path_factory.mktemp("s2"))


@pytest.fixture
def edition(s2: Flask) -> Edition:
    return db.session.scalars(select(Edition).where(Edition.code == "DKR05")).one()


@pytest.fixture
def network(edition: Edition) -> NetworkCoverage:
    return network_coverage(edition)


def test_1_one_seat_costs_4500_in_three_groups(edition: Edition) -> None:
    lines = db.session.scalars(select(Budget).where(Budget.kind == "seat")).one().lines
    groups = {group: Money.total((x.amount for x in lines if x.category == group), "CAD") for group in "TEU"}
    assert groups == {"T": cad("2680.00"), "E": cad("240.00"), "U": cad("1580.00")}
    assert Money.total(groups.values(), "CAD") == cad("4500.00")


def test_2_thirty_seats_were_planned_and_twenty_nine_are_active(edition: Edition) -> None:
    mine = select(func.count(Seat.id)).join(Seat.delegation).where(Delegation.edition_id == edition.id)
    planned, active = (
        db.session.scalar(mine),
        db.session.scalar(mine.where(Seat.status != SeatStatus.WITHDRAWN)),
    )
    assert (planned, active) == (30, 29)
    assert (cad("4500.00") * 30, cad("4500.00") * 29) == (cad("135000.00"), cad("130500.00"))


EXPECTED = """
OUT 27000.00  9000.00 18000.00 16080.00 1440.00  480.00
QUE 13500.00  6750.00  6750.00  6750.00    0.00    0.00
MAU 13500.00 11911.80     0.00     0.00    0.00 1588.20
CDQ  4500.00  4500.00     0.00     0.00    0.00    0.00
SOR  9000.00  2550.00  5100.00  5100.00  480.00  870.00
MTL  9000.00  4500.00  4500.00  4500.00    0.00    0.00
COO 18000.00 18000.00     0.00     0.00    0.00    0.00
FIN 18000.00 18000.00     0.00     0.00    0.00    0.00
DEV 18000.00  9000.00  9000.00  6750.00    0.00 2250.00
"""
"""Delegation, need, own used, match nominal, match usable, grants, gap before support (CAD)."""


def test_3_coverage_is_what_the_table_says(network: NetworkCoverage) -> None:
    for row in EXPECTED.split("\n"):
        if row:
            code, *figures = row.split()
            one = network.delegations[f"DKR05-{code}"]
            found = (one.need, one.own_used, one.match_nominal, one.match_usable, one.grants, one.gap)
            assert [amount.decimal() for amount in found] == figures, code
    whole = total(network.delegations.values(), "CAD")
    parts = (whole.own, whole.match, whole.grants, whole.gap)
    assert parts == (cad("84211.80"), cad("39180.00"), cad("1920.00"), cad("5188.20"))
    assert whole.need == Money.total(parts, "CAD") == cad("130500.00")


def test_a_delegation_is_covered_alone_as_it_is_among_all(network: NetworkCoverage) -> None:
    members = db.session.scalars(select(Delegation).where(Delegation.code.in_(network.delegations))).all()
    assert {one.code: coverage_of(one) for one in members} == dict(network.delegations)


def test_4_received_is_used_or_moved(network: NetworkCoverage) -> None:
    plans = db.session.scalars(select(SavingsPlan).where(SavingsPlan.code != "P10")).all()
    saved = queries.received([plan.fund_id for plan in plans], chart.SAVINGS, "CAD")
    used = Money.total((one.own_used for one in network.delegations.values()), "CAD")
    assert Money.total(saved.values(), "CAD") == cad("88711.80") == used + cad("4500.00")


def test_5_only_p3_and_p5_are_late(s2: Flask) -> None:
    plans = db.session.scalars(select(SavingsPlan).where(SavingsPlan.code != "P10")).all()
    codes = {plan.id: plan.code for plan in plans}
    statuses = {codes[i]: one for i, one in plan_statuses(plans, on=date(2005, 10, 31)).items()}
    late = {code: one.late_amount for code, one in statuses.items() if one.late_amount}
    assert late == {"P3": cad("1588.20"), "P5": cad("450.00")}
    assert all(statuses[code].history for code in ("P1", "P2", "P4"))
    assert statuses["P1"].history[0].days == 41


def test_6_caps_and_conditions_of_the_funders(network: NetworkCoverage) -> None:
    used = {code: one.used for code, one in network.funders.items()}
    assert (used["B1"], used["B2"]) == (cad("21180.00"), cad("18000.00"))
    assert not used.get("B4")


def test_7_the_support_fund_and_what_remains(network: NetworkCoverage) -> None:
    fund = db.session.scalars(select(Fund).where(Fund.code == "B6")).one()
    assert queries.fund_balance(fund.id, "CAD") == cad("620.00")
    left = {code: one.remaining for code, one in network.delegations.items() if one.remaining}
    assert left == {"DKR05-DEV": cad("688.20")}
    seats = network.delegations["DKR05-DEV"].by_seat
    assert {code for code, seat in seats.items() if seat.remaining} == {"DKR05-DEV-04"}


def test_8_francs_have_no_decimals() -> None:
    per_cad = Fraction("655.957") / Fraction("1.5669")
    assert cad("4500.00").convert(per_cad, "XOF") == Money(1_883_851, "XOF")
    assert Money.of("1000.00", "EUR").convert(Fraction("655.957"), "XOF") == Money(655_957, "XOF")
    assert format_money(Money(655_957, "XOF"), "fr").startswith("655\u202f957\u00a0")


def test_what_is_due_by_age_is_two_plans_and_the_fee_of_the_seat_that_stays_short(s2: Flask) -> None:
    (section,) = RECIPES["due"].make(Asked(until=date(2005, 10, 31))).sections
    assert {row[0]: row[-1] for row in section.rows} == {
        "Coopérative fictive des Trois-Ponts": cad("1588.20"),
        "Atelier fictif des Îles": cad("450.00"),
        "Délégué·e fictif·ve 26": cad("250.00"),  # DKR05-DEV-04
    }


def test_the_six_cases_of_receipts(s2: Flask) -> None:
    papers = db.session.scalars(
        select(Paper).where(Paper.kind == PaperKind.DONATION).order_by(Paper.id)
    ).all()
    assert [(one.serial, one.amount, one.voided_at is None) for one in papers] == [
        ("2005-0001", cad("160.00"), True),
        ("2005-0002", cad("100.00"), False),
        ("2005-0003", cad("100.00"), True),
    ]
    assert papers[2].replaces_id == papers[1].id
    assert papers[1].void_reason
    why_not = {one.description: type(gifts.refusal(one)) for one in db.session.scalars(select(Gift))}
    assert why_not["Conception d’exposition"] is gifts.ServiceGiven
    assert why_not["Promesse de don"] is gifts.OnlyPledged
    assert why_not["Pour le billet d’Ondine Exemple"] is gifts.Directed
    deposit = db.session.scalars(select(Paper).where(Paper.kind == PaperKind.DEPOSIT)).one()
    assert (deposit.serial, deposit.gift_id) == ("D2005-0001", None)


def test_the_whole_story_is_accepted_by_readers_that_are_not_ours(s2: Flask, tmp_path: Path) -> None:
    told = {form: "".join(one.write(Span())) for form, one in FORMATS.items()}
    assert bean_check(told["beancount"], tmp_path) == ""
    theirs = hledger_balances(told["hledger"])
    for row in queries.trial_balance():
        mine = [value for (name, currency), value in theirs.items()
                if f":{row.code}-" in name and currency == row.balance.currency]  # fmt: skip
        assert sum(mine) == Decimal(row.balance.decimal()), row.code
    assert fec_faults(told["fec"]) == []
    assert iati_faults(told["iati"]) == []


def test_9_services_are_never_cash(s2: Flask) -> None:
    worth = {
        state: Money.total(
            (x.value for x in db.session.scalars(select(InKind).where(InKind.state == state))), "CAD"
        )
        for state in ("accepted", "pending", "refused")
    }
    assert worth == {"accepted": cad("3580.00"), "pending": cad("2160.00"), "refused": cad("420.00")}
    assert not {row.balance for row in queries.trial_balance()} & set(worth.values())


def _at_a_desk(s2: Flask, name: str) -> Iterator[Desk]:
    """Somebody in a browser; who reads the module's one application is forgotten before and afterwards."""
    g.pop("_login_user", None)
    yield Desk(s2, _person(name))
    g.pop("_login_user", None)


@pytest.fixture
def treasurer(s2: Flask) -> Iterator[Desk]:
    yield from _at_a_desk(s2, "Aristide Fictif")


@pytest.fixture
def organiser(s2: Flask) -> Iterator[Desk]:
    yield from _at_a_desk(s2, "Fatou Modèle")


def test_9_the_total_in_kind_stands_apart_from_cash_on_every_page(treasurer: Desk) -> None:
    home = treasurer.see("/treasury")
    asked = home[home.index('id="asked"') : home.index('id="funds"')]
    assert home.count("3,580.00") == 1 == asked.count("3,580.00")
    assert "In kind, apart from cash" in asked
    assert "3,580.00" in treasurer.see("/delegations/in-kind")
    for page in ("cash/CAD", "funds", "trial-balance", "reports/cash", "reports/forecast"):
        text = treasurer.see(f"/treasury/{page}")
        assert [told for told in ("3,580.00", "2,160.00", "6,160.00") if told in text] == [], page


def test_9_without_services_cash_and_coverage_are_the_same(s2: Flask, edition: Edition) -> None:
    def told() -> tuple[object, ...]:
        return network_coverage(edition), queries.cash_by_currency(), queries.trial_balance()

    with_them = told()
    db.session.execute(delete(InKind))
    assert told() == with_them
    db.session.rollback()


def test_the_treasurers_home_says_what_the_story_says(s2: Flask, treasurer: Desk) -> None:
    clock.travel_to(clock.DEMO_CLOCKS["S1b"])
    home = treasurer.see("/treasury")
    clock.travel_to(clock.DEMO_CLOCKS["S2"])
    for told in ("4,170.00", "688.20", "7,267", "Claimed without voucher"):
        assert told in home, told
    claims = treasurer.see("/delegations/claims")
    assert "24,000" in claims
    assert "812,500" in claims


def test_10_the_summer_university_balances(s2: Flask) -> None:
    ue07 = select(Edition.id).where(Edition.code == "UE07").scalar_subquery()
    count, revenue = db.session.execute(
        select(func.count(), func.sum(Registration.fee_minor)).where(Registration.edition_id == ue07)
    ).one()
    assert (count, revenue) == (180, 969_000)
    lines = db.session.scalars(select(Budget).where(Budget.edition_id == ue07)).one().lines
    costs = Money.total((one.amount for one in lines if not one.is_source), "CAD")
    sources = Money.total((one.amount for one in lines if one.is_source), "CAD")
    assert costs == sources == cad("13200.00")


def test_six_fees_came_by_card_and_the_network_agrees(s2: Flask, treasurer: Desk) -> None:
    """445.00 less fees, 40.00 given back and a dispute's fee: 251.56 and 41.93 went to the bank."""
    page = treasurer.see("/treasury/card").replace("\xa0", " ")
    for told in ("Voulait le tarif régulier", "251.56 CAD", "41.93 CAD", "Participant·e fictif·ve 037"):
        assert told in page, told
    stripe = sum(row.balance.minor for row in queries.trial_balance() if row.code == chart.STRIPE)
    assert stripe == 9680 - 1500  # the last fee, and what the dispute cost though it was won
    assert attention_actions.listed() == []


def test_11_the_survey_names_one_more_than_it_states(s2: Flask) -> None:
    found = survey.report(
        db.session.scalars(select(RegistryAction).where(RegistryAction.kind == "survey")).one()
    )
    assert (found.named, found.stated, len(found.warnings)) == (26, 25, 1)
    assert db.session.scalar(select(func.count()).where(Organisation.survey_respondent)) == found.named


def test_12_four_headcounts_stand_side_by_side(edition: Edition) -> None:
    figures = db.session.scalars(
        select(HeadcountFigure).where(HeadcountFigure.edition_id == edition.id)
    ).all()
    assert {(one.people, one.status) for one in figures} == {
        (500, "planned"),
        (1000, "expected"),
        (1200, "reported"),
        (1500, "recalled"),
    }


def test_13_who_records_does_not_approve(s2: Flask) -> None:
    h15, h16 = _person("Aristide Fictif"), _person("Zoé Témoin")
    fund = db.session.scalars(select(Fund).where(Fund.code == "DKR05-OUT/P1")).one()
    ten = cad("10.00")
    legs = [Leg(chart.BANK, fund.id, ten), Leg(chart.SAVINGS, fund.id, -ten)]
    entry = ledger.draft(date(2007, 6, 15), "Dépôt d’essai", legs, by=h15)
    with pytest.raises(ledger.SamePerson):
        approvals.approve(entry, by=h15)
    assert (entry.status, entry.approver_id) == (EntryStatus.DRAFT, None)
    approvals.approve(entry, by=h16)  # somebody else may
    assert entry.approver_id == h16.id
    db.session.rollback()
    own = select(func.count()).where(JournalEntry.author_id == JournalEntry.approver_id)
    assert db.session.scalar(own) == 0
    assert not can(h15, Permission.ENTRY_APPROVE)
    assert not can(h16, Permission.ENTRY_RECORD)


def test_15_the_public_page_names_nobody_and_no_debt(s2: Flask, edition: Edition) -> None:
    for locale in ("fr", "en"):
        page = (
            s2.test_client().get("/events/DKR05", headers={"Accept-Language": locale}).get_data(as_text=True)
        )
        assert "Dakar 2005" in page
        people = (
            "Ondine",
            "Fictif",
            "fictif",
            "Substitut",
            "Démo Théo",
            "688",
            "1 588",
            "1,588",
            "1\u202f588",
        )
        assert [word for word in people if word in page] == []


def test_15_what_the_support_fund_did_is_public_without_who_asked(s2: Flask) -> None:
    page = s2.test_client().get("/support/DKR05", headers={"Accept-Language": "en"}).get_data(as_text=True)
    for told in ("12,050.00", "7,250.00", "4,500.00", "300.00", "11,430.00", "6,930.00", "620.00"):
        assert told in page, told
    names = [one.name for one in db.session.scalars(select(Delegation))]
    for hidden in (*names, "Lima", "Bamako", "Fictif", "Modèle", "688.20", "1,588.20", "480.00"):
        assert hidden not in page, hidden


def test_what_is_left_in_the_support_fund_is_one_click_from_the_page_that_tells_it(organiser: Desk) -> None:
    answers = organiser.see("/manage/events/DKR05/answers")
    [link] = re.findall(r'href="([^"]+)"[^>]*>(?:(?!</a>).)*620[.,]00', answers, re.DOTALL)
    assert link == "/support/DKR05"  # which the test above reads


def test_real_bodies_hold_no_money(s2: Flask) -> None:
    real = select(Organisation.id).where(~Organisation.fictional)
    assert not db.session.scalar(select(func.count()).where(SavingsPlan.payer_id.in_(real)))
    assert not db.session.scalar(select(func.count()).where(Fund.holder_id.in_(real)))


def test_the_books_are_sound_and_everything_has_its_provenance(s2: Flask) -> None:
    assert verification.check().sound
    assert sum(row.balance.minor for row in queries.trial_balance()) == 0
    for kind in (Organisation, Edition, Registration):
        assert not db.session.scalar(select(func.count()).select_from(kind).where(kind.provenance == ""))


def test_it_is_told_once(s2: Flask) -> None:
    with pytest.raises(NotEmpty):
        load("S1")


def test_the_advance_of_dakar_is_settled_to_the_franc(s2: Flask) -> None:
    outaouais = db.session.scalars(select(Delegation).where(Delegation.code == "DKR05-OUT")).one()
    [advance] = advances.advances_of(outaouais)
    [claim] = claims.claims_of(outaouais)
    assert (claim.total, claim.status) == (Money.of("812500", "XOF"), ClaimStatus.PAID)
    assert [line.amount for line in claim.without_voucher] == [Money.of("24000", "XOF")]
    assert advances.settled(advance)
    assert advances.difference(advance) == {"XOF": Money.of("7267", "XOF")}
    assert len({claim.claimant_id, claim.approver_id, claim.payer_id}) == 3


def test_the_bank_of_summer_2005_is_partly_matched_and_agrees_with_the_books(s2: Flask) -> None:
    bank = ledger.account(chart.BANK, "CAD")
    lines = db.session.scalars(select(StatementLine).order_by(StatementLine.id)).all()
    matched = {link.line_id for link in db.session.scalars(select(ReconciliationLink))}
    assert (len(lines), len(matched)) == (11, 5)
    found = reconciled.standing(bank, date(2005, 9, 30))
    assert (found.bank, found.difference) == (cad("85811.95"), cad("0"))
    assert [one.amount for one in open_money.open_lines(bank)][-1] == cad("35.00")  # and nothing explains it
    offers = proposals.offers(bank, [one.id for one in lines])
    assert offers.of(lines[-1].id) == []
    assert sum(offers.of(one.id) != [] for one in lines) == 5
