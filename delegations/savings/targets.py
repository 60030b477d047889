"""What a further savings plan should bring in: what the seats cost, less what others will pay."""

from dataclasses import dataclass

from delegations.funding.coverage import Coverage
from delegations.funding.coverage_queries import covered_around
from delegations.funding.unlocks import least_saving
from delegations.models import Delegation, PlanStatus
from delegations.queries import plans_of
from delegations.savings import versions
from delegations.savings.standings import saved_by
from shared.clock import today
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Target:
    """How an amount to save comes out, in the currency of the seats' budget.

    `coming` is what funders add as the rest is saved, `others` all that plans which run still ask for.
    """

    coverage: Coverage
    coming: Money
    others: Money

    @property
    def funded(self) -> Money:
        """What funders pay of the seats today."""
        return self.coverage.match_usable + self.coverage.grants

    @property
    def asked(self) -> Money:
        """What plans that run bring in of what the seats still need."""
        return min(self.others, self.coverage.remaining - self.coming)

    @property
    def amount(self) -> Money:
        """What is left to save; nothing where the plans that run already bring it in."""
        return self.coverage.remaining - self.coming - self.asked


def target_of(delegation: Delegation) -> Target:
    """What is left to save for a delegation's seats, were it there today. Raises `OrdersDisagree`."""
    around = covered_around(delegation)
    coverage = around.network.delegations[delegation.code]
    saving = least_saving(around.funding, around.network, delegation.code, today(delegation.edition.zone))
    return Target(coverage, coverage.remaining - saving, _still_to_come(delegation, coverage.currency))


def _still_to_come(delegation: Delegation, currency: str) -> Money:
    """What the plans that run in a currency ask for and have not received yet."""
    running = [
        plan for plan in plans_of(delegation) if plan.status is PlanStatus.OPEN and plan.currency == currency
    ]
    courses, saved = versions.all_courses(running), saved_by(running)
    left = (max(0, courses[plan.id].asked[-1] - saved[plan.id].minor) for plan in running)
    return Money(sum(left), currency)
