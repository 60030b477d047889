"""What a funder is told of its money: every figure with its status, its source and its day.

Four words say how far a figure can be relied on: *planned* (an agreement promises it), *expected* (the costs
that are covered tell it), *reported* (the books or the door have it), *audited* (somebody else looked at a
report and vouched for it). People are counted, never added up across figures; services stand beside cash.
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pydantic import TypeAdapter

from shared.money import Money
from treasury.reports.answers import together


class Status(StrEnum):
    """How far a figure can be relied on."""

    PLANNED = "planned"
    EXPECTED = "expected"
    REPORTED = "reported"
    AUDITED = "audited"


class Source(StrEnum):
    """Where a figure comes from."""

    AGREEMENT = "agreement"
    COVERAGE = "coverage"
    BOOKS = "books"
    SEATS = "seats"
    DOOR = "door"
    SERVICES = "services"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Figure:
    """One amount (in each currency that has some), with what it is worth as a statement."""

    amounts: tuple[Money, ...]
    status: Status
    source: Source
    on: date


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the budget: what of this money is meant for it, and what of it was spent on it.

    Money may have been spent in several currencies; what is not `allowed` is outside the agreement.
    """

    code: str
    label: str
    group: str
    meant: Money
    spent: tuple[Money, ...]
    allowed: bool


@dataclass(frozen=True, slots=True)
class Served:
    """One delegation: how many of its seats this money pays a line of, and how much it takes."""

    code: str
    name: str
    seats: int
    used: Money


@dataclass(frozen=True, slots=True)
class Proof:
    """One posting that spent this money, and the documents (their ids) that stand behind its entry."""

    entry: int
    on: date
    line: str
    amount: Money
    papers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class People:
    """A number of people. `what` is one of ours, or a figure that somebody published (`said_by`)."""

    what: str
    count: int
    status: str
    source: Source
    on: str
    said_by: str = ""


@dataclass(frozen=True, slots=True)
class Services:
    """Services in kind of the gathering, valued; never money."""

    accepted: tuple[Money, ...]
    pending: tuple[Money, ...]
    refused: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """Who pays the seats that this money helps to pay, and what nobody pays yet."""

    need: Money
    own: Money
    this: Money
    others: Money
    support: Money
    missing: Money


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a report tells. `waits_for` is a condition that is not met; `late_plans` counts savers."""

    agreement: str
    funder: str
    gathering: str
    gathering_code: str
    keeper: str
    currency: str
    groups: tuple[str, ...]
    promised: Figure
    earned: Figure
    received: Figure
    spent: Figure
    committed: Figure
    left: Figure
    lines: tuple[Line, ...]
    served: tuple[Served, ...]
    shared: Shared
    proofs: tuple[Proof, ...]
    people: tuple[People, ...]
    services: Services
    late_plans: int
    waits_for: str = ""
    next_report: date | None = None

    @property
    def became(self) -> tuple[Money, Money, Money]:
        """Of the agreement's own currency: spent, promised to somebody, left for anybody. Nothing twice."""
        spent, promised, left = (
            Money.total((one for one in figure.amounts if one.currency == self.currency), self.currency)
            for figure in (self.spent, self.committed, self.left)
        )
        return spent, promised, max(left - promised, Money.zero(self.currency))

    @property
    def outside(self) -> list[Money]:
        """What was spent on lines that the agreement does not allow, one amount a currency."""
        return together(part for line in self.lines if not line.allowed for part in line.spent)

    @property
    def proved(self) -> int:
        """How many of the postings have a document."""
        return sum(bool(one.papers) for one in self.proofs)

    @property
    def seats(self) -> int:
        """How many seats this money pays a line of."""
        return sum(one.seats for one in self.served)

    def papers(self) -> list[int]:
        """The ids of all documents, in the order of their postings, each once."""
        return list(dict.fromkeys(paper for one in self.proofs for paper in one.papers))


_FACTS = TypeAdapter(Facts)


def kept(facts: Facts) -> dict[str, Any]:
    """The facts as JSON keeps them."""
    told: dict[str, Any] = _FACTS.dump_python(facts, mode="json")
    return told


def read(told: dict[str, Any]) -> Facts:
    """The facts that `kept` wrote. Raises `pydantic.ValidationError` for anything else."""
    return _FACTS.validate_python(told)


def shown_status(status: str, *, audited: bool) -> str:
    """What the books told is audited once somebody vouched for the report; plans stay plans."""
    return Status.AUDITED.value if audited and status == Status.REPORTED else status
