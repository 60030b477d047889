"""What the postings say. Nothing shown as paid, saved or left comes from anywhere else."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Row, and_, func, or_, select

from shared.database import db
from shared.money import Money
from treasury.balance_models import PostedBalance
from treasury.models import Account, AccountKind, EntryStatus, Fund, FundKind, JournalEntry, Posting

_POSTED = JournalEntry.status == EntryStatus.POSTED
AT_HAND = and_(Account.kind == AccountKind.ASSET, Account.spendable)
"""What can be paid out as it is: bank, card, cash…; no advances."""
SPENDABLE = or_(AT_HAND, Account.kind == AccountKind.LIABILITY)
"""What makes a fund's balance: its share of what can be paid out, less what it owes."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money that came to a fund on a book date; negative when it was taken back (a returned cheque)."""

    on: date
    amount: Money
    narration: str
    entry_number: int
    reversal: bool
    entry_id: int


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """One account of the trial balance: positive is debit."""

    code: str
    name: str
    kind: AccountKind
    balance: Money


@dataclass(frozen=True, slots=True)
class FundRow:
    """What a fund can spend in one currency, commitments not yet taken off."""

    fund: Fund
    balance: Money


def moved(entry: JournalEntry) -> list[Money]:
    """How much an entry moves, one positive amount a currency.

    It is what came to or left our accounts; where they stay as they were (a transfer between funds, money
    changed), what changed sides inside the fund that changed most.
    """
    net: dict[str, int] = defaultdict(int)
    sides: dict[tuple[str, int], int] = defaultdict(int)
    for one in entry.postings:
        net[one.currency] += one.amount_minor if one.account.kind is AccountKind.ASSET else 0
        sides[one.currency, one.fund_id] += max(one.amount_minor, 0)
    within = {
        currency: max(minor for (code, _fund), minor in sides.items() if code == currency) for currency in net
    }
    return [Money(abs(minor) or within[currency], currency) for currency, minor in sorted(net.items())]


def fund_balance(fund_id: int, currency: str) -> Money:
    """What the fund can spend: its share of what is at hand, less what it owes."""
    return fund_balances([fund_id], currency).get(fund_id, Money.zero(currency))


def fund_balances(fund_ids: Sequence[int], currency: str) -> dict[int, Money]:
    """What each of the funds can spend in `currency`, in one query; a fund without postings is absent."""
    rows = db.session.execute(
        select(PostedBalance.fund_id, func.sum(PostedBalance.minor))
        .join(Account, Account.id == PostedBalance.account_id)
        .where(PostedBalance.fund_id.in_(fund_ids), Account.currency == currency, SPENDABLE)
        .group_by(PostedBalance.fund_id)
    )
    return {fund_id: Money(int(minor), currency) for fund_id, minor in rows}


def receipts(fund_ids: Sequence[int], code: str, currency: str) -> dict[int, list[Receipt]]:
    """For each fund, what was posted to the income account `code`, oldest first, positive when received."""
    rows = db.session.execute(
        select(
            Posting.fund_id,
            JournalEntry.dated_on,
            Posting.amount_minor,
            JournalEntry.narration,
            JournalEntry.number,
            JournalEntry.reverses_id,
            JournalEntry.id,
        )
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.fund_id.in_(fund_ids), Account.code == code, Posting.currency == currency, _POSTED)
        .order_by(JournalEntry.dated_on, JournalEntry.number)
    )
    found: dict[int, list[Receipt]] = {fund_id: [] for fund_id in fund_ids}
    for fund_id, on, minor, narration, number, reverses, entry_id in rows:
        amount = Money(-minor, currency)
        found[fund_id].append(Receipt(on, amount, narration, number or 0, reverses is not None, entry_id))
    return found


def income(fund_id: int, until: date) -> list[Money]:
    """What came to a fund as income up to a day, one positive amount a currency."""
    rows = db.session.execute(
        select(Posting.currency, -func.sum(Posting.amount_minor))
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .where(
            _POSTED,
            Posting.fund_id == fund_id,
            Account.kind == AccountKind.INCOME,
            JournalEntry.dated_on <= until,
        )
        .group_by(Posting.currency)
        .order_by(Posting.currency)
    )
    return [Money(int(minor), currency) for currency, minor in rows]


def received(fund_ids: Sequence[int], code: str, currency: str) -> dict[int, Money]:
    """For each fund, the total of `receipts`, as the database counts it; a fund without any is absent."""
    rows = db.session.execute(
        select(PostedBalance.fund_id, PostedBalance.minor)
        .join(Account, Account.id == PostedBalance.account_id)
        .where(PostedBalance.fund_id.in_(fund_ids), Account.code == code, Account.currency == currency)
    )
    return {fund_id: Money(-minor, currency) for fund_id, minor in rows}


def only_pool() -> int | None:
    """The pooled fund, where there is exactly one."""
    found = db.session.scalars(select(Fund.id).where(Fund.kind == FundKind.POOL).limit(2)).all()
    return found[0] if len(found) == 1 else None


def trial_balance() -> list[BalanceRow]:
    """Every account with postings, by code and currency. Each currency's column adds up to zero."""
    rows = db.session.execute(
        select(Account.code, Account.name, Account.kind, Account.currency, func.sum(PostedBalance.minor))
        .join(PostedBalance, PostedBalance.account_id == Account.id)
        .group_by(Account.id, Account.code, Account.name, Account.kind, Account.currency)
        .order_by(Account.currency, Account.code)
    )
    return [
        BalanceRow(code, name, kind, Money(int(minor), currency))
        for code, name, kind, currency, minor in rows
    ]


def cash_by_currency() -> list[Money]:
    """What is at hand (bank, card, cash…), one amount a currency; never added across currencies."""
    rows = db.session.execute(
        select(Account.currency, func.sum(PostedBalance.minor))
        .join(PostedBalance, PostedBalance.account_id == Account.id)
        .where(AT_HAND)
        .group_by(Account.currency)
        .order_by(Account.currency)
    )
    return [Money(int(minor), currency) for currency, minor in rows]


def funds() -> list[FundRow]:
    """Every fund and currency that has ever held something, by code."""
    rows = db.session.execute(
        select(Fund, Account.currency, func.sum(PostedBalance.minor))
        .join(PostedBalance, PostedBalance.fund_id == Fund.id)
        .join(Account, Account.id == PostedBalance.account_id)
        .where(SPENDABLE)
        .group_by(Fund.id, Account.currency)
        .order_by(Fund.code, Account.currency)
    )
    return [FundRow(fund, Money(int(minor), currency)) for fund, currency, minor in rows]


def held() -> Sequence[Row[int, FundKind, str, int]]:
    """The same as bare numbers: a fund's id and kind, a currency, minor units."""
    return db.session.execute(
        select(Fund.id, Fund.kind, Account.currency, func.sum(PostedBalance.minor))
        .join(PostedBalance, PostedBalance.fund_id == Fund.id)
        .join(Account, Account.id == PostedBalance.account_id)
        .where(SPENDABLE)
        .group_by(Fund.id, Account.currency)
        .order_by(Fund.code, Account.currency)
    ).all()
