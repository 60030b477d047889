"""The bank's lines matched: each with what it may be and why, one by one or all the sure ones together."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import joinedload

from access.policy import Permission
from shared.database import db, transaction
from shared.errors import NotFound
from shared.i18n import _, ngettext
from shared.web import page_number, requires
from treasury import journal_queries, open_money, reconciliation, statement_import
from treasury.forms import LineEntryForm
from treasury.matching_values import Reason
from treasury.models import Account, BankStatement, LineEntry, Posting, ReconciliationLink, StatementLine
from treasury.pages import page_context, whoever_acts
from treasury.reconciliation import Workbench

blueprint = Blueprint("reconciliation", __name__, url_prefix="/treasury/statements")
blueprint.context_processor(page_context)

_PAGE = 40
_SHOWN = 30


@blueprint.get("/<int:statement_id>")
@requires(Permission.LEDGER_READ)
def workbench(statement_id: int) -> Any:
    """The lines of a statement, each with what it may be and why."""
    statement = _statement(statement_id)
    if not statement.complete:
        return render_template("treasury/statement_progress.html", upload=None, statement=statement)
    everything = request.args.get("show") == "all"
    bench = reconciliation.workbench(statement.account)
    undecided = set(db.session.scalars(_lines(statement_id, StatementLine.id, undecided=True)))
    chosen = _lines(statement_id, StatementLine, undecided=not everything)
    listed = db.paginate(
        chosen.order_by(StatementLine.dated_on, StatementLine.id),
        page=page_number(),
        per_page=_PAGE,
        error_out=False,
    )
    return render_template(
        "treasury/workbench.html",
        statement=statement,
        everything=everything,
        page=listed,
        total=db.session.scalar(_lines(statement_id, func.count(), undecided=False)) or 0,
        bench=bench,
        left={int(line.key): line.amount for line in bench.lines},
        sure=[pair for pair in bench.sure() if pair[0] in undecided],
        undecided=len(undecided),
        links=journal_queries.live_links([line.id for line in listed.items]),
        waiting=_drafts(statement),
        gap=statement_import.gap(statement),
        rejected=statement_import.rejected_rows(statement),
    )


def _lines(statement_id: int, what: Any, *, undecided: bool) -> Any:
    """Of a statement's lines, all or those that links do not explain whole."""
    chosen = select(what).select_from(StatementLine).where(StatementLine.statement_id == statement_id)
    if undecided:
        done = open_money.linked(ReconciliationLink.line_id)
        left: ColumnElement[int] = StatementLine.amount_minor - func.coalesce(done.c.minor, 0)
        chosen = chosen.outerjoin(done, done.c.id == StatementLine.id).where(left != 0)
    return chosen


def _statement(statement_id: int) -> BankStatement:
    found = db.session.scalar(
        select(BankStatement)
        .where(BankStatement.id == statement_id)
        .options(joinedload(BankStatement.account))
    )
    if found is None:
        raise NotFound
    return found


def _drafts(statement: BankStatement) -> dict[int, int]:
    """Of the statement's lines, those from which an entry was drafted: line → entry."""
    rows = db.session.execute(
        select(LineEntry.line_id, LineEntry.entry_id)
        .join(StatementLine, StatementLine.id == LineEntry.line_id)
        .where(StatementLine.statement_id == statement.id)
    )
    return {row.line_id: row.entry_id for row in rows}


@blueprint.post("/<int:statement_id>/accept")
@requires(Permission.STATEMENT_RECONCILE)
def accept(statement_id: int) -> Any:
    """Confirm every sure proposal that was on the page."""
    statement = _statement(statement_id)
    seen = {_pair(one) for one in request.form.getlist("pair")}
    with transaction():
        account = db.session.get_one(Account, statement.account_id)
        made = len(reconciliation.accept_sure(account, by=whoever_acts(), seen=seen))
    flash(ngettext("%(num)s line is matched.", "%(num)s lines are matched.", made), "good")
    return redirect(url_for("reconciliation.workbench", statement_id=statement_id))


def _pair(text: str) -> tuple[int, int]:
    line, _dash, posting = text.partition("-")
    if not (line.isascii() and line.isdigit() and posting.isascii() and posting.isdigit()):
        abort(400)
    return int(line), int(posting)


@blueprint.get("/lines/<int:line_id>")
@requires(Permission.LEDGER_READ)
def line(line_id: int) -> Any:
    """One bank line: every proposal, a search among all that is open, and an entry of its own."""
    return _line_page(journal_queries.line(line_id))


def _line_page(found: StatementLine, form: LineEntryForm | None = None, status: int = 200) -> Any:
    account = db.session.get_one(Account, found.account_id)
    bench = reconciliation.workbench(account)
    text = request.args.get("q", "").strip()[:100]
    same_way = [
        one
        for one in bench.open_money.values()
        if one.posting_id is not None and one.candidate.amount.minor * found.amount_minor > 0
    ]
    page = render_template(
        "treasury/line.html",
        line=found,
        bench=bench,
        left={int(one.key): one.amount for one in bench.lines}.get(found.id),
        links=journal_queries.live_links([found.id]).get(found.id, []),
        drafted=db.session.get(LineEntry, found.id),
        text=text,
        others=_nearest(same_way, found, text)[:_SHOWN],
        asked=_asked(account, text),
        form=form or LineEntryForm(formdata=None, narration=found.name or found.memo),
    )
    return page, status


def _nearest(
    choices: list[open_money.OpenMoney], found: StatementLine, text: str
) -> list[open_money.OpenMoney]:
    """Those that hold the words, the nearest amount and day first."""
    wanted = text.casefold()

    def said(one: open_money.OpenMoney) -> str:
        amount = one.candidate.amount.decimal()
        return " ".join(
            (one.title, one.fund, one.candidate.reference, amount, *one.candidate.names)
        ).casefold()

    def apart(one: open_money.OpenMoney) -> tuple[int, int]:
        amount = abs(one.candidate.amount.minor - found.amount_minor)
        return amount, abs((one.candidate.dated_on - found.dated_on).days)

    return sorted((one for one in choices if wanted in said(one)), key=apart)


def _asked(account: Account, text: str) -> list[open_money.OpenMoney]:
    """Payments asked for that a person searches by words."""
    if not text:
        return []
    chosen = journal_queries.payments(text).limit(_SHOWN)
    return [
        open_money.as_open_money(one)
        for one in db.session.scalars(chosen)
        if one.currency == account.currency and one.status in open_money.NOT_RECORDED
    ]


@blueprint.post("/lines/<int:line_id>/confirm")
@requires(Permission.STATEMENT_RECONCILE)
def confirm(line_id: int) -> Any:
    """Say that a line is the posting (or the postings) of one proposal, or one that was chosen."""
    found = journal_queries.line(line_id)
    keys = [_number(one) for one in request.form.getlist("posting")]
    if not keys:
        abort(400)
    reasons = _shown_reasons(
        reconciliation.workbench(db.session.get_one(Account, found.account_id)), found, keys
    )
    with transaction():
        for key in keys:
            posting = db.session.get(Posting, key)
            if posting is None:
                raise NotFound
            reconciliation.confirm(journal_queries.line(line_id), posting, reasons=reasons, by=whoever_acts())
    return _next(found)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        abort(400)
    return int(text)


def _shown_reasons(bench: Workbench, found: StatementLine, keys: list[int]) -> Any:
    """The reasons of the proposal that is confirmed; a person's own choice has one of its own."""
    for one in bench.proposals.get(found.id, []):
        if {f"posting:{key}" for key in keys} == set(one.candidate_keys):
            return [reason for reason in one.reasons if reason.code != "rival"]
    return [Reason("chosen")]


@blueprint.post("/lines/<int:line_id>/receipt")
@requires(Permission.ENTRY_RECORD)
def record_receipt(line_id: int) -> Any:
    """Record the payment that the line names; somebody else approves it."""
    found = journal_queries.line(line_id)
    with transaction():
        payment = journal_queries.payment(request.form.get("payment", "")[:40])
        try:
            reconciliation.record_receipt(journal_queries.line(line_id), payment, by=whoever_acts())
            flash(_("Recorded. Somebody else approves it; then the line is matched."), "good")
        except reconciliation.AlreadyDrafted as known:
            flash(known.sentence(), "info")
    return _next(found)


@blueprint.post("/lines/<int:line_id>/entry")
@requires(Permission.ENTRY_RECORD)
def record_line(line_id: int) -> Any:
    """Draft the entry that a line without a counterpart needs."""
    found = journal_queries.line(line_id)
    form = LineEntryForm()
    if not form.validate_on_submit():
        return _line_page(found, form, 422)
    with transaction():
        try:
            reconciliation.record_line(journal_queries.line(line_id), form.command(), by=whoever_acts())
            flash(_("Recorded. Somebody else approves it; then the line is matched."), "good")
        except reconciliation.AlreadyDrafted as known:
            flash(known.sentence(), "info")
    return _next(found)


@blueprint.post("/links/<int:link_id>/undo")
@requires(Permission.STATEMENT_RECONCILE)
def undo(link_id: int) -> Any:
    """Take back one link, and no other."""
    with transaction():
        link = db.session.get(ReconciliationLink, link_id)
        if link is None:
            raise NotFound
        reconciliation.undo(link, by=whoever_acts())
        found = link.line
        line_id, statement_id = found.id, found.statement_id
    flash(_("Undone. The line waits again."), "info")
    return redirect(url_for("reconciliation.workbench", statement_id=statement_id, _anchor=f"line-{line_id}"))


def _next(found: StatementLine) -> Any:
    """Back to the statement, at the next line that waits."""
    statement_id, day, line_id = found.statement_id, found.dated_on, found.id
    following = db.session.scalar(
        _lines(statement_id, StatementLine.id, undecided=True)
        .outerjoin(LineEntry, LineEntry.line_id == StatementLine.id)
        .where(
            LineEntry.line_id.is_(None),
            (StatementLine.dated_on > day) | ((StatementLine.dated_on == day) & (StatementLine.id > line_id)),
        )
        .order_by(StatementLine.dated_on, StatementLine.id)
        .limit(1)
    )
    anchor = f"line-{following}" if following else "workbench"
    return redirect(url_for("reconciliation.workbench", statement_id=statement_id, _anchor=anchor))
