"""Private links are sent again at any time, but not twice by one impatient finger."""

from datetime import timedelta

from sqlalchemy import func, select

from access.models import PrivateLink
from shared.clock import now
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l

_A_MOMENT = timedelta(minutes=2)


class LinkJustSent(DomainError):
    """A link for this left a moment ago."""

    code = "link_just_sent"
    message = _l("A link was sent a moment ago. Give it time to arrive.")


class NoAddress(DomainError):
    """Nothing is mailed to who has no e-mail address."""

    code = "no_address"
    message = _l("No e-mail address of %(name)s is known: nothing can be sent.")


def not_just_sent(purpose: str, subject_id: int) -> None:
    """Raises `LinkJustSent` when a link for this thing was issued within the last two minutes."""
    last = db.session.scalar(
        select(func.max(PrivateLink.created_at)).where(
            PrivateLink.purpose == purpose, PrivateLink.subject_id == subject_id
        )
    )
    if last is not None and now() - last < _A_MOMENT:
        raise LinkJustSent
