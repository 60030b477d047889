"""From each figure to the postings that make it, and from an entry to all that is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import Select, case, exists, func, or_, select
from sqlalchemy.orm import joinedload, selectinload

from shared.database import db
from shared.errors import NotFound
from shared.money import Money
from treasury.balance_models import PostedBalance
from treasury.models import (
    Account,
    Fund,
    JournalEntry,
    LedgerHead,
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


class PostingPages(Pagination):
    """The posted postings, newest first, each with its entry, account and fund: `which`, `page`, `per_page`.

    How many there are is counted by the database; which of them a page holds is read from an index alone.
    """

    def _query_items(self) -> list[Any]:
        keys = (
            select(Posting.id)
            .where(Posting.posted_on.is_not(None), *_of(self._query_args["which"]))
            .order_by(Posting.posted_on.desc(), Posting.id.desc())
            .limit(self.per_page)
            .offset(self._query_offset)
        )
        chosen = (
            select(Posting)
            .where(Posting.id.in_(db.session.scalars(keys).all()))
            .order_by(Posting.posted_on.desc(), Posting.id.desc())
            .options(joinedload(Posting.entry), joinedload(Posting.account), joinedload(Posting.fund))
        )
        return list(db.session.scalars(chosen))

    def _query_count(self) -> int:
        return (
            db.session.scalar(_counted(select(func.sum(PostedBalance.postings)), self._query_args["which"]))
            or 0
        )


def totals(which: Which) -> list[Money]:
    """What those postings add up to, one amount a currency."""
    rows = db.session.execute(
        _counted(select(Account.currency, func.sum(PostedBalance.minor)), which)
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    return [Money(int(minor), currency) for currency, minor in rows]


def shares(which: Which) -> list[Share]:
    """What those postings add up to by account and fund; what adds up to nothing is left out."""
    rows = db.session.execute(
        _counted(select(Account, Fund, PostedBalance.minor), which)
        .join(Fund, Fund.id == PostedBalance.fund_id)
        .where(PostedBalance.minor != 0)
        .order_by(Account.currency, Account.code, Fund.code)
    )
    return [Share(account, fund, Money(minor, account.currency)) for account, fund, minor in rows]


def _counted(chosen: Any, which: Which) -> Any:
    """`chosen` from what the database counts of each account and fund."""
    chosen = chosen.select_from(PostedBalance).join(Account, Account.id == PostedBalance.account_id)
    if which.fund_id is not None:
        chosen = chosen.where(PostedBalance.fund_id == which.fund_id)
    return chosen.where(*_on(which))


def _on(which: Which) -> list[Any]:
    """The accounts that are meant."""
    chosen: list[Any] = []
    if which.code:
        chosen.append(Account.code == which.code)
    if which.currency:
        chosen.append(Account.currency == which.currency)
    if which.counted:
        chosen.append(AT_HAND if which.counted == "at_hand" else SPENDABLE)
    return chosen


def _of(which: Which) -> list[Any]:
    """The postings that are meant."""
    chosen: list[Any] = [] if which.fund_id is None else [Posting.fund_id == which.fund_id]
    if accounts := _on(which):
        ids = db.session.scalars(select(Account.id).where(*accounts)).all()
        chosen.append(Posting.account_id.in_(ids))
    return chosen


def entries() -> Select[JournalEntry]:
    """The posted entries, the last first."""
    return (
        select(JournalEntry)
        .where(JournalEntry.number.is_not(None))
        .order_by(JournalEntry.number.desc())
        .options(
            selectinload(JournalEntry.postings).joinedload(Posting.account),
            selectinload(JournalEntry.postings).joinedload(Posting.fund),
        )
    )


def found(text: str) -> Select[JournalEntry]:
    """The posted entries whose words or number hold `text`, the last first."""
    narration = JournalEntry.narration.icontains(text, autoescape=True)
    number = (
        JournalEntry.number == int(text) if text.isascii() and text.isdigit() and len(text) < 15 else None
    )
    return entries().where(narration if number is None else or_(narration, number))


class JournalPages(Pagination):
    """The whole journal, the last first: numbers have no gap, so that a page is a span of them."""

    def _query_items(self) -> list[Any]:
        last = self._query_count() - self._query_offset
        span = JournalEntry.number.between(last - self.per_page + 1, last)
        return list(db.session.scalars(entries().where(span)))

    def _query_count(self) -> int:
        return db.session.scalar(select(LedgerHead.number)) or 0


def fund(code: str) -> Fund:
    """The fund of this code. Raises `NotFound`."""
    found = db.session.scalar(select(Fund).where(Fund.code == code))
    if found is None:
        raise NotFound
    return found


def account(code: str, currency: str) -> Account:
    """The account of this code, in `currency`, else in the first in which something stands, else in any.

    Raises `NotFound`.
    """
    stands = select(func.count()).where(PostedBalance.account_id == Account.id, PostedBalance.minor != 0)
    empty = case((stands.scalar_subquery() == 0, 1), else_=0)
    chosen = select(Account).where(Account.code == code).order_by(empty, Account.currency)
    found = db.session.scalars(chosen.where(Account.currency == currency) if currency else chosen).first()
    if found is None:
        raise NotFound
    return found


def currencies_of(code: str) -> list[str]:
    """The currencies in which something was posted on the account of this code."""
    used = exists().where(PostedBalance.account_id == Account.id)
    chosen = select(Account.currency).where(Account.code == code, used)
    return list(db.session.scalars(chosen.order_by(Account.currency)))


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
