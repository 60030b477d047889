"""Who has to agree to a record, when it can no longer be changed, and which change asks for a new look.

The delegation's focal point gives its word first, the secretariat accredits. A delegation without a focal
point is looked at by the secretariat alone. What else is asked, a gathering says in its rules.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Select, or_, select

from access.models import Grant, RoleName, ScopeKind
from delegations.models import CredentialStatus, Nomination, NominationStatus, Seat
from delegations.seats.letter_models import AccreditationRules
from events.models import Edition
from network.models import Person
from shared import audit
from shared.audit import Actor, AuditRecord
from shared.clock import now, today
from shared.database import db
from shared.errors import DomainError
from shared.i18n import LazyString, _l

CORRECTION_LASTS = timedelta(days=7)
"""How long one person may correct their record once the deadline is over."""


class WordMissing(DomainError):
    """The delegation gives its word on a record before the organisers accredit it."""

    code = "word_missing"
    message = _l("The delegation has not confirmed this record yet.")


class LetterMissing(DomainError):
    """This gathering asks for a nomination letter."""

    code = "letter_missing"
    message = _l("There is no nomination letter yet, and this gathering asks for one.")


class LetterUnread(DomainError):
    """A letter came: somebody looks at it first."""

    code = "letter_unread"
    message = _l("A nomination letter waits to be looked at.")


class LetterRefused(DomainError):
    """The letter was refused, and no other one came."""

    code = "letter_refused"
    message = _l("The nomination letter was refused: another one is waited for.")


class RecordFrozen(DomainError):
    """The deadline is over; the organisers may open one record again."""

    code = "record_frozen"
    message = _l("Records can no longer be changed: the deadline is over. Ask the organisers to open yours.")


def with_focal_point(delegation_ids: Iterable[int]) -> set[int]:
    """Those of these delegations that somebody is trusted to look after."""
    held = _looked_after().where(Grant.scope_id.in_(list(delegation_ids)))
    return {key for key in db.session.scalars(held) if key is not None}


def _looked_after() -> Select[int | None]:
    return select(Grant.scope_id).where(
        Grant.role == RoleName.HEAD_OF_DELEGATION,
        Grant.scope_kind == ScopeKind.DELEGATION,
        Grant.scope_id.is_not(None),
        Grant.revoked_at.is_(None),
    )


def has_word(nomination: Nomination, focal_points: Collection[int]) -> bool:
    """Has the delegation given its word, or nobody (of `focal_points`) to give it?"""
    return nomination.endorsed_at is not None or nomination.seat.delegation_id not in focal_points


def word_given() -> ColumnElement[bool]:
    """`has_word` as the database answers it, of nominations joined with their seats."""
    return or_(Nomination.endorsed_at.is_not(None), Seat.delegation_id.not_in(_looked_after()))


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


def must_have_letter(nomination: Nomination) -> None:
    """Raises what is missing of the nomination letter: `LetterMissing`, `LetterUnread`, `LetterRefused`."""
    state = nomination.credential
    if state is CredentialStatus.UPLOADED:
        raise LetterUnread
    if state is CredentialStatus.REFUSED:
        raise LetterRefused
    if state is CredentialStatus.MISSING and rules_of(nomination.seat.delegation.edition).letter_required:
        raise LetterMissing


def allow_correction(nomination: Nomination, reason: str, *, by: Actor) -> None:
    """Let this one person correct their record for a week, whatever the deadline says."""
    nomination.editable_until = now() + CORRECTION_LASTS
    until = nomination.editable_until.isoformat()
    audit.record("nomination.correction", nomination, by=by, reason=reason, until=until)


MATTERS: dict[str, tuple[LazyString, Callable[[Person], object]]] = {
    "name": (_l("Name"), lambda person: person.name),
    "organisation": (_l("Organisation"), lambda person: person.shown_organisation),
    "country": (_l("Country"), lambda person: person.country),
    "languages": (_l("Languages"), lambda person: sorted(person.languages)),
}
"""What may be approved of a person; diet and access needs are never anybody's to approve."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a gathering asks: a letter or not, and which fields of `MATTERS` are approved again."""

    letter_required: bool = False
    fields: Sequence[str] = ("name", "organisation", "country")


def rules_of(edition: Edition) -> Rules:
    """The edition's rules, or those of everybody who said nothing."""
    said = db.session.get(AccreditationRules, edition.id)
    return Rules(said.letter_required, tuple(said.fields)) if said else Rules()


def set_rules(edition: Edition, rules: Rules, *, by: Actor) -> None:
    """Say what the edition asks from now on; who is accredited stays so."""
    kept = [field for field in MATTERS if field in rules.fields]
    said = db.session.get(AccreditationRules, edition.id)
    if said is None:
        said = AccreditationRules(edition_id=edition.id)
        db.session.add(said)
    said.letter_required, said.fields = rules.letter_required, kept
    audit.record("edition.accreditation_rules", edition, by=by, letter=rules.letter_required, fields=kept)


def what_matters(nomination: Nomination) -> dict[str, object]:
    """What was approved of a person: a change of it asks for a new look, a change of diet does not."""
    rules = rules_of(nomination.seat.delegation.edition)
    return {field: MATTERS[field][1](nomination.person) for field in rules.fields}


def corrected(nominations: Iterable[Nomination]) -> dict[int, list[str]]:
    """What was corrected of these people after they had been accredited, and is looked at again.

    The names of the fields, in words, by the nomination's id; the trail does not keep what stood in them.
    """
    happened = db.session.scalars(
        select(AuditRecord)
        .where(
            AuditRecord.subject.in_([f"Nomination:{one.id}" for one in nominations]),
            AuditRecord.action.in_(("nomination.accredit", "nomination.complete")),
        )
        .order_by(AuditRecord.id)
    )
    found: dict[int, set[str]] = {}
    for record in happened:
        key = int(record.subject.partition(":")[2])
        if record.action == "nomination.accredit":
            found[key] = set()
        elif key in found:
            found[key] |= set(record.details.get("fields", ()))
    return {key: in_words(fields) for key, fields in found.items() if fields}


def in_words(fields: Collection[str]) -> list[str]:
    """Fields of `MATTERS` as a sentence names them."""
    return [str(label) for field, (label, _value) in MATTERS.items() if field in fields]
