"""What many savings plans have and lack in all: for the pages of a whole network."""

from collections.abc import Iterable
from itertools import groupby

from delegations.models import SavingsPlan
from delegations.savings import versions as plan_versions
from delegations.savings.schedule import Standing, stand
from shared.clock import today
from shared.money import Money
from treasury import chart, queries


def plan_standings(plans: Iterable[SavingsPlan]) -> dict[int, Standing]:
    """What each plan has and lacks today in all, by its id: for thousands of plans, in as many queries."""
    together = list(plans)
    courses = plan_versions.all_courses(together)
    saved = saved_by(together)
    return {
        plan.id: stand(courses[plan.id], saved[plan.id], today(plan.delegation.edition.zone))
        for plan in together
    }


def saved_by(plans: Iterable[SavingsPlan]) -> dict[int, Money]:
    """What was saved in each plan, by its id, in one query a currency."""
    found: dict[int, Money] = {}
    ordered = sorted(plans, key=lambda plan: plan.currency)
    for currency, group in groupby(ordered, key=lambda plan: plan.currency):
        together = list(group)
        received = queries.received([plan.fund_id for plan in together], chart.SAVINGS, currency)
        zero = Money.zero(currency)
        found |= {plan.id: received.get(plan.fund_id, zero) for plan in together}
    return found
