"""Per-diem tables of places, and lines of budgets worked out from them, shown step by step."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from flask import flash, redirect, render_template, url_for

from access.policy import Permission, reach
from delegations.budgets import per_diems, templates, versions
from delegations.budgets.budget_forms import categories
from delegations.budgets.budget_views import find_budget, in_words, may_draft
from delegations.budgets.draft_views import known_rates
from delegations.budgets.models import SEAT, Basis
from delegations.budgets.per_diem import Lodging, Meal
from delegations.budgets.per_diem_forms import LODGINGS, MEALS, PerDiemForm, TableForm, place_choices
from delegations.budgets.queries import workings_of
from delegations.pages import actor, blueprint, form_page
from shared.database import transaction
from shared.errors import DomainError, Forbidden, NotFound
from shared.forms import as_choices, explain
from shared.i18n import _
from shared.money import Money
from shared.web import requires
from treasury.books.exchange import as_rate
from treasury.books.rates import Rate

P = Permission


@dataclass(frozen=True, slots=True)
class Step:
    """One day as a page shows it; a meal that is provided has no amount."""

    on: date
    meals: Mapping[str, Money | None]
    percent_of_meals: int
    incidentals: Money
    share: Fraction
    amount: Money


@blueprint.route("/delegations/per-diems", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def per_diem_tables() -> Any:
    """The dated tables by place; an organiser adds one."""
    may_add = bool(reach(actor(), P.EDITION_MANAGE))
    form = TableForm()
    if form.is_submitted() and not may_add:
        raise Forbidden
    if form.validate_on_submit():
        try:
            with transaction():
                per_diems.add_table(form.command(), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The table is kept. What was worked out before stays as it was."), "good")
            return redirect(url_for("delegations.per_diem_tables"))
    tables = [(one, one.as_table()) for one in per_diems.tables_of()]
    return form_page(
        "delegations/per_diems.html", form, tables=tables, meals=MEALS, lodging=Lodging, may_add=may_add
    )


@blueprint.route("/delegations/budgets/<int:budget_id>/per-diem", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def per_diem_line(budget_id: int) -> Any:
    """Work a line out from dates, place and meals provided; then keep it in one's draft."""
    found, edition, delegation = find_budget(budget_id)
    if not may_draft(edition, delegation):
        raise Forbidden
    form = PerDiemForm(starts_on=edition.starts_on, ends_on=edition.ends_on)
    if found.kind != SEAT:
        del form.basis  # its lines are of the whole thing
    tables = {one.place: one.currency for one in reversed(per_diems.tables_of())}
    form.place.choices = place_choices(tables)
    form.group.choices = as_choices(categories(found.kind).items())
    lines = versions.as_lines(found, reasons=False)
    rates = known_rates(edition, lines, tables.values())
    there = tables.get(form.place.data or "", "")
    if any(one.rate and one.rate.quote == there for one in lines):
        del form.another  # the lines of a budget in one currency stand at one rate
    steps: list[Step] = []
    fine = form.validate_on_submit()
    rate = form.typed_rate(edition.currency, there) or rates.get(there)
    if fine:
        try:
            days = per_diems.worked_out(form.place.data, form.stay()).days
            steps = [_read(per_diems.step(one), one.amount.currency) for one in days]
            if not form.work.data:
                with transaction():
                    per_diems.add_per_diem(found, form.command(rate), by=actor())
                flash(_("The line is kept with its steps."), "good")
                return redirect(url_for("delegations.budget", budget_id=budget_id))
        except DomainError as refused:
            explain(form, refused)
    return form_page(
        "delegations/per_diem_line.html",
        form,
        budget=found,
        edition=edition,
        kind_name=templates.KINDS.get(found.kind, found.kind),
        tables=tables,
        rate=rate,
        other_currency=there not in ("", edition.currency),
        in_words=in_words,
        meals=MEALS,
        **_sums(steps, form.people.data or 1, rate),
    )


@blueprint.get("/delegations/budgets/<int:budget_id>/per-diem/<int:line_id>")
@requires(P.DELEGATION_READ)
def per_diem_steps(budget_id: int, line_id: int) -> Any:
    """How a line was worked out, day by day."""
    found, edition, _delegation = find_budget(budget_id)
    line = next((one for one in found.costs if one.id == line_id), None)
    working = workings_of(found).get(line.code) if line else None
    if line is None or working is None:
        raise NotFound
    return render_template(
        "delegations/per_diem_steps.html",
        budget=found,
        edition=edition,
        line=line,
        asked=working.asked,
        lodging=LODGINGS[Lodging(working.asked["lodging"])],
        kind_name=templates.KINDS.get(found.kind, found.kind),
        whole=line.basis is Basis.WHOLE,
        rate=in_words(as_rate(line.rate)) if line.rate else "",
        meals=MEALS,
        **_sums([_read(one, line.currency) for one in working.days], line.people, None),
    )


def _read(kept: Mapping[str, Any], currency: str) -> Step:
    """A day as it is kept, with its amounts."""
    meals = {meal.value: kept["meals"].get(meal.value) for meal in Meal}
    three_meals, share = Money(kept["three_meals"], currency), Fraction(kept["incidentals"], 100)
    return Step(
        on=date.fromisoformat(kept["on"]),
        meals={meal: None if minor is None else Money(minor, currency) for meal, minor in meals.items()},
        percent_of_meals=kept["incidentals"],
        incidentals=three_meals.convert(share, currency),
        share=Fraction(kept["percent"]) / 100,
        amount=Money(kept["amount"], currency),
    )


def _sums(steps: Sequence[Step], people: int, rate: Rate | None) -> dict[str, Any]:
    """The steps, what they make for one person and for all, and that in the budget's currency."""
    if not steps:
        return {"steps": steps, "one": None, "together": None, "told": None}
    one = Money.total((step.amount for step in steps), steps[0].amount.currency)
    together = one * people
    told = together.convert(1 / rate.value, rate.base) if rate else None
    return {"steps": steps, "one": one, "together": together, "told": told}
