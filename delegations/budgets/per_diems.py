"""Per-diem tables are added and never changed; a line of a draft is worked out from them, step by step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select

from access.models import User
from delegations.budgets.models import Basis, Budget, BudgetLine
from delegations.budgets.per_diem import Day, Meal, PerDiem, Stay, work_out
from delegations.budgets.per_diem_models import PerDiemTable, PerDiemWorking
from delegations.budgets.versions import BadBudget, CodeTwice, kept, one_rate, open_draft
from network.people import normalised_name
from shared import audit
from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.books.exchange import as_rate
from treasury.books.rates import NoRate, Rate


class BadTable(DomainError):
    """A table has a place, three meals in one currency, percentages up to 100, and says where it was read."""

    code = "bad_per_diem_table"
    status = 422
    message = _l("Say the place, three meals, percentages up to 100, and where they were read.")


class OtherCurrency(DomainError):
    """The tables of a place are in one currency."""

    code = "other_currency"
    status = 422
    message = _l("The tables of %(place)s are in %(currency)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTable:
    """What a day costs in a place from a day on."""

    place: str
    valid_from: date
    breakfast: Money
    lunch: Money
    dinner: Money
    commercial_percent: int
    private_percent: int
    source: str
    ends_percent: int = 100
    long_percent: int = 100
    longest_percent: int = 100
    is_demo: bool = False
    provenance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPerDiem:
    """A line of a draft for `people` who stay so; `rate` where the place has another currency."""

    code: str
    label: str
    category: str
    place: str
    stay: Stay
    people: int = 1
    basis: Basis = Basis.SEAT
    rate: Rate | None = None


def add_table(command: AddTable, *, by: Actor) -> PerDiemTable:
    """Add a dated table; from its first day on it takes over. A place keeps the name it has.

    Raises `BadTable`, `OtherCurrency`.
    """
    place, source = " ".join(command.place.split()), command.source.strip()
    meals = (command.breakfast, command.lunch, command.dinner)
    percents = (command.commercial_percent, command.private_percent, command.ends_percent,
                command.long_percent, command.longest_percent)  # fmt: skip
    one_currency = len({meal.currency for meal in meals}) == 1
    if not place or not source or not one_currency or any(meal.minor < 0 for meal in meals):
        raise BadTable
    if not all(0 <= percent <= 100 for percent in percents):
        raise BadTable
    known = _known(place)
    if known and known.currency != command.lunch.currency:
        raise OtherCurrency(field="currency", place=place, currency=known.currency)
    table = PerDiemTable(
        place=known.place if known else place,
        currency=command.lunch.currency,
        valid_from=command.valid_from,
        breakfast_minor=command.breakfast.minor,
        lunch_minor=command.lunch.minor,
        dinner_minor=command.dinner.minor,
        commercial_percent=command.commercial_percent,
        private_percent=command.private_percent,
        ends_percent=command.ends_percent,
        long_percent=command.long_percent,
        longest_percent=command.longest_percent,
        source=source,
        author_id=by.id if isinstance(by, User) else None,
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(table)
    audit.record("per_diem.table", table, by=by, place=table.place, valid_from=table.valid_from.isoformat())
    return table


def _known(place: str) -> PerDiemTable | None:
    """A table of the place, however somebody writes it: with or without accents and capitals."""
    plain = normalised_name(place)
    return next((one for one in tables_of() if normalised_name(one.place) == plain), None)


def tables_of(place: str | None = None) -> Sequence[PerDiemTable]:
    """The tables of a place, or all; by place, the latest first. Of one day the last added counts."""
    chosen = select(PerDiemTable).order_by(
        PerDiemTable.place, PerDiemTable.valid_from.desc(), PerDiemTable.id.desc()
    )
    return db.session.scalars(chosen.where(PerDiemTable.place == place) if place else chosen).all()


def worked_out(place: str, stay: Stay) -> PerDiem:
    """The per-diem of one person by the tables of the place. Raises `BadStay`, `NoTable`."""
    return work_out(stay, [one.as_table() for one in tables_of(place)], place)


def add_per_diem(budget: Budget, command: AddPerDiem, *, by: Actor, seen: int | None = None) -> BudgetLine:
    """Add a line to one's draft, priced by the tables, with its steps.

    Raises `BadStay`, `NoTable`, `BadBudget` (the code is taken), `NoRate`, `TwoRates`, `Conflict`,
    `NotItsAuthor`.
    """
    found = worked_out(command.place, command.stay)
    open_draft(budget, by, seen)
    currency = next((line.amount.currency for line in budget.lines), found.total.currency)
    if command.code in {line.code for line in budget.lines}:
        raise CodeTwice(field="code", taken=command.code)
    if not command.code or not command.label:
        raise BadBudget(field="code")
    if (command.rate.base if command.rate else found.total.currency) != currency:
        raise NoRate(base=currency, quote=found.total.currency, day=command.stay.starts_on)
    one_rate([*(as_rate(one.rate) for one in budget.costs if one.rate), command.rate])
    line = BudgetLine(
        budget_id=budget.id,
        code=command.code,
        label=command.label,
        category=command.category,
        people=command.people,
        unit_price=found.total,
        basis=command.basis,
        rate_id=kept(command.rate),
    )
    db.session.add(line)
    db.session.flush()
    db.session.add(
        PerDiemWorking(line_id=line.id, asked=_asked(command), days=[step(one) for one in found.days])
    )
    audit.record("budget.per_diem", budget, by=by, line=line.code, price=str(found.total))
    db.session.expire(budget, ["lines"])
    return line


def _asked(command: AddPerDiem) -> dict[str, Any]:
    stay = command.stay
    return {
        "place": command.place,
        "starts_on": stay.starts_on.isoformat(),
        "ends_on": stay.ends_on.isoformat(),
        "lodging": stay.lodging.value,
        "provided": {on.isoformat(): sorted(meals) for on, meals in sorted(stay.provided.items()) if meals},
    }


def step(day: Day) -> dict[str, Any]:
    """A day as it is kept."""
    return {
        "on": day.on.isoformat(),
        "meals": {meal.value: day.meals[meal].minor for meal in Meal if meal in day.meals},
        "three_meals": day.three_meals.minor,
        "incidentals": day.incidentals_percent,
        "percent": str(day.percent),
        "amount": day.amount.minor,
    }
