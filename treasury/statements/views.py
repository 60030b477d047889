"""Bank statements come in: a file is looked at, what was understood is shown, then it is imported."""

from dataclasses import replace
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    redirect,
    render_template,
    request,
    send_from_directory,
    url_for,
)
from sqlalchemy import func, select

from access.policy import Permission
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import as_choices, explain, reader
from shared.i18n import _, ngettext
from shared.web import page_number, requires, row_id
from treasury.models import Account, BankStatement, StatementLine
from treasury.pages import page_context, whoever_acts
from treasury.reports import bank_lines
from treasury.reports.files import file_of
from treasury.statements import continuity, listing, withdrawing
from treasury.statements import jobs as statement_jobs
from treasury.statements import uploads as statement_uploads
from treasury.statements.forms import ChooseAccountForm, UploadForm
from treasury.statements.importing import NoAccountInCurrency
from treasury.statements.models import StatementUpload
from treasury.statements.pages import is_long, upload_or_404
from treasury.statements.reading import sketch
from treasury.statements.uploads import Look
from treasury.statements.values import AmbiguousDates, Assumptions, ColumnsUnknown, UnsignedAmounts

blueprint = Blueprint("statements", __name__, url_prefix="/treasury/statements")
blueprint.context_processor(page_context)

SAMPLES = ("releve-octobre-2005.ofx", "releve-novembre-2005.csv")
"""Statements of the demonstration, to try the import with."""

_PAGE = 25

UNCLEAR_TABLE = (AmbiguousDates, ColumnsUnknown, UnsignedAmounts)
"""What a person answers who looks at the columns."""


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def index() -> Any:
    """The statements that came in, with what each leaves to explain."""
    account, waiting = request.args.get("account", type=row_id), request.args.get("show") == "waiting"
    page = db.paginate(
        listing.chosen(account, waiting=waiting), page=page_number(), per_page=_PAGE, error_out=False
    )
    return render_template(
        "treasury/statements.html",
        page=page,
        rows=listing.rows(page.items),
        accounts=listing.accounts(),
        account_id=account,
        waiting=waiting,
    )


@blueprint.get("/list.<any(csv,xlsx):ending>")
@requires(Permission.LEDGER_READ)
def listed(ending: str) -> Any:
    """The list as chosen, whole, to take along."""
    account, waiting = request.args.get("account", type=row_id), request.args.get("show") == "waiting"
    found = db.session.scalars(listing.chosen(account, waiting=waiting)).all()
    return file_of(bank_lines.list_of(listing.rows(found)), ending, "bank-statements")


@blueprint.get("/<int:statement_id>/lines.<any(csv,xlsx):ending>")
@requires(Permission.LEDGER_READ)
def lines(statement_id: int, ending: str) -> Any:
    """The lines of a statement to take along."""
    statement = db.session.get(BankStatement, statement_id)
    if statement is None:
        raise NotFound
    return file_of(bank_lines.lines_of(statement), ending, f"bank-statement-{statement_id}")


@blueprint.route("/import", methods=["GET", "POST"])
@requires(Permission.STATEMENT_RECONCILE)
def upload() -> Any:
    """Choose a file and its account; what is understood of it is shown before anything is imported."""
    form = UploadForm()
    if form.validate_on_submit():
        try:
            return _received(form)
        except DomainError as refused:
            refused.field = refused.field or "file"
            explain(form, refused)
    status = 422 if form.is_submitted() else 200
    samples = SAMPLES if current_app.config["TERANGA_DEMO"] else ()
    return render_template("treasury/statement_upload.html", form=form, samples=samples), status


def _received(form: UploadForm) -> Any:
    """Keep the file and show what it says: at once, or after the worker looked at a long one."""
    data = form.file.data.read()
    account = db.session.get_one(Account, int(form.account.data))  # one of those that were offered
    name = form.file.data.filename or ""
    statement_uploads.check_size(data)
    assume = form.assumptions(statement_uploads.remembered(account, data))
    long = statement_uploads.is_long(data)
    unclear = False
    if not long:
        try:
            account = _meant(data, name, account, assume)
        except UNCLEAR_TABLE:
            unclear = sketch(data) is not None
            if not unclear:
                raise
    with transaction():
        kept = statement_uploads.keep_upload(account, data, name, assume, by=whoever_acts())
        upload_id = kept.id
        if long:
            statement_jobs.look_later(kept, reader())
    target = "statement_columns.columns" if unclear else "statements.preview"
    return redirect(url_for(target, upload_id=upload_id), 303)


def _meant(data: bytes, name: str, account: Account, assume: Assumptions) -> Account:
    """The account that was chosen, or the same one in the currency in which the file counts."""
    try:
        statement_uploads.look_at(data, name, account, assume)
    except NoAccountInCurrency as other:
        same = _same_in(account, other.currencies)
        if same is None:
            raise
        statement_uploads.look_at(data, name, same, replace(assume, currency=same.currency))
        flash(
            _("This file counts in %(currency)s: it is shown for that account.", currency=same.currency),
            "info",
        )
        return same
    return account


def _same_in(account: Account, currencies: tuple[str, ...]) -> Account | None:
    """The account of this code in the one currency named, if there is one."""
    chosen = select(Account).where(Account.code == account.code, Account.currency.in_(currencies))
    return db.session.scalar(chosen) if len(currencies) == 1 else None


@blueprint.get("/import/<int:upload_id>")
@requires(Permission.STATEMENT_RECONCILE)
def preview(upload_id: int) -> Any:
    """What the import would do; how far it is, once it was agreed to."""
    kept = upload_or_404(upload_id)
    if kept.agreed_at and kept.statement and kept.statement.complete:
        return redirect(url_for("reconciliation.workbench", statement_id=kept.statement_id))
    if kept.problem:
        tabular = bool(kept.content) and not kept.agreed_at and _tabular(kept)
        return render_template("treasury/statement_problem.html", upload=kept, tabular=tabular)
    look = _look(kept)
    if kept.agreed_at or look is None:
        return render_template("treasury/statement_progress.html", upload=kept, statement=kept.statement)
    return _shown(kept, look, ChooseAccountForm())


def _look(kept: StatementUpload) -> Look | None:
    if is_long(kept):
        return statement_uploads.kept_look(kept)
    return statement_uploads.look_again(kept)


def _tabular(kept: StatementUpload) -> bool:
    try:
        return sketch(statement_uploads.content_of(kept)) is not None
    except DomainError:
        return False


def _shown(kept: StatementUpload, look: Look, form: ChooseAccountForm) -> Any:
    form.bank_account.choices = as_choices((one, one) for one in look.choices)
    if not form.is_submitted():
        form.bank_account.data = continuity.usual_number(kept.account, look.choices)
    status = 422 if form.errors else 200
    return render_template("treasury/statement_preview.html", upload=kept, look=look, form=form), status


@blueprint.post("/import/<int:upload_id>")
@requires(Permission.STATEMENT_RECONCILE)
def confirm_import(upload_id: int) -> Any:
    """Say which account of the file is meant, or import it as it was shown."""
    kept = upload_or_404(upload_id)
    look = _look(kept) if not kept.agreed_at else None
    if look and look.choices:
        return _chosen(kept, look)
    with transaction():
        kept = upload_or_404(upload_id)
        statement_uploads.agree(kept, by=whoever_acts())
        if long := is_long(kept):
            statement_jobs.import_later(kept, reader())
    statement_id = None if long else statement_jobs.import_upload(upload_id)
    if statement_id is None:
        return redirect(url_for("statements.preview", upload_id=upload_id), 303)
    lines = db.session.scalar(
        select(func.count()).select_from(StatementLine).where(StatementLine.statement_id == statement_id)
    )
    if not lines or (look and not look.new):
        flash(_("Every line of this file was here already."), "info")
    else:
        flash(ngettext("%(num)s line is here.", "%(num)s lines are here.", lines), "good")
    return redirect(url_for("reconciliation.workbench", statement_id=statement_id))


def _chosen(kept: StatementUpload, look: Look) -> Any:
    form = ChooseAccountForm()
    form.bank_account.choices = as_choices((one, one) for one in look.choices)
    if not form.validate_on_submit():
        return _shown(kept, look, form)
    with transaction():
        kept = upload_or_404(kept.id)
        statement_uploads.choose_account(kept, form.bank_account.data)
        if is_long(kept):
            statement_jobs.look_later(kept, reader())
    return redirect(url_for("statements.preview", upload_id=kept.id), 303)


@blueprint.post("/import/<int:upload_id>/discard")
@requires(Permission.STATEMENT_RECONCILE)
def discard(upload_id: int) -> Any:
    """Let go of a file that is not to be imported."""
    with transaction():
        statement_uploads.discard(upload_or_404(upload_id))
    return redirect(url_for("statements.upload"), 303)


@blueprint.post("/<int:statement_id>/withdraw")
@requires(Permission.STATEMENT_RECONCILE)
def withdraw(statement_id: int) -> Any:
    """Take a file back that should not have come in, with the reason."""
    reason = request.form.get("reason", "").strip()[:300]
    if not reason:
        flash(_("Say why it is taken back."), "error")
        return redirect(url_for("reconciliation.workbench", statement_id=statement_id))
    with transaction():
        statement = db.session.get(BankStatement, statement_id)
        if statement is None:
            raise NotFound
        count = withdrawing.withdraw(statement, reason, by=whoever_acts())
    flash(ngettext("%(num)s line was taken back.", "%(num)s lines were taken back.", count), "info")
    return redirect(url_for("statements.index"), 303)


@blueprint.get("/samples/<name>")
@requires(Permission.STATEMENT_RECONCILE)
def sample(name: str) -> Any:
    """A statement of the demonstration, to try the import with."""
    if name not in SAMPLES or not current_app.config["TERANGA_DEMO"]:
        raise NotFound
    return send_from_directory(
        current_app.root_path + "/demonstration/samples", name, as_attachment=True, mimetype="text/plain"
    )
