"""Histories of the treasury's own operations beside plain books: every balance agrees after every step.

`python -m bench.histories` tells more of them.
"""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from shared.database import db
from shared.errors import DomainError
from shared.money import Money
from tests.treasury.histories.chapter import open_ground, without_handlers
from tests.treasury.histories.told import History
from treasury import approvals, ledger
from treasury.books import verification
from treasury.cards import payouts
from treasury.cards.values import PayoutState
from treasury.funds import commitments
from treasury.models import Account, JournalEntry
from treasury.reconciliation import proposals

COUNT = {"sqlite": 1700, "postgresql": 300}
"""Histories on each database, where they cost 0.05 and 0.1 seconds each."""
STEPS = 4
"""Steps of the longest."""


def tell(count: int, steps: int = STEPS, only: Collection[str] = ()) -> None:
    """So many histories, one after the other, on the database of this application; of some rules alone."""
    others = [one.function.__name__ for one in History.setup_state().rules] if only else []
    without = {name: None for name in others if name not in only}
    machine = type("Told", (History,), {"ground": open_ground(), **without})
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


def twice_the_amount(patch: pytest.MonkeyPatch) -> None:
    """What is written by hand is doubled: still balanced, so the database lets it pass."""
    honest = ledger.draft

    def cheats(*given: Any, **named: Any) -> JournalEntry:
        entry = honest(*given, **named)
        for one in entry.postings:
            one.amount_minor *= 2
        db.session.flush()
        return entry

    patch.setattr(ledger, "draft", cheats)


def a_payout_all_of_one_fund(patch: pytest.MonkeyPatch) -> None:
    """Whoever comes first is given all that the network pays out."""
    honest = payouts._shares

    def cheats(state: PayoutState) -> dict[int, Money]:
        return {min(honest(state)): state.amount}

    patch.setattr(payouts, "_shares", cheats)


def a_promise_kept_twice(patch: pytest.MonkeyPatch) -> None:
    """What pays a promise leaves it as it was."""
    patch.setattr(commitments, "consume_intended", lambda _entry, *, by: None)


def a_promise_for_ever(patch: pytest.MonkeyPatch) -> None:
    """The last day of a promise passes unseen."""
    patch.setattr(commitments, "expire", lambda _payload: None)


def a_draft_that_nobody_sees(patch: pytest.MonkeyPatch) -> None:
    """The list of what waits leaves out the youngest."""
    honest = approvals.waiting
    patch.setattr(approvals, "waiting", lambda: honest()[:-1])


def a_draft_thrown_away_in_part(patch: pytest.MonkeyPatch) -> None:
    """A draft stays where it was, though its discarding was said to be done."""
    patch.setattr(approvals, "discard", lambda _entry, _reason, *, by: None)


def a_proposal_of_what_is_gone(patch: pytest.MonkeyPatch) -> None:
    """Proposals are offered as sure, whatever they mean."""
    honest = proposals.compare

    def cheats(account: Account) -> proposals.Compared:
        found = honest(account)
        keys = sorted(found.money)
        wrong = [
            replace(one, candidate_keys=(keys[keys.index(str(one.candidate_keys[0])) - 1],), sure=True)
            for one in found.proposals
        ]
        return replace(found, proposals=wrong)

    patch.setattr(proposals, "compare", cheats)


CHEATS: dict[Callable[[pytest.MonkeyPatch], None], tuple[str, ...]] = {
    twice_the_amount: ("write",),
    a_payout_all_of_one_fund: ("card", "pay_out"),
    a_promise_kept_twice: ("promise", "pay_promised"),
    a_promise_for_ever: ("promise", "run_out"),
    a_draft_that_nobody_sees: ("write", "see_what_waits"),
    a_draft_thrown_away_in_part: ("write", "throw_away"),
    a_proposal_of_what_is_gone: ("write", "bank_tells", "accept"),
}
"""Each with the rules that find it."""


@pytest.mark.parametrize("cheat", CHEATS, ids=lambda cheat: cheat.__name__)
def test_an_operation_that_cheats_is_found(
    app: Flask, monkeypatch: pytest.MonkeyPatch, cheat: Callable[[pytest.MonkeyPatch], None]
) -> None:
    cheat(monkeypatch)
    with pytest.raises((AssertionError, DomainError)):
        tell(50, only=CHEATS[cheat])
