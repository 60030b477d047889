"""Which candidates are worth comparing with a bank line, and how much each piece of evidence weighs.

Weights are logarithms of odds, added as Fellegi and Sunter add them ("A theory for record linkage", 1969).
They start from judgement and can be replaced by what confirmed links teach.
"""

import re
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import exp

from treasury.matching_values import Candidate, Habit, LineToMatch, Reason
from treasury.name_matching import Names, name_words
from treasury.references import compact_reference, find_references

WINDOW_DAYS = 62  # the latest payment of the demonstration data comes 41 days late
NEAR_DAYS = 10
NEAR_PERCENT = 2

_PRIOR = -5.0
_REFERENCE = 8.0
_AMOUNT = 4.0
_AMOUNT_NEAR = -1.0
_AMOUNT_OTHER = -3.0
_DATES = ((0, 2.0), (3, 1.5), (NEAR_DAYS, 0.5), (31, -0.5), (WINDOW_DAYS, -1.5))
_DATE_FAR = -2.0
_NAMES = ((0.85, 4.0), (0.6, 2.0), (0.4, 0.0))
_NAME_OTHER = -1.0
_HABIT = (3.0, 4.0)  # confirmed once, more often
_NAMED = 2.0  # from this weight on, the name counts as found

_SAME_AMOUNT = Reason("amount")

_TOKEN = re.compile(r"[A-Z0-9]+")
_JOINED = 4  # words that spaces may have made of one reference
_NEAREST = 6  # candidates of one amount that are compared, by date
_NEAREST_NAMED = 4  # and of one amount and one word of a name


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a line (by position) and a candidate (by position) agree; `weight` is a logarithm of odds."""

    line: int
    candidate: int
    weight: float
    exact: bool
    referenced: bool
    named: bool
    reasons: tuple[Reason, ...]

    @property
    def score(self) -> float:
        """The weight as a probability."""
        return 1 / (1 + exp(-self.weight))


class Index:
    """Candidates by reference, amount and words of names, each list in the order of dates."""

    def __init__(self, candidates: Sequence[Candidate], habits: Iterable[Habit]) -> None:
        self.candidates = candidates
        self.days = [candidate.dated_on.toordinal() for candidate in candidates]
        self.references = [compact_reference(candidate.reference) for candidate in candidates]
        self.names = Names(name for candidate in candidates for name in candidate.names)
        self.by_reference: dict[str, list[int]] = defaultdict(list)
        self.by_amount: dict[tuple[str, int], list[int]] = defaultdict(list)
        self.by_amount_and_word: dict[tuple[str, int, str], list[int]] = defaultdict(list)
        self.by_word: dict[tuple[str, str], list[int]] = defaultdict(list)
        for position, candidate in sorted(enumerate(candidates), key=lambda one: (one[1].dated_on, one[0])):
            self._add(position, candidate)
        self.habits: dict[tuple[str, ...], dict[tuple[str, ...], int]] = defaultdict(dict)
        for habit in habits:
            known = self.habits[name_words(habit.wording)]
            name = name_words(habit.name)
            known[name] = known.get(name, 0) + habit.times

    def _add(self, position: int, candidate: Candidate) -> None:
        currency, minor = candidate.amount.currency, candidate.amount.minor
        if self.references[position]:
            self.by_reference[self.references[position]].append(position)
        self.by_amount[currency, minor].append(position)
        for word in {word for name in candidate.names for word in name_words(name)}:
            self.by_amount_and_word[currency, minor, word].append(position)
            self.by_word[currency, word].append(position)

    def references_in(self, line: LineToMatch) -> set[str]:
        """Known references that the bank's text holds, compact.

        The bank's own field may hold any; in running text a short or wordlike one proves nothing.
        """
        found = {compact_reference(one) for one in find_references(line.text)}
        found.add(compact_reference(line.reference))
        tokens = _TOKEN.findall(line.text.upper())
        for start in range(len(tokens)):
            for end in range(start + 1, min(start + _JOINED, len(tokens)) + 1):
                joined = "".join(tokens[start:end])
                if len(joined) >= 5 and any(c.isdigit() for c in joined):
                    found.add(joined)
        return {reference for reference in found if reference in self.by_reference}

    def worth_comparing(self, line: LineToMatch, references: set[str]) -> set[int]:
        """Positions of candidates that share a reference, the amount, or nearly the amount and a name."""
        currency, minor = line.amount.currency, line.amount.minor
        day = line.dated_on.toordinal()
        found = {position for reference in references for position in self.by_reference[reference]}
        found |= self._nearest(self.by_amount.get((currency, minor), []), day, _NEAREST, WINDOW_DAYS)
        for word in name_words(line.text):
            same = self.by_amount_and_word.get((currency, minor, word), [])
            found |= self._nearest(same, day, _NEAREST_NAMED, WINDOW_DAYS)
            named = self._nearest(self.by_word.get((currency, word), []), day, 2 * _NEAREST, NEAR_DAYS)
            found |= {one for one in named if self._nearly(one, minor)}
        return {one for one in found if self._same_kind(one, line)}

    def _nearest(self, positions: list[int], day: int, count: int, window: int) -> set[int]:
        """The `count` nearest in time on either side of `day`, within `window` days."""
        middle = bisect_left(positions, day, key=self.days.__getitem__)
        around = positions[max(0, middle - count) : middle + count]
        return {one for one in around if abs(self.days[one] - day) <= window}

    def _nearly(self, position: int, minor: int) -> bool:
        return abs(self.candidates[position].amount.minor - minor) * 100 <= abs(minor) * NEAR_PERCENT

    def _same_kind(self, position: int, line: LineToMatch) -> bool:
        amount = self.candidates[position].amount
        return amount.currency == line.amount.currency and amount.minor * line.amount.minor > 0

    def weigh(self, line_position: int, line: LineToMatch, references: set[str]) -> list[Evidence]:
        """All that speaks for and against each candidate worth comparing, added."""
        names: dict[tuple[str, ...], tuple[float, Reason | None]] = {}  # a payer has many open candidates
        found = []
        for position in sorted(self.worth_comparing(line, references)):
            candidate = self.candidates[position]
            if candidate.names not in names:
                names[candidate.names] = self._name(line, candidate.names)
            found.append(self._weigh(line_position, line, position, references, names[candidate.names]))
        return found

    def _weigh(
        self,
        line_position: int,
        line: LineToMatch,
        position: int,
        references: set[str],
        named: tuple[float, Reason | None],
    ) -> Evidence:
        candidate = self.candidates[position]
        name, name_reason = named
        referenced = self.references[position] in references
        reasons = [Reason("reference", candidate.reference)] if referenced else []
        amount, amount_reason = self._amount(line, candidate)
        apart, date_reason = _date(abs(self.days[position] - line.dated_on.toordinal()))
        if referenced:
            name = max(name, 0.0)  # who quotes the reference may be anybody
        reasons += [amount_reason, date_reason, *([name_reason] if name_reason else [])]
        return Evidence(
            line_position,
            position,
            _PRIOR + referenced * _REFERENCE + amount + apart + name,
            amount == _AMOUNT,
            referenced,
            name >= _NAMED,
            tuple(reasons),
        )

    def _amount(self, line: LineToMatch, candidate: Candidate) -> tuple[float, Reason]:
        if line.amount.minor == candidate.amount.minor:
            return _AMOUNT, _SAME_AMOUNT
        difference = abs(line.amount - candidate.amount)
        near = difference.minor * 100 <= abs(line.amount.minor) * NEAR_PERCENT
        return _AMOUNT_NEAR if near else _AMOUNT_OTHER, Reason("amount differs", difference=difference)

    def _name(self, line: LineToMatch, names: tuple[str, ...]) -> tuple[float, Reason | None]:
        text = f"{line.name} {line.memo}"
        if not names or not name_words(text):
            return 0.0, None
        known = self.habits.get(name_words(line.name), {})
        for name in names:
            if times := known.get(name_words(name), 0):
                return _HABIT[times > 1], Reason("habit", name, times)
        closeness, name = max((self.names.closeness(text, name), name) for name in names)
        weight = next((weight for least, weight in _NAMES if closeness >= least), _NAME_OTHER)
        return weight, Reason("name", name) if weight >= _NAMED else None


def _date(days: int) -> tuple[float, Reason]:
    return next((weight for most, weight in _DATES if days <= most), _DATE_FAR), Reason("date", number=days)
