"""The words for translation, importable where Flask is not: the source language is English."""

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_babel.speaklater import LazyString

LOCALES = ("fr", "en")
DEFAULT_LOCALE = "fr"
SOURCE_LOCALE = "en"

__all__ = ["DEFAULT_LOCALE", "LOCALES", "SOURCE_LOCALE", "LazyString", "_", "_l", "ngettext"]
