"""Moments are told on the house's clock, unless a page says where they happened."""

from datetime import UTC, datetime

import pytest
from flask import Flask, render_template_string

from shared import clock

NINE_IN_THE_EVENING = datetime(2006, 1, 1, 2, 0, tzinfo=UTC)  # of 31 December in Gatineau


@pytest.mark.parametrize(
    ("house", "told", "filtered"),
    [
        ("America/Toronto", "31 décembre 2005", "date"),
        ("America/Toronto", "31 déc. 2005, 21:00", "datetime(style='short')"),
        ("America/Toronto", "1 janv. 2006, 02:00", "datetime('Africa/Dakar', 'short')"),
        ("UTC", "1er janvier 2006", "date"),
        ("UTC", "1 janv. 2006, 02:00", "datetime(style='short')"),
    ],
)
def test_a_moment_is_told_where_the_house_is(
    house: str, told: str, filtered: str, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "house", house)
    with app.test_request_context("/", headers={"Accept-Language": "fr"}):
        assert render_template_string(f"{{{{ at | {filtered} }}}}", at=NINE_IN_THE_EVENING) == told


def test_a_short_moment_is_no_riddle_in_english(app: Flask) -> None:
    """11/12/05 is the eleventh of December to some and the twelfth of November to others."""
    with app.test_request_context("/", headers={"Accept-Language": "en"}):
        at = datetime(2005, 12, 11, 14, 5, tzinfo=UTC)
        assert render_template_string("{{ at | datetime('UTC', 'short') }}", at=at) == "11 Dec 2005, 14:05"


def test_no_moment_is_told_as_nothing(app: Flask) -> None:
    with app.test_request_context("/"):
        assert render_template_string("{{ none | datetime }}{{ none | date }}") == ""
