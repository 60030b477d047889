"""What delegations bring before the treasurer: services given in kind (never cash), expense claims."""

from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from access.asking import person
from access.policy import Permission, can
from delegations import queries
from delegations.answers import treasurer as answers
from delegations.budgets.claim_models import ClaimLine, ClaimStatus, ExpenseClaim
from delegations.funding import services, volunteering
from delegations.funding.service_forms import DecisionForm, ServiceForm
from delegations.funding.service_models import InKind
from delegations.funding.services import ServiceState
from delegations.pages import actor, blueprint, form_page, seat_budget
from documents.spreadsheets import CSV_MIME, XLSX_MIME, as_csv, as_workbook
from events.models import Edition
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, Forbidden, NotFound
from shared.forms import explain
from shared.i18n import LazyString, _, _l
from shared.web import page_number, requires
from treasury.reports.files import sandboxed

_PAGE = 50
_CLAIM_STATES: dict[ClaimStatus, tuple[str, LazyString]] = {
    ClaimStatus.SUBMITTED: ("wait", _l("waits for an approver")),
    ClaimStatus.APPROVED: ("wait", _l("waits to be paid")),
    ClaimStatus.PAID: ("good", _l("in the books")),
}


@blueprint.get("/delegations/in-kind")
@requires(Permission.LEDGER_READ)
def services_given() -> Any:
    """Every service that was declared, with its two totals: what was accepted, what waits for evidence."""
    listed = db.paginate(
        select(InKind).order_by(InKind.state, InKind.id),
        page=page_number(),
        per_page=_PAGE,
        error_out=False,
    )
    editions = select(Edition).where(Edition.id.in_({one.edition_id for one in listed.items}))
    return render_template(
        "delegations/in_kind.html",
        page=listed,
        editions={one.id: one.name for one in db.session.scalars(editions)},
        states=services.STATE_LABELS,
        worth={state.value: answers.worth(state) for state in ServiceState},
    )


@blueprint.get("/delegations/in-kind/file.<any(csv,xlsx):ending>")
@requires(Permission.LEDGER_READ)
def services_file(ending: str) -> Response:
    """Accepted services with their places in class 8 (France) and by section 4410 (Canada)."""
    every = db.session.scalars(select(InKind).order_by(InKind.edition_id, InKind.id)).all()
    content = (
        as_csv(volunteering.sheets(every)).encode()
        if ending == "csv"
        else as_workbook(volunteering.sheets(every))
    )
    name = f"{_('in-kind')}-{today().isoformat()}.{ending}"
    headers = {"Content-Disposition": f"attachment; filename={name}"}
    return Response(content, content_type=CSV_MIME if ending == "csv" else XLSX_MIME, headers=headers)


@blueprint.route("/delegations/<code>/services", methods=["GET", "POST"])
@requires(Permission.DELEGATION_READ)
def delegation_services(code: str) -> Any:
    """What a delegation's payers gave in kind; its people declare what was given."""
    delegation = queries.find_delegation(code, person())
    place = {"edition_id": delegation.edition_id, "delegation_id": delegation.id}
    may_declare = can(actor(), Permission.DELEGATION_EDIT, **place)
    form = ServiceForm()
    budget = seat_budget(delegation)
    form.rate.currency = (
        budget.costs[0].amount.currency if budget and budget.costs else delegation.edition.currency
    )
    if form.is_submitted() and not may_declare:
        raise Forbidden
    if form.validate_on_submit():
        try:
            with transaction():
                made = services.record_service(form.command(delegation), by=actor())
                if form.document.data:
                    services.prove(made, form.document.data.read(), form.document.data.filename, by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Declared. It counts once somebody else accepts it."), "good")
            return redirect(url_for("delegations.delegation_services", code=code))
    given = services.services_of(delegation)
    return form_page(
        "delegations/delegation_services.html",
        form,
        delegation=delegation,
        given=given,
        totals=services.totals(given),
        states=services.STATE_LABELS,
        kinds=volunteering.KINDS,
        documents=services.with_evidence(given),
        may_declare=may_declare,
    )


@blueprint.get("/delegations/services/<code>")
@requires(Permission.DELEGATION_READ)
def edition_services(code: str) -> Any:
    """What was given in kind for a whole gathering, by its delegations or for all of them."""
    edition = queries.find_edition(code, actor(), Permission.DELEGATION_READ)
    given = services.services_for(edition)
    return render_template(
        "delegations/edition_services.html",
        edition=edition,
        given=given,
        totals=services.totals(given),
        states=services.STATE_LABELS,
        kinds=volunteering.KINDS,
    )


def _service(service_id: int) -> tuple[InKind, bool]:
    """A service for somebody who may see its delegation or its edition, and whether they decide on it.

    Raises `NotFound`.
    """
    found = services.service_of(service_id)
    place = {"edition_id": found.edition_id, "delegation_id": found.delegation_id}
    if not can(actor(), Permission.DELEGATION_READ, **place):
        raise NotFound
    deciders = (Permission.EDITION_MANAGE, Permission.ENTRY_RECORD, Permission.ENTRY_APPROVE)
    return found, any(can(actor(), one, edition_id=found.edition_id) for one in deciders)


@blueprint.route("/delegations/in-kind/<int:service_id>", methods=["GET", "POST"])
@requires(Permission.DELEGATION_READ)
def service_given(service_id: int) -> Any:
    """One service: what was given, how it was valued, what proves it; somebody accepts or refuses it."""
    found, may_decide = _service(service_id)
    form = DecisionForm(data={"evidence": found.evidence})
    if form.is_submitted() and not may_decide:
        raise Forbidden
    if form.validate_on_submit():
        try:
            with transaction():
                services.decide(
                    found,
                    ServiceState(form.verdict.data),
                    form.reason.data or "",
                    form.evidence.data or "",
                    by=actor(),
                )
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Decided: %(state)s.", state=services.STATE_LABELS[ServiceState(found.state)]), "good")
            return redirect(url_for("delegations.service_given", service_id=service_id))
    waits = found.state == ServiceState.PENDING
    return form_page(
        "delegations/service.html",
        form,
        service=found,
        edition=db.session.get_one(Edition, found.edition_id),
        states=services.STATE_LABELS,
        kinds=volunteering.KINDS,
        places=volunteering.FRANCE[found.kind],
        document=services.with_evidence([found]).get(found.id),
        may_decide=may_decide and waits and found.declared_by_id != actor().id,
        own=may_decide and waits and found.declared_by_id == actor().id,
    )


@blueprint.get("/delegations/in-kind/<int:service_id>/document")
@requires(Permission.DELEGATION_READ)
def service_document(service_id: int) -> Response:
    """The document that proves a service. It opens nothing inside the site."""
    found, _may = _service(service_id)
    kept = services.evidence_of(found)
    return sandboxed(kept)


@blueprint.get("/delegations/claims")
@requires(Permission.LEDGER_READ)
def all_claims() -> Any:
    """Every expense claim that was handed in, those that wait first."""
    listed = db.paginate(
        select(ExpenseClaim)
        .where(ExpenseClaim.status != ClaimStatus.DRAFT)
        .order_by(ExpenseClaim.status == ClaimStatus.PAID, ExpenseClaim.id.desc())
        .options(
            joinedload(ExpenseClaim.delegation),
            joinedload(ExpenseClaim.claimant),
            selectinload(ExpenseClaim.lines).joinedload(ClaimLine.voucher),
        ),
        page=page_number(),
        per_page=_PAGE,
        error_out=False,
    )
    return render_template("delegations/all_claims.html", page=listed, states=_CLAIM_STATES)
