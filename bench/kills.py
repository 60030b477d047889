"""The application killed as often as asked: `python -m bench.kills --count 10000 --seed S`.

An entry, a payment, a message of the card network and a bank's file take turns, each killed at a statement or
commit that is drawn (tests/treasury/kills.py); with `--database URL` (an empty PostgreSQL) connections are
cut instead. With `--calls` it is killed as it enters a system call: at each one of a piece of work, or at
`--count` of them that are drawn, and a batch of papers is set as PDF too; this needs strace (Debian package,
`. script/prepare.sh && install_strace`). With `--control` the guards are left out and it must go wrong.
The seed is printed first.
"""

import argparse
import secrets
import tempfile
from collections.abc import Iterator
from pathlib import Path
from random import Random

from bench.stage import Stage
from bench.traced import Counted, everywhere
from shared.database import db
from tests.treasury.histories.chapter import without_handlers
from tests.treasury.killed_papers import Papers
from tests.treasury.killed_work import POINTS, Desk
from tests.treasury.killed_wrongly import unguarded
from tests.treasury.kills import Done, Told, Work, cut, drawn, kill, run_child

_FAR = 10**6  # numbers of pieces that are only counted


def tell(stage: Stage, asked: argparse.Namespace, folder: Path) -> Iterator[tuple[str, Told]]:
    """Kill at every kind of work, by its name."""
    draw, desk = Random(asked.seed), Desk(stage.app)
    works: dict[str, tuple[Work, Done]] = unguarded(desk) if asked.control else desk.works()
    if asked.calls and not asked.control:
        works |= Papers(desk).works()
    wanted = {kind: works[kind] for kind in asked.kinds.split(",")} if asked.kinds else works
    tries = max(1, asked.count // len(wanted))
    for kind, (work, done) in wanted.items():
        points = POINTS.get(kind, 120)
        if asked.calls:
            yield kind, _at_calls(stage, work, done, tries, draw, folder)
        elif asked.database:
            yield kind, cut(stage.app, work, done, tries=tries, points=points // 2, draw=draw)
        else:
            yield kind, kill(stage.app, work, done, drawn(tries, points, draw))


def _at_calls(stage: Stage, work: Work, done: Done, tries: int, draw: Random, folder: Path) -> Told:
    with stage.app.app_context():
        work(_FAR)  # what is compiled or loaded the first time is not counted
        db.session.remove()
    counted = Counted(folder)
    run_child(stage.app, work, _FAR + 1, counted)
    calls = counted.calls()
    deaths = everywhere(calls, tries, draw)
    print(f"{calls.total()} system calls of {len(calls)} names", flush=True)
    return kill(stage.app, work, done, deaths)


def main() -> None:
    """Kill."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--database", default="")
    parser.add_argument("--calls", action="store_true")
    parser.add_argument("--control", action="store_true")
    parser.add_argument("--kinds", default="", help="Only these, with commas.")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as name:
        stage = Stage(Path(name), asked.database)
        stage.app.config["TRUSTED_HOSTS"] = ["localhost"]
        with without_handlers():  # those of the application, which is made by now
            for kind, told in tell(stage, asked, Path(name)):
                sums = f"{told.tries} tries, {told.killed} killed, {len(told.wrong)} wrong"
                print(f"{kind:8} {sums}", flush=True)
                if asked.control and not told.wrong:
                    raise SystemExit(f"{kind}: nobody noticed")
                wrong += told.wrong
    print("\n".join(wrong) or "everything acknowledged is there once, in sound books")
    raise SystemExit(bool(wrong) is not asked.control)


if __name__ == "__main__":
    main()
