"""The pages of savings plans, each registered as it is imported."""

from delegations import plan_change_views, plan_views, planner_views, reminder_views

__all__ = ["plan_change_views", "plan_views", "planner_views", "reminder_views"]
