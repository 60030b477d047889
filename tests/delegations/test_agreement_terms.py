"""Terms of funders: caps shared out, windows, services as a base, versions; locks and comparison."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from access.models import User
from delegations.funder_reports.gathering import gather
from delegations.funding import agreements, dues, kept, locks, services, volunteering
from delegations.funding.agreement_forms import read_ratio
from delegations.funding.agreement_models import DutyKind
from delegations.funding.agreements import AddAgreement, NothingChanged
from delegations.funding.coverage import cover
from delegations.funding.coverage_queries import coverage_of, covered_around, network_coverage
from delegations.funding.dues import MoreThanEarned
from delegations.funding.line_shortfalls import line_shortfalls
from delegations.funding.locks import LineFull, LockLine
from delegations.funding.offers import Basis, Condition, Funding, MatchAgreement
from delegations.funding.services import EvidenceMissing, RecordService, ServiceState, record_service
from delegations.funding.sharing import (
    Arrival,
    FirstCome,
    InProportion,
    first_come,
    most_of,
    pro_rata,
    rise_for,
)
from delegations.funding.shortfall import UnlockKind
from delegations.funding.terms import Sharing, Terms, changed, read, terms_of, written
from delegations.funding.unlocks import unlocks
from delegations.models import Delegation, FundingAgreement, FundingKind, SavingsPlan
from delegations.seats.seats import ReasonMissing
from events.models import Edition
from shared.audit import System
from shared.database import db, transaction
from shared.errors import Conflict
from shared.money import Money
from tests.delegations.conftest import deposit
from tests.delegations.network import cad, delegation
from treasury.ledger import SamePerson

ON = date(2005, 10, 15)

BY = System("tests")
MATCH = Terms(
    name="Volet Rives", kind=FundingKind.MATCH, currency="CAD", ratio=Fraction(1), cap=cad("18000.00")
)


def test_a_cap_shared_in_proportion_loses_no_cent() -> None:
    wanted = {"QUE": 675_000, "MTL": 450_000, "DEV": 900_000}  # what B2's three could draw of 18,000.00
    assert pro_rata(1_800_000, wanted) == {"QUE": 600_000, "MTL": 400_000, "DEV": 800_000}
    assert pro_rata(100, {"A": 1_000, "B": 1_000, "C": 1_000}) == {"A": 34, "B": 33, "C": 33}
    assert pro_rata(5_000_000, wanted) == wanted


@given(st.integers(0, 500), st.dictionaries(st.sampled_from("ABCDE"), st.integers(0, 300)))
def test_shares_are_whole_fair_and_never_more_than_wanted(cap: int, wanted: dict[str, int]) -> None:
    shares = pro_rata(cap, wanted)
    assert sum(shares.values()) == min(cap, sum(wanted.values()))
    for code, share in shares.items():
        assert 0 <= share <= wanted[code]
        if sum(wanted.values()) > cap:
            assert abs(share - Fraction(cap * wanted[code], sum(wanted.values()))) < 1


def test_who_saves_first_is_doubled_first() -> None:
    arrivals = [
        Arrival(date(2004, 1, 15), 1, "QUE", 400),
        Arrival(date(2004, 1, 20), 2, "MTL", 500),
        Arrival(date(2004, 2, 15), 3, "QUE", 400),
    ]
    assert first_come(1_000, Fraction(1), {"QUE": 5_000, "MTL": 5_000}, arrivals) == {"QUE": 500, "MTL": 500}
    # a cheque that comes back is doubled no more: what it leaves goes to who saves next
    back = [arrivals[0], Arrival(date(2004, 1, 18), 9, "QUE", -400), *arrivals[1:]]
    assert first_come(700, Fraction(1), {"QUE": 5_000, "MTL": 5_000}, back) == {"QUE": 200, "MTL": 500}


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(-20, 30)), max_size=12),
)
def test_first_come_never_passes_its_cap_nor_what_was_saved(cap: int, saved: list[tuple[str, int]]) -> None:
    arrivals = [Arrival(date(2004, 1, 1), number, code, minor) for number, (code, minor) in enumerate(saved)]
    earned = first_come(cap, Fraction(2), {"A": 50, "B": 50}, arrivals)
    assert sum(earned.values()) <= cap
    for code, amount in earned.items():
        base = sum(one.minor for one in arrivals if one.delegation == code)
        assert 0 <= amount <= max(0, 2 * base)


def test_portions_bind_instead_of_an_order() -> None:
    one = MatchAgreement(
        "M", "M", Fraction(1), frozenset("T"), ("B", "A"), cad("2000.00"),
        portions={"A": cad("1200.00"), "B": cad("800.00")},
    )  # fmt: skip
    found = cover(Funding((delegation("A", 1, "2000.00"), delegation("B", 1, "2000.00")), (one,)))
    assert [found.delegations[code].match_usable for code in "AB"] == [cad("1200.00"), cad("800.00")]
    [reason] = [one for one in found.delegations["B"].reasons if one.source == "M"]
    assert (reason.kind.value, reason.amount) == ("share_reached", cad("1200.00"))


def shared_out(cap: int, wanted: dict[str, int]) -> Funding:
    """Two delegations that each saved 2,000.00, and a match shared in proportion to what they could draw."""
    match = MatchAgreement(
        "M", "M", Fraction(1), frozenset("T"), ("A", "B"), Money(cap, "CAD"),
        portions={code: Money(minor, "CAD") for code, minor in pro_rata(cap, wanted).items()},
        shared=InProportion(cap, wanted),
    )  # fmt: skip
    return Funding((delegation("A", 1, "2000.00"), delegation("B", 1, "2000.00")), (match,))


def test_raising_a_cap_shared_in_proportion_is_offered_with_what_it_takes() -> None:
    wanted = {"A": 200_000, "B": 200_000}
    funding = shared_out(200_000, wanted)
    helps = {one.kind: one for one in unlocks(funding, cover(funding), "A", ON)}
    raised = helps[UnlockKind.RAISE_CAP]
    assert (raised.amount, raised.effort) == (cad("1000.00"), cad("1999.99"))  # the other gains as much
    after = cover(shared_out(200_000 + raised.effort.minor, wanted))
    assert after.delegations["A"].match_usable == cad("2000.00")
    enough = shared_out(400_000, wanted)
    assert UnlockKind.RAISE_CAP not in {one.kind for one in unlocks(enough, cover(enough), "A", ON)}


@given(st.integers(1, 90), st.integers(0, 90), st.integers(0, 90))
def test_a_cap_that_rises_so_much_gives_the_share_asked_for(one: int, two: int, cap: int) -> None:
    wanted = {"A": one, "B": two}
    cap = min(cap, one + two)
    rise = rise_for(one, "A", InProportion(cap, wanted))
    assert pro_rata(cap + rise, wanted)["A"] == one


ARRIVED = (
    Arrival(date(2004, 1, 15), 1, "B", 100_000),
    Arrival(date(2004, 2, 15), 2, "A", 200_000),
    Arrival(date(2004, 3, 15), 3, "B", 100_000),
)


def first_come_first(cap: int) -> Funding:
    """Two delegations that each saved 2,000.00, B the first half first, and a match for who saves first."""
    shared = FirstCome(cap, {"A": 200_000, "B": 200_000}, Fraction(1), ARRIVED)
    portions = {code: Money(minor, "CAD") for code, minor in shared.portions().items()}
    match = MatchAgreement(
        "M", "M", Fraction(1), frozenset("T"), ("A", "B"), Money(cap, "CAD"), portions=portions, shared=shared
    )
    return Funding((delegation("A", 1, "2000.00"), delegation("B", 1, "2000.00")), (match,))


def test_raising_a_cap_used_by_who_saves_first_is_offered_with_what_it_takes() -> None:
    funding = first_come_first(150_000)  # 1,000.00 to B, 500.00 to A, and nothing for B's second half
    rises = {}
    for code in "AB":
        helps = {one.kind: one for one in unlocks(funding, cover(funding), code, ON)}
        rises[code] = helps[UnlockKind.RAISE_CAP]
    assert (rises["A"].amount, rises["A"].effort) == (cad("1500.00"), cad("1500.00"))
    assert (rises["B"].amount, rises["B"].effort) == (cad("1000.00"), cad("2500.00"))  # A comes before
    for code, raised in rises.items():
        before, just, less = (
            cover(first_come_first(150_000 + more)).delegations[code].remaining.minor
            for more in (0, raised.effort.minor, raised.effort.minor - 1)
        )
        assert (before - just, before - less) == (raised.amount.minor, raised.amount.minor - 1)


@given(
    st.integers(0, 60),
    st.lists(st.tuples(st.sampled_from("AB"), st.integers(-20, 30)), max_size=12),
)
def test_the_rise_for_who_saves_first_is_the_least_that_gives_it(
    cap: int, saved: list[tuple[str, int]]
) -> None:
    arrivals = [Arrival(date(2004, 1, 1), number, code, minor) for number, (code, minor) in enumerate(saved)]
    shared = FirstCome(cap, {"A": 50, "B": 50}, Fraction(2), tuple(arrivals))
    most, has = most_of(shared, "A"), shared.portions()["A"]
    for share in {min(has + 1, most), most} - {has}:
        rise = rise_for(share, "A", shared)
        assert shared.portions(rise)["A"] >= share > shared.portions(rise - 1)["A"]


def test_only_base_money_within_the_window_is_doubled() -> None:
    dated = MatchAgreement(
        "M", "M", Fraction(1), frozenset("T"), ("A",), counted={"A": cad("700.00")}
    )  # fmt: skip
    [found] = cover(Funding((delegation("A", 1, "2000.00"),), (dated,))).delegations.values()
    assert (found.match_nominal, found.match_usable) == (cad("700.00"), cad("700.00"))


def test_services_are_doubled_where_the_agreement_says_so_and_are_never_cash() -> None:
    given = replace(delegation("A", 1, "1000.00"), services=cad("450.00"))
    on_services = MatchAgreement("M", "M", Fraction(1), frozenset("T"), ("A",), basis=Basis.SERVICES)
    [found] = cover(Funding((given,), (on_services,))).delegations.values()
    assert (found.own_used, found.match_usable, found.gap) == (cad("1000.00"), cad("450.00"), cad("3050.00"))
    both = (on_services, MatchAgreement("N", "N", Fraction(1), frozenset("T"), ("A",)))
    [found] = cover(Funding((given,), both)).delegations.values()
    assert found.match_usable == cad("1450.00")  # cash and services are two bases: neither is doubled twice


@pytest.mark.parametrize(
    ("typed", "ratio"),
    [("2", Fraction(2)), ("2:1", Fraction(2)), ("1 : 2", Fraction(1, 2)), ("0,5", Fraction(1, 2)),
     ("two", None), ("0", None), ("1:0", None), ("-1", None), ("NaN", None),
     ("9e99999999", None)],
)  # fmt: skip
def test_ratios_are_read_as_people_write_them(typed: str, ratio: Fraction | None) -> None:
    assert read_ratio(typed) == ratio


def test_terms_are_kept_and_read_again() -> None:
    terms = replace(MATCH, serves=(1, 2), opens=date(2004, 1, 1), sharing=Sharing.FIRST_COME, through="FCM",
                    basis=Basis.SERVICES, blocked=Condition.SIGNATURE, stacks=True)  # fmt: skip
    assert read(written(terms)) == terms
    assert list(changed(MATCH, replace(MATCH, ratio=Fraction(2)))) == ["ratio"]
    assert not replace(terms, closes=date(2003, 1, 1)).sound


@pytest.fixture
def saved(outaouais: Delegation, plan: SavingsPlan, aristide: User, zoe: User) -> Delegation:
    """Outaouais with 9,000.00 saved: 4,000.00 in 2003, the rest in 2004."""
    with transaction():
        deposit(plan, "4000.00", date(2003, 6, 15), aristide, zoe)
        deposit(plan, "5000.00", date(2004, 6, 15), aristide, zoe)
    return outaouais


def _match(edition: Edition, served: Delegation, **terms: object) -> FundingAgreement:
    command: Mapping[str, object] = {
        "edition_id": edition.id, "code": "B1", "name": "Volet Grands-Vents", "kind": FundingKind.MATCH,
        "currency": "CAD", "ratio": Fraction(2), "cap": cad("24000.00"), "categories": ("T",),
        "serves": (served.id,),
    }  # fmt: skip
    with transaction():
        return agreements.add_agreement(AddAgreement(**{**command, **terms}), by=BY)  # type: ignore[arg-type]


def test_a_change_is_a_version_and_the_past_stays(
    both_databases: str, dakar: Edition, saved: Delegation, aristide: User
) -> None:
    agreement = _match(dakar, saved)
    before = network_coverage(dakar).delegations[saved.code].match_nominal
    with transaction():
        once = replace(terms_of(agreement), ratio=Fraction(1), through="FCM")
        agreements.change_agreement(agreement, once, "Lettre du 3 mars", by=aristide)
    assert network_coverage(dakar).delegations[saved.code].match_nominal * 2 == before
    first, second = agreements.versions_of(agreement)
    assert (second.reason, second.by_id) == ("Lettre du 3 mars", aristide.id)
    then = network_coverage(dakar, instead={agreement.id: read(first.terms)})
    assert then.delegations[saved.code].match_nominal == before
    assert read(second.terms) == terms_of(agreement) == agreements.terms_at(agreement, second.at)
    with pytest.raises(NothingChanged), transaction():
        agreements.change_agreement(agreement, once, "Encore", by=aristide)
    with pytest.raises(DBAPIError, match="never changes"), transaction():
        db.session.execute(text("UPDATE agreement_version SET number = 9"))


def test_a_window_and_who_came_first_are_read_from_the_books(dakar: Edition, saved: Delegation) -> None:
    agreement = _match(dakar, saved, opens=date(2003, 1, 1), closes=date(2003, 12, 31), ratio=Fraction(1))
    whole = coverage_of(saved)
    within = whole.match_nominal
    assert cad("0.00") < within < whole.own_used + whole.own_left
    with transaction():
        all_of_it = replace(terms_of(agreement), opens=None, closes=None, sharing=Sharing.FIRST_COME)
        agreements.change_agreement(agreement, all_of_it, "Fenêtre levée", by=BY)
    assert coverage_of(saved).match_nominal > within


def test_a_pledge_counts_once_its_charity_number_is_there(dakar: Edition, saved: Delegation) -> None:
    pledge = _match(
        dakar, saved, code="B4", kind=FundingKind.PLEDGE, ratio=Fraction(0), cap=None, categories=(),
        serves=(), amount=cad("5000.00"), blocked=Condition.CHARITY_NUMBER,
    )  # fmt: skip
    assert coverage_of(saved).grants == cad("0.00")
    with transaction():
        agreements.unblock(pledge, "00000 0000 RR0000 (SPÉCIMEN)", by=BY)
    assert coverage_of(saved).grants == cad("5000.00")
    assert [one.number for one in agreements.versions_of(pledge)] == [1, 2]


def test_no_more_is_called_up_than_was_earned(dakar: Edition, saved: Delegation, aristide: User) -> None:
    agreement = _match(dakar, saved)
    earned, nothing = cad("1000.00"), cad("0.00")
    with transaction():
        made = dues.claim(agreement, cad("600.00"), "Dépôts", earned=earned, received=nothing, by=aristide)
        with pytest.raises(MoreThanEarned, match=r"400\.00"):
            dues.claim(agreement, cad("400.01"), "Dépôts", earned=earned, received=nothing, by=aristide)
        dues.claim(agreement, cad("400.00"), "Dépôts", earned=earned, received=nothing, by=aristide)
    [first, second] = dues.replayed(dues.claims_of(agreement), cad("700.00"))
    assert (first.open, second.open) == (cad("0.00"), cad("300.00"))
    with transaction():
        dues.take_back(made, "Mauvais formulaire", by=aristide)
    assert dues.callable_now(dues.claims_of(agreement), earned, nothing) == cad("600.00")


def test_what_is_due_to_a_funder_has_a_day(dakar: Edition, saved: Delegation, aristide: User) -> None:
    agreement = _match(dakar, saved)
    with transaction():
        late = dues.add_duty(agreement, DutyKind.REPORT, "Rapport final", date(2006, 1, 31), by=aristide)
        dues.add_duty(agreement, DutyKind.EVIDENCE, "Billets", date(2005, 12, 1), by=aristide)
        dues.add_duty(agreement, DutyKind.REPORT, "Rapport d'étape", date(2005, 6, 30), by=aristide)
    assert dues.next_report(agreement.id) == date(2005, 6, 30) == gather(agreement).next_report
    assert [one.what for one in dues.due_in(dakar.id)] == ["Rapport d'étape", "Billets", "Rapport final"]
    with transaction():
        dues.finish_duty(dues.due_in(dakar.id)[0], "Envoyé par la poste", by=aristide)
    assert dues.next_report(agreement.id) == late.due_on


def test_a_lock_moves_what_a_source_pays_and_two_allocations_compare(
    both_databases: str, dakar: Edition, saved: Delegation, aristide: User
) -> None:
    seat = saved.seats[0]
    wanted = LockLine(line="L02", source="own", amount=cad("540.00"), cost=cad("540.00"), reason="Lettre")
    _match(dakar, saved)
    with transaction():
        before = kept.keep(saved, coverage_of(saved), "Avant", by=aristide)
        assert kept.keep(saved, coverage_of(saved), "Avant", by=aristide) is before  # pressed twice
        assert kept.keep(saved, coverage_of(saved), "Encore", by=aristide).number == 2
        flight = replace(wanted, line="L01", amount=cad("2050.00"), cost=cad("2050.00"))
        made = locks.lock(seat, flight, by=aristide)
        half = replace(wanted, amount=cad("100.00"))
        assert locks.lock(seat, half, by=aristide) is locks.lock(seat, half, by=aristide)  # pressed twice
        assert len(locks.locks_of(saved)) == 2
        locks.lift(locks.locks_of(saved)[1], by=aristide)
        with pytest.raises(LineFull):
            locks.lock(seat, replace(flight, amount=cad("0.01")), by=aristide)
    after = kept.allocation_of(coverage_of(saved))
    rows = kept.compared(kept.read(before.facts), after)
    [flights] = [one for one in rows if one.line == "L01" and one.source.kind.value == "own"]
    assert seat.code in {one.seat for one in flights.seats}
    assert all(Money.total((one.change for one in row.seats), "CAD") == row.change for row in rows)
    assert kept.read(kept.written(after)) == after
    assert Money.total((one.change for one in rows), "CAD") == after.paid - kept.read(before.facts).paid
    with transaction():
        locks.lift(made, by=aristide)
    assert kept.compared(kept.read(before.facts), kept.allocation_of(coverage_of(saved))) == []
    with pytest.raises(DBAPIError, match="never changes"), transaction():
        db.session.execute(text("DELETE FROM kept_allocation"))


def test_accepted_services_of_a_delegation_are_a_base(dakar: Edition, saved: Delegation) -> None:
    _match(dakar, saved, basis=Basis.SERVICES, ratio=Fraction(1))
    assert coverage_of(saved).match_nominal == cad("0.00")
    given = RecordService(
        edition_id=dakar.id, description="Salles", giver="Réseau fictif", quantity=3, unit="soir",
        value=cad("450.00"), state=ServiceState.ACCEPTED, delegation_id=saved.id,
    )  # fmt: skip
    with transaction():
        record_service(given, by=BY)
        record_service(replace(given, state=ServiceState.PENDING), by=BY)
    assert coverage_of(saved).match_nominal == cad("450.00")


def test_a_service_counts_once_somebody_else_accepts_its_proof(
    dakar: Edition, saved: Delegation, ondine: User, aristide: User
) -> None:
    hours = RecordService(
        edition_id=dakar.id, description="Traduction", giver="Collectif fictif", quantity=18, unit="page",
        value=cad("810.00"), delegation_id=saved.id, basis="18 × 45,00",
    )  # fmt: skip
    with transaction():
        given = services.record_service(hours, by=ondine)
        with pytest.raises(SamePerson):
            services.decide(given, ServiceState.ACCEPTED, "", "Textes", by=ondine)
        with pytest.raises(EvidenceMissing):
            services.decide(given, ServiceState.ACCEPTED, "", "", by=aristide)
        with pytest.raises(ReasonMissing):
            services.decide(given, ServiceState.REFUSED, " ", "", by=aristide)
        services.prove(given, b"%PDF-1.7", "textes.pdf", by=ondine)
        services.decide(given, ServiceState.ACCEPTED, "", "", by=aristide)
        with pytest.raises(Conflict):
            services.decide(given, ServiceState.REFUSED, "Trop tard", "", by=aristide)
    cash = coverage_of(saved)
    assert services.totals(services.services_of(saved))[ServiceState.ACCEPTED] == [cad("810.00")]
    assert cash.own_used + cash.own_left == cad("9000.00")  # never inside cash
    [(places, amount)] = volunteering.class_eight(services.services_of(saved))
    assert (places.use, places.resource, amount) == ("862", "871", cad("810.00"))


def test_what_is_missing_says_what_binds_and_what_would_lift_it(dakar: Edition, saved: Delegation) -> None:
    _match(dakar, saved)
    around = covered_around(saved)
    funding, network = around.funding, around.network
    coverage = network.delegations[saved.code]
    groups = {"T": "travel", "E": "education", "U": "stay and health"}
    with db.session.no_autoflush:
        rows = line_shortfalls(funding, coverage, unlocks(funding, network, saved.code, ON), groups)
    assert Money.total((one.missing for one in rows), "CAD") == coverage.remaining
    meals = next(one for one in rows if one.line == "L12")
    assert meals.why == "no funder here may pay stay and health"
    assert "more of any money" in meals.lifts[0]
    assert "Volet Grands-Vents agreeing to stay and health" in meals.lifts
