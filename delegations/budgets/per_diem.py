"""A per-diem worked out day by day: the place's dated meals less those provided, incidentals, shares.

The structure is that of public travel directives: a table by place in its own currency with three meals;
incidentals as a percentage of the three meals, another in private lodging; the first and the last day at a
share of their own; longer stays at less. Every day is rounded by itself to the smallest unit, half away from
zero, and the whole is the sum of its days: nothing is lost between the steps and the total.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money

LONGEST = 400
"""Days that are worked out at the most."""


class Meal(StrEnum):
    BREAKFAST = "breakfast"
    LUNCH = "lunch"
    DINNER = "dinner"


class Lodging(StrEnum):
    """Where people sleep decides their incidentals."""

    COMMERCIAL = "commercial"
    PRIVATE = "private"


class NoTable(DomainError):
    """No table of the place is in force on one of the days."""

    code = "no_per_diem_table"
    status = 422
    message = _l("No table of %(place)s is in force on %(day)s. Add one that begins by then.")


class BadStay(DomainError):
    """A stay ends when it begins or later, and is not endless."""

    code = "bad_stay"
    status = 422
    message = _l("The last day is the first or later, and a stay has 400 days at the most.")


@dataclass(frozen=True, slots=True)
class Table:
    """What a day costs in a place from `valid_from` on. Percentages are whole numbers.

    `meals` in the local currency; `incidentals` by lodging, of the three meals; `ends` of the first and the
    last day; `long_stays` from which day of the stay on which percentage counts.
    """

    place: str
    valid_from: date
    meals: Mapping[Meal, Money]
    incidentals: Mapping[Lodging, int]
    ends: int = 100
    long_stays: Mapping[int, int] = field(default_factory=dict)

    @property
    def currency(self) -> str:
        """That of its meals."""
        return self.meals[Meal.BREAKFAST].currency

    @property
    def three_meals(self) -> Money:
        """A whole day's."""
        return Money.total(self.meals.values(), self.currency)


@dataclass(frozen=True, slots=True)
class Stay:
    """From the first to the last day, both counted; `provided` are the meals that somebody else gives."""

    starts_on: date
    ends_on: date
    lodging: Lodging = Lodging.COMMERCIAL
    provided: Mapping[date, frozenset[Meal]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Day:
    """One step: the meals that are paid, the incidentals, the share of both that this day counts."""

    number: int
    on: date
    meals: Mapping[Meal, Money]
    incidentals_percent: int
    three_meals: Money
    percent: Fraction
    amount: Money

    @property
    def meals_total(self) -> Money:
        """Of the meals that are paid."""
        return Money.total(self.meals.values(), self.amount.currency)


@dataclass(frozen=True, slots=True)
class PerDiem:
    """The steps and their sum, for one person."""

    days: tuple[Day, ...]
    total: Money


def work_out(stay: Stay, tables: Sequence[Table], place: str) -> PerDiem:
    """The per-diem of one person. Raises `BadStay`, `NoTable`; the tables of a place share a currency."""
    length = (stay.ends_on - stay.starts_on).days + 1
    if not 1 <= length <= LONGEST:
        raise BadStay(field="ends_on")
    days = tuple(
        _day(number, stay, length, in_force(tables, place, stay.starts_on + timedelta(days=number - 1)))
        for number in range(1, length + 1)
    )
    return PerDiem(days, Money.total((one.amount for one in days), days[0].amount.currency))


def in_force(tables: Iterable[Table], place: str, day: date) -> Table:
    """The last table of the place that had begun by this day. Raises `NoTable`."""
    begun = [one for one in tables if one.place == place and one.valid_from <= day]
    if not begun:
        raise NoTable(field="place", place=place, day=day)
    return max(begun, key=lambda one: one.valid_from)  # of one day the first listed


def _day(number: int, stay: Stay, length: int, table: Table) -> Day:
    on = stay.starts_on + timedelta(days=number - 1)
    given = stay.provided.get(on, frozenset())
    meals = {meal: amount for meal, amount in table.meals.items() if meal not in given}
    percent = _share(number, length, table)
    share_of_incidentals = table.incidentals[stay.lodging]
    paid = Money.total(meals.values(), table.currency)
    exact = (paid.minor + Fraction(table.three_meals.minor * share_of_incidentals, 100)) * percent / 100
    amount = Money(int(exact + Fraction(1, 2)), table.currency)
    return Day(number, on, meals, share_of_incidentals, table.three_meals, percent, amount)


def _share(number: int, length: int, table: Table) -> Fraction:
    """Of a long stay's day, and of the first and the last one: both count."""
    begun = [day for day in table.long_stays if day <= number]
    share = Fraction(table.long_stays[max(begun)] if begun else 100)
    return share * table.ends / 100 if number in (1, length) else share
