"""The worker: woken by a bell (huey's queue on a file of its own), it does the jobs that are due.

The bell may be lost; the job table is the truth, and the worker looks there every minute anyway. The
bell's file runs with a rollback journal: the system's SQLite must not be trusted with a WAL.
"""

from flask import Flask
from huey import SqliteHuey, crontab

from outbox import jobs


def install(app: Flask) -> None:
    """Let commits on `app` ring, and let a worker hear it."""
    bell = SqliteHuey(
        "teranga",
        filename=str(app.config["SETTINGS"].instance / "bell.db"),
        journal_mode="delete",
        fsync=False,
        results=False,
    )

    def deliver() -> None:
        with app.app_context():
            while jobs.run_due():
                pass

    ring = bell.task(name="deliver")(deliver)
    bell.periodic_task(crontab(minute="*"), name="deliver_anyway")(deliver)
    jobs.bell[0] = ring
    app.extensions["teranga.bell"] = bell


def run(app: Flask) -> None:
    """Deliver until told to stop: SIGINT lets the present job end, SIGTERM does not wait."""
    with app.app_context():
        jobs.run_due()
    app.extensions["teranga.bell"].create_consumer(workers=1, max_delay=1, initial_delay=0.1).run()
