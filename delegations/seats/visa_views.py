"""The visa of a seat's person: where it stands, what to note, the invitation letter; an edition's visas."""

from datetime import date
from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_babel import force_locale
from wtforms import DateField, SelectField, StringField
from wtforms.validators import InputRequired, Length

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.funding import coverage_queries
from delegations.models import Delegation, Nomination, Seat
from delegations.pages import actor, blueprint, may_here
from delegations.seats import leaving, travel, visas
from delegations.seats.private_link_views import nominee_of
from delegations.seats.visa_models import InvitationLetter, TravelDocument
from delegations.sending import spoken
from documents.pdf import render_pdf
from events.models import ROLE_LABELS, BadgeRole
from events.programme import VisaOutcome
from events.wording import country
from shared.clock import today
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, as_choices, explain
from shared.i18n import _, _l
from shared.web import public, requires

P = Permission


class StepForm(Form):
    """What happened to a visa, and when."""

    outcome = SelectField(_l("What happened"))
    on = DateField(_l("On"), [InputRequired()])
    note = StringField(_l("Note"), [Length(max=500)])


@blueprint.get("/delegations/<code>/seats/<int:number>/visa")
@requires(P.DELEGATION_READ)
def visa(code: str, number: int) -> Any:
    """Where the visa stands, its log, and what a refusal leads to."""
    delegation, seat, nomination = _nomination(code, number)
    form = StepForm(formdata=None)
    form.on.data = today(delegation.edition.zone)
    return _page(delegation, seat, nomination, form)


@blueprint.post("/delegations/<code>/seats/<int:number>/visa")
@requires(P.DELEGATION_EDIT)
def note_visa(code: str, number: int) -> Any:
    """Write down what happened."""
    delegation, seat, nomination = _nomination(code, number, P.DELEGATION_EDIT)
    form = StepForm()
    _offer(form, nomination)
    if form.validate_on_submit():
        outcome = VisaOutcome(form.outcome.data)
        try:
            with transaction():
                visas.note(nomination, outcome, form.on.data or date.max, form.note.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("It is noted."), "good")
            return redirect(url_for("delegations.visa", code=code, number=number))
    return _page(delegation, seat, nomination, form), 422


@blueprint.post("/delegations/<code>/seats/<int:number>/visa/letter")
@requires(P.NOMINATION_ACCREDIT)
def invite_by_letter(code: str, number: int) -> Any:
    """Issue the invitation letter."""
    delegation, seat, nomination = _nomination(code, number, P.NOMINATION_ACCREDIT)
    covered = coverage_queries.coverage_of(delegation).by_seat.get(seat.code)
    funded = covered is not None and bool(covered.need) and not covered.remaining
    try:
        with transaction():
            visas.issue_letter(nomination, funded=funded, by=actor())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("The invitation letter is ready."), "good")
    return redirect(url_for("delegations.visa", code=code, number=number))


@blueprint.get("/delegations/<code>/seats/<int:number>/visa/letter.pdf")
@requires(P.DELEGATION_READ)
def invitation(code: str, number: int) -> Any:
    """The invitation letter, to print; what a passport says is on it for the person and who accredits."""
    delegation, _seat, nomination = _nomination(code, number)
    return _pdf(nomination, travel.document_of(nomination) if may_here(delegation)["accredit"] else None)


@blueprint.get("/nominee/<token>/invitation.pdf")
@public
def own_invitation(token: str) -> Any:
    """The person's own invitation letter."""
    nomination = nominee_of(token)
    return _pdf(nomination, travel.document_of(nomination))


@blueprint.get("/delegations/visas/<code>")
@requires(P.NOMINATION_ACCREDIT)
def visas_of(code: str) -> Any:
    """Every visa of an edition's seats: where each stands, since when, and which seats need somebody else."""
    edition = queries.find_edition(code, person(), P.NOMINATION_ACCREDIT)
    asked = request.args.get("show", "")
    show = visas.Show(asked) if asked in set(visas.Show) else None
    return render_template(
        "delegations/visas.html",
        edition=edition,
        lines=visas.lines_of(edition, show),
        outcomes=visas.OUTCOMES,
        show=show,
    )


def _nomination(
    code: str, number: int, permission: Permission = P.DELEGATION_READ
) -> tuple[Delegation, Seat, Nomination]:
    delegation = queries.find_delegation(code, person(), permission)
    seat = queries.find_seat(delegation, number)
    if seat.nomination is None:
        raise NotFound
    return delegation, seat, seat.nomination


def _offer(form: StepForm, nomination: Nomination) -> None:
    standing = visas.standing(nomination)
    form.outcome.choices = as_choices((one.value, visas.OUTCOMES[one]) for one in visas.FOLLOWS[standing])


def _page(delegation: Delegation, seat: Seat, nomination: Nomination, form: StepForm) -> Any:
    _offer(form, nomination)
    return render_template(
        "delegations/visa.html",
        delegation=delegation,
        seat=seat,
        nomination=nomination,
        standing=visas.standing(nomination),
        steps=visas.steps_of(seat),
        outcomes=visas.OUTCOMES,
        letter=visas.letter_of(nomination),
        form=form,
        may=may_here(delegation),
        comes=leaving.next_for(delegation),
    )


def _pdf(nomination: Nomination, document: TravelDocument | None) -> Response:
    letter = visas.letter_of(nomination)
    if letter is None:
        raise NotFound
    name = f"{nomination.seat.code}-{letter.number}.pdf"
    headers = {"Content-Disposition": f'inline; filename="{name}"'}
    return Response(render_pdf(_text(letter, document)), mimetype="application/pdf", headers=headers)


def _text(letter: InvitationLetter, document: TravelDocument | None) -> str:
    facts, locale = letter.facts, spoken(letter.facts["locale"])
    with force_locale(locale):
        return render_template(
            "delegations/print/invitation.html",
            facts=facts,
            document=document,
            number=f"{facts['seat']}/{letter.number}",
            role=ROLE_LABELS[BadgeRole(facts["role"])],
            country=country(facts["country"], locale) if facts["country"] else "",
            to_country=country(facts["edition_country"], locale),
            days={key: date.fromisoformat(facts[key]) for key in ("starts_on", "ends_on", "issued_on")},
            lang=locale,
        )
