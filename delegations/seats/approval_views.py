"""Agreeing to records: the delegation's word, accreditation in bulk, one record opened after the deadline."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, request, url_for

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.models import Nomination
from delegations.pages import actor, blueprint
from delegations.seats import approvals, nominations
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _, ngettext
from shared.web import requires

P = Permission


@blueprint.post("/delegations/<code>/seats/confirm")
@requires(P.DELEGATION_EDIT)
def confirm_records(code: str) -> Any:
    """The delegation gives its word on the records that are ticked."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    mine = [seat.nomination for seat in queries.seat_board(delegation) if seat.nomination]
    done = _each(_ticked(mine), lambda one: nominations.endorse(one, by=actor()))
    flash(ngettext("%(num)s record is confirmed.", "%(num)s records are confirmed.", done), "good")
    return redirect(url_for("delegations.seat_board", code=code))


@blueprint.post("/delegations/accreditation")
@requires(P.NOMINATION_ACCREDIT)
def accredit_many() -> Any:
    """Accredit the people who are ticked, once their nomination letters are checked."""
    if "letters" not in request.form:
        flash(_("Check the nomination letters first, and say so."), "error")
    else:
        chosen = _ticked(queries.to_accredit(person()))
        done = _each(chosen, lambda one: nominations.accredit(one, by=actor()))
        flash(ngettext("%(num)s person is accredited.", "%(num)s people are accredited.", done), "good")
    return redirect(url_for("delegations.accreditation"))


@blueprint.post("/delegations/<code>/seats/<int:number>/open")
@requires(P.NOMINATION_ACCREDIT)
def open_record(code: str, number: int) -> Any:
    """Let one person correct their record after the deadline."""
    delegation = queries.find_delegation(code, person(), P.NOMINATION_ACCREDIT)
    nomination = queries.find_seat(delegation, number).nomination
    if nomination is None:
        raise NotFound
    with transaction():
        approvals.allow_correction(nomination, by=actor())
    flash(_("%(name)s may correct the record for a week.", name=nomination.person.name), "good")
    return redirect(url_for("delegations.show_seat", code=code, number=number))


def _ticked(nominations_here: Sequence[Nomination]) -> list[Nomination]:
    """Those of these nominations that the form names; what is not among them does not exist here."""
    wanted = set(request.form.getlist("nomination"))
    return [one for one in nominations_here if str(one.id) in wanted]


def _each(chosen: list[Nomination], act: Callable[[Nomination], object]) -> int:
    """Do it for each by itself: who cannot pass keeps nobody else waiting, and is named. How many passed."""
    done = 0
    for one in chosen:
        name = one.person.name
        try:
            with transaction():
                act(one)
        except DomainError as refused:
            flash(f"{name}: {refused.sentence()}", "error")
        else:
            done += 1
    return done
