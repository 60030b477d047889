"""Who keeps funds, what the database counts of each, and by how much one may be overdrawn, and why."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from shared.clock import now
from shared.database import Base


class LegalEntity(Base):
    """A body that legally holds money and in whose name papers are made; one of them is the default.

    `framework` is the chart of accounts it reports in (a file of `charts/`), `year_starts` the first month of
    its year; `charity_number` is empty until a registration is recorded.
    """

    __tablename__ = "legal_entity"
    __table_args__ = (
        CheckConstraint("year_starts BETWEEN 1 AND 12", name="month"),
        Index(
            "ix_legal_entity_one_default",
            "is_default",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    name: Mapped[str] = mapped_column(String(160), unique=True)
    country: Mapped[str] = mapped_column(String(2), default="")
    address: Mapped[str] = mapped_column(Text, default="")
    registration_number: Mapped[str] = mapped_column(String(60), default="")
    charity_number: Mapped[str] = mapped_column(String(60), default="")
    framework: Mapped[str] = mapped_column(String(20), default="quebec")
    year_starts: Mapped[int] = mapped_column(default=1)
    is_default: Mapped[bool] = mapped_column(default=False)
    is_demo: Mapped[bool] = mapped_column(default=False)


class FundBalance(Base):
    """What a fund can spend in one currency, and what of it is committed. Only triggers write here.

    `minor` is its share of spendable assets less what it owes. Everything shown is summed from postings; this
    row is the lock and the figure by which the database refuses to overdraw, and `ledger check` compares it.
    """

    __tablename__ = "fund_balance"
    __table_args__ = (CheckConstraint("committed_minor >= 0", name="committed"),)

    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"), primary_key=True)
    currency: Mapped[str] = mapped_column(String(3), primary_key=True)
    minor: Mapped[int] = mapped_column(default=0)
    committed_minor: Mapped[int] = mapped_column(default=0)


class Overdraft(Base):
    """Leave for a fund to go below zero: how far, for entries dated when, and why. Withdrawn, never deleted.

    With an `entry_id` it is for that entry alone: a fact that happened (a cheque returned, a fee taken) is
    recorded even where the money is missing.
    """

    __tablename__ = "overdraft"
    __table_args__ = (
        CheckConstraint("limit_minor > 0", name="positive"),
        CheckConstraint("length(trim(reason)) > 0", name="reason_given"),
        CheckConstraint("ends_on >= starts_on", name="window"),
        Index("ix_overdraft_fund_id_currency", "fund_id", "currency"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    currency: Mapped[str] = mapped_column(String(3))
    limit_minor: Mapped[int]
    reason: Mapped[str] = mapped_column(Text)
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), index=True, default=None)
    allowed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    allowed_at: Mapped[datetime] = mapped_column(default_factory=now)
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
