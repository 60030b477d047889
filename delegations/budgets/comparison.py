"""Budget against commitment and actual, line by line: values in, values out.

Currencies stand side by side and are never added. A budget is told in other currencies at one dated rate:
each line rounded by itself, the total converted as a whole, so that the rounding between them shows.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from shared.money import Money

Place = tuple[str, str]
"""The group of a line and its code; the code is empty for what no line tells."""


@dataclass(frozen=True, slots=True)
class Budgeted:
    """What a line should cost, everybody it is for taken together."""

    group: str
    code: str
    label: str
    amount: Money


@dataclass(frozen=True, slots=True)
class Figures:
    """One line, group or total in one currency. `budget` is None where none can be told in it."""

    budget: Money | None
    committed: Money
    actual: Money

    @property
    def left(self) -> Money | None:
        """What is neither spent nor promised; negative when it is too much."""
        return None if self.budget is None else self.budget - self.committed - self.actual


@dataclass(frozen=True, slots=True)
class Row:
    """One line with its figures by currency, the budget's own first."""

    group: str
    code: str
    label: str
    figures: Mapping[str, Figures]

    @property
    def moved(self) -> bool:
        """Something was spent or promised here."""
        return any(one.committed or one.actual for one in self.figures.values())


@dataclass(frozen=True, slots=True)
class Comparison:
    """All lines and their total. `currency` is the budget's; `rounding` is, for each other currency, what the
    rounded lines add up to less the converted total."""

    currency: str
    rows: tuple[Row, ...]
    total: Row
    rounding: Mapping[str, Money]

    @property
    def currencies(self) -> list[str]:
        """The budget's currency, then the others."""
        return list(self.total.figures)


def compare(
    budgeted: Iterable[Budgeted],
    committed: Mapping[Place, Iterable[Money]],
    actual: Mapping[Place, Iterable[Money]],
    *,
    currency: str,
    rates: Mapping[str, Fraction],
) -> Comparison:
    """Put the three side by side. `rates` tell units of each other currency for one of the budget's."""
    lines = {(one.group, one.code): one for one in budgeted}
    places = [*lines, *sorted((committed.keys() | actual.keys()) - lines.keys())]
    promised, spent = _by_currency(committed), _by_currency(actual)
    others = sorted({code for _place, code in (*promised, *spent)} | rates.keys() - {currency})
    currencies = [currency, *(one for one in others if one != currency)]
    rows = tuple(
        Row(
            place[0],
            place[1],
            lines[place].label if place in lines else "",
            {
                code: Figures(
                    _told(lines[place].amount if place in lines else Money.zero(currency), code, rates),
                    promised.get((place, code), Money.zero(code)),
                    spent.get((place, code), Money.zero(code)),
                )
                for code in currencies
            },
        )
        for place in places
    )
    whole = Money.total((one.amount for one in lines.values()), currency)
    total = Row("", "", "", {code: _sum(rows, code, _told(whole, code, rates)) for code in currencies})
    return Comparison(currency, rows, total, _rounding(rows, total, currency))


def together(several: Iterable[Comparison]) -> list[Comparison]:
    """The totals of several budgets, added only where their currency is the same; without their lines."""
    by_currency: dict[str, list[Comparison]] = {}
    for one in several:
        by_currency.setdefault(one.currency, []).append(one)
    found = []
    for currency, alike in by_currency.items():
        totals = [one.total for one in alike]
        codes = dict.fromkeys([currency, *(code for row in totals for code in row.figures)])
        figures = {
            code: _added([row.figures[code] for row in totals if code in row.figures]) for code in codes
        }
        found.append(Comparison(currency, (), Row("", "", "", figures), {}))
    return found


def _added(figures: list[Figures]) -> Figures:
    code = figures[0].actual.currency
    told = [one.budget for one in figures if one.budget is not None]
    return Figures(
        Money.total(told, code) if len(told) == len(figures) else None,
        Money.total((one.committed for one in figures), code),
        Money.total((one.actual for one in figures), code),
    )


def _told(budget: Money, code: str, rates: Mapping[str, Fraction]) -> Money | None:
    if code == budget.currency:
        return budget
    return budget.convert(rates[code], code) if code in rates else None


def _by_currency(amounts: Mapping[Place, Iterable[Money]]) -> dict[tuple[Place, str], Money]:
    found: dict[tuple[Place, str], Money] = {}
    for place, parts in amounts.items():
        for part in parts:
            key = place, part.currency
            found[key] = found.get(key, Money.zero(part.currency)) + part
    return found


def _sum(rows: Iterable[Row], code: str, budget: Money | None) -> Figures:
    figures = [row.figures[code] for row in rows]
    return Figures(
        budget,
        Money.total((one.committed for one in figures), code),
        Money.total((one.actual for one in figures), code),
    )


def _rounding(rows: Iterable[Row], total: Row, currency: str) -> dict[str, Money]:
    rounded: dict[str, Money] = {}
    for code, figures in total.figures.items():
        if code == currency or figures.budget is None:
            continue
        lines = Money.total((row.figures[code].budget or Money.zero(code) for row in rows), code)
        if difference := lines - figures.budget:
            rounded[code] = difference
    return rounded
