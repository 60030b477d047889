"""The drawing of the money's way: heights are amounts, and what leaves the left arrives at the right."""

import math
from itertools import pairwise

import pytest
from flask import Flask, get_template_attribute
from hypothesis import given
from hypothesis import strategies as st

from delegations.funding.flow_layout import FULL, Layout, Leftover, Ribbon, Source, Target, lay_out, shortened
from delegations.pictures import FlowPicture

OWN = Source("own", "Épargne", "9 000,00", 900_000, "ochre")
MATCH = Source("match", "Contrepartie", "18 000,00", 1_800_000, "indigo", "Volet Grands-Vents")
GRANT = Source("grant", "Subvention", "1 440,00", 144_000, "leaf")
TRAVEL = Target("T", "Voyage", "16 080,00", 1_608_000, 0, "couvert")
STAY = Target("U", "Séjour et santé", "9 480,00", 948_000, 48_000, "il manque 480,00")
EDUCATION = Target("E", "Éducation", "1 440,00", 144_000, 0, "couvert")
RIBBONS = [Ribbon("own", "U", 900_000), Ribbon("match", "T", 1_608_000), Ribbon("grant", "E", 144_000)]
UNUSABLE = [Leftover("match", 192_000, "1 920,00 inutilisables")]


def outaouais() -> Layout:
    """Fully saved, fully matched, still short: the match may pay travel only."""
    return lay_out([OWN, MATCH, GRANT], [TRAVEL, EDUCATION, STAY], RIBBONS, UNUSABLE)


def test_a_height_is_an_amount_everywhere() -> None:
    drawn = outaouais()
    scale = FULL / (900_000 + 1_800_000 + 144_000)

    assert {one.key: bar.height for bar, one in drawn.sources} == pytest.approx(
        {"own": 900_000 * scale, "match": 1_800_000 * scale, "grant": 144_000 * scale}
    )
    assert sum(band.height for band in drawn.bands) == pytest.approx((900_000 + 1_608_000 + 144_000) * scale)
    assert [spur.height for spur in drawn.spurs] == pytest.approx([192_000 * scale])


def test_the_leftover_and_what_is_used_make_up_their_source() -> None:
    drawn = outaouais()
    bar = next(bar for bar, one in drawn.sources if one.key == "match")
    (spur,) = drawn.spurs
    (used,) = [band for band in drawn.bands if band.colour == "indigo"]

    assert used.top_left == bar.top
    assert used.top_left + used.height == pytest.approx(spur.top)
    assert spur.top + spur.height == pytest.approx(bar.bottom)


def test_what_is_missing_and_what_is_paid_make_up_their_target() -> None:
    bar, _stay, missing = outaouais().targets[2]
    (paid,) = [band for band in outaouais().bands if band.colour == "ochre"]

    assert paid.top_right == bar.top
    assert paid.height + missing == pytest.approx(bar.height, abs=0.5)


def test_sources_stand_beside_what_they_pay() -> None:
    drawn = outaouais()

    assert [one.key for _bar, one in drawn.sources] == ["match", "grant", "own"]
    tops = [(band.top_left, band.top_right) for band in drawn.bands]
    assert tops == sorted(tops), "no two ribbons cross"


def test_words_stand_under_a_bar_too_low_for_them() -> None:
    drawn = outaouais()

    assert {one.key: bar.words for bar, one in drawn.sources} == {
        "match": "inside",
        "grant": "under",
        "own": "inside",
    }
    assert {one.key: bar.words for bar, one, _missing in drawn.targets} == {
        "T": "inside",
        "E": "under",
        "U": "inside",
    }


def test_every_funder_is_named_however_low_its_bar(app: Flask) -> None:
    small = Source("match:B2", "Contrepartie", "200,00", 20_000, "indigo", "Caisse de l’Érable")
    sources, ribbons = [OWN, MATCH, small], [*RIBBONS[:2], Ribbon("match:B2", "E", 10_000)]
    spare = [Leftover("match:B2", 10_000, "100,00 inutilisables")]
    drawn = lay_out(sources, [TRAVEL, EDUCATION, STAY], ribbons, spare)
    bars = {one.key: bar for bar, one in drawn.sources}
    assert (bars["match:B2"].words, bars["match:B2"].ends) == ("under", bars["match:B2"].bottom + 38)
    found = FlowPicture(sources, [TRAVEL, EDUCATION, STAY], ribbons, spare, drawn)
    with app.test_request_context():
        markup = str(get_template_attribute("macros/figures.html", "flow")(found, "D’où vient l’argent"))
    wide, phone = markup.split("phone-only")
    assert [wide.count("Caisse de l’Érable"), phone.count("Caisse de l’Érable")] == [1, 2]
    assert '100,00 inutilisables <span class="s">Caisse de l’Érable</span>' in phone


def test_nothing_at_all_is_a_hairline() -> None:
    drawn = lay_out([Source("own", "Épargne", "0,00", 0, "ochre")], [], [], [])

    assert [bar.height for bar, _one in drawn.sources] == [4.0]
    assert not drawn.bands
    assert not drawn.targets


def test_nobody_pays() -> None:
    alone = Target("T", "Voyage", "4 500,00", 450_000, 450_000, "il manque 4 500,00")
    ((bar, _one, missing),) = lay_out([], [alone], [], []).targets

    assert missing == bar.height == FULL


def test_a_long_note_is_shortened() -> None:
    assert shortened("Volet Grands-Vents (type ACDI)") == "Volet Grands-Vents (type ACDI)"
    assert shortened("Programme des partenariats de proximité") == "Programme des partenariats de…"


def test_the_drawing_tells_it_twice_and_keeps_words_as_words(app: Flask) -> None:
    nasty = Target("T", "<b>Voyage</b>", "16 080,00", 1_608_000, 0, "couvert")
    targets = [nasty, EDUCATION, STAY]
    found = FlowPicture(
        [OWN, MATCH, GRANT],
        targets,
        RIBBONS,
        UNUSABLE,
        lay_out([OWN, MATCH, GRANT], targets, RIBBONS, UNUSABLE),
    )
    with app.test_request_context():
        markup = str(get_template_attribute("macros/figures.html", "flow")(found, "D’où vient l’argent"))

    wide, phone = markup.split("phone-only")
    for told in (wide, phone):
        assert "1 920,00 inutilisables" in told
        assert "il manque 480,00" in told
        assert "&lt;b&gt;Voyage" in told
    assert 'role="img" aria-label="D’où vient l’argent"' in wide
    assert "<b>Voyage" not in markup
    assert "nan" not in markup


AMOUNT = st.integers(0, 10**12)


@given(st.lists(st.tuples(AMOUNT, AMOUNT, AMOUNT), max_size=5), st.lists(AMOUNT, max_size=4))
def test_bars_never_overlap_and_everything_is_a_number(
    given_away: list[tuple[int, int, int]], missing: list[int]
) -> None:
    keys = [f"s{number}" for number in range(len(given_away))]
    ribbons = [
        Ribbon(key, f"t{place}", value)
        for key, values in zip(keys, given_away, strict=True)
        for place, value in enumerate(values)
        if place < len(missing)
    ]
    sources = [
        Source(key, key, "", sum(values), "ochre") for key, values in zip(keys, given_away, strict=True)
    ]
    targets = [
        Target(
            f"t{place}",
            "",
            "",
            gap + sum(one.value for one in ribbons if one.target == f"t{place}"),
            gap,
            "",
        )
        for place, gap in enumerate(missing)
    ]
    drawn = lay_out(sources, targets, ribbons, [])

    for column in ([bar for bar, _one in drawn.sources], [bar for bar, _one, _gap in drawn.targets]):
        assert all(over.bottom < under.top for over, under in pairwise(column))
        assert all(bar.bottom <= drawn.height for bar in column)
    assert math.isfinite(drawn.height)
    assert "nan" not in "".join(band.path for band in drawn.bands)
