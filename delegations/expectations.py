"""What plans and funders let the treasury expect: instalments to come or late, promises, and their rules."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from delegations.budgets.versions import GROUPS
from delegations.models import FundingAgreement, FundingKind, PlanStatus, SavingsPlan
from delegations.savings import payer_queries, payer_standings
from delegations.savings import versions as plan_versions
from delegations.savings.standings import saved_by
from events.models import Edition
from network.models import Organisation
from shared.clock import today
from shared.database import db
from shared.i18n import _
from shared.money import Money
from treasury import queries
from treasury.expectations import Expected, Funder


def instalments() -> Iterable[Expected]:
    """What is not paid yet of the open plans: each instalment that is late, and what comes on each day.

    What is to come is added up, whoever pays it: a network has hundreds of thousands of instalments. Of a
    plan that several pay, each owes their own part.
    """
    plans = db.session.scalars(
        select(SavingsPlan)
        .where(SavingsPlan.status == PlanStatus.OPEN)
        .order_by(SavingsPlan.code)
        .options(joinedload(SavingsPlan.payer).load_only(Organisation.name))
    ).all()
    shared = payer_queries.shares_of(plan.id for plan in plans)
    day, coming = today(), defaultdict[tuple[date, str], int](int)
    for name, due, missing in chain(
        _owed_alone([plan for plan in plans if plan.id not in shared]),
        _owed_together([plan for plan in plans if plan.id in shared]),
    ):
        if due < day:
            yield Expected(due, missing, name)
        else:
            coming[due, missing.currency] += missing.minor
    for (due, currency), minor in coming.items():
        yield Expected(due, Money(minor, currency))


def _owed_alone(plans: Sequence[SavingsPlan]) -> Iterable[tuple[str, date, Money]]:
    """Who owes what since when, of plans with one payer each."""
    courses, saved = plan_versions.all_courses(plans), saved_by(plans)
    for plan in plans:
        for due, missing in courses[plan.id].missing(saved[plan.id]):
            yield plan.payer.name, due, missing


def _owed_together(plans: Sequence[SavingsPlan]) -> Iterable[tuple[str, date, Money]]:
    """The same of plans that several pay."""
    for one in chain.from_iterable(payer_standings.standings(plans).values()):
        for entry in one.status.instalments if one.status and not one.left else ():
            if missing := entry.instalment.amount - entry.paid:
                yield one.payer.organisation.name, entry.instalment.due, missing


def pledges() -> Iterable[Expected]:
    """What funders pledged and did not pay, when the gathering begins; a blocked pledge counts nothing."""
    for one, begins in db.session.execute(
        select(FundingAgreement, Edition.starts_on)
        .join(Edition, Edition.id == FundingAgreement.edition_id)
        .where(FundingAgreement.kind == FundingKind.PLEDGE, FundingAgreement.blocked_reason == "")
        .order_by(FundingAgreement.code)
    ):
        if missing := _missing(one):
            yield Expected(begins, missing, one.name, sure=False, owed=False)


def _missing(agreement: FundingAgreement) -> Money:
    promised = Money(agreement.amount_minor, agreement.currency)
    if agreement.fund_id is None:
        return promised
    came = {one.currency: one for one in queries.income(agreement.fund_id, today())}
    zero = Money.zero(agreement.currency)
    return max(promised - came.get(agreement.currency, zero), zero)


def funders() -> Iterable[Funder]:
    """The agreements as funders know them: what was promised, under which rule, for which lines."""
    for one in db.session.scalars(select(FundingAgreement).order_by(FundingAgreement.code)):
        groups = ", ".join(str(GROUPS.get(group, group)) for group in one.categories)
        promised = one.cap_minor if one.cap_minor is not None else one.amount_minor
        yield Funder(
            code=one.code,
            name=one.name,
            terms=" · ".join(part for part in (_rule(one), groups) if part),
            promised=Money(promised, one.currency) if promised else None,
            fund_id=one.fund_id,
            blocked=_("charity registration number") if one.blocked_reason == "charity_number"
            else one.blocked_reason,
        )  # fmt: skip


def _rule(agreement: FundingAgreement) -> str:
    if agreement.kind is FundingKind.MATCH:
        ratio = f"{agreement.ratio_numerator}:{agreement.ratio_denominator}"
        return str(_("match %(ratio)s on cash received", ratio=ratio))
    return str(_("grant") if agreement.kind is FundingKind.GRANT else _("pledge"))
