"""Bank lines and what they may settle: proposals with a score and the reasons for it, in words.

Lines are compared only with candidates that share a reference, an amount or a name; each connected group of
comparisons is assigned as a whole, so that no candidate is proposed first to two lines. A proposal is sure
only if nothing else fits nearly as well.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from math import inf

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from treasury.reconciliation.evidence import REST, Evidence, Index, Level, Marks
from treasury.reconciliation.groups import Groups
from treasury.reconciliation.values import Candidate, Habit, HabitKind, Key, LineToMatch, Proposal, Reason

__all__ = ["Candidate", "Habit", "HabitKind", "Key", "LineToMatch", "Proposal", "Reason", "propose"]

_LEAST_OFFERED = -2.0  # logarithm of odds; about one in eight
_SURE = 0.96
_CLOSE = 2.0  # logarithm of odds between two that fit
_APART = 5.0  # logarithm of odds between the best and what is not worth reading beside it
_ENOUGH = 0.7  # a single candidate with this score makes sums needless
_OFFERED = 5
_DENSE = 2_000_000  # cells of a matrix; larger groups are solved sparsely


def propose(
    lines: Iterable[LineToMatch], candidates: Iterable[Candidate], habits: Iterable[Habit] = ()
) -> list[Proposal]:
    """What may settle each line, best first; lines in order of date and key, those without any left out.

    The answer does not depend on the order of the input. Keys must be unique among lines and candidates.
    """
    ordered = sorted(lines, key=lambda line: (line.dated_on, str(line.key)))
    index = Index(sorted(candidates, key=lambda one: (one.dated_on, str(one.key))), habits)
    marks = [index.marks(line) for line in ordered]
    evidence = _compare(ordered, index, marks)
    chosen = _assign(evidence)
    sure = _sure(chosen, evidence)
    taken = {one.candidate for one in sure.values()}
    groups = Groups(index, taken)
    proposals: list[Proposal] = []
    for position, line in enumerate(ordered):
        if position in sure:
            one = sure[position]
            proposals.append(_proposal(line, one, index, max(_SURE, evidence.probability(one)), sure=True))
            continue
        offered = [one for one in evidence.of_line(position) if one.candidate not in taken]
        proposals += _offers(line, chosen.get(position), offered, evidence, index, groups, marks[position])
    return proposals


class _Comparisons:
    """Evidence by line and by candidate, the strongest first."""

    def __init__(self, evidence: Iterable[Evidence]) -> None:
        self.all = list(evidence)
        self._lines: dict[int, list[Evidence]] = defaultdict(list)
        self._candidates: dict[int, list[Evidence]] = defaultdict(list)
        self._line_odds: dict[int, float] = defaultdict(float)
        self._candidate_odds: dict[int, float] = defaultdict(float)
        for one in sorted(self.all, key=lambda one: (-one.weight, one.line, one.candidate)):
            self._lines[one.line].append(one)
            self._candidates[one.candidate].append(one)
            self._line_odds[one.line] += one.odds
            self._candidate_odds[one.candidate] += one.odds

    def of_line(self, line: int) -> Sequence[Evidence]:
        return self._lines.get(line, [])

    def probability(self, link: Evidence) -> float:
        """How probable a link is beside all others of its line and of its candidate, and beside none.

        Of one candidate, several lines may be parts.
        """
        total = self._line_odds[link.line]
        if link.levels.amount is not Level.AMOUNT_PART:
            total = max(total, self._candidate_odds[link.candidate])
        return link.odds / (1 + total)

    def probability_beside(self, link: Evidence, counts: Callable[[Evidence], bool]) -> float:
        """The same beside those others alone that count."""
        groups = (self._lines[link.line], self._candidates[link.candidate])
        total = max(sum(one.odds for one in group if one is not link and counts(one)) for group in groups)
        return link.odds / (1 + link.odds + total)


def _compare(lines: Sequence[LineToMatch], index: Index, marks: Sequence[Marks]) -> _Comparisons:
    every = [
        found for position, line in enumerate(lines) for found in index.weigh(position, line, marks[position])
    ]
    return _Comparisons(
        found for found in _with_the_rest(every, lines, index) if found.weight >= _LEAST_OFFERED
    )


def _with_the_rest(
    every: Sequence[Evidence], lines: Sequence[LineToMatch], index: Index
) -> Iterator[Evidence]:
    """Two parts of one amount that make it whole speak for each other."""
    parts: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for one in every:
        if one.levels.amount is Level.AMOUNT_PART and (one.named or one.referenced):
            parts[one.candidate][lines[one.line].amount.minor].append(one.line)
    for one in every:
        rest = index.candidates[one.candidate].amount.minor - lines[one.line].amount.minor
        others = parts[one.candidate][rest] if one.candidate in parts else []
        if one.levels.amount is Level.AMOUNT_PART and any(other != one.line for other in others):
            reasons = (*one.reasons, Reason("rest"))
            yield replace(one, weight=one.weight + REST, reasons=reasons)
        else:
            yield one


def _assign(comparisons: _Comparisons) -> dict[int, Evidence]:
    """The assignment of candidates to lines that has the greatest weight in all, none being allowed."""
    evidence = comparisons.all
    if not evidence:
        return {}
    rows = np.array([one.line for one in evidence])
    columns = np.array([one.candidate for one in evidence]) + rows.max() + 1
    size = int(columns.max()) + 1
    links = coo_array((np.ones(len(evidence)), (rows, columns)), shape=(size, size))
    _number, component = connected_components(links, directed=False)
    by_component: dict[int, list[Evidence]] = defaultdict(list)
    for one in evidence:
        by_component[int(component[one.line])].append(one)
    return {one.line: one for group in by_component.values() for one in _assign_group(group)}


def _assign_group(group: list[Evidence]) -> list[Evidence]:
    if len(group) == 1:
        return group
    rows = {line: at for at, line in enumerate(sorted({one.line for one in group}))}
    columns = {candidate: at for at, candidate in enumerate(sorted({one.candidate for one in group}))}
    by_place = {(rows[one.line], columns[one.candidate]): one for one in group}
    none = len(columns)  # columns from here on: nothing for this line, at a gain of 0
    shape = (len(rows), none + len(rows))
    gains = {place: one.weight - _LEAST_OFFERED for place, one in by_place.items()}
    top = 1 + max(gains.values())  # the sparse solver wants every cost above 0
    if shape[0] * shape[1] <= _DENSE:
        cost = np.full(shape, inf)
        for place, gain in gains.items():
            cost[place] = top - gain
        cost[np.arange(len(rows)), none + np.arange(len(rows))] = top
        picked = [list(map(int, axis)) for axis in linear_sum_assignment(cost)]
    else:
        places = [*gains, *((at, none + at) for at in range(len(rows)))]
        costs = [*(top - gain for gain in gains.values()), *([top] * len(rows))]
        sparse = coo_array((costs, tuple(zip(*places, strict=True))), shape=shape)
        picked = [list(map(int, axis)) for axis in min_weight_full_bipartite_matching(sparse.tocsr())]
    return [by_place[place] for place in zip(*picked, strict=True) if place in by_place]


def _sure(chosen: dict[int, Evidence], comparisons: _Comparisons) -> dict[int, Evidence]:
    """The assigned links that are exact, well founded, and leave little probability to anything else.

    Links by reference are decided first, against other references alone; then they are nobody's rivals.
    """
    good = [
        one for one in chosen.values() if one.exact and (one.referenced or one.named) and not one.contradicted
    ]
    by_reference = {
        one.line: one
        for one in good
        if one.referenced and comparisons.probability_beside(one, lambda rival: rival.referenced) >= _SURE
    }
    settled = {one.candidate for one in by_reference.values()}

    def open_still(rival: Evidence) -> bool:
        return rival.line not in by_reference and rival.candidate not in settled

    by_rest = {
        one.line: one
        for one in good
        if one.line not in by_reference and comparisons.probability_beside(one, open_still) >= _SURE
    }
    return by_reference | by_rest


def _offers(
    line: LineToMatch,
    best: Evidence | None,
    offered: Sequence[Evidence],
    evidence: _Comparisons,
    index: Index,
    groups: Groups,
    marks: Marks,
) -> list[Proposal]:
    """All that may settle a line of which nothing is sure: the assigned candidate first among equals."""
    strongest = sorted(offered, key=lambda one: (-one.weight, one is not best, one.candidate))[:_OFFERED]
    strongest = [one for one in strongest if strongest[0].weight - one.weight < _APART]
    close = len(strongest) > 1 and strongest[0].weight - strongest[1].weight < _CLOSE
    proposals = [
        _proposal(line, one, index, evidence.probability(one), sure=False, rival=close) for one in strongest
    ]
    if not strongest or not strongest[0].exact or proposals[0].score < _ENOUGH:
        group = groups.suggest(line, marks.exact)
        if group:
            proposals.append(group)
    return sorted(proposals, key=lambda one: -one.score)


def _proposal(
    line: LineToMatch, one: Evidence, index: Index, score: float, *, sure: bool, rival: bool = False
) -> Proposal:
    reasons = (*one.reasons, Reason("rival")) if rival else one.reasons
    return Proposal(line.key, (index.candidates[one.candidate].key,), round(score, 4), sure, reasons)
