"""Who looks after a delegation: the focal point and the backup, changed in one act that says what follows."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from wtforms import EmailField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.forms import ReasonForm
from delegations.lifecycle import focal_points, handing_over
from delegations.lifecycle.focal_models import FocalRank
from delegations.pages import actor, blueprint, form_page, may_here
from network.fields import LocaleField, an_address
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, explain
from shared.i18n import _, _l
from shared.web import requires

P = Permission


class HandOverForm(Form):
    """Who comes next."""

    name = StringField(_l("Name"), [DataRequired(), Length(max=120)])
    email = EmailField(_l("E-mail address"), [DataRequired(), an_address, Length(max=255)])
    locale = LocaleField(_l("Language of the message"))
    reason = TextAreaField(_l("Reason"), [Length(max=500)])

    def command(self) -> handing_over.HandOver:
        """The change."""
        return handing_over.HandOver(
            email=self.email.data or "",
            name=self.name.data or "",
            locale=self.locale.data or "fr",
            reason=self.reason.data or "",
        )


@blueprint.get("/delegations/<code>/focal-points")
@requires(P.DELEGATION_READ)
def focal_points_of(code: str) -> Any:
    """Who looks after it now, and everybody's turn so far."""
    delegation = queries.find_delegation(code, person())
    return render_template(
        "delegations/focal_points.html",
        delegation=delegation,
        current=focal_points.current(delegation),
        turns=focal_points.turns(delegation),
        ranks=focal_points.RANKS,
        may=may_here(delegation)["edit"],
    )


@blueprint.route("/delegations/<code>/focal-points/<rank>", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def name_focal_point(code: str, rank: str) -> Any:
    """Put somebody in a place; what follows is told first."""
    if rank not in set(FocalRank):
        raise NotFound
    place = FocalRank(rank)
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    form = HandOverForm()
    if form.validate_on_submit():
        try:
            with transaction():
                handing_over.hand_over(delegation, place, form.command(), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("It is in their hands, and they are told."), "good")
            return _back(code)
    current = focal_points.current(delegation)
    return form_page(
        "delegations/focal_point.html",
        form,
        delegation=delegation,
        rank=place,
        leaves=current.get(place),
        backup=current.get(FocalRank.BACKUP),
    )


@blueprint.route("/delegations/<code>/focal-points/backup/relieve", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def relieve_backup(code: str) -> Any:
    """The backup stops, and nobody takes the place."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    leaves = focal_points.current(delegation).get(FocalRank.BACKUP)
    if leaves is None:
        raise NotFound
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                handing_over.relieve_backup(delegation, form.reason.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The place of the backup is free."), "good")
            return _back(code)
    return form_page("delegations/relieve_backup.html", form, delegation=delegation, leaves=leaves)


def _back(code: str) -> Any:
    """To the page; or to the reader's delegations, where they have just handed over their own place."""
    try:
        queries.find_delegation(code, actor())
    except NotFound:
        return redirect(url_for("delegations.index"))
    return redirect(url_for("delegations.focal_points_of", code=code))
