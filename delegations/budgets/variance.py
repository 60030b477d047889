"""What became of a budget, in one sentence, and the bars that show it."""

from collections.abc import Mapping
from dataclasses import dataclass

from babel.dates import format_date

from delegations.budgets.comparison import Comparison, Figures, Row
from shared.i18n import _
from shared.money import Money, format_money
from treasury.books.rates import Rate


@dataclass(frozen=True, slots=True)
class Bar:
    """One currency of a row as shares of its longest amount, from 0 to 1."""

    currency: str
    actual: float
    committed: float
    budget: float
    over: bool


def sentence(row: Row, comparison: Comparison, rates: Mapping[str, Rate], locale: str) -> str:
    """Why this row stands where it stands, in its budget's currency, then each other with its worth."""
    own = row.figures[comparison.currency]
    words = [_own_words(own, locale)] if own.budget or own.actual or own.committed else []
    others = {
        code: one.actual + one.committed for code, one in row.figures.items() if code != comparison.currency
    }
    if own.budget and not own.actual and not own.committed and any(others.values()):
        words = [_("Budget: %(budget)s.", budget=format_money(own.budget, locale))]
    for code, spent in others.items():
        if spent:
            words.append(_beside(spent, comparison.currency, rates.get(code), locale))
    return " ".join(words)


def _own_words(own: Figures, locale: str) -> str:
    budget, left = own.budget, own.left
    assert budget is not None, "a budget is always told in its own currency"
    assert left is not None, "so is what is left of it"
    told = {
        "budget": format_money(budget, locale),
        "spent": format_money(own.actual, locale),
        "promised": format_money(own.committed, locale),
        "left": format_money(abs(left), locale),
    }
    if not budget:
        return str(_("%(spent)s spent and %(promised)s promised without a line of the budget.", **told))
    if not own.actual and not own.committed:
        return str(_("Nothing of the %(budget)s is spent or promised yet.", **told))
    if left.minor < 0:
        return str(_("%(left)s too much: %(spent)s spent and %(promised)s promised of %(budget)s.", **told))
    if not left:
        return str(_("All of the %(budget)s is used: %(spent)s spent, %(promised)s promised.", **told))
    if own.committed:
        return str(_("%(spent)s spent and %(promised)s promised of %(budget)s; %(left)s are free.", **told))
    return str(_("%(spent)s spent of %(budget)s; %(left)s are left.", **told))


def _beside(spent: Money, currency: str, rate: Rate | None, locale: str) -> str:
    amount = format_money(spent, locale)
    if rate is None:
        return str(_("Used besides: %(amount)s, in a currency without a rate of reference.", amount=amount))
    worth = format_money(spent.convert(1 / rate.value, currency), locale)
    day = format_date(rate.dated_on, "long", locale=locale)
    return str(
        _(
            "Used besides: %(amount)s, worth %(worth)s at the rate of %(day)s.",
            amount=amount,
            worth=worth,
            day=day,
        )
    )


def bars(row: Row) -> list[Bar]:
    """The row's bars, one a currency in which anything moved; the budget's own even when nothing did."""
    found = []
    for place, (code, figures) in enumerate(row.figures.items()):
        used = figures.actual.minor + figures.committed.minor
        budget = figures.budget.minor if figures.budget else 0
        longest = max(used, budget)
        if longest > 0 and (used or not place):
            found.append(
                Bar(
                    code,
                    max(figures.actual.minor, 0) / longest,
                    max(figures.committed.minor, 0) / longest,
                    budget / longest,
                    used > budget,
                )
            )
    return found
