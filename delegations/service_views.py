"""Services given in kind: who gave what, worth how much, and whether it counts. Never cash."""

from typing import Any

from flask import render_template
from sqlalchemy import select

from access.policy import Permission
from delegations import answers, services
from delegations.models import InKind
from delegations.pages import blueprint
from delegations.services import ServiceState
from events.models import Edition
from shared.database import db
from shared.web import page_number, requires

_PAGE = 50


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
