"""A draft is changed in two tabs, or by two people: the second is told and loses nothing typed."""

import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from access.models import User
from delegations.budgets.draft_lines import moved
from delegations.budgets.queries import shares_of
from events.models import Edition
from tests.conftest import sign_in
from tests.delegations.conftest import cad
from tests.delegations.test_budget_pages import LIST, fields_of, newest, offered, pays, rest

pytestmark = pytest.mark.usefixtures("no_tokens")

REVISE = "/delegations/budgets/2/revise"


@pytest.fixture
def no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)


@pytest.fixture
def draft(client: FlaskClient, dakar: Edition, fatou: User) -> None:
    """Fatou's second version of what a seat costs."""
    sign_in(client, fatou)
    begin = f"{LIST}/new?template=dakar"
    client.post(begin, data=offered(client, begin) | {"reason": "Qui paie quoi"})


def prices() -> dict[str, str]:
    return {line.code: str(line.unit_price.decimal()) for line in newest().lines}


def seen_again(page: str) -> str:
    """What the form that was refused remembers now."""
    found = re.search(r'name="seen"[^>]*value="([^"]*)"', page)
    assert found
    return unescape(found[1])


def test_the_second_tab_is_told_and_what_it_had_not_touched_follows(client: FlaskClient, draft: None) -> None:
    first, second = offered(client, REVISE), offered(client, REVISE)
    theirs = {
        "lines-0-price": "2 300,00",
        "lines-1-price": "50,00",
        "lines-11-label": "",
        "lines-11-price": "",
    }
    assert client.post(REVISE, data=first | theirs).status_code == 302
    mine = second | {"lines-0-price": "2 400,00", "lines-2-price": "36,00"}
    told = client.post(REVISE, data=mine)
    assert told.status_code == 422
    page = unescape(told.text)
    for words in ("2 300,00 CAD", "2 400,00 CAD", "L12"):
        assert words in page.replace("\xa0", " ").replace("\u202f", " "), words
    assert 'value="2 400,00"' in told.text  # mine, as typed
    assert prices()["L01"] == "2300.00"
    sent = {**fields_of(told.text), "seen": seen_again(told.text)}
    assert client.post(REVISE, data=sent).status_code == 302
    now = prices()
    assert (now["L01"], now["L02"], now["L03"], "L12" in now) == ("2400.00", "50.00", "36.00", False)


def test_the_same_form_sent_twice_is_no_conflict(client: FlaskClient, draft: None) -> None:
    typed = offered(client, REVISE) | {"lines-0-price": "2 300,00"}
    assert [client.post(REVISE, data=typed).status_code for _ in range(2)] == [302, 302]


def test_somebody_else_drafts_the_version_that_one_is_writing(client: FlaskClient, draft: None) -> None:
    page = "/delegations/budgets/1/revise"
    opened = offered(client, page) | {"title": "Une place"}
    mine = opened | {"reason": "Le carburant", "lines-0-price": "2 100,00"}
    theirs = client.post(page, data=opened | {"reason": "Une autre"})
    assert (theirs.status_code, newest().version) == (302, 3)
    told = client.post(page, data=mine)
    assert told.status_code == 422
    assert 'value="2 100,00"' in told.text
    assert newest().version == 3
    decided = client.post(page, data=mine | {"seen": seen_again(told.text)})
    assert (decided.status_code, newest().version) == (302, 4)


def test_who_pays_is_written_in_two_tabs(client: FlaskClient, draft: None) -> None:
    page = f"/delegations/budgets/{newest().id}/payers"
    first, second = offered(client, page), offered(client, page)
    client.post(page, data=first | {pays("L01", "B"): "1 366,67", pays("L02", "A"): "40,00"})
    told = client.post(page, data=second | {pays("L01", "B"): "1 000,00"})
    assert told.status_code == 422
    assert 'value="1 000,00"' in told.text
    sent = fields_of(told.text) | {"seen": seen_again(told.text)}
    assert client.post(page, data=sent).status_code == 302
    shares = shares_of(newest())
    assert (shares["L01"][1], shares["L02"][1]) == ({"B": cad("1000.00")}, {"A": cad("40.00")})


def test_the_lines_are_rewritten_while_one_says_who_pays(client: FlaskClient, draft: None) -> None:
    page = f"/delegations/budgets/{newest().id}/payers"
    mine = offered(client, page) | {pays("L01", "B"): "1 000,00"}
    client.post(REVISE, data=offered(client, REVISE) | {"lines-1-price": "50,00"})
    assert client.post(page, data=mine).status_code == 302
    assert shares_of(newest())["L01"][1] == {"B": cad("1000.00")}


def test_what_was_typed_for_a_line_that_is_gone_is_told_and_kept(client: FlaskClient, draft: None) -> None:
    gone = {"lines-11-label": "", "lines-11-price": ""}
    payers = f"/delegations/budgets/{newest().id}/payers"
    rows, table, untouched = offered(client, REVISE), offered(client, payers), offered(client, payers)
    assert client.post(REVISE, data=offered(client, REVISE) | gone).status_code == 302
    told = client.post(REVISE, data=rows | {"lines-11-price": "175,00"})
    assert (told.status_code, 'value="175,00"' in told.text) == (422, True)
    typed = {pays("L12", "B"): "150,01", rest("L12"): "C"}
    told = client.post(payers, data=table | typed)
    assert (told.status_code, "L12 · " in told.text, "150,01" in told.text) == (422, True, True)
    sent = fields_of(told.text) | {"seen": seen_again(told.text)}
    assert client.post(payers, data=sent).status_code == 302
    assert client.post(payers, data=untouched).status_code == 302  # who typed nothing there loses nothing
    assert "L12" not in prices()


def test_three_tellings_of_a_line() -> None:
    seen = {"L01": "Vol 2 050", "L02": "Lit 45", "L03": "Repas 35", "L04": "Bus 180"}
    now = {"L01": "Vol 2 300", "L02": "Lit 50", "L04": "Bus 190", "L05": "Visa 80"}
    mine = {"L01": "Vol 2 400", "L02": "Lit 45", "L03": "Repas 35", "L04": "Bus 190"}
    told = {one.code: (one.change.theirs, one.change.mine, one.follows) for one in moved(seen, now, mine)}
    assert told == {
        "L01": ("Vol 2 300", "Vol 2 400", False),
        "L02": ("Lit 50", "", True),
        "L03": ("—", "", True),
        "L05": ("Visa 80", "", True),
    }
