"""The words for translation, importable where Flask is not: the source language is English."""

import re
from datetime import date
from functools import singledispatch
from typing import Any

from babel.dates import format_date
from flask_babel import get_locale, ngettext, pgettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

LOCALES = ("fr", "en")
DEFAULT_LOCALE = "fr"
SOURCE_LOCALE = "en"

__all__ = [
    "DEFAULT_LOCALE",
    "LOCALES",
    "SOURCE_LOCALE",
    "LazyString",
    "_",
    "_l",
    "ngettext",
    "pgettext",
    "told",
    "written_day",
]


@singledispatch
def told(value: Any) -> Any:
    """`value` as a sentence to the reader holds it; what each language writes its own way registers how."""
    return value


@told.register
def _day(day: date) -> str:
    return written_day(day, str(get_locale() or SOURCE_LOCALE))


def written_day(day: date, locale: str, style: str = "long") -> str:
    """`day` as people of `locale` write it; the French say *1er* for the first, which CLDR does not know."""
    text: str = format_date(day, style, locale=locale)
    return re.sub(r"\b1(?= \w)", "1er", text, count=1) if locale == "fr" and day.day == 1 else text
