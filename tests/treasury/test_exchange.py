"""Rates with their sources, crosses through the euro, and what money changed really cost."""

from datetime import date
from fractions import Fraction

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.treasury.conftest import Ask
from treasury import chart, ledger
from treasury.books import exchange, rates, verification
from treasury.books.rates import NoRate, Rate, rate_on
from treasury.ledger import Leg
from treasury.models import ExchangeRate, Fund, JournalEntry

NOVEMBER = date(2005, 11, 15)


def xof(text: str) -> Money:
    return Money.of(text, "XOF")


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


# Rates ------------------------------------------------------------------------------------------------


def test_the_franc_is_fixed_to_the_euro() -> None:
    found = rate_on("EUR", "XOF", NOVEMBER)
    assert (found.value, found.source) == (Fraction("655.957"), "fixed parity")
    assert Money.of("1000.00", "EUR").convert(found.value, "XOF") == xof("655957")


def test_the_central_bank_tells_the_rate_of_a_day_and_crosses_go_through_the_euro() -> None:
    assert rate_on("EUR", "CAD", NOVEMBER).value == Fraction("1.3961")
    cross = rate_on("CAD", "XOF", NOVEMBER)
    assert cross == Rate(
        "CAD", "XOF", Fraction("655.957") / Fraction("1.3961"), NOVEMBER, "ECB × fixed parity"
    )
    assert rate_on("CAD", "CAD", NOVEMBER).value == 1


def test_on_a_sunday_friday_holds_and_before_the_euro_nothing_does() -> None:
    assert rate_on("USD", "EUR", date(2005, 11, 13)).dated_on == date(2005, 11, 11)
    for base, day in (("CAD", date(1998, 12, 31)), ("XOF", date(1998, 1, 1)), ("XYZ", NOVEMBER)):
        with pytest.raises(NoRate):
            rate_on(base, "EUR", day)
    with pytest.raises(NoRate):
        rate_on("CAD", "EUR", date(2030, 1, 1))
    assert rates.last_day() > date(2026, 1, 1)


@given(st.sampled_from(["CAD", "USD", "XOF", "EUR", "CHF"]), st.sampled_from(["CAD", "XOF", "GBP", "EUR"]))
def test_there_and_back_is_exact(base: str, quote: str) -> None:
    assert rate_on(base, quote, NOVEMBER).value * rate_on(quote, base, NOVEMBER).value == 1


# Money changed ----------------------------------------------------------------------------------------

DEMO = Rate("CAD", "XOF", Fraction("655.957") / Fraction("1.5669"), date(2005, 6, 30), "demonstration rate")


def change(fund: Fund, by: User, approver: User, **more: object) -> JournalEntry:
    command = {
        "fund_id": fund.id,
        "given": cad("2000.00"),
        "received": xof("830000"),
        "dated_on": NOVEMBER,
        "narration": "Changed in Dakar",
        "slip": "slip 17",
        "reference": DEMO,
        "account_code": chart.BANK,
        "received_code": chart.CASH,
        **more,
    }
    with transaction():
        entry = exchange.convert(exchange.Conversion(**command), by=by)  # type: ignore[arg-type]
        return ledger.post(entry, by=approver)


def shown(entry: JournalEntry) -> set[str]:
    return {f"{one.account.code} {one.amount}" for one in entry.postings}


@pytest.mark.usefixtures("both_databases")
def test_the_difference_of_dakar_stands_in_its_own_account(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("2000.00")
    entry = change(outaouais, aristide, zoe)
    assert shown(entry) == {
        "1010 -2000.00 CAD",
        "1800 2000.00 CAD",
        "1800 -837267 XOF",
        "1030 830000 XOF",
        "5900 7267 XOF",
    }
    assert [(one.fund.code, one.amount) for one in exchange.differences()] == [("DKR05-OUT", xof("7267"))]
    found = exchange.conversions()[0]
    assert (found.given, found.received, found.difference) == (cad("2000.00"), xof("830000"), xof("7267"))
    assert (Fraction(found.told.numerator, found.told.denominator), found.told.source) == (
        Fraction(415),
        "slip 17",
    )
    with pytest.raises(DatabaseError), transaction():
        db.session.execute(text("UPDATE exchange_rate SET numerator = 1"))
    with pytest.raises(DatabaseError), transaction():
        db.session.execute(text("DELETE FROM exchange_rate"))
    assert verification.check().sound


def test_without_a_reference_the_rate_of_the_day_is_held_against(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("2000.00")
    change(outaouais, aristide, zoe, reference=None)
    worth = cad("2000.00").convert(rate_on("CAD", "XOF", NOVEMBER).value, "XOF")
    assert exchange.differences()[0].amount == worth - xof("830000")


def test_where_no_rate_is_known_the_slip_is_the_rate_and_there_is_no_difference(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("2000.00")
    received = Money.of("1600000", "GNF")
    entry = change(outaouais, aristide, zoe, received=received, reference=None)
    assert (len(entry.postings), exchange.differences()) == (4, [])
    assert verification.check().sound


def test_a_reversed_exchange_leaves_no_difference(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("2000.00")
    entry = change(outaouais, aristide, zoe)
    with transaction():
        ledger.post(ledger.reverse(entry, NOVEMBER, "Wrong fund", by=aristide), by=zoe)
    assert [one.amount for one in exchange.differences()] == [xof("0")]
    assert exchange.conversions() == []


def test_what_passes_by_hand_through_clearing_is_no_conversion_and_the_walk_names_it(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("2000.00")
    ten = cad("10.00")
    with transaction():
        legs = [Leg(chart.CONVERSION, outaouais.id, ten), Leg(chart.BANK, outaouais.id, -ten)]
        ledger.post(ledger.draft(NOVEMBER, "By hand", legs, by=aristide), by=zoe)
    assert exchange.conversions() == []
    assert [one.problem for one in verification.check().findings] == ["converts without a rate"]


def test_a_conversion_that_does_not_clear_at_its_rate_is_named(
    receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("2000.00")
    ten = cad("10.00")
    with transaction():
        rate = exchange.record_rate("CAD", "XOF", Fraction(400), NOVEMBER, "slip").id
        legs = [
            Leg(chart.CONVERSION, outaouais.id, ten, rate_id=rate),
            Leg(chart.BANK, outaouais.id, -ten),
            Leg(chart.CONVERSION, outaouais.id, -xof("4001"), rate_id=rate),
            Leg(chart.CASH, outaouais.id, xof("4001")),
        ]
        ledger.post(ledger.draft(NOVEMBER, "Odd", legs, by=aristide), by=zoe)
    assert "not at its rate" in verification.check().findings[0].problem
    assert exchange.conversions() == []


def test_a_rate_is_kept_once_with_its_source(outaouais: Fund, aristide: User) -> None:
    with transaction():
        first, again = (exchange.type_rate(DEMO, by=aristide) for _ in range(2))
        assert first.id == again.id
    for wrong in (
        Rate("CAD", "CAD", Fraction(1), NOVEMBER, "x"),
        Rate("CAD", "XOF", Fraction(1), NOVEMBER, " "),
    ):
        with pytest.raises(exchange.BadRate), transaction():
            exchange.type_rate(wrong, by=aristide)
    with pytest.raises(exchange.SameCurrency), transaction():
        exchange.convert(
            exchange.Conversion(
                fund_id=outaouais.id,
                given=cad("1.00"),
                received=cad("1.00"),
                dated_on=NOVEMBER,
                narration="",
                slip="x",
            ),
            by=aristide,
        )


@pytest.mark.usefixtures("without_tokens")
def test_on_the_pages_a_rate_is_typed_and_money_changed(
    client: FlaskClient, receive: Ask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    receive("2000.00")
    sign_in(client, aristide)
    assert "Pas encore d’écart" in client.get("/treasury/exchange").text
    rate = {"base": "CAD", "quote": "XOF", "dated_on": "2005-06-30", "source": "Journal officiel"}
    for wrong in ("0", "quatre", "1e3", "-5", ""):
        page = client.post("/treasury/exchange/rates/new", data=rate | {"value": wrong})
        assert (page.status_code, wrong in page.text) == (422, True)
    same = client.post("/treasury/exchange/rates/new", data=rate | {"value": "418,6336", "quote": "CAD"})
    assert same.status_code == 422
    typed = client.post(
        "/treasury/exchange/rates/new", data=rate | {"value": "418,6336"}, follow_redirects=True
    )
    assert "418,6336" in typed.text
    key = db.session.scalars(select(ExchangeRate.id)).one()
    slip = {
        "fund": outaouais.id,
        "account": chart.BANK,
        "given_currency": "CAD",
        "given": "2 000,00",
        "received_account": chart.CASH,
        "received_currency": "XOF",
        "received": "830 000",
        "dated_on": "2005-11-15",
        "slip": "Bureau de change",
        "reference": str(key),
        "submission_key": "once",
    }
    other = client.post("/treasury/exchange/new", data=slip | {"received_currency": "EUR", "received": "1"})
    assert (other.status_code, "pour d’autres monnaies" in other.text) == (422, True)
    empty = client.post("/treasury/exchange/new", data=slip | {"given": ""})
    assert empty.status_code == 422
    equal = client.post(
        "/treasury/exchange/new",
        data=slip | {"received_currency": "CAD", "received": "1,00", "reference": "slip"},
    )
    assert equal.status_code == 422
    for _twice in range(2):
        drafted = client.post("/treasury/exchange/new", data=slip, follow_redirects=True)
        assert "Bureau de change" in drafted.text
    entry = db.session.scalars(select(JournalEntry).order_by(JournalEntry.id.desc())).first()
    assert entry
    with transaction():
        ledger.post(entry, by=zoe)
    shown = client.get("/treasury/exchange").text
    assert shown.count("= 473,6152 XOF</th>") <= 1  # the rate of the day, kept with an entry too, stands once
    assert "7\u202f267" in shown.replace("\u00a0", "\u202f")
    by_slip = client.post(
        "/treasury/exchange/new",
        data=slip | {"reference": "slip", "given": "1,00", "received": "400", "submission_key": "b"},
        follow_redirects=True,
    )
    assert "Écarts de change" not in by_slip.text
