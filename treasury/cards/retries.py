"""When a refused card is tried again. Pure; the days are said on the page where the card is left."""

from datetime import date, timedelta

RETRY_AFTER = (3, 7, 14)
"""Days after the due date on which a refused card is tried again; then a person is told."""

FINAL = frozenset(
    {
        "authentication_required", "expired_card", "incorrect_number", "invalid_account", "lost_card",
        "pickup_card", "stolen_card", "test_mode_live_card",
    }
)  # fmt: skip
"""Refusals that no later try can change: its holder must leave another card, or confirm with their bank."""


def next_try(due: date, tries: int, reason: str, today: date) -> date | None:
    """The day of the next try after `tries` refused ones, the last for `reason`; None when a person is told.

    A day of the calendar that has passed (the machine was off) is today.
    """
    if reason in FINAL or tries > len(RETRY_AFTER):
        return None
    return max(due + timedelta(days=RETRY_AFTER[tries - 1]), today)
