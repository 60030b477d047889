"""Badges as A4 sheets of four, ready to print and cut. Pure: faces in, PDF out.

A badge shows who somebody is and where they belong, and never a birth date, a passport, a diet or an amount.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from documents.pdf import Document, render_joined
from events.badge_codes import spaced
from events.badge_lettering import Setting, Step, direction, fit, split_name
from events.badge_stamps import stamp
from shared.i18n import _

PER_SHEET = 4
HANDFUL = 60  # badges up to which a second process would start in vain
CHUNK = 250  # badges set at once by one process: more take more memory, fewer repeat the fonts more often
SECONDS = 60.0  # for each chunk

WIDTH, HEIGHT = 96.0, 136.0  # mm of one badge, cut; it slips into an A6 holder
LEFT, TOP = 7.0, 10.5  # mm of margin around the four
BLEED = 2.0  # mm of colour beyond each cut; two of them lie between neighbours
MARK = 3.0  # mm, length of a cut mark
_POINT = 72 / 25.4  # points in a millimetre

_COLOUR = re.compile(r"#[0-9a-f]{6}")


ROLE_COLOURS: Mapping[str, str] = {
    "D": "#23305f",
    "T": "#b8452a",
    "S": "#46679e",
    "C": "#7a4a1c",
    "I": "#2c7a4b",
    "B": "#d9951b",
    "A": "#6d2f6b",
    "O": "#5a6472",
    "P": "#221c18",
    "G": "#12707a",
}
"""By the letter of a role; the letters stay the same in every language: a volunteer learns ten shapes."""


def _ladder(*steps: tuple[float, int]) -> tuple[Step, ...]:
    return tuple(Step(size, lines) for size, lines in steps)


_GIVEN = _ladder((46, 1), (42, 1), (38, 1), (34, 1), (30, 1), (26, 1), (21, 2), (18, 2), (15, 2), (12, 2))
_FAMILY = _ladder((22, 1), (20, 1), (18, 1), (16, 1), (14, 2), (12, 2), (10, 2))
_WHOLE = _ladder((38, 1), (34, 2), (30, 2), (26, 2), (22, 2), (18, 2), (15, 2), (12, 2))
_ORGANISATION = _ladder((12, 1), (11, 1), (10, 2), (8.5, 2), (7.5, 3))
_DELEGATION = _ladder((11, 1), (10, 1), (9, 2), (8, 2), (7, 2))
_EDITION = _ladder((19, 1), (17, 1), (15, 1), (12, 2), (10, 2), (8.5, 2))
_THEME = _ladder((12, 1), (11, 1), (10, 1), (9, 1), (8, 2), (7, 2))
_DATELINE = _ladder((9, 1), (8, 1), (7, 1))
_ROLE = _ladder((14, 1), (12, 1), (10, 1), (8, 1), (6.5, 1))
_SEAT = _ladder((10.5, 1), (9, 1), (7.5, 1), (6, 1))
_COLUMN = 82.0  # mm that a line of text has
_INDENTED = 77.0  # mm, beside the ochre rule
_BESIDE_CODE = 40.0  # mm, right of the code


@dataclass(frozen=True, slots=True)
class BadgeFace:
    """Everything one badge shows.

    `code` is the text of the QR code, `short_code` what a person can type instead, `copy` 1 for the first
    print of a badge. The beginning of `name` is set large: `given_name` where it is known and stands first,
    otherwise the first word.
    `role_colour` is ``#rrggbb``; `languages` are short codes such as ``FR``.
    """

    name: str
    organisation: str
    delegation: str
    role_letter: str
    role_label: str
    role_colour: str
    languages: tuple[str, ...]
    seat_code: str
    code: str
    short_code: str
    edition_name: str
    dateline: str
    theme: str = ""
    copy: int = 1
    given_name: str = ""

    def __post_init__(self) -> None:
        if not _COLOUR.fullmatch(self.role_colour):
            raise ValueError(f"not a colour: {self.role_colour!r}")


def render_badges(faces: Sequence[BadgeFace], *, title: str, language: str = "fr") -> bytes:
    """One A4 PDF of all `faces`, four on a sheet, in their order; the same faces give the same bytes.

    `title` is the PDF's own title. Raises `ValueError` without a face, `DocumentTooSlow`, `DocumentFailed`.
    """
    if not faces:
        raise ValueError("there is no badge to print")
    return render_joined(
        [sheets(part, title=title, language=language) for part in _chunks(faces)], seconds=SECONDS
    )


def sheets(faces: Sequence[BadgeFace], *, title: str, language: str) -> Document:
    """The pages of some faces, to be set by one process."""
    specimens: dict[_Ground | _Tags, int] = {}
    rows = [_Row(face) for face in faces]
    for row in rows:
        for part in row.parts:
            specimens.setdefault(part, len(specimens))
    html = _template().render(
        title=title,
        language=language,
        corners=_corners(),
        specimens=list(specimens),
        sheets=[list(enumerate(rows))[start : start + PER_SHEET] for start in range(0, len(rows), PER_SHEET)],
        sizes=sorted({size for item in (*rows, *specimens) for size in item.sizes()}),
    )
    return Document(
        html,
        finisher=stamp,
        data={
            "codes": {f"code{number}": face.code for number, face in enumerate(faces)},
            "specimens": len(specimens),
            "parts": [[specimens[part] for part in row.parts] for row in rows],
            "corners": [[(x - LEFT) * _POINT, (y - TOP) * _POINT] for x, y in _corners()],
            "cuts": _cuts(),
        },
        tagged=False,
    )


class _Ground(NamedTuple):
    """What badges of one role at one edition share: set once, then drawn under each of them."""

    edition: Setting
    theme: Setting
    dateline: Setting
    role: Setting
    letter: str
    colour: str
    ink: str
    kind: str = "ground"

    def sizes(self) -> set[float]:
        """The type sizes used here, in points."""
        return {self.edition.size, self.theme.size, self.dateline.size, self.role.size}


class _Tags(NamedTuple):
    """What badges with the same languages share."""

    languages: tuple[str, ...]
    kind: str = "tags"

    def sizes(self) -> set[float]:
        """Tags have one size, given by the sheet's style."""
        return set()


class _Row:
    """A face as the template sets it: its own texts, and the parts it shares with others."""

    def __init__(self, face: BadgeFace) -> None:
        first, rest = split_name(face.name, face.given_name)
        self.direction = direction(face.name)
        self.texts = {
            "given": fit(first, _COLUMN, _GIVEN if rest else _WHOLE),
            "family": fit(rest, _COLUMN, _FAMILY),
            "organisation": fit(face.organisation, _INDENTED, _ORGANISATION),
            "delegation": fit(face.delegation, _INDENTED, _DELEGATION),
            "seat": fit(face.seat_code, _BESIDE_CODE, _SEAT),
        }
        self.short_code = spaced(face.short_code)
        self.copy = _("Copy %(number)s", number=face.copy) if face.copy > 1 else ""
        ground = _Ground(
            fit(face.edition_name, _COLUMN, _EDITION),
            fit(face.theme, _COLUMN, _THEME),
            fit(face.dateline, _COLUMN, _DATELINE),
            fit(face.role_label, _COLUMN, _ROLE),
            face.role_letter,
            face.role_colour,
            _ink_on(face.role_colour),
        )
        self.parts: tuple[_Ground | _Tags, ...] = (ground, _Tags(face.languages))

    def sizes(self) -> set[float]:
        """The type sizes that this badge uses by itself, in points."""
        return {setting.size for setting in self.texts.values()}


def _chunks(faces: Sequence[BadgeFace]) -> Iterator[Sequence[BadgeFace]]:
    """Parts of whole sheets: one for a handful, else an even number, so that two processes end together."""
    pairs = -(-len(faces) // (2 * CHUNK))
    parts = 1 if len(faces) <= HANDFUL else 2 * pairs
    size = PER_SHEET * -(-len(faces) // (PER_SHEET * parts))
    for start in range(0, len(faces), size):
        yield faces[start : start + size]


def _corners() -> list[tuple[float, float]]:
    """Left and top of each badge on a sheet, in mm."""
    steps = ((0, 0), (1, 0), (0, 1), (1, 1))
    return [(LEFT + x * (WIDTH + 2 * BLEED), TOP + y * (HEIGHT + 2 * BLEED)) for x, y in steps]


def _cuts() -> list[list[float]]:
    """Strokes in the margins where the cutter goes, in points from the top left of a sheet."""
    corners = _corners()
    right, bottom = corners[3][0] + WIDTH, corners[3][1] + HEIGHT
    near, far = BLEED + 0.5, BLEED + 0.5 + MARK
    cuts = []
    for x in sorted({left + edge for left, _top in corners for edge in (0, WIDTH)}):
        cuts += [(x, TOP - far, x, TOP - near), (x, bottom + near, x, bottom + far)]
    for y in sorted({top + edge for _left, top in corners for edge in (0, HEIGHT)}):
        cuts += [(LEFT - far, y, LEFT - near, y), (right + near, y, right + far, y)]
    return [[millimetres * _POINT for millimetres in cut] for cut in cuts]


def _ink_on(colour: str) -> str:
    """White, or dark ink where white would be hard to read (WCAG contrast below 4.5)."""
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if 1.05 / (luminance + 0.05) >= 4.5 else "#221503"


@cache
def _template() -> Template:
    folder = Path(__file__).resolve().parent.parent / "templates"
    environment = Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("events/print/badges.html")
