"""Savings plans: intended, saved, changed, reminded."""
