"""The append-only trail: who did what to which object, when and why. The database refuses changes to it."""

from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import JSON, String, Text, insert
from sqlalchemy.orm import Mapped, mapped_column

from shared.clock import now
from shared.database import Base, connection, db


class Actor(Protocol):
    """Whoever acts: a signed-in user, or the machine itself."""

    @property
    def actor_label(self) -> str: ...


class System:
    """The machine acting on its own (webhooks, jobs, the command line)."""

    def __init__(self, label: str = "system") -> None:
        self.actor_label = label


class AuditRecord(Base):
    """One thing done. `subject` is ``kind:id``; `details` holds before/after values, no personal data."""

    __tablename__ = "audit_record"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    at: Mapped[datetime] = mapped_column(default_factory=now)
    actor: Mapped[str] = mapped_column(String(120))
    action: Mapped[str] = mapped_column(String(60), index=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    reason: Mapped[str] = mapped_column(Text, default="")
    details: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)


_RECORD = insert(AuditRecord)


def record(action: str, subject: object, *, by: Actor, reason: str = "", **details: Any) -> None:
    """Add to the trail, in the same transaction as the fact. `subject` is a mapped row with an id."""
    db.session.flush()
    label = f"{type(subject).__name__}:{getattr(subject, 'id', '')}"
    what = {"action": action, "subject": label, "details": details}
    connection().execute(_RECORD, what | {"actor": by.actor_label, "at": now(), "reason": reason})
