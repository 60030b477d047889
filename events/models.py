"""Editions, their registrations, badges and check-ins."""

import secrets
from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    JSON,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    String,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, composite, mapped_column, relationship

from network.models import Person
from shared.clock import now
from shared.database import Base, EnumText
from shared.i18n import LazyString, _l
from shared.money import Money
from treasury.models import Fund, Payment


class EditionStatus(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    ARCHIVED = "archived"


class RegistrationStatus(StrEnum):
    """Axis of its own, see the design: admission although unpaid is a flag with a reason, not a state."""

    AWAITING_APPROVAL = "awaiting_approval"
    UNPAID = "unpaid"
    CONFIRMED = "confirmed"
    WAITLISTED = "waitlisted"
    OFFERED = "offered"
    VACANT = "vacant"
    CANCELLED = "cancelled"


HOLDS_A_PLACE = (
    RegistrationStatus.AWAITING_APPROVAL,
    RegistrationStatus.UNPAID,
    RegistrationStatus.CONFIRMED,
    RegistrationStatus.OFFERED,
    RegistrationStatus.VACANT,
)

"""Registrations that count against an edition's capacity."""

NOBODY_COMES = RegistrationStatus.CANCELLED, RegistrationStatus.VACANT
"""Whose person is free to register again: it is given back, or it waits for another name."""


class BadgeRole(StrEnum):
    """The letter on a badge; its label is below, its colour in `events/badge_sheets.py`."""

    DELEGATE = "D"
    HEAD = "T"
    ALTERNATE = "S"
    ADVISER = "C"
    INTERPRETER = "I"
    VOLUNTEER = "B"
    FACILITATOR = "A"
    OBSERVER = "O"
    PRESS = "P"
    GUEST = "G"


class BadgeStatus(StrEnum):
    ISSUED = "issued"
    COLLECTED = "collected"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


class ScanResult(StrEnum):
    """What the desk sees: welcome, been here, refused, never heard of, another edition's, look again."""

    WELCOME = "welcome"
    ALREADY_IN = "already_in"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    OTHER_EDITION = "other_edition"
    FLAGGED = "flagged"


class EventSeries(Base):
    """Editions that follow each other: the meetings of RIPESS, the summer universities."""

    __tablename__ = "event_series"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    is_demo: Mapped[bool] = mapped_column(default=False)

    editions: Mapped[list["Edition"]] = relationship(
        init=False, back_populates="series", order_by="Edition.starts_on"
    )


class Edition(Base):
    """One gathering at one place and time. Deadlines are told in `zone` (an IANA name).

    `fee` is the full registration fee; an edition with tiers offers those instead. `badge_key` signs its
    badges.
    """

    __tablename__ = "edition"
    __table_args__ = (
        CheckConstraint("fee_minor >= 0", name="fee"),
        CheckConstraint("capacity IS NULL OR capacity >= 0", name="capacity"),
        CheckConstraint("ends_on >= starts_on", name="dates"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    code: Mapped[str] = mapped_column(String(20), unique=True)
    series_id: Mapped[int] = mapped_column(ForeignKey("event_series.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    theme: Mapped[str] = mapped_column(String(300), default="")
    description: Mapped[str] = mapped_column(Text, default="")
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    zone: Mapped[str] = mapped_column(String(60))
    place: Mapped[str] = mapped_column(String(200))
    country: Mapped[str] = mapped_column(String(2))
    fee_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    fee: Mapped[Money] = composite("fee_minor", "currency")
    currencies: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    languages: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    capacity: Mapped[int | None] = mapped_column(default=None)
    registration_opens_at: Mapped[datetime | None] = mapped_column(default=None)
    registration_closes_at: Mapped[datetime | None] = mapped_column(default=None)
    delegation_deadline: Mapped[date | None] = mapped_column(default=None)
    status: Mapped[EditionStatus] = mapped_column(EnumText(EditionStatus), default=EditionStatus.DRAFT)
    open_to_public: Mapped[bool] = mapped_column(default=True)
    places_taken: Mapped[int] = mapped_column(default=0)
    fund_id: Mapped[int | None] = mapped_column(ForeignKey("fund.id"), default=None)
    badge_key: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    series: Mapped[EventSeries] = relationship(init=False, back_populates="editions")
    fund: Mapped[Fund | None] = relationship(init=False)
    tiers: Mapped[list["FeeTier"]] = relationship(
        init=False, back_populates="edition", order_by="FeeTier.position"
    )


class FeeTier(Base):
    """A fee that people choose themselves, without proof. `label` by language."""

    __tablename__ = "fee_tier"
    __table_args__ = (
        UniqueConstraint("edition_id", "code"),
        CheckConstraint("amount_minor >= 0", name="amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    code: Mapped[str] = mapped_column(String(30))
    label: Mapped[dict[str, str]] = mapped_column(JSON)
    amount_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    amount: Mapped[Money] = composite("amount_minor", "currency")
    position: Mapped[int] = mapped_column(default=0)

    edition: Mapped[Edition] = relationship(init=False, back_populates="tiers")


class Milestone(Base):
    """A dated step on the way to an edition (or `dated_text` where only a month is known)."""

    __tablename__ = "milestone"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    title: Mapped[str] = mapped_column(String(200))
    dated_text: Mapped[str] = mapped_column(String(40))
    provenance: Mapped[str] = mapped_column(String(120), default="")


class HeadcountFigure(Base):
    """A published number of people with its status and source. Figures are never added up."""

    __tablename__ = "headcount_figure"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    people: Mapped[int]
    status: Mapped[str] = mapped_column(String(20))
    countries: Mapped[int | None] = mapped_column(default=None)
    dated_text: Mapped[str] = mapped_column(String(40), default="")
    provenance: Mapped[str] = mapped_column(String(120), default="")


class ProgrammeSession(Base):
    """One item of the programme, in local time of the edition's zone."""

    __tablename__ = "programme_session"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    kind: Mapped[str] = mapped_column(String(30))
    title: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime | None] = mapped_column(default=None)
    room: Mapped[str] = mapped_column(String(60), default="")
    capacity: Mapped[int | None] = mapped_column(default=None)
    languages: Mapped[list[str]] = mapped_column(JSON, default_factory=list)
    note: Mapped[str] = mapped_column(Text, default="")
    provenance: Mapped[str] = mapped_column(String(120), default="")


def new_code() -> str:
    """A registration's public code: ten letters and digits that nobody mistakes for each other."""
    return "".join(secrets.choice("23456789ABCDEFGHJKMNPQRSTUVWXYZ") for _ in range(10))


class Registration(Base):
    """One person at one edition. The seat that pays for it, where there is one, points here from above.

    `party_code` and `party_name` name the delegation it came with, so that the desk can ask for it.
    """

    __tablename__ = "registration"
    __table_args__ = (
        CheckConstraint("fee_minor >= 0", name="fee"),
        CheckConstraint("NOT admit_unpaid OR admit_reason <> ''", name="admit_reason"),
        Index("ix_registration_edition_id_status", "edition_id", "status"),
        Index("ix_registration_edition_id_created_at", "edition_id", "created_at", "id"),
        Index("ix_registration_edition_id_party_code", "edition_id", "party_code"),
        Index(
            "uq_registration_active_person",
            "edition_id",
            "person_id",
            unique=True,
            sqlite_where=text("status NOT IN ('cancelled', 'vacant')"),
            postgresql_where=text("status NOT IN ('cancelled', 'vacant')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"), index=True)
    code: Mapped[str] = mapped_column(String(16), unique=True, default_factory=new_code)
    status: Mapped[RegistrationStatus] = mapped_column(EnumText(RegistrationStatus))
    role: Mapped[BadgeRole] = mapped_column(EnumText(BadgeRole), default=BadgeRole.DELEGATE)
    tier_id: Mapped[int | None] = mapped_column(ForeignKey("fee_tier.id"), default=None)
    fee_minor: Mapped[int] = mapped_column(init=False)
    currency: Mapped[str] = mapped_column(String(3), init=False)
    fee: Mapped[Money] = composite("fee_minor", "currency")
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payment.id"), unique=True, default=None)
    party_code: Mapped[str] = mapped_column(String(40), default="")
    party_name: Mapped[str] = mapped_column(String(120), default="")
    seat_code: Mapped[str] = mapped_column(String(40), default="")
    admit_unpaid: Mapped[bool] = mapped_column(default=False)
    admit_reason: Mapped[str] = mapped_column(Text, default="")
    submission_key: Mapped[str | None] = mapped_column(String(64), unique=True, default=None)
    offered_until: Mapped[datetime | None] = mapped_column(default=None)
    created_at: Mapped[datetime] = mapped_column(default_factory=now)
    is_demo: Mapped[bool] = mapped_column(default=False)
    provenance: Mapped[str] = mapped_column(String(120), default="")

    edition: Mapped[Edition] = relationship(init=False)
    person: Mapped[Person] = relationship(init=False)
    tier: Mapped[FeeTier | None] = relationship(init=False)
    payment: Mapped[Payment | None] = relationship(init=False)
    badges: Mapped[list["Badge"]] = relationship(
        init=False, back_populates="registration", order_by="Badge.copy"
    )

    @property
    def named(self) -> Person | None:
        """Whose it is; nobody's while it waits for a name, whoever left it."""
        return None if self.status is RegistrationStatus.VACANT else self.person


class Badge(Base):
    """One printed badge. A new copy revokes the one before; `token` is opaque and unique."""

    __tablename__ = "badge"
    __table_args__ = (UniqueConstraint("registration_id", "copy"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    copy: Mapped[int] = mapped_column(default=1)
    token: Mapped[str] = mapped_column(String(32), unique=True, default_factory=lambda: secrets.token_hex(8))
    short_code: Mapped[str] = mapped_column(String(16), unique=True)
    status: Mapped[BadgeStatus] = mapped_column(EnumText(BadgeStatus), default=BadgeStatus.ISSUED)
    reason: Mapped[str] = mapped_column(Text, default="")
    issued_at: Mapped[datetime] = mapped_column(default_factory=now)
    revoked_at: Mapped[datetime | None] = mapped_column(default=None)

    registration: Mapped[Registration] = relationship(init=False, back_populates="badges")


class CheckIn(Base):
    """The one arrival of a registration in a zone; a second scan is answered by this one."""

    __tablename__ = "check_in"
    __table_args__ = (UniqueConstraint("registration_id", "zone"),)

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    registration_id: Mapped[int] = mapped_column(ForeignKey("registration.id"))
    badge_id: Mapped[int | None] = mapped_column(ForeignKey("badge.id"), default=None)
    zone: Mapped[str] = mapped_column(String(40), default="entrance")
    at: Mapped[datetime] = mapped_column(default_factory=now)
    desk: Mapped[str] = mapped_column(String(60), default="")
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)

    registration: Mapped[Registration] = relationship(init=False)


class Scan(Base):
    """Every scan as a device saw it; `scan_key` (made by the device) lets it be sent again safely."""

    __tablename__ = "scan"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    scan_key: Mapped[str] = mapped_column(String(64), unique=True)
    code: Mapped[str] = mapped_column(String(300))
    result: Mapped[ScanResult] = mapped_column(EnumText(ScanResult))
    at: Mapped[datetime]
    received_at: Mapped[datetime] = mapped_column(default_factory=now)
    desk: Mapped[str] = mapped_column(String(60), default="")
    offline: Mapped[bool] = mapped_column(default=False)
    registration_id: Mapped[int | None] = mapped_column(ForeignKey("registration.id"), default=None)
    by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), default=None)


class VisaRequest(Base):
    """A visa asked for with an invitation letter, and what came of it."""

    __tablename__ = "visa_request"

    id: Mapped[int] = mapped_column(primary_key=True, init=False)
    edition_id: Mapped[int] = mapped_column(ForeignKey("edition.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"), default=None)
    label: Mapped[str] = mapped_column(String(120), default="")
    outcome: Mapped[str] = mapped_column(String(20))
    provenance: Mapped[str] = mapped_column(String(120), default="")


ROLE_LABELS: dict[BadgeRole, LazyString] = {
    BadgeRole.DELEGATE: _l("Delegate"),
    BadgeRole.HEAD: _l("Head of delegation"),
    BadgeRole.ALTERNATE: _l("Alternate"),
    BadgeRole.ADVISER: _l("Adviser"),
    BadgeRole.INTERPRETER: _l("Interpreter"),
    BadgeRole.VOLUNTEER: _l("Volunteer"),
    BadgeRole.FACILITATOR: _l("Facilitator"),
    BadgeRole.OBSERVER: _l("Observer"),
    BadgeRole.PRESS: _l("Press"),
    BadgeRole.GUEST: _l("Guest"),
}
