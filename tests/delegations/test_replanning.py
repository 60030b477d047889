"""When life changes: what each policy makes of a plan, with the figures of the demonstration."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delegations.savings.replanning import (
    Agreed,
    Decision,
    Opening,
    Policy,
    PolicyImpossible,
    agree,
    decide,
    possible,
    settle,
)
from delegations.savings.schedule import (
    MONTH,
    QUARTER,
    BadPlan,
    Deposit,
    Frequency,
    Remainder,
    replay,
)
from shared.money import Money
from tests.delegations.conftest import cad

S1 = date(2005, 10, 31)
P2 = Opening(cad("6750.00"), 12, date(2003, 1, 15), QUARTER, Remainder.LAST)
P3 = Opening(cad("13500.00"), 34, date(2003, 1, 15), MONTH, Remainder.LAST)
P6 = Opening(cad("4500.00"), 12, date(2003, 1, 15), QUARTER, Remainder.LAST)


def amounts(agreed: Agreed, since: date) -> list[str]:
    return [part.amount.decimal() for part in agreed.instalments if part.due >= since]


def decided(opening: Opening, on: date, saved: str, need: str, policy: Policy) -> Agreed:
    return agree(opening, [Decision(on, cad(saved), cad(need), policy)])


def test_p2_missed_two_instalments_and_has_four_ways_on() -> None:
    """July and October 2004 missed: 1,125.00 behind on 1 November 2004, four instalments to come."""
    on, saved = date(2004, 11, 1), cad("3375.00")
    ways = dict(possible(agree(P2), on, saved, P2.target, P2))
    assert amounts(ways[Policy.SPREAD], on) == ["843.75"] * 4
    assert amounts(ways[Policy.NEXT], on) == [
        "1687.50",
        "562.50",
        "562.50",
        "562.50",
    ]  # what was paid in fact
    assert amounts(ways[Policy.EXTEND], on) == ["562.50"] * 6
    assert ways[Policy.EXTEND].instalments[-1].due == date(2006, 4, 15)
    assert amounts(ways[Policy.ACCEPT], on) == ["562.50"] * 4
    assert (ways[Policy.ACCEPT].target, ways[Policy.ACCEPT].gap) == (cad("5625.00"), cad("1125.00"))


@pytest.mark.parametrize(
    ("life", "saved", "need", "spread", "following", "extend", "gap"),
    [
        ("a seat added", "1500.00", "10500.00", "900.00", "2250.00", (12, "750.00"), "1500.00"),
        ("the price moved", "1500.00", "9100.00", "760.00", "850.00", (11, "100.00"), "100.00"),
        ("paid in part", "1100.00", "9000.00", "790.00", "1150.00", (11, "400.00"), "400.00"),
        ("paid ahead", "1800.00", "9000.00", "720.00", "450.00", (10, "450.00"), "-300.00"),
        ("a cheque returned", "750.00", "9000.00", "825.00", "1500.00", (11, "750.00"), "750.00"),
    ],
)
def test_what_each_policy_makes_of_a_plan(
    life: str, saved: str, need: str, spread: str, following: str, extend: tuple[int, str], gap: str
) -> None:
    """P1 on 1 May 2003: two of twelve instalments of 750.00 fell due, and life changes."""
    p1, on = Opening(cad("9000.00"), 12, date(2003, 1, 15), QUARTER, Remainder.LAST), date(2003, 5, 1)
    later = on + timedelta(days=1)  # what was paid ahead counts as an instalment of the day
    ways = dict(possible(agree(p1), on, cad(saved), cad(need), p1))
    assert list(ways) == [*Policy], life
    assert amounts(ways[Policy.SPREAD], later) == [spread] * 10
    assert amounts(ways[Policy.NEXT], later) == [following, *["750.00"] * 9]
    longer = amounts(ways[Policy.EXTEND], later)
    assert (len(longer), longer[-1], longer[0]) == (*extend, "750.00")
    assert amounts(ways[Policy.ACCEPT], later) == ["750.00"] * 10
    assert ways[Policy.ACCEPT].gap == cad(gap)
    assert all(ways[one].target == cad(need) for one in (Policy.SPREAD, Policy.NEXT, Policy.EXTEND))


def test_going_on_for_longer_never_ends_on_the_cents_that_rounding_left() -> None:
    """8,000.00 in thirteen, five missed: five more of 615.38 leave 0.02, which the last one takes."""
    opening, on = Opening(cad("8000.00"), 13, date(2005, 7, 15), MONTH, Remainder.SPREAD), date(2005, 11, 22)
    longer = amounts(decided(opening, on, "0.00", "8000.00", Policy.EXTEND), on)
    assert longer[8:] == ["615.38"] * 4 + ["615.40"]
    owed = amounts(decided(opening, on, "0.00", "8000.04", Policy.EXTEND), on)
    assert owed[12:] == ["615.38", "0.06"]  # more than rounding: a part of its own


def test_p3_accepts_the_gap_that_it_never_caught_up() -> None:
    agreed = decided(P3, date(2004, 10, 1), "6750.00", "13500.00", Policy.ACCEPT)
    on_time = decided(P3, date(2004, 10, 1), "6749.85", "13500.00", Policy.SPREAD)
    assert agreed.gap == cad("13500.00") - agreed.target
    assert amounts(agreed, date(2005, 10, 1)) == ["397.35"]
    assert on_time.target == cad("13500.00") and on_time.gap == cad("0.00")


def test_p6_paid_three_at_once() -> None:
    """15 April 2005: 1,125.00. Two instalments are skipped, or the plan goes on and saves more."""
    on, saved = date(2005, 4, 15), cad("4500.00")
    ways = possible(agree(P6), on, saved, P6.target, P6)
    assert [policy for policy, _outcome in ways] == [Policy.SPREAD, Policy.ACCEPT]  # nothing more, or go on
    assert amounts(ways[0][1], date(2005, 4, 16)) == []
    assert ways[1][1].gap == cad("-750.00")


def test_a_seat_withdrawn_lowers_what_is_to_come() -> None:
    """P3 at two seats instead of three, half-way: 9,000.00 instead of 13,500.00."""
    on = date(2004, 6, 1)
    agreed = decided(P3, on, "6749.85", "9000.00", Policy.SPREAD)
    assert agreed.target == cad("9000.00")
    assert amounts(agreed, on)[0] == "132.36" and len(amounts(agreed, on)) == 17
    sooner = decided(P3, on, "6749.85", "9000.00", Policy.EXTEND)
    assert sooner.instalments[-1].due == date(2004, 11, 15)
    assert amounts(sooner, on)[:2] == ["397.05", "397.05"]
    later = decided(P3, on, "6749.85", "9000.00", Policy.NEXT)
    assert later.instalments[-1].amount == cad("397.35")


def test_what_falls_due_today_is_still_to_come_unless_it_was_paid() -> None:
    parts = agree(P6).instalments
    behind, coming = settle(parts, date(2003, 4, 15), cad("375.00"))
    assert (len(behind), coming[0].due) == (1, date(2003, 4, 15))
    behind, coming = settle(parts, date(2003, 4, 15), cad("750.00"))
    assert (len(behind), coming[0].due) == (2, date(2003, 7, 15))
    behind, coming = settle(parts, date(2003, 1, 10), cad("20.00"))  # before anything was due
    assert [part.amount for part in behind] == [cad("20.00")]


def test_what_cannot_be_is_refused_and_not_offered() -> None:
    after = date(2006, 1, 1)  # the plan is over: nothing is left to spread over
    for policy in (Policy.SPREAD, Policy.NEXT):
        with pytest.raises(PolicyImpossible):
            decided(P6, after, "0.00", "4500.00", policy)
    with pytest.raises(PolicyImpossible):  # nothing saved, nothing asked for
        decided(P6, after, "0.00", "4500.00", Policy.ACCEPT)
    tiny = Opening(Money(12, "XOF"), 12, date(2003, 1, 15), QUARTER, Remainder.LAST)
    with pytest.raises(PolicyImpossible):  # more than a century
        agree(tiny, [Decision(after, Money(0, "XOF"), Money(10**9, "XOF"), Policy.EXTEND)])
    ways = possible(agree(P6), after, cad("4125.00"), cad("4500.00"), P6)
    assert [policy for policy, _outcome in ways] == [Policy.EXTEND, Policy.ACCEPT]
    assert ways[0][1].instalments[-1].due == date(2006, 1, 15)


openings = st.builds(
    lambda minor, count, currency, first, months, remainder: Opening(
        Money(minor + count, currency), count, first, Frequency(months), remainder
    ),
    st.integers(0, 10**8), st.integers(1, 40), st.sampled_from(["CAD", "XOF", "TND"]),
    st.dates(date(2000, 1, 1), date(2010, 1, 1)), st.integers(1, 12), st.sampled_from(list(Remainder)),
)  # fmt: skip
lives = st.lists(
    st.tuples(st.integers(0, 900), st.integers(0, 10**8), st.integers(1, 2 * 10**8), st.sampled_from(Policy)),
    max_size=5,
)


@settings(deadline=None, max_examples=80)
@given(openings, lives)
def test_no_decision_loses_a_cent_and_the_history_replays(
    opening: Opening, life: list[tuple[int, int, int, Policy]]
) -> None:
    agreed, on, saved = (
        agree(opening),
        opening.first - timedelta(days=200),
        Money.zero(opening.target.currency),
    )
    taken: list[Decision] = []
    for days, deposit, need, policy in life:
        on, saved = on + timedelta(days=days), saved + Money(deposit, saved.currency)
        decision = Decision(on, saved, Money(need, saved.currency), policy)
        _behind, coming = settle(agreed.instalments, on, saved)
        try:
            after = decide(agreed, decision, opening)
        except BadPlan:
            continue
        more = after.target - saved
        if policy is Policy.ACCEPT:
            assert more == Money.total((part.amount for part in coming), saved.currency)
        else:
            assert more == max(decision.need - saved, Money.zero(saved.currency))
        assert after.target + after.gap == decision.need
        assert all(part.due >= on for part in after.instalments if part.due in {one.due for one in coming})
        dues = [part.due for part in after.instalments]
        assert dues == sorted(dues)
        assert len({part.number for part in after.instalments}) == len(dues)
        kept = {part.number: part.due for part in coming}
        assert all(kept.get(part.number, part.due) == part.due for part in after.instalments)
        status = replay(after.instalments, [Deposit(on, saved)] if saved else [], on)
        assert not status.late_amount  # a decision leaves nothing late
        agreed = after
        taken.append(decision)
    assert agree(opening, taken) == agreed
