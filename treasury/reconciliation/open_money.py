"""What waits to be matched: bank lines that nothing explains, and money of the books not seen at the bank.

Everything here only reads.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Subquery, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, aliased, joinedload

from network.models import Organisation, OrganisationAlias
from shared.database import db
from shared.money import Money
from treasury import chart
from treasury.models import (
    Account,
    AccountKind,
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
from treasury.reconciliation.models import PostingOffset, WriteOff
from treasury.reconciliation.values import Candidate, LineToMatch
from treasury.references import find_references

NOT_RECORDED = (PaymentStatus.REQUESTED, PaymentStatus.CANCELLED)
"""Payments whose money may still arrive: also what was cancelled may be paid all the same."""

_CHUNK = 500
_BRACKETS = re.compile(r"\s*\(([^()]*)\)\s*")


@dataclass(frozen=True, slots=True)
class OpenMoney:
    """Something a bank line may settle, with what people recognise it by.

    It is what no bank line explains yet of an entry on the account (`posting_ids`, one or several that the
    bank shows as one movement), or a payment that was asked for and not recorded (`payment_id`).
    """

    candidate: Candidate
    title: str
    fund: str
    entry_id: int | None = None
    entry_number: int | None = None
    posting_ids: tuple[int, ...] = ()
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


def line_left() -> ColumnElement[int]:
    """What live links leave of a bank line, in minor units."""
    done = (
        select(func.sum(ReconciliationLink.amount_minor))
        .where(ReconciliationLink.line_id == StatementLine.id, ReconciliationLink.undone_at.is_(None))
        .correlate(StatementLine)
        .scalar_subquery()
    )
    return StatementLine.amount_minor - func.coalesce(done, 0)


def open_lines(account: Account, line_ids: Collection[int] | None = None) -> list[LineToMatch]:
    """The bank lines of `account` that neither links nor a draft explain whole, oldest first."""
    left = line_left()
    chosen = (
        select(
            StatementLine.id,
            StatementLine.dated_on,
            left,
            StatementLine.reference,
            StatementLine.name,
            StatementLine.memo,
            StatementLine.counterparty,
        )
        .where(
            StatementLine.account_id == account.id,
            left != 0,
            ~exists().where(LineEntry.line_id == StatementLine.id),
            StatementLine.statement_id.not_in(coming_in()),
        )
        .order_by(StatementLine.dated_on, StatementLine.id)
    )
    if line_ids is not None:
        chosen = chosen.where(StatementLine.id.in_(line_ids))
    return [
        LineToMatch(
            key=line_id,
            dated_on=day,
            amount=Money(int(minor), account.currency),
            reference=reference,
            name=name or memo,  # many banks write everything into one column
            memo=memo if name else "",
            account=counterparty,
        )
        for line_id, day, minor, reference, name, memo, counterparty in db.session.execute(chosen)
    ]


def open_lines_by_account() -> list[tuple[Account, int, int]]:
    """How many lines of each account wait, and the first statement that has some."""
    done = linked(ReconciliationLink.line_id)
    rows = db.session.execute(
        select(Account, func.count(), func.min(StatementLine.statement_id))
        .join(StatementLine, StatementLine.account_id == Account.id)
        .outerjoin(done, done.c.id == StatementLine.id)
        .where(
            StatementLine.amount_minor != func.coalesce(done.c.minor, 0),
            StatementLine.statement_id.not_in(coming_in()),
        )
        .group_by(Account.id)
        .order_by(Account.code, Account.currency)
    )
    return [(account, count, statement_id) for account, count, statement_id in rows]


def posting_left(until: date | None = None) -> ColumnElement[int]:
    """What live links and offsets leave of a posting, in minor units; with `until`, those up to that day."""
    links = select(func.sum(ReconciliationLink.amount_minor)).where(
        ReconciliationLink.posting_id == Posting.id, ReconciliationLink.undone_at.is_(None)
    )
    if until is not None:
        links = links.join(StatementLine, StatementLine.id == ReconciliationLink.line_id).where(
            StatementLine.dated_on <= until
        )
    left: ColumnElement[int] = Posting.amount_minor - _total(links)
    left = left - _total(_offsets(PostingOffset.posting_id, PostingOffset.other_id, until))
    return left + _total(_offsets(PostingOffset.other_id, PostingOffset.posting_id, until))


def _total(chosen: Select[Any]) -> ColumnElement[int]:
    return func.coalesce(chosen.correlate(Posting).scalar_subquery(), 0)


def _offsets(
    mine: InstrumentedAttribute[int], theirs: InstrumentedAttribute[int], until: date | None
) -> Select[Any]:
    chosen = select(func.sum(PostingOffset.amount_minor)).where(
        mine == Posting.id, PostingOffset.undone_at.is_(None)
    )
    if until is not None:
        other, entry = aliased(Posting), aliased(JournalEntry)
        chosen = (
            chosen.join(other, other.id == theirs)
            .join(entry, entry.id == other.entry_id)
            .where(entry.dated_on <= until)
        )
    return chosen


def open_postings(account: Account, entry_ids: Collection[int] | None = None) -> list[OpenMoney]:
    """Posted money on `account` that no bank line explains whole, oldest first; of `entry_ids` if given.

    An entry that leaves the account as it was (one fund gives to another inside the same bank account) never
    shows at the bank, and is left out; so are opening balances and what is being written off.
    """
    if entry_ids is None:
        rows = db.session.execute(open_rows(account)).all()
        return as_money(account, rows, _ours_beside(account, rows))
    found: list[OpenMoney] = []
    for chunk in _chunks(sorted(entry_ids)):
        chosen = open_rows(account).where(Posting.entry_id.in_(chunk))
        found += as_money(account, db.session.execute(chosen).all())
    return found


def nearest_postings(account: Account, amount: Money, day: date, count: int) -> list[OpenMoney]:
    """The open money that goes the same way, nearest in amount, then in time."""
    chosen = (
        open_rows(account)
        .where((Posting.amount_minor > 0) == (amount.minor > 0))
        .order_by(None)
        .order_by(func.abs(Posting.amount_minor - amount.minor), JournalEntry.dated_on.desc(), Posting.id)
        .limit(count)
    )
    found = as_money(account, sorted(db.session.execute(chosen).all(), key=lambda row: row.entry_id))

    def apart(one: OpenMoney) -> tuple[int, int]:
        candidate = one.candidate
        return abs(candidate.amount.minor - amount.minor), abs((candidate.dated_on - day).days)

    return sorted((one for one in found if one.candidate.amount.minor * amount.minor > 0), key=apart)


def open_rows(account: Account, until: date | None = None) -> Any:
    """The postings of `account` that wait for the bank, by date and entry, with what is left of each.

    With `until`, those that waited at the end of that day; what is being written off waited too.
    """
    left = posting_left(until)
    settled = func.coalesce(JournalEntry.reverses_id, JournalEntry.id)
    same, opening, its_account = aliased(Posting), aliased(Posting), aliased(Account)
    moved = (
        select(func.sum(same.amount_minor))
        .where(same.entry_id == Posting.entry_id, same.account_id == Posting.account_id)
        .correlate(Posting)
        .scalar_subquery()
    )
    when = (
        ~exists().where(WriteOff.posting_id == Posting.id)
        if until is None
        else JournalEntry.dated_on <= until
    )
    return (
        select(
            Posting.id,
            Posting.entry_id,
            left.label("left"),
            Posting.memo,
            JournalEntry.dated_on,
            JournalEntry.number,
            JournalEntry.narration,
            JournalEntry.reverses_id,
            Payment.reference,
            Payment.payer_name,
            Payment.payer_id,
            Fund.code.label("fund"),
        )
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Fund, Fund.id == Posting.fund_id)
        .outerjoin(Payment, Payment.entry_id == settled)
        .where(
            Posting.account_id == account.id,
            JournalEntry.status == EntryStatus.POSTED,
            left != 0,
            moved != 0,
            when,
            ~exists().where(
                opening.entry_id == Posting.entry_id,
                its_account.id == opening.account_id,
                its_account.code == chart.OPENING,
            ),
        )
        .order_by(JournalEntry.dated_on, JournalEntry.id, Posting.id)
    )


def _ours_beside(account: Account, rows: Sequence[Row[Any]]) -> dict[int, tuple[str, ...]]:
    """Of entries that nobody pays: the names of our other accounts that they move (a payout of cards)."""
    found: dict[int, list[str]] = defaultdict(list)
    for chunk in _chunks(sorted({row.entry_id for row in rows if row.payer_name is None})):
        beside = db.session.execute(
            select(Posting.entry_id, Account.name)
            .join(Account, Account.id == Posting.account_id)
            .where(
                Posting.entry_id.in_(chunk), Account.kind == AccountKind.ASSET, Account.code != account.code
            )
            .distinct()
            .order_by(Posting.entry_id, Account.name)
        )
        for entry, name in beside:
            found[entry] += [name, *_BRACKETS.findall(name)]  # a bank writes "Stripe" of "Cards (Stripe)"
    return {entry: tuple(names) for entry, names in found.items()}


def as_money(
    account: Account, rows: Iterable[Row[Any]], beside: Mapping[int, tuple[str, ...]] | None = None
) -> list[OpenMoney]:
    """The rows of `open_rows`, those of one entry together; what adds up to nothing is left out.

    `beside` tells by entry other names under which the bank may write it.
    """
    entries = [list(group) for _entry, group in groupby(rows, key=lambda row: row.entry_id)]
    names = _known_names({row.payer_id for group in entries for row in group if row.payer_id})
    found = []
    for group in entries:
        minor, first = sum(int(row.left) for row in group), group[0]
        ids = tuple(row.id for row in group if row.left * minor > 0)
        if not minor:
            continue
        candidate = Candidate(
            key=f"posting:{first.id}" if len(group) == 1 else f"entry:{first.entry_id}",
            dated_on=first.dated_on,
            amount=Money(minor, account.currency),
            reference=first.reference or first.memo,  # of a slip, a payout
            names=_names(first.payer_name, names.get(first.payer_id, ()), first.narration)
            + (beside or {}).get(first.entry_id, ()),
            kind="posting",
        )
        funds = ", ".join(dict.fromkeys(row.fund for row in group))
        title = first.payer_name or first.narration
        found.append(OpenMoney(candidate, title, funds, first.entry_id, first.number, ids))
    return found


def by_keys(account: Account, keys: Collection[str]) -> dict[str, OpenMoney]:
    """Of the open money named by `keys`, what is open still, as it stands now."""
    numbers: dict[str, set[int]] = defaultdict(set)
    for key in keys:
        kind, _colon, number = key.partition(":")
        numbers[kind].add(int(number))
    entries = set(numbers["entry"])
    for chunk in _chunks(sorted(numbers["posting"])):
        entries |= set(db.session.scalars(select(Posting.entry_id).where(Posting.id.in_(chunk))))
    found = {str(one.candidate.key): one for one in open_postings(account, entries)} if entries else {}
    for chunk in _chunks(sorted(numbers["payment"])):
        for payment in db.session.scalars(_asked_for(account).where(Payment.id.in_(chunk))):
            found[f"payment:{payment.id}"] = as_open_money(payment)
    return found


def _chunks(values: Sequence[Any]) -> Iterable[tuple[Any, ...]]:
    """Few enough at a time for one question to the database."""
    return (tuple(values[at : at + _CHUNK]) for at in range(0, len(values), _CHUNK))


def _names(payer: str | None, known: Sequence[str], narration: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(name for name in (payer or "", *known) if name)) or (narration,)
    return tuple(dict.fromkeys(one for name in names for one in (name, *_in_short(name)) if one))


def _in_short(name: str) -> tuple[str, ...]:
    """A name with something between brackets is written without it: "Volet Rives (type MRI)"."""
    bare = _BRACKETS.sub(" ", name).strip()
    return (bare,) if bare != name else ()


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
    """Payments not recorded that the lines may be: asked for in one of their amounts, or quoted by reference
    (then also if cancelled since).
    """
    arriving = [line for line in lines if line.amount.minor > 0]
    quoted = {one for line in arriving for one in find_references(line.text)}
    found: dict[int, Payment] = {}
    for chunk in _chunks(sorted(quoted)):
        for payment in db.session.scalars(_asked_for(account).where(Payment.reference.in_(chunk))):
            found[payment.id] = payment
    for chunk in _chunks(sorted({line.amount.minor for line in arriving})):
        chosen = _asked_for(account).where(
            Payment.amount_minor.in_(chunk), Payment.status == PaymentStatus.REQUESTED
        )
        for payment in db.session.scalars(chosen):
            found[payment.id] = payment
    return [as_open_money(payment) for _id, payment in sorted(found.items())]


def _asked_for(account: Account) -> Select[Payment]:
    return (
        select(Payment)
        .where(Payment.status.in_(NOT_RECORDED), Payment.currency == account.currency)
        .options(joinedload(Payment.fund))
    )


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
