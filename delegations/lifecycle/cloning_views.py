"""Beginning a delegation's successor: first what would be made, beside what was, then one button."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, request, url_for
from sqlalchemy import select
from wtforms import BooleanField, HiddenField, IntegerField, SelectMultipleField, StringField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from access.asking import person
from access.policy import Permission, reach
from delegations import queries
from delegations.lifecycle import cloning, focal_points
from delegations.lifecycle.cloning import Clone, Proposal
from delegations.lifecycle.invitations import LONGEST_CODE, MOST_SEATS
from delegations.models import Delegation
from delegations.pages import actor, blueprint, form_page
from delegations.savings.words import share_words
from events.models import Edition, EditionStatus
from shared.database import db, transaction
from shared.errors import DomainError
from shared.forms import Form, as_choices, explain
from shared.i18n import _, _l
from shared.web import requires

P = Permission


class CloneForm(Form):
    """What the successor is to be; the page offers what the past suggests."""

    into = HiddenField()
    name = StringField(_l("Name of the delegation"), [DataRequired(), Length(max=160)])
    code = StringField(_l("Code"), [DataRequired(), Length(max=LONGEST_CODE)])
    seats = IntegerField(_l("Seats to ask for"), [InputRequired(), NumberRange(1, MOST_SEATS)])
    budget = BooleanField(_l("Draft its budget from what a seat cost"))
    plans = SelectMultipleField(_l("Savings plans to begin again"), coerce=int)

    def command(self) -> Clone:
        """The successor as it is wanted."""
        return Clone(
            code=self.code.data or "",
            name=self.name.data or "",
            seats=self.seats.data or 0,
            budget=bool(self.budget.data),
            plans=frozenset(self.plans.data or ()),
        )


@blueprint.route("/delegations/<code>/next", methods=["GET", "POST"])
@requires(P.DELEGATION_CREATE)
def clone(code: str) -> Any:
    """Choose the gathering, look at what would be made, then make it; nothing of the past changes."""
    delegation = queries.find_delegation(code, person())
    editions = _later(delegation)
    asked = request.values.get("into") or (editions[0].code if editions else "")
    edition = next((one for one in editions if one.code == asked), None)
    if edition is None:
        return form_page(
            "delegations/clone.html", CloneForm(), delegation=delegation, draft=None, editions=()
        )
    form = CloneForm()
    draft = cloning.proposal(delegation, edition, _seats_typed(form))
    form.plans.choices = as_choices((one.plan.id, one.code) for one in draft.plans)
    if request.method == "GET":
        _offer(form, draft)
    if form.validate_on_submit() and "look" not in request.form:
        try:
            with transaction():
                made = cloning.clone(delegation, edition, form.command(), by=actor()).code
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The delegation is begun: its seats are asked for; its head, if any, is told."), "good")
            return redirect(url_for("delegations.show", code=made))
    return form_page(
        "delegations/clone.html",
        form,
        delegation=delegation,
        draft=draft,
        editions=editions,
        focal=focal_points.current(delegation),
        share_words=share_words,
    )


def _later(delegation: Delegation) -> Sequence[Edition]:
    """The gatherings after this delegation's that the reader may invite to, the nearest first."""
    held = reach(person(), P.DELEGATION_CREATE)
    found = db.session.scalars(
        select(Edition)
        .where(Edition.starts_on > delegation.edition.starts_on, Edition.status != EditionStatus.ARCHIVED)
        .order_by(Edition.series_id != delegation.edition.series_id, Edition.starts_on)
    )
    return [one for one in found if held.covers(edition_id=one.id)]


def _seats_typed(form: CloneForm) -> int | None:
    typed = form.seats.data
    return typed if form.is_submitted() and typed and 1 <= typed <= MOST_SEATS else None


def _offer(form: CloneForm, draft: Proposal) -> None:
    form.into.data = draft.edition.code
    form.name.data, form.code.data, form.seats.data = draft.delegation.name, draft.code, draft.seats
    form.budget.data = draft.budget is not None
    form.plans.data = [one.plan.id for one in draft.plans]
