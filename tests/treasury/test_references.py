"""Payment references: typed by people, mangled by banks, found again or refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from treasury.references import (
    ALPHABET,
    compact_reference,
    find_references,
    is_valid,
    nearest,
    new_reference,
)

FIXED = new_reference(lambda n: n // 2)

references = st.builds(
    lambda picks: new_reference(lambda n: picks.pop() % n),
    st.lists(st.integers(0, 10**6), min_size=6, max_size=6),
)


def test_a_new_reference_is_short_grouped_and_valid() -> None:
    reference = new_reference()
    assert [len(group) for group in reference.split("-")] == [4, 4, 1]
    assert reference.startswith("TG")
    assert is_valid(reference)


def test_no_character_can_be_taken_for_another() -> None:
    assert len(ALPHABET) == 31
    assert not set("01OIL") & set(ALPHABET)


def test_two_references_differ() -> None:
    assert len({new_reference() for _ in range(200)}) == 200


@given(references)
@settings(deadline=None)
def test_every_single_wrong_character_is_detected(reference: str) -> None:
    compact = compact_reference(reference)
    for position in range(2, len(compact)):
        for other in ALPHABET:
            if other != compact[position]:
                assert not is_valid(compact[:position] + other + compact[position + 1 :])


@given(references)
@settings(deadline=None)
def test_every_exchange_of_two_characters_is_detected(reference: str) -> None:
    compact = compact_reference(reference)
    for first in range(len(compact)):
        for second in range(first + 1, len(compact)):
            swapped = list(compact)
            swapped[first], swapped[second] = swapped[second], swapped[first]
            if swapped != list(compact):
                assert not is_valid("".join(swapped))


@pytest.mark.parametrize(
    "text",
    [
        "Virement {shown} merci",
        "VIR INST {compact}",
        "virement {lower} du grand heron",
        "ref.{spaced}",
        "RE:{shown}/12 x 750",
        "DEPOT{compact}OUTAOUAIS",
        "vir {dashed} !",
        "solde\u00a0{nbsp}",
    ],
)
def test_a_reference_is_found_as_banks_write_it(text: str) -> None:
    compact = compact_reference(FIXED)
    written = text.format(
        shown=FIXED,
        compact=compact,
        lower=compact.lower(),
        spaced=" ".join(compact),
        dashed=FIXED.replace("-", " – "),
        nbsp=FIXED.replace("-", "\u00a0"),
    )
    assert find_references(written) == [FIXED]


def test_two_references_in_one_line_are_both_found_and_a_repeated_one_once() -> None:
    other = new_reference(lambda n: n - 1)
    assert find_references(f"{FIXED} et {other} et encore {FIXED.lower()}") == [FIXED, other]


@pytest.mark.parametrize(
    "text", ["", "TG", "Montgomery Street", "MONTGAGNE PAUL", "TG7K-492Q", "1500.00 CAD", "TG" * 500]
)
def test_ordinary_text_holds_no_reference(text: str) -> None:
    assert find_references(text) == []


def test_a_reference_with_a_wrong_check_is_not_found() -> None:
    wrong = FIXED[:-1] + next(c for c in ALPHABET if c != FIXED[-1])
    assert find_references(f"Virement {wrong}") == []
    assert not is_valid(wrong)
    assert is_valid(FIXED)


@pytest.mark.parametrize("text", ["", "TG7K", "XX7K-492Q-X", FIXED + "2"])
def test_what_is_not_one_whole_reference_is_not_valid(text: str) -> None:
    assert not is_valid(text)


@given(st.text(max_size=300))
@settings(deadline=None)
def test_no_text_breaks_the_search(text: str) -> None:
    assert all(is_valid(found) for found in find_references(text))


@given(references, st.data())
@settings(deadline=None)
def test_one_slip_of_the_hand_leads_back_to_what_was_meant(reference: str, data: st.DataObject) -> None:
    compact = compact_reference(reference)
    k = data.draw(st.integers(0, len(compact) - 1))
    m = data.draw(st.integers(0, len(compact) - 1))
    other = data.draw(st.sampled_from(ALPHABET + "01OIL"))
    exchanged = list(compact)
    exchanged[k], exchanged[m] = exchanged[m], exchanged[k]
    slips = (compact[:k] + other + compact[k + 1 :], compact[:k] + compact[k + 1 :], "".join(exchanged))
    for slip in (*slips, compact[:k] + other + compact[k:]):
        assert reference in nearest(slip)


def test_a_text_that_is_no_reference_means_none() -> None:
    assert nearest("") == nearest("Grand-Héron") == nearest("TG") == []
    assert len(nearest(FIXED[:-1] + "2")) < 20  # the check character leaves few
