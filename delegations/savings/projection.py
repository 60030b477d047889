"""Where a savings plan is heading, if its payer goes on as lately."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction
from itertools import accumulate

from delegations.savings.schedule import (
    MOST_INSTALMENTS,
    Frequency,
    PlanStatus,
    Point,
    missing_on,
    months_after,
)
from shared.money import Money

_PACE_WINDOW = 4  # instalments: a year of quarters, a season of months


class Course(StrEnum):
    """Where a plan is heading."""

    REACHED = "reached"
    ON_COURSE = "on_course"
    LATE = "late"
    STALLED = "stalled"


@dataclass(frozen=True, slots=True)
class Band:
    """One edge of what is to be expected: at this pace, the target is reached then (None: not at all)."""

    pace: Fraction
    reaches_on: date | None
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Projection:
    """Where a plan is heading: `reaches_on` is `None` when it has stalled.

    `pace` is the share of each coming instalment that is expected (1 = all of it); `late_by` counts the
    days after the plan's last due date. The three curves are cumulated amounts. Between `worse` and `better`
    lies what may well happen instead.
    """

    course: Course
    reaches_on: date | None
    late_by: timedelta
    pace: Fraction
    planned: tuple[Point, ...]
    actual: tuple[Point, ...]
    projected: tuple[Point, ...]
    better: Band
    worse: Band


def project(status: PlanStatus, every: Frequency) -> Projection:
    """Carry the plan on as its payer has lately kept it.

    The rule. Look at the last four instalments that fell due. If arrears did not grow over them, each coming
    instalment is expected whole, on its day; if arrears grew by a share of them, that share is expected
    to be missing from each coming one too. Nobody is presumed to catch up sooner, and money paid ahead
    is used first. What is still missing after the last instalment follows at the plan's own rhythm: each
    time the amount of the first instalment, at that pace. Where nothing is to be expected (or not within a
    century), the plan has stalled.

    The band around it: as in the better half of those four instalments, and as in the worse half.
    """
    parts = [entry.instalment for entry in status.instalments]
    planned = tuple(map(Point, (p.due for p in parts), accumulate(p.amount for p in parts)))
    pace = _pace(status)
    expected = _carried_on(status, every, pace)
    worse, better = (_carried_on(status, every, edge) for edge in _edges(status, pace))
    reaches_on = expected.reaches_on
    late_by = max(timedelta(), reaches_on - parts[-1].due) if reaches_on else timedelta()
    if status.saved >= status.target:
        course = Course.REACHED
        reaches_on = next(p.on for p in status.balance if p.amount >= status.target)
        late_by = max(timedelta(), reaches_on - parts[-1].due)
    elif reaches_on is None:
        course = Course.STALLED
    else:
        course = Course.LATE if late_by else Course.ON_COURSE
    return Projection(
        course, reaches_on, late_by, pace, planned, status.balance, expected.points, better, worse
    )


def _carried_on(status: PlanStatus, every: Frequency, pace: Fraction) -> Band:
    """The plan from today on, at a pace."""
    curve = [Point(status.today, status.saved)]
    for entry in status.instalments:
        left = entry.instalment.amount - entry.paid
        if entry.instalment.due > status.today and left:
            curve.append(Point(entry.instalment.due, curve[-1].amount + _share(left, pace)))
    usual = _share(status.instalments[0].instalment.amount, pace)
    curve += _afterwards(status, every, usual, curve[-1].amount)
    reaches_on = next((point.on for point in curve if point.amount >= status.target), None)
    return Band(pace, reaches_on, tuple(curve))


def _edges(status: PlanStatus, pace: Fraction) -> tuple[Fraction, Fraction]:
    """The pace of the worse half of the last instalments that fell due, and of the better half."""
    past = [entry.instalment for entry in status.instalments if entry.instalment.due < status.today]
    if not past:
        return pace, pace
    dues, asked = [p.due for p in past], list(accumulate(p.amount for p in past))
    ends = [*(due - timedelta(days=1) for due in dues[1:]), status.today]
    missing = [missing_on(on, dues, asked, status.balance).minor for on in ends]
    grown = [now - before for before, now in zip([0, *missing], missing, strict=False)]
    shares = sorted(
        min(Fraction(1), max(Fraction(0), 1 - Fraction(more, part.amount.minor)))
        for part, more in list(zip(past, grown, strict=True))[-_PACE_WINDOW:]
    )
    half = (len(shares) + 1) // 2
    worse, better = sum(shares[:half]) / half, sum(shares[-half:]) / half
    return min(pace, Fraction(worse)), max(pace, Fraction(better))


def _pace(status: PlanStatus) -> Fraction:
    """1 less the growth of arrears over the last instalments, as a share of what they asked for."""
    past = [entry.instalment for entry in status.instalments if entry.instalment.due < status.today]
    if not past:
        return Fraction(1)
    dues, asked = [p.due for p in past], list(accumulate(p.amount for p in past))
    window = past[-_PACE_WINDOW:]
    before = window[0].due - timedelta(days=1)
    grown = (status.late_amount - missing_on(before, dues, asked, status.balance)).minor
    fell_due = sum(part.amount.minor for part in window)
    return min(Fraction(1), max(Fraction(0), 1 - Fraction(grown, fell_due)))


def _share(amount: Money, pace: Fraction) -> Money:
    return Money(int(amount.minor * pace), amount.currency)


def _afterwards(status: PlanStatus, every: Frequency, usual: Money, reached: Money) -> list[Point]:
    """The payments that follow the plan's last due date until the target is reached, if it ever is."""
    missing = (status.target - reached).minor
    if missing <= 0 or usual.minor <= 0 or missing > usual.minor * MOST_INSTALMENTS:
        return []
    first, last = status.instalments[0].instalment.due, status.instalments[-1].instalment.due
    months = (last.year - first.year) * 12 + last.month - first.month
    points: list[Point] = []
    while reached < status.target:
        months += every.months
        on = months_after(first, months)
        if on > status.today:
            reached = min(status.target, reached + usual)
            points.append(Point(on, reached))
    return points
