"""A savings plan's instalments divided among those who pay it. Pure, and exact to the minor unit.

Dividing changes nothing of the plan: on every day the payers' parts add up to its instalment. What somebody
paid ahead or still owes stays theirs when the plan is changed; what is new (a seat, who stops) is shared.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction
from itertools import pairwise

from delegations.savings.replanning import Agreed, Decision, Opening, agree, decide, settle
from delegations.savings.schedule import Instalment

NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Claim:
    """From `on` on, `part` of each instalment is asked of `payer`; who `left` owes nothing from before.

    `after` is how many decisions the plan had behind it when this was told.
    """

    on: date
    payer: int
    part: Fraction
    left: bool = False
    after: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """A decision about the plan, and what of its `saved` each payer but the first had paid (minor units)."""

    decision: Decision
    saved: Mapping[int, int]


@dataclass(slots=True)
class _Division:
    """The plan as it is agreed at some time, and what of each instalment is whose (minor units)."""

    agreed: Agreed
    first: int
    claims: dict[int, Fraction] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    weights: dict[int, Fraction] = field(default_factory=dict)
    owed: list[dict[int, int]] = field(default_factory=list)

    def shares(self) -> dict[int, Fraction]:
        """The shares in force, the first payer last."""
        told = {payer: part for payer, part in self.claims.items() if payer != self.first}
        return told | {self.first: 1 - sum(told.values(), NOTHING)}


def divide(
    opening: Opening, settlements: Iterable[Settlement], claims: Iterable[Claim], first: int
) -> dict[int, tuple[Instalment, ...]]:
    """What the plan asks of each payer, by their number; parts of nothing are left out.

    Claims and settlements come oldest first, and those of one day in the order in which they were told.
    """
    begun = agree(opening)
    state = _Division(begun, first, weights={first: Fraction(1)})
    state.owed = _assign([part.amount.minor for part in begun.instalments], state.weights)
    events: list[tuple[date, int, int, Claim | Settlement]] = [
        *((one.decision.on, number, 0, one) for number, one in enumerate(settlements, start=1)),
        *((one.on, one.after, 1, one) for one in claims),
    ]
    for *_when, event in sorted(events, key=lambda known: known[:3]):
        if isinstance(event, Claim):
            _claim(state, event)
        else:
            _settle(state, event, opening)
    return {
        payer: tuple(
            replace(part, amount=replace(part.amount, minor=owed[payer]))
            for part, owed in zip(state.agreed.instalments, state.owed, strict=True)
            if owed.get(payer)
        )
        for payer in [*state.claims, first]
    }


def split(minor: int, weights: Mapping[int, Fraction]) -> dict[int, int]:
    """`minor` units by weights that add up to 1: each takes its share of what those before it left.

    Exact where the shares are whole; nobody's part ever falls when `minor` grows.
    """
    left, whole, found = minor, Fraction(1), {}
    for payer, weight in weights.items():
        taken = int(left * weight / whole) if whole else 0
        found[payer] = taken
        left, whole = left - taken, whole - weight
    return found


def _assign(amounts: Sequence[int], weights: Mapping[int, Fraction]) -> list[dict[int, int]]:
    """Each amount by the weights, rounded on their sum, so that whole shares come out whole at the end."""
    upto = [0]
    for amount in amounts:
        upto.append(upto[-1] + amount)
    sums = [split(one, weights) for one in upto]
    return [{payer: after[payer] - before[payer] for payer in weights} for before, after in pairwise(sums)]


def _normal(weights: Mapping[int, Fraction], otherwise: Mapping[int, Fraction]) -> dict[int, Fraction]:
    """Nothing below zero, 1 in all."""
    kept = {payer: max(NOTHING, weight) for payer, weight in weights.items()}
    whole = sum(kept.values())
    return {payer: weight / whole for payer, weight in kept.items()} if whole else dict(otherwise)


def _claim(state: _Division, claim: Claim) -> None:
    """What falls due from the day on is divided anew; who pays off arrears in it goes on doing so."""
    before = state.shares()
    state.claims[claim.payer] = claim.part
    (state.gone.add if claim.left else state.gone.discard)(claim.payer)
    shares = state.shares()
    moved = {
        payer: state.weights.get(payer, NOTHING) + share - before.get(payer, NOTHING)
        for payer, share in shares.items()
    }
    state.weights = _normal(moved, shares)
    places = [at for at, part in enumerate(state.agreed.instalments) if part.due >= claim.on]
    anew = _assign([state.agreed.instalments[at].amount.minor for at in places], state.weights)
    for at, owed in zip(places, anew, strict=True):
        state.owed[at] = owed


def _settle(state: _Division, event: Settlement, opening: Opening) -> None:
    """Behind lies what each has paid; to come is what each still lacks, and their share of what is new."""
    decision, shares = event.decision, state.shares()
    behind, _coming = settle(state.agreed.instalments, decision.on, decision.saved)
    outcome = decide(state.agreed, decision, opening)
    others = {payer: event.saved.get(payer, 0) for payer in shares if payer != state.first}
    saved = others | {state.first: decision.saved.minor - sum(others.values())}
    lacking = {payer: _lacking(state, payer, share, saved[payer]) for payer, share in shares.items()}
    coming = [part.amount.minor for part in outcome.instalments[len(behind) :]]
    new = sum(coming) - sum(lacking.values())
    wanted = {payer: lacking[payer] + new * share for payer, share in shares.items()}
    state.weights = _normal(wanted, shares)
    paid = _normal({payer: Fraction(minor) for payer, minor in saved.items()}, shares)
    state.owed = [
        *_assign([part.amount.minor for part in behind], paid),
        *_assign(coming, state.weights),
    ]
    state.agreed = outcome


def _lacking(state: _Division, payer: int, share: Fraction, saved: int) -> int:
    """What a payer still owes of all that is asked of them; what they gave unasked is everybody's relief."""
    if payer in state.gone:
        return 0
    lacks = sum(owed.get(payer, 0) for owed in state.owed) - saved
    return lacks if share else max(0, lacks)
