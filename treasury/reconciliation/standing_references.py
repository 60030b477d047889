"""References that stand for more than one payment: a payer types the same one in every transfer.

A line of the bank that quotes one is money for what it stands for, though nobody asked for this amount.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from access.models import User
from shared.audit import Actor
from shared.errors import NotFound
from shared.money import Money
from treasury.models import JournalEntry, Payment, StatementLine
from treasury.reconciliation import links
from treasury.references import find_references


@dataclass(frozen=True, slots=True)
class StandingReference:
    """What a reference stands for, in words; `ask` makes the payment of an amount that came with it."""

    reference: str
    title: str
    currency: str
    ask: Callable[[Money, Actor], Payment]


KNOWN: dict[str, Callable[[Collection[str]], Iterable[StandingReference]]] = {}
"""Who finds references of their own among those that a bank's text holds; filled in `app.py`."""


def quoted(lines: Sequence[StatementLine]) -> Mapping[int, StandingReference]:
    """Of lines that bring money, by id, the first standing reference that each of them quotes."""
    typed = {line.id: _typed(line) for line in lines if line.amount_minor > 0}
    every = {one for references in typed.values() for one in references}
    if not every:
        return {}
    known = {one.reference: one for find in KNOWN.values() for one in find(every)}
    currencies = {line.id: line.currency for line in lines}
    found = {
        line_id: next((known[one] for one in references if one in known), None)
        for line_id, references in typed.items()
    }
    return {line_id: one for line_id, one in found.items() if one and one.currency == currencies[line_id]}


def _typed(line: StatementLine) -> list[str]:
    return find_references(f"{line.reference} {line.name} {line.memo}")


def record_quoted(line: StatementLine, *, by: User) -> JournalEntry:
    """Record what a line brought for what it quotes; somebody else approves it.

    Raises `NotFound` when it quotes nothing that is known, and what `links.record_receipt` raises.
    """
    found = quoted([line]).get(line.id)
    if found is None:
        raise NotFound
    return links.record_receipt(line, found.ask(line.amount, by), by=by)
