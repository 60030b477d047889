"""What is drawn on badge sheets as plain vectors while the PDF is written: codes, woven bands, cut marks.

The page leaves an empty box with an id for each code and each band (see templates/events/print/badges.html);
here their places are looked up and the drawings added to the page's stream, about four times faster than an
image per badge. WeasyPrint has already turned that stream's y axis downwards, in points: a test reads every
code back from the printed page and checks on which badge it stands.

This runs in the typesetter's process, so it imports little.
"""

import re
import zlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from events.badge_qr import modules

A4 = "[0 0 595.276 841.89]"  # points
POINTS = 0.75  # PDF points in a CSS pixel
QUIET = 4  # modules of white that a reader needs around a code
INK = "0.1333 0.1098 0.0941 rg"

_RUNS = re.compile("1+")

_WEAVE_WIDTH, _WEAVE_HEIGHT = 56, 14
_WEAVE = (
    ("0.1020 0.1412 0.2863", "0 0 56 14 re"),
    ("0.8510 0.5843 0.1059", "0 7 m 7 0 l 14 7 l 7 14 l h"),
    ("0.7216 0.2706 0.1647", "17 0 5 14 re 25 0 3 14 re"),
    ("0.9804 0.9647 0.9333", "31 7 m 38 0 l 45 7 l 38 14 l h"),
    ("0.1725 0.4784 0.2941", "48 0 3 14 re"),
)
"""One repeat of the woven band: fills and their paths, in units of its own."""


def stamp(
    document: Any,
    pdf: Any,
    *,
    codes: Mapping[str, str],
    specimens: int,
    parts: Sequence[Sequence[int]],
    corners: Sequence[tuple[float, float]],
    cuts: Sequence[tuple[float, float, float, float]],
) -> None:
    """Complete the sheets.

    The first `specimens` pages hold, in the place of a sheet's first badge, what several badges share: they
    become drawings, and pages no more. `parts` tells for each badge which of them lie under it, `corners`
    how far each place of a sheet is from the first. `codes` are the texts of the codes by the id of their
    box, `cuts` are strokes (x1, y1, x2, y2). Distances are in points, rightwards and downwards.
    """
    streams = [_stream(pdf, number) for number in pdf.pages["Kids"][::3]]
    shared = _resources(pdf)
    for number, (page, stream) in enumerate(zip(document.pages, streams, strict=True)):
        drawing = [_band(*_place(box)) for name, box in page.anchors.items() if name.startswith("band")]
        drawing += [_code(codes[name], *_place(box)) for name, box in page.anchors.items() if name in codes]
        if number < specimens:
            _make_drawing(stream, shared, f"part{number}")
        else:
            first = (number - specimens) * len(corners)
            below = zip(parts[first : first + len(corners)], corners, strict=False)
            stream.stream.insert(0, _uses(below))
            drawing.append("0.4 w 0.42 0.37 0.33 RG")
            drawing += [f"{x1:.2f} {y1:.2f} m {x2:.2f} {y2:.2f} l S" for x1, y1, x2, y2 in cuts]
        stream.stream.append("\n".join(["q", INK, *drawing, "Q"]).encode())
        _compress(stream)
    del pdf.pages["Kids"][: 3 * specimens]
    pdf.pages["Count"] -= specimens
    pdf.catalog.pop("Names", None)  # the ids served their purpose: they are no places to jump to


def _compress(stream: Any) -> None:
    """Compress a stream quickly: the library's own level takes six times longer for a few per cent."""
    parts = (part if isinstance(part, bytes) else str(part).encode() for part in stream.stream)
    stream.stream = [zlib.compress(b"\n".join(parts), 4)]
    stream.extra["Filter"] = "/FlateDecode"
    stream.compress = False


def _stream(pdf: Any, page: int) -> Any:
    """The content stream of the page that is object number `page`."""
    return pdf.objects[int(pdf.objects[page]["Contents"].split()[0])]


def _resources(pdf: Any) -> Any:
    """The dictionary of resources that all pages share."""
    page = pdf.objects[pdf.pages["Kids"][0]]
    return pdf.objects[int(page["Resources"].split()[0])]


def _make_drawing(stream: Any, resources: Any, name: str) -> None:
    """Make a page's stream a drawing that other pages use under `name`."""
    stream.extra |= {"Type": "/XObject", "Subtype": "/Form", "BBox": A4}
    stream.extra["Resources"] = resources.reference
    resources["XObject"][name] = stream.reference


def _uses(below: Iterable[tuple[Sequence[int], tuple[float, float]]]) -> bytes:
    """Draw the shared parts, before the page turns its y axis."""
    return "\n".join(
        f"q 1 0 0 1 {x:.3f} {-y:.3f} cm /part{part} Do Q" for numbers, (x, y) in below for part in numbers
    ).encode()


def _place(box: Sequence[float]) -> tuple[float, float, float, float]:
    """Left, top, width and height in points of an anchor's box, which WeasyPrint gives in CSS pixels."""
    x, y, right, bottom = box
    return x * POINTS, y * POINTS, (right - x) * POINTS, (bottom - y) * POINTS


def _code(text: str, x: float, y: float, width: float, height: float) -> str:
    """A QR code, quiet zone included, in a square box."""
    rows = modules(text)
    size = len(rows) + 2 * QUIET
    runs = "\n".join(
        f"{run.start() + QUIET} {row + QUIET} {run.end() - run.start()} 1 re"
        for row, dark in enumerate(rows)
        for run in _RUNS.finditer(dark)
    )
    return f"q {width / size:.5f} 0 0 {height / size:.5f} {x:.3f} {y:.3f} cm\n{runs}\nf Q"


def _band(x: float, y: float, width: float, height: float) -> str:
    """The woven band, repeated to the end of its box and cut there."""
    scale = height / _WEAVE_HEIGHT
    repeats = max(1, round(width / scale / _WEAVE_WIDTH))
    across = width / repeats / _WEAVE_WIDTH
    return f"q {across:.5f} 0 0 {scale:.5f} {x:.3f} {y:.3f} cm\n{_weave(repeats)}\nQ"


@cache
def _weave(repeats: int) -> str:
    fills = []
    for number in range(repeats):
        step = f"1 0 0 1 {number * _WEAVE_WIDTH} 0 cm"
        fills.append("\n".join(["q", step, *(f"{colour} rg {path} f" for colour, path in _WEAVE), "Q"]))
    return "\n".join(fills)
