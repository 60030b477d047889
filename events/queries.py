"""What the pages about gatherings read. None of these grows with the number of registrations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Row, Select, bindparam, select
from sqlalchemy.orm import contains_eager, joinedload

from events.models import (
    NOBODY_COMES,
    Edition,
    EditionStatus,
    FeeTier,
    HeadcountFigure,
    Milestone,
    ProgrammeSession,
    Registration,
)
from events.programme import sessions
from network.models import Person
from network.people import normalised_email
from shared.clock import today
from shared.database import connection, db
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class Gatherings:
    """Editions for the first page: those to come, soonest first, and those that were, latest first."""

    coming: list[Edition]
    past: list[Edition]
    figures: dict[int, list[HeadcountFigure]]


def gatherings() -> Gatherings:
    """Every edition that is not a draft, and the published figures of the past ones."""
    editions = db.session.scalars(
        select(Edition).where(Edition.status != EditionStatus.DRAFT).order_by(Edition.starts_on)
    ).all()
    day = today()
    coming = [one for one in editions if one.status is not EditionStatus.ARCHIVED and one.ends_on >= day]
    past = [one for one in reversed(editions) if one not in coming]
    figures: dict[int, list[HeadcountFigure]] = {}
    for figure in headcounts([one.id for one in past]):
        figures.setdefault(figure.edition_id, []).append(figure)
    return Gatherings(coming, past, figures)


def registrations_of(email: str) -> list[Registration]:
    """What the person with this address is registered for, the gathering that comes first first."""
    wanted = (
        select(Registration)
        .join(Registration.person)
        .join(Registration.edition)
        .where(Person.email == normalised_email(email), Registration.status.not_in(NOBODY_COMES))
        .order_by(Edition.starts_on)
        .options(contains_eager(Registration.edition))
    )
    return list(db.session.scalars(wanted))


_BY_CODE = select(Edition).where(Edition.code == bindparam("code")).options(joinedload(Edition.tiers))


def public_edition(code: str) -> Edition:
    """The edition of this code with its fees, unless it is a draft. Raises `NotFound`."""
    edition = db.session.scalars(_BY_CODE, {"code": code}).unique().one_or_none()
    if edition is None or edition.status is EditionStatus.DRAFT:
        raise NotFound
    return edition


_SAID: Select[Any] = (
    select(
        *(one for one in Edition.__table__.columns if one.key not in ("places_taken", "badge_key")),
        (Edition.places_taken >= Edition.capacity).label("full"),
        FeeTier.code.label("tier"),
        FeeTier.label,
        FeeTier.amount_minor,
        FeeTier.currency.label("tier_currency"),
    )
    .select_from(Edition)
    .outerjoin(Edition.tiers)
    .where(Edition.code == bindparam("code"))
    .order_by(FeeTier.position)
)


def form_facts(code: str) -> Sequence[Row[Any]]:
    """Everything that the registration form says about an edition, as plain rows, one a fee; none for no
    edition. Same facts, same form: who holds a place changes nothing in it until the last is taken.
    """
    return connection().execute(_SAID, {"code": code}).all()


def programme(edition: Edition) -> list[tuple[date, list[ProgrammeSession]]]:
    """The sessions by day in the edition's zone, in order."""
    zone = ZoneInfo(edition.zone)
    days: dict[date, list[ProgrammeSession]] = {}
    for session in sessions(edition):
        days.setdefault(session.starts_at.astimezone(zone).date(), []).append(session)
    return list(days.items())


def milestones(edition: Edition) -> Sequence[Milestone]:
    """The steps on the way to an edition, oldest first."""
    return db.session.scalars(
        select(Milestone)
        .where(Milestone.edition_id == edition.id)
        .order_by(Milestone.dated_text, Milestone.id)
    ).all()


def headcounts(edition_ids: Sequence[int]) -> Sequence[HeadcountFigure]:
    """The published numbers of people of these editions, in the order they were recorded."""
    return db.session.scalars(
        select(HeadcountFigure)
        .where(HeadcountFigure.edition_id.in_(edition_ids))
        .order_by(HeadcountFigure.edition_id, HeadcountFigure.id)
    ).all()
