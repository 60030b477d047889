"""A dispute as a page: what is known, by when the bank wants an answer, and the answer."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from wtforms import TextAreaField
from wtforms.validators import DataRequired, Length

from access.policy import Permission
from shared.errors import DomainError
from shared.forms import Form, explain, reader
from shared.i18n import _, _l
from shared.web import requires
from treasury import payment_story
from treasury.cards import disputes
from treasury.cards.models import Dispute
from treasury.forms import words
from treasury.pages import page_context, whoever_acts

blueprint = Blueprint("disputes", __name__, url_prefix="/treasury/disputes")
blueprint.context_processor(page_context)


class AnswerForm(Form):
    """What we say to the card's bank."""

    words = TextAreaField(
        _l("Our answer"), [DataRequired(_l("Write why the payment is right.")), Length(max=18000)]
    )


@blueprint.get("/<object_id>")
@requires(Permission.LEDGER_READ)
def dispute(object_id: str) -> Any:
    """One dispute, with the beginning of an answer while the bank waits for one."""
    found = disputes.find(object_id)
    return _page(found, AnswerForm(formdata=None, words=disputes.facts(found, reader())))


@blueprint.post("/<object_id>")
@requires(Permission.ATTENTION_RESOLVE)
def answer(object_id: str) -> Any:
    """Send the answer to the card's bank; once."""
    found = disputes.find(object_id)
    form = AnswerForm()
    if not form.validate_on_submit():
        return _page(found, form, 422)
    try:
        disputes.answer(
            object_id, words(form.words), current_app.extensions["teranga.gateway"], by=whoever_acts()
        )
    except DomainError as refused:
        explain(form, refused)
        return _page(disputes.find(object_id), form, refused.status)
    flash(_("Sent. The card’s bank decides."), "good")
    return redirect(url_for("disputes.dispute", object_id=object_id), 303)


def _page(found: Dispute, form: AnswerForm, status: int = 200) -> Any:
    page = render_template(
        "treasury/dispute.html",
        dispute=found,
        payment=found.payment,
        why=disputes.REASONS.get(found.reason, found.reason),
        open=found.status in disputes.OPEN,
        over=found.status in disputes.OVER,
        story=payment_story.story(found.payment),
        form=form,
    )
    return page, status
