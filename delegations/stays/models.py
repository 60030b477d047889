"""The stay of a named person: when they come and go, and where they sleep."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from shared.clock import now
from shared.database import Base, EnumText


class Lodging(StrEnum):
    """Does somebody look for a bed for them (`WANTED`), or have they one (`OWN`)?"""

    WANTED = "wanted"
    OWN = "own"


class Stay(Base):
    """What a person, or their delegation for them, told of their journey; all of it may be unknown yet.

    `arrives_by` is a flight, a coach, an hour. `wishes` are about the room (with whom, what matters); `place`
    is the bed that the delegation found: who share one have the same words. It goes with the person who
    leaves the seat, and thirty days after the gathering.
    """

    __tablename__ = "stay"
    __table_args__ = (CheckConstraint("leaves_on >= arrives_on", name="dates"),)

    nomination_id: Mapped[int] = mapped_column(ForeignKey("nomination.id"), primary_key=True)
    arrives_on: Mapped[date | None] = mapped_column(default=None)
    arrives_by: Mapped[str] = mapped_column(String(120), default="")
    leaves_on: Mapped[date | None] = mapped_column(default=None)
    lodging: Mapped[Lodging | None] = mapped_column(EnumText(Lodging), default=None)
    wishes: Mapped[str] = mapped_column(String(300), default="")
    place: Mapped[str] = mapped_column(String(160), default="")
    told_at: Mapped[datetime] = mapped_column(default_factory=now)
