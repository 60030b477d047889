"""What somebody decided by hand about who pays which line, and allocations as they were on a day."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from access.models import User
from delegations.models import Delegation, Seat
from shared.clock import now
from shared.database import Base
from shared.money import Money


class AllocationLock(Base):
    """`source` (an agreement's code, or ``own`` or ``support``) pays at least `amount` of a line of a seat.

    It holds until it is lifted.
    """

    __tablename__ = "allocation_lock"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="positive"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), index=True)
    line: Mapped[str] = mapped_column(String(20))
    source: Mapped[str] = mapped_column(String(20))
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    reason: Mapped[str] = mapped_column(String(300))
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default_factory=now)
    lifted_at: Mapped[datetime | None] = mapped_column(default=None)
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)

    seat: Mapped[Seat] = relationship(init=False)
    by: Mapped[User] = relationship(init=False, foreign_keys=[by_id])


class KeptAllocation(Base):
    """An allocation of a delegation as it was: who pays what, and from what it was made. It never changes."""

    __tablename__ = "kept_allocation"
    __table_args__ = (UniqueConstraint("delegation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"))
    number: Mapped[int]
    title: Mapped[str] = mapped_column(String(160))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    at: Mapped[datetime] = mapped_column(default_factory=now)

    delegation: Mapped[Delegation] = relationship(init=False)
    by: Mapped[User] = relationship(init=False)
