"""A savings plan's arithmetic: when how much falls due, and what the deposits paid of it.

Pure: values in, values out. A plan is an intention; whether an instalment is paid is never stored but found
by replaying the deposits, oldest due first, as far as a given day.
"""

import re
from bisect import bisect_left, bisect_right
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate, pairwise

from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money

MOST_INSTALMENTS = 1200
"""A century of months: beyond it a count is a slip of the finger."""


class BadPlan(DomainError):
    """No schedule can be made of these numbers."""

    code = "bad_plan"
    status = 422
    message = _l("No savings plan can be made of these numbers.")


class BadCount(BadPlan):
    message = _l("A plan has between 1 and %(most)s instalments.")


class TargetTooSmall(BadPlan):
    message = _l("The target is too small for this many instalments.")


class EndsTooLate(BadPlan):
    message = _l("This plan would end after the year 9999.")


class BadFrequency(BadPlan):
    message = _l("Choose every month, quarter, half-year, year, or a number of months from 1 to 120.")


class Remainder(StrEnum):
    """Where the minor units go that do not divide: over the whole plan, or into its last instalment."""

    SPREAD = "spread"
    LAST = "last"


@dataclass(frozen=True, slots=True, order=True)
class Frequency:
    """Every `months` months, from 1 to 120. Raises `BadFrequency`."""

    months: int

    def __post_init__(self) -> None:
        if not 1 <= self.months <= 120:
            raise BadFrequency(field="every")

    @classmethod
    def parse(cls, text: str) -> "Frequency":
        """Read ``month``, ``quarter``, ``half-year``, ``year`` or a number of months."""
        if text in NAMED:
            return NAMED[text]
        if not re.fullmatch(r"[0-9]{1,3}", text):
            raise BadFrequency(field="every")
        return cls(int(text))

    def __str__(self) -> str:
        return next((name for name, same in NAMED.items() if same == self), str(self.months))


MONTH, QUARTER, HALF_YEAR, YEAR = Frequency(1), Frequency(3), Frequency(6), Frequency(12)
NAMED = {"month": MONTH, "quarter": QUARTER, "half-year": HALF_YEAR, "year": YEAR}


@dataclass(frozen=True, slots=True)
class Instalment:
    """What a plan asks for: the `number`-th part, counted from 1."""

    number: int
    due: date
    amount: Money

    def __post_init__(self) -> None:
        if self.amount.minor <= 0:
            raise ValueError("an instalment asks for something")


def schedule(
    target: Money, count: int, first: date, every: Frequency, remainder: Remainder = Remainder.SPREAD
) -> list[Instalment]:
    """`count` instalments from `first` on that add up to `target` exactly.

    `SPREAD` makes them differ by one minor unit at the most; `LAST` makes all equal but the last, which
    takes what does not divide. Every date is counted from `first`, so that a plan begun on the 31st
    returns to the 31st after a short month. Raises `BadCount`, `TargetTooSmall`, `EndsTooLate`.
    """
    asked = course(target, count, first, every, remainder)
    return [Instalment(number, due, amount) for number, (due, amount) in enumerate(asked.parts(), start=1)]


@dataclass(frozen=True, slots=True)
class Course:
    """Instalments as bare numbers, oldest first: when each falls due, and what is asked for up to it.

    Minor units of `currency`. A network's thousands of plans are added up from these.
    """

    currency: str
    dues: Sequence[date]
    asked: Sequence[int]

    def parts(self) -> Iterator[tuple[date, Money]]:
        """When how much falls due."""
        for due, (before, upto) in zip(self.dues, pairwise([0, *self.asked]), strict=True):
            yield due, Money(upto - before, self.currency)

    def late(self, saved: int, day: date) -> Iterator[tuple[date, Money]]:
        """What is not paid yet, with `saved`, of each instalment due before the day, oldest first."""
        paid = max(saved, 0)
        for place in range(bisect_right(self.asked, saved), bisect_left(self.dues, day)):
            yield self.dues[place], Money(self.asked[place] - paid, self.currency)
            paid = self.asked[place]

    def missing(self, saved: int, first: int) -> list[int]:
        """What is missing up to each instalment from the place `first` on, and before it, with `saved`."""
        asked = self.asked[first - 1 :] if first else [0, *self.asked]
        paid = max(saved, 0)
        return [upto - paid if upto > paid else 0 for upto in asked]


def course(
    target: Money, count: int, first: date, every: Frequency, remainder: Remainder = Remainder.SPREAD
) -> Course:
    """The instalments of `schedule`, and its refusals."""
    if not 1 <= count <= MOST_INSTALMENTS:
        raise BadCount(field="count", most=MOST_INSTALMENTS)
    if target.minor < count:
        raise TargetTooSmall(field="target")
    return Course(target.currency, _dues(first, every.months, count), _asked(target, count, remainder))


@lru_cache(maxsize=512)
def _dues(first: date, months: int, count: int) -> tuple[date, ...]:
    """Plans of a network often fall due on the same days."""
    return tuple(months_after(first, months * place) for place in range(count))


def portions(target: Money, count: int, remainder: Remainder) -> list[Money]:
    """`target` in `count` parts, by the policy for what does not divide."""
    return [
        Money(upto - before, target.currency)
        for before, upto in pairwise([0, *_asked(target, count, remainder)])
    ]


def _asked(target: Money, count: int, remainder: Remainder) -> list[int]:
    """What is asked for up to each part, in minor units."""
    if remainder is Remainder.SPREAD:
        return [target.minor * place // count for place in range(1, count + 1)]
    usual = target.minor // count
    return [*(usual * place for place in range(1, count)), target.minor]


def months_after(anchor: date, months: int) -> date:
    """The anchor's day `months` later, or the last day of a month that is too short. Raises `EndsTooLate`."""
    year, month = divmod(anchor.year * 12 + anchor.month - 1 + months, 12)
    if year > date.max.year:
        raise EndsTooLate(field="count")
    return date(year, month + 1, min(anchor.day, monthrange(year, month + 1)[1]))


class DepositKind(StrEnum):
    """A deposit, or the undoing of one (a cheque returned by the bank)."""

    PAID = "paid"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True)
class Deposit:
    """Money that reached the plan on a day; negative when it went back."""

    on: date
    amount: Money
    kind: DepositKind = DepositKind.PAID

    def __post_init__(self) -> None:
        if (self.amount.minor < 0) != (self.kind is DepositKind.RETURNED):
            raise ValueError("a returned deposit is negative, and only a returned one")

    @classmethod
    def told(cls, on: date, amount: Money) -> "Deposit":
        """What the books tell: money that went back is a return, whatever wrote it (a refund, a bank)."""
        return cls(on, amount, DepositKind.RETURNED if amount.minor < 0 else DepositKind.PAID)


class InstalmentState(StrEnum):
    """Derived, never stored. A part-paid instalment is late as well when `days_late` is not 0."""

    UPCOMING = "upcoming"
    DUE = "due"
    LATE = "late"
    PART_PAID = "part_paid"
    PAID = "paid"


@dataclass(frozen=True, slots=True)
class InstalmentStatus:
    """What one instalment has received. `days_late` runs to the day it was paid, or to today."""

    instalment: Instalment
    paid: Money
    state: InstalmentState
    paid_on: date | None
    days_late: int


@dataclass(frozen=True, slots=True)
class Lateness:
    """A time during which less was saved than had fallen due. `until` is `None` while it lasts.

    `most` is the largest amount missing in that time, `days` its length (to today while it lasts).
    """

    since: date
    until: date | None
    most: Money
    days: int

    @property
    def caught_up(self) -> bool:
        return self.until is not None


@dataclass(frozen=True, slots=True)
class Point:
    """A cumulated amount on a day, for a curve."""

    on: date
    amount: Money


@dataclass(frozen=True, slots=True)
class PlanStatus:
    """A plan as it stands on `today`.

    The amounts are those of its `Standing`. `next_due` is the first instalment from today on that is not yet
    paid in full. `balance` is what was saved after each day with a deposit.
    """

    today: date
    target: Money
    instalments: tuple[InstalmentStatus, ...]
    saved: Money
    due_to_date: Money
    late_amount: Money
    ahead_amount: Money
    next_due: InstalmentStatus | None
    history: tuple[Lateness, ...]
    balance: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What a plan has and what it lacks on a day, in all.

    `due_to_date` includes what falls due on the day, `late_amount` does not. `next_due` is when the first
    instalment from the day on falls due that is not paid in full.
    """

    saved: Money
    due_to_date: Money
    late_amount: Money
    ahead_amount: Money
    next_due: date | None


def stand(asked: Course, saved: Money, today: date) -> Standing:
    """Where a plan stands that asks for this and saved so much. Raises `CurrencyMismatch`."""
    zero = Money.zero(asked.currency)
    due_to_date, overdue = (
        Money(asked.asked[place - 1], asked.currency) if place else zero
        for place in (bisect_right(asked.dues, today), bisect_left(asked.dues, today))
    )
    coming = max(bisect_left(asked.dues, today), bisect_right(asked.asked, saved.minor))
    return Standing(
        saved,
        due_to_date,
        late_amount=max(zero, overdue - saved),
        ahead_amount=max(zero, saved - due_to_date),
        next_due=asked.dues[coming] if coming < len(asked.dues) else None,
    )


def replay(instalments: Sequence[Instalment], deposits: Iterable[Deposit], today: date) -> PlanStatus:
    """Let the deposits up to `today` pay the instalments, oldest due first.

    Order among deposits of one day does not matter. Money beyond the target counts as ahead. Raises
    `ValueError` for a plan without instalments and `CurrencyMismatch` for a deposit in another currency.
    """
    if not instalments:
        raise ValueError("a plan has at least one instalment")
    currency = instalments[0].amount.currency
    ordered = sorted(instalments, key=lambda part: (part.due, part.number))
    balance = _balance(deposits, today, currency)
    saved = balance[-1].amount if balance else Money.zero(currency)
    asked = list(accumulate(part.amount for part in ordered))
    statuses = tuple(_status(part, upto, balance, today) for part, upto in zip(ordered, asked, strict=True))
    dues = [part.due for part in ordered]
    standing = stand(Course(currency, dues, [upto.minor for upto in asked]), saved, today)
    return PlanStatus(
        today=today,
        target=asked[-1],
        instalments=statuses,
        saved=saved,
        due_to_date=standing.due_to_date,
        late_amount=standing.late_amount,
        ahead_amount=standing.ahead_amount,
        next_due=next(
            (s for s in statuses if s.instalment.due >= today and s.state is not InstalmentState.PAID), None
        ),
        history=_history(dues[: bisect_left(dues, today)], asked, balance, today),
        balance=tuple(balance),
    )


def _balance(deposits: Iterable[Deposit], today: date, currency: str) -> list[Point]:
    """What was saved at the end of each day on which something moved."""
    by_day: dict[date, Money] = {}
    for deposit in deposits:
        if deposit.on <= today:
            by_day[deposit.on] = by_day.get(deposit.on, Money.zero(currency)) + deposit.amount
    days = sorted(by_day)
    return [Point(on, sum_) for on, sum_ in zip(days, accumulate(by_day[on] for on in days), strict=True)]


def _upto(cumulated: Sequence[Money], place: int, zero: Money) -> Money:
    return cumulated[place - 1] if place else zero


def _status(part: Instalment, upto: Money, balance: Sequence[Point], today: date) -> InstalmentStatus:
    """`upto` is what the plan asks for up to and including this part; earlier parts are served first."""
    zero = Money.zero(part.amount.currency)
    saved = balance[-1].amount if balance else zero
    paid = max(zero, min(part.amount, saved - (upto - part.amount)))
    paid_on = None
    if paid == part.amount:
        # The last day it became paid: a returned cheque may have undone an earlier one.
        paid_on = balance[-1].on
        for point in reversed(balance):
            if point.amount < upto:
                break
            paid_on = point.on
    days_late = max(0, ((paid_on or today) - part.due).days)
    if paid_on:
        state = InstalmentState.PAID
    elif paid:
        state = InstalmentState.PART_PAID
    elif part.due > today:
        state = InstalmentState.UPCOMING
    else:
        state = InstalmentState.DUE if part.due == today else InstalmentState.LATE
    return InstalmentStatus(part, paid, state, paid_on, days_late)


def missing_on(on: date, dues: Sequence[date], asked: Sequence[Money], balance: Sequence[Point]) -> Money:
    """How much less was saved than had fallen due, at the end of a day."""
    zero = Money.zero(asked[0].currency)
    moved = bisect_right(balance, on, key=lambda point: point.on)
    saved = balance[moved - 1].amount if moved else zero
    return max(zero, _upto(asked, bisect_right(dues, on), zero) - saved)


def _history(
    dues: Sequence[date], asked: Sequence[Money], balance: Sequence[Point], today: date
) -> tuple[Lateness, ...]:
    """Each stretch of days that ended with something missing; `dues` stop before today, which is not over."""
    found: list[Lateness] = []
    since: date | None = None
    most = Money.zero(asked[0].currency)
    for on in sorted({*dues, *(point.on for point in balance)}):
        missing = missing_on(on, dues, asked, balance)
        if missing:
            since, most = since or on, max(most, missing)
        elif since:
            found.append(Lateness(since, on, most, (on - since).days))
            since, most = None, missing
    if since:
        found.append(Lateness(since, None, most, (today - since).days))
    return tuple(found)
