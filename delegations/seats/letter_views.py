"""The nomination letter of a seat's person: sent, shown, looked at by the organisers."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField, FileRequired
from wtforms import HiddenField, TextAreaField
from wtforms.validators import Length

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.models import CredentialStatus, Delegation, Nomination, Seat
from delegations.pages import actor, blueprint, may_here
from delegations.seats import letters, messages
from delegations.seats.approvals import rules_of
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, explain
from shared.i18n import _, _l
from shared.web import requires, row_id
from treasury.reports.files import sandboxed

P = Permission


class LetterForm(Form):
    """A nomination letter."""

    document = FileField(_l("Photograph or PDF, 10 MB at the most"), [FileRequired(_l("Choose a file."))])


class CheckForm(Form):
    """Whether a letter is right; `letter` is the one that was looked at."""

    letter = HiddenField()
    reason = TextAreaField(_l("What is wrong with it"), [Length(max=1000)])


@blueprint.get("/delegations/<code>/seats/<int:number>/letter")
@requires(P.DELEGATION_READ)
def letter(code: str, number: int) -> Any:
    """The letter that counts, what became of it, and how to send another one."""
    delegation, seat, nomination = _nomination(code, number)
    return _page(delegation, seat, nomination, LetterForm(), CheckForm())


@blueprint.post("/delegations/<code>/seats/<int:number>/letter")
@requires(P.DELEGATION_EDIT)
def send_letter(code: str, number: int) -> Any:
    """Send a letter for the person of this seat."""
    delegation, seat, nomination = _nomination(code, number, P.DELEGATION_EDIT)
    form = LetterForm()
    if form.validate_on_submit():
        sent = form.document.data
        try:
            with transaction():
                letters.put(nomination, sent.read(), sent.filename or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The letter is kept. The organisers look at it."), "good")
            return redirect(url_for("delegations.letter", code=code, number=number))
    return _page(delegation, seat, nomination, form, CheckForm(formdata=None)), 422


@blueprint.post("/delegations/<code>/seats/<int:number>/letter/check")
@requires(P.NOMINATION_ACCREDIT)
def check_letter(code: str, number: int) -> Any:
    """Say that the letter is right, or what is wrong with it."""
    delegation, seat, nomination = _nomination(code, number, P.NOMINATION_ACCREDIT)
    form = CheckForm()
    looked_at = request.form.get("letter", type=row_id) or 0
    if form.validate_on_submit():
        try:
            with transaction():
                if "refuse" in request.form:
                    letters.refuse(nomination, looked_at, form.reason.data or "", by=actor())
                    messages.tell_letter_refused(nomination, form.reason.data or "")
                else:
                    letters.verify(nomination, looked_at, by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            refused_now = nomination.credential is CredentialStatus.REFUSED
            flash(_("Another letter is asked for.") if refused_now else _("The letter is verified."), "good")
            return redirect(url_for("delegations.show_seat", code=code, number=number))
    return _page(delegation, seat, nomination, LetterForm(formdata=None), form), 422


@blueprint.get("/delegations/<code>/seats/<int:number>/letter/<name>")
@requires(P.DELEGATION_READ)
def letter_file(code: str, number: int, name: str) -> Any:
    """The letter itself, never opened inside the site."""
    found = letters.letter_of(_nomination(code, number)[2])
    if found is None or found.file_name != name:
        raise NotFound
    return sandboxed(found)


def _nomination(
    code: str, number: int, permission: Permission = P.DELEGATION_READ
) -> tuple[Delegation, Seat, Nomination]:
    delegation = queries.find_delegation(code, person(), permission)
    seat = queries.find_seat(delegation, number)
    if seat.nomination is None:
        raise NotFound
    return delegation, seat, seat.nomination


def _page(
    delegation: Delegation, seat: Seat, nomination: Nomination, form: LetterForm, checking: CheckForm
) -> Any:
    found = letters.letter_of(nomination)
    if found and not checking.letter.data:
        checking.letter.data = str(found.id)
    return render_template(
        "delegations/letter.html",
        delegation=delegation,
        seat=seat,
        nomination=nomination,
        letter=found,
        states=letters.STATES,
        required=rules_of(delegation.edition).letter_required,
        form=form,
        checking=checking,
        may=may_here(delegation),
    )
