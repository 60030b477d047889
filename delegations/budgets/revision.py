"""Two versions of one budget, compared line by line."""

from collections.abc import Sequence
from dataclasses import dataclass

from delegations.models import Budget, BudgetLine
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Change:
    """A line that differs. None where one of the versions does not have it."""

    code: str
    label: str
    before: Money | None
    after: Money | None

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
            found.append(Change(code, label, was.amount if was else None, now.amount if now else None))
    return found


def by_version(versions: Sequence[Budget]) -> dict[int, list[Change]]:
    """For each version but the first, what it changes of the one before; `versions` newest first."""
    pairs = zip(versions[1:], versions, strict=False)
    return {new.version: changes(old, new) for old, new in pairs}


def _costs(budget: Budget) -> dict[str, BudgetLine]:
    return {line.code: line for line in budget.lines if not line.is_source}
