"""Budgets of an edition and of a delegation: their versions, who pays what, what changed, their approval."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from access.models import User
from access.policy import Permission, can
from delegations import queries
from delegations.budgets import queries as kept
from delegations.budgets import revision, sheet, spending, templates, versions
from delegations.budgets.models import IN_KIND, Basis, Budget, BudgetStatus
from delegations.budgets.queries import BudgetState, shares_of, states, versions_of, workings_of
from delegations.models import Delegation
from delegations.pages import actor, blueprint, group_names
from events.models import Edition
from shared.database import db, transaction
from shared.errors import Conflict, Forbidden, NotFound
from shared.i18n import _, _l, show_date
from shared.web import requires
from treasury.books.rates import Rate
from treasury.wording import rate_figure, rate_source

P = Permission

STATES = {
    BudgetState.FORECAST: ("wait", _l("forecast, to be approved")),
    BudgetState.REVISION: ("wait", _l("revision, to be approved")),
    BudgetState.APPROVED: ("good", _l("approved, in force")),
    BudgetState.REVISED: ("good", _l("revised, in force")),
    BudgetState.REPLACED: ("off", _l("replaced")),
}
"""A version's state: a shape and a word."""


def in_words(rate: Rate) -> str:
    """A dated rate as a sentence."""
    return str(
        _(
            "1 %(base)s = %(value)s %(quote)s, rate of %(day)s; source: %(source)s.",
            base=rate.base,
            value=rate_figure(rate),
            quote=rate.quote,
            day=show_date(rate.dated_on),
            source=rate_source(rate.source),
        )
    )


def may_draft(edition: Edition, delegation: Delegation | None) -> bool:
    """An organiser drafts any budget; who leads a delegation drafts its own."""
    if can(actor(), P.EDITION_MANAGE, edition_id=edition.id):
        return True
    place = {"edition_id": edition.id, "delegation_id": delegation.id if delegation else None}
    return delegation is not None and can(actor(), P.DELEGATION_EDIT, **place)


def may_approve(budget: Budget) -> bool:
    """An organiser, or whoever approves entries; never its author."""
    allowed = can(actor(), P.EDITION_MANAGE, edition_id=budget.edition_id) or can(actor(), P.ENTRY_APPROVE)
    return allowed and budget.author_id != actor().id


def find_budget(budget_id: int) -> tuple[Budget, Edition, Delegation | None]:
    """The version, its edition and its delegation, for somebody who may look at it. Raises `NotFound`."""
    budget = db.session.get(Budget, budget_id)
    if budget is None:
        raise NotFound
    edition = db.session.get_one(Edition, budget.edition_id)
    delegation = db.session.get(Delegation, budget.delegation_id) if budget.delegation_id else None
    place = {"edition_id": edition.id, "delegation_id": delegation.id if delegation else None}
    if not can(actor(), P.DELEGATION_READ, **place):
        raise NotFound
    return budget, edition, delegation


@blueprint.get("/delegations/costs/<code>")
@requires(P.DELEGATION_READ)
def costs(code: str) -> Any:
    """Every budget of an edition, and templates to begin another from."""
    edition = queries.find_edition(code, actor(), P.DELEGATION_READ)
    found = kept.budgets_of(edition.id)
    names = {one.id: one.name for one in spending.delegations_of(edition.id)}
    return _list(edition, None, found, names, url_for("delegations.draft_budget", code=code))


@blueprint.get("/delegations/<code>/budgets")
@requires(P.DELEGATION_READ)
def budgets_of(code: str) -> Any:
    """What one delegation plans by itself."""
    delegation = queries.find_delegation(code, actor())
    found = [one for one in kept.budgets_of(delegation.edition_id) if one[0].delegation_id == delegation.id]
    begin = url_for("delegations.draft_own_budget", code=code)
    return _list(delegation.edition, delegation, found, {delegation.id: delegation.name}, begin)


def _list(
    edition: Edition,
    delegation: Delegation | None,
    found: list[list[Budget]],
    names: dict[int, str],
    begin: str,
) -> Any:
    return render_template(
        "delegations/costs.html",
        edition=edition,
        delegation=delegation,
        budgets=[
            (several, states(several), sheet.sheet(several[0], {}, edition.currency)) for several in found
        ],
        kinds=templates.KINDS,
        offered=templates.OF_A_DELEGATION if delegation else tuple(templates.KINDS),
        in_kind=IN_KIND,
        names=names,
        states=STATES,
        templates=templates.TEMPLATES,
        begin=begin if may_draft(edition, delegation) else "",
        approve={one.id for several in found for one in several if _waits(one) and may_approve(one)},
    )


def _waits(budget: Budget) -> bool:
    return budget.status is BudgetStatus.DRAFT


@blueprint.get("/delegations/budgets/<int:budget_id>")
@requires(P.DELEGATION_READ)
def budget(budget_id: int) -> Any:
    """One version: its lines, who pays them, what changed since the one before and why."""
    found, edition, delegation = find_budget(budget_id)
    all_versions = versions_of(edition.id, found.kind, found.delegation_id)
    others = set(edition.currencies or ()) - {edition.currency}
    own = {one.rate.quote: one.rate for one in versions.as_lines(found, reasons=False) if one.rate}
    rates = {**spending.reference_rates(edition.currency, others | own.keys()), **own}
    laid_out = sheet.sheet(found, shares_of(found), edition.currency)
    before = next((one for one in all_versions if one.version < found.version), None)
    return render_template(
        "delegations/budget.html",
        budget=found,
        edition=edition,
        delegation=delegation,
        kind=templates.KINDS.get(found.kind, found.kind),
        sheet=laid_out,
        told=[sheet.told_in(found, laid_out.cash, rate) for rate in rates.values()],
        in_words=in_words,
        rate_source=rate_source,
        versions=all_versions,
        state_of=states(all_versions),
        states=STATES,
        before=before,
        changes=revision.changes(before, found) if before else [],
        people=_names(found),
        worked_out=workings_of(found),
        groups={**group_names(), IN_KIND: _("Given in kind, outside the cash")},
        whole=Basis.WHOLE,
        waits=_waits(found),
        mine=found.author_id == actor().id,
        may_draft=may_draft(edition, delegation),
        may_approve=_waits(found) and may_approve(found),
    )


def _names(budget: Budget) -> dict[str, str]:
    """Who drafted and who approved it."""
    told = {"author": budget.author_id, "approver": budget.approver_id}
    return {word: db.session.get_one(User, one).name for word, one in told.items() if one}


@blueprint.get("/delegations/budgets/<int:budget_id>/against/<int:other_id>")
@requires(P.DELEGATION_READ)
def compare_budgets(budget_id: int, other_id: int) -> Any:
    """Any two versions of one budget, line by line, with why each line changed."""
    found, edition, _delegation = find_budget(budget_id)
    other, _edition, _other_delegation = find_budget(other_id)
    same = (other.edition_id, other.kind, other.delegation_id)
    if same != (found.edition_id, found.kind, found.delegation_id):
        raise NotFound
    old, new = sorted((found, other), key=lambda one: one.version)
    every = versions_of(edition.id, found.kind, found.delegation_id)[::-1]
    between = [one for one in every if old.version < one.version < new.version]
    return render_template(
        "delegations/budget_against.html",
        old=old,
        new=new,
        edition=edition,
        kind=templates.KINDS.get(found.kind, found.kind),
        changes=revision.changes(old, new, between),
        sheets=[sheet.sheet(one, {}, edition.currency) for one in (old, new)],
        reasons=[*between, new],
    )


@blueprint.post("/delegations/budgets/<int:budget_id>/approve")
@requires(P.DELEGATION_READ)
def approve_budget(budget_id: int) -> Any:
    """Approve the version that was looked at: another person than its author."""
    found, edition, _delegation = find_budget(budget_id)
    if not (can(actor(), P.EDITION_MANAGE, edition_id=edition.id) or can(actor(), P.ENTRY_APPROVE)):
        raise Forbidden
    try:
        with transaction():
            versions.approve_budget(found, by=actor(), seen=request.form.get("seen", type=int))
    except (Conflict, versions.CodeElsewhere) as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("Approved: this version is in force and stays as it is."), "good")
    return redirect(url_for("delegations.budget", budget_id=budget_id))
