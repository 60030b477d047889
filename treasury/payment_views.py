"""Payments as pages: found by reference or payer, their receipt recorded, taken back when the bank does."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from access.policy import Permission
from shared.database import db, transaction
from shared.errors import Conflict, DomainError
from shared.forms import explain
from shared.i18n import _
from shared.web import page_number, requires
from treasury import attention_actions, finding, ledger, payment_story, payments, placing
from treasury.cards import disputes, refunds
from treasury.cards.models import RefundStatus
from treasury.desk.receiving import receive
from treasury.forms import ReceiptForm, ReturnForm, day, words
from treasury.models import Payment, PaymentMethod, PaymentStatus
from treasury.pages import page_context, whoever_acts
from treasury.paper import outlived, papers
from treasury.references import is_valid
from treasury.reports import journal_queries, trails

blueprint = Blueprint("payments", __name__, url_prefix="/treasury/payments")
blueprint.context_processor(page_context)

_PAGE = 50


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def search() -> Any:
    """Payments by reference, payer or what they are for."""
    text = request.args.get("q", "").strip()[:100]
    state = request.args.get("status", "")
    status = PaymentStatus(state) if state in set(PaymentStatus) else None
    listed = db.paginate(
        journal_queries.payments(text, status),
        page=page_number(),
        per_page=_PAGE,
        error_out=False,
    )
    if is_valid(text) and len(listed.items) == 1:
        return redirect(url_for("payments.payment", reference=listed.items[0].reference))
    meant = finding.meant_by(text) if not listed.total else []
    return render_template("treasury/payments.html", page=listed, text=text, status=status, meant=meant)


@blueprint.get("/<reference>")
@requires(Permission.LEDGER_READ)
def payment(reference: str) -> Any:
    """One payment: what it is for, what happened, and what can be done next."""
    return _page(journal_queries.payment(reference))


def _page(
    found: Payment,
    receipt: ReceiptForm | None = None,
    taken_back: ReturnForm | None = None,
    status: int = 200,
) -> Any:
    trail = trails.trail(found.entry_id) if found.entry_id else None
    method = found.method if found.method is not PaymentMethod.CARD else PaymentMethod.TRANSFER
    page = render_template(
        "treasury/payment.html",
        payment=found,
        trail=trail,
        story=payment_story.story(found),
        disputes=payment_story.disputes_of(found),
        refunds=[one for one in refunds.refunds_of(found) if one.status is not RefundStatus.DONE],
        refund_open=refunds.open_refund(found.id),
        left=placing.left_of(found) if found.entry_id else None,
        asked_first=placing.asked_first(found),
        papers=papers.of_payment(found.id),
        attention=attention_actions.listed(found),
        outlived=outlived.outlived(found),
        closed=disputes.OVER,
        receipt=receipt
        or ReceiptForm(formdata=None, method=method.value, amount=found.amount, currency=found.currency),
        taken_back=taken_back or ReturnForm(formdata=None),
    )
    return page, status


@blueprint.post("/<reference>/receipt")
@requires(Permission.ENTRY_RECORD)
def record(reference: str) -> Any:
    """Record that it arrived; somebody else approves it."""
    found = journal_queries.payment(reference)
    form = ReceiptForm()
    if not form.validate_on_submit():
        return _page(found, receipt=form, status=422)
    try:
        with transaction():
            box = receive(journal_queries.payment(reference), form.command(), by=whoever_acts())
            place = box.place if box else ""
    except payments.AlreadySettled:
        flash(_("This receipt is recorded already."), "info")
    except DomainError as refused:
        explain(form, refused)
        return _page(journal_queries.payment(reference), receipt=form, status=refused.status)
    else:
        if place:
            flash(_("In the box at %(place)s. Somebody else approves the receipt.", place=place), "good")
        else:
            flash(_("Recorded. Somebody else approves it."), "good")
    return redirect(url_for("payments.payment", reference=reference))


@blueprint.post("/<reference>/return")
@requires(Permission.ENTRY_RECORD)
def take_back(reference: str) -> Any:
    """Record that the bank took it back; somebody else approves it."""
    found = journal_queries.payment(reference)
    form = ReturnForm()
    if not form.validate_on_submit():
        return _page(found, taken_back=form, status=422)
    try:
        with transaction():
            payments.return_receipt(
                journal_queries.payment(reference), day(form.on), words(form.reason), by=whoever_acts()
            )
    except (ledger.AlreadyReversed, Conflict):
        flash(_("This is recorded already, or there is nothing to take back."), "info")
    else:
        flash(_("Recorded. Somebody else approves it."), "good")
    return redirect(url_for("payments.payment", reference=reference))
