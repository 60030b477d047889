"""The attention list as a page: each thing explained, with the likely thing to do one click away."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from access.policy import Permission
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _
from shared.web import requires, same_origin_path
from treasury import attention_actions, finding, placing
from treasury.attention_actions import Action
from treasury.models import Attention, Payment
from treasury.pages import page_context, whoever_acts
from treasury.paper import outlived

blueprint = Blueprint("attention", __name__, url_prefix="/treasury/attention")
blueprint.context_processor(page_context)


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def index() -> Any:
    """Everything that asks for a person, and the credits that payers hold."""
    return render_template(
        "treasury/attention.html",
        items=attention_actions.listed(),
        outlived=outlived.outlived(),
        credits=placing.open_credits(),
    )


@blueprint.post("/<int:attention_id>/<action>")
@requires(Permission.ATTENTION_RESOLVE)
def act(attention_id: int, action: str) -> Any:
    """Do one of the things offered; a second person approves what moves money."""
    if action not in set(Action):
        raise NotFound
    try:
        with transaction():
            one = db.session.get(Attention, attention_id, with_for_update=True)
            if one is None:
                raise NotFound
            attention_actions.act(
                one, Action(action), on=today(), by=whoever_acts(), target=_target(request.form)
            )
            settled = one.resolved_at is not None
    except NotFound:
        raise
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("Done. It is off the list.") if settled else _("Written. Somebody else approves it."), "good")
    return redirect(same_origin_path(request.args.get("next"), url_for("attention.index")), 303)


@blueprint.post("/credits/<int:placement_id>/use")
@requires(Permission.ATTENTION_RESOLVE)
def use_credit(placement_id: int) -> Any:
    """Let a payer's credit pay what they owe, in this edition or another."""
    try:
        with transaction():
            credit = placing.find_credit(placement_id)
            target = _target(request.form)
            if target is None:
                raise finding.NoSuchPayment
            amount = placing.left_of_credit(credit)
            if target.currency == amount.currency:
                amount = min(amount, target.amount)
            narration = f"{target.description} ({target.reference})"
            command = placing.Place(amount=amount, on=today(), narration=narration)
            placing.apply(credit.payment, target, command, by=whoever_acts(), credit=credit)
    except NotFound:
        raise
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("Written. Somebody else approves it."), "good")
    return redirect(url_for("attention.index") + "#credits", 303)


def _target(form: Any) -> Payment | None:
    """The payment that was chosen or whose reference was typed."""
    typed = str(form.get("reference") or form.get("target") or "").strip()[:40]
    if not typed:
        return None
    return finding.by_reference(typed)
