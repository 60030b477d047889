"""All that is known of an entry: who, from what, with which document, undone by what, seen where."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload, selectinload

from access.models import User
from shared.database import db
from shared.errors import NotFound
from treasury.books import seals
from treasury.document_models import EntryDocument
from treasury.funds.commitment_models import CommitmentEvent
from treasury.models import EntryStatus, ExchangeRate, JournalEntry, Payment, Posting, ReconciliationLink


@dataclass(frozen=True, slots=True)
class Origin:
    """What an entry follows from, in words, and the page that tells it."""

    words: str
    endpoint: str
    args: Mapping[str, Any]


ORIGINS: dict[str, Callable[[Sequence[int]], Mapping[int, Origin]]] = {}
"""What the rooms above know of the origin of entries, by entry; filled in `app.py`."""


@dataclass(frozen=True, slots=True)
class Trail:
    """One entry with everything that leads to it and from it.

    `intact` says whether its hash, recomputed from what is there now, is the one it was posted with; None for
    a draft.
    """

    entry: JournalEntry
    author: str
    approver: str
    payment: Payment | None
    reverses: JournalEntry | None
    reversed_by: JournalEntry | None
    links: Sequence[ReconciliationLink]
    rates: Sequence[ExchangeRate]
    documents: Sequence[EntryDocument]
    promises: Sequence[CommitmentEvent]
    intact: bool | None
    origin: Origin | None = None


def trail(entry_id: int) -> Trail:
    """An entry with all that leads to it and from it. Raises `NotFound`."""
    found = trails(JournalEntry.id == entry_id)
    if not found:
        raise NotFound
    return found[0]


def trails_of(numbers: Sequence[int]) -> list[Trail]:
    """The posted entries of these numbers, in their order."""
    found = {one.entry.number: one for one in trails(JournalEntry.number.in_(numbers))}
    return [found[number] for number in numbers if number in found]


def trails(which: ColumnElement[bool]) -> list[Trail]:
    """The trails of the entries that are meant, in a number of queries that does not grow with them."""
    entries = db.session.scalars(
        select(JournalEntry)
        .where(which)
        .order_by(JournalEntry.id)
        .options(
            selectinload(JournalEntry.postings).joinedload(Posting.account),
            selectinload(JournalEntry.postings).joinedload(Posting.fund),
        )
    ).all()
    ids = [one.id for one in entries]
    people = _people(entries)
    payments = _payments(entries)
    mirrored = _by_id(JournalEntry.id.in_([one.reverses_id for one in entries if one.reverses_id]))
    mirrors = {one.reverses_id: one for one in _by_id(JournalEntry.reverses_id.in_(ids)).values()}
    links, documents, rates = _links(ids), _documents(ids), _rates(entries)
    promises = _promises(ids)
    origins = {key: origin for known in ORIGINS.values() for key, origin in known(ids).items()}
    beside = seals.evidence(entries, ids)
    return [
        Trail(
            entry=one,
            author=people.get(one.author_id or 0, ""),
            approver=people.get(one.approver_id or 0, ""),
            payment=payments.get(one.id) or payments.get(one.reverses_id or 0),
            reverses=mirrored.get(one.reverses_id or 0),
            reversed_by=mirrors.get(one.id),
            links=links[one.id],
            rates=[rates[key] for key in sorted({part.rate_id for part in one.postings if part.rate_id})],
            documents=documents[one.id],
            promises=promises[one.id],
            intact=None
            if one.status is EntryStatus.DRAFT
            else one.hash == seals.digest(one, one.previous_hash or "", beside),
            origin=origins.get(one.id),
        )
        for one in entries
    ]


def _people(entries: Sequence[JournalEntry]) -> dict[int, str]:
    ids = {key for one in entries for key in (one.author_id, one.approver_id) if key}
    rows = db.session.execute(select(User.id, User.name).where(User.id.in_(ids)))
    return {key: name or "" for key, name in rows}


def _payments(entries: Sequence[JournalEntry]) -> dict[int, Payment]:
    """By entry: the payment it brought in, or that its source names (a fee, a refund, a dispute of it)."""
    ids = {key for one in entries for key in (one.id, one.reverses_id) if key}
    named = {one.id: one.source.removeprefix("payment:") for one in entries}
    about = {key: int(number) for key, number in named.items() if number.isdigit()}
    wanted = Payment.entry_id.in_(ids) | Payment.id.in_(set(about.values()))
    found = {one.id: one for one in db.session.scalars(select(Payment).where(wanted))}
    return {key: found[number] for key, number in about.items() if number in found} | {
        one.entry_id: one for one in found.values() if one.entry_id
    }


def _by_id(which: ColumnElement[bool]) -> dict[int, JournalEntry]:
    return {one.id: one for one in db.session.scalars(select(JournalEntry).where(which))}


def _links(entry_ids: Sequence[int]) -> dict[int, list[ReconciliationLink]]:
    found: dict[int, list[ReconciliationLink]] = defaultdict(list)
    rows = db.session.execute(
        select(ReconciliationLink, Posting.entry_id)
        .join(Posting, Posting.id == ReconciliationLink.posting_id)
        .where(Posting.entry_id.in_(entry_ids))
        .order_by(ReconciliationLink.id)
        .options(joinedload(ReconciliationLink.line))
    )
    for link, entry_id in rows:
        found[entry_id].append(link)
    return found


def _documents(entry_ids: Sequence[int]) -> dict[int, list[EntryDocument]]:
    found: dict[int, list[EntryDocument]] = defaultdict(list)
    chosen = select(EntryDocument).where(EntryDocument.entry_id.in_(entry_ids)).order_by(EntryDocument.number)
    for one in db.session.scalars(chosen):
        found[one.entry_id].append(one)
    return found


def _promises(entry_ids: Sequence[int]) -> dict[int, list[CommitmentEvent]]:
    """By entry: the promises that it paid, each with how much of it."""
    found: dict[int, list[CommitmentEvent]] = defaultdict(list)
    chosen = select(CommitmentEvent).where(CommitmentEvent.entry_id.in_(entry_ids))
    paid = chosen.order_by(CommitmentEvent.id).options(joinedload(CommitmentEvent.commitment))
    for one in db.session.scalars(paid):
        found[one.entry_id or 0].append(one)
    return found


def _rates(entries: Sequence[JournalEntry]) -> dict[int, ExchangeRate]:
    ids = {part.rate_id for one in entries for part in one.postings if part.rate_id}
    return {one.id: one for one in db.session.scalars(select(ExchangeRate).where(ExchangeRate.id.in_(ids)))}
