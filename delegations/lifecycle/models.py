"""Every step a delegation made, for good: the database refuses any change to what is written here."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from delegations.models import DelegationStatus
from shared.clock import now
from shared.database import Base, EnumText


class DelegationStep(Base):
    """One change of state: from where (empty for the invitation) to where, by whom, when and why."""

    __tablename__ = "delegation_step"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
    left: Mapped[DelegationStatus | None] = mapped_column(EnumText(DelegationStatus), default=None)
    reached: Mapped[DelegationStatus] = mapped_column(EnumText(DelegationStatus))
    actor: Mapped[str] = mapped_column(String(120))
    reason: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime] = mapped_column(default_factory=now)
