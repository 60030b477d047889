"""People who wait for a seat of a delegation, alone or as a group, and the seats they are offered."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from delegations.models import Delegation, Seat
from events.models import BadgeRole
from network.models import Person
from shared.clock import now
from shared.database import Base, EnumText


class WaitingStatus(StrEnum):
    """`LAPSED`: an offer passed without an answer."""

    WAITING = "waiting"
    OFFERED = "offered"
    SERVED = "served"
    LEFT = "left"
    LAPSED = "lapsed"


IN_LINE = (WaitingStatus.WAITING, WaitingStatus.OFFERED)
"""Who still hopes for a seat."""


class OfferStatus(StrEnum):
    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


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


class SeatOffer(Base):
    """Seats held for a person, or for a party that waits together, until they answer or the moment passes."""

    __tablename__ = "seat_offer"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
    until: Mapped[datetime]
    whole: Mapped[bool] = mapped_column(default=False)
    status: Mapped[OfferStatus] = mapped_column(EnumText(OfferStatus), default=OfferStatus.OPEN)
    reason: Mapped[str] = mapped_column(String(1000), default="")
    made_at: Mapped[datetime] = mapped_column(default_factory=now)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)

    delegation: Mapped[Delegation] = relationship(init=False)
    seats: Mapped[list["OfferedSeat"]] = relationship(
        init=False, back_populates="offer", order_by="OfferedSeat.id"
    )


class OfferedSeat(Base):
    """One seat held for one person. A seat is held once at a time, and so is a person (unique indexes)."""

    __tablename__ = "offered_seat"
    __table_args__ = (
        Index(
            "uq_offered_seat_held",
            "seat_id",
            unique=True,
            sqlite_where=text("held"),
            postgresql_where=text("held"),
        ),
        Index(
            "uq_offered_seat_waiting",
            "waiting_id",
            unique=True,
            sqlite_where=text("held"),
            postgresql_where=text("held"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    offer_id: Mapped[int] = mapped_column(ForeignKey("seat_offer.id"), index=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"))
    waiting_id: Mapped[int] = mapped_column(ForeignKey("waiting_person.id"))
    held: Mapped[bool] = mapped_column(default=True)

    offer: Mapped[SeatOffer] = relationship(init=False, back_populates="seats")
    seat: Mapped[Seat] = relationship(init=False)
    waiting: Mapped[WaitingPerson] = relationship(init=False)
