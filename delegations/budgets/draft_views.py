"""A budget is drafted: from nothing, from a template, from the version before; then who pays which line."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from flask import flash, redirect, request, url_for

from access.policy import Permission
from delegations import queries
from delegations.budgets import spending, templates, versions
from delegations.budgets.budget_forms import BudgetForm
from delegations.budgets.budget_views import find_budget, in_words, may_draft
from delegations.budgets.models import SEAT, Budget, BudgetStatus
from delegations.budgets.payer_forms import payers_form
from delegations.budgets.queries import shares_of, versions_of
from delegations.budgets.versions import CreateBudget, Line, RewriteBudget
from delegations.models import Delegation
from delegations.pages import actor, blueprint, form_page
from events.models import Edition
from shared.clock import today
from shared.database import hold, transaction
from shared.errors import DomainError, Forbidden
from shared.forms import explain
from shared.i18n import _
from shared.web import requires
from treasury.books.rates import NoRate, Rate, rate_on

P = Permission


@blueprint.route("/delegations/costs/<code>/new", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def draft_budget(code: str) -> Any:
    """Draft a budget of a whole edition, from a template or from nothing."""
    edition = queries.find_edition(code, actor(), P.DELEGATION_READ)
    if not may_draft(edition, None):
        raise Forbidden
    return _begin(edition, None)


@blueprint.route("/delegations/<code>/budgets/new", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def draft_own_budget(code: str) -> Any:
    """Draft what a seat of one delegation costs: its own version wins over the edition's."""
    delegation = queries.find_delegation(code, actor(), P.DELEGATION_EDIT)
    return _begin(delegation.edition, delegation)


def _begin(edition: Edition, delegation: Delegation | None) -> Any:
    template = templates.TEMPLATES.get(request.args.get("template", ""))
    kind = template.kind if template else request.args.get("kind", SEAT)
    kinds = templates.OF_A_DELEGATION if delegation else templates.KINDS
    kind = kind if kind in kinds else SEAT
    template = template if template and template.kind == kind else None
    offered = template.lines() if template else _in_force(edition, request.args.get("template", ""))
    form = BudgetForm(kind, edition.currency, known_rates(edition, offered), offered)

    def stands() -> dict[str, Any]:
        number = _next(edition, kind, delegation)
        return form.stands(number, str(template.title) if template else "", "", offered)

    def keep() -> Budget:
        command = CreateBudget(
            edition_id=edition.id,
            delegation_id=delegation.id if delegation else None,
            kind=kind,
            lines=_with_payers(form.read(), offered),
            title=form.title.data or "",
            reason=form.reason.data or "",
        )
        return versions.create_budget(command, by=actor())

    return _editor(form, stands, keep, edition, delegation)


def _next(edition: Edition, kind: str, delegation: Delegation | None) -> int:
    """The number of the version to be written."""
    earlier = versions_of(edition.id, kind, delegation.id if delegation else None)
    return earlier[0].version + 1 if earlier else 1


def _in_force(edition: Edition, name: str) -> list[Line]:
    """The edition's own budget of a seat, where a delegation begins its own from it."""
    whole = versions.seat_budgets(edition.id).get(None) if name == "edition" else None
    return versions.as_lines(whole, reasons=False) if whole else []


def _with_payers(lines: Sequence[Line], offered: Sequence[Line]) -> list[Line]:
    """The template's word on who pays all of a line, whatever its amount has become."""
    said = {one.code: one for one in offered}
    names = {one.code for one in lines if one.is_source}
    found = []
    for line in lines:
        like = said.get(line.code)
        if like and like.paid_by and names >= like.paid_by.keys():
            times = line.quantity * line.people * line.days
            paid_by = dict.fromkeys(like.paid_by, line.unit_price * times)
            line = versions.paid(line, paid_by)
        found.append(line)
    return found


@blueprint.route("/delegations/budgets/<int:budget_id>/revise", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def revise_budget(budget_id: int) -> Any:
    """Write one's draft anew, or draft the next version of what is there."""
    found, edition, delegation = find_budget(budget_id)
    if not may_draft(edition, delegation):
        raise Forbidden
    anew = found.status is BudgetStatus.DRAFT and found.author_id == actor().id
    offered = versions.as_lines(found, reasons=anew)
    form = BudgetForm(found.kind, edition.currency, known_rates(edition, offered), offered)

    def stands() -> dict[str, Any]:
        number = found.version if anew else _next(edition, found.kind, delegation)
        lines = versions.as_lines(found, reasons=anew)
        return form.stands(number, found.title, found.reason if anew else "", lines)

    def keep() -> Budget:
        title, reason = form.title.data or "", form.reason.data or ""
        if anew:
            command = RewriteBudget(lines=form.read(), title=title, reason=reason)
            return versions.rewrite_budget(found, command, by=actor())
        next_one = CreateBudget(
            edition_id=edition.id,
            delegation_id=found.delegation_id,
            kind=found.kind,
            lines=form.read(),
            title=title,
            reason=reason,
        )
        return versions.create_budget(next_one, by=actor())

    return _editor(form, stands, keep, edition, delegation)


def _editor(
    form: BudgetForm,
    stands: Callable[[], dict[str, Any]],
    keep: Callable[[], Budget],
    edition: Edition,
    delegation: Delegation | None,
) -> Any:
    """The page of the rows; the draft once they are kept, unless it `stands` otherwise than it was seen."""
    form.open(stands())
    if form.more.data:
        form.add_rows()
    elif form.validate_on_submit():
        try:
            with transaction():
                hold(edition)
                form.must_be_as_seen(stands())
                budget_id = keep().id
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The draft is kept. Somebody else approves it, and then it counts."), "good")
            return redirect(url_for("delegations.budget", budget_id=budget_id))
    return form_page(
        "delegations/budget_form.html",
        form,
        edition=edition,
        delegation=delegation,
        kind=form.kind,
        kind_name=templates.KINDS.get(form.kind, form.kind),
        seat=form.kind == SEAT,
        in_words=in_words,
        version=int(stands()["number"]),
    )


def known_rates(
    edition: Edition, lines: Sequence[Line], more: Iterable[str] = ()
) -> Mapping[str, Rate | None]:
    """The rate of each other currency: as these lines have it, else the last of reference, else of today."""
    written = {one.rate.quote: one.rate for one in lines if one.rate}
    others = {*(edition.currencies or ()), *more, *written, *(one.unit_price.currency for one in lines)}
    others -= {edition.currency}
    kept = spending.reference_rates(edition.currency, others)
    return {
        code: written.get(code) or kept.get(code) or _of_today(edition.currency, code)
        for code in sorted(others)
    }


def _of_today(base: str, quote: str) -> Rate | None:
    try:
        return rate_on(base, quote, today())
    except NoRate:
        return None


@blueprint.post("/delegations/budgets/<int:budget_id>/discard")
@requires(P.DELEGATION_READ)
def discard_budget(budget_id: int) -> Any:
    """Throw one's draft away."""
    found, edition, delegation = find_budget(budget_id)
    if not may_draft(edition, delegation):
        raise Forbidden
    with transaction():
        versions.discard_budget(found, by=actor())
    flash(_("The draft is gone."), "good")
    if delegation is not None:
        return redirect(url_for("delegations.budgets_of", code=delegation.code))
    return redirect(url_for("delegations.costs", code=edition.code))


@blueprint.route("/delegations/budgets/<int:budget_id>/payers", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def budget_payers(budget_id: int) -> Any:
    """Who is meant to pay which line of one's draft."""
    found, edition, delegation = find_budget(budget_id)
    if not may_draft(edition, delegation):
        raise Forbidden
    form = payers_form(found, edition.currency)()
    form.open(form.stands(shares_of(found)))
    if form.validate_on_submit():
        try:
            with transaction():
                hold(found)
                form.must_be_as_seen(form.stands(shares_of(found)))
                versions.set_payers(found, form.paid_by(found), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Kept: who is meant to pay which line."), "good")
            return redirect(url_for("delegations.budget", budget_id=budget_id))
    return form_page(
        "delegations/budget_payers.html",
        form,
        budget=found,
        edition=edition,
        delegation=delegation,
        kind_name=templates.KINDS.get(found.kind, found.kind),
    )
