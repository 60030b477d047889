"""Killed anywhere, started again: acknowledged is there once, whole, in sound books.

`python -m bench.kills` kills more often.
"""

from random import Random

import pytest
from flask import Flask

from shared.database import transaction
from tests.treasury.histories import without_handlers
from tests.treasury.killed_work import DAY, POINTS, Desk
from tests.treasury.kills import cut, kill, times
from treasury import ledger
from treasury.models import JournalEntry

KILLS = 50
"""Of each of four kinds of work."""


@pytest.mark.parametrize("kind", POINTS)
def test_what_was_acknowledged_before_a_kill_is_there_once(app: Flask, kind: str) -> None:
    work, done = Desk(app).works()[kind]
    with without_handlers():
        told = kill(app, work, done, tries=KILLS, points=POINTS[kind], draw=Random(2005))
    assert told.wrong == []
    assert told.killed > KILLS // 2


@pytest.mark.postgres
@pytest.mark.parametrize("both_databases", ["postgresql"], indirect=True)
@pytest.mark.parametrize("kind", POINTS)
def test_what_was_acknowledged_before_a_connection_was_cut_is_there_once(
    both_databases: str, app: Flask, kind: str
) -> None:
    work, done = Desk(app).works()[kind]
    with without_handlers():
        told = cut(app, work, done, tries=10, points=POINTS[kind] // 2, draw=Random(2005))
    assert told.wrong == []
    assert told.killed > 0


def test_without_its_key_an_entry_is_there_twice(app: Flask) -> None:
    desk = Desk(app)

    def work(number: int) -> None:
        with transaction():
            ledger.post_now(DAY, f"no key {number}", desk.legs(7500), source="rule:1")

    def done(number: int) -> int:
        return times(JournalEntry, JournalEntry.narration == f"no key {number}")

    told = kill(app, work, done, tries=6, points=200, draw=Random(2005))
    assert any("2 times" in one for one in told.wrong)


def test_in_two_transactions_a_piece_is_there_in_part(app: Flask) -> None:
    desk = Desk(app)

    def work(number: int) -> None:
        for part in ("first", "second"):
            key = f"{part}:{number}"
            with transaction():
                ledger.post_now(DAY, key, desk.legs(7500), source="rule:1", idempotency_key=key)

    def done(number: int) -> int:
        found = times(JournalEntry, JournalEntry.idempotency_key.in_((f"first:{number}", f"second:{number}")))
        return found // 2 if found % 2 == 0 else 99

    with pytest.raises(Exception, match=r"UNIQUE|unique|once|posted"):
        kill(app, work, done, tries=12, points=120, draw=Random(2005))
