"""The fewest splits of a case, found and proven, or how far off the answer may be."""

from functools import lru_cache

from delegations.funding.split_bounds import fewest_possible
from delegations.funding.split_programme import TooLarge, fewer_splits
from delegations.funding.splits import Arrangement, Arranging, Case, Shares, count


def fewest_splits(case: Case, start: Shares) -> Arrangement:
    """Pay the bills with the fewest splits, beginning with any way to pay. What was found is remembered."""
    return _fewest(case, tuple(sorted((bill, purse, amount) for (bill, purse), amount in start.items())))


@lru_cache(maxsize=256)
def _fewest(case: Case, start: tuple[tuple[int, int, int], ...]) -> Arrangement:
    arranging = Arranging(case, {(bill, purse): amount for bill, purse, amount in start})
    arranging.untie()
    at_least = fewest_possible(case)
    arranging.exchange(at_least)
    shares = arranging.result()
    splits = count(case, shares)
    if splits > at_least:
        try:
            fewer = fewer_splits(case, splits)
        except TooLarge:
            pass
        else:
            shares = fewer or shares
            splits = at_least = count(case, shares)
    return Arrangement(tuple((*place, amount) for place, amount in sorted(shares.items())), splits, at_least)
