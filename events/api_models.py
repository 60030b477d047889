"""What editions, registrations and check-ins look like on the wire."""

import re
from datetime import date, datetime
from typing import Annotated, Any, Literal

from email_validator import EmailNotValidError, validate_email
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StringConstraints,
)

from access.api import Paging
from access.api_description import Amount
from events.models import BadgeRole, EditionStatus, RegistrationStatus, ScanResult
from shared.i18n import LOCALES
from treasury.models import PaymentMethod, PaymentStatus

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_ODD = r"\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufdd0-\ufdef\ufffe\uffff"


def _address(text: str) -> str:
    try:
        return validate_email(text, check_deliverability=False).normalized
    except EmailNotValidError as problem:
        raise ValueError("not an e-mail address") from problem


def _moment(given: Any) -> Any:
    if not isinstance(given, str) or not _MOMENT.fullmatch(given):
        raise ValueError("not a moment of RFC 3339")
    return given


def _recent(moment: datetime) -> datetime:
    if moment.year < 2000:
        raise ValueError("before there were badges")
    return moment


Line = Annotated[str, StringConstraints(pattern=rf"^[^\x00-\x1f{_ODD}]*$")]
"""Text on one line that every page and badge can show."""

Lines = Annotated[str, StringConstraints(pattern=rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f{_ODD}]*$")]
Address = Annotated[
    str, AfterValidator(_address), Field(max_length=255, json_schema_extra={"format": "email"})
]
Moment = Annotated[AwareDatetime, BeforeValidator(_moment), AfterValidator(_recent)]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
Language = Annotated[str, StringConstraints(pattern=r"^[a-z]{2,3}$")]


class Given(BaseModel):
    """What a client sends: nothing that we do not know."""

    model_config = ConfigDict(extra="forbid")


class TierOut(BaseModel):
    """A fee that people choose themselves."""

    code: str
    label: dict[str, str] = Field(description="By language.")
    fee: Amount


class EditionOut(BaseModel):
    """One gathering."""

    code: str = Field(examples=["DKR05"])
    name: str
    theme: str
    status: EditionStatus
    starts_on: date
    ends_on: date
    zone: str = Field(description="IANA name; deadlines are told in it.", examples=["Africa/Dakar"])
    place: str
    country: str
    languages: list[str]
    currencies: list[str]
    fee: Amount
    tiers: list[TierOut]
    capacity: int | None
    places_left: int | None
    registration_opens_at: datetime | None
    registration_closes_at: datetime | None
    delegation_deadline: date | None
    url: str


class EditionPage(BaseModel):
    items: list[EditionOut]
    next: str | None = Field(description="Address of the next page.")


class PersonOut(BaseModel):
    """Who is coming."""

    name: str
    email: str
    organisation: str
    country: str
    locale: str
    languages: list[str]


class PaymentOut(BaseModel):
    """What is to be paid, or was."""

    reference: str
    amount: Amount
    method: PaymentMethod
    status: PaymentStatus


class RegistrationOut(BaseModel):
    """One person at one edition."""

    code: str
    edition: str
    status: RegistrationStatus
    role: BadgeRole
    person: PersonOut | None = Field(description="Null while it waits for a name.")
    tier: str | None
    fee: Amount
    payment: PaymentOut | None
    party: str = Field(description="Code of the delegation it came with, else empty.")
    seat: str
    admitted_unpaid: bool
    created_at: datetime
    url: str


class RegistrationPage(BaseModel):
    items: list[RegistrationOut]
    next: str | None = Field(description="Address of the next page.")


class RegistrationsAsked(Paging):
    """A page of registrations, all or those of one status."""

    status: RegistrationStatus | None = None


class PersonIn(Given):
    """Who registers. The same name with the same address is the same person."""

    name: Line = Field(min_length=1, max_length=160)
    email: Address = ""  # nobody is known by an empty one
    organisation: Line = Field("", max_length=200)
    country: Country | Literal[""] = ""
    locale: Literal[LOCALES] = "fr"  # type: ignore[valid-type]
    languages: list[Language] = Field(default_factory=list, max_length=12)


class NewRegistration(Given):
    """One person for this edition. The fee is the tier's, or the edition's where there are no tiers."""

    person: PersonIn
    tier: Line | None = Field(None, max_length=30)
    method: PaymentMethod = PaymentMethod.TRANSFER
    role: BadgeRole = BadgeRole.DELEGATE
    access_needs: Lines = Field("", max_length=2000)
    waitlist_ok: StrictBool = Field(False, description="Whether the waiting list will do if it is full.")


class NewCheckIn(Given):
    """A badge that was scanned, or its code typed."""

    code: Line = Field(min_length=1, max_length=300)
    desk: Line = Field(min_length=1, max_length=60)
    at: Moment | None = Field(None, description="When it was scanned, if that is not now.")
    offline: StrictBool = False


class ArrivalOut(BaseModel):
    """Somebody came in."""

    registration: str
    name: str
    organisation: str
    party: str
    seat: str
    role: BadgeRole
    zone: str
    desk: str
    at: datetime


class CheckInOut(BaseModel):
    """What the desk is told. `arrival` is the first one, also where this scan came after it."""

    result: ScanResult
    arrival: ArrivalOut | None


class ArrivalPage(BaseModel):
    items: list[ArrivalOut]
    next: str | None = Field(description="Address of the next page.")
