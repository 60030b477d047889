"""The pages on which a delegation is given more seats than it has, and gives back those nobody needs."""

from collections.abc import Callable, Sequence
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
from delegations.models import Delegation, DelegationStatus, Seat
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
        done = _moved(form, delegation, adding.add_seats, lambda count: ngettext(
            "%(num)s seat is added; the delegation is told.",
            "%(num)s seats are added; the delegation is told.",
            count,
        ))  # fmt: skip
        if done:
            return done
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
        done = _moved(form, delegation, adding.give_back, lambda count: ngettext(
            "%(num)s seat is given back.", "%(num)s seats are given back.", count
        ))  # fmt: skip
        if done:
            return done
    free = [seat.code for seat in waiting.free_seats(delegation)]
    form.seen.data = len(free)
    return form_page(
        "delegations/fewer_seats.html",
        form,
        delegation=delegation,
        free=free,
        waits=len(waiting.line_of(delegation)),
    )


def _moved(
    form: MoreSeatsForm | FewerSeatsForm,
    delegation: Delegation,
    move: Callable[..., Sequence[Seat]],
    words: Callable[[int], str],
) -> Any:
    """Add or give back as many seats as were looked at; None when it is refused, with why in the form."""
    try:
        with transaction():
            count, reason = form.count.data or 0, form.reason.data or ""
            moved = move(delegation, count, reason, by=actor(), seen=form.seen.data)
    except DomainError as refused:
        explain(form, refused)
        return None
    flash(words(len(moved)), "good")
    return redirect(url_for("delegations.show", code=delegation.code))
