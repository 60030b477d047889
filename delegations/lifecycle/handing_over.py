"""Changing who looks after a delegation: one act, with who, when and why. Access follows at once."""

from dataclasses import dataclass

from sqlalchemy import select

from access import grants, users
from access.models import Grant, RoleName, ScopeKind, User
from access.users import CreateUser
from delegations.lifecycle import focal_points, messages
from delegations.lifecycle.focal_models import FocalPoint, FocalRank
from delegations.lifecycle.moves import WhyMissing
from delegations.models import Delegation
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold, write
from shared.errors import DomainError, NotFound
from shared.i18n import _l


class AlreadyFocal(DomainError):
    """This person holds the place already."""

    code = "already_focal"
    message = _l("%(name)s looks after it in this place already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """Who comes next; an account is made where the address has none, spoken to in `locale`."""

    email: str
    name: str
    locale: str = "fr"
    reason: str = ""


def begin(delegation: Delegation, user: User, *, by: Actor) -> FocalPoint:
    """The first focal point of a delegation that is being invited."""
    return _place(delegation, FocalRank.PRIMARY, user, "", by=by)


def hand_over(delegation: Delegation, rank: FocalRank, command: HandOver, *, by: Actor) -> FocalPoint:
    """Put somebody in a place: who leaves it loses access to the delegation, who comes gains it.

    Both are told. The backup who becomes primary leaves the other place empty. Raises `WhyMissing`,
    `AlreadyFocal`, `BadEmail`, `EmailTaken`.
    """
    hold(delegation)
    held = focal_points.current(delegation)
    reason, left = " ".join(command.reason.split()), held.get(rank)
    if left and not reason:
        raise WhyMissing(field="reason")
    user = users.find_user(command.email) or users.create_user(
        CreateUser(email=command.email, name=command.name, locale=command.locale, is_demo=delegation.is_demo),
        by=by,
    )
    if left and left.user_id == user.id:
        raise AlreadyFocal(field="email", name=user.name or user.email)
    for other in held.values():
        if other is left or other.user_id == user.id:
            other.until = now()
    db.session.flush()
    point = _place(delegation, rank, user, reason, by=by)
    if left:
        _take_access(delegation, left.user, by=by)
        messages.tell_relieved(delegation, left.user, key=left.id)
    messages.tell_in_charge(delegation, user, backup=rank is FocalRank.BACKUP, key=point.id)
    return point


def relieve_backup(delegation: Delegation, reason: str, *, by: Actor) -> None:
    """The backup stops, and nobody takes the place. Raises `NotFound`, `WhyMissing`."""
    hold(delegation)
    left, reason = focal_points.current(delegation).get(FocalRank.BACKUP), " ".join(reason.split())
    if left is None:
        raise NotFound
    if not reason:
        raise WhyMissing(field="reason")
    left.until = now()
    _take_access(delegation, left.user, by=by)
    audit.record("focal.relieve", delegation, by=by, reason=reason, user=left.user_id, rank=left.rank.value)
    messages.tell_relieved(delegation, left.user, key=left.id)


def _place(delegation: Delegation, rank: FocalRank, user: User, reason: str, *, by: Actor) -> FocalPoint:
    point = FocalPoint(
        delegation_id=delegation.id, user_id=user.id, rank=rank, actor=by.actor_label, reason=reason
    )
    write(point)
    if rank is FocalRank.PRIMARY:
        delegation.contact_email = user.email
    grants.grant(user, RoleName.HEAD_OF_DELEGATION, by=by, delegation_id=delegation.id)
    audit.record("focal.place", delegation, by=by, reason=reason, user=user.id, rank=rank.value)
    return point


def _take_access(delegation: Delegation, user: User, *, by: Actor) -> None:
    """Take the right to look after it from who holds no place any more."""
    if any(one.user_id == user.id for one in focal_points.current(delegation).values()):
        return
    held = db.session.scalars(
        select(Grant).where(
            Grant.user_id == user.id,
            Grant.role == RoleName.HEAD_OF_DELEGATION,
            Grant.scope_kind == ScopeKind.DELEGATION,
            Grant.scope_id == delegation.id,
            Grant.revoked_at.is_(None),
        )
    )
    for one in held:
        grants.revoke(one, by=by)
