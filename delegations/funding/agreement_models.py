"""What follows from an agreement: its versions, what is due to the funder, what was called up."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from access.models import User
from delegations.models import FundingAgreement
from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money


class AgreementVersion(Base):
    """The terms (`delegations.funding.terms`) from one moment to the next version. It never changes."""

    __tablename__ = "agreement_version"
    __table_args__ = (UniqueConstraint("agreement_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("funding_agreement.id"))
    number: Mapped[int]
    terms: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(String(300), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    at: Mapped[datetime] = mapped_column(default_factory=now)

    by: Mapped[User | None] = relationship(init=False)


class DutyKind(StrEnum):
    """What a funder waits for: a report on what was done, or the evidence behind a payment."""

    REPORT = "report"
    EVIDENCE = "evidence"


class FunderDuty(Base):
    """Something due to a funder on a day. Done when somebody says so, with what was handed over."""

    __tablename__ = "funder_duty"
    __table_args__ = (CheckConstraint("(done_on IS NULL) = (done_by_id IS NULL)", name="done_whole"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("funding_agreement.id"), index=True)
    kind: Mapped[DutyKind] = mapped_column(EnumText(DutyKind))
    what: Mapped[str] = mapped_column(String(200))
    due_on: Mapped[date] = mapped_column(index=True)
    done_on: Mapped[date | None] = mapped_column(default=None)
    done_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    done_words: Mapped[str] = mapped_column(String(300), default="")

    agreement: Mapped[FundingAgreement] = relationship(init=False)


class Drawdown(Base):
    """Money called up from a funder. What came of it is in the books; taken back, it counts no more."""

    __tablename__ = "drawdown"
    __table_args__ = (
        UniqueConstraint("agreement_id", "number"),
        CheckConstraint("amount_minor > 0", name="positive"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("funding_agreement.id"))
    number: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    claimed_on: Mapped[date]
    claimed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    evidence: Mapped[str] = mapped_column(String(300), default="")
    taken_back_reason: Mapped[str] = mapped_column(String(300), default="")

    claimed_by: Mapped[User] = relationship(init=False)
