"""What one seat should cost: numbered versions, drafted by one person, frozen when another approves."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from access.models import User
from delegations.models import Budget, BudgetLine, BudgetStatus
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.ledger import SamePerson

SEAT = "seat"
"""The kind of budget that says what one seat costs."""

GROUPS = {
    "T": _l("Travel and international contributions"),
    "E": _l("Education"),
    "U": _l("Stay and health"),
}
"""What kind of cost a line of a seat is, which decides what restricted money may pay it."""


class BadBudget(DomainError):
    """A budget has lines, in one currency, each with a code of its own."""

    code = "bad_budget"
    status = 422
    message = _l("A budget needs lines in one currency, each with its own code.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cost (or source): `quantity` × `unit_price`; `category` is one of `GROUPS` for a seat."""

    code: str
    label: str
    category: str
    unit_price: Money
    quantity: int = 1
    is_source: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBudget:
    """A new version for a whole edition, or for one delegation, whose own version wins."""

    edition_id: int
    lines: Sequence[Line]
    delegation_id: int | None = None
    kind: str = SEAT
    title: str = ""
    provenance: str = ""


def create_budget(command: CreateBudget, *, by: Actor) -> Budget:
    """Draft the next version. Raises `BadBudget`."""
    codes = {line.code for line in command.lines}
    currencies = {line.unit_price.currency for line in command.lines}
    if not command.lines or len(codes) < len(command.lines) or len(currencies) > 1:
        raise BadBudget
    version = db.session.scalar(
        select(func.max(Budget.version)).where(
            Budget.edition_id == command.edition_id,
            Budget.delegation_id.is_(None)
            if command.delegation_id is None
            else Budget.delegation_id == command.delegation_id,
            Budget.kind == command.kind,
        )
    )
    budget = Budget(
        edition_id=command.edition_id,
        delegation_id=command.delegation_id,
        kind=command.kind,
        version=(version or 0) + 1,
        title=command.title,
        author_id=by.id if isinstance(by, User) else None,
        provenance=command.provenance,
    )
    db.session.add(budget)
    db.session.flush()
    for line in command.lines:
        db.session.add(
            BudgetLine(
                budget_id=budget.id,
                code=line.code,
                label=line.label,
                category=line.category,
                quantity=line.quantity,
                unit_price=line.unit_price,
                is_source=line.is_source,
            )
        )
    audit.record("budget.create", budget, by=by, version=budget.version, kind=budget.kind)
    db.session.expire(budget, ["lines"])
    return budget


def approve_budget(budget: Budget, *, by: Actor) -> Budget:
    """Freeze a version: from now on it says what a seat costs. Raises `SamePerson`, `Conflict`."""
    hold(budget)
    if budget.status is not BudgetStatus.DRAFT:
        raise Conflict
    if isinstance(by, User):
        if by.id == budget.author_id:
            raise SamePerson
        budget.approver_id = by.id
    budget.status = BudgetStatus.APPROVED
    audit.record("budget.approve", budget, by=by, version=budget.version)
    return budget


def seat_budgets(edition_id: int) -> dict[int | None, Budget]:
    """The approved budget of one seat: of the edition under None, and of each delegation with its own."""
    found: dict[int | None, Budget] = {}
    for budget in db.session.scalars(
        select(Budget)
        .where(Budget.edition_id == edition_id, Budget.kind == SEAT, Budget.status == BudgetStatus.APPROVED)
        .order_by(Budget.version)
        .options(selectinload(Budget.lines))
    ):
        found[budget.delegation_id] = budget
    return found
