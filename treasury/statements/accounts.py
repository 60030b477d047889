"""Movements as a file tells them, put together by account: twins told apart, balances held against lines.

A file may hold many statements of one account (a day each, or pages); they are one account here.
"""

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise

from shared.money import Money
from treasury.statements.values import GapStart, ParsedLine, StatementAccount


@dataclass(frozen=True, slots=True)
class Movement:
    """A movement as read, before it is told apart from its twins.

    Where a bank books several payments as one, `part` numbers them from 1 and `entry` is the fingerprint of
    what was booked; a movement of its own has part 0.
    """

    row: int
    date: date
    amount: Money
    reference: str
    name: str
    memo: str
    bank_id: str | None
    part: int = 0
    entry: str = ""
    counterparty: str = ""

    def fingerprint(self) -> str:
        """Hash of what identifies the movement: the bank's own id with date and amount, else all it says.

        Date and amount are kept beside the id because some banks start their ids again in every file.
        """
        told = (self.bank_id,) if self.bank_id else (None, self.reference, self.name, self.memo)
        text = repr((self.date.isoformat(), self.amount.minor, self.amount.currency, *told))
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Stretch:
    """What one statement of a file says of one account. Balances are None where it does not state them."""

    account: str
    currency: str
    opening: Money | None
    closing: Money | None
    movements: Sequence[Movement]
    gap_start: GapStart | None = None


def accounts_of(stretches: Iterable[Stretch]) -> tuple[StatementAccount, ...]:
    """One account for each account and currency named, in the order in which the file names them."""
    found: dict[tuple[str, str], list[Stretch]] = {}
    for stretch in stretches:
        found.setdefault((stretch.account, stretch.currency), []).append(stretch)
    return tuple(_joined(ones) for ones in found.values())


def _joined(stretches: list[Stretch]) -> StatementAccount:
    ordered = _in_time(stretches)
    first, last = ordered[0], ordered[-1]
    movements = [one for stretch in stretches for one in stretch.movements]
    return StatementAccount(
        first.account,
        first.currency,
        first.opening,
        last.closing,
        tell_twins_apart(movements),
        _gap_start(ordered),
    )


def _in_time(stretches: list[Stretch]) -> list[Stretch]:
    """Oldest first: as they stand, or turned round if each closing is the opening of the one before."""
    turned = stretches[::-1]
    return turned if _breaks(turned) < _breaks(stretches) else stretches


def _breaks(stretches: list[Stretch]) -> int:
    return sum(earlier.closing != later.opening for earlier, later in pairwise(stretches))


def _gap_start(stretches: list[Stretch]) -> GapStart | None:
    """Where a balance first fails to follow: inside a stretch, or from one to the next."""
    before: Money | None = None
    broken = False
    for stretch in stretches:
        broken = broken or (None not in (before, stretch.opening) and before != stretch.opening)
        if stretch.gap_start:
            return stretch.gap_start
        if stretch.opening is not None and stretch.closing is not None:
            moved = Money.total((one.amount for one in stretch.movements), stretch.currency)
            broken = broken or stretch.opening + moved != stretch.closing
        if broken and stretch.movements:
            return GapStart(stretch.movements[0].row, stretch.movements[0].date)
        before = stretch.closing
    return None


def tell_twins_apart(movements: Iterable[Movement]) -> tuple[ParsedLine, ...]:
    """Lines with an identity each: fingerprint and number of the occurrence inside this file's account.

    The parts of one booking share its identity and add their own number, so that the same booking is
    recognised in a file that does not tell its parts.
    """
    seen: Counter[str] = Counter()
    lines = []
    for movement in movements:
        fingerprint = movement.entry or movement.fingerprint()
        if movement.part <= 1:
            seen[fingerprint] += 1
        occurrence = seen[fingerprint]
        part = f".{movement.part}" if movement.part else ""
        lines.append(
            ParsedLine(
                movement.date, movement.amount, movement.reference, movement.name, movement.memo,
                movement.bank_id, occurrence, f"{fingerprint}-{occurrence}{part}", movement.counterparty,
            )
        )  # fmt: skip
    return tuple(lines)


def other_identities(identity: str) -> tuple[str, ...]:
    """How another file may name the same money: the whole booking for a part, the first part for a whole."""
    booking, dot, _part = identity.partition(".")
    return (booking,) if dot else (f"{booking}.1",)
