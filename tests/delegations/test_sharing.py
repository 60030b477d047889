"""A plan divided among its payers: exact on every day, and what one owes or paid ahead stays theirs."""

from datetime import date
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from delegations.savings.replanning import Decision, Opening, Policy, agree, possible
from delegations.savings.schedule import MONTH, QUARTER, Remainder
from delegations.savings.sharing import Claim, Settlement, divide, split
from shared.money import Money
from tests.delegations.conftest import cad

ONDINE, FATOU, BOUBACAR = 1, 2, 3
P1 = Opening(cad("9000.00"), 12, date(2003, 1, 15), QUARTER, Remainder.LAST)
HALF, THIRD = Fraction(1, 2), Fraction(1, 3)


def amounts(opening: Opening, claims: list[Claim], *settled: Settlement) -> dict[int, list[str]]:
    found = divide(opening, settled, claims, ONDINE)
    return {payer: [part.amount.decimal() for part in parts] for payer, parts in found.items()}


def claim(payer: int, part: Fraction, on: date = date(2003, 1, 1), *, left: bool = False) -> Claim:
    return Claim(on, payer, part, left)


def test_a_third_of_every_instalment_is_a_third_of_the_whole() -> None:
    """One seat of Dakar, 34 months: 33 × 132.35 and 132.45, by three payers."""
    seat = Opening(cad("4500.00"), 34, date(2003, 1, 15), MONTH, Remainder.LAST)
    found = divide(seat, [], [claim(FATOU, THIRD), claim(BOUBACAR, THIRD)], ONDINE)
    assert {
        payer: Money.total((p.amount for p in parts), "CAD") for payer, parts in found.items()
    } == dict.fromkeys((FATOU, BOUBACAR, ONDINE), cad("1500.00"))
    assert {part.amount.decimal() for part in found[FATOU][:-1]} == {"44.11", "44.12"}


def test_who_only_may_deposit_is_asked_for_nothing() -> None:
    assert amounts(P1, [claim(FATOU, Fraction(0))]) == {FATOU: [], ONDINE: ["750.00"] * 12}


def test_a_share_begins_on_a_day_and_changes_nothing_before_it() -> None:
    found = amounts(P1, [claim(FATOU, THIRD, date(2004, 1, 15))])
    assert found == {FATOU: ["250.00"] * 8, ONDINE: ["750.00"] * 4 + ["500.00"] * 8}


def test_arrears_that_are_spread_are_spread_on_who_owes_them() -> None:
    """Two halves; by April 2003 Fatou has paid one instalment of 375.00 of two, Ondine both."""
    decision = Decision(date(2003, 5, 1), cad("1125.00"), cad("9000.00"), Policy.SPREAD)
    found = amounts(P1, [claim(FATOU, HALF)], Settlement(decision, {FATOU: 37_500}))
    assert found[FATOU][2:] == ["412.50"] * 10  # 375.00 and a tenth of the arrears
    assert found[ONDINE][2:] == ["375.00"] * 10
    assert sum(map(float, found[FATOU])) == sum(map(float, found[ONDINE])) == 4500.0


def test_a_seat_that_is_added_is_shared() -> None:
    decision = Decision(date(2003, 5, 1), cad("1500.00"), cad("12000.00"), Policy.SPREAD)
    found = amounts(P1, [claim(FATOU, THIRD)], Settlement(decision, {FATOU: 50_000}))
    assert sum(map(float, found[FATOU])) == 4000.0


def test_who_comes_after_a_change_of_the_same_day_pays_their_share_of_what_it_asks() -> None:
    """On 1 May 2003 a seat is added, or arrears are spread; Fatou pays a third from then on."""
    on = date(2003, 5, 1)
    seat = Settlement(Decision(on, cad("1500.00"), cad("12000.00"), Policy.NEXT), {})
    told_after = amounts(P1, [Claim(on, FATOU, THIRD, after=1)], seat)
    assert told_after[FATOU] == ["1250.00", *["250.00"] * 9]  # a third of 3,750.00, then of 750.00
    assert sum(map(float, told_after[FATOU])) == 3500.0
    told_before = amounts(P1, [Claim(on, FATOU, THIRD)], seat)
    assert sum(map(float, told_before[FATOU])) == 3500.0  # nobody was behind: the order says the same
    behind = Settlement(Decision(on, cad("750.00"), cad("9000.00"), Policy.SPREAD), {})
    assert sum(map(float, amounts(P1, [Claim(on, FATOU, THIRD, after=1)], behind)[FATOU])) == 2750.0
    assert sum(map(float, amounts(P1, [Claim(on, FATOU, THIRD)], behind)[FATOU])) == 2500.0  # not her arrears


def test_who_stops_owes_nothing_more_and_the_others_meet_it_as_they_choose() -> None:
    """Three thirds; Boubacar has paid 250.00 of 500.00 when he stops on 1 May 2003."""
    stops = date(2003, 5, 1)
    claims = [
        claim(FATOU, THIRD), claim(BOUBACAR, THIRD),
        claim(BOUBACAR, Fraction(0), stops, left=True), claim(FATOU, HALF, stops),
    ]  # fmt: skip
    met = {
        policy: amounts(
            P1, claims,
            Settlement(
                Decision(stops, cad("1250.00"), cad("9000.00"), policy, THIRD),
                {FATOU: 50_000, BOUBACAR: 25_000},
            ),
        )
        for policy in Policy
    }  # fmt: skip
    for found in met.values():
        assert sum(map(float, found[BOUBACAR])) == 250.0
        assert found[FATOU] == found[ONDINE]
    spread, following, extend, gap = (met[policy][FATOU] for policy in Policy)
    assert spread[2:] == ["387.50"] * 10
    assert following[2:] == ["1625.00", *["250.00"] * 9]
    assert extend[2:] == [*["250.00"] * 15, "125.00"]
    assert gap[2:] == ["250.00"] * 10


_POLICIES = st.sampled_from(Policy)
_SHARES = st.fractions(0, 1, max_denominator=60)


@settings(deadline=None, max_examples=30)
@given(
    st.integers(40, 10**7), st.integers(1, 40), st.lists(_SHARES, min_size=1, max_size=4),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4), st.integers(50, 150), _POLICIES), max_size=3),
    st.integers(0, 59), st.sampled_from(["CAD", "XOF"]),
)  # fmt: skip
def test_the_parts_add_up_to_the_plan_whatever_happens(
    target: int, count: int, wanted: list[Fraction], events: list[tuple[int, int, int, Policy]],
    later: int, currency: str,
) -> None:  # fmt: skip
    whole = max(Fraction(1), sum(wanted, Fraction(0)))
    opening = Opening(Money(target, currency), count, date(2003, 1, 15), MONTH, Remainder.SPREAD)
    claims = [claim(number, share / whole) for number, share in enumerate(wanted, start=2)]
    claims.append(claim(2, wanted[0] / whole / 2, date(2003 + later // 12, later % 12 + 1, 15)))
    settled: list[Settlement] = []
    for months, quota, percent, policy in sorted(events, key=lambda event: event[0]):
        agreed = agree(opening, [one.decision for one in settled])
        on = date(2003 + months // 12, months % 12 + 1, 1)
        saved = Money(target * quota // 7, currency)
        need = Money(max(1, target * percent // 100), currency)
        if policy in dict(possible(agreed, on, saved, need, opening)):
            decision = Decision(on, saved, need, policy)
            settled.append(Settlement(decision, split(saved.minor, {2: HALF, 1: HALF})))
    agreed = agree(opening, [one.decision for one in settled])
    found = divide(opening, settled, sorted(claims, key=lambda one: one.on), ONDINE)
    together: dict[int, int] = {}
    for parts in found.values():
        for part in parts:
            together[part.number] = together.get(part.number, 0) + part.amount.minor
    assert together == {part.number: part.amount.minor for part in agreed.instalments}


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.lists(_SHARES, min_size=1, max_size=5))
def test_nobody_s_part_falls_when_the_whole_grows(minor: int, wanted: list[Fraction]) -> None:
    whole = max(Fraction(1), sum(wanted, Fraction(0)))
    weights = dict(enumerate([*(one / whole for one in wanted), 1 - sum(wanted, Fraction(0)) / whole]))
    before, after = split(minor, weights), split(minor + 1, weights)
    assert sum(after.values()) == sum(before.values()) + 1
    assert all(before[payer] <= after[payer] for payer in weights)
