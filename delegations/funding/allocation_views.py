"""Which money pays which line: how it is arranged, what is missing and why, locks, what was kept."""

from collections.abc import Mapping
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import SelectField, StringField
from wtforms.validators import DataRequired, InputRequired, Length

from access.asking import person
from access.policy import Permission, can
from delegations import pictures, queries
from delegations.funding import kept as keeping
from delegations.funding import locks
from delegations.funding.coverage import Coverage
from delegations.funding.coverage_queries import coverage_of, covered_around
from delegations.funding.kept import Allocation
from delegations.funding.line_shortfalls import line_shortfalls
from delegations.funding.locks import LockLine
from delegations.funding.offers import LOCK_OWN, LOCK_SUPPORT, Funding
from delegations.funding.unlocks import unlocks
from delegations.models import Delegation, Seat
from delegations.pages import actor, before_cost, blueprint, group_names, may_here
from delegations.seats.board import paid_alike
from delegations.seats.seats import ACTIVE
from shared.clock import today
from shared.database import transaction
from shared.errors import DomainError, Forbidden
from shared.forms import Form, MoneyField, as_choices, explain, more_than_nothing
from shared.i18n import _, _l
from shared.web import requires, row_id

P = Permission
_NOW = "now"


class LockForm(Form):
    """A source, a line of a seat, an amount and why; give it its choices and its currency first."""

    seat = SelectField(_l("Seat"), [InputRequired()], coerce=int)
    line = SelectField(_l("Line"), [InputRequired()])
    source = SelectField(_l("Is paid by"), [InputRequired()])
    amount = MoneyField(_l("At least"), [InputRequired(), more_than_nothing])
    reason = StringField(_l("Why"), [DataRequired(), Length(max=300)])


def _lock_form(delegation: Delegation, funding: Funding, coverage: Coverage, *, asked: bool) -> LockForm:
    form = LockForm() if asked else LockForm(formdata=None)
    form.amount.currency = coverage.currency
    active = [one for one in delegation.seats if one.status in ACTIVE]
    form.seat.choices = as_choices((one.id, one.code) for one in active)
    form.line.choices = as_choices((one.code, f"{one.code} {one.label}") for one in coverage.lines)
    form.source.choices = as_choices(_source_names(delegation, funding).items())
    return form


def _source_names(delegation: Delegation, funding: Funding) -> dict[str, str]:
    offers = {one.code: f"{one.code} {one.label}" for one in funding.for_delegation(delegation.code)}
    own = {LOCK_OWN: str(_("own savings")), LOCK_SUPPORT: str(_("the support fund"))}
    return own | dict(sorted(offers.items()))


def _may(delegation: Delegation, *permissions: Permission) -> bool:
    place = {"edition_id": delegation.edition_id, "delegation_id": delegation.id}
    return any(can(actor(), one, **place) for one in permissions)


_LOCKERS = P.EDITION_MANAGE, P.ENTRY_RECORD
_KEEPERS = *_LOCKERS, P.DELEGATION_EDIT


@blueprint.get("/delegations/<code>/allocation")
@requires(P.DELEGATION_READ)
def allocation(code: str) -> Any:
    """Who pays which line, proven the fewest splits or how far off; what is missing and why."""
    return _page(queries.find_delegation(code, person()))


def _page(delegation: Delegation, form: LockForm | None = None) -> Any:
    covered = covered_around(delegation)
    funding, network = covered.funding, covered.network
    coverage = network.delegations[delegation.code]
    form = form or _lock_form(delegation, funding, coverage, asked=False)
    names = group_names()
    helps = unlocks(funding, network, delegation.code, today(delegation.edition.zone))
    page = render_template(
        "delegations/allocation.html",
        delegation=delegation,
        coverage=coverage,
        before_cost=before_cost(delegation, coverage, may_here(delegation)),
        groups=names,
        alike=paid_alike(coverage),
        costs=coverage.costs,
        source_name=pictures.source_name,
        short=line_shortfalls(funding, coverage, helps, names),
        locks=list(zip(locks.locks_of(delegation), coverage.kept_locks, strict=False)),
        labels={line.code: line.label for line in coverage.lines},
        sources=_source_names(delegation, funding),
        form=form,
        kept=keeping.kept_of(delegation),
        may_lock=_may(delegation, *_LOCKERS),
        may_keep=_may(delegation, *_KEEPERS),
    )
    return page, 422 if form.errors else 200


@blueprint.post("/delegations/<code>/allocation/locks")
@requires(P.DELEGATION_READ)
def lock_line(code: str) -> Any:
    """Decide by hand who pays a line of a seat."""
    delegation = queries.find_delegation(code, person())
    if not _may(delegation, *_LOCKERS):
        raise Forbidden
    covered = covered_around(delegation)
    funding, coverage = covered.funding, covered.network.delegations[delegation.code]
    form = _lock_form(delegation, funding, coverage, asked=True)
    if form.validate_on_submit():
        seat = next(one for one in delegation.seats if one.id == form.seat.data)
        try:
            with transaction():
                locks.lock(seat, _command(form, seat, funding, coverage), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Locked: the rest is arranged around it."), "good")
            return redirect(url_for("delegations.allocation", code=code) + "#locks")
    return _page(delegation, form)


def _command(form: LockForm, seat: Seat, funding: Funding, coverage: Coverage) -> LockLine:
    amount = form.amount.required()
    group = next(one.group for one in coverage.lines if one.code == form.line.data)
    offers = {one.code: one.eligible for one in funding.for_delegation(coverage.delegation)}
    return LockLine(
        line=form.line.data,
        source=form.source.data,
        amount=amount,
        cost=coverage.costs.get((seat.code, form.line.data), amount * 0),
        reason=form.reason.data or "",
        payable=group in offers.get(form.source.data, (group,)),
    )


@blueprint.post("/delegations/<code>/allocation/locks/<int:lock_id>/lift")
@requires(P.DELEGATION_READ)
def lift_lock(code: str, lock_id: int) -> Any:
    """The decision holds no more."""
    delegation = queries.find_delegation(code, person())
    if not _may(delegation, *_LOCKERS):
        raise Forbidden
    found = locks.lock_of(delegation, lock_id)
    with transaction():
        locks.lift(found, by=actor())
    flash(_("Lifted: the line is arranged with all the others again."), "good")
    return redirect(url_for("delegations.allocation", code=code) + "#locks")


@blueprint.post("/delegations/<code>/allocation/kept")
@requires(P.DELEGATION_READ)
def keep_allocation(code: str) -> Any:
    """Keep the allocation as it is now, to compare it later."""
    delegation = queries.find_delegation(code, person())
    if not _may(delegation, *_KEEPERS):
        raise Forbidden
    with transaction():
        made = keeping.keep(delegation, coverage_of(delegation), request.form.get("title", ""), by=actor())
    flash(_("Kept as number %(number)s.", number=made.number), "good")
    return redirect(url_for("delegations.allocation", code=code) + "#kept")


@blueprint.get("/delegations/<code>/allocation/compare")
@requires(P.DELEGATION_READ)
def compare_allocations(code: str) -> Any:
    """Two allocations line by line: `?a=` and `?b=` are numbers of kept ones, or `now`."""
    delegation = queries.find_delegation(code, person())
    found = [_asked(delegation, request.args.get(name, type=row_id)) for name in ("a", "b")]
    (before_name, before), (after_name, after) = found
    alike = before.currency == after.currency
    return render_template(
        "delegations/allocations_compared.html",
        delegation=delegation,
        before=before,
        after=after,
        names=(before_name, after_name),
        rows=keeping.compared(before, after) if alike else None,
        source_name=pictures.source_name,
        kept=keeping.kept_of(delegation),
        asked={name: request.args.get(name, _NOW) for name in ("a", "b")},
    )


def _asked(delegation: Delegation, number: int | None) -> tuple[str, Allocation]:
    """A kept allocation by its number, or that of now, with its name. Raises `NotFound`."""
    if number is None:
        return str(_("now")), keeping.allocation_of(coverage_of(delegation))
    found = keeping.kept(delegation, number)
    facts: Mapping[str, Any] = found.facts
    return found.title or str(_("number %(number)s", number=found.number)), keeping.read(facts)
