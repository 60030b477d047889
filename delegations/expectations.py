"""What plans and funders let the treasury expect: instalments to come or late, promises, and their rules."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import chain, pairwise
from operator import add

from sqlalchemy import and_, select

from delegations.budgets.versions import GROUPS
from delegations.models import FundingAgreement, FundingKind, PlanStatus, SavingsPlan
from delegations.savings import payer_standings
from delegations.savings import versions as plan_versions
from delegations.savings.payer_models import PlanShare
from delegations.savings.schedule import Course
from events.models import Edition
from network.models import Organisation
from shared.clock import today
from shared.database import db
from shared.i18n import _
from shared.money import Money
from treasury import chart, queries
from treasury.balance_models import PostedBalance
from treasury.expectations import Expected, Funder
from treasury.models import Account


def instalments() -> Iterable[Expected]:
    """What is not paid yet of the open plans: each instalment that is late, and what comes on each day.

    What is to come is added up, whoever pays it: a network has hundreds of thousands of instalments. Of a
    plan that several pay, each owes their own part.
    """
    day, payers, shared = today(), _payers(), _shared()
    apart = {plan.id for plan in shared}
    alike: dict[tuple[int, int], tuple[Course, int]] = {}
    for plan_id, course in plan_versions.open_courses():
        if plan_id in apart:
            continue
        who, saved = payers[plan_id]
        for due, late in course.late(saved, day):
            yield Expected(due, late, who)
        same = id(course), saved
        alike[same] = course, alike[same][1] + 1 if same in alike else 1
    coming = _coming(((course, saved, plans) for (_id, saved), (course, plans) in alike.items()), day)
    for name, due, amount in _owed_together(shared):
        if due < day:
            yield Expected(due, amount, name)
        else:
            coming[due, amount.currency] += amount.minor
    for (due, currency), minor in coming.items():
        if minor:
            yield Expected(due, Money(minor, currency))


def _coming(alike: Iterable[tuple[Course, int, int]], day: date) -> dict[tuple[date, str], int]:
    """What falls due from `day` on, in minor units, of plans that ask for the same and saved the same.

    What is missing up to a day adds up over plans that fall due on the same days; what each day brings is the
    difference to the one before.
    """
    missing: dict[tuple[str, tuple[date, ...]], list[int]] = {}
    for course, saved, plans in alike:
        first = bisect_left(course.dues, day)
        days = course.currency, tuple(course.dues[first:])
        mine = [plans * one for one in course.missing(saved, first)]
        missing[days] = [*map(add, missing[days], mine)] if days in missing else mine
    coming: dict[tuple[date, str], int] = defaultdict(int)
    for (currency, dues), upto in missing.items():
        for due, (before, after) in zip(dues, pairwise(upto), strict=True):
            coming[due, currency] += after - before
    return coming


def _shared() -> Sequence[SavingsPlan]:
    """The open plans that several pay."""
    several = select(PlanShare.plan_id)
    wanted = select(SavingsPlan).where(SavingsPlan.status == PlanStatus.OPEN, SavingsPlan.id.in_(several))
    return db.session.scalars(wanted.order_by(SavingsPlan.code)).all()


def _payers() -> dict[int, tuple[str, int]]:
    """By the id of each open plan who pays it, and what was saved in it, in its minor units."""
    saved = (
        select(PostedBalance.fund_id, Account.currency, PostedBalance.minor)
        .join(Account, Account.id == PostedBalance.account_id)
        .where(Account.code == chart.SAVINGS)
        .subquery()
    )
    here = and_(saved.c.fund_id == SavingsPlan.fund_id, saved.c.currency == SavingsPlan.currency)
    rows = db.session.execute(
        select(SavingsPlan.id, Organisation.name, saved.c.minor)
        .join(Organisation, Organisation.id == SavingsPlan.payer_id)
        .outerjoin(saved, here)
        .where(SavingsPlan.status == PlanStatus.OPEN)
    )
    return {plan_id: (name, -(minor or 0)) for plan_id, name, minor in rows}


def _owed_together(plans: Sequence[SavingsPlan]) -> Iterable[tuple[str, date, Money]]:
    """Who owes what since when, of plans that several pay."""
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
    """The agreements as funders know them: what was promised, under which rule, for which lines.

    Two gatherings may use one code, so it is told with its gathering's.
    """
    chosen = (
        select(FundingAgreement, Edition.code)
        .join(Edition, Edition.id == FundingAgreement.edition_id)
        .order_by(Edition.code, FundingAgreement.code)
    )
    for one, edition in db.session.execute(chosen):
        groups = ", ".join(str(GROUPS.get(group, group)) for group in one.categories)
        promised = one.cap_minor if one.cap_minor is not None else one.amount_minor
        yield Funder(
            code=f"{edition}/{one.code}",
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
