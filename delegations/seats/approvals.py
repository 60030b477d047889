"""Who has to agree to a record, when it can no longer be changed, and which change asks for a new look.

The delegation's focal point gives its word first, the secretariat accredits. A delegation without a focal
point is looked at by the secretariat alone.
"""

from collections.abc import Collection, Iterable
from datetime import timedelta

from sqlalchemy import select

from access.models import Grant, RoleName, ScopeKind
from delegations.models import Nomination, NominationStatus
from network.models import Person
from shared import audit
from shared.audit import Actor
from shared.clock import now, today
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l

CORRECTION_LASTS = timedelta(days=7)
"""How long one person may correct their record once the deadline is over."""


class WordMissing(DomainError):
    """The delegation gives its word on a record before the organisers accredit it."""

    code = "word_missing"
    message = _l("The delegation has not confirmed this record yet.")


class RecordFrozen(DomainError):
    """The deadline is over; the organisers may open one record again."""

    code = "record_frozen"
    message = _l("Records can no longer be changed: the deadline is over. Ask the organisers to open yours.")


def with_focal_point(delegation_ids: Iterable[int]) -> set[int]:
    """Those of these delegations that somebody is trusted to look after."""
    held = select(Grant.scope_id).where(
        Grant.role == RoleName.HEAD_OF_DELEGATION,
        Grant.scope_kind == ScopeKind.DELEGATION,
        Grant.scope_id.in_(list(delegation_ids)),
        Grant.revoked_at.is_(None),
    )
    return {key for key in db.session.scalars(held) if key is not None}


def has_word(nomination: Nomination, focal_points: Collection[int]) -> bool:
    """Has the delegation given its word, or nobody (of `focal_points`) to give it?"""
    return nomination.endorsed_at is not None or nomination.seat.delegation_id not in focal_points


def must_have_word(nomination: Nomination) -> None:
    """Raises `WordMissing` unless the delegation has given its word, or has nobody to give it."""
    if not has_word(nomination, with_focal_point([nomination.seat.delegation_id])):
        raise WordMissing


def is_frozen(nomination: Nomination) -> bool:
    """Is it too late to change this record? A first one may always be sent: a substitute comes late."""
    edition = nomination.seat.delegation.edition
    if nomination.status is NominationStatus.NOMINATED or edition.delegation_deadline is None:
        return False
    if nomination.editable_until and nomination.editable_until > now():
        return False
    return today(edition.zone) > edition.delegation_deadline


def must_be_open(nomination: Nomination) -> None:
    """Raises `RecordFrozen` when the deadline is over and nobody made an exception."""
    if is_frozen(nomination):
        raise RecordFrozen


def allow_correction(nomination: Nomination, *, by: Actor) -> None:
    """Let this one person correct their record for a week, whatever the deadline says."""
    nomination.editable_until = now() + CORRECTION_LASTS
    audit.record("nomination.correction", nomination, by=by, until=nomination.editable_until.isoformat())


def what_matters(person: Person) -> tuple[str, str, str]:
    """What was approved of a person: a change of it asks for a new look, a change of diet does not."""
    return person.name, person.shown_organisation, person.country
