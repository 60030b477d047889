"""What a group would have to put aside, before there is any plan: for whoever asks. Pure."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate, count

from delegations.savings.schedule import (
    MOST_INSTALMENTS,
    BadPlan,
    Frequency,
    Instalment,
    Remainder,
    months_after,
    schedule,
)
from shared.i18n import _l
from shared.money import Money


class TooNear(BadPlan):
    """No deposit falls before the departure."""

    code = "too_near"
    message = _l("No deposit falls due before the departure: begin earlier, or more often.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """`people` leave on `leaves`, each costs `each`, `already` is there; deposits from `first` on, `every`.

    A funder adds `match` (2 for two to one) to what is saved from now on, and pays at most `payable` of what
    each person costs (None: any of it).
    """

    people: int
    each: Money
    already: Money
    leaves: date
    first: date
    every: Frequency
    match: Fraction = Fraction(0)
    payable: Money | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """A deposit, and what the group then has: its own money, and with the funder's."""

    instalment: Instalment
    own: Money
    together: Money


@dataclass(frozen=True, slots=True)
class Answer:
    """How `need` is met: what is there, `own` to be saved in `steps`, and what the funder adds.

    `unusable` is what the funder would offer beyond what it may pay.
    """

    need: Money
    already: Money
    own: Money
    matched: Money
    unusable: Money
    steps: tuple[Step, ...]

    @property
    def usual(self) -> Money:
        """The amount of each deposit but the last, which may be some cents more."""
        return self.steps[0].instalment.amount if self.steps else Money.zero(self.need.currency)

    def usual_for_each(self, people: int) -> Money:
        """What one of `people` puts aside at each deposit, rounded up: nothing is missing at the end."""
        return Money(-(-self.own.minor // (people * len(self.steps))), self.own.currency)


def answer(question: Question) -> Answer:
    """The least that the group itself has to save, and when. Raises `TooNear`, `BadPlan`."""
    currency = question.each.currency
    zero = Money.zero(currency)
    need = question.each * question.people
    already = min(question.already, need)
    rest = (need - already).minor
    own = -(-rest * question.match.denominator // (question.match.denominator + question.match.numerator))
    limit = rest if question.payable is None else min(rest, (question.payable * question.people).minor)
    own = max(own, rest - limit)  # what the match may not pay, however much is saved
    offered = int(own * question.match)
    matched = min(offered, limit, rest - own)
    parts = _parts(question, Money(own, currency)) if own else []
    sums = accumulate((part.amount for part in parts), initial=already)
    next(sums)
    steps = tuple(
        Step(part, saved, saved + _added(saved - already, question.match, matched))
        for part, saved in zip(parts, sums, strict=True)
    )
    spare = max(zero, Money(offered - matched, currency)) if limit < rest else zero
    return Answer(need, already, Money(own, currency), Money(matched, currency), spare, steps)


def _added(saved: Money, match: Fraction, most: int) -> Money:
    return Money(min(int(saved.minor * match), most), saved.currency)


def _parts(question: Question, own: Money) -> list[Instalment]:
    """Deposits from the first on, the last before the departure; no more of them than there are cents."""
    for number in count():
        if number == MOST_INSTALMENTS:
            break
        if months_after(question.first, number * question.every.months) >= question.leaves:
            break
    if not number:
        raise TooNear(field="leaves")
    return schedule(own, min(number, own.minor), question.first, question.every, Remainder.LAST)
