"""A version of a budget as it is shown: who pays what, totals, what stands in other currencies, roundings.

Every line is rounded once, in the budget's currency, and the total is the sum of its lines. Told in another
currency, or read from one, the sum converted as a whole may differ from the rounded lines: that rounding is
shown and never hidden.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from delegations.budgets.models import AT_RISK, IN_KIND, Basis, Budget, BudgetLine
from delegations.budgets.payers import Matrix, Paid, Payer
from delegations.budgets.queries import Shares
from shared.money import Money
from treasury.books.exchange import as_rate
from treasury.books.rates import Rate


@dataclass(frozen=True, slots=True)
class Foreign:
    """The lines written in another currency: their sum there, the sum of their rounded amounts here, and
    the sum converted as a whole."""

    own: Money
    rate: Rate
    lines: Money
    whole: Money

    @property
    def rounding(self) -> Money:
        """What the rounded lines have more than the converted sum."""
        return self.lines - self.whole


@dataclass(frozen=True, slots=True)
class Told:
    """A version told in another currency: each line by itself, and the total as a whole."""

    rate: Rate
    lines: Mapping[str, Money]
    total: Money

    @property
    def rounding(self) -> Money:
        """What makes the total of the rounded lines."""
        return self.total - Money.total(self.lines.values(), self.total.currency)


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a version says. `seat` are its lines (of one seat, or of the whole thing), `whole` those that a
    delegation needs once, `given` those that nobody pays: they are in no total of money."""

    seat: Matrix
    whole: Matrix | None
    given: Matrix | None
    foreign: tuple[Foreign, ...]

    @property
    def cash(self) -> Money:
        """What must be paid in money for one seat, or for the whole thing."""
        return self.seat.total

    @property
    def once(self) -> Money:
        """What a delegation must pay once besides."""
        return self.whole.total if self.whole else Money.zero(self.seat.currency)

    @property
    def in_kind(self) -> Money:
        """What is given, beside the money."""
        return self.given.total if self.given else Money.zero(self.seat.currency)

    @property
    def offered(self) -> Money:
        """What the payers have said."""
        return self._said(at_risk=True)

    @property
    def secured(self) -> Money:
        """What of it is not at risk."""
        return self._said(at_risk=False)

    def _said(self, *, at_risk: bool) -> Money:
        said = (one.offered for one in self.seat.payers if one.offered and (at_risk or not one.at_risk))
        return Money.total(said, self.seat.currency)


def sheet(budget: Budget, shares: Shares, currency: str) -> Sheet:
    """Lay out a version in its budget's currency."""
    payers = tuple(
        Payer(one.code, one.label, one.amount or None, one.category == AT_RISK) for one in budget.sources
    )
    cash = [one for one in budget.costs if one.category != IN_KIND]
    seat = _paid((one for one in cash if one.basis is Basis.SEAT), shares)
    whole = _paid((one for one in cash if one.basis is Basis.WHOLE), shares)
    given = _paid((one for one in budget.costs if one.category == IN_KIND), shares)
    givers = [one for one in payers if any(one.code in line.by for line in given)]
    only_give = [
        one for one in givers if not (one.offered or any(one.code in line.by for line in seat + whole))
    ]
    pay = tuple(one for one in payers if one not in only_give)
    return Sheet(
        Matrix(currency, pay, seat),
        Matrix(currency, pay, whole) if whole else None,
        Matrix(currency, tuple(replace(one, offered=None) for one in givers), given) if given else None,
        foreign(cash),
    )


def _paid(costs: Iterable[BudgetLine], shares: Shares) -> tuple[Paid, ...]:
    return tuple(
        Paid(one.code, one.label, one.amount, shares[one.code][1] if one.code in shares else {})
        for one in costs
    )


def told_in(budget: Budget, total: Money, rate: Rate) -> Told:
    """The lines of one seat (or of the whole thing) that cost money, in the other currency of a rate."""
    lines = {
        one.code: one.own_amount if one.currency == rate.quote else one.amount.convert(rate.value, rate.quote)
        for one in budget.costs
        if one.basis is Basis.SEAT and one.category != IN_KIND
    }
    return Told(rate, lines, total.convert(rate.value, rate.quote))


def foreign(costs: Sequence[BudgetLine]) -> tuple[Foreign, ...]:
    """What stands in other currencies, by rate."""
    by_rate: dict[int, list[BudgetLine]] = defaultdict(list)
    for line in costs:
        if line.rate_id is not None:
            by_rate[line.rate_id].append(line)
    found = []
    for lines in by_rate.values():
        kept = lines[0].rate
        assert kept is not None, "a line with the id of a rate has that rate"
        rate = as_rate(kept)
        own = Money.total((line.own_amount for line in lines), rate.quote)
        rounded = Money.total((line.amount for line in lines), rate.base)
        found.append(Foreign(own, rate, rounded, own.convert(1 / rate.value, rate.base)))
    return tuple(found)
