"""A savings plan as it is agreed now: its opening and the versions since, folded."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from functools import lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select

from delegations.models import PlanStatus, SavingsPlan
from delegations.savings.models import PlanChange
from delegations.savings.replanning import Agreed, Decision, Opening, agree, course_of
from delegations.savings.schedule import Course, Frequency, Remainder
from shared.database import db
from shared.money import Money


def opening_of(plan: SavingsPlan) -> Opening:
    """What the plan asked for when it was opened."""
    return Opening(
        plan.target, plan.count, plan.first_due, Frequency(plan.every_months), Remainder(plan.remainder)
    )


def changes_of(plan: SavingsPlan) -> list[PlanChange]:
    """The plan's versions after its opening, oldest first."""
    wanted = select(PlanChange).where(PlanChange.plan_id == plan.id).order_by(PlanChange.number)
    return list(db.session.scalars(wanted))


def seats_of(plan: SavingsPlan, changes: Sequence[PlanChange]) -> int:
    """For how many seats the plan saves since its newest version."""
    return changes[-1].seats if changes else plan.seats


def agreed(plan: SavingsPlan) -> Agreed:
    """What the plan asks for now."""
    return all_agreed([plan])[plan.id]


def all_agreed(plans: Iterable[SavingsPlan]) -> dict[int, Agreed]:
    """What each plan asks for now, by its id, in one query."""
    together = list(plans)
    decisions = _decisions([plan.id for plan in together])
    return {plan.id: agree(opening_of(plan), decisions.get(plan.id, ())) for plan in together}


def all_courses(plans: Iterable[SavingsPlan]) -> dict[int, Course]:
    """The same as bare numbers, for thousands of plans."""
    together = list(plans)
    decisions = _decisions([plan.id for plan in together])
    return {plan.id: course_of(opening_of(plan), decisions.get(plan.id, ())) for plan in together}


def open_courses() -> Iterator[tuple[int, Course]]:
    """By its id what each open plan asks for, in two queries and without the plans themselves."""
    open_ones = SavingsPlan.status == PlanStatus.OPEN
    decisions = _decisions(select(SavingsPlan.id).where(open_ones))
    rows: Any = db.session.execute(
        select(
            SavingsPlan.id,
            SavingsPlan.target_minor,
            SavingsPlan.currency,
            SavingsPlan.count,
            SavingsPlan.first_due,
            SavingsPlan.every_months,
            SavingsPlan.remainder,
        ).where(open_ones)
    )
    for plan_id, *opening in rows:
        if plan_id in decisions:
            yield plan_id, course_of(_opening(*opening), decisions[plan_id])
        else:
            yield plan_id, _course(*opening)


def _opening(minor: int, currency: str, count: int, first: date, months: int, remainder: str) -> Opening:
    return Opening(Money(minor, currency), count, first, Frequency(months), Remainder(remainder))


@lru_cache(maxsize=8192)
def _course(minor: int, currency: str, count: int, first: date, months: int, remainder: str) -> Course:
    """Plans of a network often ask for the same."""
    return course_of(_opening(minor, currency, count, first, months, remainder))


def _decisions(plans: Sequence[int] | Select[int]) -> dict[int, list[Decision]]:
    wanted = (
        select(PlanChange)
        .where(PlanChange.plan_id.in_(plans))
        .order_by(PlanChange.plan_id, PlanChange.number)
    )
    found = groupby(db.session.scalars(wanted), key=lambda change: change.plan_id)
    return {plan_id: [decision_of(change) for change in changes] for plan_id, changes in found}


def decision_of(change: PlanChange) -> Decision:
    """What a version decided."""
    return Decision(change.on, change.saved, change.need, change.policy, change.leaving)
