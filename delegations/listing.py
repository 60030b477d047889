"""Which delegations a list shows: those of one gathering, or what a coordinator asks after among them."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, String, and_, cast, literal, or_, select

from delegations.lifecycle.umbrella_models import UmbrellaMember
from delegations.models import Delegation, DelegationStatus
from events.models import Edition
from shared.audit import AuditRecord
from shared.clock import now

S = DelegationStatus

JOINED = (S.CONFIRMED, S.LOCKED, S.CLOSED)
"""They take part."""
SILENT = (S.INVITED, S.DRAFT)
"""They have not answered."""
RECENTLY = timedelta(days=7)
"""What was done within so long is told as new."""


class Show(StrEnum):
    """What a coordinator asks after."""

    JOINED = "joined"
    SILENT = "silent"
    ALONE = "alone"
    CHANGED = "changed"


def narrowed(query: Select[Delegation], edition_code: str, show: Show | None) -> Select[Delegation]:
    """The delegations of a query that stand so, in one gathering where one is named."""
    if edition_code:
        query = query.where(Edition.code == edition_code)
    return query if show is None else query.where(_shown()[show])


def _shown() -> Mapping[Show, ColumnElement[bool]]:
    holds = Delegation.id.in_(select(UmbrellaMember.umbrella_id))
    asked = or_(~holds, Delegation.seats_requested > 0)  # an umbrella that asked for none only adds up
    subject = literal(f"{Delegation.__name__}:") + cast(Delegation.id, String)
    lately = select(AuditRecord.subject).where(AuditRecord.at >= now() - RECENTLY)
    return {
        Show.JOINED: and_(asked, Delegation.status.in_(JOINED)),
        Show.SILENT: and_(asked, Delegation.status.in_(SILENT)),
        Show.ALONE: and_(asked, Delegation.contact_email == ""),
        Show.CHANGED: subject.in_(lately),
    }
