"""What binds a line that misses money, and what would lift it, on the demonstration's figures."""

from dataclasses import replace
from datetime import date
from fractions import Fraction

from delegations.funding.coverage import Coverage, cover
from delegations.funding.line_shortfalls import LineShortfall, line_shortfalls
from delegations.funding.offers import Basis, Funding, MatchAgreement, SeatGrant
from delegations.funding.sharing import Arrival, FirstCome, InProportion
from delegations.funding.shortfall import ReasonKind
from delegations.funding.unlocks import unlocks
from shared.money import Money
from tests.delegations.network import cad, delegation

ON = date(2005, 10, 15)

GROUPS = {"T": "travel", "E": "education", "U": "stay and health"}
WINDS = MatchAgreement("B1", "Volet Grands-Vents", Fraction(2), frozenset("T"), ("OUT",), cap=cad("24000.00"))
SCHOOLS = SeatGrant("B3", "Volet Écoles", cad("150.00"), frozenset("E"), ("OUT",))


def told(funding: Funding) -> tuple[Coverage, dict[str, LineShortfall]]:
    """The coverage of the first delegation, and the rows of its lines by their codes."""
    network, code = cover(funding), funding.delegations[0].code
    rows = line_shortfalls(funding, network.delegations[code], unlocks(funding, network, code, ON), GROUPS)
    return network.delegations[code], {one.line: one for one in rows}


def saving(amount: str, *matches: MatchAgreement) -> Funding:
    """Six seats that saved so much, a match, and a grant of 150.00 a seat for two lines of 240.00."""
    return Funding((delegation("OUT", 6, amount),), matches or (WINDS,), (SCHOOLS,))


def test_a_match_gives_nothing_before_something_is_saved() -> None:
    coverage, rows = told(saving("0.00"))
    assert rows["L01"].why == "Volet Grands-Vents gives nothing here until something is saved"
    assert rows["L11"].why == "all that Volet Écoles gives here is used"
    left = {reason.kind: (reason.amount, reason.groups) for reason in coverage.reasons}
    assert left[ReasonKind.AWAITS_BASE] == (cad("16080.00"), ("T",))
    assert left[ReasonKind.USED_UP] == (cad("540.00"), ("E",))
    assert left[ReasonKind.ONLY_FREE_MONEY] == (cad("9480.00"), ("U",))


def test_a_match_gives_as_much_as_what_was_saved_earned() -> None:
    coverage, rows = told(saving("300.00"))
    used = "Volet Grands-Vents matches what is saved: all of it is used"
    assert used in {row.why for row in rows.values()}
    assert ReasonKind.AWAITS_BASE in {reason.kind for reason in coverage.reasons}


def test_more_savings_are_not_asked_for_where_a_cap_binds() -> None:
    for capped in (
        replace(WINDS, cap=cad("600.00")),
        replace(WINDS, portions={"OUT": cad("600.00")}),
        replace(WINDS, portions={}),
    ):
        coverage, rows = told(saving("300.00", capped))
        assert not any("saved" in row.why for row in rows.values())
        assert ReasonKind.AWAITS_BASE not in {reason.kind for reason in coverage.reasons}


def test_a_cap_that_others_used_up_is_said_where_nothing_was_saved() -> None:
    savers = delegation("SOR", 2, "3000.00"), delegation("OUT", 6, "9000.00")
    both = replace(WINDS, serves=("SOR", "OUT", "ZED"), cap=cad("6000.00"), eligible=frozenset("TEU"))
    one = Funding((delegation("ZED", 1, "0.00"), *savers), (both,))
    _coverage, rows = told(one)
    taken = "others used all of Volet Grands-Vents, up to its cap"
    assert {row.why for row in rows.values()} == {taken}
    arrivals = tuple(Arrival(ON, number, code, 300_000) for number, code in enumerate(("SOR", "OUT")))
    whole = {"SOR": 600_000, "OUT": 600_000, "ZED": 0}
    first = FirstCome(600_000, whole, Fraction(2), arrivals)
    portions = {code: Money(share, "CAD") for code, share in first.portions().items()}
    come = replace(both, in_turn=False, shared=first, portions=portions)
    _coverage, rows = told(replace(one, matches=(come,)))
    assert {row.why for row in rows.values()} == {taken}
    spared = replace(first, cap=6_000_000)
    loose = replace(come, cap=cad("60000.00"), shared=spared)
    _coverage, rows = told(replace(one, matches=(loose,)))
    assert taken not in {row.why for row in rows.values()}


def test_a_share_in_proportion_begins_with_the_first_saving() -> None:
    limits = {"OUT": 1_800_000, "ZED": 0}
    shared = InProportion(600_000, limits)
    portions = {code: Money(share, "CAD") for code, share in shared.portions().items()}
    pro_rata = replace(
        WINDS, serves=("OUT", "ZED"), cap=cad("6000.00"), in_turn=False, shared=shared, portions=portions
    )
    _coverage, rows = told(
        Funding((delegation("ZED", 1, "0.00"), delegation("OUT", 6, "9000.00")), (pro_rata,))
    )
    assert rows["L01"].why == "Volet Grands-Vents gives nothing here until something is saved"


def test_a_match_on_services_or_within_dates_says_so() -> None:
    services = replace(WINDS, basis=Basis.SERVICES)
    _coverage, rows = told(saving("300.00", services))
    assert rows["L01"].why == "Volet Grands-Vents gives nothing here until services are accepted"
    given = saving("0.00", services)
    given = replace(given, delegations=(replace(given.delegations[0], services=cad("450.00")),))
    _coverage, rows = told(given)
    assert rows["L01"].why == "Volet Grands-Vents matches the services accepted: all of it is used"
    _coverage, rows = told(saving("300.00", replace(WINDS, counted={})))
    assert rows["L01"].why == ("Volet Grands-Vents counts nothing of what was given: it is outside its dates")


def test_a_line_asks_for_no_more_savings_than_it_misses() -> None:
    coverage, rows = told(saving("0.00"))
    assert coverage.remaining > rows["L11"].missing
    assert rows["L11"].lifts == ("540,00\u00a0CAD more of any money",)
    [match, amount] = replace(WINDS, eligible=frozenset("TEU")), "more in savings, with what they earn"
    one = Funding((delegation("OUT", 1, "1490.00"),), (match,))  # with the match 4,470.00 of 4,500.00
    coverage, rows = told(one)
    [(_code, row)] = rows.items()
    assert row.missing == cad("30.00") and f"10,00\u00a0CAD {amount}" in row.lifts
