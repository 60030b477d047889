"""What may settle a bank line: the treasurer's cases, and what must hold whatever the lines."""

from datetime import date, timedelta
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.money import Money
from treasury.reconciliation.groups import MOST_CANDIDATES, SeveralChoices, only_choice
from treasury.reconciliation.matching import Candidate, Habit, HabitKind, LineToMatch, Proposal, propose
from treasury.reconciliation.names import Names
from treasury.references import new_reference

HERON = "Réseau fictif du Grand-Héron"
CAP = "Carrefour fictif du Cap"
PONTS = "Coopérative fictive des Trois-Ponts"
PAYERS = (
    HERON,
    CAP,
    PONTS,
    "Friperie fictive du Fil",
    "Atelier fictif des Îles",
    "Centre fictif du Faubourg",
)

JANUARY = date(2005, 1, 15)
REFERENCE = new_reference(lambda n: n // 2)
OTHER_REFERENCE = new_reference(lambda n: n // 3)
_DRAWN = iter((3, 15, 1, 12, 5, 9))
TYPED = new_reference(lambda _n: next(_DRAWN))


def line(
    key: str, amount: str, name: str = "", *, on: date = JANUARY, memo: str = "", ref: str = ""
) -> LineToMatch:
    return LineToMatch(
        key=key, dated_on=on, amount=Money.of(amount, "CAD"), reference=ref, name=name, memo=memo
    )


def due(key: str, amount: str, name: str = "", *, on: date = JANUARY, ref: str = "") -> Candidate:
    return Candidate(
        key=key,
        dated_on=on,
        amount=Money.of(amount, "CAD"),
        reference=ref,
        names=(name,) if name else (),
        kind="instalment",
    )


def codes(proposal: Proposal) -> list[str]:
    return [reason.code for reason in proposal.reasons]


def pairs(proposals: list[Proposal]) -> list[tuple[object, object, bool]]:
    return [(one.line_key, one.candidate_keys, one.sure) for one in proposals]


def test_a_reference_in_the_text_finds_its_instalment_whoever_pays_and_whenever() -> None:
    written = f"VIR {REFERENCE.lower().replace('-', ' ')} TANTE MARTHE"
    [found] = propose(
        [line("l", "750.00", written, on=date(2005, 3, 30))],
        [due("P1-9", "750.00", HERON, ref=REFERENCE), due("P1-10", "750.00", HERON, on=date(2005, 3, 30))],
    )[:1]
    assert (found.candidate_keys, found.sure) == (("P1-9",), True)
    assert [reason.sentence("en") for reason in found.reasons] == [
        f"The reference {REFERENCE} stands in the text.",
        "The amount is the same.",
        "74 days lie between.",
    ]


@pytest.mark.parametrize(
    "slip",
    [
        TYPED[:-1] + ("2" if TYPED[-1] != "2" else "3"),
        TYPED.replace("-", "")[:-2],
        TYPED[:2] + TYPED[3] + TYPED[2] + TYPED[4:],
    ],
)
def test_a_reference_mistyped_cut_or_with_two_exchanged_is_offered_and_never_sure_from_afar(
    slip: str,
) -> None:
    far = date(2005, 6, 30)
    [found] = propose([line("l", "750.00", slip, on=far)], [due("c", "750.00", HERON, ref=TYPED)])
    assert (found.candidate_keys, found.sure) == (("c",), False)
    assert found.reasons[0].sentence("en") == f"Almost the reference {TYPED} stands in the text."
    [right] = propose([line("l", "750.00", TYPED, on=far)], [due("c", "750.00", HERON, ref=TYPED)])
    assert right.sure


def test_a_line_that_quotes_a_reference_unknown_to_the_books_is_not_sure_by_its_name() -> None:
    lines = [line("l", "750.00", HERON, memo=OTHER_REFERENCE)]
    [found] = propose(lines, [due("a", "750.00", HERON)])
    assert not found.sure
    assert codes(found)[0] == "reference other"
    standing = Habit(OTHER_REFERENCE.replace("-", ""), HERON, 2, HabitKind.REFERENCE)  # a standing order's
    [known] = propose(lines, [due("a", "750.00", HERON)], [standing])
    assert known.sure


def test_the_account_that_money_came_from_before_tells_whose_it_is() -> None:
    iban = "FR7630006000011234567890189"
    lines = [line("l", "60.00", "M OU MME GABARIT", memo=f"DON {iban}")]
    open_ones = [due("a", "60.00", "Awa Témoin"), due("b", "60.00", "Zoé Exemple")]
    assert not any(one.sure for one in propose(lines, open_ones))
    [known] = propose(lines, open_ones, [Habit(iban, "Awa Témoin", 1, HabitKind.ACCOUNT)])
    assert (known.candidate_keys, known.sure) == (("a",), True)
    assert known.reasons[-1].sentence("en") == "It comes from the account of Awa Témoin."


def test_two_transfers_of_one_amount_speak_for_each_other() -> None:
    lines = [line("l", "500.00", HERON), line("m", "250.00", HERON, on=date(2005, 1, 28))]
    open_ones = [due("a", "750.00", HERON)]
    found = propose(lines, open_ones)
    assert pairs(found) == [("l", ("a",), False), ("m", ("a",), False)]
    assert all(codes(one)[-1] == "rest" for one in found)
    [alone] = propose(lines[:1], open_ones)
    assert alone.score < found[0].score
    assert "It is a part: 250.00\u00a0CAD would be left." in [one.sentence("en") for one in alone.reasons]


def test_one_transfer_for_two_payers_is_suggested_when_one_of_them_is_named() -> None:
    open_ones = [due("mine", "85.00", "Inès Canevas"), due("theirs", "750.00", CAP), due("x", "60.00", PONTS)]
    [found] = propose([line("l", "835.00", "VIR CANEVAS INES")], open_ones)
    assert (found.candidate_keys, found.sure) == (("mine", "theirs"), False)
    two = [*open_ones, due("other", "750.00", HERON)]
    assert propose([line("l", "835.00", "VIR CANEVAS INES")], two) == []


def test_amount_day_and_name_as_the_bank_shortens_it_are_enough() -> None:
    lines = [line("l", "750.00", "GRAND-HERON RESEAU FICT")]
    [found] = propose(lines, [due("P1", "750.00", HERON), due("P2", "562.50", CAP)])
    assert (found.candidate_keys, found.sure) == (("P1",), True)
    assert codes(found) == ["amount", "date", "name"]
    assert found.reasons[1].sentence("en") == "It is the same day."
    assert found.reasons[2].sentence("en") == f"The name is close to {HERON}."


def test_amount_and_day_alone_are_offered_but_not_sure() -> None:
    [found] = propose([line("l", "750.00", "DEPOT 0815")], [due("P1", "750.00", HERON)])
    assert (found.candidate_keys, found.sure) == (("P1",), False)
    assert 0.5 < found.score < 0.98


def test_two_instalments_that_cannot_be_told_apart_are_both_offered_and_none_is_sure() -> None:
    found = propose([line("l", "562.50", CAP)], [due("a", "562.50", CAP), due("b", "562.50", CAP)])
    assert pairs(found) == [("l", ("a",), False), ("l", ("b",), False)]
    assert all(one.reasons[-1].sentence("en") == "Another one fits as well." for one in found)
    [alone] = propose([line("l", "562.50", CAP)], [due("a", "562.50", CAP)])
    assert alone.sure


def test_two_lines_that_fit_one_instalment_are_not_sure_either() -> None:
    found = propose([line("l", "562.50", CAP), line("m", "562.50", CAP)], [due("a", "562.50", CAP)])
    assert pairs(found) == [("l", ("a",), False), ("m", ("a",), False)]


def test_a_reference_takes_its_instalment_out_of_the_others_way() -> None:
    found = propose(
        [line("l", "562.50", CAP, memo=REFERENCE), line("m", "562.50", CAP)],
        [due("a", "562.50", CAP, ref=REFERENCE), due("b", "562.50", CAP)],
    )
    assert pairs(found) == [("l", ("a",), True), ("m", ("b",), True)]


def test_the_same_amount_from_several_payers_goes_to_each_by_name() -> None:
    lines = [line("1", "375.00", "FRIPERIE FICT FIL"), line("2", "375.00", "CENTRE FICT FAUBOURG")]
    found = propose(lines, [due("P6", "375.00", PAYERS[5]), due("P4", "375.00", PAYERS[3])])
    assert pairs(found) == [("1", ("P4",), True), ("2", ("P6",), True)]


def test_three_instalments_paid_at_once_are_suggested_together_when_nothing_else_adds_up() -> None:
    quarters = [due(str(month), "562.50", CAP, on=date(2004, month, 15)) for month in (11, 12)]
    open_ones = [*quarters, due("1", "562.50", CAP), due("x", "100.00", CAP)]
    found = propose([line("l", "1687.50", CAP)], open_ones)
    assert pairs(found) == [("l", ("11", "12", "1"), False)]
    assert found[0].reasons[0].sentence("en").startswith("These 3 together")


def test_a_sum_with_two_answers_is_not_suggested() -> None:
    open_ones = [due(key, "562.50", CAP) for key in "abcd"]
    assert propose([line("l", "1687.50", CAP)], open_ones) == []
    assert len(propose([line("l", "1687.50", CAP)], open_ones[:3])) == 1


def test_a_sum_over_one_reference_needs_no_name() -> None:
    open_ones = [due("fee", "60.00", "Clio Maquette", ref=REFERENCE), due("meal", "40.00", ref=REFERENCE)]
    found = propose([line("l", "100.00", memo=f"Interac {REFERENCE}")], open_ones)
    assert found[0].candidate_keys == ("fee", "meal")
    assert codes(found[0]) == ["sum", "reference"]


def test_instalments_of_other_payers_are_not_summed() -> None:
    assert propose([line("l", "1125.00", CAP)], [due("a", "562.50", HERON), due("b", "562.50", PONTS)]) == []


def test_nearly_the_amount_with_the_name_is_offered_with_the_difference() -> None:
    [found] = propose([line("l", "740.00", HERON)], [due("P1", "750.00", HERON)])
    assert not found.sure
    less = "10.00\u00a0CAD less, as when a bank keeps a fee."
    assert less in [reason.sentence("en") for reason in found.reasons]
    [more] = propose([line("l", "760.00", HERON)], [due("P1", "750.00", HERON)])
    assert "The amount differs by 10.00\u00a0CAD." in [reason.sentence("en") for reason in more.reasons]


def test_a_part_payment_with_the_reference_is_offered() -> None:
    [found] = propose([line("l", "100.00", REFERENCE)], [due("P5", "250.00", PAYERS[4], ref=REFERENCE)])
    assert (found.candidate_keys, found.sure) == (("P5",), False)


def test_what_the_treasurer_confirmed_before_is_known_the_next_month() -> None:
    lines = [line("l", "562.50", "DEP 0815 CDC QC")]
    open_ones = [due("P2", "562.50", CAP)]
    [unknown] = propose(lines, open_ones)
    [known] = propose(lines, open_ones, [Habit("Dép. 0815 – CDC Qc", CAP, 3)])
    assert (unknown.sure, known.sure) == (False, True)
    assert known.reasons[-1].sentence("en") == f"The bank wrote this 3 times before for {CAP}."
    [once] = propose(lines, open_ones, [Habit("DEP 0815 CDC QC", CAP)])
    assert once.reasons[-1].sentence("en") == f"The bank wrote this once before for {CAP}."


def test_currency_and_direction_must_be_the_same() -> None:
    francs = Candidate(
        key="f", dated_on=JANUARY, amount=Money(75000, "XOF"), names=(HERON,), reference=REFERENCE
    )
    refund = due("r", "-750.00", HERON, ref=REFERENCE)
    assert propose([line("l", "750.00", HERON, memo=REFERENCE)], [francs, refund]) == []
    assert propose([line("l", "-750.00", HERON, memo=REFERENCE)], [refund])[0].sure


def test_a_cheque_number_counts_in_its_field_and_not_in_running_text() -> None:
    cheque = due("c", "375.00", ref="0042")
    late = date(2005, 5, 1)
    assert propose([line("l", "375.00", "CHEQUE", ref="0042", on=late)], [cheque])[0].sure
    assert propose([line("l", "375.00", "CHEQUE 0042", on=late)], [cheque]) == []


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("RESEAU FICT. GRAND HERON", HERON),
        ("Grand-Héron, Réseau fictif du", HERON),
        ("RESEAUFICTIFDUGRANDHERON", HERON),
        ("Reseau fictif du Grand Heorn", HERON),
        ("COOP FICT TROIS-PONTS", PONTS),
        ("COOPERATIVE FICTIVE DES TRO", PONTS),
        ("Virement de Carrefour fictif du Cap pour janvier", CAP),
        ("RFGH", HERON),
    ],
)
def test_names_are_recognised_as_people_write_them(written: str, name: str) -> None:
    names = Names(PAYERS)
    assert names.closeness(written, name) >= 0.7
    assert max(PAYERS, key=lambda payer: names.closeness(written, payer)) == name or written == "RFGH"


@pytest.mark.parametrize("written", ["", "Virement", "0815", "Fictif", "Ondine Exemple", "Frais de service"])
def test_a_text_that_names_nobody_is_close_to_nobody(written: str) -> None:
    names = Names(PAYERS)
    assert all(names.closeness(written, payer) < 0.6 for payer in PAYERS)


def test_many_equal_lines_and_instalments_are_assigned_each_to_one() -> None:
    number = 1500  # enough for the sparse solver
    lines = [line(f"l{at}", "25.00", on=JANUARY + timedelta(days=at // 10)) for at in range(number)]
    fees = [due(f"c{at}", "25.00", on=JANUARY + timedelta(days=at // 10)) for at in range(number)]
    first: dict[object, object] = {}
    for proposal in propose(lines, fees):
        first.setdefault(proposal.line_key, proposal.candidate_keys)
    assert len(first) == number


# -- properties ----------------------------------------------------------------

amounts = st.sampled_from(["25.00", "60.00", "85.00", "375.00", "750.00", "-25.00"])
dates = st.integers(0, 90).map(lambda days: JANUARY + timedelta(days=days))
payers = st.sampled_from([*PAYERS, ""])
wordings = st.sampled_from([*PAYERS, "RES GRAND-HERON", "FICTIF CAP", "DEPOT", ""])
references = st.sampled_from(["", "", REFERENCE, OTHER_REFERENCE, "0042"])


@st.composite
def treasuries(draw: st.DrawFn) -> tuple[list[LineToMatch], list[Candidate]]:
    lines = [
        line(
            f"l{at}",
            draw(amounts),
            draw(wordings),
            on=draw(dates),
            memo=draw(references),
            ref=draw(references),
        )
        for at in range(draw(st.integers(0, 8)))
    ]
    open_ones = [
        due(f"c{at}", draw(amounts), draw(payers), on=draw(dates), ref=draw(references))
        for at in range(draw(st.integers(0, 8)))
    ]
    return lines, open_ones


@given(treasuries())
@settings(max_examples=200, deadline=None)
def test_proposals_do_not_depend_on_the_order_and_sure_ones_are_exclusive(
    treasury: tuple[list[LineToMatch], list[Candidate]],
) -> None:
    lines, open_ones = treasury
    found = propose(lines, open_ones)
    assert found == propose(lines[::-1], open_ones[::-1])
    by_line = {one.key: one for one in lines}
    by_key = {one.key: one for one in open_ones}
    sure = [one for one in found if one.sure]
    taken = [key for one in sure for key in one.candidate_keys]
    assert len(taken) == len(set(taken))
    for one in found:
        amount = by_line[one.line_key].amount
        chosen = [by_key[key].amount for key in one.candidate_keys]
        assert 0 <= one.score <= 1
        assert one.reasons
        assert all(part.minor * amount.minor > 0 for part in chosen)
        if one.sure:
            assert chosen == [amount]
            assert [other.line_key for other in found].count(one.line_key) == 1
        elif len(chosen) > 1:
            assert Money.total(chosen, "CAD") == amount
            assert not set(one.candidate_keys) & set(taken)


@given(st.lists(st.integers(1, 12), max_size=9), st.integers(1, 40))
@settings(deadline=None)
def test_the_only_choice_is_what_trying_every_choice_finds(values: list[int], target: int) -> None:
    every = [
        chosen
        for size in range(2, 7)
        for chosen in combinations(range(len(values)), size)
        if sum(values[at] for at in chosen) == target
    ]
    if len(every) > 1:
        with pytest.raises(SeveralChoices):
            only_choice(values, target)
    else:
        assert only_choice(values, target) == (every[0] if every else None)


def test_a_payer_with_several_answers_is_not_mixed_with_somebody_else_for_one() -> None:
    """Two of the shop's three quarters make 750.00, nobody knows which; nor do one and the centre's."""
    quarters = [due(str(month), "375.00", PAYERS[3], on=date(2005, month, 15)) for month in (1, 2, 3)]
    centre = due("c", "375.00", PAYERS[5], on=date(2005, 2, 15))
    paid = line("l", "750.00", PAYERS[3], on=date(2005, 2, 16))
    assert not [one for one in propose([paid], [*quarters, centre]) if len(one.candidate_keys) > 1]
    [together] = [one for one in propose([paid], [quarters[1], centre]) if len(one.candidate_keys) > 1]
    assert set(together.candidate_keys) == {"2", "c"}  # the only answer there is


def test_a_whole_reference_is_never_read_as_the_beginning_of_another() -> None:
    """Two references begin alike; the bank puts spaces where it likes, and only the one it holds is meant."""
    drawn = iter([1, 2, 3, 4, 5, 6, 1, 2, 6, 5, 4, 3])
    one, other = new_reference(lambda _n: next(drawn)), new_reference(lambda _n: next(drawn))
    assert one[:4] == other[:4]
    spaced = line("l", "757.89", f"VIR {one.lower().replace('-', ' ')}")
    assert not propose([spaced], [due("o", "60.00", "Participant", ref=other)])
    [(_line, found, _sure)] = pairs(
        propose([spaced], [due("o", "60.00", ref=other), due("m", "757.89", ref=one)])
    )
    assert found == ("m",)
    cut = line("l", "60.00", f"VIR {other[:4]}")  # the control: where nothing whole stands, a beginning tells
    assert pairs(propose([cut], [due("o", "60.00", ref=other)]))


def test_what_is_far_behind_the_best_is_not_read_beside_it() -> None:
    """A part of the centre's 1,125.00, its rest two days later; the network's 750.00 is not offered."""
    lines = [line("l", "625.00", PAYERS[5]), line("m", "500.00", PAYERS[5], on=date(2005, 1, 17))]
    found = propose(lines, [due("a", "1125.00", PAYERS[5]), due("b", "750.00", HERON)])
    assert pairs(found) == [("l", ("a",), False), ("m", ("a",), False)]


def test_a_choice_among_more_than_the_bound_is_refused() -> None:
    assert only_choice([2**at for at in range(MOST_CANDIDATES)], 3) == (0, 1)
    with pytest.raises(ValueError, match="at most 24"):
        only_choice([1] * (MOST_CANDIDATES + 1), 3)
