"""A person or a seat leaves: what follows is read first, and what was read is what happens."""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, request, url_for

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.forms import LeavingForm, SubstituteForm, WithdrawForm
from delegations.funding import coverage_queries
from delegations.models import Delegation, Nomination, Seat
from delegations.pages import actor, blueprint, form_page
from delegations.seats import leaving, visas
from delegations.seats.waiting_models import SeatOffer
from events.programme import VisaOutcome
from network.models import Person
from shared.clock import today
from shared.database import transaction
from shared.errors import DomainError
from shared.forms import explain, reader
from shared.i18n import _
from shared.web import requires

P = Permission


def _seat(code: str, number: int) -> tuple[Delegation, Seat]:
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    return delegation, queries.find_seat(delegation, number)


def _back(delegation: Delegation, seat: Seat) -> Any:
    return redirect(url_for("delegations.show_seat", code=delegation.code, number=seat.number))


@blueprint.route("/delegations/<code>/seats/<int:number>/substitute", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def substitute(code: str, number: int) -> Any:
    """Replace the person of a seat; the page says what follows before anything happens."""
    delegation, seat = _seat(code, number)
    if seat.nomination is None:
        return _back(delegation, seat)
    form = _somebody_else(seat.nomination)
    if form.validate_on_submit():
        try:
            with transaction():
                reason, seen = form.reason.data or "", form.seated.data
                new = leaving.replace(seat, form.command(), reason, by=actor(), seen=seen)
        except DomainError as refused:
            explain(form, refused)
        else:
            _say_who_sits(new.person)
            return _back(delegation, seat)
    return _replacing(delegation, seat, form)


def _somebody_else(old: Nomination, reason: str | None = None) -> SubstituteForm:
    """The form, as it was sent; or with a `reason` that was written elsewhere on the page."""
    visa_refused = visas.standing(old) is VisaOutcome.REFUSED
    told = {"locale": reader(), "role": old.role.value, "reason": _("Visa refused") if visa_refused else ""}
    if reason is None:
        return SubstituteForm(data=told)
    return SubstituteForm(formdata=None, data={**told, "reason": reason})


def _replacing(delegation: Delegation, seat: Seat, form: SubstituteForm) -> Any:
    if (old := seat.nomination) is None:
        return _back(delegation, seat)
    return _read_first("delegations/substitute.html", form, delegation, seat, old=old)


def _read_first(template: str, form: LeavingForm, delegation: Delegation, seat: Seat, **told: Any) -> Any:
    """The page of what follows; the form remembers of whom it spoke."""
    follows = leaving.consequences(seat, coverage_queries.coverage_of(delegation))
    form.seated.data = leaving.seated(seat)
    form.comes.data = follows.comes.id if follows.comes else None
    return form_page(template, form, delegation=delegation, seat=seat, follows=follows, **told)


@blueprint.post("/delegations/<code>/seats/<int:number>/hand-over")
@requires(P.DELEGATION_EDIT)
def hand_over(code: str, number: int) -> Any:
    """Give the seat to whoever waits first."""
    delegation, seat = _seat(code, number)
    form = LeavingForm()
    if not form.validate_on_submit():
        flash(_("Write the reason: it is kept."), "error")
        return redirect(url_for("delegations.substitute", code=code, number=number))
    seen, comes, reason = form.seated.data, form.comes.data, form.reason.data or ""
    try:
        with transaction():
            taken_by = leaving.hand_over(seat, reason, by=actor(), seen=seen, comes=comes).person
    except DomainError as refused:
        flash(refused.sentence(), "error")
        if seat.nomination is None:
            return _back(delegation, seat)
        page, _status = _replacing(delegation, seat, _somebody_else(seat.nomination, reason))
        return page, refused.status
    _say_who_sits(taken_by)
    return _back(delegation, seat)


def _say_who_sits(new: Person) -> None:
    if new.email:
        flash(_("%(name)s has the seat now. A private link is on its way.", name=new.name), "good")
    else:
        flash(_("%(name)s has the seat now. No e-mail address is known: reach them.", name=new.name), "good")


@blueprint.route("/delegations/<code>/seats/<int:number>/withdraw", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def withdraw(code: str, number: int) -> Any:
    """Withdraw a seat, with its reason and date."""
    delegation, seat = _seat(code, number)
    form = WithdrawForm()
    if request.method == "GET":
        form.on.data = today(delegation.edition.zone)
    if form.validate_on_submit():
        on = form.on.data or today()
        try:
            with transaction():
                leaving.withdraw(seat, form.reason.data or "", on, by=actor(), seen=form.seated.data)
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The seat %(seat)s is withdrawn. What was saved stays.", seat=seat.code), "good")
            return _back(delegation, seat)
    return _read_first("delegations/withdraw.html", form, delegation, seat)


@blueprint.route("/delegations/<code>/seats/<int:number>/take-back", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def take_back(code: str, number: int) -> Any:
    """Take a nomination back before it is accredited; the seat is free again."""
    delegation, seat = _seat(code, number)
    form = LeavingForm()
    if form.validate_on_submit():
        try:
            with transaction():
                made = leaving.take_back(seat, form.reason.data or "", by=actor(), seen=form.seated.data)
                come = who_come(made)
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The seat %(seat)s is free again.", seat=seat.code), "good")
            say_offered(come)
            return _back(delegation, seat)
    if (nomination := seat.nomination) is None:
        return _back(delegation, seat)
    return _read_first("delegations/take_back.html", form, delegation, seat, nomination=nomination)


def who_come(made: Sequence[SeatOffer]) -> list[str]:
    """The names of those to whom seats were offered; asked for in the transaction that offered them."""
    return [held.waiting.person.name for offer in made for held in offer.seats]


def say_offered(names: Sequence[str]) -> None:
    """Tell whoever freed a seat to whom it went."""
    for name in names:
        flash(_("%(name)s waited first and is offered a seat.", name=name), "good")
