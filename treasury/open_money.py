"""What waits to be matched: bank lines that nothing explains, and money of the books not seen at the bank.

Everything here only reads.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Executable, Select, Subquery, func, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from network.models import Organisation, OrganisationAlias
from shared.database import db
from shared.money import Money
from treasury.matching_values import Candidate, Habit, LineToMatch
from treasury.models import (
    Account,
    BankStatement,
    EntryStatus,
    Fund,
    JournalEntry,
    LineEntry,
    Payment,
    PaymentStatus,
    Posting,
    ReconciliationLink,
    StatementLine,
)
from treasury.references import find_references

NOT_RECORDED = (PaymentStatus.REQUESTED, PaymentStatus.CANCELLED)
"""Payments whose money may still arrive: also what was cancelled may be paid all the same."""


@dataclass(frozen=True, slots=True)
class OpenMoney:
    """Something a bank line may settle, with what people recognise it by.

    It is the part of a posting that no bank line explains yet (`posting_id`), or a payment that was asked for
    and not recorded (`payment_id`).
    """

    candidate: Candidate
    title: str
    fund: str
    entry_id: int | None = None
    entry_number: int | None = None
    posting_id: int | None = None
    payment_id: int | None = None


def linked(column: InstrumentedAttribute[int]) -> Subquery:
    """By line or by posting (`column` of the link): how many minor units live links explain."""
    return (
        select(column.label("id"), func.sum(ReconciliationLink.amount_minor).label("minor"))
        .where(ReconciliationLink.undone_at.is_(None))
        .group_by(column)
        .subquery()
    )


def coming_in() -> Select[int]:
    """Statements of which only a part is here yet: nothing is matched with them."""
    return select(BankStatement.id).where(BankStatement.complete.is_(False))


def open_lines(account: Account) -> list[LineToMatch]:
    """The bank lines of `account` that neither links nor a draft explain whole, oldest first."""
    done = linked(ReconciliationLink.line_id)
    left: ColumnElement[int] = StatementLine.amount_minor - func.coalesce(done.c.minor, 0)
    rows = db.session.execute(
        select(
            StatementLine.id,
            StatementLine.dated_on,
            left,
            StatementLine.reference,
            StatementLine.name,
            StatementLine.memo,
        )
        .outerjoin(done, done.c.id == StatementLine.id)
        .outerjoin(LineEntry, LineEntry.line_id == StatementLine.id)
        .where(
            StatementLine.account_id == account.id,
            left != 0,
            LineEntry.line_id.is_(None),
            StatementLine.statement_id.not_in(coming_in()),
        )
        .order_by(StatementLine.dated_on, StatementLine.id)
    )
    return [
        LineToMatch(
            key=line_id,
            dated_on=day,
            amount=Money(int(minor), account.currency),
            reference=reference,
            name=name or memo,  # many banks write everything into one column
            memo=memo if name else "",
        )
        for line_id, day, minor, reference, name, memo in rows
    ]


def open_lines_by_account() -> list[tuple[Account, int, int]]:
    """How many lines of each account wait, and the first statement that has some."""
    done = linked(ReconciliationLink.line_id)
    rows = db.session.execute(
        select(Account, func.count(), func.min(StatementLine.statement_id))
        .join(StatementLine, StatementLine.account_id == Account.id)
        .outerjoin(done, done.c.id == StatementLine.id)
        .where(StatementLine.amount_minor != func.coalesce(done.c.minor, 0))
        .group_by(Account.id)
        .order_by(Account.code, Account.currency)
    )
    return [(account, count, statement_id) for account, count, statement_id in rows]


def open_postings(account: Account) -> list[OpenMoney]:
    """Posted money on `account` that no bank line explains whole, oldest first.

    An entry that leaves the account as it was (one fund gives to another inside the same bank account) never
    shows at the bank, and is left out.
    """
    rows = db.session.execute(_open_postings(account)).all()
    names = _known_names({row.payer_id for row in rows if row.payer_id})
    return [
        OpenMoney(
            candidate=Candidate(
                key=f"posting:{row.id}",
                dated_on=row.dated_on,
                amount=Money(int(row.left), account.currency),
                reference=row.reference or "",
                names=_names(row.payer_name, names.get(row.payer_id, ()), row.narration),
                kind="posting",
            ),
            title=row.payer_name or row.narration,
            fund=row.fund,
            entry_id=row.entry_id,
            entry_number=row.number,
            posting_id=row.id,
        )
        for row in rows
    ]


def _open_postings(account: Account) -> Executable:
    done = linked(ReconciliationLink.posting_id)
    left: ColumnElement[int] = Posting.amount_minor - func.coalesce(done.c.minor, 0)
    moves = (
        select(Posting.entry_id)
        .where(Posting.account_id == account.id)
        .group_by(Posting.entry_id)
        .having(func.sum(Posting.amount_minor) != 0)
    )
    settled = func.coalesce(JournalEntry.reverses_id, JournalEntry.id)
    return (
        select(
            Posting.id,
            Posting.entry_id,
            left.label("left"),
            JournalEntry.dated_on,
            JournalEntry.number,
            JournalEntry.narration,
            Payment.reference,
            Payment.payer_name,
            Payment.payer_id,
            Fund.code.label("fund"),
        )
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .outerjoin(done, done.c.id == Posting.id)
        .outerjoin(Payment, Payment.entry_id == settled)
        .where(
            Posting.account_id == account.id,
            JournalEntry.status == EntryStatus.POSTED,
            left != 0,
            Posting.entry_id.in_(moves),
        )
        .order_by(JournalEntry.dated_on, Posting.id)
    )


def _names(payer: str | None, known: Sequence[str], narration: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for name in (payer or "", *known) if name))
    return names or (narration,)


def _known_names(payers: Collection[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    if payers:
        for table, key in (
            (Organisation, Organisation.id),
            (OrganisationAlias, OrganisationAlias.organisation_id),
        ):
            for payer, name in db.session.execute(select(key, table.name).where(key.in_(payers))):
                found[payer].append(name)
    return found


def requested_payments(account: Account, lines: Sequence[LineToMatch]) -> list[OpenMoney]:
    """Payments asked for (also if cancelled since), not recorded, whose reference one of the lines quotes."""
    quoted = {one for line in lines if line.amount.minor > 0 for one in find_references(line.text)}
    if not quoted:
        return []
    asked = db.session.scalars(
        select(Payment)
        .where(
            Payment.reference.in_(quoted),
            Payment.status.in_(NOT_RECORDED),
            Payment.currency == account.currency,
        )
        .order_by(Payment.id)
        .options(joinedload(Payment.fund))
    )
    return [as_open_money(payment) for payment in asked]


def as_open_money(payment: Payment) -> OpenMoney:
    """A payment asked for, as something a bank line may settle."""
    return OpenMoney(
        candidate=Candidate(
            key=f"payment:{payment.id}",
            dated_on=payment.created_at.date(),
            amount=payment.amount,
            reference=payment.reference,
            names=_names(payment.payer_name, (), payment.description),
            kind="payment",
        ),
        title=payment.payer_name or payment.description,
        fund=payment.fund.code,
        payment_id=payment.id,
    )


def habits(account: Account) -> list[Habit]:
    """What confirmed links teach: how the bank writes each payer's name. Undoing a link forgets it."""
    wording = func.coalesce(func.nullif(StatementLine.name, ""), StatementLine.memo)
    rows = db.session.execute(
        select(wording, Payment.payer_name, func.count())
        .join(ReconciliationLink, ReconciliationLink.line_id == StatementLine.id)
        .join(Posting, Posting.id == ReconciliationLink.posting_id)
        .join(Payment, Payment.entry_id == Posting.entry_id)
        .where(
            StatementLine.account_id == account.id,
            ReconciliationLink.undone_at.is_(None),
            Payment.payer_name != "",
        )
        .group_by(wording, Payment.payer_name)
        .order_by(wording, Payment.payer_name)
    )
    return [Habit(written, name, times) for written, name, times in rows]
