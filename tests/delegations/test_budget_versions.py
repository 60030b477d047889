"""Versions of a budget: a forecast, approved by somebody else, revised with its why; frozen for good."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from access.models import User
from delegations.budgets import versions
from delegations.budgets.models import Basis, Budget, BudgetLine
from delegations.budgets.payers import Matrix, Paid, Payer, rescaled
from delegations.budgets.queries import BudgetState, prices_of, seat_lines, shares_of, states
from delegations.budgets.sheet import foreign, told_in
from delegations.budgets.versions import CreateBudget, Line, RewriteBudget
from delegations.funding.coverage_queries import coverage_of
from delegations.models import Delegation
from delegations.seats.seats import ReasonMissing
from events.models import Edition
from shared.database import db, transaction
from shared.errors import Conflict
from shared.money import Money
from tests.delegations.conftest import cad
from tests.delegations.test_comparison import DEMO_RATE, xof
from treasury.books.rates import Rate
from treasury.ledger import SamePerson
from treasury.models import ExchangeRate

both = pytest.mark.usefixtures("both_databases")
FRANCS = Rate("CAD", "XOF", DEMO_RATE, date(2005, 6, 30), "average of April to June 2005")
FLIGHT = Line(code="L01", label="Vol", category="T", unit_price=cad("2100.00"), reason="Le prix a monté")
INN = Line(code="L02", label="Auberge", category="U", unit_price=xof("18500"), days=12, rate=FRANCS)
OWN = Line(code="A", label="Épargne", category="", unit_price=cad("0.00"), is_source=True)
FUNDER = Line(code="B", label="Type ACDI", category="", unit_price=cad("1500.00"), is_source=True)


def drafted(edition: Edition, *lines: Line, by: User) -> Budget:
    """The second version of what a seat costs."""
    with transaction():
        command = CreateBudget(edition_id=edition.id, lines=lines, reason="Les prix de l’automne")
        return versions.create_budget(command, by=by)


def test_a_line_is_quantity_people_days_and_price_at_a_dated_rate(dakar: Edition, aristide: User) -> None:
    pair = replace(INN, quantity=2, people=3)
    budget = drafted(dakar, FLIGHT, pair, by=aristide)
    [flight, inn] = budget.costs
    assert (flight.amount, inn.own_amount) == (cad("2100.00"), xof("1332000"))
    assert inn.amount == xof("1332000").convert(1 / DEMO_RATE, "CAD") == cad("3181.78")
    assert inn.rate and inn.rate.dated_on == date(2005, 6, 30)


@both
def test_a_version_is_approved_by_another_and_frozen(dakar: Edition, aristide: User, zoe: User) -> None:
    first = versions.seat_budgets(dakar.id)[None]
    with pytest.raises(ReasonMissing):
        versions.create_budget(CreateBudget(edition_id=dakar.id, lines=[FLIGHT]), by=aristide)
    second = drafted(dakar, FLIGHT, replace(OWN), by=aristide)
    told = states([first, second])
    assert told == {1: BudgetState.APPROVED, 2: BudgetState.REVISION}
    with pytest.raises(SamePerson):
        versions.approve_budget(second, by=aristide)
    with transaction():
        command = RewriteBudget(lines=[FLIGHT, INN, FUNDER], title="Une place", reason="Plus cher", seen=0)
        versions.rewrite_budget(second, command, by=aristide)
    with pytest.raises(versions.NotItsAuthor):
        versions.rewrite_budget(second, replace(command, seen=None), by=zoe)
    with pytest.raises(Conflict):  # Zoé looked at what Aristide has written anew since
        versions.approve_budget(second, by=zoe, seen=0)
    db.session.rollback()
    with transaction():
        versions.set_payers(second, {"L01": {"B": cad("1500.00")}}, by=aristide, seen=1)
        versions.approve_budget(second, by=zoe, seen=2)
    assert states([second, first]) == {1: BudgetState.REPLACED, 2: BudgetState.REVISED}
    with pytest.raises(Conflict):
        versions.set_payers(second, {}, by=aristide)
    assert passed(*FROZEN) == []


FROZEN = (
    "UPDATE budget SET title = 'x' WHERE version = 2",
    "UPDATE budget SET status = 'draft' WHERE version = 2",
    "DELETE FROM budget",
    "UPDATE budget_line SET unit_minor = 1",
    "UPDATE budget_line SET reason = 'x'",
    "DELETE FROM budget_line",
    "INSERT INTO budget_line (budget_id, code, label, category, quantity, unit_minor, currency, is_source)"
    " SELECT budget_id, 'L99', 'x', 'T', 1, 1, 'CAD', is_source FROM budget_line WHERE code = 'L02'",
    "UPDATE budget_share SET amount_minor = 1",
    "DELETE FROM budget_share",
)


def passed(*statements: str) -> list[str]:
    """Those that the database lets through."""
    found = []
    for statement in statements:
        try:
            db.session.execute(text(statement))
            found.append(statement)
        except DatabaseError:
            pass
        db.session.rollback()
    return found


@both
def test_the_database_lets_a_draft_change_but_not_its_author(
    dakar: Edition, aristide: User, zoe: User
) -> None:
    drafted(dakar, FLIGHT, OWN, by=aristide)
    allowed = (
        "UPDATE budget SET title = 'x' WHERE version = 2",
        "UPDATE budget_line SET unit_minor = 1 WHERE budget_id = 2",
    )
    assert passed(*allowed) == list(allowed)
    assert (
        passed(
            f"UPDATE budget SET author_id = {zoe.id} WHERE version = 2",
            f"UPDATE budget SET status = 'approved', approver_id = {aristide.id} WHERE version = 2",
            "UPDATE budget SET status = 'approved' WHERE version = 2",
            "INSERT INTO budget (edition_id, kind, version, title, status, provenance)"
            " SELECT edition_id, kind, 9, title, 'approved', '' FROM budget WHERE version = 1",
            "INSERT INTO budget_share (line_id, source_id, amount_minor, currency)"
            " SELECT a.id, b.id, 1, 'CAD' FROM budget_line a, budget_line b"
            " WHERE a.code = 'L01' AND a.budget_id = 2 AND b.code = 'L03'",
        )
        == []
    )


def test_who_pays_follows_a_line_whose_price_moves(dakar: Edition, aristide: User) -> None:
    two = {"A": cad("1000.00"), "B": cad("1100.00")}
    budget = drafted(dakar, replace(FLIGHT, paid_by=two), OWN, FUNDER, by=aristide)
    with pytest.raises(versions.PaidTwice):
        versions.set_payers(budget, {"L01": {"A": cad("2100.01")}}, by=aristide)
    with pytest.raises(versions.PaidTwice):
        versions.set_payers(budget, {"L01": {"L01": cad("1.00")}}, by=aristide)
    db.session.rollback()
    dearer = replace(FLIGHT, unit_price=cad("2100.01"))
    with transaction():
        command = RewriteBudget(lines=[dearer, OWN, FUNDER], title="", reason="Un cent")
        versions.rewrite_budget(budget, command, by=aristide)
    assert shares_of(budget)["L01"] == (
        cad("2100.01"),
        {"A": cad("1000.00"), "B": cad("1100.01")},
    )


def test_a_budget_begun_elsewhere_from_a_version_keeps_who_pays_it(
    outaouais: Delegation, aristide: User
) -> None:
    two = {"A": cad("1000.00"), "B": cad("1100.00")}
    first = drafted(outaouais.edition, replace(FLIGHT, paid_by=two), INN, OWN, FUNDER, by=aristide)
    with transaction():
        own = versions.create_budget(
            CreateBudget(
                edition_id=first.edition_id,
                delegation_id=outaouais.id,
                lines=versions.as_lines(first, reasons=False, payers=True),
            ),
            by=aristide,
        )
    assert shares_of(own) == shares_of(first)
    assert [line.amount for line in own.lines] == [line.amount for line in first.lines]


def test_what_is_for_the_whole_delegation_is_shared_among_its_seats(
    outaouais: Delegation, aristide: User, zoe: User
) -> None:
    banner = Line(code="L02", label="Bannière", category="U", unit_price=cad("100.00"), basis=Basis.WHOLE)
    budget = drafted(outaouais.edition, replace(FLIGHT, unit_price=cad("1.00")), banner, by=aristide)
    with transaction():
        versions.approve_budget(budget, by=zoe)
    found = coverage_of(outaouais)
    assert found.need == cad("106.00")  # six seats of 1.00, one banner
    assert [seat.need for seat in found.seats] == [
        cad(one) for one in ("17.66", "17.67", "17.67", "17.66", "17.67", "17.67")
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        [FLIGHT, FLIGHT],
        [replace(INN, rate=None), FLIGHT],
        [replace(INN, rate=replace(FRANCS, base="EUR")), FLIGHT],
        [replace(INN, unit_price=cad("1.00"))],
        [replace(FLIGHT, people=0)],
        [replace(FLIGHT, unit_price=cad("-1.00"))],
        [],
    ],
)
def test_a_budget_that_makes_no_sum_is_refused(dakar: Edition, aristide: User, wrong: list[Line]) -> None:
    with pytest.raises(versions.BadBudget):
        versions.create_budget(CreateBudget(edition_id=dakar.id, lines=wrong, reason="x"), by=aristide)


cents = st.integers(0, 10**9)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(1, 10**9), min_size=1, max_size=6), cents, cents)
def test_shares_of_a_line_keep_their_proportion_and_every_cent(
    parts: list[int], spare: int, after: int
) -> None:
    old, new = Money(sum(parts) + spare, "CAD"), Money(after, "CAD")
    shares = {str(place): Money(part, "CAD") for place, part in enumerate(parts)}
    found = rescaled(shares, old, new)
    total = Money.total(found.values(), "CAD")
    assert total <= new
    if not spare:
        assert total == new  # what was paid whole stays paid whole
    for key, part in found.items():
        assert abs(part.minor - Fraction(shares[key].minor * new.minor, old.minor)) < 1
    assert rescaled(shares, old, old) == shares


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(cents, cents, cents), max_size=8))
def test_the_table_of_payers_adds_up_both_ways(rows: list[tuple[int, int, int]]) -> None:
    payers = (Payer("A", "Épargne", Money(10**6, "CAD")), Payer("B", "Type ACDI"))
    lines = tuple(
        Paid(str(place), "", Money(a + b + left, "CAD"), {"A": Money(a, "CAD"), "B": Money(b, "CAD")})
        for place, (a, b, left) in enumerate(rows)
    )
    found = Matrix("CAD", payers, lines)
    taken = Money.total((found.taken(one) for one in payers), "CAD")
    assert taken + found.nobody == found.total
    assert found.free(payers[0]) == Money(10**6 - sum(row[0] for row in rows), "CAD")
    assert found.free(payers[1]) is None


def test_a_seat_of_dakar_in_francs_shows_its_franc_of_rounding(dakar: Edition) -> None:
    first = versions.seat_budgets(dakar.id)[None]
    told = told_in(first, cad("4500.00"), FRANCS)
    assert (told.lines["L01"], told.total, told.rounding) == (xof("858199"), xof("1883851"), xof("1"))


lines_in_francs = st.lists(st.tuples(st.integers(0, 10**7), st.integers(1, 400)), min_size=1, max_size=8)


@settings(deadline=None, max_examples=60)
@given(lines_in_francs)
def test_lines_in_francs_and_their_rounding_make_the_converted_sum(rows: list[tuple[int, int]]) -> None:
    lines = [
        BudgetLine(
            budget_id=1, code=str(place), label="", category="U", days=days, unit_price=Money(minor, "XOF")
        )
        for place, (minor, days) in enumerate(rows)
    ]
    kept = ExchangeRate(
        base="CAD",
        quote="XOF",
        numerator=DEMO_RATE.numerator,
        denominator=DEMO_RATE.denominator,
        dated_on=FRANCS.dated_on,
        source=FRANCS.source,
    )
    for line in lines:
        line.rate, line.rate_id = kept, 1
    [found] = foreign(lines)
    assert found.own == Money(sum(minor * days for minor, days in rows), "XOF")
    assert found.lines - found.rounding == found.whole
    assert abs(found.rounding.minor) <= len(rows)  # half a cent a line, and half for the sum


@settings(deadline=None, max_examples=60)
@given(st.lists(st.tuples(cents, st.sampled_from(Basis)), max_size=6), st.integers(0, 30))
def test_seats_together_cost_each_line_once_or_once_a_seat(rows: list[tuple[int, Basis]], seats: int) -> None:
    budget = Budget(edition_id=1)
    for place, (minor, basis) in enumerate(rows):
        line = BudgetLine(
            budget_id=1, code=f"L{place}", label="", category="U", unit_price=Money(minor, "CAD"), basis=basis
        )
        budget.lines.append(line)
    found = seat_lines(prices_of(budget), seats)
    total = sum(cost.amount.minor for costs in found for cost in costs)
    once = sum(minor for minor, basis in rows if basis is Basis.WHOLE and seats)
    assert total == once + seats * sum(minor for minor, basis in rows if basis is Basis.SEAT)
    assert len(found) == seats
