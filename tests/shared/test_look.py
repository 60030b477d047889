"""The tokens of the look keep their contrast (WCAG 2.2 AA) in light and dark, and pages stay light."""

import gzip
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).resolve().parents[2] / "static"
CSS = (STATIC / "css" / "teranga.css").read_text()
TOKEN = re.compile(r"--([a-z-]+): (#[0-9a-f]{3,6});")


def tokens(scheme: str) -> dict[str, str]:
    """The colours of a scheme: the light ones, and the dark ones over them."""
    light, dark = CSS.split("@media screen and (prefers-color-scheme: dark)", 1)
    found = dict(TOKEN.findall(light))
    return found if scheme == "light" else found | dict(TOKEN.findall(dark.split("/* Ground")[0]))


def luminance(colour: str) -> float:
    """Relative luminance of a colour such as ``#23305f``, from 0 to 1."""
    digits = colour[1:] if len(colour) == 7 else "".join(one * 2 for one in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, from 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


WORDS = [
    ("ink", "paper"), ("ink", "card"), ("soft", "paper"), ("soft", "card"), ("indigo", "paper"),
    ("indigo", "card"), ("indigo", "indigo-pale"), ("ink", "indigo-pale"), ("ink", "leaf-pale"),
    ("ink", "ochre-pale"), ("ink", "terra-pale"), ("leaf-ink", "leaf-pale"), ("leaf-ink", "card"),
    ("ochre-ink", "ochre-pale"), ("terra-ink", "terra-pale"), ("terra-ink", "card"), ("terra-ink", "paper"),
    ("terra-ink", "ochre-pale"), ("on-ochre", "ochre"), ("on-indigo", "indigo-solid"),
    ("on-indigo", "leaf-solid"),
]  # fmt: skip
EDGES = [("line-strong", "card"), ("line-strong", "paper"), ("terra", "card"), ("indigo", "card")]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), WORDS)
def test_words_are_legible(scheme: str, ink: str, ground: str) -> None:
    assert contrast(tokens(scheme)[ink], tokens(scheme)[ground]) >= 4.5


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("edge", "ground"), EDGES)
def test_edges_of_what_one_presses_are_visible(scheme: str, edge: str, ground: str) -> None:
    assert contrast(tokens(scheme)[edge], tokens(scheme)[ground]) >= 3


def test_contrast_is_measured_as_the_guidelines_do() -> None:
    assert contrast("#fff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_what_every_page_loads_stays_small() -> None:
    every_page = ("vendor/pico.min.css", "css/teranga.css", "img/favicon.svg", "img/band.svg")

    assert sum(len(gzip.compress((STATIC / name).read_bytes())) for name in every_page) < 25_000
