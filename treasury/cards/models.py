"""Tables of card money: pages to pay on, kept cards and their charges, refunds, disputes, payouts.

A row of ours is committed before the network is asked, with the key it is asked with, and is kept for good:
what a crash leaves unanswered is found here and finished (see `treasury/cards/watch.py`).
"""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money
from treasury.models import JournalEntry, Payment


class CheckoutPage(Base):
    """A page that was asked of the network: to pay a payment on, or to leave a card on."""

    __tablename__ = "checkout_page"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), index=True, default=None)
    saved_card_id: Mapped[int | None] = mapped_column(ForeignKey("saved_card.id"), default=None)
    object_id: Mapped[str | None] = mapped_column(String(120), unique=True, default=None)
    opened_at: Mapped[datetime] = mapped_column(default_factory=now)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)


class CardStatus(StrEnum):
    """`asked` waits for the payer on the page; `failing` was refused too often and needs its holder."""

    ASKED = "asked"
    ACTIVE = "active"
    FAILING = "failing"
    REMOVED = "removed"


class SavedCard(Base):
    """A card its holder let us charge on the dates of one `purpose` and subject. Never its number.

    `consent` is the sentence they agreed to, in the language they read it in.
    """

    __tablename__ = "saved_card"
    __table_args__ = (
        Index(
            "uq_saved_card_active",
            "purpose",
            "subject_id",
            unique=True,
            sqlite_where=text("status IN ('active', 'failing')"),
            postgresql_where=text("status IN ('active', 'failing')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    purpose: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    reference: Mapped[str] = mapped_column(String(24))
    consent: Mapped[str] = mapped_column(Text)
    status: Mapped[CardStatus] = mapped_column(EnumText(CardStatus), default=CardStatus.ASKED)
    customer_id: Mapped[str] = mapped_column(String(120), default="")
    method_id: Mapped[str] = mapped_column(String(120), default="")
    brand: Mapped[str] = mapped_column(String(20), default="")
    last4: Mapped[str] = mapped_column(String(4), default="")
    expires: Mapped[str] = mapped_column(String(7), default="")
    asked_at: Mapped[datetime] = mapped_column(default_factory=now)
    kept_at: Mapped[datetime | None] = mapped_column(default=None)
    removed_at: Mapped[datetime | None] = mapped_column(default=None)


class AttemptStatus(StrEnum):
    SENT = "sent"
    PAID = "paid"
    DECLINED = "declined"


class CardAttempt(Base):
    """One try to charge a kept card for a payment; `reason` is the network's word for a refusal."""

    __tablename__ = "card_attempt"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    key: Mapped[str] = mapped_column(String(120), unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    saved_card_id: Mapped[int] = mapped_column(ForeignKey("saved_card.id"), index=True)
    number: Mapped[int]
    status: Mapped[AttemptStatus] = mapped_column(EnumText(AttemptStatus), default=AttemptStatus.SENT)
    reason: Mapped[str] = mapped_column(String(80), default="")
    tried_at: Mapped[datetime] = mapped_column(default_factory=now)

    payment: Mapped[Payment] = relationship(init=False)
    card: Mapped[SavedCard] = relationship(init=False)


class RefundStatus(StrEnum):
    """`requested` waits for a second person, `approved` for the network; `done` is in the books.

    `failed`: the money came back. `dropped`: the second person said no.
    """

    REQUESTED = "requested"
    APPROVED = "approved"
    DONE = "done"
    FAILED = "failed"
    DROPPED = "dropped"


OPEN_REFUND = "status IN ('requested', 'approved')"


class Refund(Base):
    """Money of a payment given back, asked for by one person and approved by another.

    By card when `charge_id` is set; otherwise `entry` is the draft that a second person posts. The database
    keeps one open refund a payment. `requested_by` is empty for one made at the network itself.
    """

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("approved_by_id IS NULL OR approved_by_id <> requested_by_id", name="two_people"),
        CheckConstraint(
            "status IN ('requested', 'dropped') OR requested_by_id IS NULL OR approved_by_id IS NOT NULL",
            name="approved",
        ),
        Index(
            "uq_refund_open",
            "payment_id",
            unique=True,
            sqlite_where=text(OPEN_REFUND),
            postgresql_where=text(OPEN_REFUND),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    reason: Mapped[str] = mapped_column(String(200))
    status: Mapped[RefundStatus] = mapped_column(EnumText(RefundStatus), default=RefundStatus.REQUESTED)
    charge_id: Mapped[str | None] = mapped_column(String(120), default=None)
    object_id: Mapped[str | None] = mapped_column(String(120), unique=True, default=None)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True, default=None)
    requested_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    attention_id: Mapped[int | None] = mapped_column(ForeignKey("attention.id"), default=None)
    requested_at: Mapped[datetime] = mapped_column(default_factory=now)
    done_at: Mapped[datetime | None] = mapped_column(default=None)

    payment: Mapped[Payment] = relationship(init=False)
    entry: Mapped[JournalEntry | None] = relationship(init=False)


class Dispute(Base):
    """A card's holder said they never paid. `status` is the network's word."""

    __tablename__ = "dispute"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    object_id: Mapped[str] = mapped_column(String(120), unique=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"), index=True)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    status: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(80), default="")
    answer_by: Mapped[datetime | None] = mapped_column(default=None)
    seen_at: Mapped[datetime] = mapped_column(default_factory=now)

    payment: Mapped[Payment] = relationship(init=False)


class Payout(Base):
    """Money that left the network for the bank; its entry's bank postings wait for the bank's line."""

    __tablename__ = "payout"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    object_id: Mapped[str] = mapped_column(String(120), unique=True)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    status: Mapped[str] = mapped_column(String(20))
    automatic: Mapped[bool]
    arrives_on: Mapped[date]
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)

    entry: Mapped[JournalEntry] = relationship(init=False)


class CardWatch(Base):
    """Until when (real time) every move of the network's balance was compared with the books; one row."""

    __tablename__ = "card_watch"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    seen_until: Mapped[datetime]
