"""Where the committee begins, and requests that their applicant takes back."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select

from access.policy import Permission, reach
from delegations import queries
from delegations.pages import actor, blueprint
from delegations.support import applying, committee
from delegations.support.models import SupportApplication
from delegations.support.views import application_in, edition_for
from events.models import Edition
from shared.database import db, transaction
from shared.errors import Conflict, NotFound
from shared.i18n import _
from shared.web import requires

P = Permission


@blueprint.get("/delegations/support")
@requires(P.SUPPORT_READ)
def support_funds() -> Any:
    """The gatherings whose support fund is asked for something, and what waits for the reader's opinion."""
    held = reach(actor(), P.SUPPORT_READ)
    asked = select(SupportApplication.edition_id)
    editions = db.session.scalars(
        select(Edition).where(Edition.id.in_(asked)).order_by(Edition.starts_on.desc())
    )
    mine = [one for one in editions if held.covers(edition_id=one.id)]
    scores = reach(actor(), P.SUPPORT_SCORE)
    return render_template(
        "delegations/support_funds.html",
        rows=[
            (
                edition,
                committee.open_ones(edition.id),
                committee.unscored_by(actor(), edition.id) if scores.covers(edition_id=edition.id) else [],
            )
            for edition in mine
        ],
    )


@blueprint.post("/delegations/<code>/support/<int:application_id>/take-back")
@requires(P.DELEGATION_EDIT)
def take_back_gap(code: str, application_id: int) -> Any:
    """A delegation needs the support no more."""
    delegation = queries.find_delegation(code, actor(), P.DELEGATION_EDIT)
    application = application_in(delegation.edition, application_id)
    if application.delegation_id != delegation.id:
        raise NotFound
    _take_back(application)
    return redirect(url_for("delegations.apply_for_gap", code=code))


@blueprint.post("/delegations/support/<code>/<int:application_id>/take-back")
@requires(P.EDITION_MANAGE)
def take_back_application(code: str, application_id: int) -> Any:
    """The organisers need a guest's ticket no more, or a delegation told them so."""
    application = application_in(edition_for(code, P.EDITION_MANAGE), application_id)
    _take_back(application)
    return redirect(url_for("delegations.support_application", code=code, application_id=application_id))


def _take_back(application: SupportApplication) -> None:
    try:
        with transaction():
            applying.take_back(application, by=actor())
    except Conflict:
        flash(_("It is decided, or was taken back before."), "error")
    else:
        flash(_("Taken back: the committee is not asked any more."), "good")
