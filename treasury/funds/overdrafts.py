"""What a fund can still spend, and the leave to go below it: the database refuses, this says it in words.

A fund's balance in a currency is its share of what can be paid out (bank, cash, card…) less what it owes;
available is the balance less commitments. Advances are not in it: they are with people.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from access.models import User
from shared import audit
from shared.audit import Actor, System
from shared.clock import now, today
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.attention import settle_attention
from treasury.desk.models import CashSession
from treasury.funds.models import FundBalance, Overdraft
from treasury.models import AccountKind, Attention, Fund, JournalEntry, LineEntry

HAPPENED = _l("It has happened: %(what)s")
"""Why a fact of the past was let below zero."""


class FundOverdrawn(DomainError):
    """The entry takes more than the fund has available."""

    code = "fund_overdrawn"
    message = _l(
        "The fund %(fund)s has %(available)s available, and this takes %(taken)s. "
        "Take less, or have an overdraft allowed with a reason."
    )


class BadOverdraft(DomainError):
    """An overdraft has a positive limit, an end that is not before its start, and a reason."""

    code = "bad_overdraft"
    status = 422
    message = _l("Say how far below zero, from when until when, and why.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AllowOverdraft:
    """Let a fund go `limit` (positive) below zero for entries dated in the window, for a reason."""

    fund_id: int
    limit: Money
    starts_on: date
    ends_on: date
    reason: str


def allow(command: AllowOverdraft, *, by: Actor) -> Overdraft:
    """Allow an overdraft. Raises `BadOverdraft`."""
    reason = command.reason.strip()
    if command.limit.minor <= 0 or command.ends_on < command.starts_on or not reason:
        raise BadOverdraft
    overdraft = _write(command, reason, by=by)
    db.session.flush()
    _settle(command.fund_id, command.limit.currency, reason, by=by)
    return overdraft


def withdraw(overdraft: Overdraft, *, by: User) -> Overdraft:
    """Allow it no longer; what was posted under it stays. Raises `Conflict` when it was withdrawn already."""
    hold(overdraft)
    if overdraft.withdrawn_at is not None:
        raise Conflict
    overdraft.withdrawn_at, overdraft.withdrawn_by_id = now(), by.id
    audit.record("overdraft.withdraw", overdraft, by=by)
    return overdraft


def cover(entry: JournalEntry) -> None:
    """Before `entry` is posted: see that no fund is overdrawn by it. Raises `FundOverdrawn`.

    What has happened already (the machine's own entries, reversals, what the bank shows, what a count of a
    cash box finds missing) is recorded even so: it gets an overdraft of its own and a place on the attention
    list.
    """
    for (fund_id, currency), taken in takes(entry).items():
        short = taken - available(fund_id, currency, on=entry.dated_on)
        if short.minor <= 0:
            continue
        fund = db.session.get_one(Fund, fund_id)
        if not _is_fact(entry):
            left = available(fund_id, currency)
            raise FundOverdrawn(fund=fund.code, available=left, taken=taken)
        beneath = taken - available(fund_id, currency)
        command = AllowOverdraft(
            fund_id=fund_id,
            limit=beneath,
            starts_on=entry.dated_on,
            ends_on=entry.dated_on,
            reason=str(HAPPENED) % {"what": entry.narration},
        )
        _write(command, command.reason, entry_id=entry.id, by=System())
        key = f"fund_overdrawn:{entry.id}:{fund_id}:{currency}"
        db.session.add(Attention(kind="fund_overdrawn", key=key, details=f"{fund.code} – {-beneath}"))
    db.session.flush()


def settle_covered(entry: JournalEntry, *, by: Actor) -> None:
    """After `entry` is posted: a fund that it brought out of the red is off the attention list."""
    for (fund_id, currency), sum_taken in _moved(entry).items():
        if sum_taken.minor < 0:
            _settle(fund_id, currency, entry.narration, by=by)


def _settle(fund_id: int, currency: str, how: str, *, by: Actor) -> None:
    asked = db.session.scalars(
        select(Attention.id).where(
            Attention.kind == "fund_overdrawn",
            Attention.key.endswith(f":{fund_id}:{currency}"),
            Attention.resolved_at.is_(None),
        )
    ).all()
    if asked and available(fund_id, currency, on=today()).minor >= 0:
        for attention_id in asked:
            settle_attention(attention_id, how, by=by)


def available(fund_id: int, currency: str, *, on: date | None = None) -> Money:
    """Balance less commitments; with `on`, the overdraft in force that day is added. Locks the figure."""
    row = db.session.scalar(
        select(FundBalance)
        .where(FundBalance.fund_id == fund_id, FundBalance.currency == currency)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    left = row.minor - row.committed_minor if row else 0
    return Money(left + (limit(fund_id, currency, on).minor if on else 0), currency)


def limit(fund_id: int, currency: str, on: date) -> Money:
    """How far below zero the fund may go for an entry of that day."""
    found = db.session.scalar(
        select(Overdraft.limit_minor)
        .where(
            Overdraft.fund_id == fund_id,
            Overdraft.currency == currency,
            Overdraft.entry_id.is_(None),
            Overdraft.withdrawn_at.is_(None),
            Overdraft.starts_on <= on,
            Overdraft.ends_on >= on,
        )
        .order_by(Overdraft.limit_minor.desc())
        .limit(1)
    )
    return Money(found or 0, currency)


def takes(entry: JournalEntry) -> dict[tuple[int, str], Money]:
    """What `entry` takes from each fund's balance, positive; what it adds is left out."""
    return {key: taken for key, taken in _moved(entry).items() if taken.minor > 0}


def _moved(entry: JournalEntry) -> dict[tuple[int, str], Money]:
    """What `entry` takes from each fund's balance (positive) or adds to it (negative)."""
    sums: dict[tuple[int, str], int] = {}
    for one in sorted(entry.postings, key=lambda one: (one.fund_id, one.currency)):
        account = one.account
        if (account.kind is AccountKind.ASSET and account.spendable) or account.kind is AccountKind.LIABILITY:
            key = one.fund_id, one.currency
            sums[key] = sums.get(key, 0) - one.amount_minor
    return {key: Money(minor, key[1]) for key, minor in sums.items()}


def _is_fact(entry: JournalEntry) -> bool:
    from_bank = select(LineEntry.line_id).where(LineEntry.entry_id == entry.id)
    counted = select(CashSession.id).where(CashSession.entry_id == entry.id)
    return (
        entry.author_id is None
        or entry.reverses_id is not None
        or db.session.scalar(from_bank) is not None
        or db.session.scalar(counted) is not None
    )


def _write(command: AllowOverdraft, reason: str, *, by: Actor, entry_id: int | None = None) -> Overdraft:
    overdraft = Overdraft(
        fund_id=command.fund_id,
        currency=command.limit.currency,
        limit_minor=command.limit.minor,
        reason=reason,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        entry_id=entry_id,
        allowed_by_id=by.id if isinstance(by, User) else None,
    )
    db.session.add(overdraft)
    audit.record("overdraft.allow", overdraft, by=by, reason=reason, limit=str(command.limit))
    return overdraft
