"""What things should cost: numbered versions, drafted by one person, frozen when another approves."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from access.models import User
from delegations.budgets.models import SEAT, Basis, Budget, BudgetLine, BudgetShare, BudgetStatus
from delegations.budgets.payers import rescaled
from delegations.budgets.per_diem_models import PerDiemWorking
from delegations.budgets.queries import Shares, Working, shares_of, versions_of, workings_of
from delegations.seats.seats import reason_of
from events.models import Edition
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.books.exchange import as_rate, record_rate
from treasury.books.rates import Rate
from treasury.ledger import SamePerson

GROUPS = {
    "T": _l("Travel and international contributions"),
    "E": _l("Education"),
    "U": _l("Stay and health"),
}
"""What kind of cost a line of a seat is, which decides what restricted money may pay it."""


class BadBudget(DomainError):
    """A budget has lines of at least nothing, in one currency, each with a code of its own."""

    code = "bad_budget"
    status = 422
    message = _l("A budget needs lines in one currency, each with its own code.")


class CodeTwice(BadBudget):
    """Two lines of a budget have one code."""

    code = "code_twice"
    message = _l("Another line has the code %(taken)s: give this one its own.")


class CodeElsewhere(BadBudget):
    """What is spent names its line by the code alone, so that budgets of one gathering share none."""

    code = "code_elsewhere"
    message = _l("A line of another budget of this gathering has the code %(taken)s: give this one its own.")


class TwoRates(BadBudget):
    """The lines of a budget in one currency stand at one rate: it is changed for all of them."""

    code = "two_rates"
    message = _l("The lines in %(currency)s of a budget stand at one rate. Change it for all of them.")


class PaidTwice(DomainError):
    """Sources of the same budget pay a line, together no more than it costs."""

    code = "paid_twice"
    status = 422
    message = _l("The line %(line)s costs %(amount)s: no more of it can be paid.")


class NotItsAuthor(DomainError):
    """A draft is its author's until it is approved."""

    code = "not_its_author"
    status = 403
    message = _l("Only who drafted this version may change it. Draft the next one instead.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One cost (or source): quantity × people × days × `unit_price`; a seat's `category` is one of `GROUPS`.

    `rate` is needed where the price is not in the budget's currency: units of it for one of the budget's.
    `paid_by` says what sources (by code) are meant to pay; None leaves it as in the version before.
    """

    code: str
    label: str
    category: str
    unit_price: Money
    quantity: int = 1
    people: int = 1
    days: int = 1
    basis: Basis = Basis.SEAT
    rate: Rate | None = None
    is_source: bool = False
    reason: str = ""
    paid_by: Mapping[str, Money] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateBudget:
    """A new version for a whole edition, or for one delegation, whose own version wins.

    `reason` says why there is another version; the first needs none.
    """

    edition_id: int
    lines: Sequence[Line]
    delegation_id: int | None = None
    kind: str = SEAT
    title: str = ""
    reason: str = ""
    provenance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RewriteBudget:
    """A draft written anew; `seen` is the `edits` its author looked at."""

    lines: Sequence[Line]
    title: str
    reason: str = ""
    seen: int | None = None


def create_budget(command: CreateBudget, *, by: Actor) -> Budget:
    """Draft the next version. Raises `BadBudget`, `PaidTwice`, `ReasonMissing`."""
    _read(command.lines)
    hold(db.session.get_one(Edition, command.edition_id))
    _own_codes(command.lines, command.edition_id, command.kind)
    earlier = versions_of(command.edition_id, command.kind, command.delegation_id)
    before = earlier[0] if earlier else None
    budget = Budget(
        edition_id=command.edition_id,
        delegation_id=command.delegation_id,
        kind=command.kind,
        version=before.version + 1 if before else 1,
        title=command.title,
        author_id=by.id if isinstance(by, User) else None,
        provenance=command.provenance,
        reason=reason_of(command.reason) if before else command.reason.strip(),
    )
    db.session.add(budget)
    db.session.flush()
    _write(budget, command.lines, shares_of(before) if before else {})
    _explain(budget, workings_of(before) if before else {})
    audit.record(
        "budget.create", budget, by=by, reason=budget.reason, version=budget.version, kind=budget.kind
    )
    return budget


def rewrite_budget(budget: Budget, command: RewriteBudget, *, by: Actor) -> Budget:
    """Its author writes a draft anew; who pays what follows the lines that stay.

    Raises `NotItsAuthor`, `Conflict` (approved, or changed meanwhile), `BadBudget`, `PaidTwice`,
    `ReasonMissing`.
    """
    _read(command.lines)
    _own_codes(command.lines, budget.edition_id, budget.kind)
    open_draft(budget, by, command.seen)
    shares, workings = shares_of(budget), workings_of(budget)
    _forget_shares(budget)
    for line in budget.lines:
        db.session.delete(line)
    db.session.flush()
    budget.title = command.title
    budget.reason = reason_of(command.reason) if budget.version > 1 else command.reason.strip()
    _write(budget, command.lines, shares)
    _explain(budget, workings)
    audit.record("budget.rewrite", budget, by=by, version=budget.version, edits=budget.edits)
    return budget


def set_payers(
    budget: Budget, paid_by: Mapping[str, Mapping[str, Money]], *, by: Actor, seen: int | None = None
) -> Budget:
    """Say who is meant to pay which line: amounts by the line's code and the source's; all others go.

    Raises `NotItsAuthor`, `Conflict`, `PaidTwice`.
    """
    open_draft(budget, by, seen)
    _forget_shares(budget)
    for line in budget.costs:
        _share(line, paid_by.get(line.code, {}), budget)
    db.session.flush()
    audit.record("budget.payers", budget, by=by, version=budget.version, edits=budget.edits)
    return budget


def discard_budget(budget: Budget, *, by: Actor) -> None:
    """Throw one's draft away, with who was to pay it. Raises `NotItsAuthor`, `Conflict`."""
    open_draft(budget, by, None)
    audit.record("budget.discard", budget, by=by, version=budget.version, kind=budget.kind)
    _forget_shares(budget)
    for line in budget.lines:
        db.session.delete(line)
    db.session.flush()
    db.session.delete(budget)
    db.session.flush()


def approve_budget(budget: Budget, *, by: Actor, seen: int | None = None) -> Budget:
    """Freeze a version: from now on it says what things cost.

    Raises `SamePerson`, `Conflict` (approved, or written anew since `seen`), `CodeElsewhere`.
    """
    hold(db.session.get_one(Edition, budget.edition_id))
    hold(budget)
    if budget.status is not BudgetStatus.DRAFT or seen not in (None, budget.edits):
        raise Conflict
    if isinstance(by, User):
        if by.id == budget.author_id:
            raise SamePerson
        budget.approver_id = by.id
    _own_codes(budget.costs, budget.edition_id, budget.kind)
    budget.status, budget.approved_at = BudgetStatus.APPROVED, now()
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


def paid(line: Line, paid_by: Mapping[str, Money]) -> Line:
    """The line with who is meant to pay it."""
    return replace(line, paid_by=paid_by)


def as_lines(budget: Budget, *, reasons: bool, payers: bool = False) -> list[Line]:
    """The lines of a version as they could be written again, with their `reasons` and `payers` or without."""
    shares = shares_of(budget) if payers else {}
    return [
        Line(
            code=one.code,
            label=one.label,
            category=one.category,
            unit_price=one.unit_price,
            quantity=one.quantity,
            people=one.people,
            days=one.days,
            basis=one.basis,
            rate=as_rate(one.rate) if one.rate else None,
            is_source=one.is_source,
            reason=one.reason if reasons else "",
            paid_by=shares[one.code][1] if one.code in shares else None,
        )
        for one in budget.lines
    ]


def _read(lines: Sequence[Line]) -> None:
    codes = [line.code for line in lines]
    if twice := next((code for code in codes if codes.count(code) > 1), None):
        raise CodeTwice(taken=twice)
    counted = min((min(line.quantity, line.people, line.days) for line in lines), default=0)
    currencies = {line.rate.base if line.rate else line.unit_price.currency for line in lines}
    one_rate(line.rate for line in lines)
    told = all(line.rate is None or line.rate.quote == line.unit_price.currency for line in lines)
    below = any(line.unit_price.minor < 0 for line in lines)
    if counted < 1 or len(currencies) > 1 or below or not told:
        raise BadBudget


def one_rate(rates: Iterable[Rate | None]) -> None:
    """Each other currency has one rate in a budget. Raises `TwoRates`."""
    first: dict[str, Rate] = {}
    for rate in rates:
        if rate and first.setdefault(rate.quote, rate) != rate:
            raise TwoRates(currency=rate.quote)


def _own_codes(lines: Iterable[Line | BudgetLine], edition_id: int, kind: str) -> None:
    """No cost has the code of a line that another kind of budget, once approved, is spent by."""
    codes = {line.code for line in lines if not line.is_source}
    taken = db.session.scalar(
        select(BudgetLine.code)
        .join(Budget, Budget.id == BudgetLine.budget_id)
        .where(Budget.edition_id == edition_id, Budget.kind != kind, Budget.status == BudgetStatus.APPROVED)
        .where(BudgetLine.is_source.is_(False), BudgetLine.code.in_(codes))
        .order_by(BudgetLine.code)
    )
    if taken:
        raise CodeElsewhere(taken=taken)


def open_draft(budget: Budget, by: Actor, seen: int | None) -> None:
    """Hold a draft for its author, who then has written it once more. Raises `Conflict`, `NotItsAuthor`."""
    hold(budget)
    if budget.status is not BudgetStatus.DRAFT or seen not in (None, budget.edits):
        raise Conflict
    if isinstance(by, User) and by.id != budget.author_id:
        raise NotItsAuthor
    budget.edits += 1


def _write(budget: Budget, lines: Sequence[Line], before: Shares) -> None:
    """Write the lines; where one does not say who pays it, those who paid its like before do."""
    for line in lines:
        db.session.add(
            BudgetLine(
                budget_id=budget.id,
                code=line.code,
                label=line.label,
                category=line.category,
                quantity=line.quantity,
                people=line.people,
                days=line.days,
                unit_price=line.unit_price,
                is_source=line.is_source,
                basis=line.basis,
                rate_id=kept(line.rate),
                reason=line.reason.strip(),
            )
        )
    db.session.flush()
    db.session.expire(budget, ["lines"])
    sources = {line.code for line in lines if line.is_source}
    said = {line.code: line.paid_by for line in lines}
    for row in budget.costs:
        paid_by = said[row.code]
        if paid_by is None and row.code in before:
            cost, shares = before[row.code]
            if cost.currency == row.amount.currency:
                paid_by = {
                    source: part
                    for source, part in rescaled(shares, cost, row.amount).items()
                    if source in sources
                }
        _share(row, paid_by or {}, budget)
    db.session.flush()


def _explain(budget: Budget, workings: Mapping[str, Working]) -> None:
    """A line whose price stays was worked out as before."""
    for row in budget.costs:
        known = workings.get(row.code)
        if known and known.price == row.unit_price:
            db.session.add(PerDiemWorking(line_id=row.id, asked=known.asked, days=known.days))
    db.session.flush()


def kept(rate: Rate | None) -> int | None:
    """The id of a rate that a line is told at, kept once."""
    return record_rate(rate.base, rate.quote, rate.value, rate.dated_on, rate.source).id if rate else None


def _share(line: BudgetLine, paid_by: Mapping[str, Money], budget: Budget) -> None:
    sources = {one.code: one.id for one in budget.sources}
    cost = line.amount
    parts = {code: part for code, part in paid_by.items() if part}
    wrong = any(
        code not in sources or part.minor < 0 or part.currency != cost.currency
        for code, part in parts.items()
    )
    if wrong or Money.total(parts.values(), cost.currency) > cost:
        raise PaidTwice(field=line.code, line=line.code, amount=cost)
    for code, part in parts.items():
        db.session.add(BudgetShare(line_id=line.id, source_id=sources[code], amount=part))


def _forget_shares(budget: Budget) -> None:
    ours = select(BudgetLine.id).where(BudgetLine.budget_id == budget.id)
    db.session.execute(delete(BudgetShare).where(BudgetShare.line_id.in_(ours)))
