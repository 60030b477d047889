"""The seat board of a delegation: every seat's way, who pays it, and whose move it is."""

from typing import Any

from flask import render_template, request

from access.asking import person
from access.policy import Permission
from delegations import pictures, queries
from delegations.funding import coverage_queries
from delegations.lifecycle import moves as lifecycle
from delegations.models import Nomination, NominationStatus
from delegations.pages import blueprint, group_names, may_here, seat_budget
from delegations.seats import approvals, board, waiting
from delegations.seats.board import MOVERS, STEPS, Mover
from delegations.seats.seats import STATES
from events.models import ROLE_LABELS
from shared.web import requires

P = Permission


@blueprint.get("/delegations/<code>/seats")
@requires(P.DELEGATION_READ)
def seat_board(code: str) -> Any:
    """Every seat with how far it has come; `?move=` leaves the seats that wait on one body."""
    delegation = queries.find_delegation(code, person())
    coverage = coverage_queries.coverage_of(delegation)
    lines = board.board_of(
        queries.seat_board(delegation),
        coverage,
        queries.arrived(delegation),
        focal_point=bool(approvals.with_focal_point([delegation.id])),
        offered=waiting.held_seats(delegation),
    )
    asked = request.args.get("move")
    chosen = Mover(asked) if asked in set(Mover) else None
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
        to_confirm=[one.nomination for one in lines if one.nomination and _to_confirm(one.nomination)],
    )


def _to_confirm(nomination: Nomination) -> bool:
    return nomination.status is NominationStatus.COMPLETED and nomination.endorsed_at is None
