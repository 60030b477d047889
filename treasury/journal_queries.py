"""From each figure to the postings that make it, and from an entry to all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased, joinedload, selectinload

from access.models import User
from shared.database import db
from shared.errors import NotFound
from shared.money import Money
from treasury.models import (
    Account,
    EntryStatus,
    ExchangeRate,
    Fund,
    JournalEntry,
    Payment,
    PaymentStatus,
    Posting,
    ReconciliationLink,
    StatementLine,
)
from treasury.queries import AT_HAND, SPENDABLE
from treasury.references import compact_reference, is_valid, show_reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which postings: of a fund, on an account, in a currency; all that are named.

    `counted` takes those at hand (bank, card, cash…) or those that make a fund's balance.
    """

    fund_id: int | None = None
    code: str = ""
    currency: str = ""
    counted: Literal["", "at_hand", "balance"] = ""


@dataclass(frozen=True, slots=True)
class Share:
    """What stands on one account in one fund."""

    account: Account
    fund: Fund
    balance: Money


@dataclass(frozen=True, slots=True)
class Trail:
    """All that is known of an entry: who, from what, undone by what, seen at the bank where."""

    entry: JournalEntry
    author: str
    approver: str
    payment: Payment | None
    reverses: JournalEntry | None
    reversed_by: JournalEntry | None
    links: Sequence[ReconciliationLink]
    rates: Sequence[ExchangeRate]


def postings(which: Which) -> Select[Posting]:
    """The posted postings, newest first, each with its entry, account and fund."""
    chosen: Select[Posting] = (
        _which(select(Posting), which)
        .order_by(JournalEntry.dated_on.desc(), Posting.id.desc())
        .options(joinedload(Posting.entry), joinedload(Posting.account), joinedload(Posting.fund))
    )
    return chosen


def totals(which: Which) -> list[Money]:
    """What those postings add up to, one amount a currency."""
    rows = db.session.execute(
        _which(select(Posting.currency, func.sum(Posting.amount_minor)), which)
        .group_by(Posting.currency)
        .order_by(Posting.currency)
    )
    return [Money(int(minor), currency) for currency, minor in rows]


def shares(which: Which) -> list[Share]:
    """What those postings add up to by account and fund; what adds up to nothing is left out."""
    total = func.sum(Posting.amount_minor)
    rows = db.session.execute(
        _which(select(Account, Fund, total), which)
        .join(Fund, Fund.id == Posting.fund_id)
        .group_by(Account.id, Fund.id)
        .having(total != 0)
        .order_by(Account.currency, Account.code, Fund.code)
    )
    return [Share(account, fund, Money(int(minor), account.currency)) for account, fund, minor in rows]


def _which(chosen: Any, which: Which) -> Any:
    chosen = (
        chosen.join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(JournalEntry.status == EntryStatus.POSTED)
    )
    if which.fund_id is not None:
        chosen = chosen.where(Posting.fund_id == which.fund_id)
    if which.code:
        chosen = chosen.where(Account.code == which.code)
    if which.currency:
        chosen = chosen.where(Posting.currency == which.currency)
    if which.counted:
        chosen = chosen.where(AT_HAND if which.counted == "at_hand" else SPENDABLE)
    return chosen


def entries(text: str = "") -> Select[JournalEntry]:
    """The posted entries, the last first; with `text`, those whose words or number hold it."""
    chosen = (
        select(JournalEntry)
        .where(JournalEntry.status == EntryStatus.POSTED)
        .order_by(JournalEntry.number.desc())
        .options(
            selectinload(JournalEntry.postings).joinedload(Posting.account),
            selectinload(JournalEntry.postings).joinedload(Posting.fund),
        )
    )
    if text:
        narration = JournalEntry.narration.icontains(text, autoescape=True)
        number = (
            JournalEntry.number == int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None
        )
        chosen = chosen.where(narration if number is None else or_(narration, number))
    return chosen


def fund(code: str) -> Fund:
    """The fund of this code. Raises `NotFound`."""
    found = db.session.scalar(select(Fund).where(Fund.code == code))
    if found is None:
        raise NotFound
    return found


def account(code: str, currency: str) -> Account:
    """The account of this code, in `currency` or else in the first it is kept in. Raises `NotFound`."""
    chosen = select(Account).where(Account.code == code).order_by(Account.currency)
    found = db.session.scalars(chosen.where(Account.currency == currency) if currency else chosen).first()
    if found is None:
        raise NotFound
    return found


def currencies_of(code: str) -> list[str]:
    """The currencies in which the account of this code is kept."""
    return list(
        db.session.scalars(select(Account.currency).where(Account.code == code).order_by(Account.currency))
    )


def entry(entry_id: int) -> JournalEntry:
    """An entry with its postings. Raises `NotFound`."""
    found = db.session.scalar(
        select(JournalEntry)
        .where(JournalEntry.id == entry_id)
        .options(
            selectinload(JournalEntry.postings).joinedload(Posting.account),
            selectinload(JournalEntry.postings).joinedload(Posting.fund),
        )
    )
    if found is None:
        raise NotFound
    return found


def trail(entry_id: int) -> Trail:
    """An entry with all that leads to it and from it. Raises `NotFound`."""
    found = entry(entry_id)
    author, approver = aliased(User), aliased(User)
    names = db.session.execute(
        select(author.name, approver.name)
        .select_from(JournalEntry)
        .outerjoin(author, author.id == JournalEntry.author_id)
        .outerjoin(approver, approver.id == JournalEntry.approver_id)
        .where(JournalEntry.id == found.id)
    ).one()
    rates = {one.rate_id for one in found.postings if one.rate_id}
    return Trail(
        found,
        names[0] or "",
        names[1] or "",
        db.session.scalar(select(Payment).where(Payment.entry_id.in_((found.id, found.reverses_id)))),
        db.session.get(JournalEntry, found.reverses_id) if found.reverses_id else None,
        db.session.scalar(select(JournalEntry).where(JournalEntry.reverses_id == found.id)),
        _links([one.id for one in found.postings]),
        db.session.scalars(select(ExchangeRate).where(ExchangeRate.id.in_(rates))).all() if rates else (),
    )


def _links(posting_ids: Sequence[int]) -> Sequence[ReconciliationLink]:
    return db.session.scalars(
        select(ReconciliationLink)
        .where(ReconciliationLink.posting_id.in_(posting_ids))
        .order_by(ReconciliationLink.id)
        .options(joinedload(ReconciliationLink.line))
    ).all()


def payments(text: str = "", status: PaymentStatus | None = None) -> Select[Payment]:
    """Payments by reference, payer or what they are for, the latest first."""
    chosen = select(Payment).order_by(Payment.id.desc()).options(joinedload(Payment.fund))
    if status is not None:
        chosen = chosen.where(Payment.status == status)
    if is_valid(text):
        return chosen.where(Payment.reference == show_reference(compact_reference(text)))
    if text:
        columns = (Payment.reference, Payment.payer_name, Payment.payer_email, Payment.description)
        chosen = chosen.where(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    return chosen


def payment(reference: str) -> Payment:
    """The payment of this reference, however it is typed. Raises `NotFound`."""
    found = db.session.scalar(
        select(Payment)
        .where(Payment.reference == show_reference(compact_reference(reference)))
        .options(joinedload(Payment.fund))
    )
    if found is None:
        raise NotFound
    return found


def entries_of(found: Payment) -> Sequence[JournalEntry]:
    """Every posted entry that came of a payment by itself: charges, fees, refunds, disputes; oldest first."""
    return db.session.scalars(
        select(JournalEntry)
        .where(JournalEntry.source == f"payment:{found.id}", JournalEntry.status == EntryStatus.POSTED)
        .order_by(JournalEntry.number)
        .options(selectinload(JournalEntry.postings).joinedload(Posting.account))
    ).all()


def live_links(line_ids: Sequence[int]) -> dict[int, list[ReconciliationLink]]:
    """The links that hold of each bank line, with posting, entry and fund."""
    found: dict[int, list[ReconciliationLink]] = {}
    rows = db.session.scalars(
        select(ReconciliationLink)
        .where(ReconciliationLink.line_id.in_(line_ids), ReconciliationLink.undone_at.is_(None))
        .order_by(ReconciliationLink.id)
        .options(
            joinedload(ReconciliationLink.posting).joinedload(Posting.entry),
            joinedload(ReconciliationLink.posting).joinedload(Posting.fund),
        )
    )
    for one in rows:
        found.setdefault(one.line_id, []).append(one)
    return found


def line(line_id: int) -> StatementLine:
    """A bank line with its statement and account. Raises `NotFound`."""
    found = db.session.get(StatementLine, line_id)
    if found is None:
        raise NotFound
    return found
