"""`python -m bench [--database URL] [--only WORDS] [--json]`: all measurements, as a table and as JSON.

Speeds are ratios to a floor taken in the same run, since no two machines are alike.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from bench import journeys
from bench.pairs import beside_the_floor
from bench.stage import Stage, resident_megabytes

ALONE = ("badges", "statements", "reconciliation", "scale")
"""Measurements that are commands of their own."""

_FULL = 10_000
_TURNS, _TIMES = 5, 160  # pairs of measurements, and pieces of work in each


class Told(dict[str, Any]):
    """Figures, each said as soon as it is known: the whole takes minutes."""

    def __setitem__(self, name: str, figures: Any) -> None:
        print(name, figures, file=sys.stderr)
        super().__setitem__(name, figures)


def on_server(stage: Stage) -> dict[str, Any]:
    """What needs the server: registrations, the rush, check-ins, pages, weight, memory."""
    stage.open_edition("OPEN")
    stage.open_edition("RUSH", capacity=500)
    codes = stage.fill(stage.open_edition("FULL"), _FULL)
    found = Told()
    with stage.server("floor") as (floor_port, floor), stage.server("teranga") as (port, process):
        least = (floor, journeys.floor(floor_port))
        for at_once in (8, 32):
            for name, work, aim in (
                ("registrations, form opened and sent", journeys.registrations(port, "OPEN"), "ratio 0.4"),
                ("registrations, form sent", journeys.sent_forms(port, "OPEN"), ""),
            ):
                figures = beside_the_floor(least, (process, work), at_once, _TURNS, _TIMES)
                found[f"{name}, {at_once} at once"] = figures | ({"aim": aim} if aim else {})
        scans = journeys.check_ins(stage, port, "FULL", codes)
        found["check-ins, 8 at once"] = beside_the_floor(least, (process, scans), 8, _TURNS, _TIMES) | {
            "aim": "300 a second"
        }
        listed = "/manage/events/FULL/registrations"
        for name, path, aim in (
            ("organiser's list", listed, "60 ms, 100 kB"),
            ("search", f"{listed}?q=ondine", "60 ms, 100 kB"),
            ("filter", f"{listed}?status=unpaid", "60 ms, 100 kB"),
        ):
            found[f"{name}, 10,000 registrations"] = journeys.page(stage, port, process, path) | {"aim": aim}
        for name, aim in (("csv", "500 ms"), ("xlsx", "1,500 ms")):
            path = f"{listed}/export.{name}"
            found[f"{name} of 10,000"] = journeys.page(stage, port, process, path, times=5) | {"aim": aim}
        for name, path in (("page", "/events/OPEN"), ("form", "/events/OPEN/register")):
            found[f"first view: {name}"] = journeys.first_view(port, path) | {"aim": "6 requests, 60 kB"}
        found["rush"] = journeys.rush(stage, port, "RUSH", 500, 2000)
        found["warm web process"] = {"megabytes": resident_megabytes(process), "aim": "130 MB"}
    return found


def alone(module: str) -> Callable[[], dict[str, Any]]:
    """A measurement that is a command of its own."""

    def run() -> dict[str, Any]:
        out = subprocess.run([sys.executable, "-m", module], check=True, capture_output=True, text=True)
        told: Any = json.loads(out.stdout)
        return {module.partition(".")[2]: told}

    return run


def rows(found: dict[str, Any]) -> Iterator[str]:
    """The table."""
    for name, told in found.items():
        for one in told if isinstance(told, list) else [told]:
            figures = (
                f"{key.replace('_', ' ')} {value:,.1f}" if isinstance(value, float) else f"{key} {value}"
                for key, value in one.items()
                if key not in ("each", "aim")
            )
            print_aim = f"   (aim: {one['aim']})" if "aim" in one else ""
            yield f"{name:<38} {', '.join(figures)}{print_aim}"


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--database", default="", help="An empty database; SQLite in a new folder otherwise.")
    parser.add_argument("--only", choices=["server", *ALONE])
    parser.add_argument("--json", action="store_true", help="JSON alone.")
    asked = parser.parse_args()
    found: dict[str, Any] = {}
    if asked.only in (None, "server"):
        with tempfile.TemporaryDirectory() as folder:
            found |= on_server(Stage(Path(folder), asked.database))
    for name in ALONE:
        if asked.only in (None, name):
            found |= alone(f"bench.{name}")()
    if not asked.json:
        print("\n".join(rows(found)), end="\n\n")
    print(json.dumps(found, indent=2, ensure_ascii=False))


if __name__ == "__main__":
    main()
