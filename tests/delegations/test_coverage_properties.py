"""What holds for any network: rules kept, money accounted for, and no better allocation to be found."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from functools import partial
from random import Random
from typing import TypeVar

from hypothesis import given, settings
from hypothesis import strategies as st

from delegations.budgets.lines import CostLine
from delegations.funding.allocation import Payment, SourceKind
from delegations.funding.coverage import NetworkCoverage, cover
from delegations.funding.offers import DelegationFunding, Funding, MatchAgreement, Seat, SeatGrant
from delegations.funding.shortfall import ReasonKind
from shared.money import Money
from tests.delegations.network import MATCHES, cad, changed, network
from tests.delegations.oracles import (
    best_by_linear_programme,
    best_by_trying_everything,
    fewest_splits_by_trying_everything,
)

DEMONSTRATION = network(with_support=False)
Thing = TypeVar("Thing")

GROUPS = "TEU"
RATIOS = [Fraction(1), Fraction(2), Fraction(1, 2), Fraction(2, 3)]


@st.composite
def networks(draw: st.DrawFn, largest: int = 40, most: int = 3) -> Funding:
    """Up to `most` delegations of up to three seats, in francs, with matches and grants that overlap."""

    def francs(top: int = largest) -> Money:
        return Money(draw(st.integers(0, top)), "XOF")

    codes = [f"D{number}" for number in range(1, draw(st.integers(1, most)) + 1)]
    delegations = []
    for code in codes:
        seats = tuple(
            Seat(
                f"{code}-{number}",
                tuple(
                    CostLine(f"L{k}", f"L{k}", GROUPS[k % 3], francs(12))
                    for k in range(draw(st.integers(1, 4)))
                ),
            )
            for number in range(draw(st.integers(1, 3)))
        )
        received = francs()
        moved = Money(draw(st.integers(0, received.minor)), "XOF")
        delegations.append(DelegationFunding(code, "XOF", seats, received, moved, francs(10)))
    eligible = st.sets(st.sampled_from(GROUPS), min_size=1).map(frozenset)
    serves = st.sets(st.sampled_from(codes), min_size=1).map(lambda found: tuple(sorted(found)))
    caps = st.none() | st.integers(0, largest).map(lambda cap: Money(cap, "XOF"))
    matches = tuple(
        MatchAgreement(
            f"M{k}",
            f"M{k}",
            draw(st.sampled_from(RATIOS)),
            draw(eligible),
            draw(serves),
            draw(caps),
            draw(st.booleans()),
        )
        for k in range(draw(st.integers(0, 3)))
    )
    grants = tuple(
        SeatGrant(f"G{k}", f"G{k}", francs(10), draw(eligible), draw(serves), draw(caps))
        for k in range(draw(st.integers(0, 2)))
    )
    return Funding(tuple(delegations), matches, grants)


def violations(funding: Funding, found: NetworkCoverage) -> list[str]:
    """Every rule of every agreement, checked from the payments alone."""
    wrong: list[str] = []
    spent: Counter[str] = Counter()
    for one in funding.delegations:
        payments = found.delegations[one.code].payments
        wrong += _badly_paid(funding, one, payments)
        wrong += _overspent(funding, one, payments)
        for payment in payments:
            spent[payment.source.code] += payment.amount.minor
    for offer in funding.agreements:
        if offer.cap is not None and spent[offer.code] > offer.cap.minor:
            wrong.append(f"{offer.code} is over its cap")
    return wrong


def _badly_paid(funding: Funding, one: DelegationFunding, payments: tuple[Payment, ...]) -> Iterator[str]:
    offers = {offer.code: offer for offer in funding.agreements}
    lines = {(seat.code, line.code): line for seat in one.seats for line in seat.lines}
    cells: Counter[tuple[str, str]] = Counter()
    for payment in payments:
        place = payment.seat, payment.line
        cells[place] += payment.amount.minor
        offer = offers.get(payment.source.code)
        if offer and (lines[place].group not in offer.eligible or one.code not in offer.serves):
            yield f"{offer.code} pays {payment.line} of {one.code}"
        if payment.amount.minor <= 0:
            yield "a payment of nothing"
    for place, paid in cells.items():
        if paid > lines[place].amount.minor:
            yield f"{place} is overpaid"


def _overspent(funding: Funding, one: DelegationFunding, payments: tuple[Payment, ...]) -> Iterator[str]:
    sources: Counter[str] = Counter()
    by_seat: Counter[tuple[str, str]] = Counter()
    for payment in payments:
        sources[payment.source.code or payment.source.kind.value] += payment.amount.minor
        by_seat[payment.source.code, payment.seat] += payment.amount.minor
    if sources["own"] > one.own.minor or sources["support"] > one.support.minor:
        yield f"{one.code} spends more than it has"
    matched = [sources[match.code] / match.ratio for match in funding.matches]
    stacks = all(match.stacks for match in funding.matches if one.code in match.serves)
    if (max(matched, default=0) if stacks else sum(matched)) > one.own.minor:
        yield f"{one.code} is matched beyond its cash"
    for grant in funding.grants:
        if any(by_seat[grant.code, seat.code] > grant.per_seat.minor for seat in one.seats):
            yield f"{grant.code} gives a seat too much"


@settings(deadline=None)
@given(networks())
def test_no_rule_is_ever_broken_and_every_franc_accounted_for(funding: Funding) -> None:
    found = cover(funding)
    assert violations(funding, found) == []
    for one in found.delegations.values():
        shares = one.shares
        assert shares.need == shares.own + shares.match + shares.grants + shares.support + shares.remaining
        assert min(shares.remaining.minor, one.own_left.minor) == 0
        unused = Money.total((use.nominal - use.used for use in one.sources), "XOF")
        kinds = (ReasonKind.INELIGIBLE, ReasonKind.CAP_REACHED, ReasonKind.ALREADY_MATCHED)
        assert unused == Money.total((r.amount for r in one.reasons if r.kind in kinds), "XOF")
        missing = (ReasonKind.ONLY_FREE_MONEY, ReasonKind.AWAITS_BASE, ReasonKind.USED_UP)
        assert one.gap == Money.total((r.amount for r in one.reasons if r.kind in missing), "XOF")


def test_the_check_of_rules_sees_a_broken_one() -> None:
    tight = replace(
        DEMONSTRATION,
        matches=tuple(replace(match, cap=cad("100.00"), eligible=frozenset("E")) for match in MATCHES),
        grants=tuple(replace(grant, per_seat=cad("1.00")) for grant in DEMONSTRATION.grants),
        delegations=tuple(
            replace(one, received=cad("0.00"), moved_away=cad("0.00")) for one in DEMONSTRATION.delegations
        ),
    )
    found = violations(tight, cover(DEMONSTRATION))
    for words in (
        "B1 pays L01 of OUT",
        "B1 is over its cap",
        "B3 gives a seat",
        "spends more",
        "beyond its cash",
    ):
        assert any(words in line for line in found), words


@settings(deadline=None)
@given(networks(), st.randoms(use_true_random=False))
def test_the_answer_does_not_depend_on_how_things_are_listed(funding: Funding, chance: Random) -> None:
    def mixed(things: tuple[Thing, ...]) -> tuple[Thing, ...]:
        return tuple(chance.sample(things, len(things)))

    delegations = tuple(
        replace(one, seats=mixed(tuple(replace(seat, lines=mixed(seat.lines)) for seat in one.seats)))
        for one in funding.delegations
    )
    shuffled = Funding(
        mixed(delegations),
        mixed(funding.matches),
        mixed(funding.grants),
        funding.pledges,
    )
    found, expected = cover(shuffled).delegations, cover(funding).delegations
    assert found == expected
    for code, one in expected.items():
        assert (found[code].payments, found[code].reasons) == (one.payments, one.reasons)


@settings(deadline=None)
@given(networks(), st.integers(1, 20))
def test_more_money_never_widens_a_gap(funding: Funding, extra: int) -> None:
    before, more, nothing = cover(funding).delegations, Money(extra, "XOF"), Money(0, "XOF")
    for code, one in before.items():
        saved = cover(changed(funding, code, lambda d: replace(d, received=d.received + more))).delegations
        assert saved[code].gap <= one.gap
        helped = cover(changed(funding, code, lambda d: replace(d, support=d.support + more))).delegations
        assert helped[code].remaining == max(nothing, one.remaining - more)


@settings(deadline=None)
@given(networks(most=1), st.integers(1, 20))
def test_a_higher_cap_never_widens_a_gap(funding: Funding, extra: int) -> None:
    [before] = cover(funding).delegations.values()
    for offer in funding.matches:
        if offer.cap is not None:
            raised = replace(offer, cap=offer.cap + Money(extra, "XOF"))
            matches = tuple(raised if match.code == offer.code else match for match in funding.matches)
            [after] = cover(replace(funding, matches=matches)).delegations.values()
            assert after.gap <= before.gap and after.own_used <= before.own_used + before.gap - after.gap


@settings(deadline=None)
@given(networks(), st.integers(1, 20))
def test_what_one_saves_more_costs_the_network_nothing(funding: Funding, extra: int) -> None:
    def gaps(found: Funding) -> int:
        return sum(one.gap.minor for one in cover(found).delegations.values())

    for one in funding.delegations:
        received = one.received + Money(extra, "XOF")
        assert gaps(changed(funding, one.code, partial(replace, received=received))) <= gaps(funding)


@settings(deadline=None)
@given(networks(most=1))
def test_no_other_allocation_covers_more_or_spares_more(funding: Funding) -> None:
    [found] = cover(funding).delegations.values()
    most, restricted = best_by_linear_programme(funding)
    assert (found.need - found.gap).minor == most
    assert (found.match_usable + found.grants).minor == restricted


@st.composite
def tiny(draw: st.DrawFn) -> Funding:
    amount = st.integers(0, 2)
    seats = tuple(
        Seat(f"D-{n}", tuple(CostLine(f"L{k}", "", GROUPS[k], Money(draw(amount), "XOF")) for k in range(3)))
        for n in range(draw(st.integers(1, 2)))
    )
    own = Money(draw(st.integers(0, 4)), "XOF")
    eligible = st.sets(st.sampled_from(GROUPS), min_size=1).map(frozenset)
    caps = st.none() | st.integers(0, 4).map(lambda cap: Money(cap, "XOF"))
    matches = tuple(
        MatchAgreement(
            f"M{k}",
            "",
            draw(st.sampled_from(RATIOS)),
            draw(eligible),
            ("D",),
            draw(caps),
            draw(st.booleans()),
        )
        for k in range(draw(st.integers(0, 2)))
    )
    grants = tuple(
        SeatGrant("G", "", Money(draw(amount), "XOF"), draw(eligible), ("D",), draw(caps))
        for _ in range(draw(st.integers(0, 1)))
    )
    zero = Money(0, "XOF")
    return Funding((DelegationFunding("D", "XOF", seats, own, zero, zero),), matches, grants)


@settings(deadline=None, max_examples=60)
@given(tiny())
def test_brute_force_agrees(funding: Funding) -> None:
    [found] = cover(funding).delegations.values()
    most, own = best_by_trying_everything(funding)
    assert (found.need - found.gap).minor == most and found.own_used.minor == own


@settings(deadline=None, max_examples=80)
@given(tiny())
def test_brute_force_finds_no_fewer_splits(funding: Funding) -> None:
    [found] = cover(funding).delegations.values()
    used = {one.source.code: one.used.minor for one in found.sources}
    spent = *(used[offer.code] for offer in funding.agreements), found.own_used.minor
    paid, splits = fewest_splits_by_trying_everything(funding, spent)
    cells: Counter[tuple[str, str]] = Counter()
    for payment in found.payments:
        cells[payment.seat, payment.line] += payment.amount.minor
    [one] = funding.delegations
    assert tuple(cells[seat.code, line.code] for seat in one.seats for line in seat.lines) == paid
    lines = len({(payment.seat, payment.line) for payment in found.payments})
    assert len(found.payments) - lines == found.splits == found.fewest_splits == splits


def large(seats: int) -> Funding:
    """`seats` seats of 12 lines whose cost differs from seat to seat, ten agreements that overlap."""
    chance = Random(2005)
    rooms = tuple(
        Seat(
            f"X-{n}",
            tuple(
                CostLine(
                    f"L{k:02}",
                    "",
                    "ABCDEF"[k % 6],
                    cad(f"{chance.randint(50, 900)}.{chance.randint(0, 99):02}"),
                )
                for k in range(12)
            ),
        )
        for n in range(seats)
    )
    groups = [frozenset(chance.sample("ABCDE", chance.randint(1, 3))) for _ in range(10)]
    matches = tuple(
        MatchAgreement(f"M{k}", "", Fraction(1, 4), groups[k], ("X",), cad(f"{seats * 300}.00"), stacks=True)
        for k in range(6)
    )
    grants = tuple(SeatGrant(f"G{k}", "", cad("210.00"), groups[6 + k], ("X",)) for k in range(4))
    own = cad(f"{seats * 1200}.00")
    return Funding((DelegationFunding("X", "CAD", rooms, own, cad("0.00"), cad("0.00")),), matches, grants)


def test_two_hundred_seats_with_ten_funders_within_two_seconds() -> None:
    funding = large(200)
    started = time.process_time()
    [found] = cover(funding).delegations.values()
    assert found.payments
    assert time.process_time() - started < 2
    assert violations(funding, cover(funding)) == []
    assert {payment.source.kind for payment in found.payments} >= {SourceKind.MATCH, SourceKind.GRANT}


def test_many_overlapping_funders_are_used_as_well_as_possible() -> None:
    funding = large(12)
    [found] = cover(funding).delegations.values()
    most, restricted = best_by_linear_programme(funding)
    assert (found.need - found.gap).minor == most
    assert (found.match_usable + found.grants).minor == restricted
