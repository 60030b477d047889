"""Series and editions: set up, described, opened to registration, closed and archived."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from sqlalchemy import select

from events.badge_codes import new_key_pair
from events.models import Edition, EditionStatus, EventSeries, FeeTier, Registration
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import EXPONENTS, Money
from treasury import chart
from treasury.models import Fund, FundKind

_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{0,19}")
_TIER_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{0,29}")


class BadCode(DomainError):
    """A code is part of addresses and badges: capitals, digits and hyphens."""

    code = "bad_code"
    status = 422
    message = _l("A code has up to 20 capital letters, digits and hyphens, like DKR05.")


class CodeTaken(DomainError):
    """Another series, edition or fund has this code."""

    code = "code_taken"
    message = _l("The code %(taken)s is already used.")


class TextMissing(DomainError):
    """A name or a place was left empty."""

    code = "text_missing"
    status = 422
    message = _l("This must not be empty.")


class DatesReversed(DomainError):
    """Something ends before it begins."""

    code = "dates_reversed"
    status = 422
    message = _l("The end comes before the beginning.")


class DeadlineTooLate(DomainError):
    """People are named before the gathering is over."""

    code = "deadline_too_late"
    status = 422
    message = _l("The gathering is over by then: choose a day before its last one.")


class UnknownZone(DomainError):
    """Deadlines are told in a zone of the IANA database."""

    code = "unknown_zone"
    status = 422
    message = _l("This is not a time zone. Write one like Africa/Dakar.")


class UnknownCurrency(DomainError):
    """An ISO 4217 code that this house keeps books in."""

    code = "unknown_currency"
    status = 422
    message = _l("%(currency)s is not a currency that is set up here.")


class BadFee(DomainError):
    """A fee is zero or more, in a currency of the edition."""

    code = "bad_fee"
    status = 422
    message = _l("A fee is zero or more, in a currency of the gathering.")


class CapacityTooSmall(DomainError):
    """More places are taken than would remain."""

    code = "capacity_too_small"
    message = _l("%(taken)s places are already taken.")


class FeeFixed(DomainError):
    """People have registered at the fees as they were; the currency of the fee stays."""

    code = "fee_fixed"
    message = _l("People have registered already: the currency of the fee stays as it is.")


@dataclass(frozen=True, slots=True, kw_only=True)
class EditionDetails:
    """What an edition is. `fee` also says its main currency; `currencies` are the others it accepts.

    `zone` is an IANA name, `country` an ISO 3166 code; `registration_…_at` are aware moments.
    """

    name: str
    starts_on: date
    ends_on: date
    zone: str
    place: str
    country: str
    fee: Money
    currencies: Sequence[str] = ()
    languages: Sequence[str] = ("fr",)
    theme: str = ""
    description: str = ""
    capacity: int | None = None
    registration_opens_at: datetime | None = None
    registration_closes_at: datetime | None = None
    delegation_deadline: date | None = None
    open_to_public: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateEdition(EditionDetails):
    """A new edition of a series."""

    code: str
    series_id: int
    is_demo: bool = False
    provenance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTier:
    """A fee people choose themselves. `label` by language (fr, en)."""

    code: str
    label: Mapping[str, str]
    amount: Money


class Window(StrEnum):
    """Where the registration of an edition stands for the public."""

    CLOSED = "closed"
    TO_COME = "to_come"
    OPEN = "open"
    OVER = "over"


class Opening(Protocol):
    """What decides when the public may register: an edition, or a row with these columns."""

    @property
    def status(self) -> EditionStatus: ...
    @property
    def open_to_public(self) -> bool: ...
    @property
    def registration_opens_at(self) -> datetime | None: ...
    @property
    def registration_closes_at(self) -> datetime | None: ...


def window(edition: Opening, at: datetime | None = None) -> Window:
    """Whether the public may register at the moment `at` (now by default); says nothing about places."""
    at = at or now()
    if edition.status is not EditionStatus.OPEN or not edition.open_to_public:
        return Window.OVER if edition.status is EditionStatus.ARCHIVED else Window.CLOSED
    if edition.registration_opens_at and at < edition.registration_opens_at:
        return Window.TO_COME
    if edition.registration_closes_at and at >= edition.registration_closes_at:
        return Window.OVER
    return Window.OPEN


def places_left(edition: Edition) -> int | None:
    """Places that nobody holds; None when there is no limit."""
    return None if edition.capacity is None else max(0, edition.capacity - edition.places_taken)


def create_series(code: str, name: str, *, is_demo: bool = False, by: Actor) -> EventSeries:
    """Gatherings that follow each other. Raises `BadCode`, `CodeTaken`, `TextMissing`."""
    code, name = _code(code), _text(name, "name")
    if db.session.scalar(select(EventSeries.id).where(EventSeries.code == code)):
        raise CodeTaken(field="code", taken=code)
    series = EventSeries(code=code, name=name, is_demo=is_demo)
    db.session.add(series)
    audit.record("series.create", series, by=by, code=code)
    return series


def create_edition(command: CreateEdition, *, by: Actor) -> Edition:
    """A new edition, a draft: with its fund, its accounts in each currency and the key of its badges.

    Raises `BadCode`, `CodeTaken`, `TextMissing`, `DatesReversed`, `UnknownZone`, `UnknownCurrency`, `BadFee`;
    each names its field.
    """
    code = _code(command.code)
    _check(command)
    taken = db.session.scalar(select(Edition.id).where(Edition.code == code)) or db.session.scalar(
        select(Fund.id).where(Fund.code == code)
    )
    if taken:
        raise CodeTaken(field="code", taken=code)
    fund = Fund(
        code=code, name=command.name.strip(), kind=FundKind.UNRESTRICTED, event=code, is_demo=command.is_demo
    )
    db.session.add(fund)
    db.session.flush()
    edition = Edition(
        code=code,
        series_id=command.series_id,
        fund_id=fund.id,
        badge_key=new_key_pair().private,
        is_demo=command.is_demo,
        provenance=command.provenance,
        **_columns(command),
    )
    db.session.add(edition)
    for currency in edition.currencies:
        chart.open_chart(currency)
    audit.record("edition.create", edition, by=by, code=code)
    return edition


def change_edition(edition: Edition, command: EditionDetails, *, by: Actor) -> Edition:
    """Replace what an edition says. Raises as `create_edition`, and `CapacityTooSmall`, `FeeFixed`.

    More places are not offered to the waiting list here: see `registration.offer_places`.
    """
    _check(command)
    db.session.refresh(edition, with_for_update=True)
    if command.capacity is not None and command.capacity < edition.places_taken:
        raise CapacityTooSmall(field="capacity", taken=edition.places_taken)
    if command.fee.currency != edition.fee.currency and db.session.scalar(
        select(Registration.id).where(Registration.edition_id == edition.id).limit(1)
    ):
        raise FeeFixed(field="currency")
    columns = _columns(command)
    changed = sorted(name for name, value in columns.items() if getattr(edition, name) != value)
    for name in changed:
        setattr(edition, name, columns[name])
    for currency in edition.currencies:
        chart.open_chart(currency)
    if changed:
        audit.record("edition.change", edition, by=by, changed=changed)
    return edition


def add_tier(edition: Edition, command: AddTier, *, by: Actor) -> FeeTier:
    """Offer one more fee to choose from. Raises `BadCode`, `CodeTaken`, `TextMissing`, `BadFee`."""
    code = command.code.strip().lower()
    if not _TIER_CODE.fullmatch(code):
        raise BadCode(field="code")
    label = {language: text.strip() for language, text in command.label.items() if text.strip()}
    if not label:
        raise TextMissing(field="label")
    if command.amount.minor < 0 or command.amount.currency not in edition.currencies:
        raise BadFee(field="amount")
    if any(tier.code == code for tier in edition.tiers):
        raise CodeTaken(field="code", taken=code)
    tier = FeeTier(
        edition_id=edition.id, code=code, label=label, amount=command.amount, position=len(edition.tiers)
    )
    edition.tiers.append(tier)
    audit.record("edition.tier", tier, by=by, amount=str(command.amount))
    return tier


def open_registration(edition: Edition, *, by: Actor) -> Edition:
    """Let people register, within the edition's own opening and closing moments."""
    return _move(edition, EditionStatus.OPEN, (EditionStatus.DRAFT, EditionStatus.CLOSED), by)


def close_registration(edition: Edition, *, by: Actor) -> Edition:
    """No more registrations by the public; delegations still accredit who was named."""
    return _move(edition, EditionStatus.CLOSED, (EditionStatus.OPEN,), by)


def archive_edition(edition: Edition, *, by: Actor) -> Edition:
    """Keep an edition for memory: it shows what was, and nobody registers any more."""
    return _move(
        edition,
        EditionStatus.ARCHIVED,
        (EditionStatus.DRAFT, EditionStatus.OPEN, EditionStatus.CLOSED),
        by,
    )


def _move(edition: Edition, to: EditionStatus, sources: Sequence[EditionStatus], by: Actor) -> Edition:
    db.session.refresh(edition, with_for_update=True)
    if edition.status is to:
        return edition
    if edition.status not in sources:
        raise Conflict
    before, edition.status = edition.status, to
    audit.record(f"edition.{to.value}", edition, by=by, before=before.value)
    return edition


def _columns(command: EditionDetails) -> dict[str, Any]:
    currencies = [command.fee.currency, *(one.strip().upper() for one in command.currencies)]
    return {
        "name": command.name.strip(),
        "theme": command.theme.strip(),
        "description": command.description.strip(),
        "starts_on": command.starts_on,
        "ends_on": command.ends_on,
        "zone": command.zone.strip(),
        "place": command.place.strip(),
        "country": command.country.strip().upper(),
        "fee": command.fee,
        "currencies": list(dict.fromkeys(currencies)),
        "languages": list(command.languages),
        "capacity": command.capacity,
        "registration_opens_at": command.registration_opens_at,
        "registration_closes_at": command.registration_closes_at,
        "delegation_deadline": command.delegation_deadline,
        "open_to_public": command.open_to_public,
    }


def _check(command: EditionDetails) -> None:
    _text(command.name, "name")
    _text(command.place, "place")
    _text(command.country, "country")
    if command.ends_on < command.starts_on:
        raise DatesReversed(field="ends_on")
    if command.delegation_deadline and command.delegation_deadline > command.ends_on:
        raise DeadlineTooLate(field="delegation_deadline")
    opens, closes = command.registration_opens_at, command.registration_closes_at
    if opens and closes and closes <= opens:
        raise DatesReversed(field="registration_closes_at")
    if not is_zone(command.zone):
        raise UnknownZone(field="zone")
    for currency in command.currencies:
        if currency.strip().upper() not in EXPONENTS:
            raise UnknownCurrency(field="currencies", currency=currency)
    if command.fee.minor < 0:
        raise BadFee(field="fee")
    if command.capacity is not None and command.capacity < 0:
        raise CapacityTooSmall(field="capacity", taken=0)


def is_zone(name: str) -> bool:
    """Whether `name` is a zone of the IANA database, such as ``Africa/Dakar`` or ``UTC``."""
    if "/" not in name and name != "UTC":
        return False
    try:
        ZoneInfo(name.strip())
    except (KeyError, ValueError, OSError):
        return False
    return True


def _code(text: str) -> str:
    code = text.strip().upper()
    if not _CODE.fullmatch(code):
        raise BadCode(field="code")
    return code


def _text(text: str, field: str) -> str:
    if not text.strip():
        raise TextMissing(field=field)
    return text.strip()
