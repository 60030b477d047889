"""Services in kind: declared, decided on, valued, and never added to cash (two totals)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import joinedload

from access.models import User
from delegations.funding.service_models import InKind, ServiceEvidence, ServiceKind
from delegations.models import Delegation
from delegations.seats.seats import reason_of
from documents.uploads import harmless
from events.models import Edition
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold
from shared.errors import Conflict, DomainError, NotFound
from shared.i18n import LazyString, _l
from shared.money import Money
from treasury.attachments import shown_name
from treasury.ledger import SamePerson


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


class EvidenceMissing(DomainError):
    """What is accepted has a proof."""

    code = "evidence_missing"
    status = 422
    message = _l("Say what proves it before you accept it: a timesheet, a signed list, a document.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordService:
    """What somebody gave: `quantity` in `unit` (h, page…), worth `value` in all, and whether it counts.

    `basis` says how the value was found, `evidence` what proves it; `delegation_id` whose payers gave it.
    """

    edition_id: int
    description: str
    giver: str
    quantity: int
    unit: str
    value: Money
    state: ServiceState = ServiceState.PENDING
    reason: str = ""
    kind: ServiceKind = ServiceKind.SERVICE
    delegation_id: int | None = None
    given_on: date | None = None
    basis: str = ""
    evidence: str = ""
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
        kind=command.kind,
        delegation_id=command.delegation_id,
        given_on=command.given_on,
        basis=command.basis,
        evidence=command.evidence,
        declared_by_id=by.id if isinstance(by, User) else None,
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(service)
    db.session.flush()
    audit.record("service.record", service, by=by, state=service.state, reason=reason)
    return service


def prove(service: InKind, content: bytes, name: str, *, by: User) -> ServiceEvidence:
    """Keep the document that proves a service. Raises `Conflict` once it is decided on, `NotADocument`…"""
    hold(service)
    if service.state != ServiceState.PENDING or _has_document(service):
        raise Conflict
    upload = harmless(content)
    kept = ServiceEvidence(
        service_id=service.id,
        media_type=upload.media_type,
        sha256=upload.sha256,
        name=shown_name(name),
        content=upload.content,
    )
    db.session.add(kept)
    audit.record("service.prove", service, by=by, sha256=upload.sha256)
    return kept


def decide(service: InKind, state: ServiceState, reason: str, evidence: str, *, by: User) -> None:
    """Accept or refuse a service that waits: somebody else than who declared it.

    Raises `Conflict` when it does not wait, `SamePerson`, `EvidenceMissing`, `ReasonMissing`.
    """
    hold(service)
    if service.state != ServiceState.PENDING or state is ServiceState.PENDING:
        raise Conflict
    if service.declared_by_id == by.id:
        raise SamePerson
    service.evidence = evidence.strip() or service.evidence
    if state is ServiceState.ACCEPTED and not (service.evidence or _has_document(service)):
        raise EvidenceMissing(field="evidence")
    service.reason = reason_of(reason) if state is ServiceState.REFUSED else reason.strip()
    service.state, service.decided_by_id, service.decided_at = state.value, by.id, now()
    audit.record("service.decide", service, by=by, state=state.value, reason=service.reason)


def _has_document(service: InKind) -> bool:
    known = select(ServiceEvidence.service_id).where(ServiceEvidence.service_id == service.id)
    return db.session.scalar(known) is not None


def service_of(service_id: int) -> InKind:
    """One service. Raises `NotFound`."""
    found = db.session.get(InKind, service_id)
    if found is None:
        raise NotFound
    return found


def evidence_of(service: InKind) -> ServiceEvidence:
    """The document that proves a service. Raises `NotFound`."""
    found = db.session.get(ServiceEvidence, (service.id,))
    if found is None:
        raise NotFound
    return found


def services_of(delegation: Delegation) -> Sequence[InKind]:
    """What a delegation's payers gave, what waits first."""
    return _given(InKind.delegation_id == delegation.id)


def services_for(edition: Edition) -> Sequence[InKind]:
    """What was given for a whole gathering, with its delegations, what waits first."""
    return _given(InKind.edition_id == edition.id)


def _given(which: ColumnElement[bool]) -> Sequence[InKind]:
    return db.session.scalars(
        select(InKind)
        .where(which)
        .order_by(InKind.state != ServiceState.PENDING.value, InKind.id.desc())
        .options(joinedload(InKind.delegation))
    ).all()


def totals(services: Iterable[InKind]) -> dict[ServiceState, list[Money]]:
    """What services are worth in each state, one amount a currency: never together with cash."""
    found: dict[ServiceState, dict[str, Money]] = {state: {} for state in ServiceState}
    for one in services:
        sums = found[ServiceState(one.state)]
        sums[one.currency] = sums.get(one.currency, one.value * 0) + one.value
    return {state: [sums[currency] for currency in sorted(sums)] for state, sums in found.items()}


def with_evidence(services: Iterable[InKind]) -> Mapping[int, str]:
    """The names of the documents that prove services, by their ids."""
    rows = select(ServiceEvidence.service_id, ServiceEvidence.name).where(
        ServiceEvidence.service_id.in_([one.id for one in services])
    )
    return {row.service_id: row.name for row in db.session.execute(rows)}
