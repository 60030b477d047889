"""A report that a funder was sent: its figures as they were on that day, and who vouched for them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from access.models import User
from delegations.models import FundingAgreement
from shared.clock import now
from shared.database import Base


class FunderReport(Base):
    """One report, numbered from 1 for each agreement. The database refuses any change to what was told.

    `facts` are the figures (`delegations.funder_reports.figures.Facts`); with `open_papers` the private link
    opens the documents behind them. An audit adds who looked at it, when, and what they say.
    """

    __tablename__ = "funder_report"
    __table_args__ = (
        UniqueConstraint("agreement_id", "number"),
        CheckConstraint("audited_by_id IS NULL OR audited_by_id <> sent_by_id", name="two_people"),
        CheckConstraint("(audited_by_id IS NULL) = (audited_at IS NULL)", name="audited_whole"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("funding_agreement.id"))
    number: Mapped[int]
    as_of: Mapped[date]
    addressee: Mapped[str] = mapped_column(String(160))
    email: Mapped[str] = mapped_column(String(255))
    locale: Mapped[str] = mapped_column(String(8))
    words: Mapped[str] = mapped_column(Text, default="")
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    open_papers: Mapped[bool] = mapped_column(default=False)
    sent_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    sent_at: Mapped[datetime] = mapped_column(default_factory=now)
    audited_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    audited_at: Mapped[datetime | None] = mapped_column(default=None)
    audit_words: Mapped[str] = mapped_column(Text, default="")

    agreement: Mapped[FundingAgreement] = relationship(init=False)
    sent_by: Mapped[User] = relationship(init=False, foreign_keys=[sent_by_id])
    audited_by: Mapped[User | None] = relationship(init=False, foreign_keys=[audited_by_id])
