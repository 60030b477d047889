"""Files on their way into the books, and how each bank account's tables are read."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from shared.clock import now
from shared.database import Base
from treasury.models import Account, BankStatement


class StatementUpload(Base):
    """A bank's file that somebody sent: looked at, agreed to, brought in; then its content is let go.

    `content` is compressed, `size` tells how much there is to read. `assumed` holds what the reader is told
    (see `Assumptions`), `look` what a long file was found to say, `problem` why it could not be read.
    `agreed_at` says that it is to be imported.
    """

    __tablename__ = "statement_upload"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    uploaded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    file_name: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    assumed: Mapped[dict[str, Any]] = mapped_column(JSON)
    bank_account: Mapped[str | None] = mapped_column(String(200), default=None)
    look: Mapped[dict[str, Any] | None] = mapped_column(JSON, default=None)
    problem: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default_factory=now, index=True)
    agreed_at: Mapped[datetime | None] = mapped_column(default=None)
    statement_id: Mapped[int | None] = mapped_column(ForeignKey("bank_statement.id"), default=None)

    account: Mapped[Account] = relationship(init=False)
    statement: Mapped[BankStatement | None] = relationship(init=False)


class RememberedLayout(Base):
    """How a person said that the tables of a bank account with these titles (`key`) are read."""

    __tablename__ = "statement_layout"
    __table_args__ = (UniqueConstraint("account_id", "key"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    key: Mapped[str] = mapped_column(String(64))
    layout: Mapped[dict[str, Any]] = mapped_column(JSON)
    told_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    told_at: Mapped[datetime] = mapped_column(default_factory=now)
