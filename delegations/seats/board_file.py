"""The seat board as a table for a spreadsheet: one row a seat, no address and nothing of anybody's health."""

from collections.abc import Mapping, Sequence

from delegations.models import Delegation
from delegations.seats import letters, visas
from delegations.seats.board import MOVERS, STEPS, SeatLine
from documents.spreadsheets import Cell, Sheet
from events.models import ROLE_LABELS
from events.programme import VisaOutcome
from shared.i18n import _


def sheet(delegation: Delegation, lines: Sequence[SeatLine], standing: Mapping[int, VisaOutcome]) -> Sheet:
    """The seats in use; `standing` tells where the visas of nominations (by id) stand."""
    heads = [
        _("Seat"), _("Who nominates"), _("Person"), _("Role"), _("Organisation"), _("Done"), _("Letter"),
        _("Visa"), _("Cost"), _("Covered"), _("Missing"), _("Currency"), _("Whose move"), _("What is next"),
    ]  # fmt: skip
    rows = [_row(line, standing) for line in lines if not line.given_back]
    return Sheet(delegation.code, [str(head) for head in heads], rows)


def _row(line: SeatLine, standing: Mapping[int, VisaOutcome]) -> list[Cell]:
    nomination, money = line.nomination, line.money
    visa = standing.get(nomination.id) if nomination else None
    done = [str(word) for step, word in STEPS.items() if step in line.reached]
    return [
        line.seat.code,
        line.seat.nominator,
        nomination.person.name if nomination else "",
        str(ROLE_LABELS[nomination.role]) if nomination else "",
        nomination.person.shown_organisation if nomination else "",
        ", ".join(done),
        str(letters.STATES[nomination.credential]) if nomination else "",
        str(visas.OUTCOMES[visa]) if visa else "",
        money.need if money else None,
        money.covered if money else None,
        money.remaining if money else None,
        money.need.currency if money else "",
        str(MOVERS[line.move.mover]),
        str(line.move.what),
    ]
