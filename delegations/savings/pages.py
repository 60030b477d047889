"""The pages of savings plans, each registered as it is imported."""

from delegations.savings import change_views as plan_change_views
from delegations.savings import payer_views, planner_views, reminder_views
from delegations.savings import views as plan_views

__all__ = ["payer_views", "plan_change_views", "plan_views", "planner_views", "reminder_views"]
