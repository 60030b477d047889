"""Who looks after a delegation now and who did before; where its messages go, in which language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from access.users import names_of
from delegations.lifecycle.focal_models import FocalPoint, FocalRank
from delegations.models import Delegation
from delegations.sending import locale_of
from shared.database import db
from shared.i18n import LazyString, _l

RANKS: Mapping[FocalRank, LazyString] = {
    FocalRank.PRIMARY: _l("Focal point"),
    FocalRank.BACKUP: _l("Backup"),
}


def current(delegation: Delegation) -> dict[FocalRank, FocalPoint]:
    """Who looks after it now, by rank, the primary first."""
    found = db.session.scalars(
        select(FocalPoint)
        .where(FocalPoint.delegation_id == delegation.id, FocalPoint.until.is_(None))
        .options(joinedload(FocalPoint.user))
        .order_by(FocalPoint.rank.desc())
    )
    return {one.rank: one for one in found}


@dataclass(frozen=True, slots=True)
class Turn:
    """Somebody's turn as it is told: `by` is the name of who decided, empty for the machine."""

    point: FocalPoint
    by: str


def turns(delegation: Delegation) -> list[Turn]:
    """Everybody's turn, the latest first."""
    found: Sequence[FocalPoint] = db.session.scalars(
        select(FocalPoint)
        .where(FocalPoint.delegation_id == delegation.id)
        .options(joinedload(FocalPoint.user))
        .order_by(FocalPoint.id.desc())
    ).all()
    names = names_of(one.actor for one in found)
    return [Turn(one, names.get(one.actor, "")) for one in found]


def written_to(delegation: Delegation) -> list[tuple[str, str]]:
    """The addresses of its messages with their languages: the primary's, then the backup's."""
    reached = [(one.user.email, one.user.locale) for one in current(delegation).values()]
    if not reached and delegation.contact_email:
        return [(delegation.contact_email, locale_of(delegation))]
    return reached
