"""The desk as pages: the cash box opened, used and closed; cheques in hand and at the bank."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from access.policy import Permission
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain, reader
from shared.i18n import _
from shared.web import requires, row_id
from treasury import finding
from treasury.desk import cash, cheques
from treasury.desk.cash import DENOMINATIONS, OpenBox, TakeCash
from treasury.desk.forms import (
    CloseBoxForm,
    DepositForm,
    OpenBoxForm,
    TakeCashForm,
    count_form,
    counted,
)
from treasury.desk.models import CashSession
from treasury.forms import day, words
from treasury.pages import page_context, whoever_acts

blueprint = Blueprint("desk_money", __name__, url_prefix="/treasury/desk")
blueprint.context_processor(page_context)


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def index() -> Any:
    """Boxes and cheques."""
    return _index(DepositForm(formdata=None))


def _index(form: DepositForm, status: int = 200) -> Any:
    page = render_template(
        "treasury/desk.html",
        sessions=cash.sessions(),
        cheques=cheques.in_hand(),
        deposits=cheques.latest_deposits(),
        form=form,
        currencies=list(DENOMINATIONS),
    )
    return page, status


@blueprint.route("/cash/new/<currency>", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def open_box(currency: str) -> Any:
    """Count what is in the box and open it."""
    if currency not in DENOMINATIONS:
        raise NotFound
    form = count_form(currency, OpenBoxForm, reader())
    if form.validate_on_submit():
        command = OpenBox(
            place=words(form.place),
            currency=currency,
            fund_id=int(form.fund.data),
            count=counted(form, currency),
        )
        try:
            with transaction():
                session_id = cash.open_box(command, by=whoever_acts()).id
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The box is open."), "good")
            return redirect(url_for("desk_money.box", session_id=session_id), 303)
    page = render_template("treasury/open_box.html", form=form, currency=currency)
    return page, 422 if form.is_submitted() else 200


@blueprint.get("/cash/<int:session_id>")
@requires(Permission.LEDGER_READ)
def box(session_id: int) -> Any:
    """One session: what was counted, what came and went, what should be there."""
    session = _session(session_id)
    form = count_form(session.currency, CloseBoxForm, reader(), formdata=None)
    return _box(session, form)


def _box(session: CashSession, closing: Any, status: int = 200, taking: TakeCashForm | None = None) -> Any:
    page = render_template(
        "treasury/box.html",
        box=session,
        moves=cash.moves_of(session),
        expected=cash.expected(session) if session.expected is None else session.expected,
        form=closing,
        taking=taking or TakeCashForm(formdata=None),
    )
    return page, status


@blueprint.post("/cash/<int:session_id>/take")
@requires(Permission.ENTRY_RECORD)
def take(session_id: int) -> Any:
    """A payment is paid in cash; somebody else approves it."""
    session = _session(session_id)
    form = TakeCashForm()
    form.amount.currency = session.currency
    closing = count_form(session.currency, CloseBoxForm, reader(), formdata=None)
    if not form.validate_on_submit():
        return _box(session, closing, 422, form)
    command = TakeCash(on=today(), amount=form.amount.amount, paid_by=words(form.paid_by))
    try:
        with transaction():
            payment = finding.by_reference(words(form.reference))
            cash.take_payment(_session(session_id), payment, command, by=whoever_acts())
    except DomainError as refused:
        explain(form, refused)
        return _box(_session(session_id), closing, refused.status, form)
    flash(_("In the box. Somebody else approves the receipt."), "good")
    return redirect(url_for("desk_money.box", session_id=session_id), 303)


@blueprint.post("/cash/<int:session_id>/close")
@requires(Permission.ENTRY_RECORD)
def close(session_id: int) -> Any:
    """Count what is in the box and close it; a difference is explained."""
    session = _session(session_id)
    form = count_form(session.currency, CloseBoxForm, reader())
    if not form.validate_on_submit():
        return _box(session, form, 422)
    try:
        with transaction():
            closed = cash.close_box(
                _session(session_id),
                counted(form, session.currency),
                words(form.explanation),
                today(),
                by=whoever_acts(),
            )
            difference = closed.entry_id is not None
    except DomainError as refused:
        explain(form, refused)
        return _box(_session(session_id), form, refused.status)
    if difference:
        flash(_("The box is closed. Somebody else approves the difference."), "good")
    else:
        flash(_("The box is closed: everything is there."), "good")
    return redirect(url_for("desk_money.box", session_id=session_id), 303)


@blueprint.post("/cheques/deposit")
@requires(Permission.ENTRY_RECORD)
def deposit() -> Any:
    """Bring cheques to the bank; somebody else approves it."""
    form = DepositForm()
    if not form.validate_on_submit():
        return _index(form, 422)
    chosen = request.form.getlist("cheque", type=row_id)
    try:
        with transaction():
            cheques.deposit_cheques(
                cheques.must_be_known(chosen), day(form.on), words(form.slip), by=whoever_acts()
            )
    except DomainError as refused:
        explain(form, refused)
        return _index(form, refused.status)
    flash(_("Written. Somebody else approves it."), "good")
    return redirect(url_for("desk_money.index"), 303)


def _session(session_id: int) -> CashSession:
    found = db.session.get(CashSession, session_id)
    if found is None:
        raise NotFound
    return found
