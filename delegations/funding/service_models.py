"""Services given in kind: never money, with totals of their own."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from access.models import User
from delegations.models import Delegation
from shared.database import Base, EnumText
from shared.money import Money


class ServiceKind(StrEnum):
    """What kind of thing was given, as accounts of volunteering tell them apart."""

    TIME = "time"
    SERVICE = "service"
    USE = "use"
    GOODS = "goods"


class InKind(Base):
    """A service given, valued but never added to cash. `state`: accepted, pending or refused (says why).

    `basis` says how the value was found, `evidence` what proves it; a match on services counts what was
    accepted of a `delegation`'s.
    """

    __tablename__ = "in_kind"
    __table_args__ = (CheckConstraint("state IN ('accepted', 'pending', 'refused')", name="state"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    description: Mapped[str] = mapped_column(String(200))
    giver: Mapped[str] = mapped_column(String(160))
    quantity: Mapped[int]
    unit: Mapped[str] = mapped_column(String(20))
    value_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    value: Mapped[Money] = composite("value_minor", "currency")
    state: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(String(200), default="")
    kind: Mapped[ServiceKind] = mapped_column(
        EnumText(ServiceKind), default=ServiceKind.SERVICE, server_default="service"
    )
    delegation_id: Mapped[int | None] = mapped_column(ForeignKey("delegation.id"), index=True, default=None)
    given_on: Mapped[date | None] = mapped_column(default=None)
    basis: Mapped[str] = mapped_column(String(200), default="", server_default="")
    evidence: Mapped[str] = mapped_column(String(200), default="", server_default="")
    declared_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    delegation: Mapped[Delegation | None] = relationship(init=False)
    declared_by: Mapped[User | None] = relationship(init=False, foreign_keys=[declared_by_id])
    decided_by: Mapped[User | None] = relationship(init=False, foreign_keys=[decided_by_id])


class ServiceEvidence(Base):
    """A document that proves a service: a timesheet, a receipt for the rooms."""

    __tablename__ = "service_evidence"

    service_id: Mapped[int] = mapped_column(ForeignKey("in_kind.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(60))
    sha256: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    @property
    def file_name(self) -> str:
        """A name of ours."""
        return f"service-{self.service_id}.{self.media_type.rpartition('/')[2]}"
