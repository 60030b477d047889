"""Reminders of instalments: before, on and after the day, once each, and never to who has just paid.

A job a day plans them for every open plan. A reminder is a row (one a plan, day and kind) committed with its
message, so a job that is killed midway and run again sends nothing twice.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.orm import joinedload

from access import links, signing
from delegations import messages
from delegations.models import Delegation, PlanStatus, SavingsPlan
from delegations.savings import payer_queries, payer_standings
from delegations.savings import plans as savings
from delegations.savings.card_deposits import FURTHER_PAYER
from delegations.savings.models import PlanReminder, ReminderKind, ReminderStop
from delegations.savings.payer_models import Payer, PlanPayer
from delegations.savings.plans import LINK_LASTS
from delegations.savings.schedule import InstalmentState, InstalmentStatus
from delegations.savings.schedule import PlanStatus as Standing
from delegations.seats import linking
from outbox.jobs import HANDLERS, enqueue
from outbox.worker import AT_START
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import db, hold, transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _l
from shared.money import Money
from treasury.cards.models import CardStatus, SavedCard
from treasury.models import Payment, PaymentStatus

JOB = "plan-reminders"
BEFORE = timedelta(days=7)
"""A reminder leaves this long before the day, and another this long after it."""
TOO_LATE = timedelta(days=21)
"""After so long it is a person's turn to call."""
QUIET = timedelta(days=3)
"""Nobody is reminded so soon after a deposit."""

_HOUR = time(11, tzinfo=UTC)  # morning in Québec, noon in Dakar
_BATCH = 250
_STOP = "plan-reminders"
Key = tuple[int, int | None]
"""A plan and the organisation that pays it."""
Told = Collection[tuple[date, ReminderKind]]


class RemindersStopped(DomainError):
    """Who wants no reminders gets none, by nobody's hand."""

    code = "reminders_stopped"
    message = _l("%(name)s wants no reminders. Every earlier one has the link that lets them come again.")


def install() -> None:
    """Fill in the job of each day, and plan today's when a worker starts; called in `app.py`."""
    HANDLERS[JOB] = plan_reminders
    AT_START[JOB] = plan_a_day


def due_reminder(standing: Standing, told: Told) -> tuple[InstalmentStatus, ReminderKind] | None:
    """The one reminder that a plan calls for on its day, if any: of the oldest instalment not yet told.

    None within three days of a deposit. Pure.
    """
    moved = [point.on for point in standing.balance]
    if moved and standing.today - moved[-1] < QUIET:
        return None
    for entry in standing.instalments:
        kind = _kind(standing.today - entry.instalment.due)
        if kind and entry.state is not InstalmentState.PAID and (entry.instalment.due, kind) not in told:
            return entry, kind
    return None


def _kind(since: timedelta) -> ReminderKind | None:
    """Which reminder belongs to so long after the day an instalment falls due (before it: negative)."""
    if -BEFORE <= since < timedelta():
        return ReminderKind.BEFORE
    if since <= timedelta(days=1) and since >= timedelta():  # a worker that was down for a day
        return ReminderKind.ON
    return ReminderKind.AFTER if BEFORE <= since <= TOO_LATE else None


def plan_a_day(day: date | None = None) -> None:
    """Plan the job of a day, today's by default; once, however often it is asked for."""
    day = day or now().date()
    with transaction():
        enqueue(JOB, {"day": day.isoformat()}, key=f"{JOB}:{day}", due_at=datetime.combine(day, _HOUR))


def plan_reminders(payload: dict[str, Any]) -> None:
    """The job: write what every open plan calls for today, batch by batch, and plan the next day's job."""
    plan_a_day(date.fromisoformat(payload["day"]) + timedelta(days=1))
    last = 0
    while True:
        with transaction():
            plans = _next_plans(last)
            remind_all(plans)
            if len(plans) < _BATCH:
                return
            last = plans[-1].id


def _next_plans(after: int) -> Sequence[SavingsPlan]:
    """Open plans, by their number."""
    wanted = (
        select(SavingsPlan)
        .where(SavingsPlan.id > after, SavingsPlan.status == PlanStatus.OPEN)
        .options(
            joinedload(SavingsPlan.payer), joinedload(SavingsPlan.delegation).joinedload(Delegation.edition)
        )
        .order_by(SavingsPlan.id)
        .limit(_BATCH)
    )
    return db.session.scalars(wanted).all()


def remind(payer: Payer, *, by: Actor) -> str:
    """Mail a payer where their part of the plan stands, and a new link to it. Returns the link's token.

    Earlier links work until they expire. Raises `RemindersStopped`, `NoAddress`, and `LinkJustSent` when one
    left a moment ago.
    """
    hold(payer.plan)
    name = payer.organisation.name
    if stopped(payer):
        raise RemindersStopped(name=name)
    if not payer.written_to:
        raise linking.NoAddress(name=name)
    linking.not_just_sent(*payer.opened_by)
    stands = payer_standings.standing_of(payer)
    asked = stands.status.target if stands.status else Money.zero(payer.plan.currency)
    token = savings.mail_link(payer, stands.saved, asked, stop=stop_token(payer))
    audit.record("plan.remind", payer.plan, by=by, payer=name)
    return token


def remind_all(plans: Sequence[SavingsPlan]) -> int:
    """Write the reminders that these plans call for today, to each payer theirs; how many were written."""
    told, quiet = _told(plans), _quiet(plans)
    written = 0
    for payer, standing in _standings(plans):
        key = (payer.plan.id, payer.id)
        found = due_reminder(standing, told[key]) if payer.written_to and key not in quiet else None
        if found and _claim(payer, found[0].instalment.due, found[1]):
            token = links.issue_link(*payer.opened_by, now() + LINK_LASTS)
            messages.tell_due(payer, found[0], found[1], token, stop_token(payer))
            written += 1
    return written


def _standings(plans: Sequence[SavingsPlan]) -> Iterator[tuple[Payer, Standing]]:
    """Where each payer stands of whom anything is asked."""
    shared = set(payer_queries.shares_of(plan.id for plan in plans))
    alone = savings.plan_statuses(plan for plan in plans if plan.id not in shared)
    divided = payer_standings.standings(plan for plan in plans if plan.id in shared)
    for plan in plans:
        if plan.id in alone:
            yield Payer(plan), alone[plan.id]
        for one in divided.get(plan.id, ()):
            if one.status and not one.left:
                yield one.payer, one.status


def _told(plans: Sequence[SavingsPlan]) -> dict[Key, set[tuple[date, ReminderKind]]]:
    told: dict[Key, set[tuple[date, ReminderKind]]] = defaultdict(set)
    for one in db.session.scalars(select(PlanReminder).where(PlanReminder.plan_id.in_(_ids(plans)))):
        told[one.plan_id, one.payer_id].add((one.due, one.kind))
    return told


def _quiet(plans: Sequence[SavingsPlan]) -> set[Key]:
    """Payers who want no reminders, let a card do it, or paid what a second person has yet to approve."""
    ids = _ids(plans)
    stops = select(ReminderStop.plan_id, ReminderStop.payer_id).where(ReminderStop.plan_id.in_(ids))
    waiting = select(Payment.subject_id, Payment.payer_id).where(
        Payment.purpose == savings.PURPOSE,
        Payment.status == PaymentStatus.RECORDED,
        Payment.subject_id.in_(ids),
    )
    asked = (stops, waiting, *_by_card(ids))
    return {(plan_id, payer_id) for query in asked for plan_id, payer_id in db.session.execute(query)}


def _by_card(plan_ids: Sequence[int]) -> tuple[Select[int, int], Select[int, int]]:
    """First and further payers whose card is charged."""
    first = (
        select(SavingsPlan.id, SavingsPlan.payer_id)
        .join(SavedCard, SavedCard.subject_id == SavingsPlan.id)
        .where(SavedCard.purpose == savings.PURPOSE, SavingsPlan.id.in_(plan_ids))
    )
    further = (
        select(PlanPayer.plan_id, PlanPayer.payer_id)
        .join(SavedCard, SavedCard.subject_id == PlanPayer.id)
        .where(SavedCard.purpose == FURTHER_PAYER, PlanPayer.plan_id.in_(plan_ids))
    )
    charged = SavedCard.status == CardStatus.ACTIVE
    return first.where(charged), further.where(charged)


def _ids(plans: Sequence[SavingsPlan]) -> list[int]:
    return [plan.id for plan in plans]


def _claim(payer: Payer, due: date, kind: ReminderKind) -> bool:
    """Write the reminder's row; False where another job was first."""
    insert = sqlite_insert if db.engine.dialect.name == "sqlite" else postgresql_insert
    row = insert(PlanReminder).values(plan_id=payer.plan.id, payer_id=payer.id, due=due, kind=kind, at=now())
    claimed = db.session.execute(
        row.on_conflict_do_nothing(index_elements=["plan_id", "payer_id", "due", "kind"]).returning(
            PlanReminder.id
        )
    )
    return claimed.first() is not None


def stop_token(payer: Payer) -> str:
    """Signed, for good: it opens nothing but the page that stops this payer's reminders of this plan."""
    return signing.sign(_STOP, payer.plan.id, payer.id)


def open_stop(token: str) -> Payer:
    """Whose reminders a token stops. Raises `NotFound`."""
    plan_id, payer_id = signing.read(_STOP, token)
    plan = db.session.get(SavingsPlan, plan_id)
    if plan is None:
        raise NotFound
    return payer_queries.payer_of(plan, payer_id)


def stopped(payer: Payer) -> ReminderStop | None:
    """Since when the payer wants no reminders, if so."""
    return db.session.get(ReminderStop, (payer.plan.id, payer.id))


def stops_of(plan: SavingsPlan) -> dict[int, ReminderStop]:
    """Who of its payers wants no reminders, by the organisation's id."""
    wanted = select(ReminderStop).where(ReminderStop.plan_id == plan.id)
    return {one.payer_id: one for one in db.session.scalars(wanted)}


def stop(payer: Payer, *, by: Actor) -> None:
    """Send this payer no more reminders of this plan; twice is once."""
    if not stopped(payer):
        db.session.add(ReminderStop(plan_id=payer.plan.id, payer_id=payer.id))
        audit.record("plan.reminders-stopped", payer.plan, by=by, payer=payer.organisation.name)


def resume(payer: Payer, *, by: Actor) -> None:
    """Send this payer reminders of this plan again."""
    if found := stopped(payer):
        db.session.delete(found)
        audit.record("plan.reminders-resumed", payer.plan, by=by, payer=payer.organisation.name)


def sent(plan: SavingsPlan) -> Sequence[PlanReminder]:
    """The reminders that left, newest first."""
    wanted = select(PlanReminder).where(PlanReminder.plan_id == plan.id).order_by(PlanReminder.id.desc())
    return db.session.scalars(wanted).all()
