"""The application killed as often as asked: `python -m bench.kills --count 10000 --seed S`.

An entry, a payment, a message of the card network and a bank's file take turns, each killed at a statement or
commit that is drawn (tests/treasury/kills.py); with `--database URL` (an empty PostgreSQL) connections are
cut instead. The seed is printed first.
"""

import argparse
import secrets
import tempfile
from pathlib import Path
from random import Random

from bench.stage import Stage
from tests.treasury.histories import without_handlers
from tests.treasury.killed_work import POINTS, Desk
from tests.treasury.kills import cut, kill


def main() -> None:
    """Kill."""
    parser = argparse.ArgumentParser(prog="python -m bench.kills", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    draw, tries, wrong = Random(asked.seed), max(1, asked.count // len(POINTS)), []
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), asked.database)
        stage.app.config["TRUSTED_HOSTS"] = ["localhost"]
        desk = Desk(stage.app)
        for kind, (work, done) in desk.works().items():
            how, points = (cut, POINTS[kind] // 2) if asked.database else (kill, POINTS[kind])
            with without_handlers():
                told = how(stage.app, work, done, tries=tries, points=points, draw=draw)
            wrong += told.wrong
            print(f"{kind:8} {told.tries} tries, {told.killed} killed, {len(told.wrong)} wrong", flush=True)
    print("\n".join(wrong) or "everything acknowledged is there once, in sound books")
    raise SystemExit(bool(wrong))


if __name__ == "__main__":
    main()
