"""What a refusal says: its amounts and days are written as its reader writes them."""

from datetime import date

import pytest
from flask import Flask
from flask_babel import force_locale

from shared.i18n import show_date
from shared.money import Money
from treasury.funds.overdrafts import FundOverdrawn
from treasury.ledger import PeriodClosed

OVERDRAWN = FundOverdrawn(fund="B6", available=Money(62000, "CAD"), taken=Money(100000, "CAD"))
CLOSED = PeriodClosed(until=date(2005, 10, 31))


@pytest.mark.parametrize(
    ("locale", "amount", "day"),
    [("fr", "620,00\u00a0CAD", "31 octobre 2005"), ("en", "620.00\u00a0CAD", "October 31, 2005")],
)
def test_a_refusal_is_written_as_its_reader_writes(app: Flask, locale: str, amount: str, day: str) -> None:
    with force_locale(locale):
        assert amount in OVERDRAWN.sentence()
        assert day in CLOSED.sentence()
    assert OVERDRAWN.details["available"] == Money(62000, "CAD")


def test_the_first_of_a_month_is_said_as_the_french_say_it(app: Flask) -> None:
    first, last = date(2005, 11, 1), date(2005, 10, 31)
    with force_locale("fr"):
        assert [show_date(first, style) for style in ("full", "long", "medium")] == [
            "mardi 1er novembre 2005",
            "1er novembre 2005",
            "1er nov. 2005",
        ]
        assert (show_date(last), show_date(None)) == ("31 octobre 2005", "")
    with force_locale("en"):
        assert show_date(first) == "November 1, 2005"
