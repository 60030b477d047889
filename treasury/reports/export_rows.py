"""The posted journal as values, for every format that other programs read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import selectinload

from shared.database import db
from shared.money import Money
from treasury.funds.models import LegalEntity
from treasury.models import Account, AccountKind, EntryStatus, Fund, JournalEntry, Posting


@dataclass(frozen=True, slots=True)
class Span:
    """Which entries: of one calendar year, of funds kept by one legal entity, or all."""

    year: int | None = None
    entity: LegalEntity | None = None


@dataclass(frozen=True, slots=True)
class Key:
    """An account within a fund: what other programs keep as one account."""

    code: str
    name: str
    kind: AccountKind
    fund: str
    fund_id: int


@dataclass(frozen=True, slots=True)
class Line:
    """A posting: debit positive."""

    key: Key
    amount: Money
    memo: str


@dataclass(frozen=True, slots=True)
class Booked:
    """A posted entry with its lines, in the order of posting."""

    number: int
    dated_on: date
    posted_on: date
    narration: str
    source: str
    hash: str
    lines: Sequence[Line]


@dataclass(frozen=True, slots=True)
class Standing:
    """What stands on an account within a fund in one currency."""

    key: Key
    balance: Money
    first: date


def booked(span: Span) -> Iterator[Booked]:
    """The posted entries in the order of posting, a few hundred in memory at a time."""
    chosen = (
        select(JournalEntry)
        .where(JournalEntry.status == EntryStatus.POSTED)
        .order_by(JournalEntry.number)
        .options(
            selectinload(JournalEntry.postings).joinedload(Posting.account),
            selectinload(JournalEntry.postings).joinedload(Posting.fund),
        )
        .execution_options(yield_per=500)
    )
    if span.year:
        chosen = chosen.where(_within(span.year))
    if span.entity:
        chosen = chosen.where(JournalEntry.postings.any(Posting.fund.has(_kept_by(span.entity))))
    for entry in db.session.scalars(chosen):
        assert entry.number is not None and entry.posted_at is not None and entry.hash is not None
        yield Booked(
            entry.number,
            entry.dated_on,
            entry.posted_at.date(),
            " ".join(entry.narration.split()),
            entry.source,
            entry.hash,
            [
                Line(_key(one.account, one.fund), one.amount, " ".join(one.memo.split()))
                for one in entry.postings
                if span.entity is None or _is_kept(one.fund, span.entity)
            ],
        )


def standings(span: Span) -> list[Standing]:
    """What the entries of a year (or all) leave on each account within each fund, by code and currency."""
    total = func.sum(Posting.amount_minor)
    chosen = (
        select(Account, Fund, total, func.min(JournalEntry.dated_on))
        .join(Posting, Posting.account_id == Account.id)
        .join(Fund, Fund.id == Posting.fund_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.status == EntryStatus.POSTED)
        .group_by(Account.id, Fund.id)
        .order_by(Account.code, Fund.code, Account.currency)
    )
    if span.year:
        chosen = chosen.where(_within(span.year))
    return [
        Standing(_key(account, fund), Money(int(minor), account.currency), first)
        for account, fund, minor, first in db.session.execute(chosen)
    ]


def before(day: date, entity: LegalEntity) -> list[Standing]:
    """What stood on each account within each fund of an entity before a day."""
    total = func.sum(Posting.amount_minor)
    rows = db.session.execute(
        select(Account, Fund, total, func.min(JournalEntry.dated_on))
        .join(Posting, Posting.account_id == Account.id)
        .join(Fund, Fund.id == Posting.fund_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.status == EntryStatus.POSTED, JournalEntry.dated_on < day, _kept_by(entity))
        .group_by(Account.id, Fund.id)
        .having(total != 0)
        .order_by(Account.code, Fund.code, Account.currency)
    )
    return [
        Standing(_key(account, fund), Money(int(minor), account.currency), first)
        for account, fund, minor, first in rows
    ]


def _within(year: int) -> ColumnElement[bool]:
    return JournalEntry.dated_on.between(date(year, 1, 1), date(year, 12, 31))


def _kept_by(entity: LegalEntity) -> ColumnElement[bool]:
    """The funds that an entity keeps: its own, and for the default one those that name nobody."""
    mine = Fund.entity_id == entity.id
    return or_(mine, Fund.entity_id.is_(None)) if entity.is_default else mine


def _is_kept(fund: Fund, entity: LegalEntity) -> bool:
    return fund.entity_id == entity.id or (entity.is_default and fund.entity_id is None)


def _key(account: Account, fund: Fund) -> Key:
    return Key(account.code, account.name, account.kind, fund.code, fund.id)
