"""An auditor's sample: entries picked at random so that anybody picks the same ones again.

The n-th draw is the number that SHA-256 makes of ``SEED:N`` (N from 1 on), taken modulo the count of entries
between `first` and `last`, and added to `first`; what was drawn before is passed over.
"""

import hashlib
import secrets
from dataclasses import dataclass

from sqlalchemy import select

from shared.database import db
from treasury.models import LedgerHead

MOST = 25


@dataclass(frozen=True, slots=True)
class Sample:
    """How many entries are drawn (`size`), by which `seed`, of those numbered `first` to `last`."""

    seed: str
    size: int
    first: int
    last: int

    def numbers(self) -> list[int]:
        """The numbers drawn, in the order of the draw; all of them when there are no more than `size`."""
        among = max(self.last - self.first + 1, 0)
        drawn: dict[int, None] = {}
        draw = 0
        while len(drawn) < min(self.size, among):
            draw += 1
            made = hashlib.sha256(f"{self.seed}:{draw}".encode()).digest()
            drawn[self.first + int.from_bytes(made) % among] = None
        return list(drawn)


def new_seed() -> str:
    """A seed nobody chose, short enough to be copied by hand."""
    return secrets.token_hex(4)


def last_number() -> int:
    """The number of the last posted entry; 0 while there is none."""
    return db.session.scalar(select(LedgerHead.number)) or 0
