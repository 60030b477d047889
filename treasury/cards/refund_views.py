"""Refunds as pages: asked for on the payment, approved by somebody else; and the card network at a glance."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from access.policy import Permission
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _
from shared.web import requires, same_origin_path
from treasury import approvals, chart
from treasury.cards import disputes, refunds
from treasury.cards.models import Dispute, Payout, Refund, RefundStatus
from treasury.cards.payout_parts import parts_of
from treasury.cards.refunds import RequestRefund
from treasury.forms import RefundForm, day, words
from treasury.pages import page_context, whoever_acts
from treasury.placing import left_of
from treasury.reports import journal_queries, trails

blueprint = Blueprint("refunds", __name__, url_prefix="/treasury")
blueprint.context_processor(page_context)

_LATEST = 20


@blueprint.route("/payments/<reference>/refund", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def ask(reference: str) -> Any:
    """Ask for money of a payment to be given back; somebody else approves it."""
    payment = journal_queries.payment(reference)
    left = left_of(payment)
    form = RefundForm(amount=left)
    form.amount.currency = left.currency
    by_card = payment.charge_id is not None
    if form.validate_on_submit():
        command = RequestRefund(
            amount=form.amount.required(),
            reason=words(form.reason),
            on=day(form.on),
            account_code="" if by_card else form.account_code.data,
        )
        try:
            with transaction():
                refunds.request_refund(journal_queries.payment(reference), command, by=whoever_acts())
        except DomainError as refused:
            if refused.field == "amount":
                form.amount.errors = [refused.sentence()]
            else:
                form.form_errors.append(refused.sentence())
        else:
            flash(_("Asked for. Somebody else approves it."), "good")
            return redirect(url_for("payments.payment", reference=reference), 303)
    page = render_template(
        "treasury/refund.html",
        form=form,
        payment=payment,
        left=left_of(payment),
        open=refunds.open_refund(payment.id),
        by_card=by_card,
    )
    return page, 422 if form.is_submitted() else 200


@blueprint.post("/refunds/<int:refund_id>/approve")
@requires(Permission.ENTRY_APPROVE)
def approve(refund_id: int) -> Any:
    """Say yes to a refund that somebody else asked for."""
    with transaction():
        refund = _refund(refund_id)
        if refund.entry is not None and refund.status is RefundStatus.REQUESTED:
            approvals.approve(refund.entry, by=whoever_acts())  # with all that follows from its draft
        else:
            refunds.approve_refund(refund, by=whoever_acts())
        by_card, reference = refund.charge_id is not None, refund.payment.reference
    flash(_("Approved: it goes back to the card.") if by_card else _("Approved: it is in the books."), "good")
    return _back(reference)


@blueprint.post("/refunds/<int:refund_id>/drop")
@requires(Permission.LEDGER_READ)
def drop(refund_id: int) -> Any:
    """Say no, or take one's own request back."""
    me = whoever_acts()
    context = page_context()
    if not (
        context["may_approve"] or (context["may_record"] and _refund(refund_id).requested_by_id == me.id)
    ):
        raise NotFound
    with transaction():
        refund = refunds.drop_refund(_refund(refund_id), _("not given back"), by=whoever_acts())
        reference, dropped = refund.payment.reference, refund.status is RefundStatus.DROPPED
    if dropped:
        flash(_("Not given back. The trail keeps that it was asked for."), "info")
    return _back(reference)


@blueprint.get("/card")
@requires(Permission.LEDGER_READ)
def card() -> Any:
    """The card network at a glance: what it holds, disputes to answer, refunds on the way, payouts."""
    return render_template(
        "treasury/card.html",
        held=journal_queries.totals(journal_queries.Which(code=chart.STRIPE)),
        disputed=journal_queries.totals(journal_queries.Which(code=chart.DISPUTED)),
        disputes=_latest(Dispute),
        refunds=_latest(Refund),
        payouts=db.session.scalars(
            select(Payout).order_by(Payout.id.desc()).limit(_LATEST).options(joinedload(Payout.entry))
        ).all(),
        closed=disputes.OVER,
    )


@blueprint.get("/payouts/<object_id>")
@requires(Permission.LEDGER_READ)
def payout(object_id: str) -> Any:
    """One payout: where it stands, and what it is made of by the network's own list, as it says now."""
    found = db.session.scalar(select(Payout).where(Payout.object_id == object_id))
    if found is None:
        raise NotFound
    parts, problem = None, ""
    try:
        parts = parts_of(found, current_app.extensions["teranga.gateway"])
    except DomainError as silent:
        problem = silent.sentence()
    links = [one for one in trails.trail(found.entry_id).links if one.undone_at is None]
    return render_template("treasury/payout.html", payout=found, parts=parts, problem=problem, links=links)


def _latest(table: Any) -> Any:
    return db.session.scalars(
        select(table).order_by(table.id.desc()).limit(_LATEST).options(joinedload(table.payment))
    ).all()


def _refund(refund_id: int) -> Refund:
    found = db.session.get(Refund, refund_id)
    if found is None:
        raise NotFound
    return found


def _back(reference: str) -> Any:
    return redirect(
        same_origin_path(request.args.get("next"), url_for("payments.payment", reference=reference)), 303
    )
