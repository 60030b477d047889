"""Papers that left the house: numbered without a gap, kept as they were printed, voided but never deleted."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money
from treasury.funds.models import LegalEntity
from treasury.models import Fund, Payment


class PaperKind(StrEnum):
    """What a paper says: paid; deposited for one's own seats; owed; owed less; given to a charity."""

    RECEIPT = "receipt"
    DEPOSIT = "deposit"
    INVOICE = "invoice"
    CREDIT_NOTE = "credit_note"
    DONATION = "donation"


PREFIXES: dict[PaperKind, str] = {
    PaperKind.RECEIPT: "R",
    PaperKind.DEPOSIT: "D",
    PaperKind.INVOICE: "F",
    PaperKind.CREDIT_NOTE: "A",
    PaperKind.DONATION: "",
}
"""What stands before the year in a serial; official receipts have the bare one."""


class Paper(Base):
    """One paper, as it was on the day it was issued.

    `number` counts without a gap in each holder, kind and year; `facts` is all that the template `template`
    (its name ends with its version) says; `pdf` is what was printed the first time, and every time after.
    """

    __tablename__ = "paper"
    __table_args__ = (
        UniqueConstraint("entity_id", "kind", "year", "number"),
        CheckConstraint("kind IN ('receipt', 'deposit', 'invoice', 'credit_note', 'donation')", name="kind"),
        CheckConstraint("amount_minor > 0", name="positive"),
        CheckConstraint("(kind = 'donation') = (gift_id IS NOT NULL)", name="donation_of_a_gift"),
        CheckConstraint("(kind = 'credit_note') = (corrects_id IS NOT NULL)", name="credit_of_an_invoice"),
        CheckConstraint(
            "(voided_at IS NULL) = (void_reason = '') AND (pdf IS NULL) = (sha256 = '')", name="told_why"
        ),
        Index(
            "uq_paper_of_payment",
            "payment_id",
            "kind",
            unique=True,
            sqlite_where=text("voided_at IS NULL AND kind <> 'credit_note'"),
            postgresql_where=text("voided_at IS NULL AND kind <> 'credit_note'"),
        ),
        Index(
            "uq_paper_of_gift",
            "gift_id",
            unique=True,
            sqlite_where=text("voided_at IS NULL"),
            postgresql_where=text("voided_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    entity_id: Mapped[int] = mapped_column(ForeignKey("legal_entity.id"))
    kind: Mapped[PaperKind] = mapped_column(EnumText(PaperKind))
    year: Mapped[int]
    number: Mapped[int]
    issued_on: Mapped[date]
    locale: Mapped[str] = mapped_column(String(8))
    template: Mapped[str] = mapped_column(String(40))
    addressee: Mapped[str] = mapped_column(String(200))
    email: Mapped[str] = mapped_column(String(255))
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), default=None)
    gift_id: Mapped[int | None] = mapped_column(ForeignKey("gift.id"), default=None)
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("paper.id"), index=True, default=None)
    replaces_id: Mapped[int | None] = mapped_column(ForeignKey("paper.id"), unique=True, default=None)
    issued_at: Mapped[datetime] = mapped_column(default_factory=now)
    issued_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    voided_at: Mapped[datetime | None] = mapped_column(default=None)
    voided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    void_reason: Mapped[str] = mapped_column(Text, default="")
    pdf: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, default=None)
    sha256: Mapped[str] = mapped_column(String(64), default="")

    entity: Mapped[LegalEntity] = relationship(init=False)
    payment: Mapped[Payment | None] = relationship(init=False)
    gift: Mapped["Gift | None"] = relationship(init=False)
    corrects: Mapped["Paper | None"] = relationship(
        init=False, foreign_keys=[corrects_id], remote_side="Paper.id"
    )
    replaces: Mapped["Paper | None"] = relationship(
        init=False, foreign_keys=[replaces_id], remote_side="Paper.id"
    )

    @property
    def serial(self) -> str:
        """Its number as people read it: ``2005-0001``, ``D2005-0012``."""
        return f"{PREFIXES[self.kind]}{self.year}-{self.number:04}"


class GiftNature(StrEnum):
    """What is given. A service is recorded too, and never receipted."""

    MONEY = "money"
    KIND = "kind"
    SERVICE = "service"


class Gift(Base):
    """What a donor gives or promises. Money is given once its payment is settled; until then it is a pledge.

    `value` is the fair market value; `advantage_minor` what the donor got in return, in the same currency;
    `directed_to` names the person whom the donor chose to help, if so.
    """

    __tablename__ = "gift"
    __table_args__ = (
        CheckConstraint("value_minor > 0", name="positive"),
        CheckConstraint("advantage_minor >= 0", name="advantage"),
        CheckConstraint("(nature = 'money') = (payment_id IS NOT NULL)", name="money_has_its_payment"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    nature: Mapped[GiftNature] = mapped_column(EnumText(GiftNature))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), index=True)
    donor_name: Mapped[str] = mapped_column(String(160))
    value_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    value: Mapped[Money] = composite("value_minor", "currency")
    donor_address: Mapped[str] = mapped_column(Text, default="")
    donor_email: Mapped[str] = mapped_column(String(255), default="")
    locale: Mapped[str] = mapped_column(String(8), default="fr")
    advantage_minor: Mapped[int] = mapped_column(default=0)
    advantage_for: Mapped[str] = mapped_column(String(200), default="")
    directed_to: Mapped[str] = mapped_column(String(160), default="")
    description: Mapped[str] = mapped_column(String(200), default="")
    appraiser: Mapped[str] = mapped_column(Text, default="")
    given_on: Mapped[date | None] = mapped_column(default=None)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True, default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    fund: Mapped[Fund] = relationship(init=False)
    payment: Mapped[Payment | None] = relationship(init=False)

    @property
    def advantage(self) -> Money:
        """What the donor got in return."""
        return Money(self.advantage_minor, self.currency)

    @property
    def received_on(self) -> date | None:
        """The day it was received; None while it is only promised."""
        if self.payment is None:
            return self.given_on
        return self.payment.received_on if self.payment.entry_id else None
