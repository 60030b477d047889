"""What somebody may see of delegations. What is not theirs does not exist for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from sqlalchemy import Select, false, func, or_, select
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from access.models import User
from access.policy import Permission, Reach, can, reach
from access.users import names_of
from delegations.models import (
    CURRENT_NOMINATION,
    Delegation,
    Nomination,
    NominationStatus,
    SavingsPlan,
    Seat,
    SupportDecision,
)
from delegations.savings.plans import MAY_SAVE
from delegations.seats import approvals
from events.models import CheckIn, Edition, Registration
from shared.audit import AuditRecord
from shared.database import db
from shared.errors import Forbidden, NotFound

Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened to a seat: when, what (the trail's word), by whom, why, and about whom."""

    at: datetime
    action: str
    actor: str
    reason: str
    details: dict[str, object]
    people: tuple[str, ...] = ()
    """Whom it is about; who left and who came, where a person was replaced."""


def find_edition(code: str, user: User | None, permission: Permission) -> Edition:
    """The edition of this code, if `user` may do this to its delegations. Raises `NotFound`."""
    edition = db.session.scalar(select(Edition).where(Edition.code == code))
    if edition is None or not can(user, permission, edition_id=edition.id):
        raise NotFound
    return edition


def find_delegation(
    code: str, user: User | None, permission: Permission = Permission.DELEGATION_READ
) -> Delegation:
    """The delegation of this code, if `user` may do this to it.

    Raises `NotFound` when they may not even see it, `Forbidden` when they may only see it.
    """
    delegation = db.session.scalar(
        select(Delegation).where(Delegation.code == code).options(joinedload(Delegation.edition))
    )
    if delegation is None:
        raise NotFound
    place = {"edition_id": delegation.edition_id, "delegation_id": delegation.id}
    if not can(user, Permission.DELEGATION_READ, **place):
        raise NotFound
    if not can(user, permission, **place):
        raise Forbidden
    return delegation


def find_seat(delegation: Delegation, number: int) -> Seat:
    """The delegation's seat of this number, with its people. Raises `NotFound`."""
    seat = db.session.scalar(
        select(Seat)
        .where(Seat.delegation_id == delegation.id, Seat.number == number)
        .options(selectinload(Seat.nominations).joinedload(Nomination.person))
    )
    if seat is None:
        raise NotFound
    return seat


def find_plan(delegation: Delegation, code: str) -> SavingsPlan:
    """The delegation's plan of this code. Raises `NotFound`."""
    plan = db.session.scalar(
        select(SavingsPlan)
        .where(SavingsPlan.delegation_id == delegation.id, SavingsPlan.code == code)
        .options(joinedload(SavingsPlan.payer))
    )
    if plan is None:
        raise NotFound
    return plan


def listed_delegations(user: User | None, text: str = "") -> Select[Delegation]:
    """Every delegation `user` may see whose name or code has `text` in it, the latest edition first."""
    query = delegations_within_reach(user).order_by(Edition.starts_on.desc(), Delegation.code)
    if text:
        named = Delegation.name.icontains(text, autoescape=True)
        query = query.where(or_(named, Delegation.code.icontains(text, autoescape=True)))
    return query


def delegations_within_reach(user: User | None) -> Select[Delegation]:
    """Every delegation `user` may see, with its edition."""
    query = select(Delegation).join(Delegation.edition).options(contains_eager(Delegation.edition))
    return _within(query, reach(user, Permission.DELEGATION_READ))


def where_plans_open(user: User | None, permission: Permission) -> Sequence[Delegation]:
    """The first delegations, the latest edition first, for which `user` may open a savings plan."""
    query = select(Delegation).join(Delegation.edition).options(contains_eager(Delegation.edition))
    open_ones = query.where(Delegation.status.in_(MAY_SAVE)).order_by(
        Edition.starts_on.desc(), Delegation.code
    )
    return db.session.scalars(_within(open_ones, reach(user, permission)).limit(12)).all()


def seat_board(delegation: Delegation) -> Sequence[Seat]:
    """The delegation's seats with their people, registrations and payments, in a fixed number of queries."""
    return db.session.scalars(
        select(Seat)
        .where(Seat.delegation_id == delegation.id)
        .order_by(Seat.number)
        .options(
            selectinload(Seat.nominations).joinedload(Nomination.person),
            joinedload(Seat.registration).joinedload(Registration.payment),
        )
    ).all()


def arrived(delegation: Delegation) -> set[int]:
    """The ids of the registrations of its seats that were seen at the door."""
    return set(
        db.session.scalars(
            select(CheckIn.registration_id)
            .join(Seat, Seat.registration_id == CheckIn.registration_id)
            .where(Seat.delegation_id == delegation.id)
        )
    )


def plans_of(delegation: Delegation) -> Sequence[SavingsPlan]:
    """The delegation's plans with their payers, by code."""
    return db.session.scalars(
        select(SavingsPlan)
        .where(SavingsPlan.delegation_id == delegation.id)
        .order_by(SavingsPlan.code)
        .options(joinedload(SavingsPlan.payer))
    ).all()


def running_plans(delegations: Sequence[Delegation]) -> Sequence[SavingsPlan]:
    """The plans of these delegations with their payers, by code."""
    return db.session.scalars(
        select(SavingsPlan)
        .where(SavingsPlan.delegation_id.in_([one.id for one in delegations]))
        .order_by(SavingsPlan.code)
        .options(joinedload(SavingsPlan.payer), joinedload(SavingsPlan.delegation))
    ).all()


def support_decisions(edition: Edition) -> Sequence[SupportDecision]:
    """The minuted decisions of an edition's support fund with what each gives, in order."""
    return db.session.scalars(
        select(SupportDecision)
        .where(SupportDecision.edition_id == edition.id)
        .order_by(SupportDecision.number)
        .options(selectinload(SupportDecision.awards))
    ).all()


def to_accredit(user: User | None) -> Sequence[Nomination]:
    """Completed records that wait for `user` to decide, by seat."""
    query = (
        select(Nomination)
        .join(Nomination.seat)
        .join(Seat.delegation)
        .order_by(Seat.code)
        .options(
            contains_eager(Nomination.seat).contains_eager(Seat.delegation).joinedload(Delegation.edition),
            joinedload(Nomination.person),
        )
    )
    return db.session.scalars(_waiting(query, user)).all()


def how_many_to_accredit(user: User | None) -> int:
    """How many records wait for `user` to decide, and no longer for their delegation's word."""
    query = select(func.count(Nomination.id)).join(Nomination.seat).join(Seat.delegation)
    return db.session.scalar(_waiting(query.where(approvals.word_given()), user)) or 0


def _waiting(query: Select[Row], user: User | None) -> Select[Row]:
    completed = query.where(Nomination.status == NominationStatus.COMPLETED)
    return _within(completed, reach(user, Permission.NOMINATION_ACCREDIT))


def _within(query: Select[Row], held: Reach) -> Select[Row]:
    """The rows of delegations where a permission is held."""
    if held.everywhere:
        return query
    if not held:
        return query.where(false())
    return query.where(or_(Delegation.edition_id.in_(held.editions), Delegation.id.in_(held.delegations)))


def history(seat: Seat) -> list[Moment]:
    """Everything that happened to a seat and to its nominations, oldest first, from the audit trail."""
    subjects = [f"Seat:{seat.id}", *(f"Nomination:{one.id}" for one in seat.nominations)]
    records = db.session.scalars(
        select(AuditRecord).where(AuditRecord.subject.in_(subjects)).order_by(AuditRecord.id)
    ).all()
    names = names_of(record.actor for record in records)
    people = {one.id: one.person.name for one in seat.nominations}
    return [
        Moment(
            record.at,
            record.action,
            names.get(record.actor, ""),
            record.reason,
            record.details,
            _people_of(record, people),
        )
        for record in records
    ]


def _people_of(record: AuditRecord, people: dict[int, str]) -> tuple[str, ...]:
    """Whom a record is about, by the ids of their nominations."""
    kind, _colon, key = record.subject.partition(":")
    ids = [int(key)] if kind == "Nomination" else [record.details.get("left"), record.details.get("joined")]
    return tuple(people[one] for one in ids if one in people)


def current_nomination(nomination_id: int) -> Nomination:
    """A nomination that still holds its seat, with its person. Raises `NotFound`."""
    nomination = db.session.get(Nomination, nomination_id)
    if nomination is None or nomination.status not in CURRENT_NOMINATION:
        raise NotFound
    return nomination
