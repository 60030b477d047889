"""Quotas of an edition: counted in seats that are given, never in people who are named.

They bind where seats are given (`must_have_room`), with the edition held, so that two who give the last seat
at once give it once.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select

from delegations.lifecycle.moves import ALIVE
from delegations.lifecycle.quota_models import Quota, QuotaScope
from delegations.models import Delegation, Seat
from delegations.seats.seats import ACTIVE
from events.models import Edition
from network.models import Organisation
from network.wording import SECTORS
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import DomainError, NotFound
from shared.i18n import LazyString, _l

SCOPES: dict[QuotaScope, LazyString] = {
    QuotaScope.DELEGATION: _l("Delegation"),
    QuotaScope.REGION: _l("Region"),
    QuotaScope.SECTOR: _l("Sector"),
    QuotaScope.ORGANISATION: _l("Organisation"),
}


class QuotaFull(DomainError):
    """More seats than a quota leaves."""

    code = "quota_full"
    message = _l("The quota of %(quota)s is %(most)s, %(used)s of them given: this is %(over)s too many.")


class QuotaBelow(DomainError):
    """A quota does not take back seats that are given."""

    code = "quota_below"
    message = _l("%(used)s seats are given already: give some back first.")


@dataclass(frozen=True, slots=True)
class QuotaState:
    """A quota, what it is called, and the seats given under it."""

    quota: Quota
    name: str
    used: int

    @property
    def left(self) -> int:
        return max(0, self.quota.seats - self.used)


def set_quota(edition: Edition, scope: QuotaScope, of: str, seats: int, *, by: Actor) -> Quota:
    """Say how many seats there are at most for `of`; said again, it replaces. Raises `QuotaBelow`."""
    hold(edition)
    used = _used(edition.id, scope, of)
    if seats < used:
        raise QuotaBelow(field="seats", used=used)
    quota = db.session.scalar(
        select(Quota).where(Quota.edition_id == edition.id, Quota.scope == scope, Quota.of == of)
    )
    before = quota.seats if quota else None
    if quota is None:
        quota = Quota(edition_id=edition.id, scope=scope, of=of, seats=seats)
        db.session.add(quota)
    quota.seats = seats
    audit.record("quota.set", quota, by=by, of=of, before=before, seats=seats)
    return quota


def lift_quota(edition: Edition, quota_id: int, *, by: Actor) -> None:
    """Let it bind nobody any more. Raises `NotFound`."""
    quota = db.session.get(Quota, quota_id)
    if quota is None or quota.edition_id != edition.id:
        raise NotFound
    audit.record("quota.lift", quota, by=by, of=quota.of, seats=quota.seats)
    db.session.delete(quota)


def must_have_room(delegation: Delegation, more: int) -> None:
    """See that every quota leaves `more` seats for this delegation; the edition stays held.

    Raises `QuotaFull`.
    """
    hold(delegation.edition)
    for quota in _binding(delegation):
        used = _used(delegation.edition_id, quota.scope, quota.of)
        if used + more > quota.seats:
            raise QuotaFull(
                field="count",
                quota=name_of(quota.scope, quota.of),
                most=quota.seats,
                used=used,
                over=used + more - quota.seats,
            )


def quotas_of(edition: Edition) -> list[QuotaState]:
    """The quotas of an edition with what is given under each."""
    found = db.session.scalars(
        select(Quota).where(Quota.edition_id == edition.id).order_by(Quota.scope, Quota.of)
    )
    return [
        QuotaState(one, name_of(one.scope, one.of), _used(edition.id, one.scope, one.of)) for one in found
    ]


def name_of(scope: QuotaScope, of: str) -> str:
    """What a quota is about, in the reader's language."""
    if scope is QuotaScope.ORGANISATION:
        found = db.session.get(Organisation, int(of))
        return found.name if found else of
    if scope is QuotaScope.DELEGATION:
        return db.session.scalar(select(Delegation.name).where(Delegation.code == of)) or of
    return str(SECTORS.get(of, of)) if scope is QuotaScope.SECTOR else of


def possible(edition: Edition) -> list[tuple[QuotaScope, str]]:
    """What a quota of this edition can be about: its delegations, whose they are, and every region and
    sector that the network knows, so that a quota can be set before anybody is invited.
    """
    network = [(QuotaScope.REGION, Organisation.region), (QuotaScope.SECTOR, Organisation.sector)]
    found: dict[tuple[QuotaScope, str], None] = {
        (scope, of): None
        for scope, column in network
        for of in db.session.scalars(select(column).where(column != "").distinct().order_by(column))
    }
    for one in db.session.scalars(
        select(Delegation).where(Delegation.edition_id == edition.id).order_by(Delegation.code)
    ):
        for key in _keys(one):
            found.setdefault(key)
    return sorted(found, key=lambda key: list(QuotaScope).index(key[0]))


def _keys(delegation: Delegation) -> list[tuple[QuotaScope, str]]:
    body = delegation.organisation
    told = [(QuotaScope.DELEGATION, delegation.code)]
    if body:
        told += [
            (QuotaScope.REGION, body.region),
            (QuotaScope.SECTOR, body.sector),
            (QuotaScope.ORGANISATION, str(body.id)),
        ]
    return [(scope, of) for scope, of in told if of]


def _binding(delegation: Delegation) -> Sequence[Quota]:
    keys = set(_keys(delegation))
    found = db.session.scalars(
        select(Quota).where(Quota.edition_id == delegation.edition_id).order_by(Quota.id)
    )
    return [one for one in found if (one.scope, one.of) in keys]


def _used(edition_id: int, scope: QuotaScope, of: str) -> int:
    """Seats given and not given back, of delegations that still come."""
    query = (
        select(func.count(Seat.id))
        .join(Delegation, Delegation.id == Seat.delegation_id)
        .outerjoin(Organisation, Organisation.id == Delegation.organisation_id)
        .where(
            Delegation.edition_id == edition_id,
            Delegation.status.in_(ALIVE),
            Seat.status.in_(ACTIVE),
        )
    )
    column = {
        QuotaScope.DELEGATION: Delegation.code,
        QuotaScope.REGION: Organisation.region,
        QuotaScope.SECTOR: Organisation.sector,
    }
    wanted = Organisation.id == int(of) if scope is QuotaScope.ORGANISATION else column[scope] == of
    return db.session.scalar(query.where(wanted)) or 0
