"""The ledger's tables. What may be posted is decided by the database itself (see the first migration)."""

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    Text,
    UniqueConstraint,
    true,
)
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money


class AccountKind(StrEnum):
    ASSET = "asset"
    LIABILITY = "liability"
    EQUITY = "equity"
    INCOME = "income"
    EXPENSE = "expense"


class FundKind(StrEnum):
    UNRESTRICTED = "unrestricted"
    RESTRICTED = "restricted"
    POOL = "pool"
    MATCH = "match"


class EntryStatus(StrEnum):
    DRAFT = "draft"
    POSTED = "posted"


class Account(Base):
    """A line of the chart of accounts, in one currency: a posting's currency is its account's.

    `spendable` says of an asset that it can be paid out as it is; an advance or a claim cannot.
    """

    __tablename__ = "account"
    __table_args__ = (UniqueConstraint("code", "currency"), UniqueConstraint("id", "currency"))

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(String(120))
    kind: Mapped[AccountKind] = mapped_column(EnumText(AccountKind))
    currency: Mapped[str] = mapped_column(String(3))
    spendable: Mapped[bool] = mapped_column(default=True, server_default=true())


class Fund(Base):
    """Whose money it is and what it may pay. `purpose` lists eligible budget categories, empty for any.

    `holder_id` is the organisation it came from or is for, `entity_id` the legal entity that keeps it (the
    default one when empty); `starts_on` and `ends_on` (both included) bound what it may be spent on; `event`
    is the code of the edition it serves.
    """

    __tablename__ = "fund"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[FundKind] = mapped_column(EnumText(FundKind))
    purpose: Mapped[str] = mapped_column(String(120), default="")
    holder_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), default=None)
    is_demo: Mapped[bool] = mapped_column(default=False)
    aim: Mapped[str] = mapped_column(Text, default="", server_default="")
    event: Mapped[str] = mapped_column(String(40), default="", server_default="")
    starts_on: Mapped[date | None] = mapped_column(default=None)
    ends_on: Mapped[date | None] = mapped_column(default=None)
    entity_id: Mapped[int | None] = mapped_column(ForeignKey("legal_entity.id"), default=None)


class ExchangeRate(Base):
    """One dated rate with its source: `numerator / denominator` units of `quote` for one of `base`."""

    __tablename__ = "exchange_rate"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    base: Mapped[str] = mapped_column(String(3))
    quote: Mapped[str] = mapped_column(String(3))
    numerator: Mapped[int]
    denominator: Mapped[int]
    dated_on: Mapped[date]
    source: Mapped[str] = mapped_column(String(160))


class Period(Base):
    """A span of book dates. Nothing is posted into a closed one; a locked one never opens again.

    `reopened_for` is why an open one was opened again; the database opens none without it.
    """

    __tablename__ = "period"
    __table_args__ = (CheckConstraint("status IN ('open', 'closed', 'locked')", name="status"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    starts_on: Mapped[date] = mapped_column(unique=True)
    ends_on: Mapped[date]
    status: Mapped[str] = mapped_column(String(8), default="open")
    reopened_for: Mapped[str | None] = mapped_column(Text, default=None)


class JournalEntry(Base):
    """One fact about money. Draft, then posted with a number and a hash; then it never changes.

    `source` says where it comes from (``manual``, ``payment:12``, ``refund:3``…); a manual one needs an
    approver who is not its author. `idempotency_key` makes posting twice impossible. `seal` says what the
    hash covers (see `ledger.digest`).
    """

    __tablename__ = "journal_entry"
    __table_args__ = (
        CheckConstraint("status IN ('draft', 'posted')", name="status"),
        CheckConstraint("approver_id IS NULL OR approver_id <> author_id", name="two_people"),
        CheckConstraint(
            "status = 'draft' OR source <> 'manual' OR (author_id IS NOT NULL AND approver_id IS NOT NULL)",
            name="manual_is_approved",
        ),
        CheckConstraint(
            "(status = 'draft') = (number IS NULL) AND (status = 'draft') = (hash IS NULL)",
            name="posted_is_numbered",
        ),
        Index("ix_journal_entry_dated_on_id", "dated_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    dated_on: Mapped[date]
    narration: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(String(60), default="manual", index=True)
    status: Mapped[EntryStatus] = mapped_column(EnumText(EntryStatus), default=EntryStatus.DRAFT)
    number: Mapped[int | None] = mapped_column(unique=True, default=None)
    idempotency_key: Mapped[str | None] = mapped_column(String(160), unique=True, default=None)
    reverses_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True, default=None)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    posted_at: Mapped[datetime | None] = mapped_column(default=None)
    previous_hash: Mapped[str | None] = mapped_column(String(64), default=None)
    hash: Mapped[str | None] = mapped_column(String(64), default=None)
    seal: Mapped[int] = mapped_column(default=1, server_default="1")

    postings: Mapped[list["Posting"]] = relationship(
        back_populates="entry", order_by="Posting.id", default_factory=list
    )


class Posting(Base):
    """One line of an entry: a signed amount (debit positive) on an account, in a fund.

    `posted_on` is the entry's date once it is posted, and empty before; the database writes it.
    """

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("amount_minor <> 0", name="not_zero"),
        ForeignKeyConstraint(["account_id", "currency"], ["account.id", "account.currency"]),
        Index("ix_posting_fund_id_account_id", "fund_id", "account_id", "currency"),
        Index("ix_posting_fund_id_posted_on", "fund_id", "posted_on", "id", "account_id"),
        Index("ix_posting_account_id_posted_on", "account_id", "posted_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), index=True, init=False)
    account_id: Mapped[int]
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    category: Mapped[str] = mapped_column(String(20), default="")
    memo: Mapped[str] = mapped_column(String(200), default="")
    rate_id: Mapped[int | None] = mapped_column(ForeignKey("exchange_rate.id"), default=None)
    posted_on: Mapped[date | None] = mapped_column(init=False, default=None)

    entry: Mapped[JournalEntry] = relationship(back_populates="postings", init=False)
    account: Mapped[Account] = relationship(
        init=False,
        viewonly=True,
        foreign_keys="Posting.account_id",
        primaryjoin="Posting.account_id == Account.id",
    )
    fund: Mapped[Fund] = relationship(init=False)


class LedgerHead(Base):
    """The last posted number and hash; its one row is the lock that puts postings in order."""

    __tablename__ = "ledger_head"
    __table_args__ = (CheckConstraint("id = 1", name="single"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(default=0)
    hash: Mapped[str] = mapped_column(String(64), default="0" * 64)


class PaymentMethod(StrEnum):
    CARD = "card"
    TRANSFER = "transfer"
    CHEQUE = "cheque"
    CASH = "cash"
    MOBILE_MONEY = "mobile_money"
    INTERNAL = "internal"


class PaymentStatus(StrEnum):
    """`recorded` waits for a second person; `settled` has its posted entry; `returned` has its reversal."""

    REQUESTED = "requested"
    RECORDED = "recorded"
    SETTLED = "settled"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class Payment(Base):
    """Money asked for or received for one `purpose` (``registration``, ``savings``…) and its subject.

    `reference` is what a person types in a transfer. The entry is the fact; this row only leads to it.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount_minor > 0", name="positive"),
        Index("ix_payment_purpose_subject_id", "purpose", "subject_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    purpose: Mapped[str] = mapped_column(String(40))
    subject_id: Mapped[int]
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    method: Mapped[PaymentMethod] = mapped_column(EnumText(PaymentMethod))
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    income_code: Mapped[str] = mapped_column(String(20))
    description: Mapped[str] = mapped_column(String(200), default="")
    status: Mapped[PaymentStatus] = mapped_column(EnumText(PaymentStatus), default=PaymentStatus.REQUESTED)
    payer_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), default=None)
    payer_name: Mapped[str] = mapped_column(String(160), default="")
    payer_email: Mapped[str] = mapped_column(String(255), default="")
    received_on: Mapped[date | None] = mapped_column(default=None)
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), unique=True, default=None)
    checkout_id: Mapped[str | None] = mapped_column(String(120), unique=True, default=None)
    charge_id: Mapped[str | None] = mapped_column(String(120), unique=True, default=None)
    attempt: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    settled_at: Mapped[datetime | None] = mapped_column(default=None)

    fund: Mapped[Fund] = relationship(init=False)
    entry: Mapped[JournalEntry | None] = relationship(init=False)


class GatewayEvent(Base):
    """A webhook event that was taken into account, kept for good so that it counts once."""

    __tablename__ = "gateway_event"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    event_id: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(80))
    object_id: Mapped[str] = mapped_column(String(120), index=True)
    received_at: Mapped[datetime] = mapped_column(default_factory=now)


class Attention(Base):
    """Something about money that a person must look at: surplus, late, unknown, wrong currency."""

    __tablename__ = "attention"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    kind: Mapped[str] = mapped_column(String(40))
    key: Mapped[str] = mapped_column(String(160), unique=True)
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), default=None)
    details: Mapped[str] = mapped_column(Text, default="")
    amount_minor: Mapped[int | None] = mapped_column(default=None)
    currency: Mapped[str | None] = mapped_column(String(3), default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    resolved_at: Mapped[datetime | None] = mapped_column(default=None)
    resolution: Mapped[str] = mapped_column(Text, default="")

    @property
    def amount(self) -> Money | None:
        """What is at stake, where it is an amount."""
        if self.amount_minor is None or self.currency is None:
            return None
        return Money(self.amount_minor, self.currency)


class BankStatement(Base):
    """One imported file for one bank account of the ledger.

    `total_minor` is the sum of every line of the file and `repeated` how many of them were already here, so
    opening and closing can be held against them where files overlap; `gap_row` and `gap_on` tell from which
    line on they disagree. `first_on` and `last_on` are the days of its first and last line, here before or
    not, `bank_account` its number as the file writes it; `rejected` is a JSON list of rows. Until a long one
    is `complete`, `lines_done` of `lines_expected` were looked at, none matched. One taken back has no lines.
    """

    __tablename__ = "bank_statement"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"), index=True)
    file_name: Mapped[str] = mapped_column(String(200))
    file_hash: Mapped[str] = mapped_column(String(64))
    format: Mapped[str] = mapped_column(String(20))
    opening_minor: Mapped[int | None] = mapped_column(default=None)
    closing_minor: Mapped[int | None] = mapped_column(default=None)
    total_minor: Mapped[int] = mapped_column(default=0)
    repeated: Mapped[int] = mapped_column(default=0)
    imported_at: Mapped[datetime] = mapped_column(default_factory=now)
    imported_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    rejected: Mapped[str] = mapped_column(Text, default="[]")
    complete: Mapped[bool] = mapped_column(default=True)
    lines_expected: Mapped[int] = mapped_column(default=0)
    lines_done: Mapped[int] = mapped_column(default=0)
    gap_row: Mapped[int | None] = mapped_column(default=None)
    gap_on: Mapped[date | None] = mapped_column(default=None)
    first_on: Mapped[date | None] = mapped_column(default=None)
    last_on: Mapped[date | None] = mapped_column(default=None)
    bank_account: Mapped[str] = mapped_column(String(200), default="")
    withdrawn_at: Mapped[datetime | None] = mapped_column(default=None)
    withdrawn_for: Mapped[str] = mapped_column(String(300), default="")

    account: Mapped[Account] = relationship(init=False)
    lines: Mapped[list["StatementLine"]] = relationship(init=False, back_populates="statement")


class StatementLine(Base):
    """One line of a statement. `identity` (bank id or content, with its occurrence) makes it come in once.

    `counterparty` is the number of the other party's account, without spaces, where the bank tells it.
    """

    __tablename__ = "statement_line"
    __table_args__ = (
        UniqueConstraint("account_id", "identity"),
        CheckConstraint("amount_minor <> 0", name="not_zero"),
        ForeignKeyConstraint(["account_id", "currency"], ["account.id", "account.currency"]),
        Index("ix_statement_line_account_id_dated_on", "account_id", "dated_on"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    statement_id: Mapped[int] = mapped_column(ForeignKey("bank_statement.id"), index=True)
    account_id: Mapped[int]
    identity: Mapped[str] = mapped_column(String(160))
    dated_on: Mapped[date]
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    reference: Mapped[str] = mapped_column(String(160), default="")
    name: Mapped[str] = mapped_column(String(200), default="")
    memo: Mapped[str] = mapped_column(Text, default="")
    counterparty: Mapped[str] = mapped_column(String(40), default="")

    statement: Mapped[BankStatement] = relationship(init=False, back_populates="lines")
    links: Mapped[list["ReconciliationLink"]] = relationship(init=False, back_populates="line")


class ReconciliationLink(Base):
    """This part of a bank line is this part of a posting. Undone by a date, never deleted."""

    __tablename__ = "reconciliation_link"
    __table_args__ = (CheckConstraint("amount_minor <> 0", name="not_zero"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    line_id: Mapped[int] = mapped_column(ForeignKey("statement_line.id"), index=True)
    posting_id: Mapped[int] = mapped_column(ForeignKey("posting.id"), index=True)
    amount_minor: Mapped[int]
    reasons: Mapped[str] = mapped_column(Text, default="")
    linked_at: Mapped[datetime] = mapped_column(default_factory=now)
    linked_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    undone_at: Mapped[datetime | None] = mapped_column(default=None)
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)

    line: Mapped[StatementLine] = relationship(init=False, back_populates="links")
    posting: Mapped[Posting] = relationship(init=False)


class LineEntry(Base):
    """The draft that was written because of a bank line; once it is posted, the two are linked."""

    __tablename__ = "line_entry"

    line_id: Mapped[int] = mapped_column(ForeignKey("statement_line.id"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("journal_entry.id"), unique=True)

    line: Mapped[StatementLine] = relationship(init=False)
    entry: Mapped[JournalEntry] = relationship(init=False)
