"""Circles of delegations: covered apart as they are together, and never by what was read before."""

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delegations.budgets.lines import CostLine
from delegations.budgets.queries import Prices
from delegations.funding import circles
from delegations.funding.circles import BETWEEN, Circle, Member, Offered, covered, joined
from delegations.funding.coverage import NetworkCoverage, cover
from delegations.funding.offers import LOCK_OWN, LOCK_SUPPORT, Basis, Condition, Funding, Lock
from delegations.funding.sharing import Arrival
from delegations.funding.terms import Sharing, Terms
from delegations.models import FundingKind
from shared.clock import today
from shared.money import Money

GROUPS = "TEU"


@pytest.fixture(autouse=True)
def _nothing_kept() -> Iterator[None]:
    circles._KEPT.clear()
    yield
    circles._KEPT.clear()


def francs(minor: int) -> Money:
    return Money(minor, "XOF")


def prices(*amounts: int, whole: int = 0) -> Prices:
    lines = [CostLine(f"L{k}", "", GROUPS[k % 3], francs(amount)) for k, amount in enumerate(amounts)]
    return (*((line, False) for line in lines), (CostLine("L9", "", "T", francs(whole)), True))


@st.composite
def members(draw: st.DrawFn, number: int, budgets: int) -> Member:
    received = draw(st.integers(0, 40))
    codes = [f"D{number}-{seat}" for seat in range(draw(st.integers(0, 3)))]
    locks = draw(
        st.lists(
            st.builds(
                Lock,
                st.sampled_from(codes),
                st.sampled_from(["L0", "L1"]),
                st.sampled_from([LOCK_OWN, "A0", "A1"]),
                st.integers(1, 9).map(francs),
            ),
            max_size=2,
        )
        if codes
        else st.just([])
    )
    return Member(
        number,
        f"D{number}",
        "XOF",
        draw(st.integers(1, budgets)),
        BETWEEN.join(codes),
        received,
        draw(st.integers(0, received)),
        draw(st.integers(0, 9)),
        draw(st.none() | st.integers(0, 20)),
        tuple(locks),
    )


@st.composite
def agreements(draw: st.DrawFn, number: int, ids: list[int]) -> Offered:
    kind = draw(st.sampled_from(FundingKind))
    terms = Terms(
        name="",
        kind=kind,
        currency="XOF",
        ratio=Fraction(draw(st.integers(1, 3)), draw(st.integers(1, 2))),
        amount=None if kind is FundingKind.MATCH else francs(draw(st.integers(1, 12))),
        cap=draw(st.none() | st.integers(1, 40).map(francs)),
        categories=tuple(draw(st.sets(st.sampled_from(GROUPS), max_size=2))),
        serves=tuple(sorted(draw(st.sets(st.sampled_from(ids), max_size=2)))),
        blocked=draw(st.sampled_from([None, None, Condition.SIGNATURE])),
        basis=draw(st.sampled_from(Basis)),
        opens=draw(st.sampled_from([None, today()])),
        sharing=draw(st.sampled_from(Sharing)),
        stacks=draw(st.booleans()),
    )
    came = st.builds(
        Arrival,
        st.just(today()),
        st.integers(1, 9),
        st.sampled_from(ids).map("D{}".format),
        st.integers(1, 9),
    )
    return Offered(f"A{number}", terms, tuple(draw(st.lists(came, max_size=3))))


@st.composite
def networks(draw: st.DrawFn) -> Circle:
    """Up to three delegations, with agreements for one, two or all of them."""
    ids = list(range(1, draw(st.integers(1, 3)) + 1))
    amounts = st.lists(st.integers(0, 12), min_size=1, max_size=3)
    costs = {number: prices(*draw(amounts), whole=draw(st.integers(0, 5))) for number in (1, 2)}
    return Circle(
        tuple(draw(members(number, 2)) for number in ids),
        costs,
        tuple(draw(agreements(number, ids)) for number in range(draw(st.integers(0, 3)))),
    )


def told(network: NetworkCoverage) -> object:
    return network.delegations, {code: (one.used, one.left) for code, one in network.funders.items()}


@settings(deadline=None, max_examples=30)
@given(networks())
def test_circles_are_covered_apart_as_they_are_together(network: Circle) -> None:
    together = cover(network.funding())
    assert told(joined(network.circles())) == told(together)
    assert sorted(one.code for circle in network.circles() for one in circle.members) == [
        one.code for one in network.members
    ]


def test_a_funder_binds_and_one_who_waits_does_not() -> None:
    def circles_by(*serves: tuple[int, ...], blocked: Condition | None = None) -> list[list[int]]:
        mine = [Member(one, f"D{one}", "XOF", None, "", 0, 0, 0, None, ()) for one in (1, 2, 3, 4)]
        terms = Terms(name="", kind=FundingKind.GRANT, currency="XOF", amount=francs(1), blocked=blocked)
        offers = tuple(Offered(f"A{k}", replace(terms, serves=ids)) for k, ids in enumerate(serves))
        return [[one.id for one in circle.members] for circle in Circle(tuple(mine), {}, offers).circles()]

    assert circles_by() == [[1], [2], [3], [4]]
    assert circles_by((1, 3), (3, 4)) == [[1, 3, 4], [2]]
    assert circles_by(()) == [[1, 2, 3, 4]]
    assert circles_by((), blocked=Condition.SIGNATURE) == [[1], [2], [3], [4]]


def one_by_one(funding: Funding) -> Funding:
    """The same seats, none of which shares what it costs with another."""
    return replace(
        funding,
        delegations=tuple(
            replace(one, seats=tuple(replace(seat, lines=(*list(seat.lines),)) for seat in one.seats))
            for one in funding.delegations
        ),
    )


@settings(deadline=None, max_examples=30)
@given(networks())
def test_seats_that_cost_the_same_are_covered_together_as_one_by_one(network: Circle) -> None:
    funding = network.funding()
    alone = one_by_one(funding)
    assert all(seats == 1 for one in alone.delegations for lines, seats in one.budgets() if lines)
    for one, other in zip(
        cover(funding).delegations.values(), cover(alone).delegations.values(), strict=True
    ):
        assert one == other
        assert (one.payments, one.seats, one.kept_locks) == (other.payments, other.seats, other.kept_locks)
        assert one.reasons == other.reasons


@settings(deadline=None, max_examples=10)
@given(st.lists(networks(), min_size=1, max_size=2), networks())
def test_whatever_happened_before_what_is_told_is_what_was_read(before: list[Circle], now: Circle) -> None:
    for earlier in before:
        joined(earlier.circles())
    assert told(joined(now.circles())) == told(cover(now.funding()))


def test_locks_alone_may_share_a_line() -> None:
    locks = (Lock("D1-1", "L0", LOCK_OWN, francs(1)), Lock("D1-1", "L0", LOCK_SUPPORT, francs(1)))
    member = Member(1, "D1", "XOF", 1, "D1-1", 1, 0, 1, None, locks)
    [found] = cover(Circle((member,), {1: prices(2)}, ()).funding()).delegations.values()
    assert (found.splits, found.fewest_splits, len(found.payments)) == (1, 1, 2)


SEEN = Circle(
    (Member(1, "D1", "XOF", 1, "D1-1", 10, 0, 0, None, ()),),
    {1: prices(20, 5, 5)},
    (
        Offered(
            "A0",
            Terms(name="", kind=FundingKind.MATCH, currency="XOF", ratio=Fraction(1), categories=("T",)),
        ),
    ),
)


@pytest.mark.parametrize(
    "changed",
    [
        replace(SEEN, members=(SEEN.members[0]._replace(received=11),)),
        replace(SEEN, members=(SEEN.members[0]._replace(seats=f"D1-1{BETWEEN}D1-2"),)),
        replace(SEEN, prices={1: prices(21, 5, 5)}),
        replace(SEEN, offered=()),
        replace(SEEN, offered=(Offered("A0", replace(SEEN.offered[0].terms, ratio=Fraction(2))),)),
    ],
)
def test_what_is_kept_is_told_until_a_fact_changes(changed: Circle, monkeypatch: pytest.MonkeyPatch) -> None:
    def after() -> bool:
        """Whether the change is told."""
        circles._KEPT.clear()
        [before] = covered(SEEN).network.delegations.values()
        [now] = covered(changed).network.delegations.values()
        [fresh] = cover(changed.funding()).delegations.values()
        assert fresh != before
        return now == fresh

    assert covered(replace(SEEN)) is covered(replace(SEEN))
    assert after()
    monkeypatch.setattr(Circle, "__eq__", lambda self, other: self.members[0].code == other.members[0].code)
    assert not after()  # what looked at the code alone would tell what was
