"""Requests to join a delegation, from people who registered for an earlier gathering."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from delegations.models import Delegation
from events.models import Registration
from shared.clock import now
from shared.database import Base, EnumText


class JoinStatus(StrEnum):
    """`named`: a seat was free; `waiting`: in the delegation's line."""

    OPEN = "open"
    NAMED = "named"
    WAITING = "waiting"
    DECLINED = "declined"
    TAKEN_BACK = "taken_back"


class JoinRequest(Base):
    """A registered person asks to join a delegation. At most one request of theirs to it is open."""

    __tablename__ = "join_request"
    __table_args__ = (
        Index(
            "uq_join_request_open",
            "delegation_id",
            "registration_id",
            unique=True,
            sqlite_where=text("status = 'open'"),
            postgresql_where=text("status = 'open'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    status: Mapped[JoinStatus] = mapped_column(EnumText(JoinStatus), default=JoinStatus.OPEN)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    asked_at: Mapped[datetime] = mapped_column(default_factory=now)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)

    delegation: Mapped[Delegation] = relationship(init=False)
    registration: Mapped[Registration] = relationship(init=False)
