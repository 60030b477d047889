"""What a savings plan becomes when life changes: each policy worked out before one is chosen.

Pure: values in, values out. A decision settles what lies behind at what was really saved by its day, and asks
for the rest in one of four ways. A plan is its opening and the decisions since, folded in their order; its
instalments are never stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from functools import reduce
from itertools import accumulate, pairwise

from delegations.savings.schedule import (
    MOST_INSTALMENTS,
    BadPlan,
    Course,
    Frequency,
    Instalment,
    Remainder,
    course,
    months_after,
    portions,
    schedule,
)
from shared.i18n import _l
from shared.money import Money


class Policy(StrEnum):
    """How a difference is met: over all that is left, with the next payment, at the end, or not at all."""

    SPREAD = "spread"
    NEXT = "next"
    EXTEND = "extend"
    ACCEPT = "accept"


class PolicyImpossible(BadPlan):
    """Nothing is left to spread over, or nothing would be asked for any more."""

    code = "policy_impossible"
    message = _l("This plan cannot be carried on in this way.")


@dataclass(frozen=True, slots=True)
class Opening:
    """What a plan asked for when it was opened: `target` in `count` parts, every `every` from `first`."""

    target: Money
    count: int
    first: date
    every: Frequency
    remainder: Remainder


@dataclass(frozen=True, slots=True)
class Decision:
    """`saved` was there on the day `on`; from then on `need` is to be saved in all, by `policy`.

    `leaving` is the share of what was to come that its payer pays no more: it is part of the difference.
    """

    on: date
    saved: Money
    need: Money
    policy: Policy
    leaving: Fraction = Fraction(0)


@dataclass(frozen=True, slots=True)
class Agreed:
    """What a plan asks for now. `need` is what it should save: more than `target` when a gap is accepted."""

    instalments: tuple[Instalment, ...]
    need: Money

    @property
    def target(self) -> Money:
        return Money.total((part.amount for part in self.instalments), self.need.currency)

    @property
    def course(self) -> Course:
        """The instalments as bare numbers."""
        ordered = sorted(self.instalments, key=lambda part: (part.due, part.number))
        asked = accumulate(part.amount.minor for part in ordered)
        return Course(self.need.currency, [part.due for part in ordered], list(asked))

    @property
    def gap(self) -> Money:
        """What nobody is asked for; negative when more is asked for than is needed."""
        return self.need - self.target


def agree(opening: Opening, decisions: Iterable[Decision] = ()) -> Agreed:
    """The plan as it was opened, with the decisions taken since, oldest first. Raises `BadPlan`."""
    parts = schedule(opening.target, opening.count, opening.first, opening.every, opening.remainder)
    begun = Agreed(tuple(parts), opening.target)
    return reduce(lambda agreed, decision: decide(agreed, decision, opening), decisions, begun)


def course_of(opening: Opening, decisions: Sequence[Decision] = ()) -> Course:
    """The instalments of `agree` as bare numbers; most plans stay as they were opened. Raises `BadPlan`."""
    if decisions:
        return agree(opening, decisions).course
    return course(opening.target, opening.count, opening.first, opening.every, opening.remainder)


def decide(agreed: Agreed, decision: Decision, opening: Opening) -> Agreed:
    """The plan after a decision. Raises `PolicyImpossible`.

    What was asked for before its day counts as what was saved: arrears are part of the rest, and money paid
    ahead is an instalment of that day. Dates keep the plan's rhythm, counted from its first; what is still
    to come keeps its number, for a kept card knows it by that.
    """
    behind, coming = settle(agreed.instalments, decision.on, decision.saved)
    coming = without(coming, decision.leaving)
    rest = decision.need - decision.saved
    if decision.policy is Policy.ACCEPT:
        asked = coming
    elif rest.minor <= 0:
        asked = []
    elif decision.policy is Policy.SPREAD:
        asked = _spread(coming, rest, opening.remainder)
    elif decision.policy is Policy.NEXT:
        asked = _with_the_next(coming, rest)
    else:
        known = [*agreed.instalments, *behind]
        asked = _extended(coming, rest, known, decision, opening)
    if not behind and not asked:
        raise PolicyImpossible
    return Agreed((*behind, *asked), decision.need)


def possible(
    agreed: Agreed,
    on: date,
    saved: Money,
    need: Money,
    opening: Opening,
    leaving: Fraction = Fraction(0),
) -> list[tuple[Policy, Agreed]]:
    """What each policy would make of the plan; those that come to the same are told once."""
    found: list[tuple[Policy, Agreed]] = []
    for policy in Policy:
        try:
            outcome = decide(agreed, Decision(on, saved, need, policy, leaving), opening)
        except BadPlan:
            continue
        if outcome not in [other for _policy, other in found]:
            found.append((policy, outcome))
    return found


def settle(parts: Sequence[Instalment], on: date, saved: Money) -> tuple[list[Instalment], list[Instalment]]:
    """What lies behind, worth exactly what was saved, and what is still to come, as it was asked for.

    An instalment due on the day itself is still to come unless it was paid in full.
    """
    behind: list[Instalment] = []
    coming: list[Instalment] = []
    left = saved
    for part in parts:
        if part.due < on or (part.due == on and left >= part.amount):
            paid = min(left, part.amount)
            left -= paid
            if paid:
                behind.append(replace(part, amount=paid))
        else:
            coming.append(part)
    if left:
        behind.append(Instalment(_free(parts), on, left))
    return behind, coming


def without(coming: Sequence[Instalment], share: Fraction) -> list[Instalment]:
    """What is to come without what was asked of who pays this share of it."""
    asked = [0, *accumulate(part.amount.minor for part in coming)]
    kept = [upto - int(upto * share) for upto in asked]
    return [
        replace(part, amount=Money(after - before, part.amount.currency))
        for part, (before, after) in zip(coming, pairwise(kept), strict=True)
        if after > before
    ]


def _spread(coming: Sequence[Instalment], rest: Money, remainder: Remainder) -> list[Instalment]:
    if not coming:
        raise PolicyImpossible
    amounts = portions(rest, len(coming), remainder)
    return [replace(part, amount=one) for part, one in zip(coming, amounts, strict=True) if one]


def _with_the_next(coming: Sequence[Instalment], rest: Money) -> list[Instalment]:
    if not coming:
        raise PolicyImpossible
    more = rest - _sum(coming, rest.currency)
    if more.minor < 0:
        return _lower(coming, -more)
    return [replace(coming[0], amount=coming[0].amount + more), *coming[1:]]


def _extended(
    coming: Sequence[Instalment],
    rest: Money,
    known: Sequence[Instalment],
    decision: Decision,
    opening: Opening,
) -> list[Instalment]:
    """More of the first instalment's amount at the plan's rhythm after its end, or an earlier end."""
    more = rest - _sum(coming, rest.currency)
    if more.minor < 0:
        return _lower(coming[::-1], -more)[::-1]
    usual = portions(opening.target, opening.count, opening.remainder)[0]
    usual = max(Money(1, rest.currency), Money(int(usual.minor * (1 - decision.leaving)), rest.currency))
    if more.minor > usual.minor * (MOST_INSTALMENTS - len(coming)):
        raise PolicyImpossible
    last = max([decision.on, *(part.due for part in known)])
    months, number = -opening.every.months, _free(known)
    added: list[Instalment] = []
    while more:
        months += opening.every.months
        due = months_after(opening.first, months)
        if due > last:
            lost = min(len(added) + 1, usual.minor)  # less than a minor unit in each, by rounding
            amount = more if (more - usual).minor < lost else usual
            added.append(Instalment(number + len(added), due, amount))
            more -= amount
    return [*coming, *added]


def _lower(parts: Sequence[Instalment], by: Money) -> list[Instalment]:
    """Ask for less, of the first parts first."""
    lowered: list[Instalment] = []
    for part in parts:
        less = min(by, part.amount)
        by -= less
        if part.amount > less:
            lowered.append(replace(part, amount=part.amount - less))
    return lowered


def _free(parts: Iterable[Instalment]) -> int:
    """A number that no part has."""
    return max((part.number for part in parts), default=0) + 1


def _sum(parts: Iterable[Instalment], currency: str) -> Money:
    return Money.total((part.amount for part in parts), currency)
