"""Who pays a savings plan, and what is divided among them, read for many plans at once."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from delegations.models import SavingsPlan
from delegations.savings import versions as plan_versions
from delegations.savings.models import PlanChange
from delegations.savings.payer_models import Payer, PayerSaved, PlanPayer, PlanShare
from delegations.savings.schedule import Instalment
from delegations.savings.sharing import Claim, Settlement, divide
from shared.database import db
from shared.money import Money


def payers_of(plan: SavingsPlan) -> list[Payer]:
    """Who pays the plan, the first payer first."""
    return all_payers([plan])[plan.id]


def all_payers(plans: Iterable[SavingsPlan]) -> dict[int, list[Payer]]:
    """The same of each plan, by its id, in one query."""
    found = {plan.id: [Payer(plan)] for plan in plans}
    by_id = {plan_id: payers[0].plan for plan_id, payers in found.items()}
    wanted = (
        select(PlanPayer)
        .where(PlanPayer.plan_id.in_(found))
        .order_by(PlanPayer.id)
        .options(joinedload(PlanPayer.payer))
    )
    for row in db.session.scalars(wanted):
        found[row.plan_id].append(Payer(by_id[row.plan_id], row))
    return found


def payer_names(plans: Iterable[SavingsPlan]) -> dict[int, list[str]]:
    """The names of those who pay each plan, by its id, the first payer's first."""
    found = all_payers(plans)
    return {plan_id: [one.organisation.name for one in payers] for plan_id, payers in found.items()}


def payer_of(plan: SavingsPlan, organisation_id: int | None) -> Payer:
    """Whose money is `organisation_id`'s; what is nobody else's is the first payer's."""
    row = db.session.scalar(
        select(PlanPayer).where(PlanPayer.plan_id == plan.id, PlanPayer.payer_id == organisation_id)
    )
    return Payer(plan, row)


def shares_of(plan_ids: Iterable[int]) -> dict[int, list[PlanShare]]:
    """Every share there was, by plan, in the order in which they count."""
    found: dict[int, list[PlanShare]] = defaultdict(list)
    wanted = (
        select(PlanShare)
        .where(PlanShare.plan_id.in_(list(plan_ids)))
        .order_by(PlanShare.plan_id, PlanShare.since, PlanShare.id)
    )
    for one in db.session.scalars(wanted):
        found[one.plan_id].append(one)
    return found


def divided(plans: Iterable[SavingsPlan]) -> dict[int, dict[int, tuple[Instalment, ...]]]:
    """What each plan with shares asks of each payer, by plan and organisation, in three queries."""
    by_id = {plan.id: plan for plan in plans}
    shares = shares_of(by_id)
    versions: dict[int, list[PlanChange]] = defaultdict(list)
    changed = select(PlanChange).where(PlanChange.plan_id.in_(list(shares))).order_by(PlanChange.number)
    for change in db.session.scalars(changed):
        versions[change.plan_id].append(change)
    settled = _settlements(change for changes in versions.values() for change in changes)
    return {
        plan_id: divide(
            plan_versions.opening_of(by_id[plan_id]),
            [settled[change.id] for change in versions[plan_id]],
            [_claim(one, versions[plan_id]) for one in told],
            by_id[plan_id].payer_id,
        )
        for plan_id, told in shares.items()
    }


def asked_by_version(plan: SavingsPlan, changes: Sequence[PlanChange]) -> dict[int, dict[int, Money]]:
    """What each version asked in all of each payer: by its number, then by organisation; of all `changes`.

    Nothing where one pays the whole: that is the version's own `need`.
    """
    told = shares_of([plan.id])[plan.id]
    if not told:
        return {}
    opening, settled = plan_versions.opening_of(plan), _settlements(changes)
    claims = [_claim(one, changes) for one in told]
    found = {}
    for upto, change in enumerate(changes, start=1):
        known = [settled[one.id] for one in changes[:upto]]
        parts = divide(opening, known, [one for one in claims if one.after < upto], plan.payer_id)
        found[change.number] = {
            payer_id: Money.total((part.amount for part in asked), plan.currency)
            for payer_id, asked in parts.items()
        }
    return found


def _settlements(changes: Iterable[PlanChange]) -> dict[int, Settlement]:
    """What each version decided, and what each payer had paid by then, by the version's id."""
    by_id = {change.id: change for change in changes}
    saved: dict[int, dict[int, int]] = defaultdict(dict)
    for one in db.session.scalars(select(PayerSaved).where(PayerSaved.change_id.in_(by_id))):
        saved[one.change_id][one.payer_id] = one.saved_minor
    return {
        change_id: Settlement(plan_versions.decision_of(change), saved[change_id])
        for change_id, change in by_id.items()
    }


def _claim(told: PlanShare, versions: Iterable[PlanChange]) -> Claim:
    """A share as it counts: after the versions that were made before it was told."""
    after = sum(change.at < told.at for change in versions)
    return Claim(told.since, told.payer_id, told.part, told.left, after)
