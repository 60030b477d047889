"""Changing a savings plan: what it means, each policy as a picture before it is chosen, the version kept."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import flash, redirect, request, url_for
from wtforms import HiddenField, IntegerField, RadioField, SelectField, SubmitField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from access.asking import person
from access.policy import Permission
from delegations import pictures, queries
from delegations.lifecycle.invitations import MOST_SEATS
from delegations.models import PlanStatus, SavingsPlan
from delegations.pages import actor, blueprint, form_page
from delegations.savings import changes as plan_changes
from delegations.savings.changes import ChangePlan, PlanMoved, Situation
from delegations.savings.models import Cause
from delegations.savings.plans import PlanClosed
from delegations.savings.replanning import Agreed, Policy, settle
from delegations.savings.schedule import Instalment
from delegations.savings.words import CAUSES, LESS, MORE
from shared.database import transaction
from shared.errors import DomainError
from shared.forms import Form, MoneyField, as_choices, explain, more_than_nothing
from shared.i18n import LazyString, _, _l
from shared.money import Money
from shared.web import requires


class ChangePlanForm(Form):
    """What has changed, and which way on is chosen. `look` asks for the preview only."""

    cause = SelectField(
        _l("What has changed"),
        choices=as_choices((one.value, word) for one, word in CAUSES.items() if one is not Cause.PAYER),
    )
    seats = IntegerField(_l("For how many seats"), [InputRequired(), NumberRange(1, MOST_SEATS)])
    need = MoneyField(_l("Amount to save in all"), [Optional(), more_than_nothing])
    policy = RadioField(_l("The way on"), [Optional()])
    reason = TextAreaField(_l("Reason"), [Length(max=1000)])
    key = HiddenField()
    look = SubmitField(_l("Show what it means"))


@dataclass(frozen=True, slots=True)
class Way:
    """A policy as it is shown: what comes next, how it ends, what stays open, its picture."""

    policy: Policy
    title: LazyString
    coming: list[Instalment]
    gap: Money
    picture: pictures.StairsPicture


@blueprint.route("/delegations/<code>/plans/<plan_code>/change", methods=["GET", "POST"])
@requires(Permission.PLAN_MANAGE)
def change_plan(code: str, plan_code: str) -> Any:
    """Preview what a change means, choose a way on."""
    plan = queries.find_plan(queries.find_delegation(code, person(), Permission.PLAN_MANAGE), plan_code)
    if plan.status is PlanStatus.CLOSED:
        flash(PlanClosed().sentence(), "error")
        return redirect(url_for("delegations.show_plan", code=code, plan_code=plan_code))
    stands = plan_changes.situation(plan)
    form = ChangePlanForm()
    form.need.currency = plan.currency
    form.policy.choices = as_choices((one.value, MORE[one]) for one in Policy)
    _fill(form, plan, stands)
    read = request.method == "GET" or form.validate_on_submit()
    by_seats = _by_seats(form, stands)
    typed = form.need.amount
    need = stands.need if not read else by_seats if typed is None else typed
    if request.method == "POST" and read and not form.look.data:
        if _chosen(form, plan, need):
            flash(_("The plan is changed; its payer is told."), "good")
            return redirect(url_for("delegations.show_plan", code=code, plan_code=plan_code))
        stands = plan_changes.situation(plan)
    form.key.data = stands.key(need)
    difference = stands.difference(need)
    words = LESS if difference.minor < 0 else MORE
    found = [
        way_of(stands, policy, outcome, words) for policy, outcome in plan_changes.ways(plan, stands, need)
    ]
    return form_page(
        "delegations/change_plan.html", form, plan=plan, delegation=plan.delegation, stands=stands,
        need=need, by_seats=by_seats, ways=found, difference=difference, size=abs(difference),
    )  # fmt: skip


def _fill(form: ChangePlanForm, plan: SavingsPlan, stands: Situation) -> None:
    if request.method == "POST":
        return
    active = plan_changes.seats_now(plan) or stands.seats
    asked = request.args.get("seats", 0, type=int)
    form.seats.data = asked if 1 <= asked <= MOST_SEATS else active
    form.cause.data = (Cause.SEATS if form.seats.data != stands.seats else Cause.DEPOSITS).value


def _by_seats(form: ChangePlanForm, stands: Situation) -> Money:
    """What so many seats ask for at the plan's own price; for a number that is refused, as many as now."""
    refused = form.seats.errors or form.seats.data is None
    return plan_changes.scaled(stands, stands.seats if refused else form.seats.data or stands.seats)


def _chosen(form: ChangePlanForm, plan: SavingsPlan, need: Money) -> bool:
    """Make the version that was chosen; what is missing or refused stands in the form."""
    if not form.policy.data:
        form.policy.errors = [_("Choose one of the ways on.")]
        return False
    command = ChangePlan(
        cause=Cause(form.cause.data),
        policy=Policy(form.policy.data),
        seats=form.seats.data or 1,
        need=need,
        reason=form.reason.data or "",
        key=form.key.data or "",
    )
    try:
        with transaction():
            plan_changes.change_plan(plan, command, by=actor())
    except PlanMoved as moved:
        form.policy.errors = [moved.sentence()]
    except DomainError as refused:
        explain(form, refused)
    else:
        return True
    return False


def way_of(stands: Situation, policy: Policy, outcome: Agreed, words: Mapping[Policy, LazyString]) -> Way:
    """A policy as its page shows it, in `words`."""
    _behind, coming = settle(outcome.instalments, stands.on, stands.saved)
    picture = pictures.stairs_of(stands.agreed.instalments, outcome.instalments, stands.on)
    return Way(policy, words[policy], coming, outcome.gap, picture)
