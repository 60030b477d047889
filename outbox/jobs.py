"""Effects that follow from a fact: a row committed with it, delivered once it is true, at least one time.

The queue that wakes the worker is only a bell; this table is the truth. A job's `key` makes asking twice
the same as asking once.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from typing import Any

from sqlalchemy import JSON, Insert, String, Text, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from shared.clock import now
from shared.database import Base, connection, db, transaction

MOST_ATTEMPTS = 8
_LEASE = timedelta(minutes=5)

HANDLERS: dict[str, Callable[[dict[str, Any]], dict[str, Any] | None]] = {}
"""What to do for each kind of job; filled in `app.py`. It may return what is to be kept of the payload."""

bell: list[Callable[[], None]] = [lambda: None]
"""What wakes the worker once a job is committed; set by `outbox/worker.py`."""

log = logging.getLogger(__name__)


class Job(Base):
    """One effect to come. Done when `done_at` is set; given up after `MOST_ATTEMPTS`."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    key: Mapped[str | None] = mapped_column(String(160), unique=True, default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    due_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(default=None)
    last_error: Mapped[str] = mapped_column(Text, default="")


def enqueue(
    kind: str, payload: dict[str, Any], *, key: str | None = None, due_at: datetime | None = None
) -> None:
    """Commit an effect together with the fact. The same `key` again adds nothing, even at the same time."""
    db.session.flush()
    moment, wire = now(), connection()
    wire.execute(
        _addition(wire.dialect.name),
        {
            "kind": kind,
            "payload": payload,
            "key": key,
            "created_at": moment,
            "due_at": due_at or moment,
            "attempts": 0,
            "last_error": "",
        },
    )
    db.session().info["rings"] = True


@cache
def _addition(dialect: str) -> Insert:
    """The statement that adds a job unless its key is known; each database spells it in a dialect module."""
    dialect_of: Any = import_module(f"sqlalchemy.dialects.{dialect}")
    added: Insert = dialect_of.insert(Job).on_conflict_do_nothing(index_elements=["key"])
    return added


@event.listens_for(Session, "after_commit")
def _ring(session: Session) -> None:
    if session.info.pop("rings", False):
        try:
            bell[0]()
        except Exception as problem:  # the worker looks by itself before long
            log.warning("the bell did not ring: %s", problem)


@event.listens_for(Session, "after_rollback")
def _hush(session: Session) -> None:
    session.info.pop("rings", None)


def run_due(most: int = 50) -> int:
    """Claim and run due jobs one after the other, `most` at the most; how many were done."""
    done = 0
    for _turn in range(most):
        job_id = _claim()
        if job_id is None:
            break
        done += _run(job_id)
    return done


def _claim() -> int | None:
    """The next job, ours until its lease ends. One by one: a slow one keeps no other waiting."""
    with transaction():
        job = db.session.scalars(
            select(Job)
            .where(Job.done_at.is_(None), Job.due_at <= now(), Job.attempts < MOST_ATTEMPTS)
            .order_by(Job.due_at, Job.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if job is None:
            return None
        job.attempts += 1
        job.due_at = now() + _LEASE  # another worker takes over should this one die
        return job.id


def _run(job_id: int) -> bool:
    job = db.session.get_one(Job, job_id)
    kind, payload, attempts = job.kind, job.payload, job.attempts
    db.session.rollback()
    error, kept = "", None
    try:
        kept = HANDLERS[kind](payload)
    except Exception as problem:  # what it says may name a person: that stays out of the log
        error = f"{type(problem).__name__}: {problem}"
        log.warning("job %s (%s) failed, attempt %s: %s", job_id, kind, attempts, type(problem).__name__)
    with transaction():
        job = db.session.get_one(Job, job_id)
        job.last_error = error
        if error:
            job.due_at = now() + timedelta(seconds=15 * 4 ** min(attempts, 6))
        else:
            job.done_at = now()
            job.payload = payload if kept is None else kept
    return not error
