"""Effects follow from facts: once the fact is committed, one time, by whichever worker is free."""

import threading
from collections import Counter
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from outbox import jobs
from outbox.jobs import MOST_ATTEMPTS, Job, enqueue, run_due
from shared.clock import now, travel_to
from shared.database import db, transaction

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> Counter[int]:
    """How often each number was worked on, by jobs of the kind ``count``."""
    seen: Counter[int] = Counter()
    lock = threading.Lock()

    def count(payload: dict[str, int]) -> None:
        with lock:
            seen[payload["number"]] += 1

    monkeypatch.setitem(jobs.HANDLERS, "count", count)
    return seen


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rings of the bell."""
    rings: list[str] = []
    monkeypatch.setattr(jobs, "bell", [lambda: rings.append("ring")])
    return rings


class Regret(Exception):
    """Somebody changed their mind in the middle."""


def regretted(number: int) -> None:
    """Ask for a job in a transaction that fails."""
    with transaction():
        enqueue("count", {"number": number})
        raise Regret


def test_two_workers_do_each_job_once(app: Flask, done: Counter[int]) -> None:
    with transaction():
        for number in range(40):
            enqueue("count", {"number": number})
    problems: list[BaseException] = []

    def work() -> None:
        try:
            with app.app_context():
                while run_due(7):
                    pass
        except BaseException as problem:
            problems.append(problem)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert problems == []
    assert done == Counter(range(40))
    db.session.rollback()
    assert db.session.scalars(select(Job.id).where(Job.done_at.is_(None))).all() == []


def test_nothing_follows_from_what_was_not_committed(app: Flask, done: Counter[int]) -> None:
    with pytest.raises(Regret):
        regretted(1)
    assert run_due() == 0
    assert done == Counter()


def test_the_same_key_is_one_job_even_when_asked_for_twice_in_one_go(app: Flask, done: Counter[int]) -> None:
    with transaction():
        enqueue("count", {"number": 1}, key="welcome:1")
        enqueue("count", {"number": 2}, key="welcome:1")
    with transaction():
        enqueue("count", {"number": 3}, key="welcome:1")
    assert run_due() == 1
    assert done == Counter([1])


def test_a_job_waits_for_its_moment(app: Flask, done: Counter[int]) -> None:
    with transaction():
        enqueue("count", {"number": 1}, due_at=now() + timedelta(hours=1))
    assert run_due() == 0
    travel_to(now() + timedelta(hours=2))
    assert run_due() == 1


def test_a_job_that_fails_is_tried_again_later_and_given_up_in_the_end(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def fail(payload: dict[str, int]) -> None:
        tries.append(payload)
        raise ConnectionError("nobody answers")

    monkeypatch.setitem(jobs.HANDLERS, "fail", fail)
    with transaction():
        enqueue("fail", {})
    for attempt in range(1, MOST_ATTEMPTS + 3):
        assert run_due() == 0
        assert len(tries) == min(attempt, MOST_ATTEMPTS)
        assert run_due() == 0, "not at once"
        travel_to(now() + timedelta(days=1))
    job = db.session.scalars(select(Job)).one()
    assert (job.attempts, job.done_at, job.last_error) == (8, None, "ConnectionError: nobody answers")


def test_a_worker_that_died_leaves_its_job_to_another(app: Flask, done: Counter[int]) -> None:
    with transaction():
        enqueue("count", {"number": 1})
    assert jobs._claim() is not None
    assert run_due() == 0
    travel_to(now() + timedelta(minutes=6))
    assert run_due() == 1
    assert done == Counter([1])


def test_the_bell_rings_after_the_commit_and_only_for_jobs(app: Flask, heard: list[str]) -> None:
    with transaction():
        enqueue("count", {"number": 1})
        assert heard == []
    assert heard == ["ring"]
    with transaction():
        pass
    with pytest.raises(Regret):
        regretted(2)
    with transaction():
        pass
    assert heard == ["ring"]


def test_a_broken_bell_breaks_nothing(
    app: Flask, done: Counter[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> None:
        raise OSError("disk full")

    monkeypatch.setattr(jobs, "bell", [broken])
    with transaction():
        enqueue("count", {"number": 1})
    assert run_due() == 1
