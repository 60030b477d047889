"""Funds opened and described: what for, when, kept by whom; how the books began; what the pages show."""

import json
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import User
from shared.clock import DEMO_CLOCKS, travel_to
from shared.database import db, transaction
from shared.errors import Conflict
from shared.money import Money
from tests.conftest import sign_in
from tests.treasury.conftest import Ask
from treasury import chart, ledger, queries
from treasury.books import verification
from treasury.books.cli import ledger as commands
from treasury.books.frameworks import frameworks
from treasury.funds import funds, openings, overdrafts, standings
from treasury.funds.models import LegalEntity, Overdraft
from treasury.funds.openings import Opening
from treasury.ledger import Leg
from treasury.models import Account, Fund, FundKind, JournalEntry

WINDOW = funds.DescribeFund(
    name="Volet Écoles",
    aim="Education in Quebec",
    purpose="E",
    event="DKR05",
    starts_on=date(2005, 1, 1),
    ends_on=date(2005, 12, 31),
)


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.fixture
def schools(bank: Account, aristide: User) -> Fund:
    """A restricted fund that may be spent in 2005."""
    with transaction():
        return funds.open_fund(" dkr05/b3 ", FundKind.RESTRICTED, WINDOW, by=aristide)


def spend(fund: Fund, on: date, by: User, approver: User) -> JournalEntry:
    legs = [Leg(chart.STAY, fund.id, cad("10.00")), Leg(chart.BANK, fund.id, -cad("10.00"))]
    with transaction():
        return ledger.post(ledger.draft(on, "Course", legs, by=by), by=approver)


def test_a_fund_is_spent_in_its_window(schools: Fund, receive: Ask, aristide: User, zoe: User) -> None:
    receive("240.00", fund=schools)
    assert (schools.code, schools.event) == ("DKR05/B3", "DKR05")
    entry = spend(schools, date(2005, 12, 31), aristide, zoe)
    for day in (date(2004, 12, 31), date(2006, 1, 1)):
        with pytest.raises(funds.OutsideWindow):
            spend(schools, day, aristide, zoe)
    with transaction():  # a correction is a fact, whenever it is written
        ledger.post(ledger.reverse(entry, date(2006, 1, 5), "Wrong fund", by=aristide), by=zoe)
    with transaction():
        ledger.post_now(
            date(2006, 1, 2),
            "Fee",
            [Leg(chart.BANK_FEES, schools.id, cad("1.00")), Leg(chart.BANK, schools.id, -cad("1.00"))],
            source="test",
        )
    assert queries.fund_balance(schools.id, "CAD") == cad("239.00")


@pytest.mark.parametrize(
    ("code", "changes", "refusal"),
    [
        ("é", {}, funds.BadFund),
        ("X" * 41, {}, funds.BadFund),
        ("DKR05/B3", {}, funds.FundCodeTaken),
        ("OK", {"name": " "}, funds.BadFund),
        ("OK", {"ends_on": date(2004, 1, 1)}, funds.WindowReversed),
    ],
)
def test_a_fund_has_a_code_a_name_and_a_window(
    schools: Fund, aristide: User, code: str, changes: dict[str, Any], refusal: type[Exception]
) -> None:
    known = {name: getattr(WINDOW, name) for name in WINDOW.__dataclass_fields__}
    with pytest.raises(refusal), transaction():
        funds.open_fund(code, FundKind.POOL, funds.DescribeFund(**known | changes), by=aristide)


def test_the_first_legal_entity_keeps_every_fund_until_another_is_named(
    schools: Fund, house: Fund, aristide: User
) -> None:
    assert standings.keeper(house) is None
    with transaction():
        first = funds.describe_entity(None, funds.DescribeEntity(name="Réseau fictif"), by=aristide)
        second = funds.describe_entity(None, funds.DescribeEntity(name="Fondation fictive"), by=aristide)
    assert (first.is_default, second.is_default) == (True, False)
    with transaction():
        own = funds.DescribeFund(name="Volet Écoles", entity_id=second.id)
        funds.describe(schools, own, by=aristide)
    assert (standings.keeper(schools), standings.keeper(house)) == (second, first)
    with transaction():
        funds.make_default(second, by=aristide)
    assert standings.keeper(house) == second


def test_an_overdraft_has_a_limit_a_time_and_a_reason(schools: Fund, zoe: User) -> None:
    day = date(2005, 1, 1)
    for limit, until, reason in (("0.00", day, "x"), ("1.00", date(2004, 1, 1), "x"), ("1.00", day, " ")):
        command = overdrafts.AllowOverdraft(
            fund_id=schools.id, limit=cad(limit), starts_on=day, ends_on=until, reason=reason
        )
        with pytest.raises(overdrafts.BadOverdraft), transaction():
            overdrafts.allow(command, by=zoe)
    good = overdrafts.AllowOverdraft(
        fund_id=schools.id, limit=cad("1.00"), starts_on=day, ends_on=day, reason="Signed"
    )
    with transaction():
        allowed = overdrafts.withdraw(overdrafts.allow(good, by=zoe), by=zoe)
    with pytest.raises(Conflict), transaction():
        overdrafts.withdraw(allowed, by=zoe)


def test_the_books_open_with_what_stood_there(
    outaouais: Fund, house: Fund, aristide: User, zoe: User
) -> None:
    stood = [
        Opening(chart.BANK, outaouais.id, cad("900.00")),
        Opening(chart.CASH, house.id, cad("100.00")),
        Opening(chart.SUSPENSE, house.id, cad("-100.00")),
    ]
    with transaction():
        entry = openings.open_books(date(2003, 1, 1), "Balance sheet of 2002", stood, by=aristide)
        ledger.post(entry, by=zoe)
    assert {
        (one.account.code, one.fund.code): one.amount for one in entry.postings if one.account.code == "3000"
    } == {("3000", "DKR05-OUT"): cad("-900.00")}
    assert queries.fund_balances([outaouais.id, house.id], "CAD") == {
        outaouais.id: cad("900.00"),
        house.id: cad("0.00"),
    }
    with pytest.raises(openings.NoOpening), transaction():
        openings.open_books(date(2003, 1, 1), "Nothing", [], by=aristide)
    assert verification.check().sound


def test_every_account_has_its_place_in_every_published_chart() -> None:
    assert set(frameworks()) == {"quebec", "france", "syscohada"}
    for one in frameworks().values():
        assert set(one.places) == set(chart.CHART), one.key
        assert set(one.title) == set(one.source) == set(one.note) == {"en", "fr"}


def test_the_commands_tell_where_funds_stand_and_what_a_rate_was(
    app: Flask, receive: Ask, outaouais: Fund
) -> None:
    receive("750.00")
    runner = app.test_cli_runner()

    def said(*words: str) -> Any:
        done = runner.invoke(commands, list(words))
        assert done.exit_code == 0, done.output
        return json.loads(done.output) if "--json" in words else done.output

    assert said("funds", "--json")["funds"][0]["available"] == "750.00"
    assert "750.00 CAD" in said("funds")
    assert said("funds", "--event", "nothing", "--json") == {"funds": []}
    told = said("rate", "eur", "xof", "--on", "2005-11-15", "--json")
    assert (told["value"], told["source"]) == ("655.957", "fixed parity")
    assert "655.957 XOF" in said("rate", "EUR", "XOF")
    assert "512 Banques" in said("chart", "france")
    assert said("chart", "syscohada", "--json")["accounts"][0]["there"] == "521"


# Pages ------------------------------------------------------------------------------------------------

pages = pytest.mark.usefixtures("without_tokens")


@pages
def test_a_fund_is_opened_described_and_kept_on_the_pages(
    client: FlaskClient, bank: Account, aristide: User
) -> None:
    sign_in(client, aristide)
    assert "Pas encore d’entité juridique" in client.get("/treasury/entities").text
    body = {"name": "Réseau fictif", "framework": "france", "year_starts": "9", "country": "sn"}
    assert client.post("/treasury/entities/new", data=body | {"year_starts": "13"}).status_code == 422
    assert "Réseau fictif" in client.post("/treasury/entities/new", data=body, follow_redirects=True).text
    entity = db.session.scalars(select(LegalEntity)).one()
    assert (entity.country, entity.is_default, entity.year_starts) == ("SN", True, 9)
    page = client.get("/treasury/entities").text
    assert ("Sénégal" in page, "septembre" in page) == (True, True)
    assert client.post(f"/treasury/entities/{entity.id}", data=body | {"name": ""}).status_code == 422
    client.post(f"/treasury/entities/{entity.id}", data=body | {"charity_number": "00000 RR0000"})
    client.post("/treasury/entities/new", data=body | {"name": "Autre"})
    other = db.session.scalars(select(LegalEntity.id).where(LegalEntity.name == "Autre")).one()
    assert "00000 RR0000" in client.post(f"/treasury/entities/{other}/default", follow_redirects=True).text
    fund = {"code": "acdi", "kind": "restricted", "name": "Type ACDI", "entity": "", "aim": "Voyages"}
    made = client.post("/treasury/funds/new", data=fund, follow_redirects=True)
    assert "Voyages" in made.text
    assert client.post("/treasury/funds/new", data=fund).status_code == 422
    assert client.post("/treasury/funds/new", data=fund | {"name": ""}).status_code == 422
    key = db.session.scalars(select(Fund.id).where(Fund.code == "ACDI")).one()
    window = {"starts_on": "2005-01-01", "ends_on": "2004-01-01"}
    assert client.post(f"/treasury/fund-details/{key}", data=fund | window).status_code == 422
    done = client.post(
        f"/treasury/fund-details/{key}", data=fund | window | {"ends_on": "2005-12-31"}, follow_redirects=True
    )
    assert "31 décembre 2005" in done.text
    assert client.get("/treasury/fund-details/999").status_code == 404
    assert "Plan comptable" in client.get("/treasury/chart?framework=syscohada").text
    assert "512" in client.get("/treasury/chart?framework=unknown").text


@pages
def test_an_overdraft_is_allowed_and_withdrawn_on_the_pages(
    client: FlaskClient, receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("5.00")
    legs = [Leg(chart.STAY, outaouais.id, cad("10.00")), Leg(chart.BANK, outaouais.id, -cad("10.00"))]
    with transaction():
        draft = ledger.draft(date(2005, 11, 1), "Course", legs, by=aristide).id
    sign_in(client, zoe)
    refused = client.post(f"/treasury/entries/{draft}/approve", follow_redirects=True)
    assert "dispose de 5,00\u00a0CAD" in refused.text
    leave = {"fund": outaouais.id, "currency": "CAD", "limit": "5,00", "starts_on": "2005-11-01"}
    leave |= {"ends_on": "2005-10-01", "reason": "La subvention arrive"}
    assert client.post("/treasury/overdrafts/new", data=leave).status_code == 422
    assert client.post("/treasury/overdrafts/new", data=leave | {"reason": ""}).status_code == 422
    assert "5,00" in client.get("/treasury/chart").text
    page = client.post(
        "/treasury/overdrafts/new", data=leave | {"ends_on": "2005-12-31"}, follow_redirects=True
    )
    assert "La subvention arrive" in page.text
    approved = client.post(f"/treasury/entries/{draft}/approve", follow_redirects=True)
    assert "elle est dans les livres" in approved.text.lower() or "Approuv" in approved.text
    one = db.session.scalars(select(Overdraft.id)).one()
    gone = client.post(f"/treasury/overdrafts/{one}/withdraw", follow_redirects=True)
    assert "retiré" in gone.text


@pages
def test_opening_balances_are_typed_without_the_other_side(
    client: FlaskClient, bank: Account, outaouais: Fund, aristide: User
) -> None:
    travel_to(DEMO_CLOCKS["S1"])
    sign_in(client, aristide)
    rows = {"rows-0-account": chart.BANK, "rows-0-fund": outaouais.id, "rows-0-amount": "900,00"}
    rows |= {"rows-1-account": chart.SUSPENSE, "rows-1-fund": outaouais.id, "rows-1-amount": "100,00"}
    rows |= {f"rows-{row}-{part}": "" for row in (2, 3) for part in ("account", "fund", "amount")}
    head = {"dated_on": "2003-01-01", "narration": "Bilan 2002", "currency": "CAD", "submission_key": "k"}
    torn = client.post("/treasury/openings/new", data=head | rows | {"rows-1-amount": ""})
    assert (torn.status_code, "Combien" in torn.text) == (422, True)
    nothing = dict.fromkeys(rows, "")
    assert "au moins un compte" in client.post("/treasury/openings/new", data=head | nothing).text
    for _twice in range(2):
        page = client.post("/treasury/openings/new", data=head | rows, follow_redirects=True)
        assert "Bilan 2002" in page.text
    entry = db.session.scalars(select(JournalEntry)).one()
    assert sorted(str(one.amount) for one in entry.postings) == ["-100.00 CAD", "-800.00 CAD", "900.00 CAD"]
