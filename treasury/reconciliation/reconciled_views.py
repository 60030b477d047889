"""Books and bank on a day and what is between them; closing a statement; what the bank's words mean."""

from datetime import date
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from sqlalchemy import select
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from access.policy import Permission
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, MoneyField, explain
from shared.i18n import _, _l, show_date
from shared.web import requires
from treasury.models import Account, BankStatement, Posting
from treasury.pages import page_context, whoever_acts
from treasury.reconciliation import differences, habits, proposals, reconciled, reconciled_report
from treasury.reconciliation.models import PostingOffset, StatementClosing
from treasury.reconciliation.names import name_words
from treasury.reconciliation.values import Habit, HabitKind
from treasury.reports.files import file_of
from treasury.statements import continuity

blueprint = Blueprint("reconciled", __name__, url_prefix="/treasury/reconciled")
blueprint.context_processor(page_context)

_MOST_LINES = 200


class ClosingForm(Form):
    """What the bank held at the end of the statement."""

    balance = MoneyField(_l("Balance at the bank on that day"))


class ReopenForm(Form):
    """Why a closed statement is opened again."""

    reason = StringField(_l("Reason"), [DataRequired(), Length(max=300)])


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def index() -> Any:
    """Every account that has statements, as of its last line."""
    rows = [
        (reconciled.standing(account, day), reconciled.reconciled_to(account))
        for account, day in reconciled.accounts()
    ]
    return render_template("treasury/reconciled.html", rows=rows)


@blueprint.get("/<int:account_id>")
@requires(Permission.LEDGER_READ)
def account(account_id: int) -> Any:
    """One account on a day (its last line's unless another is asked for), or at the end of a statement."""
    found = _account(account_id)
    statement = _statement_of(found, request.args.get("statement", "", str))
    day = reconciled.last_day(statement) if statement else _day(request.args.get("on", ""))
    return _account_page(found, statement, day)


@blueprint.get("/<int:account_id>/file.<ending>")
@requires(Permission.LEDGER_READ)
def download(account_id: int, ending: str) -> Any:
    """The account on a day, to keep: ``pdf``, ``xlsx`` or ``csv``."""
    found = _account(account_id)
    day = _day(request.args.get("on", "")) or _last_day(found)
    report = reconciled_report.report(found, day)
    return file_of(report, ending, f"books-and-bank-{found.code}-{found.currency.lower()}")


def _account_page(
    found: Account,
    statement: BankStatement | None,
    day: date | None,
    form: ClosingForm | None = None,
    status: int = 200,
) -> Any:
    day = day or _last_day(found)
    standing = reconciled.standing(found, day)
    transit = reconciled.money_in_transit(found, day)
    page = render_template(
        "treasury/reconciled_account.html",
        account=found,
        statement=statement,
        day=day,
        standing=standing,
        transit=transit,
        cancelling=differences.reversals_among(transit),
        unknown=reconciled.lines_unknown(found, day, _MOST_LINES),
        offsets=differences.offsets(found, _MOST_LINES),
        breaks=continuity.breaks(found),
        closings=reconciled.closings(found),
        closed=reconciled.closing_of(statement.id) if statement else None,
        waiting=reconciled.lines_waiting(found, day) if statement else 0,
        form=form or ClosingForm(formdata=None, balance=standing.bank),
        reopening=ReopenForm(formdata=None),
    )
    return page, status


@blueprint.post("/statements/<int:statement_id>/close")
@requires(Permission.STATEMENT_RECONCILE)
def close(statement_id: int) -> Any:
    """Close a statement: its lines and links are locked."""
    statement = _statement(statement_id)
    form = ClosingForm()
    form.balance.currency = statement.account.currency
    if form.validate_on_submit():
        try:
            with transaction():
                statement = _statement(statement_id)
                closing = reconciled.close(statement, form.balance.amount, by=whoever_acts())
                day = closing.reconciled_to
            flash(_("Closed. The account is reconciled to %(day)s.", day=show_date(day, "medium")), "good")
            return redirect(url_for("reconciled.account", account_id=_statement(statement_id).account_id))
        except DomainError as refused:
            refused.field = refused.field or "balance"
            explain(form, refused)
    statement = _statement(statement_id)
    return _account_page(statement.account, statement, reconciled.last_day(statement), form, 422)


@blueprint.post("/closings/<int:closing_id>/reopen")
@requires(Permission.ENTRY_APPROVE)
def reopen(closing_id: int) -> Any:
    """Unlock a closed statement, by somebody else than who closed it."""
    form = ReopenForm()
    closing = db.session.get(StatementClosing, closing_id)
    if closing is None:
        raise NotFound
    account_id = closing.statement.account_id
    if not form.validate_on_submit():
        flash(_("Say why it is opened again."), "error")
    else:
        with transaction():
            closing = db.session.get_one(StatementClosing, closing_id)
            reconciled.reopen(closing, (form.reason.data or "").strip(), by=whoever_acts())
        flash(_("Open again: its lines can be matched otherwise."), "info")
    return redirect(url_for("reconciled.account", account_id=account_id))


@blueprint.post("/<int:account_id>/cancel-out")
@requires(Permission.STATEMENT_RECONCILE)
def cancel_out(account_id: int) -> Any:
    """Say that an entry and its reversal cancel each other and never show at the bank."""
    with transaction():
        pair = [db.session.get(Posting, request.form.get(name, 0, int)) for name in ("posting", "other")]
        if None in pair or any(one and one.account_id != account_id for one in pair):
            raise NotFound
        mine, theirs = (one for one in pair if one)
        differences.cancel_out(mine, theirs, by=whoever_acts())
    flash(_("They cancel each other and wait no more."), "good")
    return redirect(url_for("reconciled.account", account_id=account_id))


@blueprint.post("/offsets/<int:offset_id>/undo")
@requires(Permission.STATEMENT_RECONCILE)
def undo_offset(offset_id: int) -> Any:
    """Take back that two postings cancel each other."""
    with transaction():
        offset = db.session.get(PostingOffset, offset_id)
        if offset is None:
            raise NotFound
        account_id = offset.posting.account_id
        differences.undo_offset(offset, by=whoever_acts())
    flash(_("Undone. Both wait for the bank again."), "info")
    return redirect(url_for("reconciled.account", account_id=account_id))


@blueprint.get("/<int:account_id>/habits")
@requires(Permission.LEDGER_READ)
def habits_of(account_id: int) -> Any:
    """What confirmed links taught of how the bank writes each payer."""
    found = _account(account_id)
    text = request.args.get("q", "").strip()[:100]
    wanted = set(name_words(text))
    learnt = [
        one
        for one in habits.learnt(found)
        if text.casefold() in f"{one.habit.name} {one.habit.wording}".casefold()
        or (wanted and wanted <= set(name_words(f"{one.habit.name} {one.habit.wording}")))
    ]
    return render_template(
        "treasury/habits.html", account=found, learnt=learnt[:_MOST_LINES], text=text, count=len(learnt)
    )


@blueprint.post("/<int:account_id>/habits/forget")
@requires(Permission.STATEMENT_RECONCILE)
def forget(account_id: int) -> Any:
    """What was taught of one wording counts no more."""
    try:
        kind = HabitKind(request.form.get("kind", ""))
    except ValueError:
        raise NotFound from None
    habit = Habit(request.form.get("wording", "")[:300], request.form.get("name", "")[:200], 1, kind)
    with transaction():
        found = _account(account_id)
        habits.forget(found, habit, by=whoever_acts())
        proposals.out_of_date(found.id)
    flash(_("Forgotten. What you confirm from now on teaches again."), "info")
    return redirect(url_for("reconciled.habits_of", account_id=account_id))


def _account(account_id: int) -> Account:
    found = db.session.get(Account, account_id)
    if found is None:
        raise NotFound
    return found


def _statement(statement_id: int) -> BankStatement:
    found = db.session.get(BankStatement, statement_id)
    if found is None:
        raise NotFound
    return found


def _statement_of(account: Account, key: str) -> BankStatement | None:
    if not (key.isascii() and key.isdigit() and len(key) < 15):
        return None
    chosen = select(BankStatement).where(BankStatement.id == int(key), BankStatement.account_id == account.id)
    return db.session.scalar(chosen)


def _last_day(account: Account) -> date:
    """The day of the account's last line; today where it has none."""
    return next((last for one, last in reconciled.accounts() if one.id == account.id), today())


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
