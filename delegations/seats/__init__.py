"""Seats and the people in them."""
