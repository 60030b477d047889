"""Delegations: the list, the invitation, one delegation with its picture, and its first steps."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select

from access.asking import person
from access.policy import Permission, can, reach
from delegations import pictures, queries
from delegations.budgets import versions as budgets
from delegations.composition.words import balance_words
from delegations.forms import InviteForm, ReasonForm, SeatsForm
from delegations.funding import coverage_queries
from delegations.funding.coverage import Coverage, Totals, total
from delegations.funding.shortfall import UNUSED, sentence
from delegations.funding.unlocks import unlocks
from delegations.joining import requests
from delegations.lifecycle import focal_points, invitations, umbrellas
from delegations.lifecycle import moves as lifecycle
from delegations.listing import Show, narrowed
from delegations.models import Delegation, DelegationStatus
from delegations.pages import (
    actor,
    before_cost,
    blueprint,
    form_page,
    group_names,
    may_here,
    next_step,
    seat_budget,
    seat_card,
    state_kind,
)
from delegations.savings import plans as savings
from delegations.savings.payer_queries import payer_names
from delegations.savings.standings import plan_standings
from events.models import Edition, EditionStatus
from network.models import Organisation
from network.queries import organisations
from shared.clock import today
from shared.database import db, hold, transaction
from shared.errors import DomainError
from shared.forms import as_choices, explain, reader
from shared.i18n import _, _l
from shared.money import Money
from shared.web import page_number, requires, row_id

P, S = Permission, DelegationStatus

SHOWS = {
    Show.JOINED: _l("take part"),
    Show.SILENT: _l("have not answered"),
    Show.ALONE: _l("without a representative"),
    Show.CHANGED: _l("changed in the last seven days"),
}
"""What a list of one gathering can be narrowed to."""

_PAGE = 25
"""What each of the listed misses is worked out with all that share a funder with it."""


@blueprint.get("/delegations")
@requires(P.DELEGATION_READ)
def index() -> Any:
    """The delegations that the reader may see, by edition, each with what it still misses."""
    user, text = person(), request.args.get("q", "").strip()[:100]
    edition_code, asked = request.args.get("edition", "")[:40], request.args.get("show", "")
    show = Show(asked) if asked in set(Show) else None
    wanted = narrowed(queries.listed_delegations(user, text), edition_code, show)
    listed = db.paginate(wanted, page=page_number(), per_page=_PAGE, error_out=False)
    found: Sequence[Delegation] = listed.items
    editions: dict[int, tuple[Edition, list[Delegation]]] = {}
    for delegation in found:
        editions.setdefault(delegation.edition_id, (delegation.edition, []))[1].append(delegation)
    covered: dict[str, Coverage] = {}
    totals: dict[int, Totals | None] = {}
    for edition, members in editions.values():
        covered |= coverage_queries.network_coverage(edition, members).delegations
        whole = listed.pages == 1 and not text and not show
        totals[edition.id] = _total([covered[one.code] for one in members]) if whole else None
    standings = plan_standings(plans := queries.running_plans(found))
    late = [(plan, standings[plan.id]) for plan in plans if standings[plan.id].late_amount]
    return render_template(
        "delegations/index.html",
        late=late,
        payers=payer_names(plan for plan, _standing in late),
        editions=list(editions.values()),
        listed=listed,
        text=text,
        edition_code=edition_code,
        show=show,
        shows=SHOWS,
        covered=covered,
        totals=totals,
        holds=umbrellas.sizes(found),
        states=lifecycle.STATES,
        state_kind=state_kind,
        waiting=queries.how_many_to_accredit(user),
        may_invite=can(user, P.DELEGATION_CREATE),
        may_see_network=can(user, P.NETWORK_READ),
        may_see_costs=[key for key in editions if can(user, P.DELEGATION_READ, edition_id=key)],
    )


def _total(coverages: list[Coverage]) -> Totals | None:
    """The sum of several delegations, where they count in one currency: currencies are never added."""
    currencies = {one.currency for one in coverages}
    return total(coverages, currencies.pop()) if len(coverages) > 1 and len(currencies) == 1 else None


@blueprint.route("/delegations/invite", methods=["GET", "POST"])
@requires(P.DELEGATION_CREATE)
def invite() -> Any:
    """Invite a delegation to an edition."""
    form = InviteForm()
    held = reach(person(), P.DELEGATION_CREATE)
    editions = [
        edition
        for edition in db.session.scalars(
            select(Edition)
            .where(Edition.status.in_((EditionStatus.DRAFT, EditionStatus.OPEN)))
            .order_by(Edition.starts_on.desc())
        )
        if held.covers(edition_id=edition.id)
    ]
    form.edition_id.choices = as_choices((edition.id, edition.name) for edition in editions)
    bodies = organisations()
    form.organisation_id.choices = as_choices([(0, "—"), *((one.id, one.name) for one in bodies)])
    if request.method == "GET":
        _prefill(form, editions, bodies)
    if form.validate_on_submit():
        try:
            with transaction():
                delegation = invitations.invite(form.command(), by=actor())
                code = delegation.code
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The invitation is on its way."), "good")
            return redirect(url_for("delegations.show", code=code))
    chosen = [one for one in editions if one.id == form.edition_id.data] or editions
    example = f"{chosen[0].code}-OUT" if chosen else "DKR05-OUT"
    return form_page("delegations/invite.html", form, example=example, editions=editions)


def _prefill(form: InviteForm, editions: Sequence[Edition], bodies: Sequence[Organisation]) -> None:
    """What the address of the page says of the invitation: to which edition, and of which body."""
    asked, sender = request.args.get("edition"), request.args.get("organisation", type=row_id)
    form.edition_id.data = next((one.id for one in editions if one.code == asked), None)
    if body := next((one for one in bodies if one.id == sender), None):
        form.organisation_id.data, form.name.data = body.id, body.region or body.name
        form.contact_email.data, form.locale.data = body.email, body.locale


@blueprint.get("/delegations/<code>")
@requires(P.DELEGATION_READ)
def show(code: str) -> Any:
    """One delegation: the picture first, then its seats, its savings, and what happens next."""
    user = person()
    delegation = queries.find_delegation(code, user)
    board = queries.seat_board(delegation)
    plans = queries.plans_of(delegation)
    statuses = savings.plan_statuses(plans)
    covered = coverage_queries.covered_around(delegation)
    coverage = covered.network.delegations[delegation.code]
    gaps = unlocks(covered.funding, covered.network, delegation.code, today(delegation.edition.zone))
    may = may_here(delegation)
    budget, holds = seat_budget(delegation), umbrellas.members_of(delegation)
    return render_template(
        "delegations/show.html",
        delegation=delegation,
        edition=delegation.edition,
        board=[seat_card(seat, coverage) for seat in board],
        plans=[(plan, statuses[plan.id]) for plan in plans],
        payers=payer_names(plans),
        coverage=coverage,
        flow=pictures.flow_of(coverage, reader()),
        before_cost=before_cost(delegation, coverage, may),
        summary=pictures.short_of(coverage, reader()),
        unused=[sentence(reason, group_names()) for reason in coverage.reasons if reason.kind in UNUSED],
        reasons=[sentence(reason, group_names()) for reason in coverage.reasons if reason.kind not in UNUSED],
        moved_away=_moved_away(coverage, [statuses[plan.id].saved for plan in plans]),
        unlocks=[sentence(one, group_names()) for one in gaps],
        budget=budget,
        groups=budgets.GROUPS,
        states=lifecycle.STATES,
        state_kind=state_kind,
        may=may,
        next_step=next_step(delegation, board, bool(plans), may, len(holds)),
        focal=focal_points.current(delegation),
        held_by=umbrellas.umbrella_of(delegation),
        holds=holds,
        joining=requests.open_count(delegation),
        **balance_words(delegation),
    )


def _moved_away(coverage: Coverage, saved: list[Money]) -> Money | None:
    """What was saved for the delegation and then decided away from it, where there is such a thing."""
    if any(one.currency != coverage.currency for one in saved):
        return None  # several currencies: the funds' own pages tell
    moved = Money.total(saved, coverage.currency) - coverage.own_used - coverage.own_left
    return moved if moved.minor > 0 else None


@blueprint.route("/delegations/<code>/request", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def ask(code: str) -> Any:
    """The head asks for seats."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    form = SeatsForm()
    form.open(_request(delegation))
    if form.validate_on_submit():
        try:
            with transaction():
                hold(delegation)
                form.must_be_as_seen(_request(delegation))
                invitations.request_seats(delegation, form.count.data or 0, form.note.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Your request is with the organisers."), "good")
            return redirect(url_for("delegations.show", code=code))
    return form_page("delegations/request.html", form, delegation=delegation)


def _request(delegation: Delegation) -> dict[str, Any]:
    """What is asked for now, by the names of the fields."""
    return {"count": delegation.seats_requested or None, "note": delegation.request_note}


@blueprint.route("/delegations/<code>/allocate", methods=["GET", "POST"])
@requires(P.DELEGATION_ALLOCATE)
def allocate(code: str) -> Any:
    """The organiser gives seats."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_ALLOCATE)
    form = SeatsForm()
    form.open({"count": delegation.seats_requested})
    if form.validate_on_submit():
        try:
            with transaction():
                hold(delegation)
                form.must_be_as_seen({"count": delegation.seats_requested})
                invitations.allocate_seats(delegation, form.count.data or 0, by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The seats are allocated; the delegation is told."), "good")
            return redirect(url_for("delegations.show", code=code))
    return form_page("delegations/allocate.html", form, delegation=delegation)


@blueprint.post("/delegations/<code>/confirm")
@requires(P.DELEGATION_EDIT)
def confirm(code: str) -> Any:
    """The head takes the seats that were given."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    try:
        with transaction():
            invitations.confirm(delegation, by=actor())
    except lifecycle.NotInThisState as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("The seats are confirmed."), "good")
    return redirect(url_for("delegations.show", code=code))


@blueprint.route("/delegations/<code>/decline", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def decline(code: str) -> Any:
    """The head says no to the invitation."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                invitations.decline(delegation, form.reason.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The invitation is declined."), "good")
            return redirect(url_for("delegations.show", code=code))
    return form_page("delegations/decline.html", form, delegation=delegation)
