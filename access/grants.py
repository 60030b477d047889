"""What somebody was asked to look after, and where. Taken back at once, never deleted."""

from sqlalchemy import select

from access.models import Grant, RoleName, ScopeKind, User
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db


def grant(
    user: User,
    role: RoleName,
    *,
    by: Actor,
    edition_id: int | None = None,
    delegation_id: int | None = None,
) -> Grant:
    """Give `role` to `user` in one edition, in one delegation, or (without either) everywhere.

    What they hold already is not given twice.
    """
    assert edition_id is None or delegation_id is None, "a grant holds in one place"
    kind = ScopeKind.EVERYWHERE
    if edition_id is not None:
        kind = ScopeKind.EDITION
    elif delegation_id is not None:
        kind = ScopeKind.DELEGATION
    place = edition_id if edition_id is not None else delegation_id
    held = db.session.scalar(
        select(Grant).where(
            Grant.user_id == user.id,
            Grant.role == role,
            Grant.scope_kind == kind,
            Grant.scope_id.is_(None) if place is None else Grant.scope_id == place,
            Grant.revoked_at.is_(None),
        )
    )
    if held:
        return held
    given = Grant(user_id=user.id, role=role, scope_kind=kind, scope_id=place)
    db.session.add(given)
    audit.record("role.granted", given, by=by, user=user.id, role=role.value, scope=kind.value, place=place)
    db.session.expire(user, ["grants"])
    return given


def revoke(grant: Grant, *, by: Actor) -> None:
    """Take it back: the next request of its holder is refused. Doing it again changes nothing."""
    if grant.revoked_at is not None:
        return
    grant.revoked_at = now()
    audit.record("role.revoked", grant, by=by, user=grant.user_id, role=grant.role.value)
