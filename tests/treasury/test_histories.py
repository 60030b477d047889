"""Histories of the treasury's own operations beside plain books: every balance agrees after every step.

`python -m bench.histories` tells more of them.
"""

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.database import db
from tests.treasury.histories import History, open_ground, without_handlers
from treasury import ledger, verification
from treasury.models import JournalEntry

COUNT, STEPS = 1000, 4
"""Histories on each database, and the steps of the longest."""


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


@pytest.mark.usefixtures("both_databases")
def test_a_thousand_histories_agree_with_the_plain_books(app: Flask) -> None:
    tell(COUNT)
    assert verification.check().sound


def test_an_operation_that_cheats_is_found(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    honest = ledger.reverse

    def cheats(entry: JournalEntry, *given: object, **named: object) -> JournalEntry:
        mirror = honest(entry, *given, **named)  # type: ignore[arg-type]
        for one in mirror.postings:
            one.amount_minor *= 2  # still balanced, so the database lets it pass
        db.session.flush()
        return mirror

    monkeypatch.setattr(ledger, "reverse", cheats)
    with pytest.raises(AssertionError):
        tell(200, 6)
