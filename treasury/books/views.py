"""Pages about the books as a whole: the chart, money changed and what it cost, periods, the year's end."""

from datetime import date
from itertools import groupby
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for

from access.policy import Permission
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain, reader
from shared.i18n import _, show_date
from shared.web import requires
from treasury import queries
from treasury.books import exchange, frameworks, open_items, periods, rates, year_end
from treasury.books.forms import CloseForm, ConversionForm, RateForm, YearEndForm
from treasury.books.rates import NoRate
from treasury.chart import CHART
from treasury.drafting import drafted
from treasury.forms import ReasonForm, day, words
from treasury.funds.funds import default_entity
from treasury.models import Period
from treasury.pages import page_context, whoever_acts
from treasury.wording import ACCOUNT_KINDS, OPEN_PLACES, open_words

blueprint = Blueprint("books", __name__, url_prefix="/treasury")
blueprint.context_processor(page_context)
blueprint.context_processor(lambda: {"beginning": periods.BEGINNING})


@blueprint.get("/chart")
@requires(Permission.LEDGER_READ)
def chart_of_accounts() -> Any:
    """Our accounts, what stands on them, and their places in a published chart."""
    entity = default_entity()
    every = frameworks.frameworks()
    chosen = request.args.get("framework", entity.framework if entity else "")
    balances: dict[str, list[queries.BalanceRow]] = {}
    for row in queries.trial_balance():
        balances.setdefault(row.code, []).append(row)
    return render_template(
        "treasury/chart.html",
        chart=CHART,
        kinds=ACCOUNT_KINDS,
        balances=balances,
        frameworks=every,
        framework=every.get(chosen) or next(iter(every.values())),
        language=reader(),
    )


@blueprint.get("/exchange")
@requires(Permission.LEDGER_READ)
def money_changed() -> Any:
    """What was changed, at which rates, and what the differences cost, by gathering and currency."""
    by_event = [
        (event, list(rows)) for event, rows in groupby(exchange.differences(), lambda one: one.fund.event)
    ]
    return render_template(
        "treasury/exchange.html",
        by_event=by_event,
        conversions=exchange.conversions(),
        rates=dict.fromkeys([*_rates_of(today()), *map(exchange.as_rate, exchange.typed_rates()[:20])]),
        last_day=rates.last_day(),
    )


def _rates_of(on: date) -> list[rates.Rate]:
    found = []
    for base, quote in (("CAD", "XOF"), ("EUR", "XOF"), ("CAD", "EUR"), ("USD", "CAD")):
        try:
            found.append(rates.rate_on(base, quote, on))
        except NoRate:
            continue
    return found


@blueprint.route("/exchange/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def new_conversion() -> Any:
    """Record money changed; another person posts it."""
    form = ConversionForm()
    if form.validate_on_submit():
        return drafted(
            form,
            lambda: exchange.convert(form.command(), by=whoever_acts()),
            "treasury/conversion_form.html",
        )
    return _form("conversion_form", form)


@blueprint.route("/exchange/rates/new", methods=["GET", "POST"])
@requires(Permission.ENTRY_RECORD)
def new_rate() -> Any:
    """Keep a rate that was read somewhere."""
    form = RateForm()
    if form.validate_on_submit():
        try:
            with transaction():
                exchange.type_rate(form.rate(), by=whoever_acts())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The rate is kept with its source."), "good")
            return redirect(url_for("books.money_changed"))
    return _form("rate_form", form)


@blueprint.get("/periods")
@requires(Permission.LEDGER_READ)
def all_periods() -> Any:
    """Which days are closed, and what is still open before the next ones can be."""
    until = _asked_day() or today()
    return render_template(
        "treasury/periods.html",
        periods=[(one, periods.history(one)) for one in periods.periods()],
        starts=periods.next_start(),
        until=until,
        items=open_items.open_items(until),
        places=OPEN_PLACES,
        words=open_words,
        form=CloseForm(data={"day": until}),
    )


@blueprint.post("/periods/close")
@requires(Permission.ENTRY_RECORD)
def close_period() -> Any:
    """Close the books up to a day."""
    form = CloseForm()
    if form.validate_on_submit():
        try:
            with transaction():
                periods.close_until(day(form.day), words(form.reason), by=whoever_acts())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Closed: nothing dated until then is posted any more."), "good")
            return redirect(url_for("books.all_periods"))
    until = form.day.data or today()
    found = [(one, periods.history(one)) for one in periods.periods()]
    items = open_items.open_items(until)
    return _form(
        "periods",
        form,
        periods=found,
        starts=periods.next_start(),
        until=until,
        items=items,
        places=OPEN_PLACES,
        words=open_words,
    )


@blueprint.post("/periods/<int:period_id>/close")
@requires(Permission.ENTRY_RECORD)
def close_again(period_id: int) -> Any:
    """Close a period that was opened again; a refusal stands above what is still open on its last day."""
    period = _period(period_id)
    last_day = period.ends_on
    try:
        with transaction():
            periods.close(period, request.form.get("reason", "")[:300], by=whoever_acts())
    except DomainError as refused:
        flash(refused.sentence(), "error")
        return redirect(url_for("books.all_periods", day=last_day))
    flash(_("Closed: nothing dated until then is posted any more."), "good")
    return redirect(url_for("books.all_periods"))


@blueprint.route("/periods/<int:period_id>/reopen", methods=["GET", "POST"])
@requires(Permission.ENTRY_APPROVE)
def reopen_period(period_id: int) -> Any:
    """Open a closed period again, for a reason."""
    form = ReasonForm()
    if form.validate_on_submit():
        with transaction():
            periods.reopen(_period(period_id), words(form.reason), by=whoever_acts())
        flash(_("Open again: entries of these days are posted until it is closed once more."), "good")
        return redirect(url_for("books.all_periods"))
    return _form("reopen", form, period=_period(period_id))


@blueprint.post("/periods/<int:period_id>/lock")
@requires(Permission.ENTRY_APPROVE)
def lock_period(period_id: int) -> Any:
    """Lock a closed period for good."""
    with transaction():
        periods.lock(_period(period_id), by=whoever_acts())
    flash(_("Locked for good."), "good")
    return redirect(url_for("books.all_periods"))


@blueprint.get("/year-end")
@requires(Permission.LEDGER_READ)
def the_year_end() -> Any:
    """What each fund has at the year's end, and what is carried forward."""
    on = _asked_day() or date(today().year - 1, 12, 31)
    rows = year_end.at_year_end(on)
    return render_template("treasury/year_end.html", day=on, rows=rows, form=YearEndForm(data={"day": on}))


@blueprint.post("/year-end")
@requires(Permission.ENTRY_RECORD)
def carry_forward() -> Any:
    """Draft the entry that carries every fund forward."""
    form = YearEndForm()
    if form.validate_on_submit():
        try:
            with transaction():
                narration = _("Year’s end %(day)s: every fund carried forward", day=show_date(form.day.data))
                entry_id = year_end.carry_forward(day(form.day), narration, by=whoever_acts()).id
        except DomainError as refused:
            explain(form, refused)
        else:
            return redirect(url_for("treasury.entry", entry_id=entry_id))
    on = form.day.data or today()
    return _form("year_end", form, day=on, rows=year_end.at_year_end(on))


def _asked_day() -> date | None:
    try:
        return date.fromisoformat(request.args.get("day", ""))
    except ValueError:
        return None


def _period(period_id: int) -> Period:
    found = db.session.get(Period, period_id)
    if found is None:
        raise NotFound
    return found


def _form(template: str, form: Any, **more: Any) -> Any:
    page = render_template(f"treasury/{template}.html", form=form, **more)
    return page, 422 if form.errors or form.form_errors else 200
