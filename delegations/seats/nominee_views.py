"""A person completes their own record on a phone, through a private link, in their language. No account."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from delegations.composition.portrait import PortraitPart
from delegations.forms import ReasonForm, RecordForm
from delegations.models import CredentialStatus, Nomination, NominationStatus
from delegations.pages import blueprint, form_page
from delegations.seats import approvals, leaving, letters, nominations, visas
from delegations.seats.letter_views import LetterForm
from delegations.seats.private_link_views import nominee_of
from delegations.stays import stays
from events.wording import country, own_names
from shared.audit import System
from shared.database import hold, transaction
from shared.errors import DomainError
from shared.forms import explain, reader
from shared.i18n import _
from shared.limits import limiter
from shared.web import public

OPEN = (NominationStatus.NOMINATED, NominationStatus.COMPLETED, NominationStatus.RETURNED)
TOLD = (NominationStatus.COMPLETED, NominationStatus.ACCREDITED)
"""Who has said who they are is asked about their journey."""


@blueprint.get("/nominee/<token>")
@public
def nominee(token: str) -> Any:
    """The person's own record, and where their nomination stands."""
    nomination = nominee_of(token)
    return _page(nomination, _known(nomination), token)


@blueprint.post("/nominee/<token>")
@public
@limiter.limit("30 per minute")
def complete(token: str) -> Any:
    """The person says who they are. Sending it again replaces what they said, until somebody has decided."""
    nomination = nominee_of(token)
    form, portrait = RecordForm(), PortraitPart(request.form)
    if form.validate_on_submit() and portrait.validate():
        try:
            with transaction():
                hold(nomination)
                hold(nomination.person)
                form.must_be_as_seen(form.known(nomination.person))
                nominations.complete(nomination, form.command())
                portrait.keep(nomination)
        except DomainError as refused:
            explain(form, refused)
        else:
            return redirect(url_for("delegations.completed", token=token))
    return _page(nomination, form, token, portrait=portrait)


@blueprint.get("/nominee/<token>/done")
@public
def completed(token: str) -> Any:
    """What happens next."""
    nomination = nominee_of(token)
    return render_template(
        "delegations/completed.html",
        nomination=nomination,
        token=token,
        accredited=nomination.status is NominationStatus.ACCREDITED,
        letter_missing=_letter_missing(nomination),
        has_word=approvals.has_word(nomination, approvals.with_focal_point([nomination.seat.delegation_id])),
    )


@blueprint.route("/nominee/<token>/letter", methods=["GET", "POST"])
@public
@limiter.limit("60 per hour")
def nominee_letter(token: str) -> Any:
    """The person sends the letter by which their body names them, on a page of its own: no record is lost."""
    nomination = nominee_of(token)
    form = LetterForm()
    if form.validate_on_submit():
        sent = form.document.data
        try:
            with transaction():
                letters.put(
                    nomination, sent.read(), sent.filename or "", by=System(f"nominee:{nomination.id}")
                )
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Your letter is kept. The organisers look at it."), "good")
            return redirect(url_for("delegations.nominee", token=token))
    return form_page(
        "delegations/own_letter.html",
        form,
        nomination=nomination,
        token=token,
        letter=letters.letter_of(nomination),
        states=letters.STATES,
        needed=_letter_needed(nomination),
    )


@blueprint.route("/nominee/<token>/decline", methods=["GET", "POST"])
@public
@limiter.limit("30 per hour")
def decline_seat(token: str) -> Any:
    """The person says that they do not take the seat, and why."""
    nomination = nominee_of(token)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                leaving.decline(nomination, form.reason.data or "")
        except DomainError as refused:
            explain(form, refused)
        else:
            return render_template("delegations/declined.html", nomination=nomination)
    return form_page("delegations/decline_seat.html", form, nomination=nomination, token=token)


def _known(nomination: Nomination) -> RecordForm:
    form = RecordForm(formdata=None)
    form.show(form.known(nomination.person))
    return form


def _said(nomination: Nomination, form: RecordForm) -> list[tuple[Any, str]]:
    """What the person has said of themselves, each thing under the name it has in the form."""
    if nomination.status is NominationStatus.NOMINATED:
        return []
    person = nomination.person
    told = (
        (form.name, person.name),
        (form.organisation_name, person.shown_organisation),
        (form.country, country(person.country, reader())),
        (form.languages, ", ".join(own_names(person.languages))),
        (form.access_needs, person.access_needs),
        (form.diet, person.diet),
    )
    return [(field.label.text, words) for field, words in told if words]


def _letter_needed(nomination: Nomination) -> bool:
    return approvals.rules_of(nomination.seat.delegation.edition).letter_required


def _letter_missing(nomination: Nomination) -> bool:
    state = nomination.credential
    missing = state is CredentialStatus.MISSING and _letter_needed(nomination)
    return missing or state is CredentialStatus.REFUSED


def _page(nomination: Nomination, form: RecordForm, token: str, portrait: PortraitPart | None = None) -> Any:
    correcting = request.method == "POST" or "correct" in request.args
    frozen, refused = approvals.is_frozen(nomination), bool(form.errors)  # what was typed stays in sight
    portrait = portrait or PortraitPart.about(nomination)
    page = render_template(
        "delegations/nominee.html",
        form=form,
        portrait=portrait,
        asked=portrait.asked_of(nomination),
        nomination=nomination,
        seat=nomination.seat,
        delegation=nomination.seat.delegation,
        edition=nomination.seat.delegation.edition,
        open=refused or (not frozen and (nomination.status in OPEN or correcting)),
        frozen=frozen,
        said=_said(nomination, form),
        token=token,
        letter_states=letters.STATES,
        letter_needed=_letter_needed(nomination),
        invitation=visas.letter_of(nomination),
        visa_open=visas.is_open(nomination),
        stay=stays.stay_of(nomination),
        journey_asked=nomination.status in TOLD and not stays.is_over(nomination.seat.delegation.edition),
    )
    return page, 422 if form.errors or portrait.errors else 200
