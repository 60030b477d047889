"""Tables of the desk: the cash box counted at both ends of a session, cheques until the bank has them."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from access.models import User
from shared.clock import now
from shared.database import Base
from shared.money import Money
from treasury.models import JournalEntry, Payment


class CashSession(Base):
    """A cash box from its opening count to its closing count, in one currency; one open a place and currency.

    Counts are pieces by denomination in minor units. `expected_minor` and `entry_id` (of the difference) are
    written when it closes.
    """

    __tablename__ = "cash_session"
    __table_args__ = (
        Index(
            "uq_cash_session_open",
            "place",
            "currency",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        CheckConstraint("opening_minor >= 0", name="opening"),
        CheckConstraint("closing_minor IS NULL OR closing_minor >= 0", name="closing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    place: Mapped[str] = mapped_column(String(80))
    currency: Mapped[str] = mapped_column(String(3))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    opening_count: Mapped[dict[str, int]] = mapped_column(JSON)
    opening_minor: Mapped[int]
    opened_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    opened_at: Mapped[datetime] = mapped_column(default_factory=now)
    closing_count: Mapped[dict[str, int] | None] = mapped_column(JSON, default=None)
    closing_minor: Mapped[int | None] = mapped_column(default=None)
    expected_minor: Mapped[int | None] = mapped_column(default=None)
    explanation: Mapped[str] = mapped_column(Text, default="")
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True, default=None)

    opened_by: Mapped[User] = relationship(init=False, foreign_keys="CashSession.opened_by_id")
    entry: Mapped[JournalEntry | None] = relationship(init=False)

    @property
    def opening(self) -> Money:
        return Money(self.opening_minor, self.currency)

    @property
    def closing(self) -> Money | None:
        return None if self.closing_minor is None else Money(self.closing_minor, self.currency)

    @property
    def expected(self) -> Money | None:
        return None if self.expected_minor is None else Money(self.expected_minor, self.currency)

    @property
    def difference(self) -> Money | None:
        """Positive when there is more in the box than there should be."""
        if self.closing is None or self.expected is None:
            return None
        return self.closing - self.expected


class CashMove(Base):
    """Notes and coins that went into the box (positive) or out of it during a session."""

    __tablename__ = "cash_move"
    __table_args__ = (CheckConstraint("amount_minor <> 0", name="not_zero"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    session_id: Mapped[int] = mapped_column(ForeignKey("cash_session.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    what: Mapped[str] = mapped_column(String(200))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True, default=None)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), default=None)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    at: Mapped[datetime] = mapped_column(default_factory=now)


class ChequeDeposit(Base):
    """Cheques brought to the bank together; its entry moves them there."""

    __tablename__ = "cheque_deposit"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    deposited_on: Mapped[date]
    slip: Mapped[str] = mapped_column(String(80), default="")
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)

    entry: Mapped[JournalEntry] = relationship(init=False)


class Cheque(Base):
    """A cheque for a payment: received, deposited, perhaps returned by the bank."""

    __tablename__ = "cheque"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    received_on: Mapped[date]
    deposit_id: Mapped[int | None] = mapped_column(ForeignKey("cheque_deposit.id"), index=True, default=None)
    returned_on: Mapped[date | None] = mapped_column(default=None)

    payment: Mapped[Payment] = relationship(init=False)
    entry: Mapped[JournalEntry] = relationship(init=False)
    deposit: Mapped[ChequeDeposit | None] = relationship(init=False)
