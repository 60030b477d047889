"""The demonstration's data files: TOML for what has parts, CSV for lists; each record says its source."""

import csv
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
