"""A delegation that holds others, and their figures added up: each member once, whatever it belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from delegations.funding.coverage import Coverage, Totals, total
from delegations.funding.coverage_queries import network_coverage
from delegations.lifecycle.umbrella_models import UmbrellaMember
from delegations.models import Delegation
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import DomainError, NotFound
from shared.i18n import _l


class CannotHold(DomainError):
    """An umbrella holds delegations of its edition that hold none and are held by nobody."""

    code = "cannot_hold"
    status = 422
    message = _l("%(name)s holds other delegations or is held by one: nobody is counted twice.")


def add_member(umbrella: Delegation, member: Delegation, *, by: Actor) -> None:
    """Put a delegation under another. Raises `CannotHold`."""
    for one in sorted({umbrella, member}, key=lambda row: row.id):
        hold(one)
    tied = db.session.scalars(
        select(UmbrellaMember).where(
            or_(
                UmbrellaMember.member_id.in_((umbrella.id, member.id)),
                UmbrellaMember.umbrella_id == member.id,
            )
        )
    ).first()
    if tied or umbrella.id == member.id or umbrella.edition_id != member.edition_id:
        wrong = umbrella if tied and tied.member_id == umbrella.id else member
        raise CannotHold(field="member", name=wrong.name)
    db.session.add(UmbrellaMember(member_id=member.id, umbrella_id=umbrella.id))
    audit.record("umbrella.add", umbrella, by=by, member=member.code)


def remove_member(umbrella: Delegation, member_id: int, *, by: Actor) -> None:
    """Let a delegation stand alone again. Raises `NotFound`."""
    tie = db.session.scalar(
        select(UmbrellaMember).where(
            UmbrellaMember.umbrella_id == umbrella.id, UmbrellaMember.member_id == member_id
        )
    )
    if tie is None:
        raise NotFound
    audit.record("umbrella.remove", umbrella, by=by, member=member_id)
    db.session.delete(tie)


def members_of(umbrella: Delegation) -> Sequence[Delegation]:
    """The delegations that it holds, by code."""
    return db.session.scalars(
        select(Delegation)
        .join(UmbrellaMember, UmbrellaMember.member_id == Delegation.id)
        .where(UmbrellaMember.umbrella_id == umbrella.id)
        .order_by(Delegation.code)
    ).all()


def sizes(delegations: Sequence[Delegation]) -> dict[int, int]:
    """How many delegations each of these holds, by its id; those that hold none are left out."""
    rows = db.session.execute(
        select(UmbrellaMember.umbrella_id, func.count())
        .where(UmbrellaMember.umbrella_id.in_([one.id for one in delegations]))
        .group_by(UmbrellaMember.umbrella_id)
    )
    return {row[0]: row[1] for row in rows}


def umbrella_of(member: Delegation) -> Delegation | None:
    """The delegation that holds it, if one does."""
    return db.session.scalar(
        select(Delegation)
        .join(UmbrellaMember, UmbrellaMember.umbrella_id == Delegation.id)
        .where(UmbrellaMember.member_id == member.id)
    )


def may_hold(umbrella: Delegation) -> Sequence[Delegation]:
    """The delegations that could come under it."""
    taken = select(UmbrellaMember.member_id).union(select(UmbrellaMember.umbrella_id))
    if umbrella_of(umbrella):
        return []
    return db.session.scalars(
        select(Delegation)
        .where(
            Delegation.edition_id == umbrella.edition_id,
            Delegation.id != umbrella.id,
            Delegation.id.not_in(taken),
        )
        .order_by(Delegation.code)
    ).all()


@dataclass(frozen=True, slots=True)
class Consolidated:
    """The umbrella's own seats and its members', each once. `totals` only where there is one currency."""

    rows: tuple[tuple[Delegation, Coverage], ...]
    totals: Totals | None

    @property
    def seats(self) -> int:
        return sum(coverage.seat_count for _one, coverage in self.rows)


def consolidated(umbrella: Delegation) -> Consolidated:
    """What the umbrella and its members need, have and miss."""
    network = network_coverage(umbrella.edition).delegations
    rows = tuple((one, network[one.code]) for one in [umbrella, *members_of(umbrella)])
    currencies = {coverage.currency for _one, coverage in rows}
    one_currency = len(currencies) == 1
    sums = total([coverage for _one, coverage in rows], currencies.pop()) if one_currency else None
    return Consolidated(rows, sums)
