"""The books as pages: what is there, whose it is, what waits, and from each figure to its postings."""

import csv
import io
from collections.abc import Iterable
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for
from flask_sqlalchemy.pagination import Pagination

from access.policy import Permission
from shared.clock import today
from shared.database import db
from shared.forms import reader
from shared.i18n import _
from shared.money import EXPONENTS
from shared.web import page_number, requires
from treasury import approvals, attention_actions, queries
from treasury.books import verification, vouchers
from treasury.books.forms import DocumentForm
from treasury.cards import refunds
from treasury.funds import commitments, standings
from treasury.models import FundKind
from treasury.pages import page_context
from treasury.paper import outlived
from treasury.reports import answers, journal_queries, overview, trails
from treasury.reports.journal_queries import JournalPages, PostingPages, Which
from treasury.wording import ACCOUNT_KINDS

blueprint = Blueprint("treasury", __name__, url_prefix="/treasury")
blueprint.context_processor(page_context)

_PAGE = 50
_LATEST = 6
_SHOWN_FUNDS = 5


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def home() -> Any:
    """What there is tonight, what it may pay, what is late, what comes, and what waits for somebody."""
    books = overview.overview(today(), reader())
    held = sorted(
        (row for row in books.holdings if row.balance),
        key=lambda row: (row.currency, -row.available),
    )
    return render_template(
        "treasury/home.html",
        books=books,
        funds=standings.told(held[:_SHOWN_FUNDS]),
        more_funds=len(held) - _SHOWN_FUNDS,
        most=_most((row.currency, row.balance) for row in held),
        uses=overview.USES,
        topics=answers.TOPICS,
        waiting=approvals.waiting(),
        attention=attention_actions.listed(),
        outlived=outlived.outlived(),
        waiting_refunds=refunds.waiting_refunds(),
        latest=db.session.scalars(journal_queries.entries().limit(_LATEST)).all(),
    )


def _most(balances: Iterable[tuple[str, int]]) -> dict[str, int]:
    """The largest fund of each currency: the whole length of a bar."""
    most: dict[str, int] = {}
    for currency, minor in balances:
        most[currency] = max(most.get(currency, 1), abs(minor))
    return most


@blueprint.get("/cash/<currency>")
@requires(Permission.LEDGER_READ)
def cash(currency: str) -> Any:
    """What we have in one currency: on which accounts, in which funds, by which postings."""
    which = Which(currency=currency if currency in EXPONENTS else "?", counted="at_hand")
    return _postings(
        which,
        title=_("What we have in %(currency)s", currency=currency),
        address=lambda page: url_for("treasury.cash", currency=currency, page=page),
        groups=("account", "fund"),
    )


@blueprint.get("/funds")
@requires(Permission.LEDGER_READ)
def funds() -> Any:
    """Every fund and what it holds; those of some kinds, in one currency, when the address names them.

    A currency that only passed through a fund is left out.
    """
    kinds = [one for one in FundKind if one.value in request.args.getlist("kind")]
    currency = request.args.get("currency", "")
    every = standings.standings()
    holding = {one.fund.id for one in every if one.balance or one.committed}
    rows = [
        one
        for one in every
        if (one.balance or one.committed or one.fund.id not in holding)
        and (not kinds or one.fund.kind in kinds)
        and currency in ("", one.balance.currency)
    ]
    most = _most((row.balance.currency, row.balance.minor) for row in rows)
    return render_template("treasury/funds.html", funds=rows, most=most, kinds=kinds, currency=currency)


@blueprint.get("/funds/<path:code>")
@requires(Permission.LEDGER_READ)
def fund(code: str) -> Any:
    """One fund: what it holds, what came in and went out, by which postings."""
    found = journal_queries.fund(code)
    account = request.args.get("account", "")[:20]
    return _postings(
        Which(fund_id=found.id, code=account, counted="" if account else "balance"),
        title=found.name,
        address=lambda page: url_for("treasury.fund", code=code, account=account or None, page=page),
        groups=("account",),
        fund=found,
        account_code=account,
        every_share=journal_queries.shares(Which(fund_id=found.id)),
        standings=standings.standings_of(found),
        overdrafts=standings.overdrafts_of(found),
        commitments=commitments.outstanding(found.id),
        keeper=standings.keeper(found),
    )


@blueprint.get("/accounts/<code>")
@requires(Permission.LEDGER_READ)
def account(code: str) -> Any:
    """One account in one currency: its balance, by fund, and its postings."""
    found = journal_queries.account(code, request.args.get("currency", "")[:3])
    return _postings(
        Which(code=code, currency=found.currency),
        title="",
        address=lambda page: url_for("treasury.account", code=code, currency=found.currency, page=page),
        groups=("fund",),
        account=found,
        currencies=journal_queries.currencies_of(code),
    )


def _postings(which: Which, *, title: str, address: Any, groups: tuple[str, ...], **more: Any) -> Any:
    listed = PostingPages(which=which, page=page_number(), per_page=_PAGE, error_out=False)
    return render_template(
        "treasury/postings.html",
        title=title,
        page=listed,
        url_of=address,
        groups=groups,
        totals=journal_queries.totals(which),
        shares=journal_queries.shares(which),
        **{
            "fund": None,
            "account": None,
            "account_code": "",
            "every_share": [],
            "currencies": [],
            "standings": [],
            **more,
        },
    )


@blueprint.get("/entries/<int:entry_id>")
@requires(Permission.LEDGER_READ)
def entry(entry_id: int) -> Any:
    """One entry: its postings, who wrote and approved it, its place in the chain, what it came from."""
    trail = trails.trail(entry_id)
    return render_template(
        "treasury/entry.html",
        trail=trail,
        documents=trail.documents,
        document_form=DocumentForm(),
        intent=commitments.intended(trail.entry),
        promises=commitments.payable(trail.entry),
    )


@blueprint.get("/journal")
@requires(Permission.LEDGER_READ)
def journal() -> Any:
    """Every posted entry, the last first."""
    text = request.args.get("q", "").strip()[:100]
    page: Pagination = JournalPages(page=page_number(), per_page=_PAGE, error_out=False)
    if text:
        chosen = journal_queries.found(text)
        page = db.paginate(chosen, page=page_number(), per_page=_PAGE, error_out=False)
    return render_template("treasury/journal.html", page=page, text=text)


@blueprint.get("/trial-balance")
@requires(Permission.LEDGER_READ)
def trial_balance() -> Any:
    """Every account with its balance; each currency's column adds up to zero."""
    rows = queries.trial_balance()
    by_currency: dict[str, list[queries.BalanceRow]] = {}
    for row in rows:
        by_currency.setdefault(row.balance.currency, []).append(row)
    return render_template("treasury/trial_balance.html", by_currency=by_currency, kinds=ACCOUNT_KINDS)


@blueprint.get("/trial-balance.csv")
@requires(Permission.LEDGER_READ)
def trial_balance_csv() -> Any:
    """The trial balance for a spreadsheet: plain decimals, debit positive."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(["code", "name", "kind", "balance", "currency"])
    for row in queries.trial_balance():
        table.writerow([row.code, row.name, row.kind.value, row.balance.decimal(), row.balance.currency])
    headers = {"Content-Disposition": "attachment; filename=trial-balance.csv"}
    return Response("\ufeff" + out.getvalue(), mimetype="text/csv", headers=headers)


@blueprint.get("/check")
@requires(Permission.AUDIT_READ)
def check() -> Any:
    """The whole journal walked: every invariant and the chain of hashes recomputed."""
    return render_template("treasury/check.html", verdict=verification.check())


@blueprint.get("/vouchers-missing")
@requires(Permission.LEDGER_READ)
def vouchers_missing() -> Any:
    """What people wrote as spent without a document."""
    listed = db.paginate(vouchers.missing(), page=page_number(), per_page=_PAGE, error_out=False)
    return render_template("treasury/vouchers_missing.html", page=listed)
