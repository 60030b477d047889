"""The band of a projection, and what is at stake for which seat."""

from datetime import date, timedelta

import pytest

from delegations.savings.projection import Course, Projection, project
from delegations.savings.schedule import QUARTER, Deposit, PlanStatus, Remainder, replay, schedule
from delegations.savings.stakes import Stake, stakes
from tests.delegations.conftest import cad

PARTS = schedule(cad("6750.00"), 12, date(2003, 1, 15), QUARTER, Remainder.LAST)


def p2(on: date) -> tuple[PlanStatus, Projection]:
    """P2, which misses July and October 2004 and pays three at once on 15 January 2005."""
    deposits = [Deposit(part.due, part.amount) for part in PARTS[:6]]
    deposits += [Deposit(date(2005, 1, 15), cad("1687.50"))]
    status = replay(PARTS, deposits, on)
    return status, project(status, QUARTER)


def test_p2_missed_two_of_four_the_band_is_from_on_course_to_never() -> None:
    _status, projection = p2(date(2004, 11, 1))
    assert projection.course is Course.LATE
    assert projection.worse.reaches_on is None and projection.better.pace == 1
    assert projection.better.reaches_on is not None and projection.reaches_on is not None
    assert projection.better.reaches_on < projection.reaches_on


def test_a_plan_that_was_always_paid_has_no_band() -> None:
    status, projection = p2(date(2004, 6, 1))
    assert projection.course is Course.ON_COURSE
    assert projection.better == projection.worse
    assert projection.better.points == projection.projected
    assert [one.stake for one in stakes(status, projection, 3)] == [
        Stake.SAVED, Stake.EXPECTED, Stake.EXPECTED,
    ]  # fmt: skip


def test_the_third_seat_of_p2_is_at_stake_in_november_2004() -> None:
    """3,375.00 saved, half of what comes is to be expected: 4,500.00 by October 2005 of 6,750.00."""
    found = stakes(*p2(date(2004, 11, 1)), 3)
    assert [one.stake for one in found] == [Stake.SAVED, Stake.EXPECTED, Stake.AT_STAKE]
    assert [one.saved for one in found] == [cad("2250.00"), cad("1125.00"), cad("0.00")]
    assert sum(one.missing.minor for one in found) == cad("2250.00").minor
    caught_up = stakes(*p2(date(2005, 1, 16)), 3)
    assert not any(one.missing for one in caught_up)


@pytest.mark.parametrize("days", range(0, 1100, 45))
def test_the_band_holds_the_projection(days: int) -> None:
    _status, projection = p2(date(2003, 1, 1) + timedelta(days=days))
    assert projection.worse.pace <= projection.pace <= projection.better.pace
    for worse, expected, better in zip(
        projection.worse.points, projection.projected, projection.better.points, strict=False
    ):
        assert worse.amount <= expected.amount <= better.amount
