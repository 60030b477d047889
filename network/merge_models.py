"""What was moved when two records were made one, and which pairs were looked at and are two people."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.clock import now
from shared.database import Base


class MovedRow(Base):
    """A row that named the duplicate and names the person who remains; parting gives it back."""

    __tablename__ = "moved_row"
    __table_args__ = (UniqueConstraint("duplicate_id", "kind", "row_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    duplicate_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(40))
    row_id: Mapped[int]


class TwoPeople(Base):
    """Two records that look alike and are two people: they are not shown again. The smaller id is first."""

    __tablename__ = "two_people"
    __table_args__ = (
        UniqueConstraint("first_id", "second_id"),
        CheckConstraint("first_id < second_id", name="in_order"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    first_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    second_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(String(300), default="")
    at: Mapped[datetime] = mapped_column(default_factory=now)
