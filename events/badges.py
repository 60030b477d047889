"""Badges: issued once a registration, printed, copied when lost, revoked when the person changes.

The seat, the money and the registration stay; a badge is only paper with a token, and each copy has its own.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from flask_babel import force_locale
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import joinedload

from events import badge_codes
from events.badge_codes import BadgeClaim
from events.badge_sheets import ROLE_COLOURS, BadgeFace, render_badges
from events.models import (
    ROLE_LABELS,
    Badge,
    BadgeStatus,
    Edition,
    Registration,
    RegistrationStatus,
)
from events.wording import days
from network.models import Person
from network.people import normalised_name
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db
from shared.errors import DomainError
from shared.i18n import DEFAULT_LOCALE, _, _l

_IN_FORCE = (BadgeStatus.ISSUED, BadgeStatus.COLLECTED)
_MOST_IN_ONE_QUESTION = 500


class NotAdmitted(DomainError):
    """A badge is for somebody confirmed, or admitted although unpaid."""

    code = "not_admitted"
    message = _l("This registration is not confirmed: there is no badge yet.")


class NoBadgeYet(DomainError):
    """There is nothing to copy."""

    code = "no_badge_yet"
    message = _l("No badge was issued yet.")


class NobodyToPrint(DomainError):
    """An empty sheet helps nobody."""

    code = "nobody_to_print"
    status = 422
    message = _l("Nobody here is confirmed yet: there is no badge to print.")


def is_admitted(registration: Registration) -> bool:
    """Confirmed, or let in unpaid for a stated reason."""
    return registration.status is RegistrationStatus.CONFIRMED or (
        registration.admit_unpaid and registration.status is RegistrationStatus.UNPAID
    )


def issue_badge(registration: Registration, *, by: Actor) -> Badge:
    """The badge of a registration, made at the first call. Raises `NotAdmitted`."""
    db.session.refresh(registration, with_for_update=True)
    if not is_admitted(registration):
        raise NotAdmitted
    return _in_force(registration) or _new(registration, "", by=by)


def reissue(registration: Registration, reason: str, *, by: Actor) -> Badge:
    """A new copy with a token of its own; the one before is revoked. Raises `NotAdmitted`, `NoBadgeYet`."""
    db.session.refresh(registration, with_for_update=True)
    if not is_admitted(registration):
        raise NotAdmitted
    if not _copies(registration):
        raise NoBadgeYet
    revoke_all(registration, reason, by=by)
    return _new(registration, reason, by=by)


def revoke_all(registration: Registration, reason: str, *, by: Actor) -> None:
    """No badge of this registration opens a door any more."""
    for badge in db.session.scalars(
        select(Badge).where(Badge.registration_id == registration.id, Badge.status.in_(_IN_FORCE))
    ):
        badge.status, badge.reason, badge.revoked_at = BadgeStatus.REVOKED, reason, now()
        audit.record("badge.revoke", badge, by=by, reason=reason, copy=badge.copy)
    db.session.flush()


def admitted() -> ColumnElement[bool]:
    """`is_admitted` as a condition on registrations."""
    return or_(
        Registration.status == RegistrationStatus.CONFIRMED,
        Registration.admit_unpaid & (Registration.status == RegistrationStatus.UNPAID),
    )


def in_force() -> ColumnElement[bool]:
    """A condition on badges: neither revoked nor superseded."""
    return Badge.status.in_(_IN_FORCE)


def issue_all(edition: Edition, *, by: Actor, party: str = "") -> int:
    """Issue the badges still missing of an edition, or of one delegation of it; how many were made.

    The same few queries whether ten or ten thousand are missing.
    """
    wanted = [Registration.edition_id == edition.id, admitted()]
    if party:
        wanted.append(Registration.party_code == party)
    has_one = select(Badge.id).where(Badge.registration_id == Registration.id, in_force()).exists()
    locked = db.session.scalars(
        select(Registration)
        .where(*wanted, ~has_one)
        .order_by(Registration.id)
        .with_for_update(of=Registration)
    ).all()
    made_meanwhile, copies = _copies_of_all(edition)
    made = [
        Badge(registration_id=one.id, copy=copies.get(one.id, 0) + 1, token=token, short_code=short)
        for one, (token, short) in zip(locked, _fresh_codes(edition, len(locked)), strict=True)
        if one.id not in made_meanwhile
    ]
    db.session.add_all(made)
    db.session.flush()
    for badge in made:
        audit.record("badge.issue", badge, by=by, copy=badge.copy)
    return len(made)


def sheet(edition: Edition, badges: Sequence[Badge], *, locale: str = DEFAULT_LOCALE) -> bytes:
    """An A4 PDF of these badges of one edition, four up, in the given order. Raises `NobodyToPrint`."""
    if not badges:
        raise NobodyToPrint
    with force_locale(locale):
        return render_badges(
            faces(edition, badges, locale=locale),
            title=_("%(edition)s: badges", edition=edition.name),
            language=locale,
        )


def printable(edition: Edition, *, party: str = "", registration_id: int | None = None) -> Sequence[Badge]:
    """The badges in force of an edition, by delegation, seat, then name as people look it up.

    `party` keeps one delegation's, `registration_id` one person's.
    """
    wanted = [Registration.edition_id == edition.id, admitted(), in_force()]
    if party:
        wanted.append(Registration.party_code == party)
    if registration_id is not None:
        wanted.append(Registration.id == registration_id)
    found = db.session.scalars(
        select(Badge)
        .join(Badge.registration)
        .where(*wanted)
        .options(
            joinedload(Badge.registration).joinedload(Registration.person).joinedload(Person.organisation)
        )
    )
    return sorted(found, key=_place_in_the_pile)


def _place_in_the_pile(badge: Badge) -> tuple[str, str, str, int]:
    registration = badge.registration
    name = normalised_name(registration.person.name)
    return registration.party_code, registration.seat_code, name, registration.id


def faces(edition: Edition, badges: Iterable[Badge], *, locale: str) -> list[BadgeFace]:
    """What each badge shows: never a birth date, a passport, a diet or an amount."""
    key = edition.badge_key or b""
    dateline = f"{days(edition.starts_on, edition.ends_on, locale)} · {edition.place}"
    return [_face(edition, badge, key, dateline) for badge in badges]


def _face(edition: Edition, badge: Badge, key: bytes, dateline: str) -> BadgeFace:
    registration = badge.registration
    person, role = registration.person, registration.role
    return BadgeFace(
        name=person.name,
        organisation=person.shown_organisation,
        delegation=registration.party_name,
        role_letter=role.value,
        role_label=str(ROLE_LABELS[role]),
        role_colour=ROLE_COLOURS[role.value],
        languages=tuple(code.upper() for code in person.languages),
        seat_code=registration.seat_code,
        code=signed_code(edition, badge, key),
        short_code=badge.short_code,
        edition_name=edition.name,
        dateline=dateline,
        theme=edition.theme,
        copy=badge.copy,
    )


def signed_code(edition: Edition, badge: Badge, key: bytes | None = None) -> str:
    """The text of the badge's QR code; a device that holds the edition's public key needs no network."""
    claim = BadgeClaim(edition=edition.code, serial=badge.id, token=badge.token, expires=_expiry(edition))
    return badge_codes.sign(claim, key or edition.badge_key or b"")


def _expiry(edition: Edition) -> datetime:
    """Badges count until the end of the day after the gathering, where it takes place."""
    end = datetime.combine(edition.ends_on, time(), ZoneInfo(edition.zone))
    return end + timedelta(days=2)


def _in_force(registration: Registration) -> Badge | None:
    return db.session.scalar(select(Badge).where(Badge.registration_id == registration.id, in_force()))


def _copies(registration: Registration) -> int:
    count = select(func.max(Badge.copy)).where(Badge.registration_id == registration.id)
    return db.session.scalar(count) or 0


def _copies_of_all(edition: Edition) -> tuple[set[int], dict[int, int]]:
    """Registrations with a badge in force, and each one's last copy, read after they were locked."""
    having: set[int] = set()
    copies: dict[int, int] = {}
    for registration_id, copy, status in db.session.execute(
        select(Badge.registration_id, Badge.copy, Badge.status)
        .join(Badge.registration)
        .where(Registration.edition_id == edition.id)
    ):
        copies[registration_id] = max(copy, copies.get(registration_id, 0))
        if status in _IN_FORCE:
            having.add(registration_id)
    return having, copies


def _fresh_codes(edition: Edition, count: int) -> list[tuple[str, str]]:
    """As many tokens, each with a short code that no badge of this installation has."""
    fresh: dict[str, str] = {}
    while len(fresh) < count:
        drawn = {}
        for _turn in range(count - len(fresh)):
            token = badge_codes.new_token()
            drawn[badge_codes.short_code(edition.code, token)] = token
        for start in range(0, len(drawn), _MOST_IN_ONE_QUESTION):
            some = list(drawn)[start : start + _MOST_IN_ONE_QUESTION]
            for taken in db.session.scalars(select(Badge.short_code).where(Badge.short_code.in_(some))):
                del drawn[taken]
        fresh.update(drawn)
    return [(token, short) for short, token in fresh.items()]


def _new(registration: Registration, reason: str, *, by: Actor) -> Badge:
    [(token, short)] = _fresh_codes(registration.edition, 1)
    badge = Badge(
        registration_id=registration.id,
        copy=_copies(registration) + 1,
        token=token,
        short_code=short,
        reason=reason,
    )
    db.session.add(badge)
    audit.record("badge.issue", badge, by=by, reason=reason, copy=badge.copy)
    return badge
