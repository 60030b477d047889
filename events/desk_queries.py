"""What the desk and the badge page read: who is expected, what to look at again, which badges there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import aliased, contains_eager, selectinload

from events.badges import admitted, in_force
from events.checkin import ENTRANCE
from events.models import (
    Badge,
    BadgeRole,
    BadgeStatus,
    CheckIn,
    Edition,
    Registration,
    Scan,
    ScanResult,
)
from network.models import Organisation, Person
from network.people import normalised_name
from shared.database import db

_WORTH_A_LOOK = (ScanResult.FLAGGED, ScanResult.REVOKED)


@dataclass(frozen=True, slots=True)
class Expected:
    """Somebody admitted. `at` and `desk` tell the arrival: None and empty until they come; `short_code` is
    empty without a badge."""

    registration_id: int
    name: str
    organisation: str
    role: BadgeRole
    party_code: str
    party_name: str
    seat_code: str
    short_code: str
    at: datetime | None
    desk: str


@dataclass(frozen=True, slots=True)
class LookAgain:
    """A scan made offline that the door would not have answered with a welcome, and the first arrival."""

    name: str
    party_name: str
    code: str
    result: ScanResult
    at: datetime
    desk: str
    first_at: datetime | None
    first_desk: str


@dataclass(frozen=True, slots=True)
class BadgeCounts:
    """Of an edition: registrations admitted, badges in force, badges handed over at the desk."""

    admitted: int
    issued: int
    collected: int

    @property
    def missing(self) -> int:
        return self.admitted - self.issued


def people(
    edition: Edition, *, party: str | None = None, text: str = "", most: int | None = 50
) -> list[Expected]:
    """Those admitted of one delegation (``""``: who come alone), or whose name, seat or badge's short code
    `text` is part of; by delegation, seat and name."""
    query = _expected(edition)
    if party is not None:
        query = query.where(Registration.party_code == party)
    if text.strip():
        query = query.where(_mentions(text.strip()))
    if most is not None:
        query = query.order_by(Registration.party_code, Registration.seat_code, Person.name).limit(most)
    found = [_expected_of(row) for row in db.session.execute(query)]
    return sorted(found, key=lambda one: (one.party_code, one.seat_code, normalised_name(one.name)))


def look_again(edition: Edition, *, most: int = 50) -> list[LookAgain]:
    """The offline scans that somebody should look into, latest first."""
    first = aliased(CheckIn)
    rows = db.session.execute(
        select(
            Person.name,
            Registration.party_name,
            Scan.code,
            Scan.result,
            Scan.at,
            Scan.desk,
            first.at,
            func.coalesce(first.desk, ""),
        )
        .join(Registration, Registration.id == Scan.registration_id)
        .join(Registration.person)
        .outerjoin(first, (first.registration_id == Scan.registration_id) & (first.zone == ENTRANCE))
        .where(Scan.edition_id == edition.id, Scan.offline, Scan.result.in_(_WORTH_A_LOOK))
        .order_by(Scan.at.desc(), Scan.id.desc())
        .limit(most)
    )
    return [LookAgain(*row) for row in rows]


def roster(edition: Edition) -> list[dict[str, Any]]:
    """Every badge of an edition as a desk without network needs it, revoked ones included: nothing about
    money, needs or contact. `n` is the serial that the signed code carries."""
    rows = db.session.execute(
        select(
            Badge.id,
            Badge.token,
            Badge.short_code,
            Person.name,
            Registration.party_name,
            Registration.role,
            Registration.seat_code,
            in_force() & admitted(),
            CheckIn.at,
            CheckIn.desk,
        )
        .join(Badge.registration)
        .join(Registration.person)
        .outerjoin(CheckIn, (CheckIn.registration_id == Registration.id) & (CheckIn.zone == ENTRANCE))
        .where(Registration.edition_id == edition.id)
        .order_by(Badge.id)
    )
    keys = ("serial", "token", "code", "name", "delegation", "role", "seat", "good", "at", "desk")
    return [dict(zip(keys, row, strict=True)) for row in rows]


def badge_counts(edition: Edition) -> BadgeCounts:
    """How far the badges of an edition are."""
    issued, collected = db.session.execute(
        select(func.count(Badge.id), func.count(Badge.id).filter(Badge.status == BadgeStatus.COLLECTED))
        .join(Badge.registration)
        .where(Registration.edition_id == edition.id, admitted(), in_force())
    ).one()
    people = select(func.count(Registration.id)).where(Registration.edition_id == edition.id, admitted())
    return BadgeCounts(db.session.scalar(people) or 0, issued, collected)


def badge_parties(edition: Edition) -> Sequence[tuple[str, str, int]]:
    """Each delegation with people admitted: code, name, how many."""
    rows = db.session.execute(
        select(Registration.party_code, func.max(Registration.party_name), func.count(Registration.id))
        .where(Registration.edition_id == edition.id, admitted(), Registration.party_code != "")
        .group_by(Registration.party_code)
        .order_by(Registration.party_code)
    )
    return [(code, name, count) for code, name, count in rows]


def badge_list(edition: Edition, *, text: str = "", party: str = "") -> Select[Registration]:
    """A page's worth is taken of this: everybody admitted, with their badges."""
    query = (
        select(Registration)
        .join(Registration.person)
        .options(contains_eager(Registration.person), selectinload(Registration.badges))
        .outerjoin(Badge, (Badge.registration_id == Registration.id) & in_force())
        .where(Registration.edition_id == edition.id, admitted())
        .order_by(Registration.party_code, Registration.seat_code, Person.name, Registration.id)
    )
    if party:
        query = query.where(Registration.party_code == party)
    return query.where(_mentions(text.strip())) if text.strip() else query


def _mentions(text: str) -> Any:
    return or_(
        Person.name.icontains(text, autoescape=True),
        Registration.seat_code.icontains(text, autoescape=True),
        Registration.party_name.icontains(text, autoescape=True),
        Badge.short_code == text.replace(" ", "").upper(),
    )


def _expected(edition: Edition) -> Select[*tuple[Any, ...]]:
    query: Select[*tuple[Any, ...]] = (
        select(
            Registration.id,
            Person.name,
            func.coalesce(Organisation.name, Person.organisation_name),
            Registration.role,
            Registration.party_code,
            Registration.party_name,
            Registration.seat_code,
            Badge.short_code,
            CheckIn.at,
            CheckIn.desk,
        )
        .join(Registration.person)
        .outerjoin(Person.organisation)
        .outerjoin(Badge, (Badge.registration_id == Registration.id) & in_force())
        .outerjoin(CheckIn, (CheckIn.registration_id == Registration.id) & (CheckIn.zone == ENTRANCE))
        .where(Registration.edition_id == edition.id, admitted())
    )
    return query


def _expected_of(row: Sequence[Any]) -> Expected:
    *known, short_code, at, desk = row
    registration_id, name, organisation, role, party_code, party_name, seat_code = known
    return Expected(
        registration_id,
        name,
        organisation,
        role,
        party_code,
        party_name,
        seat_code,
        short_code or "",
        at,
        desk or "",
    )
