"""The treasurer's home: each question answered from the books, what nobody knows left out."""

from collections.abc import Iterable
from datetime import date

import pytest
from flask import Flask
from flask_babel import force_locale

from access.models import User
from shared.clock import today
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, chart, ledger, queries
from treasury.books import periods, vouchers
from treasury.expectations import Expected
from treasury.ledger import Leg
from treasury.models import Account, Fund, JournalEntry
from treasury.reports import answers, overview
from treasury.reports.answers import Answer, Topic


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.fixture
def nobody_above(monkeypatch: pytest.MonkeyPatch) -> None:
    """The treasury alone: the rooms above answer nothing."""
    monkeypatch.setattr(answers, "ELSEWHERE", {})


def asked() -> dict[str, Answer]:
    found = overview.overview(today(), "en").answers
    return {one.question: one for topic in found.values() for one in topic}


def spend(fund: Fund, amount: str, *, code: str = chart.STAY, by: User, then: User) -> int:
    with transaction():
        legs = [Leg(code, fund.id, cad(amount)), Leg(chart.BANK, fund.id, -cad(amount))]
        entry = ledger.draft(date(2005, 10, 20), "Repas de la délégation", legs, by=by)
        approvals.approve(entry, by=then)
        return entry.id


def test_cash_is_told_by_what_it_may_pay(
    receive: Ask, outaouais: Fund, house: Fund, nobody_above: None
) -> None:
    receive("750.00")
    receive("200.00", fund=house)
    (one,) = overview.overview(today(), "en").cash
    assert one.amount == cad("950.00")
    assert {colour: use for colour, use in one.uses.items() if use} == {
        "ochre": cad("750.00"),
        "leaf": cad("200.00"),
    }
    assert not one.owed


def test_what_is_owed_to_a_payer_is_no_funds_money(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User, nobody_above: None
) -> None:
    receive("750.00")
    with transaction():
        legs = [Leg(chart.BANK, outaouais.id, cad("50.00")), Leg(chart.CREDITS, outaouais.id, -cad("50.00"))]
        approvals.approve(ledger.draft(date(2005, 10, 16), "Trop-perçu", legs, by=aristide), by=zoe)
    (one,) = overview.overview(today(), "en").cash
    assert (one.amount, one.uses["ochre"], one.owed) == (cad("800.00"), cad("750.00"), cad("50.00"))


def test_an_expense_asks_for_its_voucher_until_it_is_reversed(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User, nobody_above: None
) -> None:
    receive("750.00")
    assert asked()["Vouchers missing"].state == "good"
    entry_id = spend(outaouais, "24.00", by=aristide, then=zoe)
    assert asked()["Vouchers missing"].words == "1"
    assert vouchers.count() == 1
    with transaction():
        wrong = db.session.get_one(JournalEntry, entry_id)
        mirror = ledger.reverse(wrong, date(2005, 10, 21), "Erreur", by=aristide)
        approvals.approve(mirror, by=zoe)
    assert vouchers.count() == 0


def test_an_advance_is_open_and_no_cash(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User, nobody_above: None
) -> None:
    receive("750.00")
    assert asked()["Advances open"].words == "none"
    spend(outaouais, "200.00", code=chart.ADVANCES, by=aristide, then=zoe)
    told = asked()["Advances open"]
    assert (told.amounts, told.state, told.args["code"]) == ([cad("200.00")], "wait", chart.ADVANCES)
    assert queries.cash_by_currency() == [cad("550.00")]


def test_the_books_say_until_when_they_are_closed(receive: Ask, aristide: User, nobody_above: None) -> None:
    receive("750.00")
    assert asked()["Books closed to"].words == "no day yet"
    with transaction():
        periods.close_until(date(2005, 10, 31), "Mois vérifié", by=aristide)
    assert asked()["Books closed to"].day == date(2005, 10, 31)


def test_late_payers_stand_by_what_they_owe_and_currencies_apart() -> None:
    due = date(2005, 7, 15)
    overdue = [
        Expected(due, cad("100.00"), "Atelier fictif des Îles"),
        Expected(date(2005, 4, 15), cad("350.00"), "Atelier fictif des Îles"),
        Expected(due, cad("900.00"), "Coopérative fictive des Trois-Ponts"),
        Expected(due, Money.of("5000", "XOF"), "Tontine fictive"),
    ]
    assert [(one.who, one.amount, one.since, one.share) for one in overview.late_by_payer(overdue)] == [
        ("Coopérative fictive des Trois-Ponts", cad("900.00"), due, 1.0),
        ("Atelier fictif des Îles", cad("450.00"), date(2005, 4, 15), 0.5),
        ("Tontine fictive", Money.of("5000", "XOF"), due, 1.0),
    ]


def test_what_a_room_above_knows_is_shown_and_what_nobody_knows_is_not(
    app: Flask, bank: Account, aristide: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told() -> Iterable[Answer]:
        yield Answer(Topic.HELD, "Match unusable", "treasury.funds", [cad("4170.00")], state="wait")

    monkeypatch.setattr(answers, "ELSEWHERE", {"tests": told})
    desk = Desk(app, aristide)
    assert "4,170.00" in desk.see("/treasury")
    monkeypatch.setattr(answers, "ELSEWHERE", {})
    page = desk.see("/treasury")
    assert "4,170.00" not in page
    assert "Match unusable" not in page
    assert "In kind" not in page


def test_what_is_not_there_has_the_gender_of_its_thing(app: Flask, receive: Ask, nobody_above: None) -> None:
    receive("750.00")
    with app.test_request_context(), force_locale("fr"):
        told = {one.question: one.words for one in asked().values()}
    assert (told["Pièces manquantes"], told["Reçus annulés"]) == ("aucune", "aucun")
    assert told["Avances ouvertes"] == "aucune"


def test_what_a_share_of_the_cash_is_made_of_is_one_click_away(
    app: Flask, receive: Ask, outaouais: Fund, house: Fund, aristide: User, nobody_above: None
) -> None:
    receive("750.00")
    receive("200.00", fund=house)
    desk = Desk(app, aristide)
    home = desk.see("/treasury")
    assert 'href="/treasury/funds?kind=restricted&currency=CAD"' in home
    restricted = desk.see("/treasury/funds?kind=restricted&currency=CAD")
    assert outaouais.name in restricted
    assert house.name not in restricted
    assert "No fund holds" in desk.see("/treasury/funds?kind=restricted&currency=XOF")


def test_an_account_opens_where_something_stands(
    app: Flask, receive: Ask, outaouais: Fund, aristide: User, zoe: User, nobody_above: None
) -> None:
    receive("750.00")
    francs = Money(830_000, "XOF")
    with transaction():
        legs = [Leg(chart.ADVANCES, outaouais.id, francs), Leg(chart.OPENING, outaouais.id, -francs)]
        ledger.post(ledger.draft(date(2005, 10, 20), "Avance", legs, by=aristide), by=zoe)
        ledger.account(chart.ADVANCES, "CAD")  # opened, and nothing on it
    desk = Desk(app, aristide)
    assert "F\u202fCFA" not in desk.see("/treasury/funds")  # francs only passed through the fund
    page = desk.see(f"/treasury/accounts/{chart.ADVANCES}")
    assert "830,000" in page
    assert "currency=CAD" not in page  # nothing was ever posted there


def test_the_home_shows_what_waits_and_only_then(
    app: Flask, receive: Ask, outaouais: Fund, aristide: User, zoe: User, nobody_above: None
) -> None:
    receive("750.00")
    assert 'id="waiting"' not in Desk(app, aristide).see("/treasury")
    with transaction():
        legs = [Leg(chart.STAY, outaouais.id, cad("24.00")), Leg(chart.BANK, outaouais.id, -cad("24.00"))]
        ledger.draft(date(2005, 10, 20), "Repas de la délégation", legs, by=aristide)
    hers, mine = Desk(app, zoe).see("/treasury"), Desk(app, aristide).see("/treasury")
    assert 'id="waiting"' in hers
    assert "/approve?next=" in hers
    assert "/approve?next=" not in mine
    assert "You wrote this: somebody else approves it." in mine


@pytest.mark.usefixtures("both_databases")
def test_every_answer_leads_to_a_page_that_answers(
    app: Flask, receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("750.00")
    spend(outaouais, "24.00", by=aristide, then=zoe)
    spend(outaouais, "20.00", code=chart.ADVANCES, by=aristide, then=zoe)
    with app.test_request_context():
        addresses = [app.url_for(one.endpoint, **one.args) for one in asked().values()]
    desk = Desk(app, aristide)
    for address in (*addresses, "/treasury", "/treasury/sample?seed=dakar"):
        desk.see(address)
