"""The seat board of a delegation: every seat's way, who pays it, and whose move it is."""

from typing import Any

from flask import Response, render_template, request

from access.asking import person
from access.policy import Permission
from delegations import pictures, queries
from delegations.funding import coverage_queries
from delegations.funding.coverage import Coverage
from delegations.lifecycle import moves as lifecycle
from delegations.models import Delegation, Nomination, NominationStatus
from delegations.pages import actor, blueprint, group_names, may_here, seat_budget
from delegations.seats import approvals, board, board_file, visas, waiting
from delegations.seats.board import MOVERS, STEPS, Around, Mover, SeatLine
from delegations.seats.seats import STATES
from documents.spreadsheets import CSV_MIME, XLSX_MIME, as_csv, as_workbook
from events.models import ROLE_LABELS
from shared import audit
from shared.database import transaction
from shared.web import requires

P = Permission


@blueprint.get("/delegations/<code>/seats")
@requires(P.DELEGATION_READ)
def seat_board(code: str) -> Any:
    """Every seat with how far it has come; `?move=` leaves the seats that wait on one body."""
    delegation = queries.find_delegation(code, person())
    lines, coverage = _lines(delegation)
    asked = request.args.get("move")
    chosen = Mover(asked) if asked in set(Mover) else None
    to_confirm = [one.nomination for one in lines if one.nomination and _to_confirm(one.nomination)]
    in_use = [one for one in lines if not one.given_back]
    return render_template(
        "delegations/board.html",
        delegation=delegation,
        edition=delegation.edition,
        lines=[one for one in in_use if chosen in (None, one.move.mover)],
        given_back=[one for one in lines if one.given_back],
        in_use=len(in_use),
        counts=board.counts(lines),
        waiting_on=board.waiting_on(lines),
        chosen=chosen,
        steps=STEPS,
        movers=MOVERS,
        states=STATES,
        roles=ROLE_LABELS,
        coverage=coverage,
        alike=board.paid_alike(coverage),
        budget=seat_budget(delegation),
        groups=group_names(),
        source_name=pictures.source_name,
        delegation_states=lifecycle.STATES,
        may=may_here(delegation),
        line=waiting.line_of(delegation),
        to_confirm=to_confirm,
        corrected=approvals.corrected(to_confirm),
    )


@blueprint.get("/delegations/<code>/seats/file.<any(csv,xlsx):ending>")
@requires(P.DELEGATION_READ)
def seats_file(code: str, ending: str) -> Any:
    """The board as a table. That it left is noted."""
    delegation = queries.find_delegation(code, person())
    standing = {key: step.outcome for key, step in visas.standings(delegation).items()}
    told = board_file.sheet(delegation, _lines(delegation)[0], standing)
    with transaction():
        audit.record("delegation.export", delegation, by=actor(), format=ending)
    headers = {"Content-Disposition": f'attachment; filename="{code}-seats.{ending}"'}
    if ending == "csv":
        return Response(as_csv([told]).encode(), content_type=CSV_MIME, headers=headers)
    return Response(as_workbook([told]), content_type=XLSX_MIME, headers=headers)


def _lines(delegation: Delegation) -> tuple[list[SeatLine], Coverage]:
    """Every seat with what its next move depends on."""
    coverage = coverage_queries.coverage_of(delegation)
    around = Around(
        focal_point=bool(approvals.with_focal_point([delegation.id])),
        letter_required=approvals.rules_of(delegation.edition).letter_required,
        offered=waiting.held_seats(delegation),
        refused=visas.refused_seats(delegation),
    )
    seats, arrived = queries.seat_board(delegation), queries.arrived(delegation)
    return board.board_of(seats, coverage, arrived, around), coverage


def _to_confirm(nomination: Nomination) -> bool:
    return nomination.status is NominationStatus.COMPLETED and nomination.endorsed_at is None
