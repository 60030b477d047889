"""The support fund's committee: a minuted decision over applications, and the second person's answer to it.

Who declared an interest in an application, or asked for it, may be present and leaves the room: they vote on
no decision about it, record none and approve none. The database refuses it too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import selectinload

from access.models import Grant, RoleName, User
from delegations.models import SupportAward, SupportDecision
from delegations.seats.seats import reason_of
from delegations.support import applying
from delegations.support import decisions as support
from delegations.support.models import (
    ApplicationOutcome,
    CommitteeVote,
    DecisionMinute,
    Opinion,
    SupportApplication,
    Vote,
)
from shared import audit
from shared.clock import today
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import LazyString, _l
from shared.money import Money
from treasury.ledger import SamePerson

VOTES: dict[Vote, LazyString] = {
    Vote.FOR: _l("for"),
    Vote.AGAINST: _l("against"),
    Vote.ABSTAINED: _l("abstained"),
    Vote.WITHDREW: _l("left the room"),
}


class NotCarried(DomainError):
    """More votes for than against, two people at least."""

    code = "not_carried"
    status = 422
    message = _l("A decision is carried by two members at least, and by more votes for it than against it.")


class NothingRuled(DomainError):
    """A decision says something of each application that it names."""

    code = "nothing_ruled"
    status = 422
    message = _l("Say of one application at least what is given, or that nothing is; all in one currency.")


class MoreThanAsked(DomainError):
    """Nobody is given more than they asked for."""

    code = "more_than_asked"
    status = 422
    message = _l("%(application)s asks for %(asked)s: the committee gives that much at the most.")


class NotYet(DomainError):
    """A meeting is minuted once it was held."""

    code = "not_yet"
    status = 422
    message = _l("This day has not come yet.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What is decided of one application: so much, or nothing."""

    application_id: int
    granted: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Minute:
    """A meeting's decision: when, why, who was present and how each voted (user id → vote)."""

    edition_id: int
    fund_id: int
    decided_on: date
    title: str
    reason: str
    rulings: Sequence[Ruling]
    votes: Mapping[int, Vote]
    number: int | None = None
    is_demo: bool = False


def minute(command: Minute, *, by: User) -> SupportDecision:
    """Record a decision; it waits for a second person (`support.approve`).

    Raises `NotCarried`, `NothingRuled`, `MoreThanAsked`, `NotYet`, `Conflicted`, `ReasonMissing`, `Conflict`
    when an application was decided meanwhile.
    """
    if command.decided_on > today():
        raise NotYet(field="decided_on")
    reason = reason_of(command.reason)
    _carried(list(command.votes.values()))
    ruled = _ruled(command)
    members = _members(command.votes)
    for application, _granted in ruled:
        applying.refuse_conflicted(application, by)
        for member, vote in members:
            if vote is not Vote.WITHDREW:
                applying.refuse_conflicted(application, member)
    granted = [(application, amount) for application, amount in ruled if amount is not None]
    decision = support.decide(
        support.Decide(
            edition_id=command.edition_id,
            decided_on=command.decided_on,
            title=command.title,
            fund_id=command.fund_id,
            awards=[_award(application, amount) for application, amount in granted],
            number=command.number,
            members_present=[member.name or member.email for member, _vote in members],
            criteria={application.label: _scored(application) for application, _granted in ruled},
            is_demo=command.is_demo,
        ),
        by=by,
    )
    db.session.add(DecisionMinute(decision_id=decision.id, reason=reason))
    awards = dict(zip((one.id for one, _amount in granted), _awards(decision), strict=True))
    db.session.add_all(
        ApplicationOutcome(
            application_id=application.id,
            decision_id=decision.id,
            award_id=awards[application.id].id if application.id in awards else None,
        )
        for application, _granted in ruled
    )
    db.session.flush()  # what is decided first: the votes are measured by it
    db.session.add_all(
        CommitteeVote(decision_id=decision.id, member_id=member.id, vote=vote) for member, vote in members
    )
    db.session.flush()
    return decision


def send_back(decision: SupportDecision, reason: str, *, by: User) -> SupportDecision:
    """The second person says no: the applications are open again, and the minute tells why.

    Raises `SamePerson`, `Conflict` when it is approved or sent back already, `ReasonMissing`.
    """
    hold(decision)
    told = db.session.get(DecisionMinute, decision.id)
    if decision.approver_id is not None or told is None or told.sent_back:
        raise Conflict
    if decision.recorder_id == by.id:
        raise SamePerson
    told.sent_back = reason_of(reason)
    db.session.execute(delete(ApplicationOutcome).where(ApplicationOutcome.decision_id == decision.id))
    audit.record("support.send_back", decision, by=by, reason=told.sent_back, number=decision.number)
    db.session.expire_all()
    return decision


def members(edition_id: int) -> list[User]:
    """Who sits on the committee for an edition, by name."""
    return list(
        db.session.scalars(
            select(User)
            .join(Grant, Grant.user_id == User.id)
            .where(
                Grant.role == RoleName.COMMITTEE,
                Grant.revoked_at.is_(None),
                (Grant.scope_kind == "everywhere")
                | ((Grant.scope_kind == "edition") & (Grant.scope_id == edition_id)),
            )
            .order_by(User.name)
            .distinct()
        )
    )


def applications(edition_id: int) -> list[SupportApplication]:
    """Every application to an edition's support fund with what is thought of it, the first asked first."""
    query = (
        select(SupportApplication)
        .where(SupportApplication.edition_id == edition_id)
        .order_by(SupportApplication.id)
        .options(
            selectinload(SupportApplication.grid),
            selectinload(SupportApplication.opinions).selectinload(Opinion.points),
            selectinload(SupportApplication.conflicts),
            selectinload(SupportApplication.outcome).joinedload(ApplicationOutcome.award),
            selectinload(SupportApplication.outcome).joinedload(ApplicationOutcome.decision),
        )
    )
    return list(db.session.scalars(query))


def open_ones(edition_id: int) -> list[SupportApplication]:
    """The applications that nothing is decided of."""
    return [one for one in applications(edition_id) if one.outcome is None and one.taken_back_at is None]


def unscored_by(member: User, edition_id: int) -> list[SupportApplication]:
    """The open applications that wait for `member`'s opinion: not scored, and no interest of their own."""
    return [
        one
        for one in open_ones(edition_id)
        if member.id != one.applicant_id
        and member.id not in {opinion.scorer_id for opinion in one.opinions}
        and member.id not in {conflict.user_id for conflict in one.conflicts}
    ]


def _carried(votes: Sequence[Vote]) -> None:
    counts = {vote: votes.count(vote) for vote in Vote}
    if len(votes) - counts[Vote.WITHDREW] < 2 or counts[Vote.FOR] <= counts[Vote.AGAINST]:
        raise NotCarried


def _ruled(command: Minute) -> list[tuple[SupportApplication, Money | None]]:
    """The applications, held, each with what is given."""
    if not command.rulings:
        raise NothingRuled
    found = []
    for ruling in sorted(command.rulings, key=lambda one: one.application_id):
        application = db.session.get_one(SupportApplication, ruling.application_id)
        hold(application)
        settled = application.outcome is not None or application.taken_back_at is not None
        if settled or (application.edition_id, application.fund_id) != (command.edition_id, command.fund_id):
            raise Conflict
        if ruling.granted is not None and ruling.granted.currency != application.currency:
            raise NothingRuled
        if ruling.granted is not None and ruling.granted > application.amount:
            raise MoreThanAsked(application=application.label, asked=application.amount)
        found.append((application, ruling.granted))
    return found


def _members(votes: Mapping[int, Vote]) -> list[tuple[User, Vote]]:
    return [(db.session.get_one(User, member), vote) for member, vote in sorted(votes.items())]


def _award(application: SupportApplication, amount: Money) -> support.Award:
    return support.Award(
        label=application.label,
        amount=amount,
        delegation_id=application.delegation_id,
        person_id=application.person_id,
    )


def _awards(decision: SupportDecision) -> list[SupportAward]:
    return sorted(decision.awards, key=lambda award: award.id)


def _scored(application: SupportApplication) -> dict[str, Any]:
    """The scores as they were when it was decided, for the minute."""
    found = applying.standing_of(application)
    if found is None:
        return {}
    return {one.criterion.label: list(one.points) for one in found.criteria} | {"%": found.percent}
