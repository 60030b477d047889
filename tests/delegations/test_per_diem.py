"""A per-diem from its dated table, day by day: two weeks in Dakar to the franc, and what always holds."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from fractions import Fraction

import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from access.models import User
from delegations.budgets import per_diems, versions
from delegations.budgets.models import Basis
from delegations.budgets.per_diem import BadStay, Lodging, Meal, NoTable, Stay, Table, work_out
from delegations.budgets.per_diems import AddPerDiem, AddTable
from delegations.budgets.queries import workings_of
from delegations.budgets.versions import CreateBudget, RewriteBudget
from delegations.budgets.versions import Line as BudgetItem
from events.models import Edition
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.delegations.conftest import cad
from tests.delegations.test_budget_pages import newest, offered
from tests.delegations.test_budget_versions import FLIGHT, FRANCS, drafted
from tests.delegations.test_comparison import xof

B, L, D = Meal
DAKAR = Table(
    "Dakar",
    date(2005, 1, 1),
    {B: xof("3500"), L: xof("6000"), D: xof("7500")},
    {Lodging.COMMERCIAL: 32, Lodging.PRIVATE: 20},
    ends=75,
    long_stays={31: 75, 121: 50},
)
FIRST, LAST = date(2005, 11, 15), date(2005, 11, 27)
ADDED = AddTable(
    place="Dakar",
    valid_from=DAKAR.valid_from,
    breakfast=xof("3500"),
    lunch=xof("6000"),
    dinner=xof("7500"),
    commercial_percent=32,
    private_percent=20,
    ends_percent=75,
    source="Barème fictif",
)


def test_thirteen_days_in_dakar_to_the_franc() -> None:
    lunches = {date(2005, 11, day): frozenset({L}) for day in range(22, 27)}  # the gathering gives them
    found = work_out(Stay(FIRST, LAST, Lodging.COMMERCIAL, lunches), [DAKAR], "Dakar")
    first, second, gathering, last = (found.days[place] for place in (0, 1, 7, 12))
    assert second.amount == xof("22440")  # 17,000 of meals and 32% of them
    assert first.amount == last.amount == xof("16830")  # three quarters of it
    assert (gathering.meals_total, gathering.amount) == (xof("11000"), xof("16440"))  # incidentals stay whole
    assert found.total == xof("250500") == xof("33660") + xof("22440") * 6 + xof("16440") * 5


def test_a_later_table_takes_over_on_its_day_and_long_stays_count_less() -> None:
    dearer = replace(DAKAR, valid_from=date(2005, 11, 20), meals={**DAKAR.meals, D: xof("8500")})
    found = work_out(Stay(FIRST, LAST), [DAKAR, dearer], "Dakar")
    assert [found.days[place].three_meals for place in (4, 5)] == [xof("17000"), xof("18000")]
    long = work_out(Stay(FIRST, FIRST + timedelta(days=149), Lodging.PRIVATE), [DAKAR], "Dakar").days
    assert [long[place - 1].percent for place in (1, 30, 31, 120, 121, 150)] == [
        75, 100, 75, 75, 50, Fraction(75, 2),
    ]  # fmt: skip
    assert long[30].amount == xof("15300")  # 75% of 20,400


def test_no_table_and_no_stay_are_said() -> None:
    with pytest.raises(NoTable):
        work_out(Stay(FIRST, LAST), [DAKAR], "Thiès")
    with pytest.raises(NoTable):
        work_out(Stay(date(2004, 12, 31), LAST), [DAKAR], "Dakar")
    for ends_on in (FIRST - timedelta(days=1), FIRST + timedelta(days=400)):
        with pytest.raises(BadStay):
            work_out(Stay(FIRST, ends_on), [DAKAR], "Dakar")


percents = st.integers(0, 100)
tables = st.builds(
    lambda meals, shares, ends, long: Table(
        "Dakar",
        date(2005, 1, 1),
        dict(zip(Meal, (Money(minor, "XOF") for minor in meals), strict=True)),
        dict(zip(Lodging, shares, strict=True)),
        ends,
        dict(zip((31, 121), long, strict=True)),
    ),
    st.tuples(*[st.integers(0, 10**6)] * 3),
    st.tuples(percents, percents),
    percents,
    st.tuples(percents, percents),
)
given_meals = st.dictionaries(
    st.integers(0, 140).map(lambda days: FIRST + timedelta(days=days)), st.frozensets(st.sampled_from(Meal))
)


@settings(deadline=None, max_examples=40)
@given(tables, st.integers(0, 140), st.sampled_from(Lodging), given_meals)
def test_the_sum_of_the_days_is_the_exact_value_but_for_half_a_franc_a_day(
    table: Table, more: int, lodging: Lodging, provided: Mapping[date, frozenset[Meal]]
) -> None:
    stay = Stay(FIRST, FIRST + timedelta(days=more), lodging, provided)
    found = work_out(stay, [table], "Dakar")
    exact = Fraction(0)
    for number in range(1, more + 2):
        share = Fraction(table.ends if number in (1, more + 1) else 100, 100)
        share *= Fraction(100 if number < 31 else table.long_stays[31 if number < 121 else 121], 100)
        left = set(Meal) - provided.get(FIRST + timedelta(days=number - 1), frozenset())
        meals = sum(table.meals[meal].minor for meal in left)
        exact += share * (meals + Fraction(table.three_meals.minor * table.incidentals[lodging], 100))
    assert found.total == Money.total((day.amount for day in found.days), "XOF")
    assert abs(found.total.minor - exact) <= Fraction(more + 1, 2)


@settings(deadline=None, max_examples=40)
@given(tables, st.integers(0, 60), given_meals, st.integers(0, 60), st.sampled_from(Meal))
def test_a_meal_that_is_provided_never_makes_a_per_diem_dearer(
    table: Table, more: int, provided: dict[date, frozenset[Meal]], day: int, meal: Meal
) -> None:
    stay = Stay(FIRST, FIRST + timedelta(days=more), Lodging.PRIVATE, provided)
    on = FIRST + timedelta(days=day)
    given_more = {**provided, on: provided.get(on, frozenset()) | {meal}}
    with_it = work_out(replace(stay, provided=given_more), [table], "Dakar").total
    assert with_it <= work_out(stay, [table], "Dakar").total


@pytest.mark.usefixtures("both_databases")
def test_a_line_keeps_its_steps_until_its_price_changes(dakar: Edition, aristide: User) -> None:
    budget = drafted(dakar, FLIGHT, by=aristide)
    command = AddPerDiem(
        code="L03", label="Indemnité", category="U", place="Dakar", stay=Stay(FIRST, LAST), rate=FRANCS
    )
    with transaction():
        per_diems.add_table(ADDED, by=aristide)
        line = per_diems.add_per_diem(budget, replace(command, people=2), by=aristide)
    assert (line.unit_price, line.amount) == (xof("280500"), cad("1340.07"))
    with pytest.raises(versions.BadBudget):
        per_diems.add_per_diem(budget, command, by=aristide)
    db.session.rollback()
    for price, steps in ((line.unit_price, 13), (xof("280501"), None)):
        lines = [replace(one, unit_price=price) if one.code == "L03" else one
                 for one in versions.as_lines(budget, reasons=True)]  # fmt: skip
        with transaction():
            versions.rewrite_budget(budget, RewriteBudget(lines=lines, title="", reason="x"), by=aristide)
        kept = workings_of(budget).get("L03")
        assert (len(kept.days) if kept else None) == steps
    for statement in ("UPDATE per_diem_table SET lunch_minor = 1", "DELETE FROM per_diem_table"):
        with pytest.raises(DatabaseError, match="a later one takes over"):
            db.session.execute(text(statement))
        db.session.rollback()
    with pytest.raises(per_diems.OtherCurrency):
        per_diems.add_table(
            replace(ADDED, breakfast=cad("1.00"), lunch=cad("1.00"), dinner=cad("1.00")), by=aristide
        )
    with pytest.raises(per_diems.BadTable):
        per_diems.add_table(replace(ADDED, ends_percent=101), by=aristide)


def test_a_line_is_worked_out_on_the_page_and_kept(client: FlaskClient, dakar: Edition, fatou: User) -> None:
    sign_in(client, fatou)
    table = {"place": "Dakar", "valid_from": "2005-01-01", "breakfast": "3 500", "lunch": "6 000"}
    where = "/delegations/per-diems"
    assert client.post(where, data=offered(client, where) | table).status_code == 422  # no dinner, no source
    rest = {"dinner": "7 500", "source": "Barème", "ends_percent": "75"}
    assert client.post(where, data=offered(client, where) | table | rest).status_code == 302
    drafted(dakar, FLIGHT, by=fatou)
    page = f"/delegations/budgets/{newest().id}/per-diem"
    asked = {"code": "L03", "label": "Indemnité", "place": "Dakar", "starts_on": "2005-11-15",
             "ends_on": "2005-11-27", "lodging": "commercial", "group": "U", "people": "1"}  # fmt: skip
    worked = client.post(page, data=offered(client, page) | asked | {"work": "1"})
    assert ("280\u202f500" in worked.text, worked.status_code) == (True, 200)
    ticked = {"provided": [f"2005-11-{day}/lunch" for day in range(22, 27)]}
    typed = {**offered(client, page), **asked, **ticked}
    assert "Aucun taux" in client.post(page, data=typed).text
    assert client.post(page, data=typed | {"another": "415"}).status_code == 302
    line = next(one for one in newest().costs if one.code == "L03")
    assert line.unit_price == xof("250500")
    shown = client.get(f"/delegations/budgets/{newest().id}/per-diem/{line.id}").text
    assert "16\u202f440" in shown
    assert client.get(f"/delegations/budgets/{newest().id}/per-diem/999").status_code == 404


def test_a_budget_that_is_no_seat_s_has_per_diems_of_the_whole_thing(
    client: FlaskClient, dakar: Edition, aristide: User, fatou: User
) -> None:
    with transaction():
        per_diems.add_table(ADDED, by=aristide)
        lines = [BudgetItem(code="S01", label="Accueil", category="U", unit_price=cad("100.00"))]
        budget = versions.create_budget(
            CreateBudget(edition_id=dakar.id, kind="secretariat", lines=lines), by=fatou
        )
    sign_in(client, fatou)
    page = f"/delegations/budgets/{budget.id}/per-diem"
    asked = {"code": "S02", "label": "Indemnité", "place": "Dakar", "starts_on": "2005-11-15",
             "ends_on": "2005-11-27", "lodging": "commercial", "group": "U", "people": "2",
             "another": "415"}  # fmt: skip
    assert client.post(page, data=offered(client, page) | asked | {"work": "1"}).status_code == 200
    assert client.post(page, data={**offered(client, page), **asked}).status_code == 302
    line = next(one for one in newest().costs if one.code == "S02")
    assert (line.unit_price, line.people, line.basis) == (xof("280500"), 2, Basis.SEAT)


def test_a_place_keeps_its_name_however_a_later_table_writes_it(dakar: Edition, aristide: User) -> None:
    with transaction():
        per_diems.add_table(replace(ADDED, place="Thiès"), by=aristide)
        later = per_diems.add_table(
            replace(ADDED, place=" THIES", valid_from=date(2005, 11, 20), lunch=xof("6500")), by=aristide
        )
    assert later.place == "Thiès"
    assert per_diems.worked_out("Thiès", Stay(FIRST, LAST)).days[-1].meals[L] == xof("6500")


def test_the_lines_of_a_budget_in_one_currency_stand_at_one_rate(
    client: FlaskClient, dakar: Edition, aristide: User, fatou: User
) -> None:
    command = AddPerDiem(
        code="L03", label="Indemnité", category="U", place="Dakar", stay=Stay(FIRST, LAST), rate=FRANCS
    )
    with transaction():
        per_diems.add_table(ADDED, by=aristide)
    budget = drafted(dakar, FLIGHT, by=fatou)
    sign_in(client, fatou)
    page = f"/delegations/budgets/{budget.id}/per-diem"
    asked = {"place": "Dakar", "starts_on": "2005-11-15", "ends_on": "2005-11-16", "work": "1"}
    assert 'name="another"' in client.post(page, data=offered(client, page) | asked).text
    with transaction():
        per_diems.add_per_diem(budget, command, by=fatou)
    with pytest.raises(versions.TwoRates):
        per_diems.add_per_diem(
            budget, replace(command, code="L04", rate=replace(FRANCS, value=Fraction(400))), by=fatou
        )
    db.session.rollback()
    worked = client.post(page, data=offered(client, page) | asked | {"code": "L04", "label": "Autre"}).text
    assert "418,6336" in worked
    assert 'name="another"' not in worked


def test_incidentals_of_two_tables_tell_the_share_of_each_day(
    client: FlaskClient, dakar: Edition, aristide: User, fatou: User
) -> None:
    with transaction():
        per_diems.add_table(ADDED, by=aristide)
        per_diems.add_table(replace(ADDED, valid_from=date(2005, 11, 16), commercial_percent=40), by=aristide)
    sign_in(client, fatou)
    page = f"/delegations/budgets/{drafted(dakar, FLIGHT, by=fatou).id}/per-diem"
    asked = {"code": "L03", "label": "Indemnité", "place": "Dakar", "starts_on": "2005-11-15", "work": "1"}
    shown = [
        client.post(page, data=offered(client, page) | asked | {"ends_on": last}).text
        for last in ("2005-11-15", "2005-11-16")
    ]
    assert ["soit 32\xa0% des" in shown[0], "soit 32\xa0% / 40\xa0% des" in shown[1]] == [True, True]
    assert [text.count('<span class="s">32\xa0%') for text in shown] == [0, 1]
