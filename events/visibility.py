"""Which editions and registrations somebody may see. What is not theirs does not exist for them."""

from sqlalchemy import Select, bindparam, or_, select, true
from sqlalchemy.orm import contains_eager, joinedload

from access.models import User
from access.policy import Permission, can, reach
from events.models import CheckIn, Edition, EditionStatus, Registration, RegistrationStatus
from network.models import Person
from shared.database import db
from shared.errors import Forbidden, NotFound


def visible_editions(user: User | None) -> Select[Edition]:
    """Every edition that is announced, and the drafts of whoever prepares them."""
    held = reach(user, Permission.EDITION_MANAGE)
    return select(Edition).where(
        true()
        if held.everywhere
        else or_(Edition.status != EditionStatus.DRAFT, Edition.id.in_(held.editions))
    )


def find_edition(code: str, user: User | None, *permissions: Permission) -> Edition:
    """The edition of this code, if `user` sees it and holds one of `permissions` there. Raises `NotFound`."""
    edition = db.session.scalar(_BY_CODE, {"code": code})
    if edition is None:
        raise NotFound
    if edition.status is EditionStatus.DRAFT and not can(
        user, Permission.EDITION_MANAGE, edition_id=edition.id
    ):
        raise NotFound
    if permissions and not any(can(user, one, edition_id=edition.id) for one in permissions):
        raise NotFound
    return edition


_BY_CODE = select(Edition).where(Edition.code == bindparam("code"))


def edition_to_change(code: str, user: User | None, *, see: Permission, change: Permission) -> Edition:
    """The same for somebody who changes. Raises `NotFound`, and `Forbidden` for who may only look."""
    edition = find_edition(code, user, see, change)
    if not can(user, change, edition_id=edition.id):
        raise Forbidden
    return edition


def registrations_of(edition: Edition, status: RegistrationStatus | None = None) -> Select[Registration]:
    """The registrations of an edition with what is told of each, in one query."""
    query = _told(select(Registration).join(Registration.person)).where(Registration.edition_id == edition.id)
    return query.where(Registration.status == status) if status else query


def find_registration(code: str, user: User | None) -> Registration:
    """The registration of this code, if `user` reads those of its edition. Raises `NotFound`."""
    query = _told(select(Registration).join(Registration.person)).where(Registration.code == code)
    registration = db.session.scalar(query)
    if registration is None or not can(
        user, Permission.REGISTRATION_READ, edition_id=registration.edition_id
    ):
        raise NotFound
    return registration


def _told(query: Select[Registration]) -> Select[Registration]:
    return query.options(
        contains_eager(Registration.person).joinedload(Person.organisation),
        joinedload(Registration.edition),
        joinedload(Registration.tier),
        joinedload(Registration.payment),
    )


def arrivals_of(edition: Edition) -> Select[CheckIn]:
    """The arrivals at an edition with their registrations and people, in one query."""
    return (
        select(CheckIn)
        .where(CheckIn.edition_id == edition.id)
        .options(
            joinedload(CheckIn.registration).joinedload(Registration.person).joinedload(Person.organisation)
        )
    )
