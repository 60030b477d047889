"""Money advanced to somebody, and what they claim back with vouchers. The entries are the facts.

Claimant, approver and payer of a claim are three people; so are the holder, the recorder and the approver of
an advance. The database sees to it, and to it that what was decided stays as it was decided.
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from access.models import User
from delegations.models import Delegation, Seat
from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money
from treasury.models import Fund, JournalEntry


class Advance(Base):
    """Money of a fund handed to its `holder` for a delegation; its entries tell what is left of it."""

    __tablename__ = "advance"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("holder_id <> recorder_id", name="holder_records_not"),
        CheckConstraint(
            "approver_id IS NULL OR (approver_id <> recorder_id AND approver_id <> holder_id)",
            name="three_people",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    holder_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    recorder_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    purpose: Mapped[str] = mapped_column(String(200))
    given_on: Mapped[date]
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    is_demo: Mapped[bool] = mapped_column(default=False)

    delegation: Mapped[Delegation] = relationship(init=False)
    fund: Mapped[Fund] = relationship(init=False)
    holder: Mapped[User] = relationship(init=False, foreign_keys="Advance.holder_id")
    entries: Mapped[list["AdvanceEntry"]] = relationship(init=False, order_by="AdvanceEntry.entry_id")


class AdvanceEntry(Base):
    """An entry of the life of an advance: given, changed, claimed on, returned. Only posted ones count."""

    __tablename__ = "advance_entry"
    __table_args__ = (CheckConstraint("step IN ('given', 'changed', 'claimed', 'returned')", name="step"),)

    entry_id: Mapped[int] = mapped_column(
        ForeignKey("journal_entry.id", ondelete="CASCADE"), primary_key=True
    )
    advance_id: Mapped[int] = mapped_column(ForeignKey("advance.id"), index=True)
    step: Mapped[str] = mapped_column(String(10))

    entry: Mapped[JournalEntry] = relationship(init=False)


class ClaimStatus(StrEnum):
    """A draft is the claimant's; submitted it waits for an approver, approved for a payer."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    PAID = "paid"


WAITING = (ClaimStatus.SUBMITTED, ClaimStatus.APPROVED)
"""A claim that somebody must approve or pay."""


class ExpenseClaim(Base):
    """What one person spent for a delegation, in one currency, against an advance or to be paid back.

    `sent_key` is that of the form a phone began it with: each line sent from there finds it again.
    """

    __tablename__ = "expense_claim"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'submitted', 'approved', 'paid')", name="status"),
        CheckConstraint("approver_id IS NULL OR approver_id <> claimant_id", name="approver_is_another"),
        CheckConstraint(
            "payer_id IS NULL OR (payer_id <> claimant_id AND payer_id <> approver_id)", name="three_people"
        ),
        CheckConstraint("(status IN ('approved', 'paid')) = (approver_id IS NOT NULL)", name="approved"),
        CheckConstraint(
            "(status = 'paid') = (payer_id IS NOT NULL) AND (status = 'paid') = (entry_id IS NOT NULL)",
            name="paid",
        ),
        UniqueConstraint("claimant_id", "sent_key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    claimant_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    currency: Mapped[str] = mapped_column(String(3))
    title: Mapped[str] = mapped_column(String(160))
    advance_id: Mapped[int | None] = mapped_column(ForeignKey("advance.id"), index=True, default=None)
    status: Mapped[ClaimStatus] = mapped_column(EnumText(ClaimStatus), default=ClaimStatus.DRAFT)
    reason: Mapped[str] = mapped_column(Text, default="")
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True, default=None)
    sent_key: Mapped[str | None] = mapped_column(String(60), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    is_demo: Mapped[bool] = mapped_column(default=False)

    delegation: Mapped[Delegation] = relationship(init=False)
    advance: Mapped[Advance | None] = relationship(init=False)
    claimant: Mapped[User] = relationship(init=False, foreign_keys="ExpenseClaim.claimant_id")
    lines: Mapped[list["ClaimLine"]] = relationship(
        init=False, back_populates="claim", order_by="ClaimLine.number"
    )

    @property
    def total(self) -> Money:
        """What it adds up to."""
        return Money.total((line.amount for line in self.lines), self.currency)

    @property
    def without_voucher(self) -> list["ClaimLine"]:
        """The lines whose voucher is missing."""
        return [line for line in self.lines if line.voucher is None]


class ClaimLine(Base):
    """One thing that was paid: on which day, what, how much, on which line of the budget (its code).

    `sent_key` is the key of the form it came with: what is sent again is the same line.
    """

    __tablename__ = "claim_line"
    __table_args__ = (
        UniqueConstraint("claim_id", "number"),
        UniqueConstraint("claim_id", "sent_key"),
        CheckConstraint("amount_minor > 0", name="positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    claim_id: Mapped[int] = mapped_column(ForeignKey("expense_claim.id"))
    number: Mapped[int]
    spent_on: Mapped[date]
    description: Mapped[str] = mapped_column(String(160))
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    category: Mapped[str] = mapped_column(String(20), default="")
    missing_reason: Mapped[str] = mapped_column(String(200), default="")
    sent_key: Mapped[str | None] = mapped_column(String(60), default=None)

    claim: Mapped[ExpenseClaim] = relationship(init=False, back_populates="lines")
    voucher: Mapped["ClaimVoucher | None"] = relationship(
        init=False, uselist=False, cascade="all, delete-orphan"
    )
    shares: Mapped[list["ClaimShare"]] = relationship(
        init=False, cascade="all, delete-orphan", order_by="ClaimShare.seat_id"
    )


class ClaimShare(Base):
    """What of a line was spent for one seat: a line may be shared among several, to the smallest unit."""

    __tablename__ = "claim_share"
    __table_args__ = (CheckConstraint("amount_minor >= 0", name="not_below_zero"),)

    line_id: Mapped[int] = mapped_column(ForeignKey("claim_line.id"), primary_key=True)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), primary_key=True, index=True)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")

    seat: Mapped[Seat] = relationship(init=False)


class ClaimVoucher(Base):
    """The photograph or PDF behind a line, made harmless; it goes with the entry when the claim is paid."""

    __tablename__ = "claim_voucher"
    __table_args__ = (
        CheckConstraint("media_type IN ('application/pdf', 'image/jpeg', 'image/png')", name="media_type"),
        CheckConstraint("size BETWEEN 1 AND 10485760", name="size"),
    )

    line_id: Mapped[int] = mapped_column(ForeignKey("claim_line.id"), primary_key=True)
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    label: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    added_at: Mapped[datetime] = mapped_column(default_factory=now)

    @property
    def file_name(self) -> str:
        """The name we give it."""
        ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[self.media_type]
        return f"voucher-{self.line_id}.{ending}"
