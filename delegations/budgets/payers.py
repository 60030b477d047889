"""Who is meant to pay which line of a budget: a table of lines and payers, exact to the smallest unit.

Values in, values out. What no payer takes stands under nobody; nobody takes more of a line than it costs.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.money import Money


@dataclass(frozen=True, slots=True)
class Payer:
    """Somebody who is meant to pay: `offered` is what they have said in all, None when they did not say."""

    code: str
    label: str
    offered: Money | None = None
    at_risk: bool = False


@dataclass(frozen=True, slots=True)
class Paid:
    """A line with what each payer takes of it, by the payer's code."""

    code: str
    label: str
    amount: Money
    by: Mapping[str, Money]

    @property
    def nobody(self) -> Money:
        """What is left without a payer."""
        return self.amount - Money.total(self.by.values(), self.amount.currency)


@dataclass(frozen=True, slots=True)
class Matrix:
    """The whole table with its totals."""

    currency: str
    payers: tuple[Payer, ...]
    lines: tuple[Paid, ...]

    @property
    def total(self) -> Money:
        """What all lines cost."""
        return Money.total((line.amount for line in self.lines), self.currency)

    @property
    def nobody(self) -> Money:
        """What of it has no payer yet."""
        return Money.total((line.nobody for line in self.lines), self.currency)

    def taken(self, payer: Payer) -> Money:
        """What a payer is meant to pay in all."""
        zero = Money.zero(self.currency)
        return Money.total((line.by.get(payer.code, zero) for line in self.lines), self.currency)

    def free(self, payer: Payer) -> Money | None:
        """What a payer offered beyond their lines (negative: they are meant to pay more than they said)."""
        return None if payer.offered is None else payer.offered - self.taken(payer)


def rescaled(shares: Mapping[str, Money], old: Money, new: Money) -> dict[str, Money]:
    """The same shares of a line whose price changed: in proportion, never more than the line in all.

    A line that was paid whole stays paid whole. With an `old` price of nothing there is no proportion.
    """
    if old == new or not old:
        return dict(shares) if old == new else {}
    found: dict[str, Money] = {}
    before = told = 0
    for key, part in shares.items():
        before += part.minor
        upto = before * new.minor // old.minor
        found[key] = Money(upto - told, new.currency)
        told = upto
    return {key: part for key, part in found.items() if part}
