"""The journey's papers of a seat: invitation letters, and what came of each visa, step by step."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from events.programme import VisaOutcome
from shared.clock import now
from shared.database import Base, EnumText


class InvitationLetter(Base):
    """A letter for a consulate: `facts` are what it says, kept as they were when it was issued.

    It holds for one person in one seat; `superseded_at` is when that person left. No birth date and no
    passport number are among them: they are a `TravelDocument`, or written by hand.
    """

    __tablename__ = "invitation_letter"
    __table_args__ = (UniqueConstraint("seat_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    nomination_id: Mapped[int] = mapped_column(ForeignKey("nomination.id"), index=True)
    number: Mapped[int]
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    issued_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    issued_at: Mapped[datetime] = mapped_column(default_factory=now)
    superseded_at: Mapped[datetime | None] = mapped_column(default=None)


class VisaStep(Base):
    """One thing that happened to a visa: asked for, letter issued, granted, refused…  It stays."""

    __tablename__ = "visa_step"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), index=True)
    nomination_id: Mapped[int] = mapped_column(ForeignKey("nomination.id"), index=True)
    request_id: Mapped[int] = mapped_column(ForeignKey("visa_request.id"))
    outcome: Mapped[VisaOutcome] = mapped_column(EnumText(VisaOutcome))
    dated_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(500), default="")
    actor: Mapped[str] = mapped_column(String(120), default="")
    at: Mapped[datetime] = mapped_column(default_factory=now)


class TravelDocument(Base):
    """What a consulate reads on the invitation letter, told by the person while a visa is asked for.

    It goes with the consulate's answer, with the seat, and thirty days after the gathering at the latest.
    """

    __tablename__ = "travel_document"

    nomination_id: Mapped[int] = mapped_column(ForeignKey("nomination.id"), primary_key=True)
    born_on: Mapped[date | None] = mapped_column(default=None)
    passport: Mapped[str] = mapped_column(String(20), default="")
    told_at: Mapped[datetime] = mapped_column(default_factory=now)
