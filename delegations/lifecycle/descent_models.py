"""Which delegation of an earlier gathering another one was begun from."""

from sqlalchemy import CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Base


class Descent(Base):
    """A delegation and the one it follows."""

    __tablename__ = "delegation_descent"
    __table_args__ = (CheckConstraint("delegation_id <> parent_id", name="two"),)

    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), primary_key=True)
    parent_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
