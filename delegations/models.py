"""A delegation and its seats; the intentions around them. What was really paid is in the ledger."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from events.models import BadgeRole, Edition, Registration, RegistrationStatus
from network.models import Organisation, Person
from shared.clock import now
from shared.database import Base, EnumText
from shared.money import Money
from treasury.models import Fund


class DelegationStatus(StrEnum):
    INVITED = "invited"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    ALLOCATED = "allocated"
    CONFIRMED = "confirmed"
    LOCKED = "locked"
    CLOSED = "closed"
    DECLINED = "declined"
    WITHDRAWN = "withdrawn"


class SeatStatus(StrEnum):
    PLANNED = "planned"
    FUNDED = "funded"
    NAMED = "named"
    ACCREDITED = "accredited"
    ATTENDED = "attended"
    RELEASED = "released"
    WITHDRAWN = "withdrawn"


class NominationStatus(StrEnum):
    NOMINATED = "nominated"
    COMPLETED = "completed"
    ACCREDITED = "accredited"
    RETURNED = "returned"
    REFUSED = "refused"
    SUBSTITUTED = "substituted"
    WITHDRAWN = "withdrawn"


CURRENT_NOMINATION = (
    NominationStatus.NOMINATED,
    NominationStatus.COMPLETED,
    NominationStatus.ACCREDITED,
    NominationStatus.RETURNED,
)


class CredentialStatus(StrEnum):
    MISSING = "missing"
    UPLOADED = "uploaded"
    VERIFIED = "verified"
    REFUSED = "refused"


class Delegation(Base):
    """A group that an edition invites. `code` such as ``DKR05-OUT``; `fund` holds its own savings."""

    __tablename__ = "delegation"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    name: Mapped[str] = mapped_column(String(160))
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), default=None)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    status: Mapped[DelegationStatus] = mapped_column(
        EnumText(DelegationStatus), default=DelegationStatus.INVITED
    )
    contact_email: Mapped[str] = mapped_column(String(255), default="")
    seats_requested: Mapped[int] = mapped_column(default=0)
    seats_allocated: Mapped[int] = mapped_column(default=0)
    request_note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    edition: Mapped[Edition] = relationship(init=False)
    organisation: Mapped[Organisation | None] = relationship(init=False)
    fund: Mapped[Fund] = relationship(init=False)
    seats: Mapped[list["Seat"]] = relationship(
        init=False, back_populates="delegation", order_by="Seat.number"
    )
    plans: Mapped[list["SavingsPlan"]] = relationship(init=False, back_populates="delegation")


class Seat(Base):
    """The accounting atom: it exists years before its person is named and outlives every nomination."""

    __tablename__ = "seat"
    __table_args__ = (UniqueConstraint("delegation_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"))
    number: Mapped[int]
    code: Mapped[str] = mapped_column(String(48), unique=True)
    nominator: Mapped[str] = mapped_column(String(160), default="")
    status: Mapped[SeatStatus] = mapped_column(EnumText(SeatStatus), default=SeatStatus.PLANNED)
    registration_id: Mapped[int | None] = mapped_column(
        ForeignKey("registration.id"), unique=True, default=None
    )
    status_reason: Mapped[str] = mapped_column(Text, default="")

    delegation: Mapped[Delegation] = relationship(init=False, back_populates="seats")
    registration: Mapped[Registration | None] = relationship(init=False)
    nominations: Mapped[list["Nomination"]] = relationship(
        init=False, back_populates="seat", order_by="Nomination.id"
    )

    @property
    def nomination(self) -> "Nomination | None":
        """The nomination that holds the seat now, if any."""
        return next((one for one in reversed(self.nominations) if one.status in CURRENT_NOMINATION), None)

    @property
    def registered(self) -> Registration | None:
        """Its registration; none where that was cancelled: whoever is accredited next is registered anew."""
        over = self.registration is None or self.registration.status is RegistrationStatus.CANCELLED
        return None if over else self.registration


class Nomination(Base):
    """A person put forward for a seat. At most one holds a seat at a time (unique index).

    `endorsed_at` is when the delegation gave its word on the completed record; `editable_until` lets this
    person alone correct it after the edition's deadline.
    """

    __tablename__ = "nomination"
    __table_args__ = (
        Index(
            "uq_nomination_current",
            "seat_id",
            unique=True,
            sqlite_where=text("status IN ('nominated', 'completed', 'accredited', 'returned')"),
            postgresql_where=text("status IN ('nominated', 'completed', 'accredited', 'returned')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    seat_id: Mapped[int] = mapped_column(ForeignKey("seat.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[BadgeRole] = mapped_column(EnumText(BadgeRole), default=BadgeRole.DELEGATE)
    status: Mapped[NominationStatus] = mapped_column(
        EnumText(NominationStatus), default=NominationStatus.NOMINATED
    )
    credential: Mapped[CredentialStatus] = mapped_column(
        EnumText(CredentialStatus), default=CredentialStatus.MISSING
    )
    reason: Mapped[str] = mapped_column(Text, default="")
    nominated_at: Mapped[datetime] = mapped_column(default_factory=now)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    endorsed_at: Mapped[datetime | None] = mapped_column(default=None)
    editable_until: Mapped[datetime | None] = mapped_column(default=None)

    seat: Mapped[Seat] = relationship(init=False, back_populates="nominations")
    person: Mapped[Person] = relationship(init=False)


class PlanStatus(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class SavingsPlan(Base):
    """An organisation's intention to save for seats. Its instalments are computed, never stored.

    `every_months` and `count` make the schedule from `first_due`; `fund` holds what was deposited;
    `reference` is what the payer types in a transfer.
    """

    __tablename__ = "savings_plan"
    __table_args__ = (
        CheckConstraint("target_minor > 0", name="target"),
        CheckConstraint("count > 0", name="count"),
        CheckConstraint("every_months > 0", name="every_months"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(40), unique=True)
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
    payer_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"), index=True)
    target_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    target: Mapped[Money] = composite("target_minor", "currency")
    count: Mapped[int]
    first_due: Mapped[date]
    every_months: Mapped[int] = mapped_column(default=1)
    remainder: Mapped[str] = mapped_column(String(10), default="spread")
    seats: Mapped[int] = mapped_column(default=1)
    reference: Mapped[str] = mapped_column(String(24), unique=True)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    status: Mapped[PlanStatus] = mapped_column(EnumText(PlanStatus), default=PlanStatus.OPEN)
    payer_email: Mapped[str] = mapped_column(String(255), default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    delegation: Mapped[Delegation] = relationship(init=False, back_populates="plans")
    payer: Mapped[Organisation] = relationship(init=False)
    fund: Mapped[Fund] = relationship(init=False)

    @property
    def written_to(self) -> str:
        """Where its messages go: the address given for it, else its payer's; empty when there is none."""
        return self.payer_email or self.payer.email


class FundingKind(StrEnum):
    """A match follows money received; a grant is an amount a seat; a pledge counts only once unblocked."""

    MATCH = "match"
    GRANT = "grant"
    PLEDGE = "pledge"


class FundingAgreement(Base):
    """A funder's rule for one edition: what it adds, to what, up to where.

    `ratio_numerator / ratio_denominator` for a match, on cash received; `amount` per seat for a grant or
    the whole for a pledge; `categories` are the eligible budget categories, empty for any; `blocked_reason`
    not empty means that it counts for nothing yet. These are the terms in force; every version is kept
    (`delegations.funding.agreement_models`), and `delegations.funding.terms` says what each means.
    """

    __tablename__ = "funding_agreement"
    __table_args__ = (UniqueConstraint("edition_id", "code"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(20))
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    name: Mapped[str] = mapped_column(String(160))
    kind: Mapped[FundingKind] = mapped_column(EnumText(FundingKind))
    currency: Mapped[str] = mapped_column(String(3))
    ratio_numerator: Mapped[int] = mapped_column(default=0)
    ratio_denominator: Mapped[int] = mapped_column(default=1)
    amount_minor: Mapped[int] = mapped_column(default=0)
    cap_minor: Mapped[int | None] = mapped_column(default=None)
    categories: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    blocked_reason: Mapped[str] = mapped_column(String(160), default="")
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"), default=None)
    basis: Mapped[str] = mapped_column(String(32), default="cash", server_default="cash")
    opens: Mapped[date | None] = mapped_column(default=None)
    closes: Mapped[date | None] = mapped_column(default=None)
    sharing: Mapped[str] = mapped_column(String(32), default="stated", server_default="stated")
    stacks: Mapped[bool] = mapped_column(default=False, server_default=false())
    through: Mapped[str] = mapped_column(String(160), default="", server_default="")
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    served: Mapped[list["FundingServes"]] = relationship(
        init=False, back_populates="agreement", order_by="FundingServes.position"
    )


class FundingServes(Base):
    """Which delegations an agreement serves, in the stated order."""

    __tablename__ = "funding_serves"
    __table_args__ = (UniqueConstraint("agreement_id", "delegation_id"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("funding_agreement.id"))
    delegation_id: Mapped[int] = mapped_column(ForeignKey("delegation.id"), index=True)
    position: Mapped[int] = mapped_column(default=0)

    agreement: Mapped[FundingAgreement] = relationship(init=False, back_populates="served")
    delegation: Mapped[Delegation] = relationship(init=False)


class SupportDecision(Base):
    """A minuted decision of the support fund's committee. Recorder and approver are two people."""

    __tablename__ = "support_decision"
    __table_args__ = (
        UniqueConstraint("edition_id", "number"),
        CheckConstraint("approver_id IS NULL OR approver_id <> recorder_id", name="two_people"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    number: Mapped[int]
    decided_on: Mapped[date]
    title: Mapped[str] = mapped_column(String(200))
    members_present: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    criteria: Mapped[dict[str, Any]] = mapped_column(JSON, default_factory=dict)
    fund_id: Mapped[int] = mapped_column(ForeignKey("fund.id"))
    recorder_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    approver_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)
    is_demo: Mapped[bool] = mapped_column(default=False)

    awards: Mapped[list["SupportAward"]] = relationship(init=False, back_populates="decision")


class SupportAward(Base):
    """What one decision gives: to a delegation's gap, or to a guest's ticket. Its entry is the fact."""

    __tablename__ = "support_award"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="positive"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    decision_id: Mapped[int] = mapped_column(ForeignKey("support_decision.id"), index=True)
    label: Mapped[str] = mapped_column(String(160))
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    delegation_id: Mapped[int | None] = mapped_column(ForeignKey("delegation.id"), index=True, default=None)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    entry_id: Mapped[int | None] = mapped_column(ForeignKey("journal_entry.id"), default=None)

    decision: Mapped[SupportDecision] = relationship(init=False, back_populates="awards")
