"""What is at stake for which seat of a savings plan: saved for, on its way, or missing at this pace. Pure."""

from dataclasses import dataclass
from enum import StrEnum

from delegations.savings.projection import Projection
from delegations.savings.schedule import PlanStatus
from shared.money import Money


class Stake(StrEnum):
    """How it stands with one seat's share."""

    SAVED = "saved"
    EXPECTED = "expected"
    AT_STAKE = "at_stake"


@dataclass(frozen=True, slots=True)
class SeatStake:
    """The `number`-th seat's `share` of the target, what is `saved` of it, what will be `missing`."""

    number: int
    share: Money
    saved: Money
    missing: Money
    stake: Stake


def stakes(status: PlanStatus, projection: Projection, seats: int) -> list[SeatStake]:
    """Each seat in turn, the first ones served first, on the day of the plan's last instalment.

    What is to be expected by then is the projection's: later deposits come too late for the seat.
    """
    zero = Money.zero(status.target.currency)
    saved, coming = status.saved, max(_by_the_end(status, projection), status.saved)
    found = []
    for number, share in enumerate(status.target.split(seats), start=1):
        has, will = min(saved, share), min(coming, share)
        saved, coming = saved - has, coming - will
        missing = max(zero, share - will)
        stake = Stake.SAVED if has == share else Stake.AT_STAKE if missing else Stake.EXPECTED
        found.append(SeatStake(number, share, has, missing, stake))
    return found


def _by_the_end(status: PlanStatus, projection: Projection) -> Money:
    last = max(entry.instalment.due for entry in status.instalments)
    return max((point.amount for point in projection.projected if point.on <= last), default=status.saved)
