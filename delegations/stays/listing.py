"""Everybody by day of arrival, as a table for whoever fetches people and hands out keys."""

from collections.abc import Sequence

from delegations.stays.journeys import Traveller
from delegations.stays.stays import LODGINGS
from documents.spreadsheets import Cell, Sheet
from events.models import Edition
from shared.i18n import _


def sheet(edition: Edition, known: Sequence[Traveller]) -> Sheet:
    """One row a person, no address and nothing of anybody's health."""
    heads = [
        _("Day of arrival"), _("Flight, coach, hour"), _("Person"), _("Delegation"), _("Seat"),
        _("Day of departure"), _("A place to sleep"), _("Where they sleep"), _("Wishes for the room"),
    ]  # fmt: skip
    return Sheet(edition.code, [str(head) for head in heads], [_row(one) for one in known])


def _row(one: Traveller) -> list[Cell]:
    stay, seat = one.stay, one.nomination.seat
    return [
        stay.arrives_on.isoformat() if stay.arrives_on else "",
        stay.arrives_by,
        one.nomination.person.name,
        seat.delegation.name,
        seat.code,
        stay.leaves_on.isoformat() if stay.leaves_on else "",
        str(LODGINGS[stay.lodging]) if stay.lodging else "",
        stay.place,
        stay.wishes,
    ]
