"""Who looks after a delegation: a primary and a backup focal point, now and before."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from access.models import User
from shared.clock import now
from shared.database import Base, EnumText


class FocalRank(StrEnum):
    PRIMARY = "primary"
    BACKUP = "backup"


class FocalPoint(Base):
    """One person in one place, from `since` to `until` (empty: now). Each place has one at a time."""

    __tablename__ = "focal_point"
    __table_args__ = (
        Index(
            "uq_focal_point_current",
            "delegation_id",
            "rank",
            unique=True,
            sqlite_where=text("until IS NULL"),
            postgresql_where=text("until IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    rank: Mapped[FocalRank] = mapped_column(EnumText(FocalRank))
    actor: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text, default="")
    since: Mapped[datetime] = mapped_column(default_factory=now)
    until: Mapped[datetime | None] = mapped_column(default=None)

    user: Mapped[User] = relationship(init=False)
