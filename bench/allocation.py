"""How long an allocation takes in a large delegation: `python -m bench.allocation [SEATS]…`.

200 seats of 12 lines with 10 funders are meant to take 2 seconds, 2,000 seats 20. Two networks: in one every
amount differs from seat to seat, in the other all seats cost the same. Everything is asked for: totals, who
pays which line, and how few splits there could be.
"""

import json
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from random import Random
from typing import Any

from delegations.budgets.lines import CostLine
from delegations.funding.coverage import cover
from delegations.funding.offers import DelegationFunding, Funding, MatchAgreement, Seat, SeatGrant
from shared.money import Money

_MATCHED = ("T", "T", "TE", "E", "TU", "T")
_GRANTED = (("240.00", "E"), ("150.00", "U"), ("200.00", "T"), ("95.50", "U"))
_COSTS = (2050, 540, 420, 180, 250, 110, 220, 90, 150, 250, 90, 150)
_GROUPS = "TUUTUTUTETEU"


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


def all_alike(_chance: Random) -> tuple[CostLine, ...]:
    """The seat of Dakar 2005."""
    return _ALIKE


_ALIKE = tuple(
    CostLine(f"L{place:02}", "", group, cad(f"{cost}.00"))
    for place, (cost, group) in enumerate(zip(_COSTS, _GROUPS, strict=True), 1)
)


def all_different(chance: Random) -> tuple[CostLine, ...]:
    """A seat like no other."""
    return tuple(
        CostLine(f"L{place:02}", "", group, cad(f"{chance.randint(50, 900)}.{chance.randint(0, 99):02}"))
        for place, group in enumerate(_GROUPS, 1)
    )


def network(seats: int, budget: Callable[[Random], tuple[CostLine, ...]]) -> Funding:
    """One delegation, six matches and four grants a seat that overlap."""
    chance = Random(2005)
    rooms = tuple(Seat(f"X-{number}", budget(chance)) for number in range(1, seats + 1))
    matches = tuple(
        MatchAgreement(
            f"M{place}",
            "",
            Fraction(1, 6 + 2 * place),
            frozenset(groups),
            ("X",),
            cad(f"{seats * 250 + place * 37}.{13 * place:02}"),
            stacks=True,
        )
        for place, groups in enumerate(_MATCHED)
    )
    grants = tuple(
        SeatGrant(f"G{place}", "", cad(amount), frozenset(groups), ("X",))
        for place, (amount, groups) in enumerate(_GRANTED)
    )
    one = DelegationFunding("X", "CAD", rooms, cad(f"{seats * 2200}.37"), cad("0.00"), cad("0.00"))
    return Funding((one,), matches, grants)


def measured(seats: int, budget: Callable[[Random], tuple[CostLine, ...]]) -> dict[str, Any]:
    """Seconds by the clock and of processor, and what came out."""
    funding = network(seats, budget)
    clock, processor = time.perf_counter(), time.process_time()
    [found] = cover(funding).delegations.values()
    payments = len(found.payments)
    return {
        "seats": seats,
        "budgets": budget.__name__,
        "seconds": round(time.perf_counter() - clock, 2),
        "processor": round(time.process_time() - processor, 2),
        "payments": payments,
        "splits": found.splits,
        "at least": found.fewest_splits,
        "covered": found.shares.covered.decimal(),
    }


def main() -> None:
    for seats in [int(word) for word in sys.argv[1:]] or [200, 2000]:
        for budget in (all_alike, all_different):
            print(json.dumps(measured(seats, budget)))


if __name__ == "__main__":
    main()
