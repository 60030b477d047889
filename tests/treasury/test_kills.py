"""Killed anywhere, started again: acknowledged is there once, whole, in sound books.

`python -m bench.kills` kills more often.
"""

from random import Random

import pytest
from flask import Flask

from tests.treasury.histories.chapter import without_handlers
from tests.treasury.killed_work import POINTS, Desk
from tests.treasury.killed_wrongly import unguarded
from tests.treasury.kills import PART, cut, drawn, kill

KILLS = 50
"""Of each of four kinds of work."""


@pytest.mark.parametrize("kind", POINTS)
def test_what_was_acknowledged_before_a_kill_is_there_once(app: Flask, kind: str) -> None:
    work, done = Desk(app).works()[kind]
    with without_handlers():
        told = kill(app, work, done, drawn(KILLS, POINTS[kind], Random(2005)))
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
    work, done = unguarded(Desk(app))["without its key"]
    told = kill(app, work, done, drawn(6, 200, Random(2005)))
    assert any("2 times" in one for one in told.wrong)


def test_in_two_transactions_a_piece_is_there_in_part(app: Flask) -> None:
    work, done = unguarded(Desk(app))["in two transactions"]
    told = kill(app, work, done, drawn(12, 120, Random(2005)))
    assert any(f"{PART} times" in one for one in told.wrong)
