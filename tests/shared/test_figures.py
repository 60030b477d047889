"""The drawings every room uses: what they say is in the markup, whatever the numbers and the words."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from flask import Flask, get_template_attribute

SVG = re.compile(r"<svg.*?</svg>", re.DOTALL)
NUMBER = re.compile(r'"(?:nan|inf|-inf|None)"|NaN|Infinity')


@pytest.fixture
def figure(app: Flask) -> Any:
    """Draw with a macro of templates/macros/figures.html."""

    def draw(name: str, *args: Any, **more: Any) -> str:
        with app.test_request_context():
            return str(get_template_attribute("macros/figures.html", name)(*args, **more))

    return draw


def picture(markup: str) -> ET.Element:
    """The first drawing, which must be well-formed and hold numbers only."""
    found = SVG.search(markup)
    assert found
    assert not NUMBER.search(found[0])
    return ET.fromstring(found[0])


def arc(markup: str) -> float:
    """How much of the ring is drawn, from 0 to 1."""
    arcs = [one.get("stroke-dasharray") for one in picture(markup).iter("circle")]
    drawn = [float(one.split()[0]) for one in arcs if one]
    return drawn[0] / 314.16 if drawn else 0.0


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, 0.0), (6000 / 9000, 0.667), (1, 1.0), (1.4, 1.0), (-0.2, 0.0)]
)
def test_a_ring_shows_its_share_and_never_more_than_all(figure: Any, share: float, drawn: float) -> None:
    assert arc(figure("ring", share, "67 %", "8 sur 12", "6 000,00 sur 9 000,00")) == pytest.approx(
        drawn, abs=0.001
    )


def test_a_drawing_says_in_words_what_it_shows(figure: Any) -> None:
    drawn = picture(figure("ring", 0.67, "67 %", "8 sur 12", "6 000,00 sur 9 000,00"))

    assert drawn.get("role") == "img"
    assert drawn.get("aria-label") == "6 000,00 sur 9 000,00"
    assert [one.text for one in drawn.iter("text")] == ["67 %", "8 sur 12"]


PARTS = [
    {"value": 900_000, "colour": "ochre", "label": "Épargne", "amount": "9 000,00"},
    {"value": 1_608_000, "colour": "indigo", "label": "Contrepartie", "amount": "16 080,00"},
    {"value": 0, "colour": "leaf", "label": "Subvention", "amount": "0,00"},
    {"value": 48_000, "colour": "terra", "label": "Manque", "amount": "480,00"},
]


def test_the_parts_of_a_bar_fill_it_exactly(figure: Any) -> None:
    _ground, *parts = picture(figure("stacked_bar", PARTS, "Ce qui paie")).iter("rect")

    widths = [float(one.get("width", "")) for one in parts]
    starts = [float(one.get("x", "")) for one in parts]
    assert sum(widths) == pytest.approx(1000, abs=0.02)
    assert starts == pytest.approx([0, widths[0], widths[0] + widths[1]], abs=0.02)
    assert [one.get("class") for one in parts] == ["f-ochre", "f-indigo", "f-terra"], "zero is not drawn"


def test_a_bar_of_nothing_is_empty(figure: Any) -> None:
    markup = figure("stacked_bar", [{**PARTS[0], "value": 0, "amount": "0,00"}], "Rien encore")

    assert len(list(picture(markup).iter("rect"))) == 1
    assert "0,00" in markup


def test_a_curve_keeps_inside_its_frame_and_closes_what_was_saved(figure: Any) -> None:
    saved = {"class": "s-ochre", "dashed": False, "width": 3, "points": [(0.0, 0.0), (0.5, 0.4), (1.0, 1.0)]}
    planned = {"class": "s-line", "dashed": True, "width": 1, "points": [(0.0, 0.0), (1.0, 1.0)]}
    marks = [{"x": 0.3, "y": 0.2, "text": "41 jours de retard, rattrapés"}]
    markup = figure("curve", "Prévu et épargné", [planned, saved], marks, start="2003", end="2005", now=0.9)

    drawn = picture(markup)
    area = next(one for one in drawn.iter("path") if "area" in one.get("class", ""))
    assert area.get("d", "").endswith("z")
    coordinates = [float(one) for one in re.findall(r"\d+\.\d+", area.get("d", ""))]
    assert max(coordinates) <= 468
    assert min(coordinates) >= 12
    assert "41 jours de retard" in markup


def test_a_curve_of_nothing_is_a_line(figure: Any) -> None:
    empty = {"class": "s-ochre", "dashed": False, "width": 3, "points": []}

    assert len(list(picture(figure("curve", "Rien encore", [empty])).iter("path"))) == 1


def test_what_people_wrote_stays_text(figure: Any) -> None:
    nasty = '"><script>alert(1)</script>'
    for markup in (
        figure("ring", 0.5, nasty, nasty, nasty),
        figure("stacked_bar", [{**PARTS[0], "label": nasty, "amount": nasty}], nasty),
        figure("curve", nasty, [], [{"x": 0, "y": 0, "text": nasty}], start=nasty, top=nasty),
    ):
        assert "<script" not in markup
        assert "&lt;script" in markup


@pytest.mark.parametrize("state", "planned funded named accredited attended withdrawn released".split())
def test_a_seats_mark_is_a_shape_and_no_words(figure: Any, state: str) -> None:
    drawn = picture(figure("seat_mark", state))

    assert drawn.get("aria-hidden") == "true"
    assert list(drawn)


def test_seats_in_different_states_have_different_shapes(figure: Any) -> None:
    shapes = {figure("seat_mark", state) for state in "planned funded named accredited attended".split()}

    assert len(shapes) == 5


def test_drawings_need_no_exception_from_the_content_security_policy(figure: Any) -> None:
    for markup in (
        figure("ring", 0.5, "50 %", "", ""),
        figure("stacked_bar", PARTS, ""),
        figure("curve", "", [], [{"x": 0, "y": 0, "text": ""}]),
    ):
        assert "style=" not in markup
        assert "<style" not in markup
