"""Which candidates are worth comparing with a bank line, and how much each piece of evidence weighs.

Weights are logarithms of odds, added as Fellegi and Sunter add them ("A theory for record linkage", 1969).
They were fitted to years of which the truth is known (`python -m bench.calibration` prints them afresh).
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import exp
from typing import NamedTuple

from shared.money import Money, exponent
from treasury.reconciliation.marks import (
    References,
    marks_of,
    naming_words,
    payer_words,
    valid_references,
)
from treasury.reconciliation.names import Names, name_words
from treasury.reconciliation.values import Candidate, Habit, HabitKind, LineToMatch, Reason
from treasury.references import compact_reference

WINDOW_DAYS = 62  # the latest payment of the demonstration data comes 41 days late
NEAR_DAYS = 10
PART_DAYS = 31
NEAR_PERCENT = 2
MOST_HELD_BACK = 25  # whole units of the currency (times 100 where it has no cents) that banks keep

_NEAREST = 6  # candidates of one amount that are compared, by date
_NEAREST_NAMED = 4  # and of one amount and one word of a name
_RAREST_WORDS = 3
_HOLDERS = 2  # payers of one account; more pay through somebody else's
_STRONG, _GOOD, _WEAK = 0.85, 0.6, 0.4  # closeness of names


class Level(StrEnum):
    """What one piece of evidence says. Of each kind (reference, amount, date, who) a comparison has one."""

    REFERENCE_EXACT = "reference exact"
    REFERENCE_NEAR = "reference nearly"
    REFERENCE_OTHER = "reference of another"
    REFERENCE_NONE = "no reference"
    AMOUNT_SAME = "amount same"
    AMOUNT_HELD_BACK = "amount less a fee"
    AMOUNT_NEAR = "amount nearly"
    AMOUNT_PART = "amount a part"
    AMOUNT_OTHER = "amount other"
    DATE_SAME = "same day"
    DATE_DAYS = "within days"
    DATE_NEAR = "within ten days"
    DATE_MONTH = "within a month"
    DATE_WINDOW = "within two months"
    DATE_FAR = "farther"
    WHO_ACCOUNT = "account known"
    WHO_OFTEN = "wording known well"
    WHO_ONCE = "wording known"
    WHO_STRONG = "name the same"
    WHO_GOOD = "name close"
    WHO_WEAK = "name a little close"
    WHO_SILENT = "no name"
    WHO_OTHER = "another name"
    WHO_CONTRARY = "known as somebody else"


PRIOR = 3.0
WEIGHTS: dict[Level, float] = {
    Level.REFERENCE_EXACT: 5.0,
    Level.REFERENCE_NEAR: 3.5,
    Level.REFERENCE_OTHER: -2.0,
    Level.REFERENCE_NONE: 0.0,
    Level.AMOUNT_SAME: 0.0,
    Level.AMOUNT_HELD_BACK: -1.0,
    Level.AMOUNT_NEAR: -2.0,
    Level.AMOUNT_PART: -2.5,
    Level.AMOUNT_OTHER: -4.0,
    Level.DATE_SAME: 1.5,
    Level.DATE_DAYS: 0.8,
    Level.DATE_NEAR: 0.0,
    Level.DATE_MONTH: -2.0,
    Level.DATE_WINDOW: -3.0,
    Level.DATE_FAR: -3.5,
    Level.WHO_ACCOUNT: 2.0,
    Level.WHO_OFTEN: 1.8,
    Level.WHO_ONCE: 1.5,
    Level.WHO_STRONG: 1.2,
    Level.WHO_GOOD: 0.2,
    Level.WHO_WEAK: -2.0,
    Level.WHO_SILENT: -1.0,
    Level.WHO_OTHER: -4.0,
    Level.WHO_CONTRARY: -6.0,
}

REST = 4.0
"""For a part of an amount, when another line is the rest of it."""

_DATES = (
    (0, Level.DATE_SAME),
    (3, Level.DATE_DAYS),
    (NEAR_DAYS, Level.DATE_NEAR),
    (31, Level.DATE_MONTH),
    (WINDOW_DAYS, Level.DATE_WINDOW),
)
_NAMED = {Level.WHO_ACCOUNT, Level.WHO_OFTEN, Level.WHO_ONCE, Level.WHO_STRONG, Level.WHO_GOOD}


class Levels(NamedTuple):
    """One level of each kind of evidence."""

    reference: Level
    amount: Level
    date: Level
    who: Level


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a line (by position) and a candidate (by position) agree; `weight` is a logarithm of odds."""

    line: int
    candidate: int
    weight: float
    levels: Levels
    reasons: tuple[Reason, ...]

    @property
    def exact(self) -> bool:
        return self.levels.amount is Level.AMOUNT_SAME

    @property
    def referenced(self) -> bool:
        return self.levels.reference is Level.REFERENCE_EXACT

    @property
    def contradicted(self) -> bool:
        """Whether the line quotes a reference of something else."""
        return self.levels.reference is Level.REFERENCE_OTHER

    @property
    def named(self) -> bool:
        """Whether something tells who pays, beside amount and date."""
        return self.levels.who in _NAMED or self.levels.reference is Level.REFERENCE_NEAR

    @property
    def odds(self) -> float:
        """How many times likelier this is than that nothing in the books is this line."""
        return exp(self.weight)


@dataclass(frozen=True, slots=True)
class Marks:
    """What a line's text tells beside its words: references that are known, exactly and nearly; others."""

    exact: frozenset[str]
    nearly: frozenset[str]
    other: frozenset[str]
    """References that are right in themselves and belong to no candidate."""


_SAME_AMOUNT = Reason("amount")
_Who = tuple[Level, Reason | None]


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
        self._typed = References(self.references)
        self._habits: dict[tuple[HabitKind, str], dict[tuple[str, ...], int]] = defaultdict(dict)
        for habit in habits:
            self._learn(habit)

    def _add(self, position: int, candidate: Candidate) -> None:
        currency, minor = candidate.amount.currency, candidate.amount.minor
        if self.references[position]:
            self.by_reference[self.references[position]].append(position)
        self.by_amount[currency, minor].append(position)
        for word in {word for name in candidate.names for word in name_words(name)}:
            self.by_amount_and_word[currency, minor, word].append(position)
            self.by_word[currency, word].append(position)

    def _learn(self, habit: Habit) -> None:
        written = habit.wording
        if habit.kind is HabitKind.WORDS:
            written = " ".join(naming_words(habit.wording))
            if not written:
                return  # "cheque deposited" names nobody
        known = self._habits[habit.kind, written]
        name = name_words(habit.name)
        known[name] = known.get(name, 0) + habit.times

    def marks(self, line: LineToMatch) -> Marks:
        """The references of a line."""
        exact = self._typed.exact(line)
        nearly = self._typed.nearly(line) - exact
        other = {one for one in valid_references(line) if one not in self.by_reference}
        return Marks(frozenset(exact), frozenset(nearly), frozenset(other))

    # What is worth comparing ------------------------------------------------------------------------------

    def alike(self, line: LineToMatch, marks: Marks) -> set[int]:
        """Positions of candidates that share a reference or the amount."""
        currency, minor = line.amount.currency, line.amount.minor
        day = line.dated_on.toordinal()
        referenced = marks.exact | marks.nearly
        found = {position for reference in referenced for position in self.by_reference[reference]}
        found |= self._nearest(self.by_amount.get((currency, minor), []), day, _NEAREST, WINDOW_DAYS)
        for word in self._words_for(line):
            same = self.by_amount_and_word.get((currency, minor, word), [])
            found |= self._nearest(same, day, _NEAREST_NAMED, WINDOW_DAYS)
        return {one for one in found if self._same_kind(one, line)}

    def named_alike(self, line: LineToMatch) -> set[int]:
        """Positions of candidates of another amount, not less, that share one of the line's rarest words."""
        currency, day = line.amount.currency, line.dated_on.toordinal()
        least = abs(line.amount.minor) * (100 - NEAR_PERCENT)
        known = [word for word in set(self._words_for(line)) if (currency, word) in self.by_word]
        known.sort(key=lambda word: (len(self.by_word[currency, word]), word))
        return {
            one
            for word in known[:_RAREST_WORDS]
            for one in self._nearest(self.by_word[currency, word], day, 2 * _NEAREST, PART_DAYS)
            if 100 * self._size(one) >= least and self._same_kind(one, line)
        }

    def _words_for(self, line: LineToMatch) -> Iterable[str]:
        """The words of the text, and of the payers that it was confirmed to mean."""
        yield from name_words(line.text)
        for _kind, known in self._known(line):
            for name in known:
                yield from name

    def _nearest(self, positions: list[int], day: int, count: int, window: int) -> set[int]:
        """The `count` nearest in time on either side of `day`, within `window` days."""
        middle = bisect_left(positions, day, key=self.days.__getitem__)
        around = positions[max(0, middle - count) : middle + count]
        return {one for one in around if abs(self.days[one] - day) <= window}

    def _size(self, position: int) -> int:
        return abs(self.candidates[position].amount.minor)

    def _same_kind(self, position: int, line: LineToMatch) -> bool:
        amount = self.candidates[position].amount
        return amount.currency == line.amount.currency and amount.minor * line.amount.minor > 0

    # What the comparison says -----------------------------------------------------------------------------

    def weigh(self, line_position: int, line: LineToMatch, marks: Marks) -> list[Evidence]:
        """All that speaks for and against each candidate worth comparing, added.

        Other amounts are looked at only where the same amount has nobody's name.
        """
        people: dict[tuple[str, ...], _Who] = {}  # a payer has many open candidates

        def compare(positions: Iterable[int]) -> list[Evidence]:
            found = []
            for position in sorted(positions):
                names = self.candidates[position].names
                if names not in people:
                    people[names] = self._who(line, names)
                found.append(self._weigh(line_position, line, position, marks, people[names]))
            return found

        alike = self.alike(line, marks)
        found = compare(alike)
        if not any(one.exact and (one.named or one.referenced) for one in found):
            found += compare(self.named_alike(line) - alike)
        return found

    def _weigh(
        self, line_position: int, line: LineToMatch, position: int, marks: Marks, payer: _Who
    ) -> Evidence:
        candidate = self.candidates[position]
        who, who_reason = payer
        reference, reference_reason = self._reference(position, marks)
        if reference is Level.REFERENCE_EXACT and who not in _NAMED:
            who, who_reason = Level.WHO_SILENT, None  # who quotes the reference may be anybody
        amount, amount_reason = compare_amounts(line.amount, candidate.amount)
        apart, date_reason = _date(abs(self.days[position] - line.dated_on.toordinal()))
        levels = Levels(reference, amount, apart, who)
        said = (reference_reason, amount_reason, date_reason, who_reason)
        return Evidence(
            line_position,
            position,
            PRIOR + sum(WEIGHTS[level] for level in levels),
            levels,
            tuple(one for one in said if one is not None),
        )

    def _reference(self, position: int, marks: Marks) -> tuple[Level, Reason | None]:
        reference, shown = self.references[position], self.candidates[position].reference
        if reference and reference in marks.exact:
            return Level.REFERENCE_EXACT, Reason("reference", shown)
        if reference and reference in marks.nearly:
            return Level.REFERENCE_NEAR, Reason("reference nearly", shown)
        if marks.exact or self._strange(marks.other, self.candidates[position].names):
            return Level.REFERENCE_OTHER, Reason("reference other")
        return Level.REFERENCE_NONE, None

    def _strange(self, references: Collection[str], names: tuple[str, ...]) -> bool:
        """Whether a reference was not seen before as this payer's (a standing order repeats its own)."""
        if not references:
            return False
        payer = {name_words(name) for name in names}
        return any(payer.isdisjoint(self._habits.get((HabitKind.REFERENCE, one), ())) for one in references)

    def payers_known(self, line: LineToMatch) -> set[tuple[str, ...]]:
        """The words of the names that the line was confirmed to mean before."""
        return {name for _kind, known in self._known(line) for name in known}

    def _known(self, line: LineToMatch) -> Iterable[tuple[HabitKind, dict[tuple[str, ...], int]]]:
        """Whom the accounts, references and words of the line were confirmed to mean, the surest first."""
        if not self._habits:
            return
        for mark in marks_of(line):
            known = self._habits.get(mark)
            if known and not (mark[0] is HabitKind.ACCOUNT and len(known) > _HOLDERS):
                yield mark[0], known

    def _who(self, line: LineToMatch, names: tuple[str, ...]) -> _Who:
        contrary = False
        for kind, known in self._known(line):
            for name in names:
                if times := known.get(name_words(name), 0):
                    if kind is HabitKind.ACCOUNT:
                        way = "account" if line.amount.minor > 0 else "account paid"
                        return Level.WHO_ACCOUNT, Reason(way, name)
                    return (Level.WHO_ONCE, Level.WHO_OFTEN)[times > 1], Reason("habit", name, times)
            contrary = contrary or (len(known) == 1 and sum(known.values()) > 1)
        if not names or not payer_words(line):
            return (Level.WHO_CONTRARY if contrary else Level.WHO_SILENT), None
        text = f"{line.name} {line.memo}"
        closeness, name = max((self.names.closeness(text, name), name) for name in names)
        if closeness >= _STRONG:
            return Level.WHO_STRONG, Reason("name", name)
        if contrary:
            return Level.WHO_CONTRARY, None
        if closeness >= _GOOD:
            return Level.WHO_GOOD, Reason("name", name)
        return (Level.WHO_WEAK if closeness >= _WEAK else Level.WHO_OTHER), None


def compare_amounts(bank: Money, asked: Money) -> tuple[Level, Reason]:
    """How the bank's amount and the books' agree; both have the same sign."""
    if bank == asked:
        return Level.AMOUNT_SAME, _SAME_AMOUNT
    size = abs(bank.minor)
    less = abs(asked.minor) - size
    difference = Money(abs(less), bank.currency)
    if 0 < less <= held_back_at_most(bank.currency).minor and less * 5 < size:
        return Level.AMOUNT_HELD_BACK, Reason("held back", difference=difference)
    if abs(less) * 100 <= size * NEAR_PERCENT:
        return Level.AMOUNT_NEAR, Reason("amount differs", difference=difference)
    if less > 0:
        return Level.AMOUNT_PART, Reason("part", difference=difference)
    return Level.AMOUNT_OTHER, Reason("amount differs", difference=difference)


@lru_cache
def held_back_at_most(currency: str) -> Money:
    """The greatest fee that a bank is supposed to keep of a transfer in this currency."""
    return Money(MOST_HELD_BACK * 10 ** max(exponent(currency), 2), currency)


def _date(days: int) -> tuple[Level, Reason]:
    level = next((level for most, level in _DATES if days <= most), Level.DATE_FAR)
    return level, Reason("date", number=days)
