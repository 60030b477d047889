"""Reports on the screen, as PDF, workbook and plain text; the whole journal for other programs."""

from datetime import date
from itertools import chain
from typing import Any

from flask import Blueprint, Response, render_template, request, stream_with_context
from sqlalchemy import select

from access.policy import Permission
from network.models import Organisation
from shared.clock import today
from shared.database import db
from shared.errors import NotFound
from shared.forms import reader
from shared.i18n import _l
from shared.money import EXPONENTS
from shared.web import requires, row_id
from treasury import expectations
from treasury.models import Account, Fund, Payment
from treasury.pages import page_context
from treasury.reports import exports, journal_queries
from treasury.reports.catalogue import RECIPES
from treasury.reports.files import file_of
from treasury.reports.revaluation import house_currency
from treasury.reports.values import Asked, Recipe

blueprint = Blueprint("reports", __name__, url_prefix="/treasury/reports")
blueprint.context_processor(page_context)


@blueprint.get("")
@requires(Permission.LEDGER_READ)
def index() -> Any:
    """Every report and export, each with what it tells."""
    return render_template("treasury/reports.html", recipes=RECIPES, formats=exports.FORMATS)


@blueprint.get("/<name>")
@requires(Permission.LEDGER_READ)
def show(name: str) -> Any:
    """One report, with what it was asked about."""
    recipe = _recipe(name)
    asked, missing = _asked(recipe)
    report = None if missing else recipe.make(asked)
    return render_template(
        "treasury/report.html",
        name=name,
        recipe=recipe,
        report=report,
        asked={"currency": asked.currency, **request.args},
        offers=_offers(recipe),
        query=request.query_string.decode(),
    )


@blueprint.get("/<name>/file.<ending>")
@requires(Permission.LEDGER_READ)
def download(name: str, ending: str) -> Any:
    """The same report to keep: ``pdf``, ``xlsx`` or ``csv``."""
    recipe = _recipe(name)
    asked, missing = _asked(recipe)
    if missing:
        raise NotFound
    report = recipe.make(asked)
    return file_of(report, ending, name)


@blueprint.get("/export/<form>")
@requires(Permission.LEDGER_READ)
def export(form: str) -> Any:
    """The journal in a format that other programs read."""
    if form not in exports.FORMATS:
        raise NotFound
    chosen = exports.FORMATS[form]
    span = exports.Span(year=request.args.get("year", type=_year))
    pieces = chosen.write(span)
    begun = next(pieces)  # what cannot be written is said on a page, not in the middle of a file
    headers = {"Content-Disposition": f"attachment; filename={chosen.file_name(span)}"}
    return Response(stream_with_context(chain([begun], pieces)), content_type=chosen.mime, headers=headers)


def _recipe(name: str) -> Recipe:
    if name not in RECIPES:
        raise NotFound
    return RECIPES[name]


def _asked(recipe: Recipe) -> tuple[Asked, bool]:
    """What the address asks, and whether the report lacks what it cannot do without."""
    fund = request.args.get("fund", "")[:40] if "fund" in recipe.asks else ""
    payer = request.args.get("payer", type=row_id) if "payer" in recipe.asks else None
    funder = request.args.get("funder", "")[:40] if "funder" in recipe.asks else ""
    asked = Asked(
        fund=journal_queries.fund(fund) if fund else None,
        payer_id=payer,
        funder=funder,
        currency=_currency() if "currency" in recipe.asks else "",
        since=_day("since") if "since" in recipe.asks else None,
        until=_day("until") if "until" in recipe.asks else None,
        locale=reader(),
    )
    wanted = {"fund": bool(fund), "payer": payer is not None, "funder": bool(funder)}
    return asked, any(one in wanted and not wanted[one] for one in recipe.asks)


def _currency() -> str:
    """The currency of the address; without one that we know it is the house's own."""
    asked = request.args.get("currency", "")
    return asked if asked in EXPONENTS else house_currency()


def _day(name: str) -> date | None:
    """A day of the address; one that is no day is none."""
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


def _offers(recipe: Recipe) -> dict[str, list[tuple[str, str]]]:
    """What can be chosen: funds, payers that paid something, funders."""
    offers: dict[str, list[tuple[str, str]]] = {}
    if "fund" in recipe.asks:
        funds = db.session.execute(select(Fund.code, Fund.name).order_by(Fund.code))
        offers["fund"] = [(code, f"{code} · {name}") for code, name in funds]
    if "payer" in recipe.asks:
        payers = db.session.execute(
            select(Organisation.id, Organisation.name)
            .where(Organisation.id.in_(select(Payment.payer_id).where(Payment.entry_id.is_not(None))))
            .order_by(Organisation.name)
        )
        offers["payer"] = [(str(key), name) for key, name in payers]
    if "funder" in recipe.asks:
        offers["funder"] = [(one.code, f"{one.code} · {one.name}") for one in expectations.funders()]
    if "currency" in recipe.asks:
        kept = db.session.scalars(select(Account.currency).distinct())
        offers["currency"] = [(one, one) for one in sorted({*kept, "EUR", house_currency()})]
    return offers


LABELS = {
    "fund": _l("Fund"),
    "payer": _l("Payer"),
    "funder": _l("Funder"),
    "currency": _l("In which currency"),
    "since": _l("From"),
    "until": _l("Up to"),
}


@blueprint.context_processor
def labels() -> dict[str, Any]:
    """What the fields of a question are called."""
    return {"labels": LABELS, "today": today()}


def _year(text: str) -> int:
    """A year that a calendar has. Raises `ValueError` for another."""
    return date(int(text), 1, 1).year
