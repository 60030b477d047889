"""Several open amounts that make a bank line together: a suggestion only where one choice alone does.

Method: meet in the middle (Horowitz and Sahni, 1974) over at most 24 amounts, at most six of them chosen.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from treasury.reconciliation.evidence import NEAR_DAYS, Index
from treasury.reconciliation.names import name_words
from treasury.reconciliation.values import Candidate, LineToMatch, Proposal, Reason

MOST_MEMBERS = 6
MOST_CANDIDATES = 24

_DAYS = 100  # a quarter's instalment and some delay
_PAYERS = 3  # that are tried, the closest names first
_RAREST_WORDS = 4
_PAYERS_OF_A_WORD = 100
_CLOSE = 0.7
_BY_REFERENCE, _BY_NAME, _FOR_TWO = 0.95, 0.9, 0.6

_Half = list[tuple[NDArray[np.int64], NDArray[np.int64]]]  # by number of members: sums in order, and masks


class SeveralChoices(Exception):
    """More than one choice makes the sum: none of them is offered, and nothing weaker beside them."""


def only_choice(values: Sequence[int], target: int) -> tuple[int, ...] | None:
    """Positions of the two to six of `values` (positive, at most 24) whose sum is `target`, None without any.

    Raises `SeveralChoices`.
    """
    if len(values) > MOST_CANDIDATES:
        raise ValueError(f"at most {MOST_CANDIDATES} amounts")
    if sum(sorted(values)[-MOST_MEMBERS:]) < target:
        return None
    middle = len(values) // 2
    left, right = _sums(values[:middle]), _sums(values[middle:])
    found: list[int] = []
    for first, (sums, masks) in enumerate(left):
        for second in range(max(0, 2 - first), MOST_MEMBERS - first + 1):
            other_sums, other_masks = right[second]
            starts = np.searchsorted(other_sums, target - sums, "left")
            ends = np.searchsorted(other_sums, target - sums, "right")
            for at in np.nonzero(ends > starts)[0]:
                if ends[at] - starts[at] > 1 or found:
                    raise SeveralChoices
                found.append(int(masks[at]) | int(other_masks[starts[at]]) << middle)
    if not found:
        return None
    return tuple(position for position in range(len(values)) if found[0] >> position & 1)


def _sums(values: Sequence[int]) -> _Half:
    sums = np.zeros(1, np.int64)
    masks = np.zeros(1, np.int64)
    for position, value in enumerate(values):
        sums = np.concatenate((sums, sums + value))
        masks = np.concatenate((masks, masks | 1 << position))
    members = sum((masks >> position & 1 for position in range(len(values))), np.zeros_like(masks))
    by_members = []
    for count in range(MOST_MEMBERS + 1):
        chosen = members == count
        order = np.argsort(sums[chosen], kind="stable")
        by_members.append((sums[chosen][order], masks[chosen][order]))
    return by_members


class Groups:
    """Open candidates by payer, to be tried as sums."""

    def __init__(self, index: Index, taken: set[int]) -> None:
        self._index = index
        self._taken = taken
        self._by_payer: dict[str, list[int]] = {}
        self._payers_by_word: dict[str, set[str]] = {}
        for position, candidate in enumerate(index.candidates):
            if position in taken:
                continue
            for name in candidate.names[:1]:
                self._by_payer.setdefault(name, []).append(position)
                for word in name_words(name):
                    self._payers_by_word.setdefault(word, set()).add(name)

    def suggest(self, line: LineToMatch, references: Iterable[str]) -> Proposal | None:
        """The only group of one reference or of one payer whose amounts make the line's amount."""
        try:
            return self._only_group(line, references)
        except SeveralChoices:
            return None

    def _only_group(self, line: LineToMatch, references: Iterable[str]) -> Proposal | None:
        for reference in sorted(references):
            open_ones = [one for one in self._index.by_reference[reference] if one not in self._taken]
            if chosen := self._choose(line, open_ones):
                shown = self._index.candidates[chosen[0]].reference
                return self._proposal(line, chosen, _BY_REFERENCE, Reason("reference", shown))
        payers = self._payers(line)
        for payer in payers:
            if chosen := self._choose(line, self._by_payer[payer]):
                return self._proposal(line, chosen, _BY_NAME, Reason("name", payer))
        for payer in payers:
            if chosen := self._with_another(line, self._by_payer[payer]):
                return self._proposal(line, chosen, _FOR_TWO, Reason("name", payer))
        return None

    def _with_another(self, line: LineToMatch, positions: list[int]) -> list[int]:
        """The only two, one of this payer and one of anybody else's, that make the amount in these days."""
        day = line.dated_on.toordinal()
        found: list[list[int]] = []
        for mine in positions:
            candidate = self._index.candidates[mine]
            if not self._fits(candidate, line) or abs(self._index.days[mine] - day) > NEAR_DAYS:
                continue
            rest = line.amount - candidate.amount
            found += [
                sorted((mine, other))
                for other in self._index.by_amount.get((rest.currency, rest.minor), [])
                if other not in self._taken
                and candidate.names != self._index.candidates[other].names
                and abs(self._index.days[other] - day) <= NEAR_DAYS
            ]
        if len(found) > 1:
            raise SeveralChoices
        return found[0] if found else []

    def _payers(self, line: LineToMatch) -> list[str]:
        text = f"{line.name} {line.memo}"
        known = {
            name
            for words in self._index.payers_known(line)
            for name in self._payers_by_word.get(words[0] if words else "", ())
            if name_words(name) == words
        }
        sharing = sorted((self._payers_by_word.get(word, set()) for word in name_words(text)), key=len)
        few = {name for names in sharing[:_RAREST_WORDS] if len(names) <= _PAYERS_OF_A_WORD for name in names}
        closeness = {name: self._index.names.closeness(text, name) for name in few}
        close = sorted(
            (name for name in few if closeness[name] >= _CLOSE), key=lambda one: (-closeness[one], one)
        )
        return list(dict.fromkeys([*sorted(known), *close]))[:_PAYERS]

    def _choose(self, line: LineToMatch, positions: list[int]) -> list[int]:
        total = line.amount.minor
        day = line.dated_on.toordinal()
        fitting = [
            position
            for position in positions
            if self._fits(self._index.candidates[position], line)
            and abs(self._index.days[position] - day) <= _DAYS
        ]
        fitting.sort(key=lambda position: (abs(self._index.days[position] - day), position))
        nearest = fitting[:MOST_CANDIDATES]
        values = [abs(self._index.candidates[position].amount.minor) for position in nearest]
        chosen = only_choice(values, abs(total)) if len(values) > 1 else None
        return sorted(nearest[at] for at in chosen) if chosen else []

    def _fits(self, candidate: Candidate, line: LineToMatch) -> bool:
        same = candidate.amount.currency == line.amount.currency
        return same and 0 < candidate.amount.minor * (1 if line.amount.minor > 0 else -1) < abs(
            line.amount.minor
        )

    def _proposal(self, line: LineToMatch, chosen: list[int], score: float, why: Reason) -> Proposal:
        keys = tuple(self._index.candidates[position].key for position in chosen)
        return Proposal(line.key, keys, score, False, (Reason("sum", number=len(keys)), why))
