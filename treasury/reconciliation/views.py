"""The bank's lines matched: each with what it may be and why, one by one or a page of sure ones together."""

from typing import Any

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from access.policy import Permission
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import reader
from shared.i18n import _, ngettext
from shared.money import Money
from shared.web import page_number, requires, row_id
from treasury import chart
from treasury.forms import LineEntryForm
from treasury.models import Account, BankStatement, LineEntry, Posting, ReconciliationLink, StatementLine
from treasury.pages import page_context, whoever_acts
from treasury.reconciliation import (
    differences,
    habits,
    open_money,
    proposals,
    reconciled,
    searching,
    standing_references,
    taking_back,
)
from treasury.reconciliation import links as reconciliation
from treasury.reconciliation.proposals import Standing
from treasury.reconciliation.values import Proposal, Reason
from treasury.reports import journal_queries
from treasury.statements import continuity, withdrawing
from treasury.statements import importing as statement_import

blueprint = Blueprint("reconciliation", __name__, url_prefix="/treasury/statements")
blueprint.context_processor(page_context)

_PAGE = 40
_SURE_PAGE = 100


@blueprint.get("/<int:statement_id>")
@requires(Permission.LEDGER_READ)
def workbench(statement_id: int) -> Any:
    """The lines of a statement: those that wait with what each may be, the sure ones together, or all."""
    statement = _statement(statement_id)
    if not statement.complete:
        return render_template("treasury/statement_progress.html", upload=None, statement=statement)
    standing = _up_to_date(statement.account)
    statement = _statement(statement_id)
    counts = _counts(statement)
    show = request.args.get("show", "")
    listed = db.paginate(
        _listed(statement, show),
        page=page_number(),
        per_page=_SURE_PAGE if show == "sure" else _PAGE,
        error_out=False,
        count=False,
    )
    matched = None if show == "all" else _just_matched(statement_id, listed.items)
    listed.total = counts[{"sure": "sure", "all": "total"}.get(show, "undecided")]
    return render_template(
        "treasury/workbench.html",
        statement=statement,
        show=show,
        page=listed,
        standing=standing,
        gap=statement_import.gap(statement),
        rejected=statement_import.rejected_rows(statement),
        matched=matched,
        joint=continuity.break_of(statement),
        closing=reconciled.closing_of(statement_id),
        stays=withdrawing.what_rests_on(statement),
        **counts,
        **_known_of(statement.account, [*listed.items, *filter(None, [matched])]),
    )


def _just_matched(statement_id: int, listed: list[StatementLine]) -> StatementLine | None:
    """The line that was matched a moment ago: shown once more, so that a slip is undone with one key."""
    line_id = request.args.get("matched", 0, int)
    found = db.session.get(StatementLine, line_id) if line_id else None
    return found if found and found.statement_id == statement_id and found not in listed else None


def _counts(statement: BankStatement) -> dict[str, int]:
    """How many lines the statement has, how many links do not explain whole, how many have a sure match."""
    total, undecided, sure = db.session.execute(
        select(
            _lines(statement.id, func.count(), undecided=False).scalar_subquery(),
            _lines(statement.id, func.count(), undecided=True).scalar_subquery(),
            _count(proposals.sure_lines(statement.account, statement.id)).scalar_subquery(),
        )
    ).one()
    return {"total": total, "undecided": undecided, "sure": sure}


def _up_to_date(account: Account) -> Standing:
    """Have proposals made that are as of now: at once for a small account, by a job for a large one."""
    standing = proposals.standing(account)
    if standing.fresh or standing.on_its_way:
        return standing
    if standing.large:
        with transaction():
            proposals.ask(account, standing)
        return standing
    compared = proposals.compare(account)
    with transaction():
        return proposals.keep(compared)


def _count(chosen: Any) -> Any:
    return select(func.count()).select_from(chosen.order_by(None).subquery())


def _listed(statement: BankStatement, show: str) -> Any:
    if show == "sure":
        sure = proposals.sure_lines(statement.account, statement.id).order_by(None)
        chosen = select(StatementLine).where(StatementLine.id.in_(sure))
    else:
        chosen = _lines(statement.id, StatementLine, undecided=show != "all")
    return chosen.order_by(StatementLine.dated_on, StatementLine.id)


def _known_of(account: Account, lines: list[StatementLine]) -> dict[str, Any]:
    """What a page needs to know of the lines it shows, and of no others."""
    ids = [line.id for line in lines]
    offers = proposals.offers(account, ids)
    found = {line.id: offers.of(line.id) for line in lines if line.id in offers.left}
    puzzling = [line for line in lines if found.get(line.id) == []]
    unsure = [line for line in lines if line.id in found and not any(one.sure for one in found[line.id])]
    quoted = standing_references.quoted(unsure)
    return {
        "offers": offers,
        "links": journal_queries.live_links(ids),
        "waiting": _drafts(ids),
        "before": habits.written_before(account, puzzling),
        "quoted": quoted,
        "recorded_perhaps": {key for key in quoted if any(_same_amount(one) for one in found[key])},
        "most_written_off": differences.cap(account.currency),
        "written_off_to": differences.NAMED,
    }


def _same_amount(offer: Proposal) -> bool:
    return any(reason.code == "amount" for reason in offer.reasons)


def _lines(statement_id: int, what: Any, *, undecided: bool) -> Any:
    """Of a statement's lines, all or those that links do not explain whole."""
    chosen = select(what).select_from(StatementLine).where(StatementLine.statement_id == statement_id)
    return chosen.where(open_money.line_left() != 0) if undecided else chosen


def _statement(statement_id: int) -> BankStatement:
    found = db.session.scalar(
        select(BankStatement)
        .where(BankStatement.id == statement_id)
        .options(joinedload(BankStatement.account))
    )
    if found is None:
        raise NotFound
    return found


def _drafts(line_ids: list[int]) -> dict[int, int]:
    """Of these lines, those from which an entry was drafted: line → entry."""
    rows = db.session.execute(
        select(LineEntry.line_id, LineEntry.entry_id).where(LineEntry.line_id.in_(line_ids))
    )
    return {row.line_id: row.entry_id for row in rows}


@blueprint.post("/<int:statement_id>/accept")
@requires(Permission.STATEMENT_RECONCILE)
def accept(statement_id: int) -> Any:
    """Confirm the sure proposals that were on the page."""
    statement = _statement(statement_id)
    seen = {_pair(one) for one in request.form.getlist("pair")}
    if len(seen) > _SURE_PAGE:
        abort(400)
    _up_to_date(statement.account)
    with transaction():
        account = db.session.get_one(Account, statement.account_id)
        made = len(reconciliation.accept_sure(account, by=whoever_acts(), seen=seen))
    flash(ngettext("%(num)s line is matched.", "%(num)s lines are matched.", made), "good")
    more = _counts(_statement(statement_id))["sure"]
    return redirect(
        url_for("reconciliation.workbench", statement_id=statement_id, show="sure" if more else None)
    )


def _pair(text: str) -> tuple[int, int]:
    line, _dash, posting = text.partition("-")
    return _number(line), _number(posting)


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 15):
        abort(400)
    return int(text)


@blueprint.get("/lines/<int:line_id>")
@requires(Permission.LEDGER_READ)
def line(line_id: int) -> Any:
    """One bank line: every proposal, a search among all that is open, and an entry of its own."""
    return _line_page(journal_queries.line(line_id))


def _line_page(
    found: StatementLine, form: LineEntryForm | None = None, problem: str = "", status: int = 200
) -> Any:
    line_id = found.id
    standing = _up_to_date(db.session.get_one(Account, found.account_id))
    found = journal_queries.line(line_id)
    account = db.session.get_one(Account, found.account_id)
    text = request.args.get("q", "").strip()[:100]
    known = _known_of(account, [found])
    left = known["offers"].left.get(found.id)
    page = render_template(
        "treasury/line.html",
        line=found,
        standing=standing,
        drafted=db.session.get(LineEntry, found.id),
        text=text,
        others=searching.others(account, found, left.amount, text) if left else [],
        most=searching.SHOWN,
        asked=searching.asked(account, text),
        form=form or _entry_form(found),
        problem=problem,
        typed=request.form.get("amount", ""),
        ticked=request.form.getlist("posting"),
        closing=reconciled.closing_of(found.statement_id),
        **known,
    )
    return page, status


def _entry_form(found: StatementLine) -> LineEntryForm:
    """Money out without a counterpart is a fee, most likely; whose money in is, somebody has to find out."""
    likely = chart.SUSPENSE if found.amount_minor > 0 else chart.BANK_FEES
    return LineEntryForm(formdata=None, narration=found.name or found.memo, account_code=likely)


@blueprint.post("/lines/<int:line_id>/confirm")
@requires(Permission.STATEMENT_RECONCILE)
def confirm(line_id: int) -> Any:
    """Say that a line is the posting (or the postings) of one proposal, or those that were chosen."""
    found = journal_queries.line(line_id)
    ticked = request.form.getlist("posting")
    keys = list(dict.fromkeys(_number(one) for ticks in ticked for one in ticks.split(",")))
    typed = request.form.get("amount", "").strip()
    if not keys:
        return _line_page(found, problem=_("Choose at least one."), status=422)
    if typed and len(ticked) > 1:
        return _line_page(found, problem=_("A part is of one: tick only that one."), status=422)
    reasons = _shown_reasons(found, keys)
    try:
        with transaction():
            bank_line = journal_queries.line(line_id)
            part = Money.parse(typed, bank_line.currency, reader()) if typed else None
            if part is not None and bank_line.amount_minor < 0:
                part = -part
            if part is not None:
                reconciliation.must_have_left(bank_line, request.form.get("left", -1, type=row_id))
            reconciliation.settle(bank_line, keys, reasons, part, by=whoever_acts())
    except DomainError as refused:
        if isinstance(refused, NotFound):
            raise
        return _line_page(journal_queries.line(line_id), problem=refused.sentence(), status=refused.status)
    return _next(found)


def _posting(key: int) -> Posting:
    posting = db.session.get(Posting, key)
    if posting is None:
        raise NotFound
    return posting


def _shown_reasons(found: StatementLine, keys: list[int]) -> list[Reason]:
    """The reasons of the proposal that is confirmed; a person's own choice has one of its own."""
    offers = proposals.offers(db.session.get_one(Account, found.account_id), [found.id])
    for one in offers.of(found.id):
        if set(keys) == set(offers.postings(one)):
            return [reason for reason in one.reasons if reason.code != "rival"]
    return [Reason("chosen")]


@blueprint.post("/lines/<int:line_id>/difference")
@requires(Permission.ENTRY_RECORD)
def write_off(line_id: int) -> Any:
    """Match a line with a posting and write off the small difference; somebody else approves it."""
    found = journal_queries.line(line_id)
    key = _number(request.form.get("posting", ""))
    reasons = tuple(_shown_reasons(found, [key]))
    with transaction():
        bank_line = journal_queries.line(line_id)
        differences.settle_with_difference(
            bank_line,
            _posting(key),
            request.form.get("account", ""),
            _("Difference: %(text)s", text=bank_line.name or bank_line.memo)[:200],
            reasons,
            by=whoever_acts(),
        )
    flash(_("Matched. The difference is written off when somebody else approves it."), "good")
    return _next(found)


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


@blueprint.post("/lines/<int:line_id>/quoted")
@requires(Permission.ENTRY_RECORD)
def record_quoted(line_id: int) -> Any:
    """Record what a line brought for what its reference stands for; somebody else approves it."""
    found = journal_queries.line(line_id)
    try:
        with transaction():
            standing_references.record_quoted(journal_queries.line(line_id), by=whoever_acts())
    except reconciliation.AlreadyDrafted as known:
        flash(known.sentence(), "info")
    else:
        flash(_("Recorded. Somebody else approves it; then the line is matched."), "good")
    return _next(found)


@blueprint.post("/lines/<int:line_id>/entry")
@requires(Permission.ENTRY_RECORD)
def record_line(line_id: int) -> Any:
    """Draft the entry that a line without a counterpart needs."""
    found = journal_queries.line(line_id)
    form = LineEntryForm()
    if not form.validate_on_submit():
        return _line_page(found, form, status=422)
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
        with_draft = taking_back.take_back(link, by=whoever_acts())
        found = link.line
        line_id, statement_id = found.id, found.statement_id
    flash(_("Undone. The line waits again."), "info")
    if with_draft:
        flash(_("The draft of its difference was thrown away."), "info")
    return redirect(url_for("reconciliation.workbench", statement_id=statement_id, _anchor=f"line-{line_id}"))


def _next(found: StatementLine) -> Any:
    """Back to the statement, at the page and the next line that wait."""
    statement_id, day, line_id = found.statement_id, found.dated_on, found.id
    open_ones = _lines(statement_id, StatementLine.id, undecided=True)
    later = (StatementLine.dated_on > day) | ((StatementLine.dated_on == day) & (StatementLine.id > line_id))
    following = db.session.scalar(
        open_ones.where(
            later, ~select(LineEntry.line_id).where(LineEntry.line_id == StatementLine.id).exists()
        )
        .order_by(StatementLine.dated_on, StatementLine.id)
        .limit(1)
    )
    before = db.session.scalar(_count(open_ones.where(~later))) or 0
    page = before // _PAGE + 1 if following else 1
    return redirect(
        url_for(
            "reconciliation.workbench",
            statement_id=statement_id,
            page=page if page > 1 else None,
            matched=line_id,
            _anchor=f"line-{following}" if following else "workbench",
        )
    )
