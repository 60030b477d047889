"""The welcome desk: one arrival a registration and zone, whatever is scanned, wherever, online or later.

The arrival that reaches us first stands; a second scan is told when and where. A device that was offline
sends its scans afterwards with the keys it gave them, so that sending twice changes nothing. Clocks of shared
laptops are wrong too often to decide which of two scans came first, so both moments are kept and shown.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from access.models import User
from events import badge_codes
from events.badges import admitted, in_force, is_admitted
from events.models import Badge, BadgeStatus, CheckIn, Edition, Registration, Scan, ScanResult
from network.models import Person
from network.people import normalised_name
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import connection, db, write
from shared.errors import DomainError
from shared.i18n import _l

ENTRANCE = "entrance"
LONGEST_OFFLINE = timedelta(days=7)
"""A device that claims an earlier moment has a clock that nobody set."""


class ReasonMissing(DomainError):
    """What is taken back at the desk is explained."""

    code = "reason_missing"
    status = 422
    message = _l("Say why, in a few words.")


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanBadge:
    """What a device saw: the text of a QR code or a typed code, where (`desk`) and when.

    `scan_key` is made by the device and names this scan for good. `offline` says that nobody could be asked.
    """

    code: str
    desk: str
    scan_key: str
    at: datetime | None = None
    offline: bool = False
    zone: str = ENTRANCE


@dataclass(frozen=True, slots=True)
class ScanOutcome:
    """What the desk is told. `arrival` is the first check-in: this one, or the one it comes after."""

    result: ScanResult
    registration: Registration | None = None
    arrival: CheckIn | None = None
    badge: Badge | None = None


@dataclass(frozen=True, slots=True)
class PartyArrivals:
    """How many of a delegation are there. Those who come alone are the party without code and name."""

    code: str
    name: str
    arrived: int
    expected: int


_ARRIVED = select(CheckIn.id).where(
    CheckIn.registration_id == bindparam("registration_id"), CheckIn.zone == bindparam("zone")
)
_BEFORE = select(
    select(Scan.id).where(Scan.scan_key == bindparam("key")).scalar_subquery(), _ARRIVED.scalar_subquery()
)
"""The scan of this key and the arrival of this registration: asked once the registration is locked."""


def check_in(edition: Edition, command: ScanBadge, *, by: Actor) -> ScanOutcome:
    """Answer a scan and remember it. Never raises for what is on the badge: every answer is a result."""
    wanted, result = _read(edition, command.code)
    badge = _locked_badge(wanted) if wanted is not None else None
    known, arrived = _before(badge, command)
    if known is not None:
        return _told_before(db.session.get_one(Scan, known), command.zone)
    if wanted is not None:
        result = _opens(edition, badge)
    if badge is not None and result is ScanResult.OTHER_EDITION:
        badge = None  # who it belongs to is not this desk's to know
    at = _believed(command.at)
    arrival: CheckIn | None = None
    if badge is not None and result is ScanResult.WELCOME:
        if arrived is not None:
            arrival = db.session.get_one(CheckIn, arrived)
            result = ScanResult.FLAGGED if command.offline else ScanResult.ALREADY_IN
        elif _hand_over(badge):
            arrival = _arrive(edition, badge, command, at, by)
        else:
            result = ScanResult.REVOKED
    write(
        Scan(
            edition_id=edition.id,
            scan_key=command.scan_key,
            code=badge.short_code if badge else _readable(command.code),
            result=result,
            at=at,
            desk=command.desk,
            offline=command.offline,
            registration_id=badge.registration_id if badge else None,
            by_id=_id_of(by),
        )
    )
    return ScanOutcome(result, badge.registration if badge else None, arrival, badge)


def undo_check_in(arrival: CheckIn, reason: str, *, by: Actor) -> None:
    """Take an arrival back that was a mistake: the same badge is welcome again. Raises `ReasonMissing`."""
    if not reason.strip():
        raise ReasonMissing(field="reason")
    audit.record(
        "checkin.undo",
        arrival.registration,
        by=by,
        reason=reason.strip(),
        at=arrival.at.isoformat(),
        desk=arrival.desk,
        zone=arrival.zone,
    )
    db.session.delete(arrival)
    db.session.flush()


def _read(edition: Edition, text: str) -> tuple[str | None, ScanResult]:
    """The short code that a text means, once its signature or its check character is found right."""
    code = text.strip()
    try:
        if not code.startswith(badge_codes.PREFIX):
            return badge_codes.read_short_code(code), ScanResult.UNKNOWN
        if badge_codes.unverified_claim(code).edition != edition.code:
            return None, ScanResult.OTHER_EDITION
        claim = badge_codes.verify(code, badge_codes.public_key_of(edition.badge_key or b""))
        return badge_codes.short_code(claim.edition, claim.token), ScanResult.UNKNOWN
    except (badge_codes.ForgedCode, badge_codes.MistypedCode):
        return None, ScanResult.UNKNOWN


_TOLD = contains_eager(Badge.registration).contains_eager(Registration.person)
_HELD = (
    select(Badge)
    .join(Badge.registration)
    .join(Registration.person)
    .outerjoin(Person.organisation)
    .where(Badge.short_code == bindparam("short_code"))
    .options(_TOLD.contains_eager(Person.organisation))
    .with_for_update(of=Registration)
    .execution_options(populate_existing=True)
)
_HAND_OVER = (
    update(Badge)
    .where(Badge.id == bindparam("badge_id"), in_force())
    .values(status=BadgeStatus.COLLECTED)
    .returning(Badge.id)
)


def _locked_badge(short_code: str) -> Badge | None:
    """The badge with its person, its registration locked: desks answer for one person one after the other."""
    return db.session.scalar(_HELD, {"short_code": short_code})


def _hand_over(badge: Badge) -> bool:
    """Mark the badge as collected, unless a copy replaced it while we waited for the lock."""
    handed_over = connection().scalar(_HAND_OVER, {"badge_id": badge.id}) is not None
    if handed_over:
        set_committed_value(badge, "status", BadgeStatus.COLLECTED)
    return handed_over


def _opens(edition: Edition, badge: Badge | None) -> ScanResult:
    if badge is None:
        return ScanResult.UNKNOWN
    if badge.registration.edition_id != edition.id:
        return ScanResult.OTHER_EDITION
    in_force = badge.status in (BadgeStatus.ISSUED, BadgeStatus.COLLECTED)
    return ScanResult.WELCOME if in_force and is_admitted(badge.registration) else ScanResult.REVOKED


def _believed(at: datetime | None) -> datetime:
    moment = now()
    return at if at is not None and moment - LONGEST_OFFLINE <= at <= moment else moment


def _arrive(edition: Edition, badge: Badge, command: ScanBadge, at: datetime, by: Actor) -> CheckIn:
    arrival = CheckIn(
        edition_id=edition.id,
        registration_id=badge.registration_id,
        badge_id=badge.id,
        zone=command.zone,
        at=at,
        desk=command.desk,
        by_id=_id_of(by),
    )
    arrival.registration = badge.registration
    write(arrival)
    return arrival


def _readable(code: str) -> str:
    """The beginning of what nobody knows, as far as it can be written down."""
    return "".join(character for character in code[:40] if character.isprintable())


def _id_of(by: Actor) -> int | None:
    return by.id if isinstance(by, User) else None


def _before(badge: Badge | None, command: ScanBadge) -> tuple[int | None, int | None]:
    """What there is already of this scan and of this arrival: ids, which mostly are none."""
    place = {"registration_id": badge and badge.registration_id, "zone": command.zone}
    scan_id, arrival_id = connection().execute(_BEFORE, {"key": command.scan_key, **place}).one()
    return scan_id, arrival_id


def _arrival(registration_id: int, zone: str) -> CheckIn | None:
    place = {"registration_id": registration_id, "zone": zone}
    known = connection().scalar(_ARRIVED, place)
    return None if known is None else db.session.get_one(CheckIn, known)


def _told_before(scan: Scan, zone: str) -> ScanOutcome:
    registration = scan.registration_id and db.session.get(Registration, scan.registration_id)
    arrival = _arrival(registration.id, zone) if registration else None
    badge = db.session.scalar(select(Badge).where(Badge.short_code == scan.code)) if registration else None
    return ScanOutcome(scan.result, registration or None, arrival, badge)


def arrivals(
    edition: Edition, text: str = "", *, zone: str = ENTRANCE, most: int | None = None
) -> list[PartyArrivals]:
    """Of each delegation whose code or name contains `text` (accents and case do not matter): how many
    arrived, how many are expected. Without `text` those who come alone are counted too, last."""
    rows = db.session.execute(
        select(
            Registration.party_code,
            func.max(Registration.party_name),
            func.count(CheckIn.id),
            func.count(Registration.id),
        )
        .outerjoin(CheckIn, (CheckIn.registration_id == Registration.id) & (CheckIn.zone == zone))
        .where(Registration.edition_id == edition.id, admitted())
        .group_by(Registration.party_code)
    )
    parties = [PartyArrivals(code, name, arrived, expected) for code, name, arrived, expected in rows]
    wanted = normalised_name(text)
    if text.strip():
        parties = [
            one
            for one in parties
            if one.code and wanted and wanted in f"{normalised_name(one.name)} {normalised_name(one.code)}"
        ]
    parties.sort(key=lambda one: (not one.code, normalised_name(one.name), one.code))
    return parties[:most]
