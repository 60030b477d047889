"""Services in kind: valued, minuted, and never added to cash (two totals, by the plan of 19 March 2003)."""

from dataclasses import dataclass
from enum import StrEnum

from delegations.models import InKind
from delegations.seats.seats import reason_of
from shared import audit
from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import LazyString, _l
from shared.money import Money


class ServiceState(StrEnum):
    """Whether a declared service counts."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"


STATE_LABELS: dict[ServiceState, LazyString] = {
    ServiceState.PENDING: _l("waiting for evidence"),
    ServiceState.ACCEPTED: _l("accepted"),
    ServiceState.REFUSED: _l("refused"),
}


class BadService(DomainError):
    """A service has a positive quantity and value."""

    code = "bad_service"
    status = 422
    message = _l("A service needs a quantity and a value above zero.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordService:
    """What somebody gave: `quantity` in `unit` (h, page…), worth `value` in all, and whether it counts."""

    edition_id: int
    description: str
    giver: str
    quantity: int
    unit: str
    value: Money
    state: ServiceState = ServiceState.PENDING
    reason: str = ""
    is_demo: bool = False
    provenance: str = ""


def record_service(command: RecordService, *, by: Actor) -> InKind:
    """Record a service in kind. Raises `BadService`; `ReasonMissing` when it is refused without a reason."""
    if command.quantity <= 0 or command.value.minor <= 0:
        raise BadService
    reason = reason_of(command.reason) if command.state is ServiceState.REFUSED else command.reason
    service = InKind(
        edition_id=command.edition_id,
        description=command.description,
        giver=command.giver,
        quantity=command.quantity,
        unit=command.unit,
        value=command.value,
        state=command.state.value,
        reason=reason,
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(service)
    audit.record("service.record", service, by=by, state=service.state, reason=reason)
    return service
