"""People: each human being once, found by e-mail and name, completed by themselves."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select

from network.models import Person
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, write
from shared.errors import DomainError
from shared.i18n import _l


class PersonNameMissing(DomainError):
    """A person has a name."""

    code = "person_name_missing"
    status = 422
    message = _l("Write the name as it should stand on the badge.")


class ConsentMissing(DomainError):
    """Access needs are about health: they are kept only with consent."""

    code = "consent_missing"
    status = 422
    message = _l("Tick the box to let us keep your access needs, or leave them empty.")


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonDetails:
    """Who somebody is, as another or they themselves typed it. `person_id` names a person already known."""

    name: str
    email: str = ""
    organisation_name: str = ""
    organisation_id: int | None = None
    country: str = ""
    locale: str = "fr"
    languages: Sequence[str] = ()
    person_id: int | None = None
    is_demo: bool = False
    provenance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteRecord:
    """What a person says about themselves. Access needs are kept with consent only, diet until purged."""

    name: str
    organisation_name: str = ""
    country: str = ""
    locale: str = "fr"
    languages: Sequence[str] = ()
    access_needs: str = ""
    access_needs_consent: bool = False
    diet: str = ""


def normalised_name(name: str) -> str:
    """`name` without case, accents, punctuation and spare spaces: the form in which names are compared."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in plain if not unicodedata.combining(c)).split())


def normalised_email(email: str) -> str:
    """`email` as it is kept and compared."""
    return email.strip().casefold()


def details_of(person: Person) -> PersonDetails:
    """A person already known, as details for an operation that takes anybody's."""
    return PersonDetails(
        name=person.name,
        email=person.email,
        organisation_name=person.organisation_name,
        organisation_id=person.organisation_id,
        country=person.country,
        locale=person.locale,
        languages=tuple(person.languages),
        person_id=person.id,
        is_demo=person.is_demo,
        provenance=person.provenance,
    )


_BY_EMAIL = select(Person.id, Person.name).where(Person.email == bindparam("email")).order_by(Person.id)


def find_person(details: PersonDetails) -> Person | None:
    """The person these details mean: the one named by id, else the same e-mail and the same name.

    An address may be shared (an office's), so it is not enough; without an address nobody is found.
    """
    if details.person_id is not None:
        return remaining(db.session.get_one(Person, details.person_id))
    email = normalised_email(details.email)
    if not email:
        return None
    wanted = normalised_name(details.name)
    for key, name in db.session.execute(_BY_EMAIL, {"email": email}):
        if normalised_name(name) == wanted:
            return remaining(db.session.get_one(Person, key))
    return None


def find_or_create_person(details: PersonDetails, *, by: Actor) -> Person:
    """The person these details mean, entered if new. What is already known is not overwritten.

    The caller holds the lock of what the person is entered for (edition, seat), so that the same form sent
    twice at once finds the first one's person. Raises `PersonNameMissing`.
    """
    return find_person(details) or enter_person(details, by=by)


def enter_person(details: PersonDetails, *, by: Actor) -> Person:
    """Enter somebody whom `find_person` did not find. Raises `PersonNameMissing`."""
    name = " ".join(details.name.split())
    if not normalised_name(name):
        raise PersonNameMissing(field="name")
    person = Person(
        name=name,
        email=normalised_email(details.email),
        organisation_id=details.organisation_id,
        organisation_name=details.organisation_name.strip(),
        country=details.country,
        locale=details.locale,
        languages=list(details.languages),
        is_demo=details.is_demo,
        provenance=details.provenance,
    )
    write(person)
    audit.record("person.add", person, by=by)
    return person


def give_address(person: Person, email: str, *, by: Actor) -> Person:
    """Say where somebody without an address is written to. The trail says that it was told, never what."""
    person.email = normalised_email(email)
    audit.record("person.address", person, by=by)
    return person


def complete_record(person: Person, command: CompleteRecord, *, by: Actor) -> Person:
    """Replace what is known of a person by what they say. Raises `PersonNameMissing`, `ConsentMissing`."""
    name = " ".join(command.name.split())
    if not normalised_name(name):
        raise PersonNameMissing(field="name")
    needs = command.access_needs.strip()
    if needs and not command.access_needs_consent:
        raise ConsentMissing(field="access_needs_consent")
    if command.organisation_name.strip() != person.shown_organisation:
        person.organisation_id = None
        person.organisation_name = command.organisation_name.strip()
    person.name = name
    person.country = command.country
    person.locale = command.locale
    person.languages = list(command.languages)
    person.access_needs = needs
    person.access_needs_consented_at = now() if needs else None
    person.diet = command.diet.strip()
    audit.record("person.complete", person, by=by)
    return person


def remaining(person: Person) -> Person:
    """The record that counts for this person: itself, or the one it was merged into."""
    while person.merged_into_id is not None:
        person = db.session.get_one(Person, person.merged_into_id)
    return person
