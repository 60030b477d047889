"""Money that people wrote as spent with no document behind it: what an auditor asks for first."""

from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased, selectinload

from shared.database import db
from treasury.document_models import EntryDocument
from treasury.models import Account, AccountKind, EntryStatus, JournalEntry, Posting

MOST = 999
"""More than this are only said to be more."""


def missing() -> Select[JournalEntry]:
    """Posted entries that spend, written by a person, without a document, the last first.

    What was reversed, and reversals, need none; nor does what one fund pays to another, for it stays in the
    house; what the card network took has the network's own record.
    """
    return (
        select(JournalEntry)
        .where(JournalEntry.id.in_(_ids()))
        .order_by(JournalEntry.number.desc())
        .options(
            selectinload(JournalEntry.postings).joinedload(Posting.account),
            selectinload(JournalEntry.postings).joinedload(Posting.fund),
        )
    )


def count() -> int:
    """How many there are, up to one more than `MOST`."""
    return db.session.scalar(counted()) or 0


def counted(until: date | None = None) -> Select[int]:
    """The question how many there are, dated up to `until` if it is given; up to one more than `MOST`."""
    chosen = _ids() if until is None else _ids().where(JournalEntry.dated_on <= until)
    return select(func.count()).select_from(chosen.limit(MOST + 1).subquery())


def _ids() -> Select[int]:
    mirror = aliased(JournalEntry)
    undone = select(mirror.reverses_id).where(
        mirror.reverses_id == JournalEntry.id, mirror.status == EntryStatus.POSTED
    )
    spent = (
        select(Posting.id)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_id == JournalEntry.id, Account.kind == AccountKind.EXPENSE)
    )
    left = (
        select(Posting.currency)
        .join(Account, Account.id == Posting.account_id)
        .where(Posting.entry_id == JournalEntry.id, Account.kind == AccountKind.ASSET)
        .group_by(Posting.currency)
        .having(func.sum(Posting.amount_minor) < 0)
    )
    return select(JournalEntry.id).where(
        JournalEntry.status == EntryStatus.POSTED,
        JournalEntry.source == "manual",
        JournalEntry.reverses_id.is_(None),
        spent.exists(),
        left.exists(),
        ~undone.exists(),
        ~select(EntryDocument.id).where(EntryDocument.entry_id == JournalEntry.id).exists(),
    )
