"""The line for a seat of a delegation: who waits with whom, what would be offered, and the answers."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale
from wtforms import BooleanField, EmailField, FieldList, FormField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional

from access import links
from access.asking import person, speak
from access.policy import Permission
from delegations import queries
from delegations.forms import ROLES
from delegations.pages import actor, blueprint, form_page, may_here
from delegations.seats import messages, offers, waiting
from delegations.seats.waiting import Wait
from delegations.seats.waiting_models import OfferStatus, SeatOffer, WaitingPerson
from events.models import ROLE_LABELS, BadgeRole
from events.wording import deadline
from network.fields import an_address
from network.people import PersonDetails
from shared.audit import System
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, Part, as_choices, explain, reader
from shared.i18n import _, _l, ngettext
from shared.limits import limiter
from shared.web import page_number, public, requires, row_id

P = Permission
_ROWS = 5
_PER_PAGE = 50
TOLD = {
    OfferStatus.ACCEPTED: _l(
        "You said yes: whoever has an address receives a private link to complete their record."
    ),
    OfferStatus.DECLINED: _l("You said no. Thank you for telling us."),
    OfferStatus.EXPIRED: _l("The time to answer has passed, and the seat was offered to somebody else."),
    OfferStatus.WITHDRAWN: _l("The delegation took the offer back; you wait on where you stood."),
}


class NobodyNamed(DomainError):
    """Somebody waits, by name."""

    code = "nobody_named"
    status = 422
    message = _l("Write the name of who waits.")


class WaitingPart(Part):
    """One person of those who wait together; an address has a name."""

    name = StringField(_l("Name"), [Length(max=160)])
    email = EmailField(_l("E-mail address"), [Optional(), an_address, Length(max=255)])
    role = SelectField(_l("Role"), choices=as_choices((one.value, ROLE_LABELS[one]) for one in ROLES))

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether everything is right; what is missing is said at its field."""
        good = super().validate(extra_validators)
        if (self.email.data or "").strip() and not (self.name.data or "").strip():
            self.name.errors = [NobodyNamed().sentence()]
            return False
        return good


class JoinForm(Form):
    """Who waits, and with whom; rows without a name are left out."""

    people = FieldList(FormField(WaitingPart), min_entries=_ROWS, max_entries=_ROWS)
    party = StringField(_l("Name of the family or team"), [Length(max=60)])
    whole = BooleanField(_l("They come all together or not at all"))

    def commands(self) -> list[Wait]:
        """Everybody who was named."""
        rows = [part.form for part in self.people if (part.form.name.data or "").strip()]
        party = self.party.data or (rows[0].name.data if rows else "") or ""
        return [
            Wait(
                person=PersonDetails(name=row.name.data or "", email=row.email.data or "", locale=reader()),
                role=BadgeRole(row.role.data),
                party=party if len(rows) > 1 else "",
                whole=bool(self.whole.data) and len(rows) > 1,
            )
            for row in rows
        ]


class AnswerForm(Form):
    """Why a party says no, or why an offer is taken back."""

    reason = TextAreaField(_l("Reason"), [Length(max=1000)])


@blueprint.get("/delegations/<code>/waiting")
@requires(P.DELEGATION_READ)
def waiting_line(code: str) -> Any:
    """Who waits, in order; the offers that are open; what would be offered now."""
    delegation = queries.find_delegation(code, person())
    listed = db.paginate(waiting.in_line(delegation), page=page_number(), per_page=_PER_PAGE, error_out=False)
    return render_template(
        "delegations/waiting.html",
        listed=listed,
        delegation=delegation,
        edition=delegation.edition,
        parties=waiting.parties_of(listed.items),
        offers=offers.open_offers(delegation),
        planned=offers.plan(delegation),
        free=len(waiting.free_seats(delegation)),
        gone=waiting.gone_from(delegation),
        statuses=waiting.STATES,
        roles=ROLE_LABELS,
        may=may_here(delegation),
        lasts=offers.LASTS.days,
        deadline=_until,
    )


@blueprint.route("/delegations/<code>/waiting/join", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def join_line(code: str) -> Any:
    """Put a person, a family or a team at the end of the line: all of them, or nobody."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    form = JoinForm()
    if form.validate_on_submit():
        try:
            commands = form.commands()
            if not commands:
                raise NobodyNamed
            with transaction():
                waiting.wait_all(delegation, commands, by=actor())
        except DomainError as refused:
            form.form_errors.append(refused.sentence())
        else:
            said = ngettext("%(num)s person waits now.", "%(num)s people wait now.", len(commands))
            flash(said, "good")
            return redirect(url_for("delegations.waiting_line", code=code))
    return form_page("delegations/join_line.html", form, delegation=delegation)


@blueprint.post("/delegations/<code>/waiting/offer")
@requires(P.DELEGATION_EDIT)
def offer_seats(code: str) -> Any:
    """Offer the free seats as the page has shown."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    with transaction():
        made = len(offers.make(delegation, by=actor()))
    flash(ngettext("%(num)s offer is made.", "%(num)s offers are made.", made), "good")
    return redirect(url_for("delegations.waiting_line", code=code))


@blueprint.post("/delegations/<code>/waiting/<int:waiting_id>/<any(leave,again):step>")
@requires(P.DELEGATION_EDIT)
def change_line(code: str, waiting_id: int, step: str) -> Any:
    """Take somebody out of the line, or put them at its end again."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    one = db.session.get(WaitingPerson, waiting_id)
    if one is None or one.delegation_id != delegation.id:
        raise NotFound
    name = one.person.name
    if step == "again":
        done = _("%(name)s waits again, at the end of the line.", name=name)
        return _tried(lambda: waiting.wait_again(one, by=actor()), done, code)
    return _tried(lambda: waiting.leave(one, by=actor()), _("%(name)s waits no more.", name=name), code)


@blueprint.post("/delegations/<code>/waiting/offers/<int:offer_id>/<any(accept,decline,withdraw):answer>")
@requires(P.DELEGATION_EDIT)
def answer_for(code: str, offer_id: int, answer: str) -> Any:
    """Answer for somebody who telephoned, or take an offer back."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    offer = db.session.get(SeatOffer, offer_id)
    if offer is None or offer.delegation_id != delegation.id:
        raise NotFound
    reason = request.form.get("reason", "")[:1000]
    everybody = {one.waiting_id for one in offer.seats}
    acts: dict[str, tuple[Callable[[], object], Any]] = {
        "accept": (lambda: offers.accept(offer, everybody, by=actor()), _("They are named for the seats.")),
        "decline": (lambda: offers.decline(offer, reason, by=actor()), _("They wait no more.")),
        "withdraw": (lambda: offers.withdraw(offer, reason, by=actor()), _("The offer is taken back.")),
    }
    act, done = acts[answer]
    return _tried(act, done, code)


@blueprint.get("/offer/<token>")
@public
def seat_offer(token: str) -> Any:
    """A seat that is offered: for whom, until when, yes or no."""
    return _offer_page(_offer(token), AnswerForm(), token)


@blueprint.post("/offer/<token>")
@public
@limiter.limit("30 per hour")
def answer_offer(token: str) -> Any:
    """Take the seats for those who come, or say no."""
    offer, form = _offer(token), AnswerForm()
    by = System(f"offer:{offer.id}")
    if form.validate_on_submit():
        try:
            with transaction():
                if "no" in request.form:
                    offers.decline(offer, form.reason.data or "", by=by)
                else:
                    offers.accept(offer, set(request.form.getlist("come", type=row_id)), by=by)
        except DomainError as refused:
            explain(form, refused)
        else:
            return redirect(url_for("delegations.seat_offer", token=token))
    return _offer_page(offer, form, token)


def _offer(token: str) -> SeatOffer:
    offer = db.session.get_one(SeatOffer, links.open_link(offers.LINK, token))
    speak(offer.seats[0].waiting.person.locale)
    return offer


def _offer_page(offer: SeatOffer, form: AnswerForm, token: str) -> Any:
    delegation = offer.delegation
    left = [one.person.name for one in waiting.left_in_line(offer)]
    return form_page(
        "delegations/offer.html",
        form,
        offer=offer,
        delegation=delegation,
        edition=delegation.edition,
        told=TOLD,
        token=token,
        deadline=_until,
        left=messages.go_on_waiting(left) if left else "",
    )


def _until(offer: SeatOffer) -> str:
    return deadline(offer.until, offer.delegation.edition.zone, str(get_locale()))


def _tried(act: Callable[[], object], done: Any, code: str) -> Any:
    try:
        with transaction():
            act()
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(done, "good")
    return redirect(url_for("delegations.waiting_line", code=code))
