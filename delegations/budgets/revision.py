"""Two versions of one budget, compared line by line."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

from delegations.budgets.models import IN_KIND, Basis, Budget, BudgetLine
from shared.money import Money


class Part(StrEnum):
    """Which total of a budget a line is in."""

    SEAT = "seat"
    WHOLE = "whole"
    GIVEN = "given"


_Place = tuple[str, Part]
"""A line's code and its total."""


@dataclass(frozen=True, slots=True)
class Change:
    """A line that differs, with why: its own reason, else its version's. None where one has no such line."""

    code: str
    label: str
    before: Money | None
    after: Money | None
    reason: str = ""
    part: Part = Part.SEAT

    @property
    def difference(self) -> Money:
        """What the newer version adds (negative: takes away)."""
        present = self.after or self.before
        assert present is not None, "a line is in one of the two versions"
        zero = Money.zero(present.currency)
        return (self.after or zero) - (self.before or zero)


def changes(old: Budget, new: Budget, between: Sequence[Budget] = ()) -> list[Change]:
    """What `new` changes of `old`, by code: costs only, lines that stayed left out.

    With the versions `between` them, the oldest first, why is that of the last one that changed the line. A
    line that comes into another total leaves the one and is new in the other.
    """
    why: dict[_Place, str] = {}
    for earlier, later in pairwise((old, *between, new)):
        why |= {(one.code, one.part): one.reason for one in _steps(earlier, later)}
    return [replace(one, reason=why[one.code, one.part]) for one in _steps(old, new)]


def _steps(old: Budget, new: Budget) -> list[Change]:
    before, after = _costs(old), _costs(new)
    reasons = {line.code: line.reason for line in new.costs}
    found = []
    for code, part in sorted(before.keys() | after.keys()):
        was, now = before.get((code, part)), after.get((code, part))
        if was is None or now is None or was.amount != now.amount:
            named = now or was
            label = named.label if named else ""
            reason = reasons.get(code) or new.reason
            found.append(
                Change(code, label, was.amount if was else None, now.amount if now else None, reason, part)
            )
    return found


def _costs(budget: Budget) -> dict[_Place, BudgetLine]:
    return {(line.code, _part(line)): line for line in budget.costs}


def _part(line: BudgetLine) -> Part:
    if line.category == IN_KIND:
        return Part.GIVEN
    return Part.WHOLE if line.basis is Basis.WHOLE else Part.SEAT
