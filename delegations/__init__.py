"""Delegations: seats, nominations, budgets, savings, funders, coverage, support."""
