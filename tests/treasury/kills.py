"""The application killed between any two statements: what was acknowledged is there, once.

A warm process forks a child for each try. The child does one piece of work and writes a word to a pipe when
it is done, which is the acknowledgement; on the way SIGKILL ends it where its death waits, for example at a
statement or commit that is drawn. The parent then opens the database anew, does the same piece of work again,
as a sender who got no answer would, and looks at the books.
"""

import os
import signal
import traceback
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random
from typing import Any

from flask import Flask
from sqlalchemy import Engine, event, func, select, text

from shared.database import db
from treasury.books import verification

Work = Callable[[int], None]
"""One piece of work, named by a number: commits by itself, and changes nothing when it was done before."""

Done = Callable[[int], int]
"""How often that piece is in the books; `PART` when it is there in part."""

PART = 99


class Death:
    """How a child ends: this one of itself."""

    def arranged(self) -> None:
        """Called in the child, before it works."""

    def beside(self, child: int) -> None:
        """Called in the parent, once the child is there."""

    def over(self) -> None:
        """Called in the parent, once the child is gone."""


@dataclass(frozen=True, slots=True)
class Told:
    """What came of some tries: how many died, were acknowledged first, and what was wrong afterwards."""

    tries: int
    killed: int
    acknowledged: int
    wrong: list[str]


class Killer:
    """Counts what the child asks of the database, and ends it at a number that is drawn."""

    def __init__(self, at: int, end: Callable[[], None]) -> None:
        self.left, self.end = at, end

    def tick(self, *_given: Any) -> None:
        """One more statement or commit."""
        self.left -= 1
        if self.left == 0:
            self.end()

    def listen(self) -> None:
        """Before each statement, and before and after each commit."""
        event.listen(Engine, "before_cursor_execute", self.tick)
        event.listen(Engine, "commit", self.tick)
        event.listen(Engine, "after_cursor_execute", self.tick)


@dataclass(frozen=True)
class AtStatement(Death):
    """Death at a statement or commit, counted from the first of the work."""

    number: int

    def arranged(self) -> None:
        """Count what is asked of the database."""
        Killer(self.number, lambda: os.kill(os.getpid(), signal.SIGKILL)).listen()


def drawn(tries: int, points: int, draw: Random) -> list[AtStatement]:
    """So many deaths, each at one of the first `points` points."""
    return [AtStatement(draw.randrange(1, points)) for _try in range(tries)]


def kill(app: Flask, work: Work, done: Done, deaths: Iterable[Death]) -> Told:
    """One try for each death."""
    tries = killed = acknowledged = 0
    wrong: list[str] = []
    for number, death in enumerate(deaths, 1):
        said, died = run_child(app, work, number, death)
        tries += 1
        killed += died
        acknowledged += said
        with app.app_context():
            first = done(number)
            if first != 1 and (said or first):
                told = "acknowledged" if said else "killed"
                wrong.append(f"{number}: {told}, and there {first} times")
            db.session.rollback()
            work(number)
            if (again := done(number)) != 1:
                wrong.append(f"{number}: {again} times after it was sent again")
            db.session.remove()
    with app.app_context():
        verdict = verification.check()
        wrong += [f"{one.row}: {one.problem}" for one in verdict.findings]
        db.session.remove()
    return Told(tries, killed, acknowledged, wrong)


def run_child(app: Flask, work: Work, number: int, death: Death) -> tuple[bool, bool]:
    """Whether a child that did the work acknowledged it, and whether it was killed."""
    with app.app_context():
        db.engine.dispose()  # no connection has two processes
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        code = 1
        try:
            death.arranged()
            with app.app_context():
                work(number)
            os.write(writing, b"done")
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(code)
    os.close(writing)
    death.beside(child)
    said = os.read(reading, 4) == b"done"
    os.close(reading)
    _pid, status = os.waitpid(child, 0)
    death.over()
    if not os.WIFSIGNALED(status) and os.WEXITSTATUS(status):
        raise RuntimeError(f"the work itself failed at {number}")
    return said, os.WIFSIGNALED(status)


def cut(app: Flask, work: Work, done: Done, *, tries: int, points: int, draw: Random) -> Told:
    """The same with PostgreSQL's connections cut under a process that lives on."""
    killed = acknowledged = 0
    wrong: list[str] = []
    with app.app_context():
        for number in range(1, tries + 1):
            killer = Killer(draw.randrange(1, points), lambda: None)
            pid = db.session.scalar(text("SELECT pg_backend_pid()"))
            db.session.rollback()
            killer.end = lambda pid=pid: _terminate(app, int(pid or 0))  # type: ignore[misc]
            listeners = [(name, killer.tick) for name in ("before_cursor_execute", "commit")]
            for name, tick in listeners:
                event.listen(db.engine, name, tick)
            said = False
            try:
                work(number)
                said = True
            except Exception:
                killed += 1
            for name, tick in listeners:
                event.remove(db.engine, name, tick)
            db.session.remove()
            acknowledged += said
            if said and done(number) != 1:
                wrong.append(f"{number}: acknowledged, and not there")
            db.session.rollback()
            work(number)
            if done(number) != 1:
                wrong.append(f"{number}: {done(number)} times after it was sent again")
            db.session.rollback()
        wrong += [f"{one.row}: {one.problem}" for one in verification.check().findings]
        db.session.remove()
    return Told(tries, killed, acknowledged, wrong)


def _terminate(app: Flask, pid: int) -> None:
    import psycopg

    url = db.engine.url.set(drivername="postgresql")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [pid])


def times(table: Any, *where: Any) -> int:
    """How many rows there are."""
    return int(db.session.scalar(select(func.count()).select_from(table).where(*where)) or 0)
