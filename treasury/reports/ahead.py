"""Reports of what is not in the books yet: what is due since when, and the cash that plans leave."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from babel.dates import format_date

from shared.clock import today
from shared.i18n import _
from shared.money import Money, format_money
from treasury import expectations, queries
from treasury.expectations import Expected
from treasury.reports.books import said
from treasury.reports.values import Asked, Cell, Column, Drawing, Kind, Report, Section, by_currency

BUCKETS = (30, 60, 90)
"""Days late at which an age ends; what is older stands apart."""

MONTHS = 12
"""How far the forecast looks."""


def ageing(asked: Asked) -> Report:
    """What is due and did not come, by who owes it and for how long; what is due later is not here."""
    day = asked.until or today()
    due = [one for one in expectations.expected() if one.owed and one.amount.minor > 0 and one.due < day]
    sections = [
        _aged(currency, [one for one in due if one.amount.currency == currency], day)
        for currency in by_currency(one.amount for one in due)
    ]
    return Report(_("What is due, by age"), _("as of %(day)s", day=said(day, asked.locale)), sections)


def _aged(currency: str, due: Sequence[Expected], day: date) -> Section:
    owing: dict[str, list[Expected]] = {}
    for one in due:
        owing.setdefault(one.who, []).append(one)
    rows = [[who, *_ages(mine, currency, day)] for who, mine in sorted(owing.items())]
    first, second, third = BUCKETS
    return Section(
        title=currency,
        columns=[
            Column(_("Who")),
            Column(_("Up to %(days)s days", days=first), Kind.MONEY),
            Column(_("%(since)s to %(until)s days", since=first + 1, until=second), Kind.MONEY),
            Column(_("%(since)s to %(until)s days", since=second + 1, until=third), Kind.MONEY),
            Column(_("More than %(days)s days", days=third), Kind.MONEY),
            Column(_("Together"), Kind.MONEY),
        ],
        rows=rows,
        total=[_("Together"), *_ages(due, currency, day)],
        currency=currency,
    )


def _ages(due: Sequence[Expected], currency: str, day: date) -> list[Cell]:
    amounts = [Money.zero(currency)] * (len(BUCKETS) + 1)
    for one in due:
        late = (day - one.due).days
        at = next((n for n, most in enumerate(BUCKETS) if late <= most), len(BUCKETS))
        amounts[at] += one.amount
    return [*(one or None for one in amounts), Money.total(amounts, currency)]


@dataclass(frozen=True, slots=True)
class Month:
    """One month of a forecast: what plans bring, what may come besides, what is promised, what is left."""

    begins: date
    planned: Money
    possible: Money
    promised: Money
    balance: Money
    """At the end, if everything sure happens and nothing else."""
    best: Money
    """At the end, if everything happens."""


def months(cash: Money, expected: Sequence[Expected], day: date, count: int = MONTHS) -> list[Month]:
    """Month by month from `day`: what is late already is left out, for nobody knows when it comes."""
    found: list[Month] = []
    zero = Money.zero(cash.currency)
    sure = best = cash
    begins = day.replace(day=1)
    for _number in range(count):
        ends = (begins + timedelta(days=32)).replace(day=1)
        mine = [one for one in expected if begins <= one.due < ends and (one.due >= day or one.amount < zero)]
        planned = Money.total((one.amount for one in mine if one.sure and one.amount > zero), cash.currency)
        possible = Money.total(
            (one.amount for one in mine if not one.sure and one.amount > zero), cash.currency
        )
        promised = Money.total((-one.amount for one in mine if one.amount < zero), cash.currency)
        sure, best = sure + planned - promised, best + planned + possible - promised
        found.append(Month(begins, planned, possible, promised, sure, best))
        begins = ends
    return found


def forecast(asked: Asked) -> Report:
    """Cash month by month, from what is there, what plans bring, and what is promised to others."""
    day = asked.until or today()
    cash = {one.currency: one for one in queries.cash_by_currency()}
    every = expectations.expected()
    currencies = sorted({*cash, *(one.amount.currency for one in every)})
    sections, drawings = [], []
    for currency in currencies:
        mine = [one for one in every if one.amount.currency == currency]
        at_hand = cash.get(currency, Money.zero(currency))
        ahead = months(at_hand, mine, day)
        late = Money.total(
            (one.amount for one in mine if one.owed and one.amount.minor > 0 and one.due < day), currency
        )
        sections.append(_forecast_section(currency, at_hand, ahead, late, asked.locale))
        drawings.append(curve(currency, at_hand, ahead, asked.locale))
    note = _("Plans, pledges and commitments are intentions: only what is posted is in the books.")
    subtitle = _("from %(day)s, %(count)s months", day=said(day, asked.locale), count=MONTHS)
    return Report(_("Cash forecast"), subtitle, sections, note=note, drawings=drawings)


def _forecast_section(
    currency: str, cash: Money, ahead: Sequence[Month], late: Money, locale: str
) -> Section:
    rows: list[Sequence[Cell]] = [[_("At hand now"), None, None, None, cash, cash]]
    for one in ahead:
        figures = (one.planned or None, one.possible or None, one.promised or None)
        rows.append([format_date(one.begins, "LLL y", locale=locale), *figures, one.balance, one.best])
    told = format_money(late, locale)
    return Section(
        title=currency,
        columns=[
            Column(_("Month")),
            Column(_("Planned"), Kind.MONEY),
            Column(_("May come"), Kind.MONEY),
            Column(_("Promised to others"), Kind.MONEY),
            Column(_("Left, sure"), Kind.MONEY),
            Column(_("Left, if all comes"), Kind.MONEY),
        ],
        rows=rows,
        currency=currency,
        note=_("Late already, and not counted: %(amount)s.", amount=told) if late else "",
    )


def curve(currency: str, cash: Money, ahead: Sequence[Month], locale: str) -> Drawing:
    """Two lines from now on: what is sure, and (dashed) what would be if everything came."""
    sure = [cash.minor, *(one.balance.minor for one in ahead)]
    best = [cash.minor, *(one.best.minor for one in ahead)]
    top = max(*sure, *best, 1)

    def points(line: Sequence[int]) -> list[tuple[float, float]]:
        return [(n / len(ahead), max(minor, 0) / top) for n, minor in enumerate(line)]

    return Drawing(
        label=_("Cash in %(currency)s: %(now)s now, %(then)s after %(count)s months",
                currency=currency, now=format_money(cash, locale),
                then=format_money(ahead[-1].balance, locale), count=len(ahead)),
        series=[
            {"class": "s-ochre", "points": points(sure), "dashed": False, "width": 3},
            {"class": "s-leaf", "points": points(best), "dashed": True, "width": 2},
        ],
        start=format_date(ahead[0].begins, "LLL y", locale=locale),
        end=format_date(ahead[-1].begins, "LLL y", locale=locale),
        top=format_money(Money(top, currency), locale),
    )  # fmt: skip
