"""The quick encoder of badge codes draws what the complete one draws, module for module."""

import numpy as np
import pytest
import segno
import zxingcpp
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from events.badge_qr import ALPHABET, LONGEST, MASK, SIZE, modules


def expected(text: str) -> list[str]:
    """The same symbol as segno makes it."""
    code = segno.make_qr(text, version=6, error="m", mask=MASK, mode="alphanumeric", boost_error=False)
    return ["".join("01"[module] for module in row) for row in code.matrix]


@settings(deadline=None)
@given(st.text(ALPHABET, min_size=1, max_size=LONGEST))
def test_every_symbol_equals_the_one_of_a_complete_encoder(text: str) -> None:
    assume(not ends_on_a_byte(text))
    assert modules(text) == expected(text)


@settings(deadline=None)
@given(st.text(ALPHABET, min_size=1, max_size=LONGEST))
def test_every_symbol_is_read_as_its_text(text: str) -> None:
    rows = ["0" * (SIZE + 8)] * 4 + ["0000" + row + "0000" for row in modules(text)] + ["0" * (SIZE + 8)] * 4
    image = np.array([[0 if module == "1" else 255 for module in row] for row in rows], np.uint8)
    (code,) = zxingcpp.read_barcodes(image.repeat(4, 0).repeat(4, 1))
    assert code.text == text


def ends_on_a_byte(text: str) -> bool:
    """Whether the message needs no zeros before its filling: there segno adds a byte of them, needlessly."""
    return (4 + 9 + 11 * (len(text) // 2) + 6 * (len(text) % 2) + 4) % 8 == 0


@pytest.mark.parametrize("length", [1, 2, 141, 142, LONGEST - 1, LONGEST])
def test_at_the_edges_of_the_symbol(length: int) -> None:
    assert modules(":" * length) == expected(":" * length)


@pytest.mark.parametrize("text", ["A" * (LONGEST + 1), "minuscules", "déléguée"])
def test_what_does_not_fit_such_a_symbol_gets_one_that_does(text: str) -> None:
    found = modules(text)
    assert found == ["".join("01"[module] for module in row) for row in _by_segno(text).matrix]
    assert len(found) == len(found[0])


def test_the_symbol_has_the_size_it_says() -> None:
    assert [len(row) for row in modules("TG1-A")] == [SIZE] * SIZE


def _by_segno(text: str) -> segno.QRCode:
    return segno.make_qr(text, error="m", mask=MASK, boost_error=False)
