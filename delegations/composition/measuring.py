"""Whether a composition keeps a rule: met, still possible with the free seats, or out of reach. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from delegations.composition.models import RuleKind
from network.models import Component

FIVE = (
    Component.ENTERPRISE,
    Component.SUPPORT,
    Component.MOVEMENT,
    Component.INTERNATIONAL,
    Component.RESEARCH,
)
"""The five components of the movement; public bodies stand beside them."""

NORTH = frozenset(
    "AD AT AU BE BG CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IL IS IT JP KR LI LT LU LV MC MT NL NO NZ "
    "PL PT RO SE SG SI SK SM US VA".split()
)
"""Countries whose people are counted as of the North; all others are of the South."""


@dataclass(frozen=True, slots=True)
class Traits:
    """What is known of one person; None where nothing is."""

    component: Component | None = None
    woman: bool | None = None
    young: bool | None = None
    country: str = ""

    @property
    def south(self) -> bool | None:
        """Whether they come from the South, where their country is known."""
        return self.country not in NORTH if self.country else None


class State(StrEnum):
    """How a rule stands."""

    MET = "met"
    OPEN = "open"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A rule as it is measured: its kind and its value, as in `CompositionRule`."""

    kind: RuleKind
    value: int


@dataclass(frozen=True, slots=True)
class Measure:
    """How a rule stands: `have` of the `need`ed; `others` count otherwise, `untold` said nothing.

    `free` seats have nobody. For components all of it counts components, except `untold` and `free`.
    """

    wanted: Wanted
    have: int
    need: int
    others: int
    untold: int
    free: int

    @property
    def missing(self) -> int:
        """How many more are needed."""
        return max(0, self.need - self.have)

    @property
    def state(self) -> State:
        """Met; open while the free seats and those who said nothing could still make it; else missed."""
        if not self.missing:
            return State.MET
        return State.OPEN if self.missing <= self.untold + self.free else State.MISSED


def measure(wanted: Wanted, people: Sequence[Traits], free: int) -> Measure:
    """How a rule stands for these people and so many free seats."""
    if wanted.kind is RuleKind.COMPONENTS:
        present = {one.component for one in people} & set(FIVE)
        untold = sum(one.component is None for one in people)
        need = min(wanted.value, len(FIVE), len(people) + free)  # nobody comes from two of them
        return Measure(wanted, len(present), need, len(FIVE) - len(present), untold, free)
    told = [_answer(wanted.kind, one) for one in people]
    yes, no, untold = told.count(True), told.count(False), told.count(None)
    if wanted.kind is RuleKind.SOUTH:
        return Measure(wanted, yes, _ceil(no, wanted.value), no, untold, free)
    return Measure(wanted, yes, _ceil((len(people) + free) * wanted.value, 100), no, untold, free)


def _answer(kind: RuleKind, one: Traits) -> bool | None:
    if kind is RuleKind.SOUTH:
        return one.south
    return one.woman if kind is RuleKind.WOMEN else one.young


def _ceil(part: int, whole: int) -> int:
    return -(-part // whole)
