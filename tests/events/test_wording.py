"""How the days of a gathering are said."""

from datetime import date

import pytest

from events.wording import days

DAKAR = date(2005, 11, 22), date(2005, 11, 26)
CANADIAN_STAY = date(2005, 10, 30), date(2005, 11, 12)
LYON = date(2012, 1, 1), date(2012, 12, 31)
ONE_DAY = date(2003, 9, 11), date(2003, 9, 11)


@pytest.mark.parametrize(
    ("span", "french", "english"),
    [
        (DAKAR, "22–26 novembre 2005", "November 22–26, 2005"),
        (CANADIAN_STAY, "30 octobre – 12 novembre 2005", "October 30, 2005 – November 12, 2005"),
        (ONE_DAY, "11 septembre 2003", "September 11, 2003"),
        (LYON, "2012", "2012"),
    ],
)
def test_days_are_said_as_people_say_them(span: tuple[date, date], french: str, english: str) -> None:
    assert days(*span, "fr") == french
    assert days(*span, "en") == english
