"""Private links: sent to one person, for one thing, until a moment. They open nothing else."""

from datetime import datetime

from sqlalchemy import select, update

from access.digests import digest, new_secret
from access.models import PrivateLink
from shared.clock import now
from shared.database import db, write
from shared.errors import DomainError, NotFound
from shared.i18n import _l


class LinkExpired(DomainError):
    """The link was good once: it is too late for it, or a newer one replaced it."""

    code = "link_expired"
    status = 410
    message = _l("This link is no longer valid. Ask for a new one.")


def issue_link(purpose: str, subject_id: int, expires_at: datetime) -> str:
    """The text of a new link to a thing (``nominee`` and a nomination's id, for example)."""
    text = new_secret()
    write(PrivateLink(purpose=purpose, subject_id=subject_id, digest=digest(text), expires_at=expires_at))
    return text


def open_link(purpose: str, text: str) -> int:
    """The id of the thing it leads to. Raises `NotFound`, or `LinkExpired` for one that was good once."""
    return _find(purpose, text).subject_id


def led_to(purpose: str, text: str) -> int:
    """The id of the thing a link leads to, or led to while it was good. Raises `NotFound`."""
    return _known(purpose, text).subject_id


def spend_link(purpose: str, text: str) -> int:
    """Open a link that is good for one time only, even when two requests bring it at once."""
    found = _find(purpose, text)
    spent = db.session.execute(
        update(PrivateLink)
        .where(PrivateLink.id == found.id, PrivateLink.revoked_at.is_(None))
        .values(revoked_at=now())
        .returning(PrivateLink.id)
    ).all()
    if not spent:
        raise LinkExpired
    return found.subject_id


def revoke_links(purpose: str, subject_id: int) -> None:
    """No earlier link opens this thing any more."""
    db.session.execute(
        update(PrivateLink)
        .where(
            PrivateLink.purpose == purpose,
            PrivateLink.subject_id == subject_id,
            PrivateLink.revoked_at.is_(None),
        )
        .values(revoked_at=now())
    )


def _known(purpose: str, text: str) -> PrivateLink:
    link = db.session.scalar(
        select(PrivateLink).where(PrivateLink.purpose == purpose, PrivateLink.digest == digest(text))
    )
    if link is None:
        raise NotFound
    return link


def _find(purpose: str, text: str) -> PrivateLink:
    link = _known(purpose, text)
    if link.revoked_at is not None or link.expires_at <= now():
        raise LinkExpired
    return link
