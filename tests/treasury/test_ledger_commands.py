"""The books on the command line: checked, and the balances of every account."""

import json
from datetime import date

import pytest
from flask import Flask
from sqlalchemy import text

from access.models import User
from shared.database import db, transaction
from tests.treasury.bank import bring_in
from tests.treasury.conftest import Ask
from treasury import payments
from treasury.cli import ledger
from treasury.models import Account
from treasury.payments import RecordReceipt


def run(app: Flask, *words: str) -> tuple[int, str]:
    """The exit code and what was said."""
    answer = app.test_cli_runner().invoke(ledger, words)
    return answer.exit_code, answer.output


def test_the_check_says_how_many_entries_are_sound(app: Flask, receive: Ask) -> None:
    receive("750.00")
    assert run(app, "check") == (0, "1 entries: sound\n")
    assert json.loads(run(app, "check", "--json")[1]) == {"sound": True, "entries": 1, "findings": []}


BREAKS = {
    "journal_entry 1 (number 1): is not what was posted: its hash differs": (
        "UPDATE journal_entry SET narration = 'something else' WHERE id = 1"
    ),
    "journal_entry 1 (number 1): has fewer than two postings": "DELETE FROM posting WHERE id = 2",
    "posting 1: is listed on 2005-01-01, not on its entry's date": (
        "UPDATE posting SET posted_on = '2005-01-01' WHERE id = 1"
    ),
    "journal_entry 1 (number 1): was approved by its author": (
        "UPDATE journal_entry SET approver_id = author_id WHERE id = 1"
    ),
    "posting 3: is listed although its entry is a draft": (
        "UPDATE posting SET posted_on = '2005-01-01' WHERE id = 3"
    ),
    "posting 1: is linked for 75001 of 75000": (
        "INSERT INTO reconciliation_link (line_id, posting_id, amount_minor, reasons, linked_at) "
        "VALUES (1, 1, 75001, '[]', '2005-10-16')"
    ),
}
"""What is found, and the statement that did it around every guard."""


@pytest.mark.parametrize("found", BREAKS)
def test_the_check_names_what_was_done_around_the_guards(
    app: Flask, bank: Account, receive: Ask, ask: Ask, aristide: User, found: str
) -> None:
    receive("750.00")
    draft = ask("60.00")
    with transaction():
        payments.record_receipt(draft, RecordReceipt(received_on=date(2005, 10, 15)), by=aristide)
    bring_in(bank, aristide, "16/10/2005;DEPOT GUICHET;;750,01;")
    assert run(app, "check")[0] == 0
    with transaction():
        triggers = text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for trigger in db.session.scalars(triggers).all():
            db.session.execute(text(f"DROP TRIGGER {trigger}"))
        db.session.execute(text("PRAGMA ignore_check_constraints = ON"))
        db.session.execute(text(BREAKS[found]))
    code, said = run(app, "check")
    assert (code, found in said.splitlines()) == (1, True), said
    code, told = run(app, "check", "--json")
    findings = [f"{one['row']}: {one['problem']}" for one in json.loads(told)["findings"]]
    assert (code, findings) == (1, said.splitlines())


def test_every_balance_is_told_in_columns_or_as_json(app: Flask, receive: Ask) -> None:
    receive("750.00")
    _code, said = run(app, "trial-balance")
    assert [line.split()[0] for line in said.splitlines()] == ["1010", "4100"]
    assert "-750.00 CAD" in said
    accounts = json.loads(run(app, "trial-balance", "--json")[1])["accounts"]
    assert [(one["code"], one["balance"], one["currency"]) for one in accounts] == [
        ("1010", "750.00", "CAD"),
        ("4100", "-750.00", "CAD"),
    ]
