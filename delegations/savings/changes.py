"""Changing a savings plan when life changes: what it means, what may be done, the version chosen."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import func, select

from delegations import messages
from delegations.models import PlanStatus, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings import versions as plan_versions
from delegations.savings.models import Cause, PlanChange
from delegations.savings.payer_models import PayerSaved
from delegations.savings.payer_standings import standings
from delegations.savings.plans import PlanClosed
from delegations.savings.replanning import Agreed, Decision, Policy, decide, possible, settle, without
from delegations.savings.schedule import BadPlan, InstalmentState
from delegations.seats import seats
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money


class PlanMoved(DomainError):
    """A deposit, another version or another day came between the preview and the choice."""

    code = "plan_moved"
    message = _l("The plan has moved since this page was made. Look again at what each choice means.")


class NothingChanges(BadPlan):
    """The plan already asks for exactly this."""

    code = "nothing_changes"
    message = _l("The plan asks for exactly this already.")


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a plan stands when it may be changed.

    `seats` and `need` are those of its newest version (`number`); `arrears` is what fell due before today
    and is not there, `ahead` what is there before it falls due.
    """

    number: int
    on: date
    seats: int
    need: Money
    saved: Money
    arrears: Money
    ahead: Money
    agreed: Agreed

    def key(self, need: Money, leaving: Fraction = Fraction(0)) -> str:
        """Names the preview for `need`, and another once anything moved: a choice is of what was seen."""
        return f"{self.number}.{self.on:%Y%m%d}.{self.saved.minor}.{need.minor}.{leaving}"

    def difference(self, need: Money, leaving: Fraction = Fraction(0)) -> Money:
        """What `need` asks for beyond what is there and what is to come anyway; negative when less."""
        _behind, coming = settle(self.agreed.instalments, self.on, self.saved)
        coming = without(coming, leaving)
        return need - self.saved - Money.total((part.amount for part in coming), need.currency)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePlan:
    """Save `need` in all for `seats` seats from today on, by `policy`. `key` is the preview's.

    `leaving` is the share of what is to come that a payer who stops pays no more.
    """

    cause: Cause
    policy: Policy
    seats: int
    need: Money
    reason: str
    key: str
    leaving: Fraction = Fraction(0)


def situation(plan: SavingsPlan) -> Situation:
    """Where the plan stands today."""
    status = savings.plan_status(plan)
    last = db.session.scalars(
        select(PlanChange).where(PlanChange.plan_id == plan.id).order_by(PlanChange.number.desc()).limit(1)
    ).first()
    return Situation(
        number=last.number if last else 1,
        on=status.today,
        seats=last.seats if last else plan.seats,
        need=last.need if last else plan.target,
        saved=status.saved,
        arrears=status.late_amount,
        ahead=status.ahead_amount,
        agreed=plan_versions.agreed(plan),
    )


def ways(
    plan: SavingsPlan, now: Situation, need: Money, leaving: Fraction = Fraction(0)
) -> list[tuple[Policy, Agreed]]:
    """What each policy would make of the plan were `need` to be saved in all; empty when nothing differs."""
    found = possible(now.agreed, now.on, now.saved, need, plan_versions.opening_of(plan), leaving)
    return [(policy, outcome) for policy, outcome in found if leaving or outcome != now.agreed]


def scaled(now: Situation, seats_wanted: int) -> Money:
    """What so many seats would ask of the plan, at what each asks of it now; half a cent counts whole."""
    minor = (2 * now.need.minor * seats_wanted + now.seats) // (2 * now.seats)
    return Money(minor, now.need.currency)


def change_plan(plan: SavingsPlan, command: ChangePlan, *, by: Actor) -> PlanChange:
    """Make the next version of a plan, with what each payer had paid by then, and tell them.

    Raises `PlanClosed`, `PlanMoved` (the preview is out of date), `NothingChanges`, `PolicyImpossible`,
    `WrongCurrency`, `ReasonMissing`.
    """
    hold(plan)
    if plan.status is PlanStatus.CLOSED:
        raise PlanClosed
    reason = seats.reason_of(command.reason)
    savings.same_currency(plan, command.need)
    stands = situation(plan)
    if command.key != stands.key(command.need, command.leaving):
        raise PlanMoved
    decision = Decision(stands.on, stands.saved, command.need, command.policy, command.leaving)
    outcome = decide(stands.agreed, decision, plan_versions.opening_of(plan))
    before = standings([plan])[plan.id]
    if outcome == stands.agreed and command.seats == stands.seats and not command.leaving:
        raise NothingChanges(field="need")
    change = PlanChange(
        plan_id=plan.id,
        number=stands.number + 1,
        cause=command.cause,
        policy=command.policy,
        on=stands.on,
        seats=command.seats,
        saved=stands.saved,
        need=command.need,
        reason=reason,
        actor=by.actor_label,
        leaving_numerator=command.leaving.numerator,
        leaving_denominator=command.leaving.denominator,
    )
    db.session.add(change)
    audit.record(
        "plan.change", plan, by=by, reason=reason, version=change.number, policy=command.policy.value,
        cause=command.cause.value, need=[str(stands.need), str(command.need)], seats=command.seats,
    )  # fmt: skip
    db.session.flush()
    db.session.add_all(
        PayerSaved(change_id=change.id, payer_id=one.payer.id, saved_minor=one.saved.minor)
        for one in before
        if one.payer.row is not None
    )
    db.session.flush()
    _tell(plan, change, {one.payer.id for one in before if one.status})
    return change


def _tell(plan: SavingsPlan, change: PlanChange, asked: Collection[int]) -> None:
    """A word to each payer of whom anything is asked, or was (`asked`)."""
    for one in standings([plan])[plan.id]:
        if not one.left and (one.status or one.payer.id in asked):
            asked_now = one.status.instalments if one.status else ()
            coming = [
                entry.instalment
                for entry in asked_now
                if entry.instalment.due >= change.on and entry.state is not InstalmentState.PAID
            ]
            messages.tell_changed(one.payer, coming, change.number)


def seats_now(plan: SavingsPlan) -> int | None:
    """The delegation's active seats where this plan alone saves for them, else nothing is known."""
    open_plans = db.session.scalar(
        select(func.count())
        .select_from(SavingsPlan)
        .where(SavingsPlan.delegation_id == plan.delegation_id, SavingsPlan.status == PlanStatus.OPEN)
    )
    if open_plans != 1:
        return None
    return sum(seat.status in seats.ACTIVE for seat in plan.delegation.seats) or None
