"""Asking the support fund: criteria grids, applications, what members think of them, and who stands aside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, exists, select

from access.models import User
from delegations.seats.seats import reason_of
from delegations.support.models import (
    ApplicationKind,
    ApplicationOutcome,
    CriteriaGrid,
    CriterionPoints,
    DeclaredConflict,
    GridCriterion,
    Opinion,
    SupportApplication,
)
from delegations.support.scoring import Criterion, Standing, standing
from shared import audit
from shared.audit import Actor
from shared.clock import now, today
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import LazyString, _l
from shared.money import Money
from treasury.models import Fund

KINDS: dict[ApplicationKind, LazyString] = {
    ApplicationKind.GAP: _l("the gap of a delegation"),
    ApplicationKind.TICKET: _l("a guest’s ticket"),
}


class BadGrid(DomainError):
    """A grid has criteria, each with words of its own."""

    code = "bad_grid"
    status = 422
    message = _l("A grid needs at least one criterion, each written once, and a weight from 1.")


class BadApplication(DomainError):
    """An application says how much and why."""

    code = "bad_application"
    status = 422
    message = _l("An application needs an amount above zero, and says why.")


class Conflicted(DomainError):
    """Somebody with an interest of their own neither scores nor decides."""

    code = "conflicted"
    message = _l("%(name)s asked for %(application)s or declared an interest in it, and stands aside.")


class ScoresMissing(DomainError):
    """An opinion covers every criterion within its bounds."""

    code = "scores_missing"
    status = 422
    message = _l("Score every criterion, from 0 to %(most)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddGrid:
    """A new grid: `criteria` are labels with their weights, in order; each is scored from 0 to `most`."""

    code: str
    name: str
    criteria: Sequence[tuple[str, int]]
    most: int = 5
    source: str = ""
    is_demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Apply:
    """So much is asked for a delegation's gap (`delegation_id`) or for a guest's ticket, and why."""

    edition_id: int
    fund_id: int
    grid_id: int
    label: str
    amount: Money
    grounds: str
    delegation_id: int | None = None
    person_id: int | None = None
    is_demo: bool = False


def add_grid(command: AddGrid, *, by: Actor) -> CriteriaGrid:
    """Write down a grid. Raises `BadGrid`, `Conflict` when its code is taken."""
    labels = [label.strip() for label, _weight in command.criteria]
    whole = all(labels) and len(set(labels)) == len(labels) > 0 and 1 <= command.most <= 10
    if not whole or any(weight < 1 for _label, weight in command.criteria):
        raise BadGrid
    if db.session.scalar(select(CriteriaGrid.id).where(CriteriaGrid.code == command.code)):
        raise Conflict
    grid = CriteriaGrid(
        code=command.code,
        name=command.name,
        most=command.most,
        source=command.source,
        is_demo=command.is_demo,
    )
    db.session.add(grid)
    db.session.flush()
    for position, (label, weight) in enumerate(command.criteria, 1):
        db.session.add(GridCriterion(grid_id=grid.id, position=position, label=label.strip(), weight=weight))
    audit.record("support.grid", grid, by=by, code=grid.code)
    db.session.expire(grid, ["criteria"])
    return grid


def apply(command: Apply, *, by: User) -> SupportApplication:
    """Ask the fund; the same form sent twice is one request. Raises `BadApplication`."""
    if command.amount.minor <= 0 or not command.grounds.strip():
        raise BadApplication
    db.session.get_one(Fund, command.fund_id, with_for_update=True)
    if (known := _asked_already(command, by)) is not None:
        return known
    application = SupportApplication(
        edition_id=command.edition_id,
        fund_id=command.fund_id,
        kind=ApplicationKind.TICKET if command.delegation_id is None else ApplicationKind.GAP,
        label=command.label,
        amount=command.amount,
        grounds=command.grounds.strip(),
        grid_id=command.grid_id,
        applicant_id=by.id,
        applied_on=today(),
        delegation_id=command.delegation_id,
        person_id=command.person_id,
        is_demo=command.is_demo,
    )
    db.session.add(application)
    audit.record("support.apply", application, by=by, amount=str(command.amount))
    return application


def _asked_already(command: Apply, by: User) -> SupportApplication | None:
    """The same request of the same person, while nothing is decided of it."""
    decided = exists().where(ApplicationOutcome.application_id == SupportApplication.id)
    return db.session.scalar(
        select(SupportApplication).where(
            SupportApplication.edition_id == command.edition_id,
            SupportApplication.fund_id == command.fund_id,
            SupportApplication.applicant_id == by.id,
            SupportApplication.delegation_id == command.delegation_id,
            SupportApplication.person_id == command.person_id,
            SupportApplication.label == command.label,
            SupportApplication.amount_minor == command.amount.minor,
            SupportApplication.currency == command.amount.currency,
            SupportApplication.grounds == command.grounds.strip(),
            SupportApplication.taken_back_at.is_(None),
            ~decided,
        )
    )


def take_back(application: SupportApplication, *, by: User) -> SupportApplication:
    """The applicant needs it no more. Raises `Conflict` once it is decided or taken back."""
    _still_open(application)
    application.taken_back_at = now()
    audit.record("support.take_back", application, by=by)
    return application


def score(application: SupportApplication, points: Mapping[int, int], remark: str, *, by: User) -> Opinion:
    """Say what one thinks of it: criterion id → points. A second opinion of one's own replaces the first.

    Raises `Conflicted`, `ScoresMissing`, `Conflict` once it is decided.
    """
    _still_open(application)
    refuse_conflicted(application, by)
    criteria = {one.id for one in application.grid.criteria}
    if set(points) != criteria or any(not 0 <= one <= application.grid.most for one in points.values()):
        raise ScoresMissing(most=application.grid.most)
    opinion = db.session.scalar(
        select(Opinion).where(Opinion.application_id == application.id, Opinion.scorer_id == by.id)
    )
    if opinion is None:
        opinion = Opinion(application_id=application.id, scorer_id=by.id)
        db.session.add(opinion)
        db.session.flush()
    opinion.remark, opinion.at = remark.strip(), now()
    db.session.execute(delete(CriterionPoints).where(CriterionPoints.opinion_id == opinion.id))
    db.session.add_all(
        CriterionPoints(opinion_id=opinion.id, criterion_id=criterion, points=given)
        for criterion, given in sorted(points.items())
    )
    audit.record("support.score", application, by=by)
    db.session.expire(opinion, ["points"])
    db.session.expire(application, ["opinions"])
    return opinion


def declare_conflict(application: SupportApplication, reason: str, *, by: User) -> DeclaredConflict:
    """Stand aside: what one scored no longer counts. Raises `ReasonMissing`, `Conflict` when decided."""
    _still_open(application)
    found = db.session.get(DeclaredConflict, (application.id, by.id))
    if found is not None:
        return found
    conflict = DeclaredConflict(application_id=application.id, user_id=by.id, reason=reason_of(reason))
    db.session.add(conflict)
    audit.record("support.conflict", application, by=by, reason=conflict.reason)
    db.session.expire(application, ["conflicts"])
    return conflict


def refuse_conflicted(application: SupportApplication, user: User) -> None:
    """Raises `Conflicted` when `user` declared an interest in it, or asked for it."""
    declared = db.session.get(DeclaredConflict, (application.id, user.id))
    if application.applicant_id == user.id or declared is not None:
        raise Conflicted(name=user.name or user.email, application=application.label)


def standing_of(application: SupportApplication) -> Standing | None:
    """What its scorers think of it together, those in conflict left out."""
    aside = {one.user_id for one in application.conflicts}
    return standing(
        [Criterion(one.id, one.label, one.weight) for one in application.grid.criteria],
        application.grid.most,
        [
            {one.criterion_id: one.points for one in opinion.points}
            for opinion in application.opinions
            if opinion.scorer_id not in aside
        ],
    )


def _still_open(application: SupportApplication) -> None:
    hold(application)
    if application.taken_back_at is not None or application.outcome is not None:
        raise Conflict
