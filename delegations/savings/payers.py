"""Several payers of one plan: who joins with which share, what each has paid of it, who stops.

The plan itself asks for the same as ever. Its money lies in its one fund; whose deposit it is, is told by the
payment that brought it.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from delegations.models import PlanStatus, SavingsPlan
from delegations.savings import changes as plan_changes
from delegations.savings import payer_queries
from delegations.savings import plans as savings
from delegations.savings.changes import ChangePlan
from delegations.savings.models import Cause, PlanChange
from delegations.savings.payer_models import Payer, PlanPayer, PlanShare
from delegations.savings.payer_standings import NOTHING, shares_now, standing_of
from delegations.savings.replanning import Policy
from delegations.seats import seats
from network.people import normalised_email
from shared import audit
from shared.audit import Actor
from shared.clock import today
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money

FINEST = 10_000
"""The largest denominator of a share: a hundredth of a percent."""


class PaysAlready(DomainError):
    """A body pays a plan once, with one reference."""

    code = "pays_already"
    message = _l("%(name)s pays this plan already.")


class SharesTooLarge(DomainError):
    """The shares of a plan are never more than the whole."""

    code = "shares_too_large"
    status = 422
    message = _l("Only %(left)s of each instalment is left to share.")


class NobodyLeft(DomainError):
    """Somebody must be left to pay what one who stops paid."""

    code = "nobody_left"
    message = _l("Nobody else pays a share of this plan: give somebody one first, or close the plan.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPayer:
    """`organisation_id` pays `share` of each instalment from `since` on; 0: they may deposit."""

    organisation_id: int
    share: Fraction
    since: date
    email: str = ""
    reason: str = ""


def add_payer(plan: SavingsPlan, command: AddPayer, *, by: Actor) -> Payer:
    """Let another body pay into the plan; they are mailed a link, and what is asked of them.

    Raises `PlanClosed`, `PaysAlready`, `SharesTooLarge`.
    """
    hold(plan)
    if plan.status is PlanStatus.CLOSED:
        raise savings.PlanClosed
    for known in payer_queries.payers_of(plan):
        if known.id == command.organisation_id:
            raise PaysAlready(field="payer_name", name=known.organisation.name)
    row = PlanPayer(
        plan_id=plan.id,
        payer_id=command.organisation_id,
        reference=savings.unused_reference(),
        payer_email=normalised_email(command.email),
    )
    db.session.add(row)
    db.session.flush()
    payer = Payer(plan, row)
    set_share(payer, command.share, command.since, command.reason, by=by)
    audit.record("plan.payer", plan, by=by, payer=row.payer.name, share=str(command.share))
    stands = standing_of(payer)
    asked = stands.status.target if stands.status else Money.zero(plan.currency)
    savings.mail_link(payer, Money.zero(plan.currency), asked)
    return payer


def set_share(payer: Payer, share: Fraction, since: date, reason: str, *, by: Actor) -> PlanShare:
    """Ask `share` of each instalment of a payer from a day on; what fell due before stays as it was asked.

    Raises `SharesTooLarge` when the others' shares leave less on that day or later.
    """
    plan = payer.plan
    hold(plan)
    told = payer_queries.shares_of([plan.id])[plan.id]
    days = [since, *(one.since for one in told if one.since > since)]
    for day in days:
        now_of, _left = shares_now(plan, told, day)
        left = now_of[plan.payer_id] + now_of.get(payer.id, NOTHING)
        if payer.row is None or not NOTHING <= share <= left:
            raise SharesTooLarge(field="share", left=f"{float(100 * left):.4g} %")
    return _claim(plan, payer.id, share, since, reason, left=False, by=by)


def _claim(
    plan: SavingsPlan, payer_id: int, share: Fraction, since: date, reason: str, *, left: bool, by: Actor
) -> PlanShare:
    made = PlanShare(
        plan_id=plan.id,
        payer_id=payer_id,
        since=since,
        numerator=share.numerator,
        denominator=share.denominator,
        left=left,
        reason=reason.strip(),
        actor=by.actor_label,
    )
    db.session.add(made)
    db.session.flush()
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class StopPayer:
    """A payer pays no more: what they were still to pay is met by `policy`. `key` is the preview's."""

    policy: Policy
    reason: str
    key: str


def stop_payer(payer: Payer, command: StopPayer, *, by: Actor) -> PlanChange | None:
    """Ask nothing more of a payer, who owes nothing of what was; the others go on in their proportions.

    Raises `NobodyLeft`, `ReasonMissing`, and what `changes.change_plan` raises. None where nothing was asked.
    """
    plan = payer.plan
    hold(plan)
    stands = plan_changes.situation(plan)
    share = share_left(payer)
    reason = seats.reason_of(command.reason)
    _let_go(payer, stands.on, reason, by=by)
    audit.record("plan.payer-stops", plan, by=by, payer=payer.organisation.name, reason=reason)
    if not share:
        return None
    change = ChangePlan(
        cause=Cause.PAYER, policy=command.policy, seats=stands.seats, need=stands.need, reason=reason,
        key=command.key, leaving=share,
    )  # fmt: skip
    return plan_changes.change_plan(plan, change, by=by)


def _let_go(payer: Payer, on: date, reason: str, *, by: Actor) -> None:
    """Nothing is asked of the payer from a day on, nor later; the others keep their proportions."""
    plan = payer.plan
    told = payer_queries.shares_of([plan.id])[plan.id]
    for day in sorted({on, *(one.since for one in told if one.since > on)}):
        parts, _left = shares_now(plan, told, day)
        share = parts.pop(payer.id, NOTHING)
        _claim(plan, payer.id, NOTHING, day, reason, left=True, by=by)
        for other, part in parts.items():
            if share and share < 1 and part and other != plan.payer_id:
                _claim(plan, other, part / (1 - share), day, reason, left=False, by=by)


def shares_to_come(plan: SavingsPlan) -> dict[int, Fraction]:
    """Each payer's share of the instalment that falls due next."""
    following = savings.plan_status(plan).next_due
    on = following.instalment.due if following else today(plan.delegation.edition.zone)
    told = payer_queries.shares_of([plan.id])[plan.id]
    return shares_now(plan, told, on)[0]


def share_left(payer: Payer) -> Fraction:
    """The share of what is to come that nobody pays once this payer stops. Raises `NobodyLeft`."""
    share = shares_to_come(payer.plan).get(payer.id, NOTHING)
    if share == 1:
        raise NobodyLeft
    return share
