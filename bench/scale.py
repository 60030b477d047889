"""How long homes, coverage and reminders take in a large network: `python -m bench.scale [--database URL]`.

500 delegations, 20,000 seats, 5,000 plans of 36 instalments, of which half have fallen due. Milliseconds by
the clock and of this process's processor, the median of nine, as the application answers; the questions to
the database beside them. Coverage and reminders are measured once. Prints JSON.
"""

import argparse
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select

from bench.network_rows import Network, Size, write
from bench.stage import Stage
from delegations.funding.coverage_queries import network_coverage
from delegations.savings import reminders as plan_reminders
from delegations.savings.models import PlanReminder
from events.models import Edition
from shared.clock import today
from shared.database import db
from tests.counting import count_queries

_TIMES = 9


def homes(network: Network, organiser: str) -> dict[str, tuple[str, str]]:
    """Each home page: who asks (the mark of their session, empty for nobody) and its address."""
    code, mine = network.code, f"/delegations/{network.code}-0001"
    return {
        "head: the delegation": (network.head, mine),
        "head: fifteen answers": (network.head, f"{mine}/answers"),
        "coordinator of 20: the delegations": (network.coordinator, "/delegations"),
        "coordinator of 20: fifteen answers": (network.coordinator, f"/delegations/answers/{code}"),
        "organiser: the gathering": (organiser, f"/manage/events/{code}"),
        "organiser: fifteen answers": (organiser, f"/manage/events/{code}/answers"),
        "organiser: all delegations": (organiser, "/delegations"),
        "treasurer: home": (network.treasurer, "/treasury"),
        "public: home": ("", "/"),
        "public: the gathering": ("", f"/events/{code}"),
    }


def page(client: FlaskClient, path: str) -> dict[str, Any]:
    """How long a page takes at the median, and how often it asks the database."""
    took, worked = [], []
    answer = client.get(path)
    assert answer.status_code == 200, (path, answer.status_code)
    for _turn in range(_TIMES):
        started, working = time.perf_counter(), time.process_time()
        client.get(path)
        took.append((time.perf_counter() - started) * 1000)
        worked.append((time.process_time() - working) * 1000)
    with client.application.app_context(), count_queries() as seen:
        client.get(path)
    return {
        "median_ms": round(statistics.median(took), 1),
        "slowest_ms": round(max(took), 1),
        "processor_ms": round(statistics.median(worked), 1),
        "queries": len(seen),
        "kilobytes": round(len(answer.data) / 1000, 1),
        "aim": "150 ms",
    }


def browser(stage: Stage, mark: str) -> FlaskClient:
    """Somebody's browser."""
    client = stage.app.test_client()
    if mark:
        with client.session_transaction() as session:
            session["_user_id"], session["_fresh"], session["fs_paa"] = mark, True, time.time()
    return client


def covered(stage: Stage, code: str) -> dict[str, Any]:
    """The coverage of every delegation at once."""
    with stage.app.app_context(), count_queries() as seen:
        edition = db.session.scalars(select(Edition).where(Edition.code == code)).one()
        started = time.perf_counter()
        found = network_coverage(edition).delegations
        seconds = time.perf_counter() - started
        db.session.remove()
    return {"seconds": round(seconds, 2), "delegations": len(found), "queries": len(seen), "aim": "1 s"}


def reminded(stage: Stage) -> dict[str, Any]:
    """Every plan's reminder written; asked for again, none is written twice."""
    with stage.app.app_context():
        payload = {"day": today().isoformat()}
        started = time.perf_counter()
        plan_reminders.plan_reminders(payload)
        seconds = time.perf_counter() - started
        written = db.session.scalar(select(func.count(PlanReminder.id)))
        plan_reminders.plan_reminders(payload)
        assert db.session.scalar(select(func.count(PlanReminder.id))) == written
        db.session.remove()
    return {"seconds": round(seconds, 1), "written": written, "aim": "60 s"}


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(prog="python -m bench.scale", description=__doc__)
    parser.add_argument("--database", default="")
    parser.add_argument("--delegations", type=int, default=500)
    asked = parser.parse_args()
    size = Size(asked.delegations, asked.delegations * 40, asked.delegations * 10)
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder), asked.database)
        stage.app.config["TRUSTED_HOSTS"] = ["localhost"]
        started = time.perf_counter()
        network = write(stage, size)
        found["written"] = {"seconds": round(time.perf_counter() - started), "deposits": network.deposits}
        for name, (mark, path) in homes(network, stage.organiser).items():
            found[name] = page(browser(stage, mark), path)
        found["coverage of all delegations"] = covered(stage, network.code)
        found["reminders of all plans"] = reminded(stage)
    print(json.dumps(found, indent=1))


if __name__ == "__main__":
    main()
