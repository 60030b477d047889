"""What each payer of a savings plan has and lacks: their part of its instalments, and their own deposits.

The money lies in the plan's one fund; whose deposit it is, is told by the payment that brought it.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import select

from delegations.models import PlanStatus, SavingsPlan
from delegations.savings import payer_queries, schedule
from delegations.savings import plans as savings
from delegations.savings.payer_models import Payer, PlanPayer, PlanShare
from delegations.savings.schedule import Deposit
from shared.clock import today
from shared.database import db
from shared.money import Money
from treasury import chart, placing, queries
from treasury.models import Payment
from treasury.queries import Receipt

NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class PayerStanding:
    """What one payer has and lacks. `status` is their own, None when nothing is asked of them.

    `share` is today's, `coming` the next one and its day, where it changes; who has `left` stopped.
    """

    payer: Payer
    share: Fraction
    left: bool
    deposits: list[Receipt]
    status: schedule.PlanStatus | None
    saved: Money
    coming: tuple[date, Fraction] | None


def standing_of(payer: Payer) -> PayerStanding:
    """What one payer has and lacks today."""
    return next(one for one in standings([payer.plan])[payer.plan.id] if one.payer.id == payer.id)


def standings(plans: Iterable[SavingsPlan]) -> dict[int, list[PayerStanding]]:
    """What each payer of each plan has and lacks today, the first payer first."""
    together = list(plans)
    if not together:
        return {}
    payers, shares = payer_queries.all_payers(together), payer_queries.shares_of(plan.id for plan in together)
    parts, paid = payer_queries.divided(together), _deposits(together)
    found: dict[int, list[PayerStanding]] = {}
    for plan in together:
        on = today(plan.delegation.edition.zone)
        now_of, left = shares_now(plan, shares[plan.id], on)
        whole = {plan.payer_id: tuple(savings.schedule_of(plan))} if plan.id not in parts else parts[plan.id]
        found[plan.id] = [
            PayerStanding(
                payer, now_of.get(payer.id, NOTHING), payer.id in left, paid[plan.id][payer.id],
                _replay(whole.get(payer.id, ()), paid[plan.id][payer.id], on),
                Money.total((one.amount for one in paid[plan.id][payer.id] if one.on <= on), plan.currency),
                _next_share(plan, shares[plan.id], payer.id, on),
            )
            for payer in payers[plan.id]
        ]  # fmt: skip
    return found


def _next_share(
    plan: SavingsPlan, told: list[PlanShare], payer_id: int, on: date
) -> tuple[date, Fraction] | None:
    share = shares_now(plan, told, on)[0].get(payer_id, NOTHING)
    for day in sorted({one.since for one in told if one.since > on}):
        other = shares_now(plan, told, day)[0].get(payer_id, NOTHING)
        if other != share:
            return day, other
    return None


def _replay(
    parts: tuple[schedule.Instalment, ...], receipts: list[Receipt], on: date
) -> schedule.PlanStatus | None:
    deposits = [Deposit.told(one.on, one.amount) for one in receipts]
    return schedule.replay(parts, deposits, on) if parts else None


def _deposits(plans: list[SavingsPlan]) -> dict[int, dict[int, list[Receipt]]]:
    """What reached each plan, by whose it is: the payer of the payment that brought it, else the first."""
    by_fund = {plan.fund_id: plan for plan in plans}
    wanted = select(Payment.id, Payment.payer_id).where(Payment.fund_id.in_(by_fund))
    payer_ids = {one.id: one.payer_id for one in db.session.execute(wanted)}
    owners = placing.entries_of(payer_ids)
    known = {(row.plan_id, row.payer_id) for row in _rows(plans)}
    found: dict[int, dict[int, list[Receipt]]] = {plan.id: defaultdict(list) for plan in plans}
    for currency in {plan.currency for plan in plans}:
        funds = [plan.fund_id for plan in plans if plan.currency == currency]
        for fund_id, receipts in queries.receipts(funds, chart.SAVINGS, currency).items():
            plan = by_fund[fund_id]
            for one in receipts:
                payer_id = payer_ids.get(owners.get(one.entry_id, 0))
                theirs = payer_id is not None and (plan.id, payer_id) in known
                found[plan.id][payer_id if theirs and payer_id else plan.payer_id].append(one)
    return found


def _rows(plans: list[SavingsPlan]) -> Iterable[PlanPayer]:
    return db.session.scalars(select(PlanPayer).where(PlanPayer.plan_id.in_([plan.id for plan in plans])))


def shares_now(
    plan: SavingsPlan, told: Iterable[PlanShare], on: date
) -> tuple[dict[int, Fraction], set[int]]:
    """Each payer's share on a day, the first payer's being what the others leave; and who has stopped."""
    newest = {one.payer_id: one for one in told if one.since <= on}
    others = {payer_id: one.part for payer_id, one in newest.items() if payer_id != plan.payer_id}
    return others | {plan.payer_id: 1 - sum(others.values(), NOTHING)}, {
        payer_id for payer_id, one in newest.items() if one.left
    }


def who_pays_on(plans: Iterable[SavingsPlan]) -> dict[int, list[tuple[Payer, Fraction]]]:
    """Those of each plan who have not stopped, with their last share; the one with the first word first."""
    together = list(plans)
    payers, told = payer_queries.all_payers(together), payer_queries.shares_of(one.id for one in together)
    found = {}
    for plan in together:
        parts, left = shares_now(plan, told[plan.id], date.max)
        found[plan.id] = [(one, parts.get(one.id, NOTHING)) for one in payers[plan.id] if one.id not in left]
    return found


def others_of(payer: Payer) -> list[PayerStanding]:
    """The other open plans that the same body pays, written to at the same address."""
    plans = db.session.scalars(
        select(SavingsPlan)
        .outerjoin(PlanPayer, PlanPayer.plan_id == SavingsPlan.id)
        .where(
            SavingsPlan.status == PlanStatus.OPEN,
            SavingsPlan.id != payer.plan.id,
            (SavingsPlan.payer_id == payer.id) | (PlanPayer.payer_id == payer.id),
        )
        .distinct()
        .order_by(SavingsPlan.id)
    ).all()
    return [
        one
        for found in standings(plans).values()
        for one in found
        if one.payer.id == payer.id and one.payer.written_to == payer.written_to and not one.left
    ]
