"""What a phone keeps of claims: the empty forms that open where there is no network, and their worker."""

from typing import Any

from flask import current_app, flash, redirect, render_template, send_from_directory, url_for

from access.policy import Permission
from delegations.budgets import claims
from delegations.budgets.claim_forms import FirstLineForm
from delegations.budgets.claim_models import ClaimStatus
from delegations.budgets.claim_views import (
    budget_lines,
    claim_of,
    currencies,
    delegation_of,
    line_form,
    own_advances,
    sharing_seats,
)
from delegations.pages import actor, blueprint, form_page
from shared.database import transaction
from shared.errors import DomainError
from shared.forms import explain
from shared.i18n import _
from shared.web import requires

P, S = Permission, ClaimStatus


@blueprint.route("/delegations/<code>/claims/new/line", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def first_line(code: str) -> Any:
    """A new claim with what was paid, in one form: what a phone keeps and opens where there is no network."""
    delegation = delegation_of(code, P.DELEGATION_EDIT)
    form = FirstLineForm(
        currencies(delegation), own_advances(delegation), budget_lines(delegation), sharing_seats(delegation)
    )
    if form.validate_on_submit():
        try:
            with transaction():
                begun = claims.open_claim(delegation, form.claim(), by=actor())
                claims.add_line(begun, form.command(), by=actor())
                claim_id = begun.id
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The line is kept."), "good")
            return redirect(url_for("delegations.claim", code=code, claim_id=claim_id))
    return form_page("delegations/claim_begun.html", form, delegation=delegation, reader=actor())


@blueprint.get("/delegations/<code>/claims/<int:claim_id>/line")
@requires(P.DELEGATION_EDIT)
def claim_line(code: str, claim_id: int) -> Any:
    """The empty form of one line alone: what a phone keeps and opens where there is no network."""
    delegation = delegation_of(code, P.DELEGATION_EDIT)
    found = claim_of(delegation, claim_id)
    if found.status is not S.DRAFT or found.claimant_id != actor().id:
        return redirect(url_for("delegations.claim", code=code, claim_id=claim_id))
    form = line_form(delegation, found)
    return render_template(
        "delegations/claim_line.html", form=form, delegation=delegation, claim=found, reader=actor()
    )


@blueprint.get("/delegations/claims-worker.js")
@requires(P.DELEGATION_READ)
def claims_worker() -> Any:
    """Served from here, so that it may look after the pages of claims."""
    folder = current_app.static_folder
    assert folder is not None
    response = send_from_directory(folder, "js/offline-pages.js", mimetype="text/javascript")
    response.headers["Cache-Control"] = "no-cache"
    return response
