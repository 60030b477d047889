"""Asking to join from one's own registration page, and the head's page of requests."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from sqlalchemy import select

from access import links
from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.forms import ReasonForm
from delegations.joining import requests
from delegations.joining.models import JoinRequest, JoinStatus
from delegations.models import Delegation
from delegations.pages import actor, blueprint, form_page, may_here
from events.further import Asked, Further
from events.models import Registration
from events.places import PURPOSE
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain
from shared.i18n import LazyString, _, _l
from shared.limits import limiter
from shared.web import public, requires

P, J = Permission, JoinStatus

LONGEST_NOTE = 1000

STATES: dict[JoinStatus, LazyString] = {
    J.OPEN: _l("waits for an answer"),
    J.NAMED: _l("named for a seat"),
    J.WAITING: _l("in the line"),
    J.DECLINED: _l("declined"),
    J.TAKEN_BACK: _l("taken back"),
}


def further(registration: Registration, token: str) -> Further:
    """What a registered person may ask of delegations, and what they asked; filled in by `app.py`."""
    return Further(
        url_for("delegations.ask_to_join", token=token),
        [(one.code, f"{one.name} · {one.edition.name}") for one in requests.open_to(registration)],
        [_told(one, token) for one in requests.requests_of(registration) if one.status is not J.TAKEN_BACK],
    )


def _told(one: JoinRequest, token: str) -> Asked:
    told = {"delegation": one.delegation.name, "edition": one.delegation.edition.name}
    if one.status is J.OPEN:
        back = url_for("delegations.take_back_request", token=token, request_id=one.id)
        return Asked(_("You asked to join %(delegation)s, to %(edition)s: its head answers.", **told), back)
    if one.status is J.DECLINED:
        told["reason"] = one.reason
        return Asked(_("%(delegation)s cannot take you along: %(reason)s", **told))
    sentence = {
        J.NAMED: _("%(delegation)s has a seat for you at %(edition)s: look at your messages.", **told),
        J.WAITING: _("You stand in the line of %(delegation)s for %(edition)s.", **told),
        None: _("%(delegation)s no longer keeps a place for you at %(edition)s.", **told),
    }
    return Asked(sentence[requests.become(one)])


@blueprint.post("/registration/<token>/join")
@public
@limiter.limit("10 per minute")
def ask_to_join(token: str) -> Any:
    """One step: which delegation, and perhaps a word."""
    own = db.session.get_one(Registration, links.open_link(PURPOSE, token))
    chosen = db.session.scalar(select(Delegation).where(Delegation.code == request.form.get("choice", "")))
    note = request.form.get("note", "")[:LONGEST_NOTE]
    try:
        if chosen is None:
            raise requests.NotToThisOne
        with transaction():
            requests.ask(own, chosen, note)
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("Your request is with the delegation: its head answers."), "good")
    return redirect(url_for("registration.page", token=token), 303)


@blueprint.post("/registration/<token>/join/<int:request_id>/take-back")
@public
@limiter.limit("10 per minute")
def take_back_request(token: str, request_id: int) -> Any:
    """The person asks no more."""
    own = links.open_link(PURPOSE, token)
    one = db.session.get(JoinRequest, request_id)
    if one is None or one.registration_id != own:
        raise NotFound
    with transaction():
        requests.take_back(one)
    flash(_("You ask no more."), "good")
    return redirect(url_for("registration.page", token=token), 303)


@blueprint.get("/delegations/<code>/joining")
@requires(P.DELEGATION_READ)
def joining(code: str) -> Any:
    """Who asks to join, with what they say of themselves, and what was answered."""
    delegation = queries.find_delegation(code, person())
    return render_template(
        "delegations/joining.html",
        delegation=delegation,
        requests=requests.requests_to(delegation),
        states=STATES,
        may=may_here(delegation)["edit"],
    )


@blueprint.post("/delegations/<code>/joining/<int:request_id>/accept")
@requires(P.DELEGATION_EDIT)
def accept_request(code: str, request_id: int) -> Any:
    """Say yes."""
    one = _request(code, request_id)
    try:
        with transaction():
            reached = requests.accept(one, by=actor())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("They are named for a seat and complete their record.") if reached is J.NAMED
              else _("They stand in the line and are told."), "good")  # fmt: skip
    return redirect(url_for("delegations.joining", code=code))


@blueprint.route("/delegations/<code>/joining/<int:request_id>/decline", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def decline_request(code: str, request_id: int) -> Any:
    """Say no, with a word."""
    one = _request(code, request_id)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                requests.decline(one, form.reason.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("They are told, with your word."), "good")
            return redirect(url_for("delegations.joining", code=code))
    return form_page("delegations/joining_decline.html", form, delegation=one.delegation, one=one)


def _request(code: str, request_id: int) -> JoinRequest:
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    one = db.session.get(JoinRequest, request_id)
    if one is None or one.delegation_id != delegation.id:
        raise NotFound
    return one
