"""Dated per-diem tables by place, in local currency, and how a line of a budget was worked out from them."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from delegations.budgets.per_diem import Lodging, Meal, Table
from shared.clock import now
from shared.database import Base
from shared.money import Money


class PerDiemTable(Base):
    """What a day in a place costs from `valid_from` on; never changed: a later one takes over.

    Percentages: incidentals of the three meals by lodging, what the first and last day count, and what days
    from the 31st and from the 121st on count. `source` says where it was read.
    """

    __tablename__ = "per_diem_table"
    __table_args__ = (
        CheckConstraint("breakfast_minor >= 0 AND lunch_minor >= 0 AND dinner_minor >= 0", name="meals"),
        CheckConstraint("commercial_percent BETWEEN 0 AND 100", name="commercial"),
        CheckConstraint("private_percent BETWEEN 0 AND 100", name="private"),
        CheckConstraint("ends_percent BETWEEN 0 AND 100", name="ends"),
        CheckConstraint("long_percent BETWEEN 0 AND 100 AND longest_percent BETWEEN 0 AND 100", name="long"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    place: Mapped[str] = mapped_column(String(80), index=True)
    currency: Mapped[str] = mapped_column(String(3))
    valid_from: Mapped[date]
    breakfast_minor: Mapped[int]
    lunch_minor: Mapped[int]
    dinner_minor: Mapped[int]
    commercial_percent: Mapped[int]
    private_percent: Mapped[int]
    ends_percent: Mapped[int] = mapped_column(default=100)
    long_percent: Mapped[int] = mapped_column(default=100)
    longest_percent: Mapped[int] = mapped_column(default=100)
    source: Mapped[str] = mapped_column(String(160))
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    written_at: Mapped[datetime] = mapped_column(default_factory=now)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    def as_table(self) -> Table:
        """As a value; days from the 31st and the 121st on are the long stays of travel directives."""
        meals = (self.breakfast_minor, self.lunch_minor, self.dinner_minor)
        return Table(
            self.place,
            self.valid_from,
            {meal: Money(minor, self.currency) for meal, minor in zip(Meal, meals, strict=True)},
            {Lodging.COMMERCIAL: self.commercial_percent, Lodging.PRIVATE: self.private_percent},
            self.ends_percent,
            {31: self.long_percent, 121: self.longest_percent},
        )


class PerDiemWorking(Base):
    """How the unit price of a line came about: what was asked, and each day, as plain values.

    `asked` holds place, first and last day, lodging and the meals provided by day; `days` the steps.
    """

    __tablename__ = "per_diem_working"

    line_id: Mapped[int] = mapped_column(ForeignKey("budget_line.id", ondelete="CASCADE"), primary_key=True)
    asked: Mapped[dict[str, Any]] = mapped_column(JSON)
    days: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
