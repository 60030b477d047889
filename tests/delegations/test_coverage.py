"""Coverage of the demonstration's nine delegations, to the cent, with every reason told."""

import json
from collections import Counter
from dataclasses import replace
from datetime import date
from fractions import Fraction
from functools import partial
from pathlib import Path

import pytest
from flask import Flask
from flask_babel import Babel, force_locale

from delegations.budgets.lines import CostLine
from delegations.funding.allocation import OWN
from delegations.funding.coverage import cover, total
from delegations.funding.coverage_wire import as_json
from delegations.funding.offers import (
    LOCK_OWN,
    DelegationFunding,
    Funding,
    Lock,
    MatchAgreement,
    OrdersDisagree,
    Seat,
    SeatGrant,
)
from delegations.funding.shortfall import ReasonKind, UnlockKind, sentence
from delegations.funding.unlocks import unlocks
from shared.money import CurrencyMismatch, Money
from tests.delegations.network import AT_S1, MATCHES, ONE_SEAT, cad, changed, delegation, network

ON = date(2005, 10, 15)

TRANSLATIONS = Path(__file__).parents[2] / "translations"
BEFORE_SUPPORT = network(with_support=False)
AFTER_DECISION_1 = network(with_support=True)


@pytest.mark.parametrize(
    ("code", "need", "own", "nominal", "usable", "grants", "gap"),
    [
        ("OUT", "27000.00", "9000.00", "18000.00", "16080.00", "1440.00", "480.00"),
        ("QUE", "13500.00", "6750.00", "6750.00", "6750.00", "0.00", "0.00"),
        ("MAU", "13500.00", "11911.80", "0.00", "0.00", "0.00", "1588.20"),
        ("CDQ", "4500.00", "4500.00", "0.00", "0.00", "0.00", "0.00"),
        ("SOR", "9000.00", "2550.00", "5100.00", "5100.00", "480.00", "870.00"),
        ("MTL", "9000.00", "4500.00", "4500.00", "4500.00", "0.00", "0.00"),
        ("COO", "18000.00", "18000.00", "0.00", "0.00", "0.00", "0.00"),
        ("FIN", "18000.00", "18000.00", "0.00", "0.00", "0.00", "0.00"),
        ("DEV", "18000.00", "9000.00", "9000.00", "6750.00", "0.00", "2250.00"),
    ],
)
def test_coverage_of_each_delegation(
    code: str, need: str, own: str, nominal: str, usable: str, grants: str, gap: str
) -> None:
    found = cover(BEFORE_SUPPORT).delegations[code]
    amounts = (
        found.need, found.own_used, found.match_nominal, found.match_usable, found.grants, found.gap,
    )  # fmt: skip
    assert amounts == tuple(map(cad, (need, own, nominal, usable, grants, gap)))


def test_totals_of_the_network() -> None:
    found = total(cover(BEFORE_SUPPORT).delegations.values(), "CAD")
    assert (found.need, found.own, found.match_nominal) == (
        cad("130500.00"), cad("84211.80"), cad("43350.00"),
    )  # fmt: skip
    assert (found.match, found.grants, found.gap) == (cad("39180.00"), cad("1920.00"), cad("5188.20"))
    assert found.match_unusable == cad("4170.00")
    received = Money.total((one.received for one in BEFORE_SUPPORT.delegations), "CAD")
    assert received == cad("88711.80") == found.own + cad("4500.00")


def test_one_seat_and_its_groups() -> None:
    groups: Counter[str] = Counter()
    for line in ONE_SEAT:
        groups[line.group] += line.amount.minor
    assert groups == {"T": 268_000, "E": 24_000, "U": 158_000}
    assert sum(groups.values()) == 450_000


def test_caps_are_shared_in_the_stated_order() -> None:
    funders = cover(BEFORE_SUPPORT).funders
    assert (funders["B1"].used, funders["B1"].left) == (cad("21180.00"), cad("2820.00"))
    assert funders["B2"].left == cad("0.00")
    assert funders["B2"].by_delegation == (
        ("QUE", cad("6750.00")), ("MTL", cad("4500.00")), ("DEV", cad("6750.00")),
    )  # fmt: skip
    assert "B4" not in funders
    turned = replace(MATCHES[1], serves=("DEV", "MTL", "QUE"))
    other = cover(replace(BEFORE_SUPPORT, matches=(MATCHES[0], turned)))
    assert not other.delegations["DEV"].gap and other.delegations["QUE"].gap == cad("2250.00")


def test_decision_1_leaves_the_gap_on_the_last_seat_of_dev() -> None:
    found = cover(AFTER_DECISION_1)
    left = {code: one.remaining for code, one in found.delegations.items() if one.remaining}
    assert left == {"DEV": cad("688.20")}
    seats = found.delegations["DEV"].by_seat
    last = seats["DKR05-DEV-04"]
    assert (last.need, last.covered, last.support, last.remaining) == (
        cad("4500.00"), cad("3811.80"), cad("1561.80"), cad("688.20"),
    )  # fmt: skip
    assert all(seats[f"DKR05-DEV-0{number}"].covered == cad("4500.00") for number in (1, 2, 3))
    assert cover(BEFORE_SUPPORT).delegations["DEV"].gap == cad("2250.00")


def test_lines_ribbons_and_seats_are_sums_of_the_same_payments() -> None:
    for found in cover(AFTER_DECISION_1).delegations.values():
        for rows in (found.lines, found.seats):
            for name in ("need", "own", "match", "grants", "support", "gap", "remaining"):
                assert Money.total((getattr(row, name) for row in rows), "CAD") == getattr(found.shares, name)
        ribbons = Money.total((flow.amount for flow in found.flows), "CAD")
        assert ribbons == found.need - found.remaining


def test_why_outaouais_is_saved_matched_and_still_short() -> None:
    found = cover(BEFORE_SUPPORT).delegations["OUT"]
    first, second, third = found.reasons
    assert (first.kind, first.source, first.amount) == (ReasonKind.INELIGIBLE, "B1", cad("1920.00"))
    assert (first.limit, first.per_seat) == (cad("16080.00"), cad("2680.00"))
    assert (second.kind, second.groups, second.amount) == (ReasonKind.ONLY_FREE_MONEY, ("U",), cad("480.00"))
    assert (third.kind, third.source) == (ReasonKind.PLEDGE_BLOCKED, "B4")
    assert sentence(first, {"T": "travel"}) == (
        "1,920.00\u00a0CAD offered by Volet Grands-Vents cannot be used: "
        "only 2,680.00\u00a0CAD of each seat is on lines it may pay (travel)."
    )
    keys = [
        (one.kind, one.effort, one.group) for one in unlocks(BEFORE_SUPPORT, cover(BEFORE_SUPPORT), "OUT", ON)
    ]
    assert keys == [
        (UnlockKind.FREE_MONEY, cad("480.00"), ""),
        (UnlockKind.WIDEN, cad("480.00"), "U"),
        (UnlockKind.UNBLOCK, cad("5000.00"), ""),
    ]


def test_what_would_help_the_others() -> None:
    found = cover(AFTER_DECISION_1)
    [reason] = [r for r in found.delegations["DEV"].reasons if r.kind is ReasonKind.CAP_REACHED]
    assert (reason.amount, reason.limit) == (cad("2250.00"), cad("18000.00"))
    helps = {one.kind: one for one in unlocks(AFTER_DECISION_1, found, "DEV", ON)}
    assert helps[UnlockKind.RAISE_CAP].effort == cad("688.20")
    assert UnlockKind.SAVE_MORE not in helps
    # The workshop of Sorel-Tracy misses 870.00, but 610.00 saved would earn 260.00 of match.
    helps = {one.kind: one for one in unlocks(BEFORE_SUPPORT, cover(BEFORE_SUPPORT), "SOR", ON)}
    assert helps[UnlockKind.SAVE_MORE].effort == cad("610.00")
    for change, short in (("610.00", "0.00"), ("609.99", "0.01")):
        saved = cad(AT_S1["SOR"][1]) + cad(change)
        tried = changed(BEFORE_SUPPORT, "SOR", partial(replace, received=saved))
        assert cover(tried).delegations["SOR"].remaining == cad(short)
    assert unlocks(AFTER_DECISION_1, found, "OUT", ON) == []
    for one in helps.values():
        assert "%" not in sentence(one)


def test_support_that_is_not_needed_is_told() -> None:
    more = changed(BEFORE_SUPPORT, "OUT", partial(replace, support=cad("500.00")))
    found = cover(more).delegations["OUT"]
    assert (found.support, found.remaining) == (cad("480.00"), cad("0.00"))
    assert found.reasons[-1].kind is ReasonKind.SUPPORT_UNUSED and found.reasons[-1].amount == cad("20.00")
    assert "20.00" in sentence(found.reasons[-1])


def test_a_dollar_is_matched_once_unless_all_agree() -> None:
    one = (MatchAgreement("A", "A", Fraction(1), frozenset("T"), ("CDQ",)),)
    two = (*one, MatchAgreement("B", "B", Fraction(1, 2), frozenset("U"), ("CDQ",)))
    short = delegation("CDQ", 1, "1000.00")
    once = cover(Funding((short,), two)).delegations["CDQ"]
    assert once.match_nominal == cad("1500.00") and once.match_usable == cad("1000.00")
    assert [(r.kind, r.source, r.amount) for r in once.reasons[:1]] == [
        (ReasonKind.ALREADY_MATCHED, "B", cad("500.00"))
    ]
    stacked = tuple(replace(match, stacks=True) for match in two)
    assert cover(Funding((short,), stacked)).delegations["CDQ"].match_usable == cad("1500.00")


def test_money_one_can_spare_never_leaves_a_gap_in_another() -> None:
    rich, poor = delegation("A", 1, "4500.00"), delegation("B", 1, "2000.00")
    shared = MatchAgreement("M", "M", Fraction(1), frozenset("T"), ("A", "B"), cap=cad("2500.00"))
    found = cover(Funding((rich, poor), (shared,)))
    assert found.delegations["B"].match_usable == cad("2000.00")
    # What the second does not want spares the first its own savings, as the order says.
    assert found.delegations["A"].match_usable == cad("500.00")
    assert found.delegations["A"].own_left == cad("500.00")


def test_who_serves_everybody_states_no_order() -> None:
    """Only those who name delegations put some before others; B1's order and B2's hold beside it."""
    everyone = tuple(sorted(one.code for one in BEFORE_SUPPORT.delegations))
    pledge = SeatGrant("B4", "B4", cad("5000.00"), frozenset("TEU"), everyone, cad("5000.00"), in_turn=False)
    with pytest.raises(OrdersDisagree):
        cover(replace(BEFORE_SUPPORT, grants=(replace(pledge, in_turn=True),)))
    assert cover(replace(BEFORE_SUPPORT, grants=(pledge,))).funders["B4"].used == cad("5000.00")


def test_misuse_is_refused() -> None:
    opposite = replace(MATCHES[1], code="B9", serves=("DEV", "QUE"))
    with pytest.raises(OrdersDisagree, match="DEV, MTL, QUE"):
        cover(replace(BEFORE_SUPPORT, matches=(*MATCHES, opposite)))
    with pytest.raises(CurrencyMismatch):
        replace(delegation("OUT", 1, "1.00"), received=Money(100, "XOF"))
    francs = SeatGrant("B8", "B8", Money(1, "XOF"), frozenset("T"), ("OUT",))
    with pytest.raises(CurrencyMismatch):
        cover(replace(BEFORE_SUPPORT, grants=(francs,)))
    for wrong in (
        lambda: replace(BEFORE_SUPPORT, matches=(MATCHES[0], MATCHES[0])),
        lambda: delegation("OUT", 1, "100.00", "200.00"),
        lambda: replace(delegation("OUT", 1, "1.00"), seats=(Seat("S", ONE_SEAT), Seat("S", ONE_SEAT))),
        lambda: CostLine("L", "L", "T", cad("-1.00")),
    ):
        with pytest.raises(ValueError):
            wrong()


def test_the_wire_form_is_decimal_strings() -> None:
    found = json.loads(json.dumps(as_json(cover(BEFORE_SUPPORT).delegations["OUT"])))
    assert {key: found[key] for key in ("delegation", "currency", "need", "gap", "match_unusable")} == {
        "delegation": "OUT", "currency": "CAD", "need": "27000.00", "gap": "480.00",
        "match_unusable": "1920.00",
    }  # fmt: skip
    assert found["lines"][0] == {
        "code": "L01", "label": "Vol Montréal–Dakar aller-retour", "group": "T", "need": "12300.00",
        "own": "0.00", "match": "12300.00", "grants": "0.00", "support": "0.00", "gap": "0.00",
        "remaining": "0.00",
    }  # fmt: skip
    assert (
        found["reasons"][0]["kind"] == "ineligible"
        and "Volet Grands-Vents" in found["reasons"][0]["sentence"]
    )


def test_a_delegation_without_seats_or_budget_needs_nothing() -> None:
    received, nothing = Money(500, "XOF"), Money(0, "XOF")
    empty = DelegationFunding("X", "XOF", (), received, nothing, nothing)
    found = cover(Funding((empty,))).delegations["X"]
    assert not found.need and found.own_left == Money(500, "XOF") and not found.lines and not found.seats
    bare = replace(empty, seats=(Seat("X-1", ()),))
    assert cover(Funding((bare,))).delegations["X"].by_seat["X-1"].need == Money(0, "XOF")


def test_lines_have_one_payer_where_that_comes_out_even() -> None:
    found = cover(BEFORE_SUPPORT).delegations["QUE"]
    # 6,750.00 of the match is the whole of some lines
    assert found.splits == found.fewest_splits == 0
    assert max(Counter((p.seat, p.line) for p in found.payments).values()) == 1


def test_a_line_is_split_where_nothing_comes_out_even() -> None:
    match = MatchAgreement("M", "M", Fraction(1), frozenset("T"), ("CDQ",), cap=cad("1000.00"))
    found = cover(Funding((delegation("CDQ", 1, "3500.00"),), (match,))).delegations["CDQ"]
    # no lines of travel add up to 1,000.00
    assert found.splits == found.fewest_splits == 1


def test_what_is_locked_by_hand_stays_and_the_rest_is_arranged_around_it() -> None:
    flight = Lock("DKR05-QUE-03", "L01", LOCK_OWN, cad("2050.00"))
    wrong = Lock("DKR05-QUE-01", "L02", "B2", cad("540.00"))  # lodging is not what B2 may pay
    found = cover(changed(BEFORE_SUPPORT, "QUE", lambda one: replace(one, locks=(flight, wrong))))
    free, locked = cover(BEFORE_SUPPORT).delegations["QUE"], found.delegations["QUE"]
    assert [(one.lock, one.amount) for one in locked.kept_locks] == [
        (flight, cad("2050.00")), (wrong, cad("0.00")),
    ]  # fmt: skip
    [paid] = [one for one in locked.payments if (one.seat, one.line) == (flight.seat, flight.line)]
    assert (paid.source, paid.amount) == (OWN, cad("2050.00"))
    assert (locked.own_used, locked.match_usable, locked.gap) == (
        free.own_used, cad("5990.00"), cad("760.00"),
    )  # fmt: skip


def test_part_of_a_line_may_be_locked() -> None:
    part = Lock("DKR05-QUE-01", "L01", LOCK_OWN, cad("50.00"))
    found = cover(changed(BEFORE_SUPPORT, "QUE", lambda one: replace(one, locks=(part,)))).delegations["QUE"]
    flight = [one for one in found.payments if (one.seat, one.line) == (part.seat, part.line)]
    assert sum(one.amount.minor for one in flight) == 205_000 and not found.gap
    assert next(one for one in flight if one.source == OWN).amount >= part.amount
    # only 1,290.00 of savings are for travel: they cannot pay a flight whole
    assert found.splits == found.fewest_splits == 1


def test_reasons_are_told_in_french() -> None:
    app = Flask("words")
    Babel(app, default_translation_directories=str(TRANSLATIONS), default_domain="delegations")
    reason = cover(BEFORE_SUPPORT).delegations["OUT"].reasons[0]
    with app.test_request_context(), force_locale("fr"):
        assert sentence(reason, {"T": "voyage"}) == (
            "1\u202f920,00\u00a0CAD offerts par Volet Grands-Vents ne peuvent pas servir\u00a0: "
            "dans chaque place, seuls 2\u202f680,00\u00a0CAD portent sur des postes admissibles (voyage)."
        )
