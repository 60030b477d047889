"""Papers put to an entry: before it is posted they are sealed with it, later they are added beside it."""

from sqlalchemy import func, select

from access.models import User
from documents.uploads import Upload, harmless
from shared import audit
from shared.database import db, hold
from shared.errors import DomainError, NotFound
from shared.i18n import _l
from treasury.document_models import EntryDocument
from treasury.ledger import AlreadyPosted
from treasury.models import EntryStatus, JournalEntry

MOST = 20


class TooMany(DomainError):
    """An entry has so many documents at the most."""

    code = "too_many_documents"
    message = _l("An entry has 20 documents at the most.")


def attach(entry: JournalEntry, content: bytes, label: str, *, by: User) -> EntryDocument:
    """Keep a document of an entry, re-encoded or sandboxed, under a name of ours; the same one is kept once.

    Raises `TooLarge`, `NotADocument`, `TooMany`.
    """
    return keep(entry, harmless(content), label, by=by)


def keep(entry: JournalEntry, upload: Upload, label: str, *, by: User) -> EntryDocument:
    """Keep what was made harmless before as a document of an entry. Raises `TooMany`."""
    hold(entry)
    known = db.session.scalar(
        select(EntryDocument).where(EntryDocument.entry_id == entry.id, EntryDocument.sha256 == upload.sha256)
    )
    if known is not None:
        return known
    number = 1 + (
        db.session.scalar(select(func.max(EntryDocument.number)).where(EntryDocument.entry_id == entry.id))
        or 0
    )
    if number > MOST:
        raise TooMany(field="document")
    document = EntryDocument(
        entry_id=entry.id,
        number=number,
        media_type=upload.media_type,
        sha256=upload.sha256,
        size=len(upload.content),
        label=shown_name(label),
        content=upload.content,
        late=entry.status is EntryStatus.POSTED,
        added_by_id=by.id,
    )
    db.session.add(document)
    audit.record("document.attach", document, by=by, entry=entry.id, sha256=upload.sha256)
    return document


def shown_name(name: str) -> str:
    """The last part of a file's name, without what cannot be shown."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(one for one in last if one.isprintable())[:120]


def remove(document: EntryDocument, *, by: User) -> None:
    """Take a document away from a draft. Raises `AlreadyPosted`."""
    entry = db.session.get_one(JournalEntry, document.entry_id)
    hold(entry)
    if entry.status is EntryStatus.POSTED:
        raise AlreadyPosted
    audit.record("document.remove", document, by=by, entry=entry.id, sha256=document.sha256)
    db.session.delete(document)
    db.session.flush()


def document(document_id: int) -> EntryDocument:
    """One document. Raises `NotFound`."""
    found = db.session.get(EntryDocument, document_id)
    if found is None:
        raise NotFound
    return found
