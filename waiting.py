"""What waits for whoever signed in, each thing one click away: counted, never listed here."""

from collections.abc import Iterator
from dataclasses import dataclass

from flask import Flask, url_for
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from access.asking import person
from access.models import User
from access.policy import Permission, can, reach
from delegations import queries
from delegations.budgets.claim_models import Advance, ClaimStatus, ExpenseClaim
from delegations.budgets.models import Budget, BudgetStatus
from delegations.funding.service_models import InKind
from delegations.funding.services import ServiceState
from delegations.joining.models import JoinRequest, JoinStatus
from delegations.models import (
    Delegation,
    DelegationStatus,
    Nomination,
    NominationStatus,
    Seat,
    SeatStatus,
    SupportDecision,
)
from delegations.pages import board_of_ours
from delegations.seats.seats import ACTIVE
from delegations.seats.waiting_models import OfferedSeat
from delegations.support import committee
from delegations.support.models import DecisionMinute
from events.models import Edition
from network.models import Person
from shared.clock import today
from shared.database import db
from shared.i18n import _, ngettext
from treasury import approvals
from treasury.cards import refunds
from treasury.models import Attention
from treasury.paper import outlived
from treasury.reconciliation.open_money import open_lines_by_account
from treasury.wording import account_name

P = Permission

_MOST = 6
"""Delegations and gatherings named one by one; whoever looks after more has lists for that."""


@dataclass(frozen=True, slots=True)
class Task:
    """Something to do: `words` with its number, `where` it is (a gathering, a delegation), and its page."""

    words: str
    where: str
    url: str


def install(app: Flask) -> None:
    """Let the home ask what waits for whoever reads it."""
    app.add_template_global(lambda: tasks(person()), "tasks")
    app.add_template_global(lambda: own_delegations(person()), "own_delegations")


def tasks(user: User | None) -> list[Task]:
    """What waits for `user` (nothing for somebody not signed in): money first, then seats and people."""
    if user is None:
        return []
    given = [*_money(user), *_advances(user), *_costs(user), *_budgets(user), *_services(user)]
    return [*given, *_seats(user), *_support(user)]


def own_delegations(user: User | None) -> list[Delegation]:
    """The delegations that `user` looks after themselves, those to come first; none for who sees them all."""
    held = reach(user, P.DELEGATION_READ)
    if held.everywhere or not held.delegations:
        return []
    query = queries.delegations_within_reach(user).where(Delegation.id.in_(held.delegations))
    return list(db.session.scalars(query.order_by(Edition.starts_on.desc(), Delegation.code).limit(_MOST)))


def _money(user: User) -> Iterator[Task]:
    if can(user, P.ENTRY_APPROVE):
        asked = approvals.how_many_wait_for(user) + refunds.how_many_wait_for(user)
        words = ngettext("%(num)s entry to approve", "%(num)s entries to approve", asked)
        yield from _some(asked, words, "", url_for("treasury.home", _anchor="waiting"))
    if can(user, P.ATTENTION_RESOLVE):
        odd = _number(select(func.count(Attention.id)).where(Attention.resolved_at.is_(None)))
        odd += len(outlived.outlived())
        words = ngettext("%(num)s money matter to settle", "%(num)s money matters to settle", odd)
        yield from _some(odd, words, "", url_for("attention.index"))
    if can(user, P.STATEMENT_RECONCILE):
        for account, lines, statement in open_lines_by_account():
            words = ngettext("%(num)s bank line to match", "%(num)s bank lines to match", lines)
            place = f"{account_name(account)} · {account.currency}"
            yield Task(words, place, url_for("reconciliation.workbench", statement_id=statement))


def _advances(user: User) -> Iterator[Task]:
    """Advances to hand over; who wrote one down or receives it is not asked."""
    if not can(user, P.ENTRY_APPROVE):
        return
    asked = (
        select(Delegation, func.count(Advance.id))
        .join(Advance, Advance.delegation_id == Delegation.id)
        .where(Advance.approver_id.is_(None), Advance.holder_id != user.id, Advance.recorder_id != user.id)
        .group_by(Delegation.id)
        .order_by(Delegation.code)
    )
    for one, count in db.session.execute(asked.limit(_MOST)):
        words = ngettext("%(num)s advance to hand over", "%(num)s advances to hand over", count)
        yield Task(words, one.name, url_for("delegations.money_in_hands", code=one.code, _anchor="advances"))


def _costs(user: User) -> Iterator[Task]:
    """Claims: one's own that came back, those of others to approve or to pay."""
    returned = (
        select(ExpenseClaim)
        .where(
            ExpenseClaim.claimant_id == user.id,
            ExpenseClaim.status == ClaimStatus.DRAFT,
            ExpenseClaim.reason != "",
        )
        .order_by(ExpenseClaim.id)
        .options(joinedload(ExpenseClaim.delegation))
    )
    for claim in db.session.scalars(returned.limit(_MOST)):
        page = url_for("delegations.claim", code=claim.delegation.code, claim_id=claim.id)
        yield Task(_("Your claim came back"), claim.title, page)
    page = url_for("delegations.all_claims")
    if can(user, P.ENTRY_APPROVE):
        asked = _number(_claims(ClaimStatus.SUBMITTED).where(ExpenseClaim.claimant_id != user.id))
        words = ngettext("%(num)s claim to approve", "%(num)s claims to approve", asked)
        yield from _some(asked, words, "", page)
    if can(user, P.ENTRY_RECORD):
        owed = _number(
            _claims(ClaimStatus.APPROVED).where(
                ExpenseClaim.claimant_id != user.id, ExpenseClaim.approver_id != user.id
            )
        )
        yield from _some(owed, ngettext("%(num)s claim to pay", "%(num)s claims to pay", owed), "", page)


def _budgets(user: User) -> Iterator[Task]:
    """Versions of budgets; nobody is asked to say yes to their own."""
    drafts = (
        select(Edition, func.count(Budget.id))
        .join(Budget, Budget.edition_id == Edition.id)
        .where(Budget.status == BudgetStatus.DRAFT, Budget.author_id.is_distinct_from(user.id))
        .group_by(Edition.id)
        .order_by(Edition.starts_on)
    )
    if not can(user, P.ENTRY_APPROVE):
        drafts = drafts.where(Edition.id.in_(_managed(user)))
    for edition, count in db.session.execute(drafts.limit(_MOST)):
        words = ngettext("%(num)s budget to approve", "%(num)s budgets to approve", count)
        yield Task(words, edition.name, url_for("delegations.costs", code=edition.code))


def _services(user: User) -> Iterator[Task]:
    """What others declared in kind, and nobody accepted or refused yet."""
    declared = (
        select(Edition, func.count(InKind.id))
        .join(InKind, InKind.edition_id == Edition.id)
        .where(InKind.state == ServiceState.PENDING, InKind.declared_by_id.is_distinct_from(user.id))
        .group_by(Edition.id)
        .order_by(Edition.starts_on)
    )
    if not (can(user, P.ENTRY_RECORD) or can(user, P.ENTRY_APPROVE)):
        declared = declared.where(Edition.id.in_(_managed(user)))
    for edition, count in db.session.execute(declared.limit(_MOST)):
        words = ngettext("%(num)s gift in kind to look at", "%(num)s gifts in kind to look at", count)
        yield Task(words, edition.name, url_for("delegations.edition_services", code=edition.code))


def _seats(user: User) -> Iterator[Task]:
    """Requests for seats, records to accredit, and what a head has to do."""
    held = reach(user, P.DELEGATION_ALLOCATE)
    asked = (
        select(Delegation)
        .join(Delegation.edition)
        .where(Delegation.status == DelegationStatus.SUBMITTED, Edition.ends_on >= today())
        .order_by(Delegation.code)
    )
    if not held.everywhere:
        asked = asked.where(Delegation.edition_id.in_(held.editions))
    for one in db.session.scalars(asked.limit(_MOST)):
        count = one.seats_requested
        words = ngettext("%(num)s seat is asked for", "%(num)s seats are asked for", count)
        yield Task(words, one.name, url_for("delegations.allocate", code=one.code))
    records = queries.how_many_to_accredit(user)
    words = ngettext("%(num)s record to look at", "%(num)s records to look at", records)
    yield from _some(records, words, "", url_for("delegations.accreditation"))
    if mine := own_delegations(user):
        yield from _as_head(mine)


def _as_head(mine: list[Delegation]) -> Iterator[Task]:
    """Seats to ask for, to confirm and to name, records to confirm, and people who ask to join."""
    coming = [one for one in mine if one.edition.ends_on >= today()]
    for one in coming:
        if one.status in (DelegationStatus.INVITED, DelegationStatus.DRAFT):
            yield Task(_("Seats to ask for"), one.name, url_for("delegations.ask", code=one.code))
        elif one.status is DelegationStatus.ALLOCATED:
            count = _number(
                select(func.count(Seat.id)).where(Seat.delegation_id == one.id, Seat.status.in_(ACTIVE))
            )
            words = ngettext("%(num)s seat to confirm", "%(num)s seats to confirm", count)
            yield Task(words, one.name, url_for("delegations.show", code=one.code))
    yield from _seats_and_people([one.id for one in coming if one.status is DelegationStatus.CONFIRMED])
    asking = (
        select(Delegation, func.count(JoinRequest.id))
        .join(JoinRequest, JoinRequest.delegation_id == Delegation.id)
        .where(Delegation.id.in_([one.id for one in mine]), JoinRequest.status == JoinStatus.OPEN)
        .group_by(Delegation.id)
    )
    for one, count in db.session.execute(asking):
        words = ngettext("%(num)s person asks to join", "%(num)s people ask to join", count)
        yield Task(words, one.name, url_for("delegations.joining", code=one.code))


def _seats_and_people(ids: list[int]) -> Iterator[Task]:
    """In confirmed delegations: records to confirm, people whom no message reaches, seats without a name."""
    seats = select(Delegation, func.count(Seat.id)).join(Seat, Seat.delegation_id == Delegation.id)
    seats = seats.where(Delegation.id.in_(ids)).group_by(Delegation.id)
    named = seats.join(Nomination, Nomination.seat_id == Seat.id)
    completed = named.where(Nomination.status == NominationStatus.COMPLETED, Nomination.endorsed_at.is_(None))
    for one, count in db.session.execute(completed):
        words = ngettext("%(num)s record to confirm", "%(num)s records to confirm", count)
        yield Task(words, one.name, board_of_ours(one.code))
    unreached = named.join(Person, Person.id == Nomination.person_id).where(
        Nomination.status.in_((NominationStatus.NOMINATED, NominationStatus.RETURNED)), Person.email == ""
    )
    for one, count in db.session.execute(unreached):
        words = ngettext("%(num)s named person to reach", "%(num)s named people to reach", count)
        yield Task(words, one.name, board_of_ours(one.code))
    offered = select(OfferedSeat.seat_id).where(OfferedSeat.held)  # theirs to answer to whom they are offered
    empty = seats.where(Seat.status.in_((SeatStatus.PLANNED, SeatStatus.FUNDED)), Seat.id.not_in(offered))
    for one, count in db.session.execute(empty):
        words = ngettext("%(num)s seat waits for a name", "%(num)s seats wait for a name", count)
        yield Task(words, one.name, url_for("delegations.seat_board", code=one.code))


def _support(user: User) -> Iterator[Task]:
    """Decisions that wait for a second person, and what a member of a committee has not scored yet."""
    if can(user, P.ENTRY_APPROVE):
        waiting = (
            select(SupportDecision, Edition)
            .join(Edition, Edition.id == SupportDecision.edition_id)
            .outerjoin(DecisionMinute, DecisionMinute.decision_id == SupportDecision.id)
            .where(SupportDecision.approver_id.is_(None), SupportDecision.recorder_id != user.id)
            .where(func.coalesce(DecisionMinute.sent_back, "") == "")
            .order_by(SupportDecision.id)
        )
        for one, edition in db.session.execute(waiting.limit(_MOST)):
            page = url_for("delegations.support_decision", code=edition.code, number=one.number)
            yield Task(_("A decision to carry out"), one.title, page)
    held = reach(user, P.SUPPORT_SCORE)
    if not held:
        return
    coming = select(Edition).where(Edition.ends_on >= today()).order_by(Edition.starts_on)
    if not held.everywhere:
        coming = coming.where(Edition.id.in_(held.editions))
    for edition in db.session.scalars(coming.limit(_MOST)):
        asked = len(committee.unscored_by(user, edition.id))
        words = ngettext("%(num)s application to score", "%(num)s applications to score", asked)
        yield from _some(asked, words, edition.name, url_for("delegations.support_fund", code=edition.code))


def _some(count: int, words: str, where: str, url: str) -> Iterator[Task]:
    if count:
        yield Task(words, where, url)


def _number(query: Select[int]) -> int:
    return db.session.scalar(query) or 0


def _claims(status: ClaimStatus) -> Select[int]:
    return select(func.count(ExpenseClaim.id)).where(ExpenseClaim.status == status)


def _managed(user: User) -> Select[int]:
    """The gatherings that `user` manages, by id."""
    held, ids = reach(user, P.EDITION_MANAGE), select(Edition.id)
    return ids if held.everywhere else ids.where(Edition.id.in_(held.editions))
