"""The pages on which a delegation is given more seats than it has, and gives back those nobody needs."""

from typing import Any

from flask import flash, redirect, url_for
from wtforms import IntegerField
from wtforms.validators import InputRequired, NumberRange, Optional
from wtforms.widgets import HiddenInput

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.forms import ReasonForm, WhyForm
from delegations.lifecycle import adding
from delegations.lifecycle import moves as lifecycle
from delegations.lifecycle.invitations import MOST_SEATS
from delegations.models import DelegationStatus
from delegations.pages import actor, blueprint, form_page
from delegations.seats import waiting
from shared.database import transaction
from shared.errors import DomainError
from shared.forms import explain
from shared.i18n import _l, ngettext
from shared.web import requires

P = Permission


class MoreSeatsForm(WhyForm):
    """How many seats more, and why."""

    count = IntegerField(_l("How many more"), [InputRequired(), NumberRange(1, MOST_SEATS)])
    seen = IntegerField(validators=[Optional()], widget=HiddenInput())


@blueprint.route("/delegations/<code>/more-seats", methods=["GET", "POST"])
@requires(P.DELEGATION_ALLOCATE)
def more_seats(code: str) -> Any:
    """What more seats mean, and giving them."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_ALLOCATE)
    form = MoreSeatsForm()
    if form.validate_on_submit():
        try:
            with transaction():
                given = adding.add_seats(
                    delegation,
                    form.count.data or 0,
                    form.reason.data or "",
                    by=actor(),
                    seen=form.seen.data,
                )
        except DomainError as refused:
            explain(form, refused)
        else:
            told = ngettext(
                "%(num)s seat is added; the delegation is told.",
                "%(num)s seats are added; the delegation is told.",
                len(given),
            )
            flash(told, "good")
            return redirect(url_for("delegations.show", code=code))
    form.seen.data = adding.last_number(delegation)
    return form_page(
        "delegations/more_seats.html",
        form,
        delegation=delegation,
        following=f"{delegation.code}-{adding.last_number(delegation) + 1:02}",
        waits=len(waiting.line_of(delegation)),
        confirmed=delegation.status is DelegationStatus.CONFIRMED,
        room=MOST_SEATS - adding.last_number(delegation),
        full=adding.NoMoreSeats(most=MOST_SEATS).sentence(),
        can_now=delegation.status in (DelegationStatus.ALLOCATED, DelegationStatus.CONFIRMED),
        state=lifecycle.STATES[delegation.status],
    )


class FewerSeatsForm(ReasonForm):
    """How many free seats go back, and why."""

    count = IntegerField(_l("How many of them"), [InputRequired(), NumberRange(1, MOST_SEATS)])
    seen = IntegerField(validators=[Optional()], widget=HiddenInput())


@blueprint.route("/delegations/<code>/fewer-seats", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def fewer_seats(code: str) -> Any:
    """Which free seats would go back, and giving them back."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    form = FewerSeatsForm()
    if form.validate_on_submit():
        try:
            with transaction():
                back = adding.give_back(
                    delegation,
                    form.count.data or 0,
                    form.reason.data or "",
                    by=actor(),
                    seen=form.seen.data,
                )
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(ngettext("%(num)s seat is given back.", "%(num)s seats are given back.", len(back)), "good")
            return redirect(url_for("delegations.show", code=code))
    free = [seat.code for seat in waiting.free_seats(delegation)]
    form.seen.data = len(free)
    return form_page(
        "delegations/fewer_seats.html",
        form,
        delegation=delegation,
        free=free,
        waits=len(waiting.line_of(delegation)),
    )
