"""Bank statements come in: a file is looked at, what was understood is shown, then it is imported."""

import base64
import zlib
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    flash,
    redirect,
    render_template,
    send_from_directory,
    url_for,
)
from itsdangerous import BadSignature, Signer
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from access.policy import Permission
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import as_choices, explain
from shared.i18n import _, ngettext
from shared.web import requires
from treasury import open_money, statement_import
from treasury.forms import PreviewForm, UploadForm
from treasury.models import Account, BankStatement, ReconciliationLink, StatementLine
from treasury.pages import page_context, whoever_acts
from treasury.statement_import import SeveralAccounts, import_statement
from treasury.statement_values import Assumptions, StatementFile
from treasury.statements import inspect

blueprint = Blueprint("statements", __name__, url_prefix="/treasury/statements")
blueprint.context_processor(page_context)

SAMPLES = ("releve-octobre-2005.ofx", "releve-novembre-2005.csv")
"""Statements of the demonstration, to try the import with."""

_FIRST = 8


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def index() -> Any:
    """The statements that came in, with what each leaves to explain."""
    done = open_money.linked(ReconciliationLink.line_id)
    open_ones = func.count(StatementLine.id).filter(
        StatementLine.amount_minor != func.coalesce(done.c.minor, 0)
    )
    chosen = (
        select(BankStatement, func.count(StatementLine.id), open_ones)
        .outerjoin(StatementLine, StatementLine.statement_id == BankStatement.id)
        .outerjoin(done, done.c.id == StatementLine.id)
        .group_by(BankStatement.id)
        .order_by(BankStatement.id.desc())
        .limit(100)
        .options(joinedload(BankStatement.account))
    )
    return render_template("treasury/statements.html", rows=db.session.execute(chosen).all())


@blueprint.route("/import", methods=["GET", "POST"])
@requires(Permission.STATEMENT_RECONCILE)
def upload() -> Any:
    """Choose a file and its account; what is understood of it is shown before anything is imported."""
    form = UploadForm()
    if form.validate_on_submit():
        data = form.file.data.read()
        account = _account(form.account.data)
        name = (form.file.data.filename or "")[:200]
        try:
            found = inspect(data, name, form.assumptions(account))
            preview = PreviewForm(
                formdata=None,
                account=form.account.data,
                name=name,
                content=_carry(data),
                date_order=form.date_order.data,
                decimal_sign=form.decimal_sign.data,
            )
            return _preview(preview, account, found)
        except DomainError as refused:
            refused.field = refused.field or "file"
            explain(form, refused)
    status = 422 if form.is_submitted() else 200
    samples = SAMPLES if current_app.config["TERANGA_DEMO"] else ()
    return render_template("treasury/statement_upload.html", form=form, samples=samples), status


def _preview(form: PreviewForm, account: Account, found: StatementFile) -> Any:
    """What the import would do; where the file holds several accounts, which one is asked first."""
    fitting = [one.account for one in found.accounts if one.currency == account.currency]
    form.bank_account.choices = as_choices((one, one) for one in fitting)
    chosen = form.bank_account.data if form.bank_account.data in fitting else None
    try:
        planned = statement_import.plan(account, found, chosen)
    except SeveralAccounts:
        planned = None
    return render_template(
        "treasury/statement_preview.html", form=form, account=account, found=found, plan=planned, first=_FIRST
    )


@blueprint.post("/import/confirm")
@requires(Permission.STATEMENT_RECONCILE)
def confirm_import() -> Any:
    """Import the file that was looked at."""
    form = PreviewForm()
    if not form.validate_on_submit():
        abort(400)
    account, name = _account(form.account.data or ""), form.name.data or ""
    assume = Assumptions(
        currency=account.currency,
        date_order=form.date_order.data or None,
        decimal_sign=form.decimal_sign.data or None,
    )
    found = inspect(_carried(form.content.data or ""), name, assume)
    bank_account = form.bank_account.data or None
    if bank_account is None and sum(one.currency == account.currency for one in found.accounts) > 1:
        return _preview(form, account, found)
    with transaction():
        statement = import_statement(
            account, found, by=whoever_acts(), file_name=name, bank_account=bank_account
        )
        statement_id, account_id = statement.id, statement.account_id
    lines = db.session.scalar(
        select(func.count()).select_from(StatementLine).where(StatementLine.statement_id == statement_id)
    )
    flash(ngettext("%(num)s line is here.", "%(num)s lines are here.", lines or 0), "good")
    if not lines and account_id:
        flash(_("Every line of this file was here already."), "info")
    return redirect(url_for("reconciliation.workbench", statement_id=statement_id))


def _signer() -> Signer:
    return Signer(current_app.config["SECRET_KEY"], salt="bank statement")


def _carry(data: bytes) -> str:
    """The file inside the page, signed, so that nothing is stored before it is meant."""
    return _signer().sign(base64.b64encode(zlib.compress(data, 9))).decode()


def _carried(text: str) -> bytes:
    try:
        return zlib.decompress(base64.b64decode(_signer().unsign(text)))
    except BadSignature:
        abort(400)


def _account(key: str) -> Account:
    found = db.session.get(Account, int(key)) if key.isascii() and key.isdigit() and len(key) < 15 else None
    if found is None:
        raise NotFound
    return found


@blueprint.get("/samples/<name>")
@requires(Permission.STATEMENT_RECONCILE)
def sample(name: str) -> Any:
    """A statement of the demonstration, to try the import with."""
    if name not in SAMPLES or not current_app.config["TERANGA_DEMO"]:
        raise NotFound
    return send_from_directory(
        current_app.root_path + "/demonstration/samples", name, as_attachment=True, mimetype="text/plain"
    )
