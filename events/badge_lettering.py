"""How large a text can be set on a badge: names of any length and any script must fit, and stay whole.

Widths are estimated from kinds of characters (measured on DejaVu Serif Bold, the widest face of the sheet, so
that others fit too), because a badge has its size before any page is laid out.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

_NARROW = frozenset("fijltrI|'’.,:;!()[]·‐-1ıíìïîł ")
_BROAD = frozenset("mwMWŒÆ@—%œæ")
_ELLIPSIS = "…"
_POINTS_PER_MM = 72 / 25.4


class Setting(NamedTuple):
    """A text as it is set: its size in points and its direction, ``ltr`` or ``rtl``."""

    text: str
    size: float
    direction: str


class Step(NamedTuple):
    """One size of a ladder: `size` points, allowed on up to `lines` lines."""

    size: float
    lines: int


@lru_cache(maxsize=4096)
def fit(text: str, width: float, ladder: tuple[Step, ...]) -> Setting:
    """`text` in the first step of `ladder` in which it fits a column of `width` mm.

    A text too long even for the last step is cut there, and says so with an ellipsis.
    """
    text = " ".join(unicodedata.normalize("NFC", text).split())
    words = list(_words(text))
    for step in ladder:
        if _lines(words, width * _POINTS_PER_MM / step.size) <= step.lines:
            return Setting(text, step.size, direction(text))
    last = ladder[-1]
    cut = _cut(text, width * _POINTS_PER_MM / last.size, last.lines)
    return Setting(cut, last.size, direction(text))


def direction(text: str) -> str:
    """``rtl`` when `text` starts in a script that runs from the right: its first strong character."""
    strong = (kind for kind in map(unicodedata.bidirectional, text) if kind in ("L", "R", "AL"))
    return "ltr" if next(strong, "L") == "L" else "rtl"


@lru_cache(maxsize=4096)
def _advance(character: str) -> float:
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Cf"):
        return 0.0
    if unicodedata.east_asian_width(character) in ("W", "F"):
        return 1.04
    base = unicodedata.normalize("NFD", character)[0]
    if base in _NARROW:
        return 0.47
    if base in _BROAD:
        return 1.12
    return 0.86 if base.isupper() else 0.71


def _words(text: str) -> Iterator[tuple[float, float]]:
    """The pieces between which a line may break: the width of each, and of the space that follows it."""
    width = 0.0
    for character in text:
        wide = unicodedata.east_asian_width(character) in ("W", "F")
        if wide and width:
            yield width, 0.0
            width = 0.0
        if character == " ":
            yield width, 0.36
            width = 0.0
            continue
        width += _advance(character)
        if wide or character in "-‐":
            yield width, 0.0
            width = 0.0
    if width:
        yield width, 0.0


def _lines(words: Iterable[tuple[float, float]], measure: float) -> int:
    """How many lines `words` take in a column of `measure` ems; a word too long for one is broken."""
    lines, used = 1, 0.0
    for width, space in words:
        if used and used + width > measure:
            lines, used = lines + 1, 0.0
        while width > measure:
            lines, width = lines + 1, width - measure
        used += width + space
    return lines


def _cut(text: str, measure: float, lines: int) -> str:
    """The longest beginning of `text` that fits with an ellipsis, never between a letter and its marks."""
    end = len(text) - 1
    while end and (
        unicodedata.combining(text[end]) or _lines(_words(text[:end] + _ELLIPSIS), measure) > lines
    ):
        end -= 1
    return text[:end].rstrip() + _ELLIPSIS


def split_name(name: str, given_name: str = "") -> tuple[str, str]:
    """The beginning of a name, to be set large, and the rest, in the order in which the person writes it.

    The beginning is `given_name` where the name starts with it, otherwise the first word, with the second
    where the first has only one or two letters (El Hadj, J. Pierre). One word has no rest.
    """
    words = name.split()
    given = given_name.split()
    count = len(given) if given and words[: len(given)] == given else 1
    if count == 1 and not given and len(words) > 2 and len(words[0].strip(".")) <= 2:
        count = 2
    return " ".join(words[:count]), " ".join(words[count:])
