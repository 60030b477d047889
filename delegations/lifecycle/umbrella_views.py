"""The page of a delegation that holds others: their figures, added up once."""

from typing import Any

from flask import flash, redirect, url_for
from wtforms import SelectField

from access.asking import person
from access.policy import Permission, reach
from delegations import queries
from delegations.lifecycle import moves as lifecycle
from delegations.lifecycle import umbrellas
from delegations.pages import actor, blueprint, form_page, may_here, state_kind
from shared.database import transaction
from shared.errors import DomainError, Forbidden
from shared.forms import Form, as_choices, explain
from shared.i18n import _, _l
from shared.web import requires

P = Permission


class MemberForm(Form):
    """Which delegation comes under this one."""

    member = SelectField(_l("Delegation"), coerce=int)


@blueprint.route("/delegations/<code>/members", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def members(code: str) -> Any:
    """What the umbrella holds: seats, what is saved, what is covered and what is missing."""
    delegation = queries.find_delegation(code, person())
    may = may_here(delegation)["allocate"]
    form = MemberForm()
    candidates = umbrellas.may_hold(delegation) if may else []
    form.member.choices = as_choices((one.id, f"{one.name} ({one.code})") for one in candidates)
    if form.is_submitted() and not may:
        raise Forbidden
    if form.validate_on_submit():
        chosen = next(one for one in candidates if one.id == form.member.data)
        try:
            with transaction():
                umbrellas.add_member(delegation, chosen, by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Its figures are added to these."), "good")
            return redirect(url_for("delegations.members", code=code))
    seen = reach(person(), P.DELEGATION_READ)
    together = umbrellas.consolidated(delegation)
    return form_page(
        "delegations/members.html",
        form,
        delegation=delegation,
        together=together,
        readable={
            one.id
            for one, _coverage in together.rows
            if seen.covers(edition_id=one.edition_id, delegation_id=one.id)
        },
        above=umbrellas.umbrella_of(delegation),
        states=lifecycle.STATES,
        state_kind=state_kind,
        may=may,
    )


@blueprint.post("/delegations/<code>/members/<int:member_id>/remove")
@requires(P.DELEGATION_ALLOCATE)
def remove_member(code: str, member_id: int) -> Any:
    """Let a delegation stand alone again."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_ALLOCATE)
    with transaction():
        umbrellas.remove_member(delegation, member_id, by=actor())
    flash(_("It stands alone again; nothing of its own has changed."), "good")
    return redirect(url_for("delegations.members", code=code))
