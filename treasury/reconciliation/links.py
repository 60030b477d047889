"""Bank lines and postings brought together: proposed with reasons, confirmed by a person, undone one by one.

A link says that two records mean the same money. It never changes the books: no posting is written by it.
Money at the bank that the books do not have yet is drafted from its line, approved by somebody else, and
linked when it is posted (see `treasury/approvals.py`).
"""

import json
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from access.models import User
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold
from shared.errors import DomainError, NotFound
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger, payments
from treasury.ledger import Leg
from treasury.models import (
    Account,
    BankStatement,
    EntryStatus,
    JournalEntry,
    LineEntry,
    Payment,
    Posting,
    ReconciliationLink,
    StatementLine,
)
from treasury.payments import RecordReceipt
from treasury.reconciliation import proposals
from treasury.reconciliation.models import StatementClosing
from treasury.reconciliation.open_money import line_left, posting_left
from treasury.reconciliation.values import Reason, reason_from, reason_written
from treasury.statements.importing import import_statement

__all__ = ["accept_sure", "confirm", "import_statement", "settle", "undo"]


class DoesNotFit(DomainError):
    """The bank line and the posting are of different accounts or directions, or the entry is a draft."""

    code = "does_not_fit"
    message = _l("This bank line and this entry are not the same money.")


class NothingLeft(DomainError):
    """The line or the posting is explained already."""

    code = "nothing_left"
    message = _l("This is already explained whole. Undo a link first.")


class LineMoved(DomainError):
    """A part is matched of what the page showed: pressed twice, or by two people, it would count twice."""

    code = "line_moved"
    message = _l("A part of this line was matched meanwhile. Look at what is left before you match more.")


class AmountDiffers(DomainError):
    """A receipt is recorded in one click only where the bank's amount is the payment's."""

    code = "amount_differs"
    message = _l("The bank says %(bank)s, the payment %(reference)s asks for %(asked)s.")


class Locked(DomainError):
    """The line's statement is closed: nothing of it changes before somebody reopens it."""

    code = "statement_closed"
    message = _l("This statement is closed. Somebody else than who closed it must reopen it first.")


class AlreadyDrafted(DomainError):
    """An entry was written from this line and waits for somebody else."""

    code = "already_drafted"
    message = _l("An entry was already written from this line; it waits for approval.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """Write a bank line into the books: in which fund, against which account of the chart, in what words."""

    fund_id: int
    account_code: str = chart.BANK_FEES
    narration: str


def confirm(
    line: StatementLine,
    posting: Posting,
    amount: Money | None = None,
    reasons: Sequence[Reason] = (),
    *,
    by: Actor,
) -> ReconciliationLink:
    """Say that `line` is `posting`, or `amount` of it (by default all that both have left).

    Confirming again what is linked whole gives the link that is there. Raises `DoesNotFit`, `NothingLeft`.
    """
    refuse_if_closed(line)
    _lock(line, posting)
    entry = db.session.get_one(JournalEntry, posting.entry_id)
    same_sign = line.amount_minor * posting.amount_minor > 0
    if line.account_id != posting.account_id or not same_sign or entry.status is not EntryStatus.POSTED:
        raise DoesNotFit
    sign = 1 if line.amount_minor > 0 else -1
    left = min(
        abs(line.amount_minor) - _linked(ReconciliationLink.line_id, line.id),
        abs(posting_left_of(posting)),
    )
    minor = sign * left if amount is None else amount.minor
    if amount is not None and (amount.currency != line.currency or minor * sign <= 0):
        raise DoesNotFit(field="amount")
    if left == 0 and (found := _live(line, posting)):
        return found
    if abs(minor) > left or not minor:
        raise NothingLeft
    link = ReconciliationLink(
        line_id=line.id,
        posting_id=posting.id,
        amount_minor=minor,
        reasons=json.dumps([reason_written(one) for one in reasons], ensure_ascii=False),
        linked_by_id=by.id if isinstance(by, User) else None,
    )
    db.session.add(link)
    audit.record(
        "link.confirm", link, by=by, line=line.id, posting=posting.id, amount=str(Money(minor, line.currency))
    )
    return link


def settle(
    line: StatementLine,
    posting_ids: Sequence[int],
    reasons: Sequence[Reason] = (),
    part: Money | None = None,
    *,
    by: Actor,
) -> list[ReconciliationLink]:
    """Say that `line` is these postings together, in this order, as far as the line or `part` of it goes.

    Raises `DoesNotFit`, `NothingLeft`, `Locked`, `NotFound`.
    """
    made: list[ReconciliationLink] = []
    for posting_id in posting_ids:
        posting = db.session.get(Posting, posting_id)
        if posting is None:
            raise NotFound
        amount = None if part is None else _of_posting(posting, part)
        made.append(confirm(line, posting, amount, reasons, by=by))
        if part is not None:
            part -= Money(made[-1].amount_minor, part.currency)
        if not line_left_of(line) or (part is not None and not part):
            return made
    if part:
        raise NothingLeft
    return made


def _of_posting(posting: Posting, part: Money) -> Money:
    """As much of `part` as the posting has left; all of it where it has nothing, to be refused as a whole."""
    left = abs(posting_left_of(posting))
    return Money(max(-left, min(left, part.minor)), part.currency) if left else part


def _lock(line: StatementLine, posting: Posting) -> None:
    """Hold both, the line always first, so that two people cannot link the same money twice.

    The line's statement is held before (`refuse_if_closed`): whoever links several lines of it in one
    transaction never waits for somebody who waits for it.
    """
    for table, key in ((StatementLine, line.id), (Posting, posting.id)):
        if db.session.scalar(select(table.id).where(table.id == key).with_for_update()) is None:
            raise NotFound


def refuse_if_closed(line: StatementLine) -> None:
    """Raises `Locked` if the line's statement is closed; who closes it waits until this transaction ends."""
    db.session.scalar(select(BankStatement.id).where(BankStatement.id == line.statement_id).with_for_update())
    closed = select(StatementClosing.id).where(
        StatementClosing.statement_id == line.statement_id, StatementClosing.reopened_at.is_(None)
    )
    if db.session.scalar(closed):
        raise Locked


def must_have_left(line: StatementLine, minor: int) -> None:
    """Raises `LineMoved` unless so much of the line is left (minor units, no sign); then it stays so."""
    refuse_if_closed(line)
    if abs(line_left_of(line)) != minor:
        raise LineMoved


def line_left_of(line: StatementLine) -> int:
    """What links leave of a line, in minor units."""
    db.session.flush()
    return int(db.session.scalar(select(line_left()).where(StatementLine.id == line.id)) or 0)


def posting_left_of(posting: Posting) -> int:
    """What links and offsets leave of a posting, in minor units."""
    db.session.flush()
    return int(db.session.scalar(select(posting_left()).where(Posting.id == posting.id)) or 0)


def _linked(column: InstrumentedAttribute[int], key: int) -> int:
    total = db.session.scalar(
        select(func.sum(func.abs(ReconciliationLink.amount_minor))).where(
            column == key,
            ReconciliationLink.undone_at.is_(None),
        )
    )
    return int(total or 0)


def _live(line: StatementLine, posting: Posting) -> ReconciliationLink | None:
    return db.session.scalar(
        select(ReconciliationLink).where(
            ReconciliationLink.line_id == line.id,
            ReconciliationLink.posting_id == posting.id,
            ReconciliationLink.undone_at.is_(None),
        )
    )


def undo(link: ReconciliationLink, *, by: Actor) -> ReconciliationLink:
    """Take back one link, and no other; what it said stays readable. Undoing it again changes nothing.

    Raises `Locked`.
    """
    hold(link)
    who = by.id if isinstance(by, User) else None
    if link.undone_at is None:
        refuse_if_closed(link.line)
        link.undone_at, link.undone_by_id = now(), who
        proposals.out_of_date(link.line.account_id)
        audit.record("link.undo", link, by=by, line=link.line_id, posting=link.posting_id)
    return link


def accept_sure(
    account: Account, *, by: Actor, seen: Collection[tuple[int, int]]
) -> list[ReconciliationLink]:
    """Confirm together those of the `seen` pairs of line and (first) posting whose proposal is sure still.

    What became less sure since it was shown is left for a person.
    """
    offers = proposals.offers(account, {line for line, _posting in seen})
    made: list[ReconciliationLink] = []
    for line in _by_id(sorted(offers.proposals)):
        best = offers.of(line.id)[0]
        postings = offers.postings(best)
        if best.sure and postings and (line.id, postings[0]) in seen:
            made += settle(line, postings, best.reasons, by=by)
    return made


def _by_id(keys: Sequence[int]) -> Iterator[StatementLine]:
    for start in range(0, len(keys), 500):
        yield from db.session.scalars(
            select(StatementLine)
            .where(StatementLine.id.in_(keys[start : start + 500]))
            .order_by(StatementLine.id)
        )


def record_receipt(line: StatementLine, payment: Payment, *, by: User) -> JournalEntry:
    """Record the payment that this bank line names, dated as the bank dates it; somebody else approves it.

    Raises `AmountDiffers`, `AlreadyDrafted`, `payments.AlreadySettled`.
    """
    account = _free(line)
    if line.amount != payment.amount:
        raise AmountDiffers(bank=line.amount, reference=payment.reference, asked=payment.amount)
    receipt = RecordReceipt(received_on=line.dated_on, account_code=account.code)
    payments.record_receipt(payment, receipt, by=by)
    return _drafted(line, db.session.get_one(JournalEntry, payment.entry_id))


def record_line(line: StatementLine, command: RecordLine, *, by: User) -> JournalEntry:
    """Draft the entry that a bank line without a counterpart needs (a fee); somebody else approves it.

    Raises `AlreadyDrafted`, `NothingLeft`.
    """
    account = _free(line)
    amount = Money(line_left_of(line), line.currency)
    entry = ledger.draft(
        line.dated_on,
        command.narration,
        [
            Leg(account.code, command.fund_id, amount, memo=line.reference[:200]),
            Leg(command.account_code, command.fund_id, -amount),
        ],
        by=by,
    )
    return _drafted(line, entry)


def _free(line: StatementLine) -> Account:
    """Hold a line of which nothing was drafted and something is left; its account."""
    refuse_if_closed(line)
    here = select(StatementLine.id).where(StatementLine.id == line.id).with_for_update()
    if db.session.scalar(here) is None:
        raise NotFound
    if db.session.get(LineEntry, line.id) is not None:
        raise AlreadyDrafted
    if _linked(ReconciliationLink.line_id, line.id) >= abs(line.amount_minor):
        raise NothingLeft
    return db.session.get_one(Account, line.account_id)


def _drafted(line: StatementLine, entry: JournalEntry) -> JournalEntry:
    db.session.add(LineEntry(line_id=line.id, entry_id=entry.id))
    audit.record("line.record", line, by=_author(entry), entry=entry.id)
    return entry


def _author(entry: JournalEntry) -> User:
    return db.session.get_one(User, entry.author_id)


def link_recorded(entry: JournalEntry, *, by: Actor) -> ReconciliationLink | None:
    """Link a posted entry to the bank line it was written from, if it was written from one."""
    origin = db.session.scalar(select(LineEntry).where(LineEntry.entry_id == entry.id))
    if origin is None:
        return None
    line = db.session.get_one(StatementLine, origin.line_id)
    posting = next(one for one in entry.postings if one.account_id == line.account_id)
    db.session.delete(origin)
    return confirm(line, posting, reasons=[Reason("recorded")], by=by)


def reasons_of(link: ReconciliationLink) -> list[Reason]:
    """Why the link was made, as it was seen then; to be said in the reader's language."""
    return [reason_from(one) for one in json.loads(link.reasons or "[]")]
