"""Who pays into a savings plan besides its first payer: their references, and their shares since when."""

from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from delegations.models import SavingsPlan
from network.models import Organisation
from shared.clock import now
from shared.database import Base


class PlanPayer(Base):
    """Somebody who pays into a plan that another opened. `reference` is what they type in a transfer."""

    __tablename__ = "plan_payer"
    __table_args__ = (UniqueConstraint("plan_id", "payer_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("savings_plan.id"))
    payer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    payer_email: Mapped[str] = mapped_column(String(255), default="")
    added_at: Mapped[datetime] = mapped_column(default_factory=now)

    plan: Mapped[SavingsPlan] = relationship(init=False)
    payer: Mapped[Organisation] = relationship(init=False)


class PlanShare(Base):
    """From `since` on, this share of each instalment is asked of a payer; 0: they may deposit.

    A first payer's share is what the others leave. Who `left` has stopped. The database refuses any change to
    a row: another share is another row.
    """

    __tablename__ = "plan_share"
    __table_args__ = (CheckConstraint("numerator >= 0 AND denominator >= numerator", name="share"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    plan_id: Mapped[int] = mapped_column(ForeignKey("savings_plan.id"), index=True)
    payer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    since: Mapped[date]
    numerator: Mapped[int]
    denominator: Mapped[int]
    left: Mapped[bool] = mapped_column("has_left")
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(default_factory=now)

    @property
    def part(self) -> Fraction:
        """The share."""
        return Fraction(self.numerator, self.denominator)


class PayerSaved(Base):
    """What of a version's `saved` a payer had paid when it was made; the rest is the first payer's."""

    __tablename__ = "payer_saved"

    change_id: Mapped[int] = mapped_column(ForeignKey("plan_change.id"), primary_key=True)
    payer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    saved_minor: Mapped[int]


@dataclass(frozen=True, slots=True)
class Payer:
    """One who pays into a plan: its first payer (`row` is None) or another."""

    plan: SavingsPlan
    row: PlanPayer | None = None

    @property
    def organisation(self) -> Organisation:
        return self.row.payer if self.row else self.plan.payer

    @property
    def id(self) -> int:
        """The organisation's id."""
        return self.row.payer_id if self.row else self.plan.payer_id

    @property
    def reference(self) -> str:
        return self.row.reference if self.row else self.plan.reference

    @property
    def own_address(self) -> str:
        """The address given for this plan; empty where the organisation's own is used."""
        return self.row.payer_email if self.row else self.plan.payer_email

    @property
    def written_to(self) -> str:
        """Where messages to them go; empty when there is no address."""
        return self.own_address or self.organisation.email

    @property
    def opened_by(self) -> tuple[str, int]:
        """What their private link opens: its purpose and subject."""
        return ("plan-payer", self.row.id) if self.row else ("plan", self.plan.id)
