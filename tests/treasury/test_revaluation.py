"""What money in other currencies is worth on a day against what it cost; nothing is posted for it."""

from datetime import date
from fractions import Fraction

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import chart, ledger
from treasury.books import exchange
from treasury.books.rates import NoRate, Rate
from treasury.ledger import Leg
from treasury.models import Fund, JournalEntry
from treasury.reports import revaluation
from treasury.reports.revaluation import Movement, cost_of

NOVEMBER = date(2005, 11, 16)
DEMO_RATE = Rate("CAD", "XOF", Fraction("655.957") / Fraction("1.5669"), date(2005, 6, 30), "second quarter")


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


def xof(minor: int) -> Money:
    return Money(minor, "XOF")


def test_what_goes_takes_its_share_of_the_cost_at_the_average() -> None:
    four, two = Fraction(1, 400), Fraction(1, 200)
    bought = [Movement(xof(400_000), four), Movement(xof(200_000), two)]
    assert cost_of(bought, "CAD") == cad("2000.00")
    assert cost_of([*bought, Movement(xof(-300_000), Fraction(9))], "CAD") == cad("1000.00")
    assert cost_of([*bought, Movement(xof(-600_000), Fraction(9))], "CAD") == cad("0.00")
    owed = [*bought, Movement(xof(-800_000), two)]  # 200,000 more than there was, at that day's rate
    assert cost_of(owed, "CAD") == cad("-1000.00")
    assert cost_of([*owed, Movement(xof(200_000), four)], "CAD") == cad("0.00")


_AMOUNTS = st.integers(-1_000_000, 1_000_000).map(xof)
_RATES = st.fractions(Fraction(1, 1000), Fraction(1, 10))


@given(st.lists(st.builds(Movement, _AMOUNTS, _RATES), max_size=12))
def test_nothing_held_costs_nothing_and_one_rate_makes_no_difference(moves: list[Movement]) -> None:
    left = Money.total((one.amount for one in moves), "XOF")
    assert cost_of([*moves, Movement(-left, Fraction(1, 7))], "CAD") == cad("0.00")
    steady = [Movement(one.amount, Fraction(1, 400)) for one in moves]
    assert abs(cost_of(steady, "CAD") - left.convert(Fraction(1, 400), "CAD")) <= cad("0.01")


@pytest.fixture
def changed_in_dakar(receive: Ask, outaouais: Fund, aristide: User, zoe: User) -> None:
    """2,000.00 CAD changed at 415.00 and advanced; its difference, 7,267 XOF, is posted already."""
    receive("2000.00")
    change = exchange.Conversion(
        fund_id=outaouais.id, given=cad("2000.00"), received=xof(830_000), dated_on=NOVEMBER,
        narration="Change", slip="Bordereau", reference=DEMO_RATE,
        account_code=chart.BANK, received_code=chart.ADVANCES,
    )  # fmt: skip
    with transaction():
        ledger.post(exchange.convert(change, by=aristide), by=zoe)


@pytest.mark.usefixtures("changed_in_dakar", "both_databases")
def test_an_advance_abroad_is_worth_what_the_bank_says_of_the_day() -> None:
    before = db.session.scalar(select(func.count(JournalEntry.id)))
    agreed = revaluation.held("XOF", "CAD", date(2005, 11, 22))
    assert (agreed.amount, agreed.cost) == (xof(830_000), cad("1982.64"))  # 830,000 at 418.6336
    assert (agreed.worth, agreed.difference) == (cad("1752.48"), cad("-230.16"))  # at 473.6152
    assert db.session.scalar(select(func.count(JournalEntry.id))) == before


@pytest.mark.usefixtures("changed_in_dakar")
def test_in_a_third_currency_money_cost_what_its_day_says() -> None:
    whole = revaluation.held("XOF", "EUR", date(2005, 11, 22))
    assert whole.cost == whole.worth == Money.of("1265.33", "EUR")  # the parity is fixed


@pytest.mark.usefixtures("changed_in_dakar")
def test_on_the_page_and_in_files_each_currency_says_its_rate(
    app: Flask, outaouais: Fund, aristide: User, zoe: User
) -> None:
    with transaction():  # no bank tells this currency: a rate that somebody typed does
        legs = [
            Leg(chart.CASH, outaouais.id, Money(900_000, "GNF")),
            Leg(chart.GIFTS, outaouais.id, -Money(900_000, "GNF")),
        ]
        ledger.post(ledger.draft(NOVEMBER, "Gift", legs, by=aristide), by=zoe)
    desk = Desk(app, aristide)
    page = desk.see("/treasury/reports/worth?until=2005-11-22")
    assert "−230.16" in page
    assert 'href="/treasury/accounts/1200?currency=XOF"' in page
    assert "No rate from GNF to CAD is known for November 16, 2005" in page
    with pytest.raises(NoRate):
        revaluation.held("GNF", "CAD", NOVEMBER)
    typed = Rate("GNF", "CAD", Fraction(1, 3000), date(2005, 11, 2), "Bordereau, Conakry")
    with transaction():
        exchange.type_rate(typed, by=aristide)
    assert revaluation.held("GNF", "CAD", NOVEMBER).cost == cad("300.00")
    assert "Bordereau, Conakry" in desk.see("/treasury/reports/worth")
    text = desk.see("/treasury/reports/worth/file.csv?until=2005-11-22")
    assert "830000 XOF,1982.64,1752.48,-230.16,CAD" in text
    assert "in EUR, as of" in desk.see("/treasury/reports/worth?currency=EUR")
