"""Bank lines and what they may settle: proposals with a score and the reasons for it, in words.

Lines are compared only with candidates that share a reference, an amount or a name; each connected group of
comparisons is assigned as a whole, so that no candidate is proposed first to two lines. A proposal is sure
only if nothing else fits nearly as well.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from math import inf

import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components, min_weight_full_bipartite_matching

from treasury.matching_evidence import Evidence, Index
from treasury.matching_groups import Groups
from treasury.matching_values import Candidate, Habit, Key, LineToMatch, Proposal, Reason

__all__ = ["Candidate", "Habit", "Key", "LineToMatch", "Proposal", "Reason", "propose"]

_LEAST_OFFERED = -1.0  # logarithm of odds; about one in four
_SURE = 3.9  # about 98 in 100
_MARGIN = 2.0
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
    references = [index.references_in(line) for line in ordered]
    evidence = _compare(ordered, index, references)
    chosen = _assign(evidence)
    sure = _sure(chosen, evidence)
    taken = {one.candidate for one in sure.values()}
    groups = Groups(index, taken)
    proposals: list[Proposal] = []
    for position, line in enumerate(ordered):
        if position in sure:
            proposals.append(_proposal(line, sure[position], index, sure=True))
            continue
        offered = [one for one in evidence.of_line(position) if one.candidate not in taken]
        proposals += _offers(line, chosen.get(position), offered, index, groups, references[position])
    return proposals


class _Comparisons:
    """Evidence by line and by candidate, the strongest first."""

    def __init__(self, evidence: Iterable[Evidence]) -> None:
        self.all = list(evidence)
        self._lines: dict[int, list[Evidence]] = defaultdict(list)
        self._candidates: dict[int, list[Evidence]] = defaultdict(list)
        for one in sorted(self.all, key=lambda one: (-one.weight, one.line, one.candidate)):
            self._lines[one.line].append(one)
            self._candidates[one.candidate].append(one)

    def of_line(self, line: int) -> Sequence[Evidence]:
        return self._lines.get(line, [])

    def rivals(self, link: Evidence) -> Iterator[Evidence]:
        """The other links of the same line and of the same candidate."""
        for one in chain(self._lines[link.line], self._candidates[link.candidate]):
            if one is not link:
                yield one


def _compare(lines: Sequence[LineToMatch], index: Index, references: Sequence[set[str]]) -> _Comparisons:
    return _Comparisons(
        found
        for position, line in enumerate(lines)
        for found in index.weigh(position, line, references[position])
        if found.weight >= _LEAST_OFFERED
    )


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
    """The assigned links that are exact, well founded, and ahead of every rival by a margin.

    Links by reference are decided first, against other references alone; then they are nobody's rivals.
    """
    good = [
        one for one in chosen.values() if one.exact and one.weight >= _SURE and (one.referenced or one.named)
    ]
    by_reference = {
        one.line: one
        for one in good
        if one.referenced and _ahead(one, (rival for rival in comparisons.rivals(one) if rival.referenced))
    }
    settled = {one.candidate for one in by_reference.values()}
    by_rest = {
        one.line: one
        for one in good
        if one.line not in by_reference
        and _ahead(
            one,
            (
                rival
                for rival in comparisons.rivals(one)
                if rival.line not in by_reference and rival.candidate not in settled
            ),
        )
    }
    return by_reference | by_rest


def _ahead(one: Evidence, rivals: Iterable[Evidence]) -> bool:
    return all(one.weight - rival.weight >= _MARGIN for rival in rivals)


def _offers(
    line: LineToMatch,
    best: Evidence | None,
    offered: Sequence[Evidence],
    index: Index,
    groups: Groups,
    references: set[str],
) -> list[Proposal]:
    """All that may settle a line of which nothing is sure: the assigned candidate first among equals."""
    strongest = sorted(offered, key=lambda one: (-one.weight, one is not best, one.candidate))[:_OFFERED]
    close = len(strongest) > 1 and strongest[0].weight - strongest[1].weight < _MARGIN
    proposals = [_proposal(line, one, index, sure=False, rival=close) for one in strongest]
    if not strongest or strongest[0].score < _ENOUGH or not strongest[0].exact:
        group = groups.suggest(line, references)
        if group:
            proposals.append(group)
    return sorted(proposals, key=lambda one: -one.score)


def _proposal(line: LineToMatch, one: Evidence, index: Index, *, sure: bool, rival: bool = False) -> Proposal:
    reasons = (*one.reasons, Reason("rival")) if rival else one.reasons
    return Proposal(line.key, (index.candidates[one.candidate].key,), round(one.score, 4), sure, reasons)
