"""The directory: bodies of the network, the names they go by, their ties, and what they did together."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select, text

from network.models import (
    Component,
    Organisation,
    OrganisationAlias,
    RegistryAction,
    Relation,
    RelationKind,
)
from network.people import normalised_email, normalised_name
from shared import audit
from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l

_NAMES_LOCK = 8_026_001


class OrganisationExists(DomainError):
    """A body of this name, or with this alias, is in the directory."""

    code = "organisation_exists"
    message = _l("%(name)s is already in the directory.")


class NameMissing(DomainError):
    """A body has a name."""

    code = "name_missing"
    status = 422
    message = _l("Write the name of the organisation.")


class RelatedToItself(DomainError):
    """A tie joins two bodies."""

    code = "related_to_itself"
    status = 422
    message = _l("An organisation cannot be related to itself.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddOrganisation:
    """A body as its source names it. `fictional` ones may hold money in a demonstration."""

    name: str
    component: Component | None = None
    region: str = ""
    sector: str = ""
    country: str = ""
    email: str = ""
    locale: str = "fr"
    wants_to_host: bool = False
    wants_quebec_wide_activity: bool = False
    survey_respondent: bool = False
    fictional: bool = False
    is_demo: bool = False
    provenance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAction:
    """An entry of the action registry. `facts` holds what was planned and what came of it."""

    kind: str
    title: str
    started_year: int | None = None
    ended_year: int | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    is_demo: bool = False
    provenance: str = ""


def hold_names() -> None:
    """Let nobody else enter a name until the transaction ends: who found none may add it.

    SQLite writes one after another by itself; on PostgreSQL no row stands yet that could be locked.
    """
    if db.session.get_bind().dialect.name == "postgresql":
        db.session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _NAMES_LOCK})


def find_organisation(name: str) -> Organisation | None:
    """The body that goes by `name`, whatever its case, accents and punctuation; aliases count."""
    wanted = normalised_name(name)
    named = db.session.execute(select(Organisation.id, Organisation.name)).all()
    aliases = db.session.execute(select(OrganisationAlias.organisation_id, OrganisationAlias.name)).all()
    for key, known in [*named, *aliases]:
        if normalised_name(known) == wanted:
            return db.session.get_one(Organisation, key)
    return None


def add_organisation(command: AddOrganisation, *, by: Actor) -> Organisation:
    """Enter a body in the directory. Raises `NameMissing`, `OrganisationExists`."""
    name = " ".join(command.name.split())
    if not name:
        raise NameMissing(field="name")
    hold_names()
    if find_organisation(name):
        raise OrganisationExists(field="name", name=name)
    organisation = Organisation(
        name=name,
        component=command.component,
        region=command.region,
        sector=command.sector,
        country=command.country,
        email=normalised_email(command.email),
        locale=command.locale,
        wants_to_host=command.wants_to_host,
        wants_quebec_wide_activity=command.wants_quebec_wide_activity,
        survey_respondent=command.survey_respondent,
        fictional=command.fictional,
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(organisation)
    audit.record("organisation.add", organisation, by=by)
    return organisation


def add_alias(organisation: Organisation, name: str, *, provenance: str = "", by: Actor) -> OrganisationAlias:
    """Record another way the same body is written. Raises `OrganisationExists` when another body has it."""
    hold_names()
    known = find_organisation(name)
    if known and known.id != organisation.id:
        raise OrganisationExists(field="name", name=name)
    alias = OrganisationAlias(organisation_id=organisation.id, name=name, provenance=provenance)
    db.session.add(alias)
    audit.record("organisation.alias", organisation, by=by, alias=name)
    return alias


def relate(
    from_organisation: Organisation,
    to_organisation: Organisation,
    kind: RelationKind,
    *,
    starts_on: date | None = None,
    ends_on: date | None = None,
    provenance: str = "",
    by: Actor,
) -> Relation:
    """Record a typed, dated tie: `from_organisation` is member, partner, founder… of `to_organisation`.

    Raises `RelatedToItself`.
    """
    if from_organisation.id == to_organisation.id:
        raise RelatedToItself
    relation = Relation(
        kind=kind,
        from_id=from_organisation.id,
        to_id=to_organisation.id,
        starts_on=starts_on,
        ends_on=ends_on,
        provenance=provenance,
    )
    db.session.add(relation)
    audit.record("organisation.relate", relation, by=by, kind=kind.value)
    return relation


def add_action(command: AddAction, *, by: Actor) -> RegistryAction:
    """Enter something done together (a twinning, a project) in the action registry."""
    action = RegistryAction(
        kind=command.kind,
        title=command.title,
        started_year=command.started_year,
        ended_year=command.ended_year,
        facts=dict(command.facts),
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(action)
    audit.record("registry.add", action, by=by)
    return action
