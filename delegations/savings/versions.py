"""A savings plan as it is agreed now: its opening and the versions since, folded."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from sqlalchemy import select

from delegations.models import SavingsPlan
from delegations.savings.models import PlanChange
from delegations.savings.replanning import Agreed, Decision, Opening, agree, course_of
from delegations.savings.schedule import Course, Frequency, Remainder
from shared.database import db


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
    decisions = _decisions(together)
    return {plan.id: agree(opening_of(plan), decisions.get(plan.id, ())) for plan in together}


def all_courses(plans: Iterable[SavingsPlan]) -> dict[int, Course]:
    """The same as bare numbers, for thousands of plans."""
    together = list(plans)
    decisions = _decisions(together)
    return {plan.id: course_of(opening_of(plan), decisions.get(plan.id, ())) for plan in together}


def _decisions(plans: Sequence[SavingsPlan]) -> dict[int, list[Decision]]:
    wanted = (
        select(PlanChange)
        .where(PlanChange.plan_id.in_([plan.id for plan in plans]))
        .order_by(PlanChange.plan_id, PlanChange.number)
    )
    found = groupby(db.session.scalars(wanted), key=lambda change: change.plan_id)
    return {plan_id: [decision_of(change) for change in changes] for plan_id, changes in found}


def decision_of(change: PlanChange) -> Decision:
    """What a version decided."""
    return Decision(change.on, change.saved, change.need, change.policy, change.leaving)
