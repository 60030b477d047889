"""The printed sheets, read back: each code on the badge of its person, each name whole and in its place."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime
from functools import cache

import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st

from documents.pdf import render_joined
from events import badge_sheets
from events.badge_codes import BadgeClaim, new_key_pair, short_code, sign, spaced, verify
from events.badge_lettering import Step, fit, split_name
from events.badge_sheets import ROLE_COLOURS, BadgeFace, render_badges, sheets
from events.models import BadgeRole

KEYS = new_key_pair()
MILLIMETRE = 72 / 25.4
CORNERS = ((7.0, 10.5), (107.0, 10.5), (7.0, 150.5), (107.0, 150.5))
"""Left and top of the four badges of a sheet in mm, as somebody with a ruler finds them."""

NAMES = (
    "Ondine Exemple",
    "Aristide Fictif",
    "Zoé Témoin",
    "Lison Substitut",
    "Awa N’Exemple-Échantillon",
    "Ọlúṣẹ́gun Àkànbí Ẹlẹ́gbẹ́",
    "Ɓaɗɗo Ŋmɛ́ɖɔ Ƴero",
    "محمد عبد الرحمن المثال",
    "Maximiliana-Esperanza Fernández de la Cruz y Montenegro de Témoin",
    "Rakotomalalarivonirinafanomezantsoa",
    "Ng",
)


def face(number: int, name: str, **changes: object) -> BadgeFace:
    """The badge of somebody at Dakar 2005, with a code of its own."""
    token = f"{number:016x}"
    made = BadgeFace(
        name=name,
        organisation="Coopérative d’exemple",
        delegation="Outaouais",
        role_letter="D",
        role_label="Délégué·e",
        role_colour=ROLE_COLOURS["D"],
        languages=("FR", "WO"),
        seat_code=f"DKR05-OUT-{number:02}",
        code=sign(BadgeClaim("DKR05", number, token, datetime(2005, 11, 27, tzinfo=UTC)), KEYS.private),
        short_code=short_code("DKR05", token),
        edition_name="Dakar 2005",
        theme="Mondialiser la solidarité",
        dateline="22 – 26 novembre 2005 · Dakar, Sénégal",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Printed:
    """One badge as a reader of the page finds it: its place, its text, its codes."""

    page: int
    place: int
    text: str
    codes: tuple[str, ...]


def printed(pdf: bytes) -> Iterator[Printed]:
    """The four places of each sheet, in reading order."""
    with pypdfium2.PdfDocument(pdf) as document:
        for number, page in enumerate(document):
            text = page.get_textpage()
            image = page.render(scale=3, grayscale=True).to_pil()
            found = zxingcpp.read_barcodes(
                image, formats=zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode)
            )
            for place, (left, top) in enumerate(CORNERS):
                box = [at * MILLIMETRE for at in (left, 297 - top - 136, left + 96, 297 - top)]
                codes = tuple(code.text for code in found if _inside(code, box, image.height / 3))
                yield Printed(number, place, text.get_text_bounded(*box), codes)


def _inside(code: zxingcpp.Barcode, box: Sequence[float], height: float) -> bool:
    corners = (code.position.top_left, code.position.bottom_right)
    return all(box[0] < at.x / 3 < box[2] and box[1] < height - at.y / 3 < box[3] for at in corners)


def misplaced(pdf: bytes, faces: Sequence[BadgeFace]) -> list[str]:
    """The seats whose badge does not carry exactly its own code, seat and short code."""
    found = list(printed(pdf))
    wrong = [
        each.seat_code
        for each, badge in zip(faces, found, strict=False)
        if badge.codes != (each.code,)
        or each.seat_code not in badge.text
        or spaced(each.short_code) not in badge.text
    ]
    return wrong + [badge.text for badge in found[len(faces) :] if badge.text or badge.codes]


@cache
def sheet_of_names() -> tuple[tuple[BadgeFace, ...], bytes]:
    faces = tuple(face(number, name) for number, name in enumerate(NAMES, 1))
    return faces, render_badges(faces, title="Badges DKR05")


def test_every_code_stands_on_its_own_badge() -> None:
    faces, pdf = sheet_of_names()
    assert misplaced(pdf, faces) == []
    claims = [verify(code, KEYS.public) for badge in printed(pdf) for code in badge.codes]
    assert [claim.serial for claim in claims] == list(range(1, len(NAMES) + 1))


def test_reading_the_codes_alone_would_not_notice_an_exchange() -> None:
    faces, pdf = sheet_of_names()
    document = sheets(faces, title="Badges DKR05", language="fr")
    codes = dict(document.data["codes"])
    codes["code0"], codes["code1"] = codes["code1"], codes["code0"]
    exchanged = render_joined([replace(document, data={**document.data, "codes": codes})])
    everything = {code for badge in printed(pdf) for code in badge.codes}
    assert {code for badge in printed(exchanged) for code in badge.codes} == everything
    assert misplaced(exchanged, faces) == ["DKR05-OUT-01", "DKR05-OUT-02"]


def test_a_batch_set_by_two_processes_keeps_its_order() -> None:
    faces = [face(number, f"Personne Fictive {number}") for number in range(1, 98)]
    pdf = render_badges(faces, title="Badges DKR05")
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 25
        assert {page.get_size() for page in document} == {(595.2755737304688, 841.8897705078125)}
        assert document.get_metadata_dict()["Title"] == "Badges DKR05"
    assert misplaced(pdf, faces) == []


@pytest.mark.parametrize("number", range(len(NAMES)))
def test_names_are_printed_whole(number: int) -> None:
    _faces, pdf = sheet_of_names()
    text = list(printed(pdf))[number].text
    assert _letters(NAMES[number]) <= _letters(text)
    assert "…" not in text
    if NAMES[number].isascii():
        assert "".join(NAMES[number].split()) in "".join(text.split())


def test_an_edition_without_spare_room_still_prints_what_matters() -> None:
    """Texts far longer than any card are cut with an ellipsis and never run over the code."""
    long = "Fédération internationale des organisations " * 8
    crowded = face(
        1, long, organisation=long, delegation=long, seat_code="DKR05-OUT-01", theme=long, role_label=long
    )
    pdf = render_badges([crowded], title="Badges")
    assert misplaced(pdf, [crowded]) == []
    assert "…" in next(printed(pdf)).text
    assert outside_their_room(pdf) == []


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.text(st.characters(codec="utf-8", categories=("L", "M", "Zs", "Pd")), min_size=1, max_size=70),
        min_size=4,
        max_size=4,
    )
)
def test_no_text_leaves_its_room_whatever_the_names(names: list[str]) -> None:
    faces = [face(number, name, organisation=names[-number]) for number, name in enumerate(names, 1)]
    pdf = render_badges(faces, title="Badges")
    assert misplaced(pdf, faces) == []
    assert outside_their_room(pdf) == []


def test_the_ruler_notices_a_name_set_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(badge_sheets, "_FAMILY", (Step(46, 9),))
    pdf = render_badges([face(1, NAMES[8])], title="Badges")
    assert outside_their_room(pdf)


def outside_their_room(pdf: bytes) -> list[tuple[str, float, float]]:
    """Characters that stand on a code, or that cross the cut of a badge."""
    strays = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text = page.get_textpage()
            for index in range(text.count_chars()):
                left, bottom, right, top = (at / MILLIMETRE for at in text.get_charbox(index))
                letter = text.get_text_range(index, 1)
                if letter.strip() and not any(
                    _has_room(left, 297 - top, right, 297 - bottom, at) for at in CORNERS
                ):
                    strays.append((letter, left, 297 - top))
    return strays


def _has_room(left: float, top: float, right: float, bottom: float, corner: tuple[float, float]) -> bool:
    x, y = corner
    inside = x + 3 < left and right < x + 96 and y < top and bottom < y + 136
    modules = (x + 7, y + 86.4, x + 36.2, y + 115.6)
    on_code = left < modules[2] and right > modules[0] and top < modules[3] and bottom > modules[1]
    return inside and not on_code


def test_a_second_copy_says_so_and_the_first_does_not() -> None:
    first, second = face(1, "Ondine Exemple"), face(2, "Ondine Exemple", copy=2)
    texts = [badge.text for badge in printed(render_badges([first, second], title="Badges"))]
    assert ["Copy 2" in text for text in texts] == [False, True, False, False]


def test_markup_in_a_name_is_a_name() -> None:
    hostile = "<b>Ondine</b><link rel=attachment href=file:///etc/hostname>{{7*7}}"
    pdf = render_badges([face(1, hostile)], title="<script>")
    text = "".join(next(printed(pdf)).text.split())
    assert "".join(hostile.split()) in text
    with pypdfium2.PdfDocument(pdf) as document:
        assert document.count_attachments() == 0


def test_the_same_faces_give_the_same_bytes() -> None:
    faces, pdf = sheet_of_names()
    assert render_badges(faces, title="Badges DKR05") == pdf
    assert render_badges(faces[::-1], title="Badges DKR05") != pdf


def test_a_badge_shows_nothing_private() -> None:
    assert {field.name for field in fields(BadgeFace)} == {
        "name", "given_name", "organisation", "delegation", "role_letter", "role_label", "role_colour",
        "languages", "seat_code", "code", "short_code", "copy", "edition_name", "theme", "dateline",
    }  # fmt: skip


@pytest.mark.parametrize("role", BadgeRole)
def test_every_role_has_a_colour_on_which_its_letter_can_be_read(role: BadgeRole) -> None:
    colour = ROLE_COLOURS[role.value]
    assert _contrast(colour, badge_sheets._ink_on(colour)) >= 4.5


def test_the_roles_can_be_told_apart_by_colour_too() -> None:
    assert len(set(ROLE_COLOURS.values())) == len(BadgeRole)


def test_nobody_to_print_and_a_colour_that_is_none_are_refused() -> None:
    with pytest.raises(ValueError):
        render_badges([], title="Badges")
    with pytest.raises(ValueError):
        face(1, "Ondine Exemple", role_colour="red; background: url(http://127.0.0.1)")


@pytest.mark.parametrize(
    ("name", "given_name", "parts"),
    [
        ("Ondine Exemple", "", ("Ondine", "Exemple")),
        ("Ondine Marie Exemple", "Ondine Marie", ("Ondine Marie", "Exemple")),
        ("El Hadj Fictif", "", ("El Hadj", "Fictif")),
        ("J. Pierre Témoin", "", ("J. Pierre", "Témoin")),
        ("Exemple Ondine", "Ondine", ("Exemple", "Ondine")),
        ("Ng Exemple", "", ("Ng", "Exemple")),
        ("Ondine", "", ("Ondine", "")),
    ],
)
def test_the_beginning_of_a_name_is_set_large(name: str, given_name: str, parts: tuple[str, str]) -> None:
    assert split_name(name, given_name) == parts


def test_a_text_is_set_as_large_as_it_fits_and_cut_only_at_the_end() -> None:
    ladder = (Step(40, 1), Step(20, 2), Step(10, 2))
    assert fit("Zoé", 82, ladder).size == 40
    assert fit("Ondine Exemple-Échantillon", 82, ladder).size == 20
    cut = fit("Échantillon " * 40, 82, ladder)
    assert cut.size == 10
    assert cut.text.startswith("Échantillon Échantillon") and cut.text.endswith("…")
    assert fit("محمد", 82, ladder).direction == "rtl"
    assert fit("12 محمد", 82, ladder).direction == "rtl"


def _letters(text: str) -> set[str]:
    return {letter for letter in text if letter.isalpha()}


def _contrast(one: str, other: str) -> float:
    def luminance(colour: str) -> float:
        parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)
