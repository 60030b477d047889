"""Gifts as pages: what was given or promised, and the official receipt of each, or why there is none."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for

from access.policy import Permission
from shared.database import db, transaction
from shared.errors import DomainError
from shared.forms import explain
from shared.i18n import _
from shared.web import page_number, requires
from treasury.forms import words
from treasury.pages import page_context, whoever_acts
from treasury.paper import gifts, papers
from treasury.paper.forms import GiftForm, LackingForm
from treasury.paper.models import Gift
from treasury.wording import GIFT_NATURES

blueprint = Blueprint("gifts", __name__, url_prefix="/treasury/gifts")
blueprint.context_processor(page_context)

_PAGE = 50


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def index() -> Any:
    """Gifts and pledges, each with its official receipt or the reason why there is none."""
    listed = db.paginate(
        gifts.listed(),
        page=page_number(),
        per_page=_PAGE,
        error_out=False,
    )
    return render_template(
        "treasury/gifts.html",
        page=listed,
        receipts=gifts.receipts_of(listed.items),
        why_not={one.id: _why_not(one) for one in listed.items},
        lacking={"appraiser": _("Appraiser, with address"), "donor_address": _("Postal address")},
        natures=GIFT_NATURES,
        eligible=gifts.eligible,
    )


def _why_not(gift: Gift) -> DomainError | None:
    try:
        return gifts.refusal(gift)
    except papers.NoHolder as missing:
        return missing


@blueprint.post("/<int:gift_id>/complete")
@requires(Permission.PAPER_ISSUE)
def complete(gift_id: int) -> Any:
    """Tell what an official receipt lacks."""
    form = LackingForm()
    if form.validate_on_submit():
        with transaction():
            gifts.complete(gifts.find_gift(gift_id), words(form.told), by=whoever_acts())
        flash(_("Recorded."), "good")
    else:
        flash(
            "; ".join(str(one) for one in form.told.errors) or _("This request could not be understood."),
            "error",
        )
    return redirect(url_for("gifts.index"))


@blueprint.route("/new", methods=["GET", "POST"])
@requires(Permission.PAPER_ISSUE)
def new() -> Any:
    """Record a gift or a pledge."""
    form = GiftForm()
    if not form.validate_on_submit():
        return render_template("treasury/gift_new.html", form=form), 422 if form.is_submitted() else 200
    try:
        with transaction():
            gift = gifts.record_gift(form.command(), by=whoever_acts())
            payment = gift.payment_id and gift.payment and gift.payment.reference
    except DomainError as refused:
        explain(form, refused)
        return render_template("treasury/gift_new.html", form=form), refused.status
    if payment:
        flash(_("Recorded as promised. Record the receipt once the money is there."), "good")
        return redirect(url_for("payments.payment", reference=payment))
    flash(_("Recorded."), "good")
    return redirect(url_for("gifts.index"))


@blueprint.post("/<int:gift_id>/receipt")
@requires(Permission.PAPER_ISSUE)
def receipt(gift_id: int) -> Any:
    """Issue the official donation receipt of a gift, or say why not."""
    try:
        with transaction():
            me = whoever_acts()
            paper = gifts.receipt(gifts.find_gift(gift_id), by=me, signatory=me.name)
            if paper.email:
                papers.send(paper, by=me)
            issued = paper.id
    except (gifts.NoReceipt, papers.AlreadyIssued, papers.NoHolder) as refused:
        flash(refused.sentence(), "error")
        return redirect(url_for("gifts.index"))
    flash(_("The official receipt is issued."), "good")
    return redirect(url_for("papers.show", paper_id=issued))
