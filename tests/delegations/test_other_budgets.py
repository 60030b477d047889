"""A budget beside the seats: a delegation's shared costs, and that no line is spent under another's name."""

import pytest
from flask.testing import FlaskClient

from access.models import User
from delegations.budgets import sheet, spending
from delegations.budgets.queries import shares_of
from delegations.budgets.templates import TEMPLATES
from delegations.budgets.versions import CodeElsewhere, CreateBudget, Line, approve_budget, create_budget
from delegations.models import Delegation
from events.models import Edition
from shared.money import format_plain
from tests.conftest import sign_in
from tests.delegations.conftest import cad, delegation_of
from tests.delegations.test_budget_pages import newest, offered


def shared_cost(delegation: Delegation, by: User, approver: User) -> None:
    command = CreateBudget(
        edition_id=delegation.edition_id,
        delegation_id=delegation.id,
        kind="partnership",
        lines=TEMPLATES["municipal"].lines(),
    )
    approve_budget(create_budget(command, by=by), by=approver)


def test_a_head_begins_the_shared_cost_of_a_municipality(
    client: FlaskClient, outaouais: Delegation, ondine: User
) -> None:
    sign_in(client, ondine)
    listed = client.get("/delegations/DKR05-OUT/budgets").text
    assert format_plain(cad("4100.00"), "fr") in listed  # the flights, told before it is taken
    assert ("template=municipal" in listed, "template=secretariat" in listed) == (True, False)
    begin = "/delegations/DKR05-OUT/budgets/new?template=municipal"
    assert client.post(begin, data=offered(client, begin)).status_code == 302
    draft = newest()
    assert (draft.kind, draft.delegation_id) == ("partnership", outaouais.id)
    laid_out = sheet.sheet(draft, shares_of(draft), "CAD")
    assert (laid_out.cash, laid_out.in_kind) == (cad("6020.00"), cad("1280.00"))
    [federation] = laid_out.seat.payers
    assert laid_out.seat.taken(federation) == cad("6020.00")
    shown = client.get(f"/delegations/budgets/{draft.id}").text
    assert format_plain(cad("7300.00"), "fr") not in shown  # money and services are never added


def test_the_secretariat_is_the_whole_editions(
    client: FlaskClient, outaouais: Delegation, ondine: User
) -> None:
    sign_in(client, ondine)
    begin = "/delegations/DKR05-OUT/budgets/new?template=secretariat"
    assert format_plain(cad("34000.00"), "fr") not in client.get(begin).text


def test_shared_costs_are_spent_under_their_own_lines(
    dakar: Edition, outaouais: Delegation, aristide: User, zoe: User
) -> None:
    quebec = delegation_of(dakar, "QUE", "Québec", 3)
    before = {
        one.code: spending.of_delegation(one).comparison.total.figures["CAD"].budget
        for one in (outaouais, quebec)
    }
    for one in (outaouais, quebec):
        shared_cost(one, aristide, zoe)
        total = spending.of_delegation(one).comparison.total.figures["CAD"].budget
        known = before[one.code]
        assert known and total == known + cad("6020.00")
    rows = {(one.group, one.code): one for one in spending.of_edition(dakar).comparison.rows}
    assert rows["partnership", "P01"].figures["CAD"].budget == cad("8200.00")
    assert rows["T", "L01"].figures["CAD"].budget == cad("18450.00")  # 9 seats, as before


def test_no_line_of_another_budget_takes_the_code_of_a_seats(
    dakar: Edition, aristide: User, zoe: User
) -> None:
    flight = Line(code="L01", label="Vol", category="", unit_price=cad("2050.00"))
    with pytest.raises(CodeElsewhere, match="L01"):
        create_budget(CreateBudget(edition_id=dakar.id, kind="other", lines=[flight]), by=aristide)
    source = Line(code="L01", label="Membres", category="", unit_price=cad("0.00"), is_source=True)
    own = Line(code="X01", label="Vol", category="", unit_price=cad("2050.00"))
    drafted = create_budget(CreateBudget(edition_id=dakar.id, kind="other", lines=[own, source]), by=aristide)
    assert approve_budget(drafted, by=zoe).version == 1  # nothing is spent by a source
