"""Bank lines and postings brought together: proposed with reasons, confirmed by a person, undone one by one.

A link says that two records mean the same money. It never changes the books: no posting is written by it.
Money at the bank that the books do not have yet is drafted from its line, approved by somebody else, and
linked when it is posted (see `treasury/approvals.py`).
"""

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TypeVar

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
from treasury import chart, ledger, open_money, payments
from treasury.ledger import Leg
from treasury.matching_values import Candidate, LineToMatch, Proposal, Reason
from treasury.models import (
    Account,
    EntryStatus,
    JournalEntry,
    LineEntry,
    Payment,
    Posting,
    ReconciliationLink,
    StatementLine,
)
from treasury.open_money import OpenMoney
from treasury.payments import RecordReceipt
from treasury.statement_import import import_statement

Row = TypeVar("Row", StatementLine, Posting)

__all__ = ["accept_sure", "candidates", "confirm", "import_statement", "proposals", "undo", "workbench"]


class DoesNotFit(DomainError):
    """The bank line and the posting are of different accounts or directions, or the entry is a draft."""

    code = "does_not_fit"
    message = _l("This bank line and this entry are not the same money.")


class NothingLeft(DomainError):
    """The line or the posting is explained already."""

    code = "nothing_left"
    message = _l("This is already explained whole. Undo a link first.")


class AmountDiffers(DomainError):
    """A receipt is recorded in one click only where the bank's amount is the payment's."""

    code = "amount_differs"
    message = _l("The bank says %(bank)s, the payment %(reference)s asks for %(asked)s.")


class AlreadyDrafted(DomainError):
    """An entry was written from this line and waits for somebody else."""

    code = "already_drafted"
    message = _l("An entry was already written from this line; it waits for approval.")


@dataclass(frozen=True, slots=True)
class Workbench:
    """An account's open lines, what they may settle (by candidate key), and the proposals by line."""

    lines: tuple[LineToMatch, ...]
    open_money: dict[str, OpenMoney]
    proposals: dict[int, list[Proposal]]

    def sure(self) -> list[tuple[int, int]]:
        """The pairs of line and posting that may be accepted together after a look."""
        found = []
        for line_id, offers in self.proposals.items():
            best = self.open_money[str(offers[0].candidate_keys[0])]
            if offers[0].sure and best.posting_id is not None:
                found.append((line_id, best.posting_id))
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """Write a bank line into the books: in which fund, against which account of the chart, in what words."""

    fund_id: int
    account_code: str = chart.BANK_FEES
    narration: str


def workbench(account: Account) -> Workbench:
    """All that waits on `account`, with proposals: the best first, sure ones alone."""
    lines = open_money.open_lines(account)
    waiting = _open(account, lines)
    found: dict[int, list[Proposal]] = defaultdict(list)
    from treasury.matching import propose  # numpy and scipy: 60 MB that no other page needs

    offered = propose(lines, [one.candidate for one in waiting], open_money.habits(account))
    for one in offered:
        found[int(one.line_key)].append(one)
    return Workbench(tuple(lines), {str(one.candidate.key): one for one in waiting}, dict(found))


def _open(account: Account, lines: Sequence[LineToMatch]) -> list[OpenMoney]:
    return [*open_money.open_postings(account), *open_money.requested_payments(account, lines)]


def candidates(account: Account) -> list[Candidate]:
    """What the open lines of `account` may settle: open postings, and requested payments that they name."""
    return [one.candidate for one in _open(account, open_money.open_lines(account))]


def proposals(account: Account) -> list[Proposal]:
    """What may settle each open line of `account`, with the reasons; see `treasury/matching.py`."""
    return [one for offers in workbench(account).proposals.values() for one in offers]


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
    _lock(line, posting)
    entry = db.session.get_one(JournalEntry, posting.entry_id)
    same_sign = line.amount_minor * posting.amount_minor > 0
    if line.account_id != posting.account_id or not same_sign or entry.status is not EntryStatus.POSTED:
        raise DoesNotFit
    sign = 1 if line.amount_minor > 0 else -1
    left = min(
        abs(line.amount_minor) - _linked(ReconciliationLink.line_id, line.id),
        abs(posting.amount_minor) - _linked(ReconciliationLink.posting_id, posting.id),
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
        reasons=json.dumps([_written(one) for one in reasons], ensure_ascii=False),
        linked_by_id=by.id if isinstance(by, User) else None,
    )
    db.session.add(link)
    audit.record(
        "link.confirm", link, by=by, line=line.id, posting=posting.id, amount=str(Money(minor, line.currency))
    )
    return link


def _lock(line: StatementLine, posting: Posting) -> None:
    """Hold both, the line always first, so that two people cannot link the same money twice."""
    for table, key in ((StatementLine, line.id), (Posting, posting.id)):
        if db.session.scalar(select(table.id).where(table.id == key).with_for_update()) is None:
            raise NotFound


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
    """Take back one link, and no other; what it said stays readable. Undoing it again changes nothing."""
    hold(link)
    who = by.id if isinstance(by, User) else None
    if link.undone_at is None:
        link.undone_at, link.undone_by_id = now(), who
        audit.record("link.undo", link, by=by, line=link.line_id, posting=link.posting_id)
    return link


def accept_sure(
    account: Account, *, by: Actor, seen: Collection[tuple[int, int]] | None = None
) -> list[ReconciliationLink]:
    """Confirm every sure proposal at once; with `seen`, only those pairs of line and posting a person saw.

    What became less sure since it was shown is left for a person.
    """
    bench = workbench(account)
    pairs = [pair for pair in bench.sure() if seen is None or pair in seen]
    lines = _by_id(StatementLine, [line for line, _posting in pairs])
    postings = _by_id(Posting, [posting for _line, posting in pairs])
    return [
        confirm(lines[line], postings[posting], reasons=bench.proposals[line][0].reasons, by=by)
        for line, posting in sorted(pairs)
    ]


def _by_id(table: type[Row], keys: Sequence[int]) -> dict[int, Row]:
    found: dict[int, Row] = {}
    for start in range(0, len(keys), 500):
        for row in db.session.scalars(select(table).where(table.id.in_(keys[start : start + 500]))):
            found[row.id] = row
    return found


def record_receipt(line: StatementLine, payment: Payment, *, by: User) -> JournalEntry:
    """Record the payment that this bank line names, dated as the bank dates it; somebody else approves it.

    Raises `AmountDiffers`, `AlreadyDrafted`, `payments.AlreadySettled`.
    """
    account = _free(line)
    if line.amount != payment.amount:
        raise AmountDiffers(bank=str(line.amount), reference=payment.reference, asked=str(payment.amount))
    receipt = RecordReceipt(
        received_on=line.dated_on, account_code=account.code, narration=payment.description
    )
    payments.record_receipt(payment, receipt, by=by)
    return _drafted(line, db.session.get_one(JournalEntry, payment.entry_id))


def record_line(line: StatementLine, command: RecordLine, *, by: User) -> JournalEntry:
    """Draft the entry that a bank line without a counterpart needs (a fee); somebody else approves it.

    Raises `AlreadyDrafted`, `NothingLeft`.
    """
    account = _free(line)
    left = line.amount_minor - (1 if line.amount_minor > 0 else -1) * _linked(
        ReconciliationLink.line_id, line.id
    )
    amount = Money(left, line.currency)
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
    db.session.scalar(select(StatementLine.id).where(StatementLine.id == line.id).with_for_update())
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


def _written(reason: Reason) -> dict[str, object]:
    difference = None if reason.difference is None else str(reason.difference)
    return {"code": reason.code, "text": reason.text, "number": reason.number, "difference": difference}


def reasons_of(link: ReconciliationLink) -> list[Reason]:
    """Why the link was made, as it was seen then; to be said in the reader's language."""
    found = []
    for one in json.loads(link.reasons or "[]"):
        difference = Money.of(*one["difference"].split()) if one["difference"] else None
        found.append(Reason(one["code"], one["text"], one["number"], difference))
    return found
