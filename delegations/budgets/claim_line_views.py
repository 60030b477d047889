"""One line of a claim: said anew while the claim is a draft, its voucher read or added, taken out."""

from typing import Any

from flask import flash, redirect, url_for

from access.policy import Permission
from delegations.budgets import claims
from delegations.budgets.claim_forms import VoucherForm
from delegations.budgets.claim_models import ClaimLine, ClaimStatus, ExpenseClaim
from delegations.budgets.claim_views import claim_of, delegation_of, line_form, pressed
from delegations.pages import actor, blueprint, form_page
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain
from shared.i18n import _
from shared.web import requires
from treasury.reports.files import sandboxed

P = Permission


def _line(claim: ExpenseClaim, number: int) -> ClaimLine:
    found = next((one for one in claim.lines if one.number == number), None)
    if found is None:
        raise NotFound
    return found


@blueprint.route("/delegations/<code>/claims/<int:claim_id>/<int:number>/change", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def change_claim_line(code: str, claim_id: int, number: int) -> Any:
    """Correct a line of one's draft, with what it says already."""
    delegation = delegation_of(code, P.DELEGATION_EDIT)
    found = claim_of(delegation, claim_id)
    line, page = _line(found, number), url_for("delegations.claim", code=code, claim_id=claim_id)
    if found.status is not ClaimStatus.DRAFT or found.claimant_id != actor().id:
        return redirect(page)
    form = line_form(delegation, found, line)
    if form.validate_on_submit():
        try:
            with transaction():
                claims.change_line(line, form.command(), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The line is kept."), "good")
            return redirect(page)
    return form_page(
        "delegations/claim_line_change.html", form, delegation=delegation, claim=found, line=line
    )


@blueprint.get("/delegations/<code>/claims/<int:claim_id>/<int:number>/<name>")
@requires(P.DELEGATION_READ)
def claim_voucher(code: str, claim_id: int, number: int, name: str) -> Any:
    """One voucher, never opened inside the site."""
    voucher = _line(claim_of(delegation_of(code), claim_id), number).voucher
    if voucher is None or voucher.file_name != name:
        raise NotFound
    return sandboxed(voucher)


@blueprint.post("/delegations/<code>/claims/<int:claim_id>/<int:number>/voucher")
@requires(P.DELEGATION_EDIT)
def add_voucher(code: str, claim_id: int, number: int) -> Any:
    """A missing voucher turned up."""
    line = _line(claim_of(delegation_of(code, P.DELEGATION_EDIT), claim_id), number)
    form = VoucherForm()
    if not form.validate_on_submit():
        flash(" ".join(str(one) for one in form.voucher.errors), "error")
        return redirect(url_for("delegations.claim", code=code, claim_id=claim_id))
    upload = form.voucher.data
    return pressed(
        lambda: claims.add_voucher(line, upload.read(), upload.filename or "", by=actor()),
        _("The voucher is kept."),
        code,
        claim_id,
    )


@blueprint.post("/delegations/<code>/claims/<int:claim_id>/<int:number>/remove")
@requires(P.DELEGATION_EDIT)
def remove_claim_line(code: str, claim_id: int, number: int) -> Any:
    """Take a line out of one's draft."""
    line = _line(claim_of(delegation_of(code, P.DELEGATION_EDIT), claim_id), number)
    return pressed(lambda: claims.remove_line(line, by=actor()), _("The line is gone."), code, claim_id)
