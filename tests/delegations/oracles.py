"""The best allocation found in two other ways: by a linear programme, and by trying everything."""

from fractions import Fraction
from itertools import product
from math import floor

import numpy as np
import numpy.typing as npt

from delegations.funding.offers import Funding, MatchAgreement, SeatGrant


def best_by_linear_programme(funding: Funding) -> tuple[int, int]:
    """The most that can be covered before support, and the most restricted money: an independent solver."""
    from scipy.optimize import linprog  # a second of loading, for one process of those that test

    [one] = funding.delegations
    cells = [(seat.code, line) for seat in one.seats for line in seat.lines]
    offers = list(funding.agreements)
    width = len(cells)
    rows, limits = [], []

    def limit(row: npt.NDArray[np.float64], most: float) -> None:
        rows.append(row)
        limits.append(most)

    blank = np.zeros((len(offers) + 1, width))
    for k, (_seat, line) in enumerate(cells):
        row = blank.copy()
        row[:, k] = 1
        limit(row, line.amount.minor)
    row = blank.copy()
    row[-1] = 1
    limit(row, one.own.minor)
    base = blank.copy()
    for k, offer in enumerate(offers):
        row = blank.copy()
        row[k] = 1
        if offer.cap:
            limit(row, offer.cap.minor)
        elif offer.cap is not None:
            limit(row, 0)
        if isinstance(offer, MatchAgreement):
            base[k] = float(1 / offer.ratio)
            limit(row, floor(offer.ratio * one.own.minor))
        else:
            for seat in one.seats:
                row = blank.copy()
                row[k] = [float(code == seat.code) for code, _line in cells]
                limit(row, offer.per_seat.minor)
    if not all(match.stacks for match in funding.matches):
        limit(base, one.own.minor)
    upper = [
        (0, None if line.group in offer.eligible else 0) for offer in offers for _seat, line in cells
    ] + [(0, None)] * width
    matrix = np.array([row.ravel() for row in rows])
    restricted = np.ones_like(blank)
    restricted[-1] = 0
    found = []
    for goal in (np.ones_like(blank), restricted):
        solved = linprog(-goal.ravel(), A_ub=matrix, b_ub=limits, bounds=upper, method="highs")
        assert solved.status == 0 and solved.fun is not None
        found.append(floor(-solved.fun + 1e-6))
    return found[0], found[1]


def _grown(amounts: tuple[int, ...], place: int) -> tuple[int, ...]:
    return (*amounts[:place], amounts[place] + 1, *amounts[place + 1 :])


def best_by_trying_everything(funding: Funding) -> tuple[int, int]:
    """Every way to pay every cell, franc by franc: the most covered, then the least own money used."""
    [one] = funding.delegations
    offers = list(funding.agreements)
    stacks = all(match.stacks for match in funding.matches)
    tops = [
        min(
            offer.cap.minor if offer.cap is not None else 99,
            floor(offer.ratio * one.own.minor) if isinstance(offer, MatchAgreement) else 99,
        )
        for offer in offers
    ] + [one.own.minor]

    def allowed(used: tuple[int, ...]) -> bool:
        matched = sum(
            (
                paid / offer.ratio
                for paid, offer in zip(used, offers, strict=False)
                if isinstance(offer, MatchAgreement)
            ),
            Fraction(0),
        )
        return all(map(int.__le__, used, tops)) and (stacks or matched <= one.own.minor)

    states = {tuple([0] * len(tops))}
    for seat in one.seats:
        here = {(state, tuple([0] * len(offers))) for state in states}
        for line in seat.lines:
            for _franc in range(line.amount.minor):
                grown = set(here)
                for used, seated in here:
                    for k in range(len(tops)):
                        offer = offers[k] if k < len(offers) else None
                        if offer and line.group not in offer.eligible:
                            continue
                        more = _grown(used, k)
                        given = _grown(seated, k) if offer else seated
                        if isinstance(offer, SeatGrant) and given[k] > offer.per_seat.minor:
                            continue
                        if allowed(more):
                            grown.add((more, given))
                here = grown
        states = {used for used, _seated in here}
    most = max(map(sum, states))
    return most, min(used[-1] for used in states if sum(used) == most)


def fewest_splits_by_trying_everything(
    funding: Funding, spent: tuple[int, ...]
) -> tuple[tuple[int, ...], int]:
    """Every way to pay every line when each agreement and own savings give exactly `spent`: the amounts that
    cover the first seat further, then the second…, and the fewest splits with these."""
    [one] = funding.delegations
    offers = list(funding.agreements)
    states: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {((0,) * len(spent), ()): 0}
    for seat in one.seats:
        here = {(used, paid, (0,) * len(spent)): splits for (used, paid), splits in states.items()}
        for line in seat.lines:
            may = [k >= len(offers) or line.group in offers[k].eligible for k in range(len(spent))]
            ways = [
                way
                for way in product(*(range(line.amount.minor + 1) if able else (0,) for able in may))
                if sum(way) <= line.amount.minor
            ]
            grown: dict[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]], int] = {}
            for (used, paid, seated), splits in here.items():
                for way in ways:
                    more = tuple(map(int.__add__, used, way))
                    given = tuple(map(int.__add__, seated, way))
                    if any(map(int.__gt__, more, spent)) or any(
                        isinstance(offer, SeatGrant) and given[k] > offer.per_seat.minor
                        for k, offer in enumerate(offers)
                    ):
                        continue
                    key = more, (*paid, sum(way)), given
                    grown[key] = min(grown.get(key, 99), splits + max(0, sum(1 for part in way if part) - 1))
            here = grown
        states = {}
        for (used, paid, _seated), splits in here.items():
            states[used, paid] = min(states.get((used, paid), 99), splits)
    best = max(paid for used, paid in states if used == spent)
    return best, states[spent, best]
