"""Several payers of one plan: one is added, a share is changed, one stops and the plan says what it means."""

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from flask import flash, redirect, request, url_for
from wtforms import DateField, EmailField, RadioField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.models import PlanStatus, SavingsPlan
from delegations.pages import actor, blueprint, form_page
from delegations.savings import changes as plan_changes
from delegations.savings import payer_queries, payer_standings, payers
from delegations.savings import plans as savings
from delegations.savings.change_views import way_of
from delegations.savings.payer_models import Payer
from delegations.savings.payers import FINEST, AddPayer, NobodyLeft, StopPayer
from delegations.savings.plans import PlanClosed
from delegations.savings.replanning import Policy
from delegations.savings.words import share_words
from network.fields import LocaleField, an_address
from shared.clock import today
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, as_choices, explain, reader
from shared.i18n import LazyString, _, _l
from shared.web import requires

P = Permission.PLAN_MANAGE

WITHOUT: dict[Policy, LazyString] = {
    Policy.SPREAD: _l("The others take it over, spread over what is left"),
    Policy.NEXT: _l("The others pay it with the next instalment"),
    Policy.EXTEND: _l("The others pay as before, and go on for longer"),
    Policy.ACCEPT: _l("The others pay as before: accept the gap"),
}
"""A policy in words when a payer stops."""


class ShareField(StringField):
    """A share: ``1/3``, ``25 %``, ``25``; empty is nothing. `data` is what was typed, `share` the number."""

    share = Fraction(0)

    def pre_validate(self, form: Any) -> None:
        text = re.sub(r"[\s\u00a0\u202f]", "", self.data or "").replace(",", ".")
        if not text:
            return
        fraction = re.fullmatch(r"(\d{1,4})/(\d{1,4})", text)
        percent = re.fullmatch(r"(\d{1,3}(?:\.\d{1,2})?)%?", text)
        if fraction and int(fraction[2]):
            self.share = Fraction(int(fraction[1]), int(fraction[2]))
        elif percent:
            self.share = Fraction(percent[1]) / 100
        else:
            raise ValidationError(_("Write a share like 1/3 or 25 %."))
        if self.share > 1 or self.share.denominator > FINEST:
            raise ValidationError(_("A share is at most the whole: write it like 1/3 or 25 %."))


class SharePart(Form):
    """Which share, from when."""

    share = ShareField(_l("Their share of each instalment"))
    since = DateField(_l("From the instalments due on"), [InputRequired()])


class AddPayerForm(SharePart):
    """Another body that pays the plan."""

    payer_name = StringField(_l("Who pays too"), [DataRequired(), Length(max=200)])
    payer_email = EmailField(_l("Their e-mail address"), [DataRequired(), an_address, Length(max=255)])
    locale = LocaleField(_l("Language they are written to in, if they are new here"))


class StopPayerForm(Form):
    """How what one payer pays no more is met."""

    policy = RadioField(_l("The way on"), [Optional()])
    reason = TextAreaField(_l("Reason"), [DataRequired(), Length(max=1000)])
    key = StringField()


@dataclass(frozen=True, slots=True)
class Part:
    """What the plan would ask next of somebody who goes on paying."""

    name: str
    share: Fraction


def _plan(code: str, plan_code: str) -> SavingsPlan:
    return queries.find_plan(queries.find_delegation(code, person(), P), plan_code)


def _page_of(plan: SavingsPlan) -> str:
    return url_for("delegations.show_plan", code=plan.delegation.code, plan_code=plan.code)


def _payer(plan: SavingsPlan, payer_id: int) -> Payer:
    for one in payer_queries.payers_of(plan):
        if one.id == payer_id:
            return one
    raise NotFound


@blueprint.route("/delegations/<code>/plans/<plan_code>/payers/add", methods=["GET", "POST"])
@requires(P)
def add_payer(code: str, plan_code: str) -> Any:
    """Let another body pay into the plan."""
    plan = _plan(code, plan_code)
    form = AddPayerForm()
    if request.method == "GET":
        form.since.data = _next_due(plan)
    if form.validate_on_submit():
        try:
            with transaction():
                if plan.status is PlanStatus.CLOSED:
                    raise PlanClosed
                body = savings.payer_named(
                    form.payer_name.data or "", form.payer_email.data or "", form.locale.data, by=actor()
                )
                assert form.since.data
                command = AddPayer(
                    organisation_id=body.id, share=form.share.share, since=form.since.data,
                    email=form.payer_email.data or "",
                )  # fmt: skip
                payers.add_payer(plan, command, by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("They pay this plan too, and receive a link and a reference of their own."), "good")
            return redirect(_page_of(plan) + "#payers")
    return _share_page(form, plan)


@blueprint.route("/delegations/<code>/plans/<plan_code>/payers/<int:payer_id>/share", methods=["GET", "POST"])
@requires(P)
def change_share(code: str, plan_code: str, payer_id: int) -> Any:
    """Ask another share of a payer from a day on."""
    plan = _plan(code, plan_code)
    payer = _payer(plan, payer_id)
    if payer.row is None:
        raise NotFound
    form = SharePart()
    if request.method == "GET":
        stands = payer_standings.standing_of(payer)
        form.share.data = share_words(stands.share, reader())
        form.since.data = _next_due(plan)
    if form.validate_on_submit():
        try:
            with transaction():
                assert form.since.data
                payers.set_share(payer, form.share.share, form.since.data, "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The share is changed."), "good")
            return redirect(_page_of(plan) + "#payers")
    return _share_page(form, plan, payer)


def _share_page(form: SharePart, plan: SavingsPlan, payer: Payer | None = None) -> Any:
    """`payer` is whose share is changed, None for somebody new; `free` is what the first payer pays."""
    free = next(one.share for one in payer_standings.standings([plan])[plan.id])
    return form_page(
        "delegations/add_payer.html", form, plan=plan, delegation=plan.delegation, payer=payer, free=free,
        share_words=share_words,
    )  # fmt: skip


@blueprint.route("/delegations/<code>/plans/<plan_code>/payers/<int:payer_id>/stop", methods=["GET", "POST"])
@requires(P)
def stop_payer(code: str, plan_code: str, payer_id: int) -> Any:
    """A payer stops: what it means, each way on worked out, one chosen."""
    plan = _plan(code, plan_code)
    payer = _payer(plan, payer_id)
    try:
        share = payers.share_left(payer)
    except NobodyLeft as refused:
        flash(refused.sentence(), "error")
        return redirect(_page_of(plan) + "#payers")
    stands = plan_changes.situation(plan)
    form = StopPayerForm()
    form.policy.choices = as_choices((one.value, WITHOUT[one]) for one in Policy)
    if form.validate_on_submit() and _stopped(form, payer, asked=bool(share)):
        flash(_("Nothing more is asked of them. The others are told what is asked of them now."), "good")
        return redirect(_page_of(plan) + "#payers")
    form.key.data = stands.key(stands.need, share)
    found = [
        way_of(stands, policy, outcome, WITHOUT)
        for policy, outcome in (plan_changes.ways(plan, stands, stands.need, share) if share else ())
    ]
    return form_page(
        "delegations/stop_payer.html", form, plan=plan, delegation=plan.delegation, payer=payer, ways=found,
        mine=payer_standings.standing_of(payer), missing=stands.difference(stands.need, share),
        others=_others(payer, share), share=share, share_words=share_words,
    )  # fmt: skip


def _stopped(form: StopPayerForm, payer: Payer, *, asked: bool) -> bool:
    if asked and not form.policy.data:
        form.policy.errors = [_("Choose one of the ways on.")]
        return False
    command = StopPayer(
        policy=Policy(form.policy.data or Policy.ACCEPT.value),
        reason=form.reason.data or "",
        key=form.key.data or "",
    )
    try:
        with transaction():
            payers.stop_payer(payer, command, by=actor())
    except DomainError as refused:
        if refused.field:
            explain(form, refused)
        else:
            form.policy.errors = [refused.sentence()]
        return False
    return True


def _others(payer: Payer, share: Fraction) -> list[Part]:
    """Who goes on paying, and which share of what is to come is then theirs."""
    parts = payers.shares_to_come(payer.plan)
    return [
        Part(one.organisation.name, parts[one.id] / (1 - share))
        for one in payer_queries.payers_of(payer.plan)
        if parts.get(one.id) and one.id != payer.id
    ]


def _next_due(plan: SavingsPlan) -> Any:
    following = savings.plan_status(plan).next_due
    return following.instalment.due if following else today(plan.delegation.edition.zone)
