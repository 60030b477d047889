"""A second version of what a seat costs says what it changes, line by line."""

import re
from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient

from access.models import User
from delegations.budgets import revision, variance
from delegations.budgets import versions as budgets
from delegations.budgets.comparison import compare
from delegations.budgets.models import SEAT as SEAT_BUDGET
from delegations.budgets.models import Basis
from delegations.budgets.queries import versions_of
from delegations.budgets.versions import CreateBudget, Line
from events.models import Edition
from shared.database import transaction
from tests.conftest import sign_in
from tests.delegations.conftest import cad
from tests.delegations.test_comparison import DEMO_RATE, SEAT, xof
from treasury.books.rates import Rate


def test_versions_are_compared_line_by_line(
    client: FlaskClient, dakar: Edition, fatou: User, aristide: User
) -> None:
    lines = [
        Line(code="L01", label="Vol", category="T", unit_price=cad("2100.00")),
        Line(code="L02", label="Hébergement", category="U", unit_price=cad("45.00"), quantity=12),
        Line(code="L13", label="Visa", category="T", unit_price=cad("60.00")),
    ]
    with transaction():
        first = budgets.seat_budgets(dakar.id)[None]
        second = budgets.create_budget(
            CreateBudget(edition_id=dakar.id, lines=lines, reason="Le vol a monté"), by=aristide
        )
    found = {one.code: one for one in revision.changes(first, second)}
    assert found["L01"].difference == cad("50.00")
    assert "L02" not in found  # 12 nights at 45.00 are the 540.00 of before
    assert (found["L13"].before, found["L13"].difference) == (None, cad("60.00"))
    assert (found["L03"].after, found["L03"].difference) == (None, cad("-420.00"))
    sign_in(client, fatou)
    assert "Ce qui a changé depuis la version 1" in client.get(f"/delegations/budgets/{second.id}").text


def test_a_line_that_became_the_delegation_s_leaves_the_seat_s_total(
    client: FlaskClient, dakar: Edition, fatou: User, aristide: User
) -> None:
    visa = Line(code="L13", label="Visa", category="T", unit_price=cad("60.00"))
    coach = Line(code="L14", label="Car de Thiès", category="T", unit_price=cad("300.00"))
    drafts = [
        ([visa, coach], "Le car manquait"),
        ([visa, replace(coach, basis=Basis.WHOLE)], "Un seul car pour tout le monde"),
        ([replace(visa, unit_price=cad("65.00")), replace(coach, basis=Basis.WHOLE)], "Le visa a monté"),
    ]
    for lines, reason in drafts:
        with transaction():
            budgets.create_budget(CreateBudget(edition_id=dakar.id, lines=lines, reason=reason), by=aristide)
            budgets.approve_budget(versions_of(dakar.id, SEAT_BUDGET, None)[0], by=fatou)
    last, shared, first = versions_of(dakar.id, SEAT_BUDGET, None)[:3]

    found = [
        (one.code, one.part.value, one.difference, one.reason)
        for one in revision.changes(first, last, [shared])
    ]
    assert found == [
        ("L13", "seat", cad("5.00"), "Le visa a monté"),
        ("L14", "seat", cad("-300.00"), "Un seul car pour tout le monde"),
        ("L14", "whole", cad("300.00"), "Un seul car pour tout le monde"),
    ]
    sign_in(client, fatou)
    shown = client.get(f"/delegations/budgets/{last.id}/against/{first.id}").text
    totals = shown[shown.index("<tfoot>") : shown.index("</tfoot>")].replace("\xa0", " ")
    assert re.findall(r">(\d+,\d\d)<", totals) == ["360,00", "65,00", "0,00", "300,00"]


@pytest.mark.parametrize(
    ("spent", "promised", "said"),
    [
        ([], [], "Nothing of the"),
        (["100.00"], [], "440.00 CAD are left"),
        (["100.00"], ["40.00"], "400.00 CAD are free"),
        (["540.00"], [], "All of the"),
        (["600.00"], [], "60.00 CAD too much"),
        (["5000 XOF"], [], "Used besides: 5,000"),
    ],
)
def test_a_variance_is_said_in_a_sentence(
    client: FlaskClient, spent: list[str], promised: list[str], said: str
) -> None:
    amounts = [xof(one[:-4]) if one.endswith("XOF") else cad(one) for one in spent]
    rate = Rate("CAD", "XOF", DEMO_RATE, date(2005, 6, 30), "average")
    found = compare(
        SEAT,
        {("U", "L02"): [cad(one) for one in promised]},
        {("U", "L02"): amounts},
        currency="CAD",
        rates={"XOF": DEMO_RATE},
    )
    row = next(one for one in found.rows if one.code == "L02")
    with client.application.test_request_context("/", headers={"Accept-Language": "en"}):
        words = variance.sentence(row, found, {"XOF": rate}, "en")
    assert said in words.replace("\xa0", " ")
