"""The words for translation, importable where Flask is not: the source language is English."""

import re
from datetime import date
from functools import singledispatch
from typing import Any

from flask_babel import format_date, get_locale, ngettext, pgettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel.speaklater import LazyString

LOCALES = ("fr", "en")
DEFAULT_LOCALE = "fr"
SOURCE_LOCALE = "en"

__all__ = ["DEFAULT_LOCALE", "LOCALES", "SOURCE_LOCALE", "LazyString", "_", "_l", "ngettext", "pgettext",
           "show_date", "told"]  # fmt: skip


@singledispatch
def told(value: Any) -> Any:
    """`value` as a sentence to the reader holds it; what each language writes its own way registers how."""
    return value


@told.register
def show_date(day: date | None, style: str = "long") -> str:
    """`day` as the reader writes it, nothing for no day; the French say *1er*, which CLDR does not know."""
    text = "" if day is None else str(format_date(day, style))
    return re.sub(r"\b1(?= \w)", "1er", text, count=1) if str(get_locale()) == "fr" else text
