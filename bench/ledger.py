"""How long the books answer as they grow: trial balance, a fund's statement, the journal, the whole walk.

Run with `python -m bench.ledger [--sizes 10000,100000,1000000] [--database URL]` (an empty PostgreSQL;
SQLite in a new folder otherwise). Milliseconds by the clock, the median of five; the walk is measured once,
and the processor time that Python used for it. Prints a table and JSON.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from flask.testing import FlaskClient

from access import grants, open_sessions, users
from access.models import RoleName
from access.users import CreateUser
from bench.journal_rows import FUNDS, HOUSE, Books
from bench.stage import BY, Stage
from shared.database import db, transaction
from treasury.books import verification

AIMS = {
    "trial balance": 300,
    "statement of the largest fund": 300,
    "its last page": 300,
    "statement of a small fund": 300,
    "journal": 100,
    "journal, last page": 100,
    "ledger check": 30_000,
    "ledger check, processor": 30_000,
}


def measure(client: FlaskClient, books: Books) -> dict[str, float]:
    """Milliseconds of each page, as the application answers it, and of the walk."""
    small = f"/treasury/funds/FUND-{FUNDS - 1}"
    pages = {
        "trial balance": "/treasury/trial-balance",
        "statement of the largest fund": f"/treasury/funds/{HOUSE}",
        "its last page": f"/treasury/funds/{HOUSE}?page={books.postings // 250}",
        "statement of a small fund": small,
        "journal": "/treasury/journal",
        "journal, last page": f"/treasury/journal?page={books.entries // 50}",
    }
    found = {name: _milliseconds(lambda path=path: _see(client, path)) for name, path in pages.items()}  # type: ignore[misc]
    started, worked = time.perf_counter(), time.process_time()
    with client.application.app_context():
        verdict = verification.check()
        assert verdict.sound, verdict.findings[:3]
        db.session.rollback()
    found["ledger check"] = (time.perf_counter() - started) * 1000
    found["ledger check, processor"] = (time.process_time() - worked) * 1000
    return found


def _see(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)


def _milliseconds(work: Callable[[], None], times: int = 5) -> float:
    work()
    took = []
    for _turn in range(times):
        started = time.perf_counter()
        work()
        took.append((time.perf_counter() - started) * 1000)
    return statistics.median(took)


def signed_in(stage: Stage) -> FlaskClient:
    """A treasurer's browser."""
    with stage.app.app_context(), transaction():
        treasurer = users.create_user(CreateUser(email="aristide@example.org", name="Aristide"), by=BY)
        grants.grant(treasurer, RoleName.TREASURER, by=BY)
        token = open_sessions.begin(treasurer)
    stage.app.config["TRUSTED_HOSTS"] = ["localhost"]
    client = stage.app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"], session["fs_paa"] = token, True, time.time()
    return client


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.ledger", description=__doc__)
    parser.add_argument("--sizes", default="10000,100000,1000000")
    parser.add_argument("--database", default="")
    asked = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), asked.database)
        client = signed_in(stage)
        with stage.app.app_context():
            books = Books()
        for size in map(int, asked.sizes.split(",")):
            with stage.app.app_context():
                books.grow(size)
            found[f"{size:,}"] = measure(client, books)
    print(f"{'milliseconds':<32}" + "".join(f"{size:>12}" for size in found) + f"{'aim':>12}")
    for name, aim in AIMS.items():
        print(f"{name:<32}" + "".join(f"{told[name]:>12,.0f}" for told in found.values()) + f"{aim:>12,}")
    print(json.dumps(found))


if __name__ == "__main__":
    main()
