"""Budgets as they are kept: every version, their states, who pays what, what each seat costs."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from delegations.budgets.lines import CostLine
from delegations.budgets.models import SEAT, Basis, Budget, BudgetLine, BudgetShare, BudgetStatus
from delegations.budgets.per_diem_models import PerDiemWorking
from shared.database import db
from shared.money import Money

Shares = dict[str, tuple[Money, dict[str, Money]]]
"""By a line's code: what it costs, and what each source (its code) is meant to pay of it."""


@dataclass(frozen=True, slots=True)
class Working:
    """How the price of a line was worked out, day by day."""

    price: Money
    asked: dict[str, Any]
    days: list[dict[str, Any]]


class BudgetState(StrEnum):
    """A forecast waits for its first approval, a revision for the next; one approved version is in force."""

    FORECAST = "forecast"
    REVISION = "revision"
    APPROVED = "approved"
    REVISED = "revised"
    REPLACED = "replaced"


def budgets_of(edition_id: int) -> list[list[Budget]]:
    """Every budget of an edition with its versions, the newest first; those of delegations come last."""
    found: dict[tuple[str, int], list[Budget]] = {}
    for budget in db.session.scalars(
        select(Budget)
        .where(Budget.edition_id == edition_id)
        .order_by(Budget.version.desc())
        .options(selectinload(Budget.lines))
    ):
        found.setdefault((budget.kind, budget.delegation_id or 0), []).append(budget)
    return [found[key] for key in sorted(found, key=lambda key: (key[1], key[0] != SEAT, key[0]))]


def versions_of(edition_id: int, kind: str, delegation_id: int | None) -> list[Budget]:
    """Every version of one budget, the newest first."""
    query = (
        select(Budget)
        .where(Budget.edition_id == edition_id, Budget.kind == kind)
        .where(
            Budget.delegation_id.is_(None) if delegation_id is None else Budget.delegation_id == delegation_id
        )
        .order_by(Budget.version.desc())
        .options(selectinload(Budget.lines))
    )
    return list(db.session.scalars(query))


def states(versions: Iterable[Budget]) -> dict[int, BudgetState]:
    """The state of each version of one budget, by its number."""
    found: dict[int, BudgetState] = {}
    in_force: Budget | None = None
    for one in sorted(versions, key=lambda budget: budget.version):
        if one.status is BudgetStatus.DRAFT:
            found[one.version] = BudgetState.REVISION if in_force else BudgetState.FORECAST
            continue
        found[one.version] = BudgetState.REVISED if in_force else BudgetState.APPROVED
        if in_force:
            found[in_force.version] = BudgetState.REPLACED
        in_force = one
    return found


Prices = tuple[tuple[CostLine, bool], ...]
"""What a budget of seats asks for: each line, and whether it is for the whole delegation."""


def prices_of(budget: Budget) -> Prices:
    """The costs of a budget as values."""
    return tuple(
        (CostLine(one.code, one.label, one.category, one.amount), one.basis is Basis.WHOLE)
        for one in budget.costs
    )


def seat_lines(prices: Prices, seats: int) -> list[tuple[CostLine, ...]]:
    """What each of so many seats costs; what is for the whole delegation is shared among them to the cent.

    Seats that cost the same share one value.
    """
    parts = {line.code: line.amount.split(seats) for line, whole in prices if whole and seats}
    if not parts:
        return [tuple(line for line, _whole in prices)] * seats
    made: dict[tuple[CostLine, ...], tuple[CostLine, ...]] = {}
    each = (
        tuple(replace(line, amount=parts[line.code][seat]) if whole else line for line, whole in prices)
        for seat in range(seats)
    )
    return [made.setdefault(lines, lines) for lines in each]


def shares_of(budget: Budget) -> Shares:
    """Who is meant to pay which line, as it is kept."""
    codes = {line.id: line.code for line in budget.lines}
    found: Shares = {line.code: (line.amount, {}) for line in budget.costs}
    for share in db.session.scalars(
        select(BudgetShare)
        .join(BudgetLine, BudgetLine.id == BudgetShare.line_id)
        .where(BudgetLine.budget_id == budget.id)
        .order_by(BudgetShare.source_id)
    ):
        found[codes[share.line_id]][1][codes[share.source_id]] = share.amount
    return found


def workings_of(budget: Budget) -> dict[str, Working]:
    """How lines (by code) were worked out, where they were."""
    prices = {line.id: (line.code, line.unit_price) for line in budget.lines}
    found = db.session.scalars(select(PerDiemWorking).where(PerDiemWorking.line_id.in_(prices)))
    return {prices[one.line_id][0]: Working(prices[one.line_id][1], one.asked, one.days) for one in found}
