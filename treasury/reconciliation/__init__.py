"""Reconciliation: bank lines and the books brought together, up to a day."""
