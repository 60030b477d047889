"""People who wait for a seat of a delegation, alone or as a group."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from delegations.models import Delegation
from events.models import BadgeRole
from network.models import Person
from shared.clock import now
from shared.database import Base, EnumText


class WaitingStatus(StrEnum):
    WAITING = "waiting"
    SERVED = "served"
    LEFT = "left"


class WaitingPerson(Base):
    """A person in a delegation's line for a seat, in the order of ids.

    `party` joins a family or a team; `whole` says that it takes seats for all of it or for none.
    """

    __tablename__ = "waiting_person"
    __table_args__ = (
        Index(
            "uq_waiting_person_current",
            "delegation_id",
            "person_id",
            unique=True,
            sqlite_where=text("status = 'waiting'"),
            postgresql_where=text("status = 'waiting'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[BadgeRole] = mapped_column(EnumText(BadgeRole), default=BadgeRole.DELEGATE)
    party: Mapped[str] = mapped_column(String(60), default="")
    whole: Mapped[bool] = mapped_column(default=False)
    status: Mapped[WaitingStatus] = mapped_column(EnumText(WaitingStatus), default=WaitingStatus.WAITING)
    asked_at: Mapped[datetime] = mapped_column(default_factory=now)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    delegation: Mapped[Delegation] = relationship(init=False)
    person: Mapped[Person] = relationship(init=False)
