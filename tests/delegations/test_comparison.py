"""Budget, commitment and actual side by side: no franc is lost, no currency is added to another."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from delegations.budgets.comparison import Budgeted, compare, together
from shared.money import Money
from tests.delegations.network import ONE_SEAT, cad

DEMO_RATE = Fraction("655.957") / Fraction("1.5669")
SEAT = [Budgeted(one.group, one.code, one.label, one.amount) for one in ONE_SEAT]


def xof(text: str) -> Money:
    return Money.of(text, "XOF")


def test_a_seat_in_francs_shows_the_franc_of_rounding() -> None:
    found = compare(SEAT, {}, {}, currency="CAD", rates={"XOF": DEMO_RATE})
    francs = [row.figures["XOF"].budget for row in found.rows]
    assert [one and one.minor for one in francs][:3] == [858_199, 226_062, 175_826]
    assert found.total.figures["CAD"].budget == cad("4500.00")
    assert found.total.figures["XOF"].budget == xof("1883851")
    assert found.rounding == {"XOF": xof("-1")}  # the rounded lines add up to 1,883,850


def test_francs_and_dollars_of_a_line_stand_side_by_side() -> None:
    promised = {("T", ""): [cad("8200.00")]}
    spent = {("U", "L02"): [cad("100.00"), xof("300000")], ("T", "L01"): [cad("2100.00")]}
    found = compare(SEAT, promised, spent, currency="CAD", rates={"XOF": DEMO_RATE})
    rows = {(row.group, row.code): row for row in found.rows}
    assert rows["U", "L02"].figures["CAD"].left == cad("440.00")
    assert rows["U", "L02"].figures["XOF"].actual == xof("300000")
    assert rows["T", "L01"].figures["CAD"].left == cad("-50.00")
    assert rows["T", ""].figures["CAD"].committed == cad("8200.00")
    assert (found.total.figures["CAD"].actual, found.total.figures["XOF"].actual) == (
        cad("2200.00"),
        xof("300000"),
    )


def test_without_a_rate_no_budget_is_told_in_the_other_currency() -> None:
    found = compare(SEAT, {}, {("U", "L02"): [xof("5000")]}, currency="CAD", rates={})
    assert found.total.figures["XOF"].budget is None
    assert found.total.figures["XOF"].left is None


places = st.tuples(st.sampled_from("TUE"), st.sampled_from(["", "L01", "L02", "X"]))
amounts = st.lists(
    st.builds(Money, st.integers(-(10**9), 10**9), st.sampled_from(["CAD", "XOF", "EUR"])), max_size=4
)


def test_only_budgets_of_one_currency_are_added() -> None:
    dakar = compare(SEAT, {}, {("U", "L02"): [cad("100.00"), xof("5000")]}, currency="CAD", rates={})
    summer = compare(SEAT, {}, {("U", "L02"): [cad("40.00")]}, currency="CAD", rates={})
    manila = compare([], {}, {("U", "L02"): [xof("7")]}, currency="XOF", rates={})
    dollars, francs = together([dakar, summer, manila])
    assert dollars.total.figures["CAD"].left == cad("8860.00")  # of 9,000.00
    assert dollars.total.figures["XOF"].actual == xof("5000")
    assert francs.total.figures["XOF"].actual == xof("7")


@given(st.dictionaries(places, amounts), st.dictionaries(places, amounts))
def test_every_cent_is_in_exactly_one_row(
    promised: dict[tuple[str, str], list[Money]], spent: dict[tuple[str, str], list[Money]]
) -> None:
    found = compare(SEAT, promised, spent, currency="CAD", rates={"XOF": DEMO_RATE})
    for code, total in found.total.figures.items():
        for asked, told in ((promised, total.committed), (spent, total.actual)):
            parts = [one for parts in asked.values() for one in parts if one.currency == code]
            assert told == Money.total(parts, code)
        if total.budget is not None:
            lines = Money.total((row.figures[code].budget or Money.zero(code) for row in found.rows), code)
            assert lines - found.rounding.get(code, Money.zero(code)) == total.budget
