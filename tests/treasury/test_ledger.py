"""Worked examples of the journal, on both databases."""

from datetime import date

import pytest
from flask import Flask

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from treasury import chart, ledger
from treasury.ledger import Leg
from treasury.models import EntryStatus, Fund, FundKind, JournalEntry

pytestmark = pytest.mark.usefixtures("both_databases")
INSTALMENT = Money.of("750.00", "CAD")


@pytest.fixture
def fund(app: Flask) -> Fund:
    with transaction():
        chart.open_chart("CAD")
        fund = Fund(code="DKR05-OUT", name="Outaouais", kind=FundKind.RESTRICTED)
        db.session.add(fund)
    return fund


def deposit(fund: Fund, by: User) -> JournalEntry:
    legs = [Leg(chart.BANK, fund.id, INSTALMENT), Leg(chart.SAVINGS, fund.id, -INSTALMENT)]
    return ledger.draft(date(2003, 1, 15), "Grand-Héron, instalment 1", legs, by=by)


def test_the_treasurer_records_and_somebody_else_approves(fund: Fund, aristide: User, zoe: User) -> None:
    with transaction():
        entry = deposit(fund, aristide)
        assert entry.status is EntryStatus.DRAFT
    with transaction():
        ledger.post(entry, by=zoe)
    assert (entry.status, entry.number, entry.approver_id) == (EntryStatus.POSTED, 1, zoe.id)


def test_nobody_approves_what_they_recorded(fund: Fund, aristide: User) -> None:
    with transaction():
        entry = deposit(fund, aristide)
    with pytest.raises(ledger.SamePerson), transaction():
        ledger.post(entry, by=aristide)


def test_an_entry_is_reversed_once_and_leaves_nothing(fund: Fund, aristide: User, zoe: User) -> None:
    with transaction():
        entry = deposit(fund, aristide)
        ledger.post(entry, by=zoe)
    with transaction():
        mirror = ledger.reverse(entry, date(2003, 1, 20), "Cheque returned", by=aristide)
        ledger.post(mirror, by=zoe)
        assert (
            sum(p.amount_minor for e in (entry, mirror) for p in e.postings if p.account.code == "1010") == 0
        )
    with pytest.raises(ledger.AlreadyReversed), transaction():
        ledger.reverse(entry, date(2003, 1, 21), "Again", by=aristide)
