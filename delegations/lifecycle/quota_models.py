"""How many seats an edition has for a delegation, a region, a sector or an organisation."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.database import Base, EnumText


class QuotaScope(StrEnum):
    DELEGATION = "delegation"
    REGION = "region"
    SECTOR = "sector"
    ORGANISATION = "organisation"


class Quota(Base):
    """At most so many seats. `of` is a delegation's code, a region's or sector's name, or a body's id."""

    __tablename__ = "quota"
    __table_args__ = (
        UniqueConstraint("edition_id", "scope", "of"),
        CheckConstraint("seats >= 0", name="seats"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    scope: Mapped[QuotaScope] = mapped_column(EnumText(QuotaScope))
    of: Mapped[str] = mapped_column(String(200))
    seats: Mapped[int]
