"""Allocations as they were on a day, and two of them compared line by line."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from access.models import User
from delegations.budgets.lines import in_order
from delegations.funding.allocation import Payment, Source, SourceKind
from delegations.funding.allocation_models import KeptAllocation
from delegations.funding.coverage import Coverage
from delegations.models import Delegation
from shared import audit
from shared.database import db, hold
from shared.errors import NotFound
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Allocation:
    """Who pays what: costs and payments in one currency, how many lines are shared, and how few could be."""

    currency: str
    costs: Mapping[tuple[str, str], Money]
    labels: Mapping[str, str]
    payments: tuple[Payment, ...]
    splits: int
    at_least: int

    @property
    def paid(self) -> Money:
        return Money.total((one.amount for one in self.payments), self.currency)

    @property
    def missing(self) -> Money:
        return Money.total(self.costs.values(), self.currency) - self.paid


def allocation_of(coverage: Coverage) -> Allocation:
    """The allocation of a coverage."""
    return Allocation(
        coverage.currency,
        coverage.costs,
        {line.code: line.label for line in coverage.lines},
        coverage.payments,
        coverage.splits,
        coverage.fewest_splits,
    )


def written(found: Allocation) -> dict[str, Any]:
    """An allocation as it is kept."""
    return {
        "currency": found.currency,
        "costs": [[seat, line, cost.minor] for (seat, line), cost in found.costs.items()],
        "labels": dict(found.labels),
        "payments": [
            [one.seat, one.line, one.source.kind.value, one.source.code, one.source.label, one.amount.minor]
            for one in found.payments
        ],
        "splits": found.splits,
        "at_least": found.at_least,
    }


def read(facts: Mapping[str, Any]) -> Allocation:
    """A kept allocation."""
    currency = facts["currency"]
    return Allocation(
        currency,
        {(seat, line): Money(minor, currency) for seat, line, minor in facts["costs"]},
        facts["labels"],
        tuple(
            Payment(seat, line, Source(SourceKind(kind), code, label), Money(minor, currency))
            for seat, line, kind, code, label, minor in facts["payments"]
        ),
        facts["splits"],
        facts["at_least"],
    )


def keep(delegation: Delegation, coverage: Coverage, title: str, *, by: User) -> KeptAllocation:
    """Keep the allocation as it is now; it never changes. The same again, pressed twice, is the last one."""
    hold(delegation)
    title, facts = title.strip()[:160], written(allocation_of(coverage))
    last = next(iter(kept_of(delegation)), None)
    if last and (last.title, last.facts, last.by_id) == (title, facts, by.id):
        return last
    made = KeptAllocation(
        delegation_id=delegation.id,
        number=last.number + 1 if last else 1,
        title=title,
        facts=facts,
        by_id=by.id,
    )
    db.session.add(made)
    db.session.flush()
    audit.record("allocation.keep", made, by=by, delegation=delegation.code, number=made.number)
    return made


def kept_of(delegation: Delegation) -> Sequence[KeptAllocation]:
    """What was kept, the latest first."""
    return db.session.scalars(
        select(KeptAllocation)
        .where(KeptAllocation.delegation_id == delegation.id)
        .order_by(KeptAllocation.number.desc())
    ).all()


def kept(delegation: Delegation, number: int) -> KeptAllocation:
    """One that was kept. Raises `NotFound`."""
    found = db.session.scalar(
        select(KeptAllocation).where(
            KeptAllocation.delegation_id == delegation.id, KeptAllocation.number == number
        )
    )
    if found is None:
        raise NotFound
    return found


@dataclass(frozen=True, slots=True)
class SeatDifference:
    """What a source pays of a line of one seat: so much more, or less."""

    seat: str
    change: Money


@dataclass(frozen=True, slots=True)
class Difference:
    """What a source pays of a line, over all seats, in two allocations; in which seats they differ.

    Money that went from one seat to another changes nothing in all: the seats tell it.
    """

    line: str
    label: str
    source: Source
    before: Money
    after: Money
    seats: tuple[SeatDifference, ...]

    @property
    def change(self) -> Money:
        return self.after - self.before


def compared(before: Allocation, after: Allocation) -> list[Difference]:
    """Every line and source in which two allocations of one currency differ, in the order of lines."""
    labels = {**before.labels, **after.labels}
    seats: dict[tuple[str, Source], dict[str, list[int]]] = defaultdict(lambda: defaultdict(lambda: [0, 0]))
    for place, payments in enumerate((before.payments, after.payments)):
        for one in payments:
            seats[one.line, one.source][one.seat][place] += one.amount.minor
    found = [
        Difference(
            line,
            labels.get(line, line),
            source,
            _sum(by_seat.values(), 0, before.currency),
            _sum(by_seat.values(), 1, before.currency),
            tuple(
                SeatDifference(seat, Money(new - old, before.currency))
                for seat, (old, new) in sorted(by_seat.items(), key=lambda one: in_order(one[0]))
                if old != new
            ),
        )
        for (line, source), by_seat in seats.items()
    ]
    changed = [one for one in found if one.seats]
    return sorted(changed, key=lambda one: (in_order(one.line), one.source.kind, in_order(one.source.code)))


def _sum(pairs: Iterable[list[int]], place: int, currency: str) -> Money:
    return Money(sum(pair[place] for pair in pairs), currency)
