"""What the program wrote into the books in one of its languages, shown to each reader in theirs."""

import re
from collections.abc import Iterable
from functools import cache

from flask_babel import force_locale

from shared.i18n import LOCALES, LazyString


def respoken(written: str, sentences: Iterable[LazyString]) -> str:
    """What was written from one of `sentences`, in whichever language, as the reader reads it.

    A person's own words stay as they are.
    """
    for sentence in sentences:
        for locale in LOCALES:
            with force_locale(locale):
                words = str(sentence)
            if found := _pattern(words).fullmatch(written):
                return str(sentence) % found.groupdict()
    return written


@cache
def _pattern(words: str) -> re.Pattern[str]:
    """A sentence with anything in its places."""
    return re.compile(re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(words)), re.DOTALL)
