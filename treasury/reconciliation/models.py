"""What reconciliation keeps beside its links: proposals, differences, closings, what was forgotten."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from access.models import User
from shared.clock import now
from shared.database import Base
from treasury.models import BankStatement, Posting


class MatchingRun(Base):
    """When an account's open lines were last compared with its open money, and with what was known then.

    `known` names the newest line, entry, payment and link that counted; while it is what it was, no
    comparison can find anything new. `asked` is the `known` for which a job was asked. `size` is how much
    was compared.
    """

    __tablename__ = "matching_run"

    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), primary_key=True)
    known: Mapped[str] = mapped_column(String(160), default="")
    newest_line: Mapped[int] = mapped_column(default=0)
    size: Mapped[int] = mapped_column(default=0)
    asked: Mapped[str] = mapped_column(String(160), default="")
    asked_at: Mapped[datetime | None] = mapped_column(default=None)
    made_at: Mapped[datetime] = mapped_column(default_factory=now)


class MatchProposal(Base):
    """One thing a bank line may be, the best first (`place` 0). Made afresh at each run, never a fact.

    `money` is a JSON list of keys and minor units, as they stood open when they were compared.
    """

    __tablename__ = "match_proposal"
    __table_args__ = (
        Index("ix_match_proposal_line_id", "line_id", "place"),
        Index("ix_match_proposal_account_id_sure", "account_id", "sure", "line_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("statement_line.id"))
    place: Mapped[int]
    line_minor: Mapped[int]
    money: Mapped[str] = mapped_column(Text)
    score: Mapped[float]
    sure: Mapped[bool]
    reasons: Mapped[str] = mapped_column(Text)


class PostingOffset(Base):
    """Two postings of one account that cancel each other and never show at the bank: a rest and what wrote it
    off, an error and its reversal. Undone by a date, never deleted.

    `amount_minor` has the sign of `posting`; `other` gives as much with the opposite sign.
    """

    __tablename__ = "posting_offset"
    __table_args__ = (CheckConstraint("amount_minor <> 0", name="not_zero"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    posting_id: Mapped[int] = mapped_column(ForeignKey("posting.id"), index=True)
    other_id: Mapped[int] = mapped_column(ForeignKey("posting.id"), index=True)
    amount_minor: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(default_factory=now)
    made_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)

    posting: Mapped[Posting] = relationship(init=False, foreign_keys=[posting_id])
    other: Mapped[Posting] = relationship(init=False, foreign_keys=[other_id])


class WriteOff(Base):
    """The draft that writes off what the bank kept of a posting; once it is posted, the two cancel."""

    __tablename__ = "write_off"

    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), primary_key=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey("posting.id"), unique=True)


class StatementClosing(Base):
    """A statement reconciled to its last day: its lines and links are locked until somebody else reopens it.

    `bank_minor` is what the bank says it held on that day; `unknown_minor` are lines explained by entries of
    later days.
    """

    __tablename__ = "statement_closing"
    __table_args__ = (
        CheckConstraint("reopened_by_id IS NULL OR reopened_by_id <> closed_by_id", name="two_people"),
        CheckConstraint("book_minor - transit_minor + unknown_minor = bank_minor", name="agrees"),
        Index(
            "uq_statement_closing_live",
            "statement_id",
            unique=True,
            sqlite_where=text("reopened_at IS NULL"),
            postgresql_where=text("reopened_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statement.id"))
    reconciled_to: Mapped[date]
    bank_minor: Mapped[int]
    book_minor: Mapped[int]
    transit_minor: Mapped[int]
    unknown_minor: Mapped[int]
    closed_by_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    closed_at: Mapped[datetime] = mapped_column(default_factory=now)
    reopened_at: Mapped[datetime | None] = mapped_column(default=None)
    reopened_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    reason: Mapped[str] = mapped_column(Text, default="")

    statement: Mapped[BankStatement] = relationship(init=False)
    closed_by: Mapped[User] = relationship(init=False, foreign_keys=[closed_by_id])


class ForgottenHabit(Base):
    """What the links up to `links_to` taught of a wording and a payer no longer counts."""

    __tablename__ = "forgotten_habit"
    __table_args__ = (UniqueConstraint("account_id", "kind", "wording", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(12))
    wording: Mapped[str] = mapped_column(String(300))
    name: Mapped[str] = mapped_column(String(200))
    links_to: Mapped[int]
    forgotten_at: Mapped[datetime] = mapped_column(default_factory=now)
    forgotten_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
