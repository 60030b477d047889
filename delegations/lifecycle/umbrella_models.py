"""A delegation that holds others: two networks, one stay."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Base


class UmbrellaMember(Base):
    """One delegation under another. The database refuses an umbrella under an umbrella, so no circle."""

    __tablename__ = "umbrella_member"
    __table_args__ = (CheckConstraint("member_id <> umbrella_id", name="two"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    member_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), unique=True)
    umbrella_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
