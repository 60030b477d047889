"""How a cap is shared out before anybody draws on it: in proportion, or to who saved first."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from math import floor


@dataclass(frozen=True, slots=True)
class Arrival:
    """Base money of a delegation that arrived, or went back (below zero), in minor units."""

    on: date
    number: int
    delegation: str
    minor: int


def pro_rata(cap: int, wanted: Mapping[str, int]) -> dict[str, int]:
    """Shares of `cap` in proportion to what is wanted, never more than that; nothing of it is lost.

    What does not divide goes, a minor unit each, to the largest remainders, then by code.
    """
    total = sum(wanted.values())
    if total <= cap:
        return dict(wanted)
    exact = {code: Fraction(cap * one, total) for code, one in wanted.items()}
    shares = {code: floor(one) for code, one in exact.items()}
    left = cap - sum(shares.values())
    for code in sorted(exact, key=lambda code: (shares[code] - exact[code], code))[:left]:
        shares[code] += 1
    return shares


def first_come(
    cap: int, ratio: Fraction, limits: Mapping[str, int], arrivals: Iterable[Arrival]
) -> dict[str, int]:
    """What each delegation earned by the time the cap was used up: money is doubled as it arrives.

    Nobody earns more than their limit (what the agreement may pay there). What goes back is earned no more,
    and may be earned by whoever saves next.
    """
    saved: dict[str, int] = defaultdict(int)
    earned: dict[str, int] = dict.fromkeys(limits, 0)
    left = cap
    for one in sorted(arrivals, key=lambda one: (one.on, one.number, one.delegation)):
        if one.delegation not in limits:
            continue
        saved[one.delegation] += one.minor
        due = min(limits[one.delegation], floor(ratio * max(0, saved[one.delegation])))
        step = min(left, due - earned[one.delegation])
        earned[one.delegation] += step
        left -= step
    return earned


@dataclass(frozen=True, slots=True)
class InProportion:
    """A cap shared in proportion to `limits`: what each delegation could draw, in minor units."""

    cap: int
    limits: Mapping[str, int]

    def portions(self, more: int = 0) -> dict[str, int]:
        """Each delegation's share of the cap, were it `more` than it is."""
        return pro_rata(self.cap + more, self.limits)

    def with_arrival(self, came: Arrival, limit: int) -> "InProportion":
        """The same once more money came to a delegation, which then may draw up to `limit`."""
        return replace(self, limits={**self.limits, came.delegation: limit})


@dataclass(frozen=True, slots=True)
class FirstCome:
    """A cap used up by who saves first; `limits` are what it may pay each delegation, in minor units."""

    cap: int
    limits: Mapping[str, int]
    ratio: Fraction
    arrivals: tuple[Arrival, ...]

    def portions(self, more: int = 0) -> dict[str, int]:
        """What each delegation earned of the cap, were it `more` than it is."""
        return first_come(self.cap + more, self.ratio, self.limits, self.arrivals)

    def with_arrival(self, came: Arrival, limit: int) -> "FirstCome":
        """The same once more money came to a delegation, which then may draw up to `limit`."""
        limits = {**self.limits, came.delegation: limit}
        return replace(self, limits=limits, arrivals=(*self.arrivals, came))


Shared = InProportion | FirstCome


def most_of(shared: Shared, of: str) -> int:
    """What `of` would get of a cap that binds nobody."""
    return shared.portions(sum(shared.limits.values()))[of]


def rise_for(share: int, of: str, shared: Shared) -> int:
    """The least by which a shared cap would have to rise for `of` to get `share` (at most `most_of` it).

    Nobody gets less of a larger cap, so the least is found by halving.
    """
    too_little, enough = 0, sum(shared.limits.values()) - shared.cap
    while enough - too_little > 1:
        middle = (too_little + enough) // 2
        reached = shared.portions(middle)[of] >= share
        too_little, enough = (too_little, middle) if reached else (middle, enough)
    return enough
