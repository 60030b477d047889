"""How well bank lines find their postings, on years whose truth is known, and how fast ten thousand do.

`python -m bench.reconciliation [SEEDS] [--explain]` prints JSON. A year is worked through month by month, as
a treasurer does: sure matches are accepted, the rest decided rightly by hand, and what was confirmed teaches
the next month. *Precision* is the share of accepted matches that are true; *recall* the share of true
matches of one line with one posting that were accepted; *no typing* the share of all lines that were
accepted, or whose true answer stood among the offers.
"""

import json
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from bench.treasury_year import CURRENCY, DAYS, FIRST_DAY, Year, year
from shared.money import Money
from treasury.reconciliation.marks import marks_of, plain_words
from treasury.reconciliation.matching import Candidate, Habit, LineToMatch, Proposal, propose
from treasury.reconciliation.values import HabitKind

AUTO_RIGHT, NO_TYPING, SECONDS = 0.999, 0.90, 15.0
_LATER = timedelta(days=3)  # a month's statement is worked through when the month is over
_BUCKETS = (0.25, 0.5, 0.75, 0.9, 0.98, 1.01)


@dataclass
class Quality:
    """Counts over one year or several."""

    lines: int = 0
    accepted: int = 0
    wrong: int = 0
    acceptable: int = 0
    offered: int = 0
    typed: int = 0
    mistakes: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    calibration: Counter[tuple[float, bool]] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        return 1 - self.wrong / max(1, self.accepted)

    @property
    def recall(self) -> float:
        return (self.accepted - self.wrong) / max(1, self.acceptable)

    @property
    def no_typing(self) -> float:
        return 1 - self.typed / max(1, self.lines)

    def __add__(self, other: "Quality") -> "Quality":
        return Quality(
            self.lines + other.lines,
            self.accepted + other.accepted,
            self.wrong + other.wrong,
            self.acceptable + other.acceptable,
            self.offered + other.offered,
            self.typed + other.typed,
            self.mistakes + other.mistakes,
            self.missed + other.missed,
            self.calibration + other.calibration,
        )

    def figures(self) -> dict[str, object]:
        return {
            "lines": self.lines,
            "accepted_together": self.accepted,
            "wrong": self.wrong,
            "precision": round(self.precision, 5),
            "recall": round(self.recall, 4),
            "one_of_the_offers": self.offered,
            "no_typing": round(self.no_typing, 4),
            "score_and_truth": {
                f"below {limit:.2f}": round(
                    self.calibration[limit, True]
                    / max(1, self.calibration[limit, True] + self.calibration[limit, False]),
                    3,
                )
                for limit in _BUCKETS
            },
            "aim": f"precision {AUTO_RIGHT}, no typing {NO_TYPING}",
        }


class Desk:
    """A treasurer's year: what is open, what was learnt."""

    def __init__(self, written: Year) -> None:
        self.year = written
        self.left = {one.key: one.amount.minor for one in written.postings}
        self.by_key = {str(one.key): one for one in written.postings}
        self.habits: Counter[tuple[HabitKind, str, str]] = Counter()
        self.recorded: set[tuple[str, ...]] = set()
        self.quality = Quality()

    def work(self) -> Quality:
        waiting: list[LineToMatch] = []
        coming = list(self.year.lines)
        end = FIRST_DAY + timedelta(days=30)
        while coming or waiting:
            waiting += [line for line in coming if line.dated_on < end]
            coming = [line for line in coming if line.dated_on >= end]
            over = (end - FIRST_DAY).days > DAYS + 100
            waiting = self._month(waiting, date.max if over else end + _LATER)
            end += timedelta(days=30)
        return self.quality

    def _month(self, lines: list[LineToMatch], today: date) -> list[LineToMatch]:
        """Decide what the books know by `today`; the other lines wait."""
        opened = {str(one.key): one for one in self._open(today)}
        offers: dict[object, list[Proposal]] = defaultdict(list)
        for one in propose(lines, opened.values(), self._habits()):
            offers[one.line_key].append(one)
        sure = [line for line in lines if offers[line.key] and offers[line.key][0].sure]
        for line in sure:
            self._accept(line, offers[line.key][0], opened)
        left = [line for line in lines if line not in sure]
        known = [line for line in left if all(self._known(key, today) for key in self._truth(line))]
        for line in known:
            self._choose(line, offers[line.key], opened)
        for line in known:
            self._decide(line)
        return [line for line in left if line not in known]

    def _habits(self) -> list[Habit]:
        return [Habit(wording, name, times, kind) for (kind, wording, name), times in self.habits.items()]

    def _open(self, today: date) -> list[Candidate]:
        return [
            replace(one, amount=Money(self.left[one.key], CURRENCY))
            for one in self.year.postings
            if self.left[one.key] and self._known(str(one.key), today)
        ]

    def _known(self, key: str, today: date) -> bool:
        return self.year.known_on[key] <= today

    def _truth(self, line: LineToMatch) -> dict[str, int]:
        return self.year.truth.get(str(line.key), {})

    def _accept(self, line: LineToMatch, best: Proposal, opened: dict[str, Candidate]) -> None:
        q, true = self.quality, self._truth(line)
        keys = [str(key) for key in best.candidate_keys]
        q.lines += 1
        q.accepted += 1
        q.acceptable += len(true) == 1
        self._calibrate([best], true)
        for key in keys:
            self.left[key] = 0
        self._learn(line, keys)
        if set(keys) != set(true):
            q.wrong += 1
            told = [_told(self.by_key[key]) for key in true]
            q.mistakes.append(f"{_said(line)} → {[_told(opened[key]) for key in keys]}, truly {told}")

    def _choose(self, line: LineToMatch, offers: list[Proposal], opened: dict[str, Candidate]) -> None:
        q, true = self.quality, self._truth(line)
        q.lines += 1
        q.acceptable += [self.left[key] for key in true] == [line.amount.minor]
        self._calibrate(offers, true)
        if true:
            found = any(set(one.candidate_keys) == set(true) for one in offers)
        else:
            found = plain_words(f"{line.name} {line.memo}") in self.recorded
        q.offered += found
        q.typed += not found
        if not found:
            shown = [[_told(opened[str(key)]) for key in one.candidate_keys] for one in offers[:2]]
            q.missed.append(f"{_said(line)} is {[_told(self.by_key[key]) for key in true]}, not {shown}")

    def _calibrate(self, offers: list[Proposal], true: dict[str, int]) -> None:
        for one in offers:
            limit = next(limit for limit in _BUCKETS if one.score < limit)
            self.quality.calibration[limit, set(one.candidate_keys) == set(true)] += 1

    def _decide(self, line: LineToMatch) -> None:
        truth = self._truth(line)
        for key, minor in truth.items():
            left = self.left[key]
            self.left[key] = left - minor if abs(minor) <= abs(left) else 0
            if 0 < abs(self.left[key]) <= 1500 and abs(minor) > 1500:
                self.left[key] = 0  # the fee held back is written off
        if truth:
            self._learn(line, list(truth))
        else:
            self.recorded.add(plain_words(f"{line.name} {line.memo}"))

    def _learn(self, line: LineToMatch, keys: Iterable[str]) -> None:
        names = {self.by_key[key].names[0] for key in keys}
        if len(names) == 1:
            name = names.pop()
            for kind, mark in marks_of(line):
                self.habits[kind, mark, name] += 1


def _said(line: LineToMatch) -> str:
    return f"{line.dated_on} {line.amount.decimal()} «{line.reference}|{line.name}|{line.memo}»"


def _told(one: Candidate) -> str:
    return f"{one.key} {one.dated_on} {one.amount.decimal()} {one.names} {one.reference}"


def quality(seeds: Iterable[int], payers: int = 30) -> Quality:
    """All years of `seeds`, worked through."""
    total = Quality()
    for seed in seeds:
        total += Desk(year(seed, payers)).work()
    return total


def speed(postings: int = 10_000) -> dict[str, object]:
    """Processor seconds to propose for as many lines as postings, all open at once."""
    written = year(2005, payers=450, scale=3)
    lines, candidates = written.lines[:postings], written.postings[:postings]
    assert (len(lines), len(candidates)) == (postings, postings), (len(written.lines), len(written.postings))
    started = time.process_time()
    found = propose(lines, candidates)
    took = time.process_time() - started
    return {
        "lines": len(lines),
        "postings": len(candidates),
        "sure": sum(one.sure for one in found),
        "seconds": round(took, 1),
        "aim": f"{SECONDS:.0f} s of processor time",
    }


def main() -> None:
    words = [one for one in sys.argv[1:] if not one.startswith("--")]
    found = quality(range(1, 1 + int(words[0] if words else 12)))
    if "--explain" in sys.argv:
        print("\n".join(["WRONG", *found.mistakes, "TYPED", *found.missed]), file=sys.stderr)
    answer: dict[str, object] = {"a year of 30 payers": found.figures()}
    if "--no-speed" not in sys.argv:
        answer["ten thousand"] = speed()
    print(json.dumps(answer))


if __name__ == "__main__":
    main()
