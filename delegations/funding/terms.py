"""What was agreed with a funder, as values: what is added, to what, for whom, when, in which order."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import date
from enum import StrEnum
from fractions import Fraction
from typing import Any

from delegations.funding.offers import Basis, Condition, within
from delegations.models import FundingAgreement, FundingKind
from shared.money import Money


class Sharing(StrEnum):
    """How delegations share a cap: one after another, by who saves first, or each in proportion."""

    STATED = "stated"
    FIRST_COME = "first_come"
    PRO_RATA = "pro_rata"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A match adds `ratio` × its `basis`; a grant gives `amount` a seat; a pledge promises `amount` in all.

    `categories` are the groups of lines it may pay, empty for any; `serves` the ids of delegations (in their
    order, where `sharing` says so), empty for all; `opens` and `closes` the days between which base money
    counts; `through` who passes the money on; `blocked` what it waits for.
    """

    name: str
    kind: FundingKind
    currency: str
    ratio: Fraction = Fraction(0)
    amount: Money | None = None
    cap: Money | None = None
    categories: Sequence[str] = ()
    serves: Sequence[int] = ()
    blocked: Condition | None = None
    basis: Basis = Basis.CASH
    opens: date | None = None
    closes: date | None = None
    sharing: Sharing = Sharing.STATED
    stacks: bool = False
    through: str = ""

    @property
    def sound(self) -> bool:
        """A match has a ratio, a grant or a pledge an amount, in one currency; a window opens first."""
        amounts = [amount for amount in (self.amount, self.cap) if amount is not None]
        complete = self.ratio > 0 if self.kind is FundingKind.MATCH else self.amount is not None
        one_currency = all(one.currency == self.currency and one.minor > 0 for one in amounts)
        return complete and one_currency and not (self.opens and self.closes and self.closes < self.opens)

    def counts_on(self, day: date) -> bool:
        """Whether what arrives on `day` is doubled."""
        return within(day, self.opens, self.closes)


def terms_of(agreement: FundingAgreement, serves: Iterable[int] | None = None) -> Terms:
    """The terms in force; whom it `serves` is not read again where that is known."""
    served = (one.delegation_id for one in agreement.served) if serves is None else serves
    return Terms(
        name=agreement.name,
        kind=agreement.kind,
        currency=agreement.currency,
        ratio=Fraction(agreement.ratio_numerator, agreement.ratio_denominator),
        amount=Money(agreement.amount_minor, agreement.currency) if agreement.amount_minor else None,
        cap=None if agreement.cap_minor is None else Money(agreement.cap_minor, agreement.currency),
        categories=tuple(agreement.categories),
        serves=tuple(served),
        blocked=Condition(agreement.blocked_reason) if agreement.blocked_reason else None,
        basis=Basis(agreement.basis),
        opens=agreement.opens,
        closes=agreement.closes,
        sharing=Sharing(agreement.sharing),
        stacks=agreement.stacks,
        through=agreement.through,
    )


def written(terms: Terms) -> dict[str, Any]:
    """The terms as they are kept in a version."""
    found: dict[str, Any] = asdict(terms)
    for name in ("amount", "cap"):
        amount: Money | None = getattr(terms, name)
        found[name] = amount and amount.minor
    for name in ("opens", "closes"):
        day: date | None = getattr(terms, name)
        found[name] = day and day.isoformat()
    return found | {"ratio": str(terms.ratio)}


def read(kept: Mapping[str, Any]) -> Terms:
    """The terms of a version."""
    currency = kept["currency"]
    return Terms(
        name=kept["name"],
        kind=FundingKind(kept["kind"]),
        currency=currency,
        ratio=Fraction(kept["ratio"]),
        amount=None if kept["amount"] is None else Money(kept["amount"], currency),
        cap=None if kept["cap"] is None else Money(kept["cap"], currency),
        categories=tuple(kept["categories"]),
        serves=tuple(kept["serves"]),
        blocked=Condition(kept["blocked"]) if kept["blocked"] else None,
        basis=Basis(kept["basis"]),
        opens=_day(kept["opens"]),
        closes=_day(kept["closes"]),
        sharing=Sharing(kept["sharing"]),
        stacks=kept["stacks"],
        through=kept["through"],
    )


def _day(kept: str | None) -> date | None:
    return None if kept is None else date.fromisoformat(kept)


def merged(seen: Terms, mine: Terms, now: Terms) -> Terms:
    """What stands now, with all that was changed between `seen` and `mine`."""
    return replace(now, **{name: getattr(mine, name) for name in changed(seen, mine)})


def changed(before: Terms, after: Terms) -> Iterator[str]:
    """The names of the terms in which two versions differ."""
    for one in fields(Terms):
        if getattr(before, one.name) != getattr(after, one.name):
            yield one.name
