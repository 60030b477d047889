"""Sign-in by e-mail: a link that is good for one time and a quarter of an hour."""

from datetime import timedelta

from access import links
from access.models import User
from shared.clock import now
from shared.database import db
from shared.errors import NotFound

PURPOSE = "sign-in"
VALID_FOR = timedelta(minutes=15)


def issue(user: User) -> str:
    """The text of a new link; earlier ones of this person no longer open anything."""
    links.revoke_links(PURPOSE, user.id)
    return links.issue_link(PURPOSE, user.id, now() + VALID_FOR)


def look(text: str) -> User:
    """Whose link it is, without using it: mail programs open links on their own.

    Raises `NotFound`, or `links.LinkExpired`.
    """
    return _active(links.open_link(PURPOSE, text))


def spend(text: str) -> User:
    """Whose link it was. Raises as `look` does."""
    return _active(links.spend_link(PURPOSE, text))


def _active(user_id: int) -> User:
    user = db.session.get(User, user_id)
    if user is None or not user.active:
        raise NotFound
    return user
