"""How an application stands with those who scored it: exact means, criterion by criterion."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Criterion:
    """One criterion of a grid, which counts `weight` times."""

    id: int
    label: str
    weight: int = 1


@dataclass(frozen=True, slots=True)
class CriterionMean:
    """A criterion, what each scorer gave it, and their mean."""

    criterion: Criterion
    points: tuple[int, ...]
    mean: Fraction


@dataclass(frozen=True, slots=True)
class Standing:
    """What several scorers think together. `share` is what was reached of all that could be, 0 to 1."""

    scorers: int
    most: int
    criteria: tuple[CriterionMean, ...]
    share: Fraction

    @property
    def percent(self) -> int:
        """The share in whole percent, halves upwards."""
        return int(self.share * 100 + Fraction(1, 2))


def standing(
    criteria: Sequence[Criterion], most: int, opinions: Sequence[Mapping[int, int]]
) -> Standing | None:
    """The mean of `opinions` (criterion id → points, each complete); None while nobody has scored."""
    if not opinions:
        return None
    means = []
    for one in criteria:
        points = tuple(opinion[one.id] for opinion in opinions)
        means.append(CriterionMean(one, points, Fraction(sum(points), len(points))))
    reached = sum((one.criterion.weight * one.mean for one in means), Fraction(0))
    possible = most * sum(one.weight for one in criteria)
    return Standing(len(opinions), most, tuple(means), reached / possible)
