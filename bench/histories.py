"""Histories of the treasury beside plain books: `python -m bench.histories --count N --seed S`.

Every step compares every balance of every fund and currency (tests/treasury/histories/). The seed is
printed first; the same seed tells the same histories. One that disagrees is shown with its steps.
"""

import argparse
import secrets
import tempfile
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from bench.stage import Stage
from tests.treasury.histories.chapter import open_ground, without_handlers
from tests.treasury.histories.told import History
from treasury.books import verification


def main() -> None:
    """Tell histories."""
    parser = argparse.ArgumentParser(prog="python -m bench.histories", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--seed", type=int, default=secrets.randbelow(10**9))
    parser.add_argument("--database", default="", help="An empty database; SQLite in a new folder otherwise.")
    asked = parser.parse_args()
    print(f"seed {asked.seed}, {asked.count} histories of up to {asked.steps} steps", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), asked.database)
        with stage.app.app_context(), without_handlers():
            machine = seed(asked.seed)(type("Told", (History,), {"ground": open_ground()}))
            told = settings(
                max_examples=asked.count,
                stateful_step_count=asked.steps,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            started = time.process_time()
            run_state_machine_as_test(machine, settings=told)
            each = (time.process_time() - started) / asked.count * 1000
            verdict = verification.check()
    print(f"all agree; {each:.0f} ms of processor each; {verdict.entries} entries, sound: {verdict.sound}")
    raise SystemExit(not verdict.sound)


if __name__ == "__main__":
    main()
