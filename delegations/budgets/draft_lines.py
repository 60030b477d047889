"""The lines of a draft that moved while it was written: three tellings of them, compared by their codes.

What was seen is kept in words: they are all that a reader compares.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from delegations.budgets.models import AT_RISK, SEAT, Basis
from delegations.budgets.versions import GROUPS, Line
from network.editing import Change
from shared.forms import reader
from shared.i18n import _
from shared.money import format_money


@dataclass(frozen=True, slots=True)
class Moved:
    """A line that somebody else changed; `follows` where the reader had changed nothing of it."""

    code: str
    change: Change
    follows: bool


def moved(seen: Mapping[str, str], now: Mapping[str, str], mine: Mapping[str, str]) -> Iterator[Moved]:
    """The lines that stand otherwise than seen, and otherwise than typed; an absent line has no words."""
    for code in sorted({*seen, *now}):
        before, theirs, typed = (telling.get(code, "") for telling in (seen, now, mine))
        if theirs in (before, typed):
            continue
        follows = typed == before
        own = "" if follows else typed or str(_("left out"))
        yield Moved(code, Change(code, before or "—", theirs or "—", own), follows)


def in_words(lines: Iterable[Line], kind: str) -> dict[str, str]:
    """Each line as a reader compares it, by its code."""
    return {line.code: " · ".join(filter(None, _parts(line, kind))) for line in lines}


def _parts(line: Line, kind: str) -> Iterator[str]:
    price = format_money(line.unit_price, reader())
    yield line.label
    if line.is_source:
        yield price if line.unit_price else ""
        yield str(_("at risk")) if line.category == AT_RISK else ""
        return
    counts = [str(one) for one in (line.quantity, line.people, line.days) if one > 1]
    yield " × ".join([*counts, price])
    yield str(GROUPS.get(line.category, line.category))
    yield str(_("in all")) if kind == SEAT and line.basis is Basis.WHOLE else ""
    yield line.reason
