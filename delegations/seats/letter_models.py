"""The nomination letter of a person, and what a gathering asks before it accredits anybody."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.clock import now
from shared.database import Base


class NominationLetter(Base):
    """What a body wrote to name somebody; the last one of a nomination counts, earlier ones are kept.

    `label` is the name it had on the sender's machine, only shown; `sent_by` the trail's word for the sender.
    """

    __tablename__ = "nomination_letter"
    __table_args__ = (
        UniqueConstraint("nomination_id", "sha256"),
        CheckConstraint("media_type IN ('application/pdf', 'image/jpeg', 'image/png')", name="media_type"),
        CheckConstraint("size BETWEEN 1 AND 10485760", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    nomination_id: Mapped[int] = mapped_column(ForeignKey("nomination.id"))
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    label: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    sent_by: Mapped[str] = mapped_column(String(120))
    sent_at: Mapped[datetime] = mapped_column(default_factory=now)
    looked_at: Mapped[datetime | None] = mapped_column(default=None)
    looked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    refused_because: Mapped[str] = mapped_column(String(1000), default="")

    @property
    def file_name(self) -> str:
        """The name we give it."""
        ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[self.media_type]
        return f"nomination-{self.nomination_id}-{self.id}.{ending}"

    @property
    def is_picture(self) -> bool:
        """Drawn again by us, it can be shown on a page; a PDF is only handed out."""
        return self.media_type != "application/pdf"


class AccreditationRules(Base):
    """What an edition asks: a nomination letter or not, and which changes of a record are approved again."""

    __tablename__ = "accreditation_rules"

    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), primary_key=True)
    letter_required: Mapped[bool] = mapped_column(default=False)
    fields: Mapped[list[Any]] = mapped_column(JSON, default_factory=list)
