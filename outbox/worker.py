"""The worker: woken by a bell, it does the jobs that are due (with huey).

The bell is a file that is touched: a web process rings it in passing, and many rings at once wake the worker
once. A ring may be lost, or another machine's; the job table is the truth, and the worker looks there every
minute anyway.
"""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

from flask import Flask

from outbox import jobs

_EAR = 0.1  # seconds between two looks at the bell

AT_START: dict[str, Callable[[], None]] = {}
"""What is planned whenever a worker starts, by the job's kind; filled in `app.py`."""


def install(app: Flask) -> None:
    """Let commits on `app` ring."""
    jobs.bell[0] = partial(Path.touch, _bell(app))


def run(app: Flask) -> None:
    """Deliver until told to stop: SIGINT lets the present job end, SIGTERM does not wait."""
    from huey import MemoryHuey, crontab  # 10 MB that no web process needs

    with app.app_context():
        for plan in AT_START.values():
            plan()
    queue = MemoryHuey("teranga", results=False)

    def deliver() -> None:
        with app.app_context():
            while jobs.run_due():
                pass

    ring = queue.task(name="deliver")(deliver)
    queue.periodic_task(crontab(minute="*"), name="deliver_anyway")(deliver)
    Thread(target=_listen, args=(_bell(app), ring), daemon=True).start()
    ring()
    queue.create_consumer(workers=1, max_delay=1, initial_delay=0.1).run()


def _bell(app: Flask) -> Path:
    return Path(app.config["SETTINGS"].instance) / "bell"


def _listen(bell: Path, ring: Any) -> None:
    """Pass on that the bell was touched."""
    heard = 0
    while True:
        touched = bell.stat().st_mtime_ns if bell.exists() else 0
        if touched != heard:
            heard = touched
            ring()
        time.sleep(_EAR)
