"""The journal: drafts are written, posted once by a second person or the machine, reversed, never edited.

What a posted entry must satisfy is decided by the database (migrations/versions/*_guards.py); the checks
here only say it earlier and in words.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from access.models import User
from shared import audit
from shared.audit import Actor, System
from shared.clock import now
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.books import seals
from treasury.funds import funds, overdrafts
from treasury.models import Account, EntryStatus, Fund, JournalEntry, LedgerHead, Period, Posting


class Unbalanced(DomainError):
    """The postings do not add up to zero in each fund and currency."""

    code = "unbalanced"
    status = 422
    message = _l("In the fund %(fund)s the two sides differ by %(difference)s.")


class SamePerson(DomainError):
    """Who recorded an entry cannot be the one who approves it."""

    code = "same_person"
    status = 403
    message = _l("Somebody else must approve what you recorded.")


class AlreadyPosted(DomainError):
    """The entry is posted: it can be reversed, never changed."""

    code = "already_posted"
    message = _l("This entry is already posted. Reverse it to correct it.")


class AlreadyReversed(DomainError):
    """An entry is reversed once."""

    code = "already_reversed"
    message = _l("This entry was already reversed.")


class PeriodClosed(DomainError):
    """Nothing is posted into a closed period."""

    code = "period_closed"
    message = _l("The books are closed until %(until)s. Choose a later date.")


@dataclass(frozen=True, slots=True)
class Leg:
    """One posting to be: account code, fund, signed amount (debit positive), budget category, memo."""

    account: str
    fund_id: int
    amount: Money
    category: str = ""
    memo: str = ""
    rate_id: int | None = None


def account(code: str, currency: str) -> Account:
    """The account `code` in `currency`, opened on first use beside its sibling in another currency.

    Raises `LookupError` when the chart has no such code at all.
    """
    found = db.session.scalar(select(Account).where(Account.code == code, Account.currency == currency))
    if found is None:
        sibling = db.session.scalars(select(Account).where(Account.code == code).limit(1)).one_or_none()
        if sibling is None:
            raise LookupError(f"the chart of accounts has no {code}")
        found = Account(
            code=code,
            name=sibling.name,
            kind=sibling.kind,
            currency=currency,
            spendable=sibling.spendable,
        )
        db.session.add(found)
        db.session.flush()
    return found


def draft(
    dated_on: date,
    narration: str,
    legs: Sequence[Leg],
    *,
    by: Actor,
    source: str = "manual",
    idempotency_key: str | None = None,
) -> JournalEntry:
    """Write a draft entry. Raises `Unbalanced` when a fund and currency does not add up to zero."""
    sums: dict[tuple[int, str], int] = defaultdict(int)
    for leg in legs:
        sums[leg.fund_id, leg.amount.currency] += leg.amount.minor
    for (fund, currency), minor in sums.items():
        if minor:
            raise Unbalanced(difference=abs(Money(minor, currency)), fund=db.session.get_one(Fund, fund).code)
    entry = JournalEntry(
        dated_on=dated_on,
        narration=narration,
        source=source,
        idempotency_key=idempotency_key,
        author_id=by.id if isinstance(by, User) else None,
    )
    for leg in legs:
        entry.postings.append(
            Posting(
                account_id=account(leg.account, leg.amount.currency).id,
                fund_id=leg.fund_id,
                amount=leg.amount,
                category=leg.category,
                memo=leg.memo,
                rate_id=leg.rate_id,
            )
        )
    db.session.add(entry)
    db.session.flush()
    return entry


def see_open(day: date) -> None:
    """See that an entry dated `day` can be posted. Raises `PeriodClosed`."""
    closed = db.session.scalar(
        select(Period.ends_on).where(Period.starts_on <= day, Period.ends_on >= day, Period.status != "open")
    )
    if closed:
        raise PeriodClosed(field="dated_on", until=closed)


def post(entry: JournalEntry, *, by: Actor, approved_by: User | None = None) -> JournalEntry:
    """Post a draft: number it, chain its hash, freeze it. A person who posts approves it.

    What it follows from may have been approved before: `approved_by` is then who did, and not its author.
    Raises `SamePerson`, `AlreadyPosted`, `PeriodClosed`, `FundOverdrawn`, `OutsideWindow`.
    """
    head = db.session.get_one(LedgerHead, 1, with_for_update=True, populate_existing=True)
    db.session.flush()  # what was changed is read again, not lost
    db.session.refresh(entry)
    if entry.status is EntryStatus.POSTED:
        raise AlreadyPosted
    approver = approved_by or by
    if isinstance(approver, User) and approver.id == entry.author_id:
        raise SamePerson
    see_open(entry.dated_on)
    funds.see_window(entry)
    overdrafts.cover(entry)
    evidence = seals.evidence([entry], [entry.id])
    with db.session.no_autoflush:  # number, hash and status are one step for the database
        entry.approver_id = approver.id if isinstance(approver, User) else None
        entry.number = head.number + 1
        entry.posted_at = now()
        entry.previous_hash = head.hash
        entry.seal = seals.PRESENT
        entry.hash = seals.digest(entry, head.hash, evidence)
        entry.status = EntryStatus.POSTED
    head.number, head.hash = entry.number, entry.hash
    db.session.flush()
    overdrafts.settle_covered(entry, by=by)
    audit.record("entry.post", entry, by=by)
    return entry


def post_now(
    dated_on: date, narration: str, legs: Sequence[Leg], *, source: str, idempotency_key: str | None = None
) -> JournalEntry:
    """Draft and post in one step what follows by rule from another fact (`source`); no person decides it."""
    machine = System()
    entry = draft(dated_on, narration, legs, by=machine, source=source, idempotency_key=idempotency_key)
    return post(entry, by=machine)


def reverse(entry: JournalEntry, dated_on: date, reason: str, *, by: Actor) -> JournalEntry:
    """Draft the mirror image of a posted entry. Raises `AlreadyReversed`.

    The draft is then posted like any other: by another person if a person drafted it.
    """
    if db.session.scalar(select(JournalEntry.id).where(JournalEntry.reverses_id == entry.id)):
        raise AlreadyReversed
    mirror = JournalEntry(
        dated_on=dated_on,
        narration=reason,
        source="manual" if isinstance(by, User) else f"reversal:{entry.id}",
        reverses_id=entry.id,
        author_id=by.id if isinstance(by, User) else None,
    )
    for one in entry.postings:
        mirror.postings.append(
            Posting(
                account_id=one.account_id,
                fund_id=one.fund_id,
                amount=-one.amount,
                category=one.category,
                memo=one.memo,
                rate_id=one.rate_id,
            )
        )
    db.session.add(mirror)
    db.session.flush()
    return mirror
