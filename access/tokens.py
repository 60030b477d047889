"""Keys for machines: each acts as one user, within its scopes, until it is taken back."""

from collections.abc import Sequence

from sqlalchemy import select

from access.digests import digest, new_secret
from access.models import ApiToken, User
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l

SCOPES = (
    "editions:read",
    "registrations:read",
    "registrations:write",
    "delegations:read",
    "plans:read",
    "checkins:read",
    "checkins:write",
)
"""Everything a key can be allowed. It never sees more than its user does."""

PREFIX = "teranga_"
"""What every key begins with, so that a leaked one is recognised."""


class UnknownScope(DomainError):
    """No such scope."""

    code = "unknown_scope"
    status = 422
    message = _l("There is no scope “%(scope)s”.")


def issue_token(name: str, user: User, scopes: Sequence[str], *, by: Actor) -> tuple[ApiToken, str]:
    """A new key for `user` and its text, which is never seen again. Raises `UnknownScope`."""
    for scope in scopes:
        if scope not in SCOPES:
            raise UnknownScope(field="scopes", scope=scope)
    text = new_secret(PREFIX)
    ordered = " ".join(scope for scope in SCOPES if scope in scopes)
    token = ApiToken(name=name, user_id=user.id, digest=digest(text), scopes=ordered)
    db.session.add(token)
    audit.record("token.issued", token, by=by, user=user.id, scopes=ordered)
    return token, text


def find_token(text: str) -> ApiToken | None:
    """The key with this text, if it still opens anything."""
    token = db.session.scalar(
        select(ApiToken).where(ApiToken.digest == digest(text), ApiToken.revoked_at.is_(None))
    )
    return token if token and token.user.active else None


def revoke_token(token: ApiToken, *, by: Actor) -> None:
    """Take it back, at once. Doing it again changes nothing."""
    if token.revoked_at is None:
        token.revoked_at = now()
        audit.record("token.revoked", token, by=by)
