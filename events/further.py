"""Where a registered person may go from here: what rooms above offer on one's own registration page."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from events.models import Registration


@dataclass(frozen=True, slots=True)
class Asked:
    """Something asked already, in a sentence; `take_back` is the address that ends it, while it is open."""

    sentence: str
    take_back: str = ""


@dataclass(frozen=True, slots=True)
class Further:
    """A choice among named things, sent to `url` as ``choice`` with a ``note``; what was asked already."""

    url: str
    choices: Sequence[tuple[str, str]]
    asked: Sequence[Asked]


FURTHER: list[Callable[[Registration, str], Further]] = []
"""Filled in `app.py`; each is given a registration and the token that opens its page."""
