"""October closed at the bank: what is in transit, what the bank kept, what is locked, who reopens it."""

from datetime import date

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.bank import bank_posting, bring_in, lines_of, looked_at, reversed_entry
from tests.treasury.conftest import Ask
from treasury import approvals, chart, ledger, queries
from treasury.books import verification
from treasury.ledger import Leg, SamePerson
from treasury.models import Account, BankStatement, Fund, ReconciliationLink
from treasury.reconciliation import differences, habits, open_money, reconciled
from treasury.reconciliation import links as reconciliation
from treasury.reconciliation.differences import DoNotCancel, TooMuch
from treasury.reconciliation.links import Locked, RecordLine
from treasury.reconciliation.models import PostingOffset, StatementClosing
from treasury.reconciliation.reconciled import AlreadyClosed, Disagrees, LaterClosed, NotExplained

on_both = pytest.mark.usefixtures("both_databases")

DEPOSIT = "15/10/2005;VIR RESEAU FICTIF DU GRAND HERON;;750,00;750,00"
FEE = "31/10/2005;FRAIS MENSUELS;;-12,50;737,50"


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


@pytest.fixture
def october(bank: Account, aristide: User, zoe: User, receive: Ask, house: Fund) -> BankStatement:
    """A deposit matched, the bank's fee written into the books, a second deposit not at the bank yet."""
    deposit = receive("750.00", on=date(2005, 10, 14))
    receive("250.00", payer="Atelier fictif des Îles", on=date(2005, 10, 30), fund=house)
    statement = bring_in(bank, aristide, DEPOSIT, FEE)
    first, fee = lines_of(statement)
    with transaction():
        reconciliation.confirm(first, bank_posting(deposit), by=aristide)
        entry = reconciliation.record_line(fee, RecordLine(fund_id=house.id, narration="Fee"), by=aristide)
    with transaction():
        approvals.approve(entry, by=zoe)
    return statement


# What stands between books and bank -------------------------------------------------------------------


def test_books_less_what_is_in_transit_is_what_the_bank_holds(bank: Account, october: BankStatement) -> None:
    found = reconciled.standing(bank, date(2005, 10, 31))
    assert (found.books, found.in_transit, found.unknown) == (cad("987.50"), cad("250.00"), cad("0.00"))
    assert (found.bank, found.expected, found.difference) == (cad("737.50"), cad("737.50"), cad("0.00"))
    assert [one.title for one in reconciled.money_in_transit(bank, date(2005, 10, 31))] == [
        "Atelier fictif des Îles"
    ]


def test_on_an_earlier_day_what_the_bank_saw_first_is_only_at_the_bank(
    bank: Account, october: BankStatement
) -> None:
    before = reconciled.standing(bank, date(2005, 10, 14))
    assert (before.books, before.in_transit, before.bank) == (cad("750.00"), cad("750.00"), None)


@on_both
def test_what_the_bank_saw_in_the_next_month_was_in_transit_until_then(
    bank: Account, aristide: User, october: BankStatement
) -> None:
    november = bring_in(bank, aristide, "22/11/2005;ATELIER FICT DES ILES;;250,00;987,50")
    (line,) = lines_of(november)
    offers = looked_at(bank, line)
    with transaction():
        reconciliation.settle(line, offers.postings(offers.of(line.id)[0]), by=aristide)
    assert reconciled.standing(bank, date(2005, 10, 31)).in_transit == cad("250.00")
    assert reconciled.standing(bank, date(2005, 11, 22)).in_transit == cad("0.00")
    assert reconciled.standing(bank, date(2005, 11, 22)).difference == cad("0.00")


def test_an_opening_balance_is_no_money_in_transit(
    bank: Account, aristide: User, zoe: User, house: Fund
) -> None:
    with transaction():
        legs = [Leg(chart.BANK, house.id, cad("100.00")), Leg(chart.OPENING, house.id, cad("-100.00"))]
        entry = ledger.draft(date(2005, 1, 1), "Opening", legs, by=aristide)
        ledger.post(entry, by=zoe)
    bring_in(bank, aristide, "15/10/2005;DEPOT;;20,00;120,00")
    found = reconciled.standing(bank, date(2005, 10, 31))
    assert (found.in_transit, found.unknown, found.difference) == (cad("0.00"), cad("20.00"), cad("0.00"))
    assert open_money.open_postings(bank) == []


# A statement closes -----------------------------------------------------------------------------------


@on_both
def test_a_statement_closes_when_all_is_explained_and_the_balance_agrees(
    bank: Account, aristide: User, october: BankStatement
) -> None:
    with pytest.raises(Disagrees, match=r"737\.50"), transaction():
        reconciled.close(october, cad("737.00"), by=aristide)
    with transaction():
        closing = reconciled.close(october, None, by=aristide)
    assert (closing.reconciled_to, closing.bank_minor) == (date(2005, 10, 31), 73750)
    assert reconciled.reconciled_to(bank) == date(2005, 10, 31)
    with pytest.raises(AlreadyClosed), transaction():
        reconciled.close(october, None, by=aristide)


def test_a_line_that_waits_keeps_its_statement_open(
    bank: Account, aristide: User, october: BankStatement
) -> None:
    november = bring_in(bank, aristide, "22/11/2005;INCONNU;;40,00;777,50")
    with pytest.raises(NotExplained, match="1 lines"), transaction():
        reconciled.close(november, None, by=aristide)


def close_october(statement: BankStatement, by: User) -> StatementClosing:
    with transaction():
        return reconciled.close(statement, None, by=by)


def test_a_closed_statement_undoes_nothing(aristide: User, october: BankStatement) -> None:
    close_october(october, aristide)
    link = db.session.query(ReconciliationLink).order_by(ReconciliationLink.id).first()
    assert link
    with pytest.raises(Locked), transaction():
        reconciliation.undo(link, by=aristide)
    assert link.undone_at is None


ATTACKS = {
    "undo a link": "UPDATE reconciliation_link SET undone_at = '2005-11-01'",
    "add a line": "INSERT INTO statement_line (statement_id, account_id, identity, dated_on, amount_minor,"
    " currency, reference, name, memo) SELECT statement_id, account_id, 'late', dated_on, 1, currency, '',"
    " '', '' FROM statement_line WHERE id = (SELECT min(id) FROM statement_line)",
    "reopen by nobody": "UPDATE statement_closing SET reopened_at = '2005-11-01'",
    "reopen by the same": "UPDATE statement_closing SET reopened_at = '2005-11-01',"
    " reopened_by_id = closed_by_id",
    "another balance": "UPDATE statement_closing SET bank_minor = 1, book_minor = 1, transit_minor = 0",
    "forget it": "DELETE FROM statement_closing",
}


@on_both
def test_the_database_refuses_what_would_unlock_a_closed_statement(
    aristide: User, october: BankStatement
) -> None:
    close_october(october, aristide)
    for attack in ATTACKS.values():
        with pytest.raises(DatabaseError), transaction():
            db.session.execute(text(attack))
    assert db.session.query(StatementClosing).count() == 1


@on_both
def test_without_the_lock_the_same_undoing_passes(aristide: User, october: BankStatement) -> None:
    """The control: what holds the links is the trigger, not something else."""
    close_october(october, aristide)
    table = " ON reconciliation_link" if db.engine.dialect.name == "postgresql" else ""
    with transaction():
        db.session.execute(text(f"DROP TRIGGER reconciliation_link_locked{table}"))
        db.session.execute(text(ATTACKS["undo a link"]))
    told = [(one.row, one.problem) for one in verification.check().findings]
    assert told == [("statement_closing 1", "is closed over a line that is not explained")]


@on_both
def test_the_database_refuses_to_close_over_an_open_line(
    bank: Account, aristide: User, october: BankStatement
) -> None:
    november = bring_in(bank, aristide, "22/11/2005;INCONNU;;40,00;777,50")
    insert = (
        "INSERT INTO statement_closing (statement_id, reconciled_to, bank_minor, book_minor, transit_minor,"
        f" unknown_minor, closed_by_id, closed_at, reason) VALUES ({november.id}, '2005-11-22', 0, 0, 0, 0,"
        f" {aristide.id}, '2005-12-01', '')"
    )
    with pytest.raises(DatabaseError, match="not explained"), transaction():
        db.session.execute(text(insert))


@on_both
def test_somebody_else_reopens_it_with_a_reason_and_the_last_one_first(
    bank: Account, aristide: User, zoe: User, october: BankStatement
) -> None:
    closing = close_october(october, aristide)
    with pytest.raises(SamePerson), transaction():
        reconciled.reopen(closing, "A wrong link", by=aristide)
    november = bring_in(bank, aristide, "22/11/2005;ATELIER FICT DES ILES;;250,00;987,50")
    (line,) = lines_of(november)
    (waiting,) = open_money.open_postings(bank)
    with transaction():
        reconciliation.settle(line, waiting.posting_ids, by=aristide)
        last = reconciled.close(november, None, by=aristide)
    with pytest.raises(LaterClosed), transaction():
        reconciled.reopen(closing, "A wrong link", by=zoe)
    with transaction():
        reconciled.reopen(last, "A wrong link", by=zoe)
        reconciled.reopen(last, "Again", by=zoe)
        reconciled.reopen(closing, "A wrong link", by=zoe)
    assert (last.reason, reconciled.reconciled_to(bank)) == ("A wrong link", None)
    link = db.session.query(ReconciliationLink).order_by(ReconciliationLink.id).first()
    assert link
    with transaction():
        reconciliation.undo(link, by=aristide)
    with pytest.raises(NotExplained), transaction():
        reconciled.close(october, None, by=aristide)


# What the bank kept -----------------------------------------------------------------------------------


@on_both
def test_a_fee_that_the_bank_kept_is_written_off_when_another_approves(
    bank: Account, aristide: User, zoe: User, receive: Ask
) -> None:
    payment = receive()
    (line,) = lines_of(bring_in(bank, aristide, "17/10/2005;RESEAU FICTIF DU GRAND HERON;;742,50;742,50"))
    (offer,) = looked_at(bank, line).of(line.id)
    assert ("held back", cad("7.50")) in [(one.code, one.difference) for one in offer.reasons]
    with transaction():
        entry = differences.settle_with_difference(
            line, bank_posting(payment), chart.BANK_FEES, "Kept on the way", by=aristide
        )
    assert open_money.open_postings(bank) == []  # neither the rest nor the draft waits
    assert reconciled.standing(bank, date(2005, 10, 31)).in_transit == cad("7.50")
    with pytest.raises(SamePerson), transaction():
        approvals.approve(entry, by=aristide)
    with transaction():
        approvals.approve(entry, by=zoe)
    found = reconciled.standing(bank, date(2005, 10, 31))
    assert (found.books, found.in_transit, found.difference) == (cad("742.50"), cad("0.00"), cad("0.00"))
    fees = [row.balance for row in queries.trial_balance() if row.code == chart.BANK_FEES]
    assert fees == [cad("7.50")]


def test_a_draft_that_is_thrown_away_writes_nothing_off(bank: Account, aristide: User, receive: Ask) -> None:
    payment = receive()
    (line,) = lines_of(bring_in(bank, aristide, "17/10/2005;RESEAU FICTIF DU GRAND HERON;;742,50;742,50"))
    with transaction():
        entry = differences.settle_with_difference(
            line, bank_posting(payment), chart.BANK_FEES, "Kept", by=aristide
        )
    with transaction():
        approvals.discard(entry, "It will be sent after", by=aristide)
    (rest,) = open_money.open_postings(bank)
    assert rest.candidate.amount == cad("7.50")


def test_a_few_cents_more_are_written_from_the_line(
    bank: Account, aristide: User, zoe: User, receive: Ask
) -> None:
    payment = receive()
    (line,) = lines_of(bring_in(bank, aristide, "17/10/2005;RESEAU FICTIF DU GRAND HERON;;750,40;750,40"))
    with transaction():
        entry = differences.settle_with_difference(
            line, bank_posting(payment), chart.EXCHANGE, "Exchange", by=aristide
        )
    with transaction():
        approvals.approve(entry, by=zoe)
    assert open_money.open_lines(bank) == []
    assert reconciled.standing(bank, date(2005, 10, 31)).difference == cad("0.00")


@pytest.mark.parametrize(("amount", "account"), [("700,00", chart.BANK_FEES), ("742,50", chart.GIFTS)])
def test_a_great_difference_or_another_account_is_refused_whole(
    bank: Account, aristide: User, receive: Ask, amount: str, account: str
) -> None:
    payment = receive()
    (line,) = lines_of(bring_in(bank, aristide, f"17/10/2005;RESEAU FICTIF DU GRAND HERON;;{amount};"))
    with pytest.raises(TooMuch), transaction():
        differences.settle_with_difference(line, bank_posting(payment), account, "Kept", by=aristide)
    assert db.session.query(ReconciliationLink).count() == db.session.query(PostingOffset).count() == 0


# What never reached the bank ---------------------------------------------------------------------------


def test_an_error_and_its_reversal_cancel_each_other_and_can_be_taken_apart(
    bank: Account, aristide: User, zoe: User, receive: Ask
) -> None:
    payment = receive()
    assert payment.entry
    mirror = reversed_entry(payment.entry, aristide, zoe)
    waiting = open_money.open_postings(bank)
    ((one, other),) = differences.reversals_among(waiting)
    assert (one.entry_id, other.entry_id) == (payment.entry_id, mirror.id)
    theirs = next(posting for posting in mirror.postings if posting.account_id == bank.id)
    with transaction():
        offset = differences.cancel_out(bank_posting(payment), theirs, by=aristide)
    assert open_money.open_postings(bank) == []
    with pytest.raises(DoNotCancel), transaction():
        differences.cancel_out(bank_posting(payment), theirs, by=aristide)
    with transaction():
        differences.undo_offset(offset, by=aristide)
        differences.undo_offset(offset, by=aristide)
    assert len(open_money.open_postings(bank)) == 2


@on_both
def test_the_database_refuses_offsets_worth_more_than_their_postings(
    bank: Account, aristide: User, zoe: User, receive: Ask
) -> None:
    payment, stranger = receive(), receive("250.00")
    assert payment.entry
    mirror = reversed_entry(payment.entry, aristide, zoe)
    mine, theirs = bank_posting(payment).id, next(p.id for p in mirror.postings if p.account_id == bank.id)
    insert = (
        "INSERT INTO posting_offset (posting_id, other_id, amount_minor, made_at)"
        " VALUES ({}, {}, {}, '2005-11-01')"
    )
    for values in ((mine, theirs, 75001), (mine, theirs, -75000), (mine, bank_posting(stranger).id, 25000)):
        with pytest.raises(DatabaseError), transaction():
            db.session.execute(text(insert.format(*values)))
    with transaction():
        db.session.execute(text(insert.format(mine, theirs, 75000)))
    (line,) = lines_of(bring_in(bank, aristide, "17/10/2005;RESEAU FICTIF;;750,00;"))
    link = (
        "INSERT INTO reconciliation_link (line_id, posting_id, amount_minor, reasons, linked_at)"
        f" VALUES ({line.id}, {mine}, 75000, '', '2005-11-01')"
    )
    with pytest.raises(DatabaseError), transaction():
        db.session.execute(text(link))
    for change in ("UPDATE posting_offset SET amount_minor = 1", "DELETE FROM posting_offset"):
        with pytest.raises(DatabaseError), transaction():
            db.session.execute(text(change))


@on_both
def test_a_fee_is_written_as_the_last_time(
    bank: Account, aristide: User, october: BankStatement, house: Fund
) -> None:
    november = bring_in(
        bank, aristide, "30/11/2005;FRAIS MENSUELS;;-12,50;", "30/11/2005;AUTRE CHOSE;;-1,00;"
    )
    fee, other = lines_of(november)
    (known,) = habits.written_before(bank, [fee, other]).items()
    assert (known[0], known[1].account.code, known[1].fund_id, known[1].narration) == (
        fee.id,
        chart.BANK_FEES,
        house.id,
        "Fee",
    )
