"""What each piece of evidence weighs, fitted to years of which the truth is known.

`python -m bench.calibration [SEEDS]` prints the prior and the weights of
`treasury/reconciliation/evidence.py`, as a conditional logit finds them: each bank line has one of its
candidates, or none. They are logarithms of odds, as Fellegi and Sunter add them, but fitted together, since
names and references do not tell independent things. The seeds are none of those that measure quality.
"""

import sys
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

import numpy as np
from numpy.typing import NDArray

from bench.reconciliation import Desk
from bench.treasury_year import year
from treasury.reconciliation.evidence import Index, Level, Levels
from treasury.reconciliation.values import LineToMatch

_SEED = 9001
_DOUBT = 1.0  # pulls towards 0 what is hardly ever seen
_BASE = (Level.REFERENCE_NONE, Level.AMOUNT_SAME, Level.DATE_NEAR, Level.WHO_SILENT)


@dataclass
class Choices:
    """Every comparison, the line it belongs to, and whether it was the true one."""

    levels: list[Levels] = field(default_factory=list)
    line: list[int] = field(default_factory=list)
    true: list[bool] = field(default_factory=list)
    lines: int = 0


class Observer(Desk):
    """A treasurer's year in which every comparison is noted beside the truth."""

    seen: Choices

    def _month(self, lines: list[LineToMatch], today: date) -> list[LineToMatch]:
        index = Index(sorted(self._open(today), key=lambda one: (one.dated_on, str(one.key))), self._habits())
        for position, line in enumerate(lines):
            truth = self._truth(line)
            if len(truth) < 2:
                for one in index.weigh(position, line, index.marks(line)):
                    self.seen.levels.append(one.levels)
                    self.seen.line.append(self.seen.lines)
                    self.seen.true.append(str(index.candidates[one.candidate].key) in truth)
                self.seen.lines += 1
        return super()._month(lines, today)


def observe(seeds: range) -> Choices:
    """Every comparison of these years."""
    seen = Choices()
    for seed in seeds:
        desk = Observer(year(seed))
        desk.seen = seen
        desk.work()
    return seen


def fit(seen: Choices) -> dict[str, float]:
    """Prior and weights: Newton's method on the penalised likelihood of the choices."""
    names = [level for level in Level if level not in _BASE]
    x = np.array([[1.0, *(float(level in levels) for level in names)] for levels in seen.levels])
    chosen, line = np.array(seen.true, float), np.array(seen.line)
    beta = np.zeros(x.shape[1])
    penalty = np.full(x.shape[1], _DOUBT)
    penalty[0] = 0
    for _step in range(40):
        odds = np.exp(x @ beta)
        p = odds / (1 + _by_line(odds[:, None], line, seen.lines)[line, 0])
        gradient = x.T @ (chosen - p) - penalty * beta
        mean = _by_line(x * p[:, None], line, seen.lines)
        hessian = (x * p[:, None]).T @ x - mean.T @ mean + np.diag(penalty)
        beta += np.linalg.solve(hessian, gradient)
    return {"prior": float(beta[0]), **dict(zip(names, map(float, beta[1:]), strict=True))}


def _by_line(values: NDArray[np.float64], line: NDArray[np.int64], lines: int) -> NDArray[np.float64]:
    total = np.zeros((lines, values.shape[1]))
    np.add.at(total, line, values)
    return total


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    seen = observe(range(_SEED, _SEED + count))
    every = Counter(level for levels in seen.levels for level in levels)
    true = Counter(
        level for levels, right in zip(seen.levels, seen.true, strict=True) if right for level in levels
    )
    for name, value in fit(seen).items():
        told = f"   true in {true[Level(name)]:6} of {every[Level(name)]:6}" if name != "prior" else ""
        print(f"{name:<24} {value:6.1f}{told}")


if __name__ == "__main__":
    main()
