"""Where everything stands in the drawing of the money's way: heights are amounts, nothing else.

Sources stand at the left, what they pay at the right, ribbons between. One unit of money has the same height
everywhere, so that what arrives at the right is what left the left; only a hairline is never thinner than the
eye. Words stand in their bar where it is high enough, under it where it is not.
"""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 1060
LEFT = 230
RIGHT = 640
FULL = 250.0
"""The height of all the money, in the drawing's units."""

_HAIR = 4.0
_GAP = 16.0
_WIDEST_GAP = 44.0
_NOTE = 31
"""Letters of a note that fit in a source's bar."""


@dataclass(frozen=True, slots=True)
class _Words:
    """How high a bar must be for its words, all or on one line; and the room they take under it."""

    inside: float
    line: float
    under: float


_SOURCE_WORDS = _Words(inside=46, line=23, under=20)
_NOTED_WORDS = _Words(inside=46, line=46, under=38)
_TARGET_WORDS = _Words(inside=50, line=50, under=40)


@dataclass(frozen=True, slots=True)
class Source:
    """Where money comes from. `value` in minor units; words and amount as they are shown."""

    key: str
    label: str
    amount: str
    value: int
    colour: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """What is to be paid, and how much of it nobody pays."""

    key: str
    label: str
    amount: str
    value: int
    missing: int
    status: str


@dataclass(frozen=True, slots=True)
class Ribbon:
    """How much of a source pays a target."""

    source: str
    target: str
    value: int


@dataclass(frozen=True, slots=True)
class Leftover:
    """What of a source can pay nothing."""

    source: str
    value: int
    text: str


@dataclass(frozen=True, slots=True)
class Bar:
    """A source or a target placed: its top, its height, and where its words stand."""

    key: str
    top: float
    height: float
    words: str
    """``inside``, ``line`` (inside, on one line) or ``under``."""
    first_line: float
    ends: float
    """Where the bar ends, or its words under it."""

    @property
    def bottom(self) -> float:
        """Where the bar ends."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Band:
    """A ribbon placed: its outline and the colour of its source."""

    colour: str
    top_left: float
    top_right: float
    height: float

    @property
    def path(self) -> str:
        """The outline, as an SVG path."""
        a, b, h = self.top_left, self.top_right, self.height
        return (
            f"M{LEFT} {a:.1f}C430 {a:.1f} 480 {b:.1f} {RIGHT} {b:.1f}V{b + h:.1f}"
            f"C480 {b + h:.1f} 430 {a + h:.1f} {LEFT} {a + h:.1f}z"
        )


@dataclass(frozen=True, slots=True)
class Spur:
    """A leftover placed: an arrow that leads nowhere."""

    top: float
    height: float
    text: str


@dataclass(frozen=True, slots=True)
class Layout:
    """The whole drawing, in units of a picture `WIDTH` wide and `height` high."""

    height: float
    sources: tuple[tuple[Bar, Source], ...]
    targets: tuple[tuple[Bar, Target, float], ...]
    """Each with the height of what is missing."""
    bands: tuple[Band, ...]
    spurs: tuple[Spur, ...]


def lay_out(
    sources: Sequence[Source],
    targets: Sequence[Target],
    ribbons: Sequence[Ribbon],
    leftovers: Sequence[Leftover],
) -> Layout:
    """Place everything. Sources are put in the order that crosses fewest ribbons."""
    scale = FULL / max(sum(one.value for one in sources), sum(one.value for one in targets), 1)
    ordered = _untangled(sources, targets, ribbons)
    right = _column([(one.key, one.value * scale, _TARGET_WORDS) for one in targets], _GAP)
    heights = [(one.key, one.value * scale, _NOTED_WORDS if one.note else _SOURCE_WORDS) for one in ordered]
    left = _column(heights, _GAP)
    spare = _end(right) - _end(left)
    if spare > 0 and len(left) > 1:
        left = _column(heights, min(_GAP + spare / (len(left) - 1), _WIDEST_GAP))
    return Layout(
        height=max(_end(left), _end(right)) + 4,
        sources=tuple(zip(left, ordered, strict=True)),
        targets=tuple(
            (bar, one, max(one.missing * scale, _HAIR) if one.missing > 0 else 0.0)
            for bar, one in zip(right, targets, strict=True)
        ),
        bands=_bands(left, right, ordered, ribbons, scale),
        spurs=_spurs(left, leftovers, scale),
    )


def shortened(note: str) -> str:
    """A note as long as its bar is wide; the table behind the drawing has it whole."""
    return note if len(note) <= _NOTE else note[: _NOTE - 1].rstrip() + "…"


def _untangled(
    sources: Sequence[Source], targets: Sequence[Target], ribbons: Sequence[Ribbon]
) -> list[Source]:
    """Sources in the order of the middle of what they pay; those that pay nothing last."""
    place = {one.key: number for number, one in enumerate(targets)}

    def middle(source: Source) -> float:
        paid = [(one.value, place[one.target]) for one in ribbons if one.source == source.key]
        total = sum(value for value, _place in paid)
        return sum(value * where for value, where in paid) / total if total else float(len(place))

    return sorted(sources, key=middle)


def _column(heights: Sequence[tuple[str, float, _Words]], gap: float) -> list[Bar]:
    """Bars from the top down, `gap` apart, each with the place of its words."""
    bars: list[Bar] = []
    top = 4.0
    for key, value, words in heights:
        height = max(value, _HAIR)
        bottom = top + height
        if height >= words.inside:
            bars.append(Bar(key, top, height, "inside", top + 20, bottom))
        elif height >= words.line:
            bars.append(Bar(key, top, height, "line", top + height / 2 + 5, bottom))
        else:
            bars.append(Bar(key, top, height, "under", bottom + 16, bottom + words.under))
        top = bars[-1].ends + gap
    return bars


def _end(bars: Sequence[Bar]) -> float:
    """Where a column ends, its last words included."""
    return bars[-1].ends if bars else 0.0


def _bands(
    left: Sequence[Bar],
    right: Sequence[Bar],
    ordered: Sequence[Source],
    ribbons: Sequence[Ribbon],
    scale: float,
) -> tuple[Band, ...]:
    leaves = {bar.key: bar.top for bar in left}
    arrives = {bar.key: bar.top for bar in right}
    colours = {one.key: one.colour for one in ordered}
    rank = {bar.key: number for number, bar in enumerate((*left, *right))}
    bands = []
    for one in sorted(ribbons, key=lambda one: (rank[one.source], rank[one.target])):
        if one.value <= 0:
            continue
        height = one.value * scale
        bands.append(Band(colours[one.source], leaves[one.source], arrives[one.target], height))
        leaves[one.source] += height
        arrives[one.target] += height
    return tuple(bands)


def _spurs(left: Sequence[Bar], leftovers: Sequence[Leftover], scale: float) -> tuple[Spur, ...]:
    ends = {bar.key: bar.bottom for bar in left}
    spurs = []
    for one in leftovers:
        if one.value <= 0:
            continue
        height = max(one.value * scale, _HAIR)
        ends[one.source] -= height
        spurs.append(Spur(ends[one.source], height, one.text))
    return tuple(spurs)
