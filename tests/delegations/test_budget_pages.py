"""From the browser: a budget is drafted from a template, its payers named, approved, revised and compared."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from delegations.answers import treasurer
from delegations.budgets.models import Budget, BudgetStatus
from delegations.budgets.queries import shares_of
from delegations.budgets.templates import TEMPLATES
from delegations.models import Delegation
from events.models import Edition
from shared.database import db
from shared.money import Money, format_plain
from tests.conftest import sign_in
from tests.delegations.conftest import cad
from tests.events.browsing import fill_in, press

LIST = "/delegations/costs/DKR05"


def offered(client: FlaskClient, page: str) -> dict[str, str]:
    """Everything that the form of a page would send as it is."""
    return fields_of(client.get(page).text)


def fields_of(html: str) -> dict[str, str]:
    """Everything that a form would send as it is."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", html):
        name, value = re.search(r'name="([^"]*)"', tag), re.search(r'value="([^"]*)"', tag)
        unticked = 'type="checkbox"' in tag and "checked" not in tag
        if name and not unticked and 'type="submit"' not in tag:
            found[name[1]] = unescape(value[1]) if value else ""
    for name, text in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\s*(.*?)</textarea>', html, re.S):
        found[name] = unescape(text)
    for name, inside in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', html, re.S):
        chosen = re.search(r'<option selected value="([^"]*)"', inside)
        first = re.search(r'<option[^>]*value="([^"]*)"', inside)
        found[name] = (chosen or first)[1] if (chosen or first) else ""  # type: ignore[index]
    return found


def pays(line: str, source: str) -> str:
    """The field of what a source pays of a line."""
    return f"of_{line.encode().hex()}_{source.encode().hex()}"


def rest(line: str) -> str:
    """The field of who pays the rest of a line."""
    return f"rest_{line.encode().hex()}"


def newest() -> Budget:
    db.session.rollback()
    return db.session.scalars(select(Budget).order_by(Budget.id.desc())).first()  # type: ignore[return-value]


def test_a_budget_begins_from_a_template_and_is_approved_by_another(
    client: FlaskClient, dakar: Edition, fatou: User, zoe: User
) -> None:
    sign_in(client, fatou)
    assert "template=secretariat" in client.get(LIST).text
    begin = f"{LIST}/new?template=secretariat"
    assert client.post(begin, data=offered(client, begin)).status_code == 302
    page = f"/delegations/budgets/{newest().id}"
    [waits] = treasurer.budgets()
    assert (waits.words, waits.args) == ("1 version", {"code": "DKR05"})
    shown = client.get(page).text
    for figure in ("125000.00", "110000.00"):  # foundations are at risk
        assert format_plain(cad(figure), "fr") in shown
    assert press(client, page, f"{page}/approve", seen="0").status_code == 403
    sign_in(client, zoe)
    assert press(client, page, f"{page}/approve", seen="1").location == page
    assert "entre-temps" in client.get(page).text
    assert newest().status is BudgetStatus.DRAFT
    assert press(client, page, f"{page}/approve", seen="0").status_code == 302
    assert newest().status is BudgetStatus.APPROVED
    assert list(treasurer.budgets()) == []


def test_who_pays_which_line_is_written_and_shown(client: FlaskClient, dakar: Edition, fatou: User) -> None:
    sign_in(client, fatou)
    begin = f"{LIST}/new?template=dakar"
    answer = client.post(begin, data=offered(client, begin) | {"reason": "Qui paie quoi"})
    assert answer.status_code == 302
    draft = newest()
    table = f"/delegations/budgets/{draft.id}/payers"
    typed = {pays("L01", "B"): "1 366,67", rest("L01"): "A", rest("L12"): "C"}
    too_much = {pays("L12", "B"): "150,01"}
    assert client.post(table, data=offered(client, table) | too_much).status_code == 422
    assert client.post(table, data=offered(client, table) | typed).status_code == 302
    shares = shares_of(newest())
    assert shares["L01"][1] == {"A": cad("683.33"), "B": cad("1366.67")}
    assert shares["L12"][1] == {"C": cad("150.00")}
    shown = client.get(f"/delegations/budgets/{draft.id}").text
    assert format_plain(cad("2300.00"), "fr") in shown  # of 4,500.00 nobody pays yet


def test_a_revision_says_why_and_two_versions_compare(
    client: FlaskClient, dakar: Edition, fatou: User
) -> None:
    sign_in(client, fatou)
    revise = "/delegations/budgets/1/revise"
    dearer = {"lines-0-price": "2 350,00", "lines-0-reason": "Carburant", "title": "Une place"}
    assert client.post(revise, data=offered(client, revise) | dearer).status_code == 422  # no reason
    why = {"reason": "Les prix de l’automne"}
    assert client.post(revise, data=offered(client, revise) | dearer | why).status_code == 302
    again = "/delegations/budgets/2/revise"
    assert client.post(again, data=offered(client, again) | {"lines-1-days": "13"}).status_code == 302
    assert (newest().version, newest().edits) == (2, 1)  # one's own draft is written anew
    shown = client.get("/delegations/budgets/2/against/1").text
    for told in ("Carburant", "Les prix de l’automne", "+300,00"):
        assert told in shown.replace("’", "’"), told
    assert client.get("/delegations/budgets/2/against/99").status_code == 404


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("price", "2,050.00"), ("price", "1e3"), ("price", "−5"), ("quantity", "0"), ("label", "")],
)
def test_a_row_that_cannot_be_read_is_named_and_kept(
    client: FlaskClient, dakar: Edition, fatou: User, field: str, wrong: str
) -> None:
    sign_in(client, fatou)
    begin = f"{LIST}/new?template=dakar"
    answer = client.post(begin, data=offered(client, begin) | {"reason": "x", f"lines-2-{field}": wrong})
    assert answer.status_code == 422
    assert ("Ligne 3" in answer.text, f'value="{wrong}"' in answer.text) == (True, True)
    assert newest().version == 1


def test_a_price_in_francs_needs_its_dated_rate(client: FlaskClient, dakar: Edition, fatou: User) -> None:
    sign_in(client, fatou)
    begin = f"{LIST}/new?template=dakar"
    francs = {"lines-1-price": "18 500", "lines-1-currency": "XOF", "reason": "En francs"}
    typed = {"rates-0-value": "415", "rates-0-dated_on": "2005-11-16", "rates-0-source": "Change à Dakar"}
    assert client.post(begin, data=offered(client, begin) | francs | typed).status_code == 302
    [line] = [one for one in newest().lines if one.code == "L02"]
    assert (line.own_amount, line.amount) == (Money.of("222000", "XOF"), cad("534.94"))
    assert "Change à Dakar" in client.get(f"/delegations/budgets/{newest().id}").text


def test_rows_are_added_and_an_empty_budget_is_refused(
    client: FlaskClient, dakar: Edition, fatou: User
) -> None:
    sign_in(client, fatou)
    begin = f"{LIST}/new?kind=other"
    longer = client.post(begin, data=offered(client, begin) | {"lines-0-label": "Salles", "more": "1"})
    assert ("Salles" in longer.text, 'name="lines-7-label"' in longer.text) == (True, True)
    assert fill_in(client, begin, title="Vide").status_code == 422
    assert client.get("/delegations/costs/NONE").status_code == 404


def test_a_head_drafts_for_their_delegation_only(
    client: FlaskClient, outaouais: Delegation, ondine: User, zoe: User
) -> None:
    sign_in(client, ondine)
    begin = "/delegations/DKR05-OUT/budgets/new?template=edition"
    assert client.post(begin, data=offered(client, begin) | {"title": "Chez nous"}).status_code == 302
    mine = newest()
    assert (mine.delegation_id, len(mine.costs)) == (outaouais.id, 12)
    assert client.get("/delegations/DKR05-OUT/budgets").status_code == 200
    assert (
        press(
            client, f"/delegations/budgets/{mine.id}", f"/delegations/budgets/{mine.id}/approve"
        ).status_code
        == 403
    )
    assert client.get(f"{LIST}/new").status_code == 404
    assert client.get("/delegations/budgets/1").status_code == 404


def test_a_draft_is_thrown_away_by_its_author(
    client: FlaskClient, dakar: Edition, fatou: User, aristide: User
) -> None:
    sign_in(client, fatou)
    begin = f"{LIST}/new?template=municipal"
    assert client.post(begin, data=offered(client, begin)).status_code == 302
    page = f"/delegations/budgets/{newest().id}"
    sign_in(client, aristide)
    assert press(client, page, f"{page}/discard").status_code == 403
    sign_in(client, fatou)
    assert press(client, page, f"{page}/discard").status_code == 302
    assert newest().id == 1
    assert press(client, LIST, "/delegations/budgets/1/discard").status_code == 409  # approved: it stays


def test_who_pays_all_of_a_line_pays_it_at_another_price_too(
    client: FlaskClient, dakar: Edition, fatou: User
) -> None:
    sign_in(client, fatou)
    begin = f"{LIST}/new?template=municipal"
    dearer = offered(client, begin) | {"lines-0-price": "2100,00"}
    assert client.post(begin, data=dearer).status_code == 302
    assert shares_of(newest())["P01"] == (cad("4200.00"), {"FED": cad("4200.00")})


def test_every_template_balances_with_who_pays_it() -> None:
    totals = {name: one.total for name, one in TEMPLATES.items()}
    assert totals == {
        "dakar": cad("4500.00"),
        "municipal": cad("6020.00"),
        "placement": cad("3580.00"),
        "secretariat": cad("125000.00"),
    }
