"""Dates, languages and countries of gatherings as people of a locale say them."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_time, get_timezone_location

from shared.i18n import _


def days(start: date, end: date, locale: str) -> str:
    """``22–26 novembre 2005``, ``November 22–26, 2005``, or the one day; both whole across months.

    A whole year is said as the year: of some gatherings of the past no more is known.
    """
    if (start, end) == (date(start.year, 1, 1), date(start.year, 12, 31)):
        return str(start.year)
    whole = str(format_date(end, "long", locale=locale))
    if start == end:
        return whole
    if (start.year, start.month) != (end.year, end.month):
        french = locale.startswith("fr") and start.year == end.year
        first = format_date(start, "d MMMM" if french else "long", locale=locale)
        return f"{first} – {whole}"
    return re.sub(rf"\b{end.day}\b", f"{start.day}–{end.day}", whole, count=1)


def partial_date(text: str, locale: str) -> str:
    """``2002-12`` as ``décembre 2002``; ``2003-summer``, a year, a whole date, anything else as it stands."""
    if re.fullmatch(r"\d{4}-summer", text):
        return str(_("summer %(year)s", year=text[:4]))
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return str(format_date(date.fromisoformat(text), "long", locale=locale))
    if re.fullmatch(r"\d{4}-\d{2}", text):
        return str(format_date(date.fromisoformat(f"{text}-01"), "LLLL y", locale=locale))
    return text


def hour(moment: datetime, zone: str, locale: str) -> str:
    """The hour of `moment` in `zone`: ``15:00`` or ``3:00 PM``."""
    return str(format_time(moment, "short", tzinfo=ZoneInfo(zone), locale=locale))


def deadline(moment: datetime, zone: str, locale: str) -> str:
    """A moment told in `zone`: the day alone at midnight, else with the hour."""
    local = moment.astimezone(ZoneInfo(zone))
    whole = str(format_date(local.date(), "long", locale=locale))
    return whole if local.time() == time(0) else f"{whole}, {hour(moment, zone, locale)}"


def last_day(moment: datetime, zone: str, locale: str) -> str:
    """Until when something is open that closes at `moment`: at midnight, the day that ends then."""
    local = moment.astimezone(ZoneInfo(zone))
    if local.time() in (time(0), time(23, 59)):
        day = (local - timedelta(minutes=1)).date()
        return str(format_date(day, "long", locale=locale))
    return deadline(moment, zone, locale)


def city_of(zone: str, locale: str) -> str:
    """The town a zone is named for: ``Dakar``."""
    return str(get_timezone_location(ZoneInfo(zone), locale=Locale.parse(locale), return_city=True))


def country(code: str, locale: str) -> str:
    """A country's name, or its code where there is none."""
    return str(Locale.parse(locale).territories.get(code, code))


def own_names(codes: Sequence[str]) -> list[str]:
    """Languages by the name their speakers give them: français, English, español."""
    return [own_name(code) for code in codes]


def own_name(code: str) -> str:
    """A language by the name its speakers give it."""
    try:
        return str(Locale.parse(code).get_language_name() or code)
    except (UnknownLocaleError, ValueError):
        return code
