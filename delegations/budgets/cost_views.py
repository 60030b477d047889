"""Who adds what to the savings of an edition: the funders' rules."""

from typing import Any

from flask import flash, redirect, url_for
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from access.policy import Permission, can
from delegations.budgets.cost_forms import AgreementForm
from delegations.funding import agreements
from delegations.funding.coverage_queries import network_coverage
from delegations.models import Delegation, FundingAgreement
from delegations.pages import actor, blueprint, form_page, group_names
from delegations.queries import support_decisions
from events.models import Edition
from shared.database import db, transaction
from shared.errors import DomainError, Forbidden, NotFound
from shared.forms import explain
from shared.i18n import _
from shared.web import requires

P = Permission


def _edition(code: str) -> Edition:
    """The edition, for somebody who may look at its delegations. Raises `NotFound`."""
    edition = db.session.scalar(select(Edition).where(Edition.code == code))
    if edition is None or not can(actor(), P.DELEGATION_READ, edition_id=edition.id):
        raise NotFound
    return edition


def _must(permission: Permission, edition: Edition) -> None:
    if not can(actor(), permission, edition_id=edition.id):
        raise Forbidden


@blueprint.route("/delegations/funders/<code>", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def funders(code: str) -> Any:
    """The funders' rules of an edition; an organiser adds one."""
    edition = _edition(code)
    members = db.session.scalars(
        select(Delegation).where(Delegation.edition_id == edition.id).order_by(Delegation.code)
    ).all()
    form = AgreementForm(edition.currency, members)
    if form.is_submitted():
        _must(P.EDITION_MANAGE, edition)
    if form.validate_on_submit():
        try:
            with transaction():
                added = agreements.add_agreement(form.command(edition.id, edition.currency), by=actor())
                network_coverage(edition)  # refuses what contradicts another agreement's order
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The rule is kept; every coverage follows it from now on."), "good")
            return redirect(url_for("delegations.agreement", code=code, agreement=added.code))
    rules = db.session.scalars(
        select(FundingAgreement)
        .where(FundingAgreement.edition_id == edition.id)
        .order_by(FundingAgreement.code)
        .options(selectinload(FundingAgreement.served))
    ).all()
    return form_page(
        "delegations/funders.html",
        form,
        edition=edition,
        rules=rules,
        used=network_coverage(edition).funders,
        decisions=support_decisions(edition),
        groups=group_names(),
        names={one.id: one.name for one in members},
        may_add=can(actor(), P.EDITION_MANAGE, edition_id=edition.id),
        may_support=can(actor(), P.SUPPORT_READ, edition_id=edition.id),
    )
