"""Where people are signed in: one row for each browser, gone once they sign out there or time is up."""

from datetime import timedelta

from sqlalchemy import delete, select

from access.digests import digest, new_secret
from access.models import OpenSession, User
from shared.clock import now
from shared.database import db, write

LASTS = timedelta(days=14)
"""How long a sign-in is good for, whatever the browser keeps."""

_SWEPT_AT_ONCE = 100


def begin(user: User, *, lasts: timedelta = LASTS) -> str:
    """The token of a new session, for the browser alone to keep. Sessions whose time is up are swept out."""
    _sweep()
    token = new_secret()
    write(OpenSession(user_id=user.id, digest=digest(token), expires_at=now() + lasts))
    return token


def end(token: str) -> None:
    """Nobody is signed in by this token any more, wherever it was copied to. For an unknown one: nothing."""
    db.session.execute(delete(OpenSession).where(OpenSession.digest == digest(token)))


def end_all(user: User) -> None:
    """This person is signed in nowhere any more."""
    db.session.execute(delete(OpenSession).where(OpenSession.user_id == user.id))


def _sweep() -> None:
    """Two sign-ins at once leave each other's rows alone rather than wait for one another."""
    over = (
        select(OpenSession.id)
        .where(OpenSession.expires_at <= now())
        .limit(_SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
    )
    db.session.execute(
        delete(OpenSession)
        .where(OpenSession.id.in_(over.scalar_subquery()))
        .execution_options(synchronize_session=False)
    )
