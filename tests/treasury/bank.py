"""A bank's table for the examples: date; text; reference; amount; balance."""

from datetime import date

from sqlalchemy import select

from access.models import User
from shared.database import db, transaction
from treasury import chart, ledger
from treasury.models import Account, BankStatement, JournalEntry, Payment, Posting, StatementLine
from treasury.reconciliation import proposals
from treasury.reconciliation.proposals import Offers
from treasury.statements.importing import import_statement
from treasury.statements.reading import inspect
from treasury.statements.values import Assumptions, StatementFile


def csv(*rows: str) -> StatementFile:
    """The table as a file."""
    text = "\n".join(["Date;Libellé;Référence;Montant;Solde", *rows])
    return inspect(text.encode(), "releve.csv", Assumptions(currency="CAD"))


def bring_in(bank: Account, by: User, *rows: str) -> BankStatement:
    """The table imported."""
    with transaction():
        return import_statement(bank, csv(*rows), by=by, file_name="releve.csv")


def lines_of(statement: BankStatement) -> list[StatementLine]:
    """The statement's lines in their order."""
    return list(
        db.session.scalars(
            select(StatementLine).where(StatementLine.statement_id == statement.id).order_by(StatementLine.id)
        )
    )


def bank_posting(payment: Payment) -> Posting:
    """What the payment's entry puts on the bank account."""
    assert payment.entry
    return next(one for one in payment.entry.postings if one.account.code == chart.BANK)


def looked_at(bank: Account, *lines: StatementLine) -> Offers:
    """What these lines may be, compared afresh."""
    compared = proposals.compare(bank)
    with transaction():
        proposals.keep(compared)
    return proposals.offers(bank, [line.id for line in lines])


def reversed_entry(payment_entry: JournalEntry, by: User, other: User) -> JournalEntry:
    """The entry taken back by two people."""
    with transaction():
        mirror = ledger.reverse(payment_entry, date(2005, 10, 20), "Recorded twice", by=by)
        ledger.post(mirror, by=other)
    return mirror
