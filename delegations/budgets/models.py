"""What things should cost: numbered versions of a budget, their lines, and who is meant to pay each line.

A budget is an intention; what was spent is in the ledger. Once approved, a version and its lines stay as they
are: the database sees to it.
"""

from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money
from treasury.models import ExchangeRate

SEAT = "seat"
"""The kind of budget that says what one seat costs."""
IN_KIND = "in_kind"
"""The category of a line that is given and never paid: it stays outside the cash."""
AT_RISK = "at_risk"
"""The category of a source that may fail."""


class BudgetStatus(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"


class Basis(StrEnum):
    """How often a line of a seat's budget counts: once for each seat, or once for the whole delegation."""

    SEAT = "seat"
    WHOLE = "whole"


class Budget(Base):
    """A numbered version of what one seat, an edition or a secretariat should cost; frozen once approved.

    It belongs to a whole edition (`delegation_id` empty) or to one delegation, whose own version wins.
    `reason` says why it differs from the version before. `edits` counts how often its author wrote it anew.
    """

    __tablename__ = "budget"
    __table_args__ = (CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="two_people"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    delegation_id: Mapped[int | None] = mapped_column(ForeignKey("delegation.id"), index=True, default=None)
    kind: Mapped[str] = mapped_column(String(20), default="seat")
    version: Mapped[int] = mapped_column(default=1)
    title: Mapped[str] = mapped_column(String(160), default="")
    status: Mapped[BudgetStatus] = mapped_column(EnumText(BudgetStatus), default=BudgetStatus.DRAFT)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    provenance: Mapped[str] = mapped_column(String(120), default="")
    reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    edits: Mapped[int] = mapped_column(default=0, server_default="0")
    written_at: Mapped[datetime | None] = mapped_column(default_factory=now)
    approved_at: Mapped[datetime | None] = mapped_column(default=None)

    lines: Mapped[list["BudgetLine"]] = relationship(
        init=False, back_populates="budget", order_by="BudgetLine.code"
    )

    @property
    def costs(self) -> list["BudgetLine"]:
        """The lines that cost something, by code."""
        return [line for line in self.lines if not line.is_source]

    @property
    def sources(self) -> list["BudgetLine"]:
        """Those who are meant to pay, by code."""
        return [line for line in self.lines if line.is_source]


class BudgetLine(Base):
    """One cost or source: quantity × people × days × unit price, in its own currency.

    `category` is T, E or U (what may pay for it) for a seat. Another currency than the budget's is told at
    the dated `rate`: units of this one for one of the budget's. `reason` says why it changed.
    """

    __tablename__ = "budget_line"
    __table_args__ = (
        UniqueConstraint("budget_id", "code"),
        CheckConstraint("quantity > 0", name="quantity"),
        CheckConstraint("people > 0", name="people"),
        CheckConstraint("days > 0", name="days"),
        CheckConstraint("basis IN ('seat', 'whole')", name="basis"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    budget_id: Mapped[int] = mapped_column(ForeignKey("budget.id"))
    code: Mapped[str] = mapped_column(String(20))
    label: Mapped[str] = mapped_column(String(160))
    category: Mapped[str] = mapped_column(String(20))
    quantity: Mapped[int] = mapped_column(default=1)
    people: Mapped[int] = mapped_column(default=1, server_default="1")
    days: Mapped[int] = mapped_column(default=1, server_default="1")
    unit_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    unit_price: Mapped[Money] = composite("unit_minor", "currency")
    is_source: Mapped[bool] = mapped_column(default=False)
    basis: Mapped[Basis] = mapped_column(EnumText(Basis), default=Basis.SEAT, server_default="seat")
    rate_id: Mapped[int | None] = mapped_column(ForeignKey("exchange_rate.id"), default=None)
    reason: Mapped[str] = mapped_column(String(200), default="", server_default="")

    budget: Mapped[Budget] = relationship(init=False, back_populates="lines")
    rate: Mapped[ExchangeRate | None] = relationship(init=False, lazy="joined")

    @property
    def own_amount(self) -> Money:
        """What it costs, in its own currency."""
        return self.unit_price * (self.quantity * self.people * self.days)

    @property
    def amount(self) -> Money:
        """What it costs in the budget's currency, rounded once, half away from zero."""
        if self.rate is None:
            return self.own_amount
        return self.own_amount.convert(Fraction(self.rate.denominator, self.rate.numerator), self.rate.base)


class BudgetShare(Base):
    """What a source of the same budget is meant to pay of a line, in the budget's currency."""

    __tablename__ = "budget_share"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="positive"),)

    line_id: Mapped[int] = mapped_column(ForeignKey("budget_line.id"), primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("budget_line.id"), primary_key=True, index=True)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")

    line: Mapped[BudgetLine] = relationship(init=False, foreign_keys="BudgetShare.line_id")
    source: Mapped[BudgetLine] = relationship(init=False, foreign_keys="BudgetShare.source_id")
