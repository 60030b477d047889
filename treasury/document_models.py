"""The papers behind an entry: what was uploaded, made harmless, kept with the fact it proves."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from shared.clock import now
from shared.database import Base


class EntryDocument(Base):
    """One document of an entry. Those that came before it was posted are in its hash; a `late` one is not.

    `number` counts from 1 in each entry and makes the name it is served under; `label` is the name it had on
    the uploader's machine, only shown.
    """

    __tablename__ = "entry_document"
    __table_args__ = (
        UniqueConstraint("entry_id", "number"),
        UniqueConstraint("entry_id", "sha256"),
        CheckConstraint("media_type IN ('application/pdf', 'image/jpeg', 'image/png')", name="media_type"),
        CheckConstraint("size BETWEEN 1 AND 10485760", name="size"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"))
    number: Mapped[int]
    media_type: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int]
    label: Mapped[str] = mapped_column(String(120))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    late: Mapped[bool] = mapped_column(default=False)
    added_at: Mapped[datetime] = mapped_column(default_factory=now)
    added_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)

    @property
    def file_name(self) -> str:
        """The name we give it."""
        ending = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}[self.media_type]
        return f"entry-{self.entry_id}-{self.number}.{ending}"
