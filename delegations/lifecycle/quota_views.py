"""The quotas of an edition: what is given and what is left of each, and setting one."""

from typing import Any

from flask import flash, redirect, url_for
from wtforms import IntegerField, SelectField
from wtforms.validators import InputRequired, NumberRange

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.lifecycle import quotas
from delegations.lifecycle.quota_models import QuotaScope
from delegations.pages import actor, blueprint, form_page
from shared.database import transaction
from shared.errors import DomainError
from shared.forms import Form, as_choices, explain
from shared.i18n import _, _l
from shared.web import requires

P = Permission


class QuotaForm(Form):
    """At most so many seats for whom."""

    about = SelectField(_l("For whom"))
    seats = IntegerField(_l("Seats at most"), [InputRequired(), NumberRange(0, 10_000)])


@blueprint.route("/delegations/quotas/<code>", methods=["GET", "POST"])
@requires(P.DELEGATION_ALLOCATE)
def quotas_of(code: str) -> Any:
    """Every quota with its bar; the form sets one or replaces it."""
    edition = queries.find_edition(code, person(), P.DELEGATION_ALLOCATE)
    form = QuotaForm()
    form.about.choices = as_choices(
        (f"{scope}:{of}", f"{quotas.SCOPES[scope]} · {quotas.name_of(scope, of)}")
        for scope, of in quotas.possible(edition)
    )
    if form.validate_on_submit():
        scope, _colon, of = form.about.data.partition(":")
        try:
            with transaction():
                quotas.set_quota(edition, QuotaScope(scope), of, form.seats.data or 0, by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The quota binds from now on."), "good")
            return redirect(url_for("delegations.quotas_of", code=code))
    return form_page(
        "delegations/quotas.html",
        form,
        edition=edition,
        quotas=quotas.quotas_of(edition),
        scopes=quotas.SCOPES,
    )


@blueprint.post("/delegations/quotas/<code>/<int:quota_id>/lift")
@requires(P.DELEGATION_ALLOCATE)
def lift_quota(code: str, quota_id: int) -> Any:
    """Take a quota away."""
    edition = queries.find_edition(code, person(), P.DELEGATION_ALLOCATE)
    with transaction():
        quotas.lift_quota(edition, quota_id, by=actor())
    flash(_("The quota binds nobody any more."), "good")
    return redirect(url_for("delegations.quotas_of", code=code))
