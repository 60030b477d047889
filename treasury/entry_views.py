"""Entries written by hand; drafts approved, thrown away, reversed; what was done about attention."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from access.policy import Permission
from shared import audit
from shared.clock import now
from shared.database import db, transaction
from shared.errors import NotFound
from shared.i18n import _
from shared.money import EXPONENTS, Money
from shared.web import requires, row_id, same_origin_path
from treasury import approvals, ledger
from treasury.drafting import drafted
from treasury.forms import EntryForm, ReasonForm, ResolveForm, ReversalForm, TransferForm, day, words
from treasury.funds.funds import OutsideWindow
from treasury.funds.overdrafts import FundOverdrawn
from treasury.funds.transfers import transfer
from treasury.models import Attention, JournalEntry
from treasury.pages import page_context, whoever_acts
from treasury.reports import journal_queries

blueprint = Blueprint("entries", __name__, url_prefix="/treasury")
blueprint.context_processor(page_context)


@blueprint.route("/entries/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def new_entry() -> Any:
    """Write an entry by hand; another person posts it."""
    form = EntryForm()
    if form.more.data:
        form.add_rows()
        return render_template("treasury/new_entry.html", form=form)
    if form.validate_on_submit():
        return drafted(
            form,
            lambda: ledger.draft(
                day(form.dated_on),
                words(form.narration),
                form.commands(),
                by=whoever_acts(),
                idempotency_key=form.key,
            ),
            "treasury/new_entry.html",
        )
    return render_template("treasury/new_entry.html", form=form), 422 if form.is_submitted() else 200


@blueprint.route("/transfers/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def new_transfer() -> Any:
    """Give money of one fund to another; another person posts it. An address may fill the form in."""
    form = TransferForm(data=_offered())
    if form.validate_on_submit():
        return drafted(
            form, lambda: transfer(form.command(), by=whoever_acts()), "treasury/new_transfer.html"
        )
    return render_template("treasury/new_transfer.html", form=form), 422 if form.is_submitted() else 200


def _offered() -> dict[str, Any]:
    """What the address fills in: the funds, the amount in minor units of its currency, and why."""
    asked = request.args
    offered: dict[str, Any] = {name: asked.get(name, type=row_id) for name in ("source", "target")}
    offered |= {"currency": asked.get("currency", ""), "narration": asked.get("narration", "")[:200]}
    if offered["currency"] in EXPONENTS and (minor := asked.get("minor", type=row_id)):
        offered["amount"] = Money(minor, offered["currency"])
    return {name: value for name, value in offered.items() if value}


@blueprint.post("/entries/<int:entry_id>/approve")
@requires(Permission.ENTRY_APPROVE)
def approve(entry_id: int) -> Any:
    """Post what somebody else wrote."""
    try:
        with transaction():
            approvals.approve(_entry(entry_id), by=whoever_acts())
    except ledger.AlreadyPosted:
        flash(_("This was approved already."), "info")
    except (FundOverdrawn, OutsideWindow, ledger.PeriodClosed) as refused:
        flash(refused.sentence(), "error")
        return redirect(url_for("treasury.entry", entry_id=entry_id))
    else:
        flash(_("Approved: it is in the books."), "good")
    return _back(entry_id)


@blueprint.route("/entries/<int:entry_id>/discard", methods=["GET", "POST"])
@requires(Permission.LEDGER_READ)
def discard(entry_id: int) -> Any:
    """Throw a draft away: its author, or whoever may approve it."""
    entry = _entry(entry_id)
    me = whoever_acts()
    if not (page_context()["may_approve"] or (page_context()["may_record"] and entry.author_id == me.id)):
        raise NotFound
    form = ReasonForm()
    if form.validate_on_submit():
        with transaction():
            approvals.discard(_entry(entry_id), words(form.reason), by=whoever_acts())
        flash(_("The draft is gone. The trail keeps that there was one."), "info")
        return redirect(url_for("treasury.home"))
    return render_template("treasury/discard.html", form=form, entry=entry)


@blueprint.route("/entries/<int:entry_id>/reverse", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def reverse(entry_id: int) -> Any:
    """Draft the mirror image of a posted entry."""
    entry = _entry(entry_id)
    form = ReversalForm()
    if form.validate_on_submit():
        return drafted(
            form,
            lambda: ledger.reverse(
                _entry(entry_id), day(form.dated_on), words(form.reason), by=whoever_acts()
            ),
            "treasury/reverse.html",
            entry=entry,
        )
    return render_template(
        "treasury/reverse.html", form=form, entry=entry
    ), 422 if form.is_submitted() else 200


@blueprint.route("/attention/<int:attention_id>", methods=["GET", "POST"])
@requires(Permission.ATTENTION_RESOLVE)
def resolve(attention_id: int) -> Any:
    """Say what was done about something on the attention list."""
    one = db.session.get(Attention, attention_id)
    if one is None:
        raise NotFound
    form = ResolveForm()
    if form.validate_on_submit():
        with transaction():
            one = db.session.get_one(Attention, attention_id, with_for_update=True)
            if one.resolved_at is None:
                one.resolved_at, one.resolution = now(), words(form.resolution)
                audit.record("attention.resolve", one, by=whoever_acts(), reason=one.resolution)
        flash(_("Taken off the list. What was done stays readable in the trail."), "good")
        return redirect(url_for("treasury.home"))
    return render_template("treasury/resolve.html", form=form, one=one)


def _entry(entry_id: int) -> JournalEntry:
    return journal_queries.entry(entry_id)


def _back(entry_id: int) -> Any:
    fallback = url_for("treasury.entry", entry_id=entry_id)
    return redirect(same_origin_path(request.args.get("next"), fallback))
