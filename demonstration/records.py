"""The demonstration's files: TOML for what has parts, CSV for lists, each with its source; drawn papers."""

import csv
import io
import tomllib
from pathlib import Path
from typing import Any

from shared.money import Money

_FOLDER = Path(__file__).parent / "data"


def read_toml(name: str) -> dict[str, Any]:
    """The content of ``data/<name>.toml``."""
    return tomllib.loads((_FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def read_csv(name: str) -> list[dict[str, str]]:
    """The rows of ``data/<name>.csv``, by column."""
    with (_FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def amount(text: str) -> Money:
    """``"250.00 CAD"``, or ``"250.00"`` for Canadian dollars."""
    figure, _, currency = text.partition(" ")
    return Money.of(figure, currency or "CAD")


def specimen(*words: str) -> bytes:
    """A drawn paper (a receipt, a letter) that says what it is: a specimen. PNG."""
    from PIL import Image, ImageDraw  # read only by who draws one

    page = Image.new("RGB", (480, 240), "white")
    pen = ImageDraw.Draw(page)
    for place, line in enumerate(("SPECIMEN", *words)):
        pen.text((24, 24 + 48 * place), line.encode("ascii", "replace").decode(), fill="black")
    written = io.BytesIO()
    page.save(written, "PNG")
    return written.getvalue()
