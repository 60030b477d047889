"""Two versions of one budget, compared line by line."""

from dataclasses import dataclass

from delegations.budgets.models import Budget, BudgetLine
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Change:
    """A line that differs, with why: its own reason, else its version's. None where one has no such line."""

    code: str
    label: str
    before: Money | None
    after: Money | None
    reason: str = ""

    @property
    def difference(self) -> Money:
        """What the newer version adds (negative: takes away)."""
        present = self.after or self.before
        assert present is not None, "a line is in one of the two versions"
        zero = Money.zero(present.currency)
        return (self.after or zero) - (self.before or zero)


def changes(old: Budget, new: Budget) -> list[Change]:
    """What `new` changes of `old`, by code: costs only, lines that stayed left out."""
    before, after = _costs(old), _costs(new)
    found = []
    for code in sorted(before.keys() | after.keys()):
        was, now = before.get(code), after.get(code)
        if was is None or now is None or was.amount != now.amount:
            named = now or was
            label = named.label if named else ""
            reason = (now.reason if now else "") or new.reason
            found.append(
                Change(code, label, was.amount if was else None, now.amount if now else None, reason)
            )
    return found


def _costs(budget: Budget) -> dict[str, BudgetLine]:
    return {line.code: line for line in budget.costs}
