"""Which bodies were asked about a gathering, what they answered, and the reminders that left."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from events.models import Edition
from network.models import Organisation
from shared.clock import now
from shared.database import Base


class Interest(Base):
    """A body asked about an edition, once. Nothing was heard while `answered_at` is empty.

    `interested` False is "not this time"; `plans` thinks of a delegation, `hosts` would receive an activity.
    `stopped_at` is since when it wants no reminders.
    """

    __tablename__ = "interest"
    __table_args__ = (
        UniqueConstraint("edition_id", "organisation_id"),
        CheckConstraint("(answered_at IS NULL) = (interested IS NULL)", name="answered"),
        CheckConstraint("NOT (plans OR hosts) OR interested", name="interested"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    asked_at: Mapped[datetime] = mapped_column(default_factory=now)
    answered_at: Mapped[datetime | None] = mapped_column(default=None)
    interested: Mapped[bool | None] = mapped_column(default=None)
    plans: Mapped[bool] = mapped_column(default=False)
    hosts: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")
    stopped_at: Mapped[datetime | None] = mapped_column(default=None)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    edition: Mapped[Edition] = relationship(init=False)
    organisation: Mapped[Organisation] = relationship(init=False)
    reminders: Mapped[list["InterestReminder"]] = relationship(init=False, order_by="InterestReminder.number")


class InterestReminder(Base):
    """A reminder that left, numbered from 1: the database keeps each number once."""

    __tablename__ = "interest_reminder"
    __table_args__ = (UniqueConstraint("interest_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    interest_id: Mapped[int] = mapped_column(ForeignKey("interest.id"))
    number: Mapped[int]
    at: Mapped[datetime] = mapped_column(default_factory=now)
