"""A file that came into the wrong account is taken back, while nothing rests on it."""

import pytest
from flask import Flask
from sqlalchemy import delete, text
from sqlalchemy.exc import DatabaseError

from access.models import User
from shared.database import db, transaction
from shared.errors import NotFound
from tests.treasury.bank import bank_posting, bring_in, lines_of, looked_at
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import chart, ledger
from treasury.models import Account, BankStatement, Fund, StatementLine
from treasury.reconciliation import reconciled, taking_back
from treasury.reconciliation.links import RecordLine, confirm, record_line
from treasury.statements.withdrawing import Rested, withdraw

OCTOBER = ("15/10/2005;HERON;;750,00;750,00", "31/10/2005;FRAIS;;-12,50;737,50")


def lines() -> int:
    db.session.rollback()
    return db.session.query(StatementLine).count()


@pytest.mark.usefixtures("both_databases")
def test_a_file_of_another_account_is_taken_back_and_comes_in_where_it_belongs(
    bank: Account, aristide: User, receive: Ask
) -> None:
    receive()
    with transaction():
        box = ledger.account(chart.CASH, "CAD")
    wrong = bring_in(bank, aristide, *OCTOBER)
    looked_at(bank, *lines_of(wrong))  # its proposals go along
    for went in (2, 0):
        with transaction():
            assert withdraw(wrong, "of the cash box", by=aristide) == went
    assert lines() == 0
    assert reconciled.accounts() == []
    right = bring_in(box, aristide, *OCTOBER)
    again = bring_in(bank, aristide, *OCTOBER)  # and if it was right all the same
    assert len({wrong.id, right.id, again.id}) == 3
    assert lines() == 4


@pytest.mark.usefixtures("both_databases")
def test_what_was_ever_matched_stays_and_the_database_says_so_too(
    bank: Account, aristide: User, receive: Ask
) -> None:
    posting = bank_posting(receive())
    statement = bring_in(bank, aristide, *OCTOBER)
    with transaction():
        link = confirm(lines_of(statement)[0], posting, by=aristide)
    with transaction():
        taking_back.take_back(link, by=aristide)
    with pytest.raises(Rested, match="matched"), transaction():
        withdraw(statement, "x", by=aristide)
    with pytest.raises(DatabaseError, match="as the bank said it"), transaction():
        db.session.execute(text("DELETE FROM statement_line"))  # of a statement that was not taken back
    with transaction():
        db.session.execute(text("UPDATE bank_statement SET withdrawn_at = imported_at"))
    with pytest.raises(DatabaseError, match="as the bank said it"), transaction():
        db.session.execute(text("DELETE FROM statement_line"))  # that was matched once
    other = bring_in(bank, aristide, "21/12/2005;X;;1,00;")
    with transaction():
        withdraw(other, "x", by=aristide)
    for forced in (
        "UPDATE bank_statement SET withdrawn_at = NULL",
        "INSERT INTO statement_line (statement_id, account_id, identity, dated_on, amount_minor, currency, "
        f"reference, name, memo) VALUES ({other.id}, {bank.id}, 'z', '2005-12-21', 1, 'CAD', '', '', '')",
    ):
        with pytest.raises(DatabaseError, match="taken back"), transaction():
            db.session.execute(text(forced))


def test_what_is_drafted_closed_repeated_or_coming_in_stays(
    bank: Account, aristide: User, house: Fund, receive: Ask
) -> None:
    first = bring_in(bank, aristide, *OCTOBER)
    bring_in(bank, aristide, OCTOBER[1], "03/11/2005;X;;1,00;738,50")
    with pytest.raises(Rested, match="repeats"), transaction():
        withdraw(first, "x", by=aristide)
    third = bring_in(bank, aristide, "24/12/2005;FRAIS;;-1,00;")
    with transaction():
        record_line(lines_of(third)[0], RecordLine(fund_id=house.id, narration="Fee"), by=aristide)
    with pytest.raises(Rested, match="written"), transaction():
        withdraw(third, "x", by=aristide)
    with transaction():
        third.complete = False
    with pytest.raises(Rested, match="coming in"), transaction():
        withdraw(third, "x", by=aristide)


def test_a_line_that_is_gone_is_neither_matched_nor_written(
    bank: Account, aristide: User, house: Fund, receive: Ask
) -> None:
    """Somebody takes the file back while another looks at its line."""
    posting = bank_posting(receive())
    statement = bring_in(bank, aristide, *OCTOBER)
    command = RecordLine(fund_id=house.id, narration="x")
    with transaction():
        line = lines_of(statement)[0]
        statement.withdrawn_at = statement.imported_at
        db.session.flush()
        db.session.execute(delete(StatementLine).execution_options(synchronize_session=False))
        with pytest.raises(NotFound):
            confirm(line, posting, by=aristide)
        with pytest.raises(NotFound):
            record_line(line, command, by=aristide)


def test_it_is_one_button_with_a_reason_while_nothing_was_matched(
    app: Flask, bank: Account, aristide: User, receive: Ask
) -> None:
    treasurer = Desk(app, aristide)
    statement = bring_in(bank, aristide, *OCTOBER)
    page, action = f"/treasury/statements/{statement.id}", f"/treasury/statements/{statement.id}/withdraw"
    treasurer.press(page, action)
    assert "Say why it is taken back." in treasurer.see(page)
    assert treasurer.press(page, action, reason="Of the cash box").headers["Location"].endswith("/statements")
    listed = treasurer.see("/treasury/statements")
    assert "2 lines were taken back." in listed
    assert "taken back" in listed.partition("<tbody>")[2]
    gone = treasurer.see(page)
    assert "Of the cash box" in gone
    assert "This file should not have come in" not in gone
    other = bring_in(bank, aristide, *OCTOBER)
    posting = bank_posting(receive())
    with transaction():
        confirm(lines_of(other)[0], posting, by=aristide)
    assert "This file should not have come in" not in treasurer.see(f"/treasury/statements/{other.id}")
    assert db.session.query(BankStatement).count() == 2
