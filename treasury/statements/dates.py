"""Dates as banks write them: the order of day and month is decided over a whole column, or asked for."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from datetime import date

from shared.i18n import _l
from treasury.statements.values import AmbiguousDates, UnreadableRow, quoted

ORDERS = ("ymd", "dmy", "mdy")
_YEARS = range(1970, 2100)

_NUMERIC = re.compile(r"([0-9]{1,4})[-/. ]([0-9]{1,2})[-/. ]([0-9]{1,4})")
_COMPACT = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_WORDS = re.compile(
    r"([0-9]{1,2})(?:er|st|nd|rd|th)?[-/. ]*(?:de )?([a-z]{3,10})[-/., ]*(?:de )?([0-9]{4}|[0-9]{2})"
)
_WORDS_MONTH_FIRST = re.compile(r"([a-z]{3,10})[-/. ]*([0-9]{1,2})(?:st|nd|rd|th)?[-/., ]+([0-9]{4})")
_CLOCK = r"[0-9]{1,2}[:h][0-9]{2}(?::[0-9]{2})?(?:[.,][0-9]+)?(?: ?[AP]\.?M\.?)?"
_TIME = re.compile(rf"[T ,]+{_CLOCK}(?:Z| ?[+-][0-9:]{{2,5}})?$", re.IGNORECASE)
_LONGEST = 40

# French, English, Spanish, Portuguese, by their first letters; "juin" and "juil" before "jul".
_MONTHS = (
    ("juil", 7), ("juin", 6), ("jan", 1), ("ene", 1), ("fev", 2), ("feb", 2), ("mar", 3), ("avr", 4),
    ("apr", 4), ("abr", 4), ("mai", 5), ("may", 5), ("jun", 6), ("jul", 7), ("aou", 8), ("aug", 8),
    ("ago", 8), ("sep", 9), ("set", 9), ("oct", 10), ("out", 10), ("nov", 11), ("dec", 12), ("dez", 12),
    ("dic", 12),
)  # fmt: skip

_Parts = tuple[int, int, int]


def read_date(text: str, order: str | None) -> date:
    """The date `text` says; `order` (of `ORDERS`) is what the column showed. Raises `UnreadableRow`."""
    bare = _without_time(text)
    if not bare:
        raise UnreadableRow(_l("There is no date."))
    readings = _readings(bare)
    parts = readings.get(order or "ymd") or readings.get("whole")
    if parts is None:
        raise UnreadableRow(_l("The date “%(text)s” could not be read.", text=quoted(text)))
    return real_date(parts, text)


def real_date(parts: tuple[int, int, int], text: str) -> date:
    """The date of (year, month, day). Raises `UnreadableRow` for 31 February and for improbable years."""
    if parts[0] not in _YEARS:
        raise UnreadableRow(_l("The date “%(text)s” could not be read.", text=quoted(text)))
    try:
        return date(*parts)
    except ValueError:
        raise UnreadableRow(_l("The date “%(text)s” does not exist.", text=quoted(text))) from None


def looks_like_date(text: str) -> bool:
    """Whether `text` has the shape of a date, existing or not."""
    return bool(_readings(_without_time(text)))


def date_order_of(texts: Iterable[str], assumed: str | None) -> str | None:
    """The order that every date allows; None if a column needs none (the month in words, the year first).

    A value beyond its range speaks (25 is no month); 31/02 still says that the day comes first. Raises
    `AmbiguousDates` when two orders remain that mean different days, unless `assumed` is one of them.
    """
    allowed: Counter[tuple[str, ...]] = Counter()
    examples: dict[tuple[str, ...], str] = {}
    for text, times in Counter(texts).items():
        readings = _readings(_without_time(text))
        readings.pop("whole", None)
        orders = tuple(order for order in ORDERS if order in readings)
        allowed[orders] += times
        if len(set(readings.values())) > 1:
            examples.setdefault(orders, text)
    allowed.pop((), None)
    if not allowed:
        return None
    remaining = _remaining(allowed)
    undecided = [examples[orders] for orders in examples if len(set(orders) & set(remaining)) > 1]
    if len(remaining) == 1 or (remaining and not undecided):
        return remaining[0]
    if assumed in remaining or (assumed and not remaining):
        return assumed
    example = next(iter(undecided or examples.values()), "?")
    raise AmbiguousDates(example=quoted(example.strip()))


def _remaining(allowed: Counter[tuple[str, ...]]) -> list[str]:
    """Orders that all dates allow; where a few contradict (mistyped rows), what ten times as many say."""
    total = sum(allowed.values())
    for tolerated in (0, total // 11):
        support = {order: sum(n for orders, n in allowed.items() if order in orders) for order in ORDERS}
        remaining = [order for order in ORDERS if support[order] >= total - tolerated]
        if remaining:
            return remaining
    return []


def _without_time(text: str) -> str:
    bare = text.strip()
    return _TIME.sub("", bare).strip() if 10 < len(bare) <= _LONGEST else bare


def _readings(bare: str) -> dict[str, _Parts]:
    """What `bare` may mean, by order: (year, month, day) in range, existing or not.

    A date that says by itself what is what is *whole*: beside it others may be written in another order, as
    in a sheet where some cells are dates and some are text.
    """
    compact = _COMPACT.fullmatch(bare)
    numeric = compact or _NUMERIC.fullmatch(bare)
    if numeric is None:
        parts = _in_words(bare)
        return {"whole": parts} if parts else {}
    first, middle, last = numeric.groups()
    if len(first) == 4:
        return _in_range({"whole": (int(first), int(middle), int(last))}) if len(last) <= 2 else {}
    if len(first) > 2 or len(last) == 3:
        return {}
    readings = {
        "dmy": (_full_year(last), int(middle), int(first)),
        "mdy": (_full_year(last), int(first), int(middle)),
    }
    if len(first) == len(last) == 2 and "." not in bare:
        readings["ymd"] = (_full_year(first), int(middle), int(last))
    return _in_range(readings)


def _in_range(readings: dict[str, _Parts]) -> dict[str, _Parts]:
    return {order: p for order, p in readings.items() if 1 <= p[1] <= 12 and 1 <= p[2] <= 31}


def _in_words(bare: str) -> _Parts | None:
    letters = unicodedata.normalize("NFKD", bare.lower())
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    if found := _WORDS.fullmatch(plain):
        day, word, year = found.groups()
    elif found := _WORDS_MONTH_FIRST.fullmatch(plain):
        word, day, year = found.groups()
    else:
        return None
    month = next((number for start, number in _MONTHS if word.startswith(start)), 0)
    return (_full_year(year), month, int(day)) if month and 1 <= int(day) <= 31 else None


def _full_year(digits: str) -> int:
    number = int(digits)
    return number if len(digits) > 2 else number + (2000 if number < 70 else 1900)
