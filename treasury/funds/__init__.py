"""Funds: whose money it is, what it may pay for, what of it is promised."""
