"""What delegations bring before the treasurer: services given in kind (never cash), expense claims."""

from typing import Any

from flask import render_template
from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from access.policy import Permission
from delegations.answers import treasurer as answers
from delegations.budgets.claim_models import ClaimLine, ClaimStatus, ExpenseClaim
from delegations.funding import services
from delegations.funding.service_models import InKind
from delegations.funding.services import ServiceState
from delegations.pages import blueprint
from events.models import Edition
from shared.database import db
from shared.i18n import LazyString, _l
from shared.web import page_number, requires

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
