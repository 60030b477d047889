"""What a seat costs, line by line."""

import re
from dataclasses import dataclass
from functools import lru_cache

from shared.money import Money


@dataclass(frozen=True, slots=True)
class CostLine:
    """One line of one seat's budget. `group` says what kind of cost it is, so which restricted money may
    pay it (``T`` travel and international contributions, ``E`` education, ``U`` unrestricted only)."""

    code: str
    label: str
    group: str
    amount: Money

    def __post_init__(self) -> None:
        if self.amount.minor < 0:
            raise ValueError(f"line {self.code} costs less than nothing")


@lru_cache(maxsize=65_536)
def in_order(code: str) -> tuple[tuple[str | int, ...], str]:
    """Sorts codes as people count: ``OUT-2`` before ``OUT-10``."""
    parts = re.split("([0-9]+)", code)
    return tuple(int(part) if k % 2 else part for k, part in enumerate(parts)), code
