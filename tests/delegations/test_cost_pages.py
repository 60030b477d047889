"""An organiser writes what a seat costs and what a funder adds; somebody else approves the costs."""

from datetime import date

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.models import Budget, BudgetStatus, FundingAgreement
from events.editions import CreateEdition, create_edition, create_series
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.events.browsing import press

US = System()


def row(number: int, **typed: str) -> dict[str, str]:
    return {f"lines-{number}-{name}": value for name, value in typed.items()}


LINES = {
    **row(0, code="L01", label="Vol", quantity="1", price="2 050,00", group="T"),
    **row(1, code="L02", label="Hébergement", quantity="12", price="45,00", group="U"),
    **{name: text for number in range(2, 6) for name, text in row(number, group="T", quantity="1").items()},
}


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


def test_costs_are_drafted_by_one_and_approved_by_another(
    client: FlaskClient, fatou: User, zoe: User
) -> None:
    sign_in(client, fatou)
    answer = press(client, "/delegations/costs/DKR05", "/delegations/costs/DKR05", title="Une place", **LINES)
    assert answer.status_code == 302
    assert press(client, "/delegations/costs/DKR05", "/delegations/costs/DKR05/1/approve").status_code == 403
    sign_in(client, zoe)
    assert press(client, "/delegations/costs/DKR05", "/delegations/costs/DKR05/1/approve").status_code == 302
    budget = db.session.scalars(select(Budget)).one()
    assert budget.status is BudgetStatus.APPROVED
    assert Money.total((line.amount for line in budget.lines), "CAD") == Money.of("2590.00", "CAD")


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("price", "2,050.00"), ("price", "1e3"), ("price", "−5"), ("quantity", "0"), ("label", "")],
)
def test_a_row_that_cannot_be_read_is_named_and_kept(
    client: FlaskClient, fatou: User, field: str, wrong: str
) -> None:
    sign_in(client, fatou)
    page_url = "/delegations/costs/DKR05"
    third = {"label": "Visites", "quantity": "1", "price": "180,00", "group": "T", field: wrong}
    answer = press(client, page_url, page_url, title="Une place", **(LINES | row(2, **third)))
    assert answer.status_code == 422
    assert ("Ligne 3" in answer.text, f'value="{wrong}"' in answer.text) == (True, True)
    assert db.session.scalars(select(Budget)).all() == []


def test_rows_are_added_and_an_empty_budget_is_refused(client: FlaskClient, fatou: User) -> None:
    sign_in(client, fatou)
    page_url = "/delegations/costs/DKR05"
    longer = press(client, page_url, page_url, title="Une place", **LINES, more="1")
    assert ("Hébergement" in longer.text, 'name="lines-11-label"' in longer.text) == (True, True)
    assert press(client, page_url, page_url, title="Une place").status_code == 422
    assert db.session.scalars(select(Budget)).all() == []


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


def test_an_edition_of_nobody_s_is_not_there(client: FlaskClient, fatou: User) -> None:
    sign_in(client, fatou)
    assert client.get("/delegations/costs/NONE").status_code == 404
