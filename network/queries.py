"""The directory as it is read: searched, filtered, paged."""

from dataclasses import dataclass

from flask_sqlalchemy.pagination import Pagination
from sqlalchemy import func, or_, select
from sqlalchemy.orm import aliased, selectinload

from network.models import Component, Organisation, OrganisationAlias, RegistryAction, Relation, RelationKind
from shared.database import db
from shared.errors import NotFound

PER_PAGE = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectoryFilter:
    """What to look for: words in a name or alias, a component, a region, hosts only."""

    text: str = ""
    component: Component | None = None
    region: str = ""
    hosts: bool = False


@dataclass(frozen=True, slots=True)
class Tie:
    """A relation seen from one body: its kind, whether it goes out from here, and to whom."""

    kind: RelationKind
    outgoing: bool
    other: Organisation
    relation: Relation


def directory(wanted: DirectoryFilter, page: int) -> Pagination:
    """One page of organisations by name."""
    query = select(Organisation).order_by(Organisation.name)
    if wanted.text:
        named = Organisation.name.icontains(wanted.text, autoescape=True)
        known_as = Organisation.aliases.any(OrganisationAlias.name.icontains(wanted.text, autoescape=True))
        query = query.where(or_(named, known_as))
    if wanted.component:
        query = query.where(Organisation.component == wanted.component)
    if wanted.region:
        query = query.where(Organisation.region == wanted.region)
    if wanted.hosts:
        query = query.where(Organisation.wants_to_host)
    return db.paginate(query, page=page, per_page=PER_PAGE, error_out=False)


def regions() -> list[str]:
    """The regions that have a body, by name."""
    query = (
        select(Organisation.region).where(Organisation.region != "").distinct().order_by(Organisation.region)
    )
    return list(db.session.scalars(query))


def organisations() -> list[Organisation]:
    """Every body of the directory, by name, for a choice among them."""
    return list(db.session.scalars(select(Organisation).order_by(Organisation.name)))


def balance() -> list[tuple[Component | None, int]]:
    """How many bodies each component has, the unset ones last."""
    rows = db.session.execute(
        select(Organisation.component, func.count())
        .where(~Organisation.fictional)
        .group_by(Organisation.component)
    )
    found: dict[Component | None, int] = {row[0]: row[1] for row in rows}
    return [(one, found.get(one, 0)) for one in (*Component, None) if found.get(one)]


def organisation(organisation_id: int) -> Organisation:
    """One body with its other names. Raises `NotFound`."""
    found = db.session.get(Organisation, organisation_id, options=[selectinload(Organisation.aliases)])
    if found is None:
        raise NotFound
    return found


def ties(of: Organisation) -> list[Tie]:
    """The relations of a body, both ways."""
    other = aliased(Organisation)
    rows = db.session.execute(
        select(Relation, other)
        .join(
            other,
            or_(
                (Relation.from_id == of.id) & (other.id == Relation.to_id),
                (Relation.to_id == of.id) & (other.id == Relation.from_id),
            ),
        )
        .order_by(Relation.kind, other.name)
    )
    return [Tie(one.kind, one.from_id == of.id, body, one) for one, body in rows]


def actions() -> list[RegistryAction]:
    """The registry of actions, surveys included, oldest first."""
    query = select(RegistryAction).order_by(RegistryAction.started_year, RegistryAction.id)
    return list(db.session.scalars(query))
