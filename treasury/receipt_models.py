"""Tables of receipts that need more than a payment: who really paid, how, what is put elsewhere."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money
from treasury.models import JournalEntry, Payment


class ReceiptDetail(Base):
    """What was written on a receipt: who paid if somebody else, the operator (or bank) and its number."""

    __tablename__ = "receipt_detail"
    __table_args__ = (UniqueConstraint("operator", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    paid_by: Mapped[str] = mapped_column(String(160), default="")
    operator: Mapped[str] = mapped_column(String(60), default="")
    number: Mapped[str | None] = mapped_column(String(80), default=None)


class PlacementKind(StrEnum):
    """Where money went that was not where it belonged; `back` is a credit given back."""

    APPLY = "apply"
    BACK = "back"
    CREDIT = "credit"
    GIFT = "gift"


class Placement(Base):
    """Money of a payment put where it belongs: another payment, the payer's credit, a gift.

    `from_id` is the credit it was taken from, if it was one. Its entry is the fact; thrown away as a draft,
    this row goes with it.
    """

    __tablename__ = "placement"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("(kind = 'apply') = (target_id IS NOT NULL)", name="target"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[PlacementKind] = mapped_column(EnumText(PlacementKind))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)
    from_id: Mapped[int | None] = mapped_column(ForeignKey("placement.id"), index=True, default=None)
    target_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), default=None)
    attention_id: Mapped[int | None] = mapped_column(ForeignKey("attention.id"), default=None)
    placed_at: Mapped[datetime] = mapped_column(default_factory=now)

    payment: Mapped[Payment] = relationship(init=False, foreign_keys="Placement.payment_id")
    target: Mapped[Payment | None] = relationship(init=False, foreign_keys="Placement.target_id")
    entry: Mapped[JournalEntry] = relationship(init=False)
