"""Money of a fund promised to somebody before it is paid. What became of each promise only grows."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.clock import now
from shared.database import Base
from shared.money import Money
from treasury.models import Fund, JournalEntry


class CommitmentStep(StrEnum):
    """Reserved once; then consumed by entries, released by somebody, or expired by the calendar."""

    RESERVED = "reserved"
    CONSUMED = "consumed"
    RELEASED = "released"
    EXPIRED = "expired"


class Commitment(Base):
    """What is promised: to whom, for what, from which fund, until when. It never changes."""

    __tablename__ = "commitment"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    payee: Mapped[str] = mapped_column(String(160))
    purpose: Mapped[str] = mapped_column(String(200))
    expires_on: Mapped[date | None] = mapped_column(default=None)
    idempotency_key: Mapped[str | None] = mapped_column(String(160), unique=True, default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)

    fund: Mapped[Fund] = relationship(init=False)
    events: Mapped[list["CommitmentEvent"]] = relationship(
        init=False, order_by="CommitmentEvent.id", back_populates="commitment"
    )

    def worth(self, *steps: CommitmentStep) -> Money:
        """What these steps add up to."""
        return Money(sum(one.amount_minor for one in self.events if one.step in steps), self.currency)

    @property
    def reserved(self) -> Money:
        """What was promised."""
        return self.worth(CommitmentStep.RESERVED)

    @property
    def outstanding(self) -> Money:
        """What is still promised: not yet consumed, released or expired."""
        return self.reserved - self.worth(*(step for step in CommitmentStep if step != "reserved"))


class CommitmentEvent(Base):
    """One thing that happened to a commitment. A consumption names the entry that paid."""

    __tablename__ = "commitment_event"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("step IN ('reserved', 'consumed', 'released', 'expired')", name="step"),
        CheckConstraint("(step = 'consumed') = (entry_id IS NOT NULL)", name="consumed_by_an_entry"),
        Index("ix_commitment_event_commitment_id_entry_id", "commitment_id", "entry_id", unique=True),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"))
    step: Mapped[str] = mapped_column(String(10))
    amount_minor: Mapped[int]
    dated_on: Mapped[date]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), index=True, default=None)
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default_factory=now)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)

    commitment: Mapped[Commitment] = relationship(init=False, back_populates="events")
    entry: Mapped[JournalEntry | None] = relationship(init=False)


class CommitmentDraft(Base):
    """The draft that will consume a commitment once it is posted."""

    __tablename__ = "commitment_draft"

    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True)
    commitment_id: Mapped[int] = mapped_column(ForeignKey("commitment.id"))
