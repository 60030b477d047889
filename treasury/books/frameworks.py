"""The charts of accounts that others report in, and where our accounts belong there: files of data."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "charts"


@dataclass(frozen=True, slots=True)
class Place:
    """An account of the framework."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Framework:
    """A published chart: its title, where it is published, what to know, and our codes' places in it.

    Words are by language.
    """

    key: str
    title: Mapping[str, str]
    source: Mapping[str, str]
    note: Mapping[str, str]
    places: Mapping[str, Place]


@cache
def frameworks() -> Mapping[str, Framework]:
    """Every framework there is a file for, by its key (the file's name)."""
    return {path.stem: _read(path) for path in sorted(_FOLDER.glob("*.toml"))}


def _read(path: Path) -> Framework:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    places = {code: Place(one["code"], one["name"]) for code, one in data["accounts"].items()}
    return Framework(path.stem, data["title"], data["source"], data["note"], places)
