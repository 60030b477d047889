"""What happens to a savings plan after it was opened: its changes, and the reminders of its instalments."""

from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column

from delegations.savings.replanning import Policy
from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money


class Cause(StrEnum):
    """Why a plan is changed."""

    SEATS = "seats"
    PRICE = "price"
    RATE = "rate"
    DEPOSITS = "deposits"
    RETURNED = "returned"
    PAYER = "payer"
    OTHER = "other"


class PlanChange(Base):
    """One version of a plan after its opening (version 1). The database refuses any change to it.

    `saved` is what was there on the day `on`; `need` is what the plan, for `seats` seats, is to save in all.
    Its instalments follow from these (`delegations.savings.replanning`). `leaving` is the share of what was
    to come that a payer who stopped pays no more.
    """

    __tablename__ = "plan_change"
    __table_args__ = (
        UniqueConstraint("plan_id", "number"),
        CheckConstraint("number > 1", name="number"),
        CheckConstraint("need_minor > 0", name="need"),
        CheckConstraint("saved_minor >= 0", name="saved"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("savings_plan.id"))
    number: Mapped[int]
    cause: Mapped[Cause] = mapped_column(EnumText(Cause))
    policy: Mapped[Policy] = mapped_column(EnumText(Policy))
    on: Mapped[date] = mapped_column("effective_on")
    seats: Mapped[int]
    saved_minor: Mapped[int] = mapped_column(init=False)
    need_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    saved: Mapped[Money] = composite("saved_minor", "currency")
    need: Mapped[Money] = composite("need_minor", "currency")
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(120))
    leaving_numerator: Mapped[int] = mapped_column(default=0, server_default="0")
    leaving_denominator: Mapped[int] = mapped_column(default=1, server_default="1")
    at: Mapped[datetime] = mapped_column(default_factory=now)

    @property
    def leaving(self) -> Fraction:
        """The share that is paid no more."""
        return Fraction(self.leaving_numerator, self.leaving_denominator)


class ReminderKind(StrEnum):
    """A week before an instalment falls due, on the day, a week after."""

    BEFORE = "before"
    ON = "on"
    AFTER = "after"


class PlanReminder(Base):
    """A reminder that left. One for each plan, payer, instalment (its day) and kind, whatever happens."""

    __tablename__ = "payer_reminder"
    __table_args__ = (UniqueConstraint("plan_id", "payer_id", "due", "kind"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("savings_plan.id"))
    payer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    due: Mapped[date]
    kind: Mapped[ReminderKind] = mapped_column(EnumText(ReminderKind))
    at: Mapped[datetime] = mapped_column(default_factory=now)


class ReminderStop(Base):
    """A payer wants no reminders of a plan since `at`. The row goes when they want them again."""

    __tablename__ = "payer_stop"

    plan_id: Mapped[int] = mapped_column(ForeignKey("savings_plan.id"), primary_key=True)
    payer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(default_factory=now)
