"""Histories of the treasury's own operations beside plain books: every balance agrees after every step.

`python -m bench.histories` tells more of them.
"""

from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.database import db
from tests.treasury.histories import History, open_ground, without_handlers
from treasury import ledger
from treasury.books import verification
from treasury.models import JournalEntry

COUNT = {"sqlite": 1700, "postgresql": 300}
"""Histories on each database, where they cost 0.05 and 0.1 seconds each."""
STEPS = 4
"""Steps of the longest."""


def tell(count: int, steps: int = STEPS) -> None:
    """So many histories, one after the other, on the database of this application."""
    machine = type("Told", (History,), {"ground": open_ground()})
    told = settings(
        max_examples=count,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    with without_handlers():
        run_state_machine_as_test(machine, settings=told)


def test_two_thousand_histories_agree_with_the_plain_books(app: Flask, both_databases: str) -> None:
    tell(COUNT[both_databases])
    assert verification.check().sound


def test_an_operation_that_cheats_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ledger.draft

    def cheats(*given: Any, **named: Any) -> JournalEntry:
        entry = honest(*given, **named)
        for one in entry.postings:
            one.amount_minor *= 2  # still balanced, so the database lets it pass
        db.session.flush()
        return entry

    monkeypatch.setattr(ledger, "draft", cheats)
    with pytest.raises(AssertionError):
        tell(50)
