"""What the pages of delegations share: who acts, what they may do here, and what comes next."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, render_template, url_for

from access.asking import person
from access.models import User
from access.policy import Permission, can
from delegations.budgets import versions as budgets
from delegations.budgets.models import Budget
from delegations.funding.coverage import Coverage
from delegations.models import (
    Delegation,
    DelegationStatus,
    NominationStatus,
    Seat,
    SeatStatus,
)
from delegations.seats import approvals, seats, waiting
from delegations.seats import nominations as nominating
from delegations.seats.board import Mover
from shared.errors import Forbidden
from shared.i18n import _, ngettext

blueprint = Blueprint("delegations", __name__)

P, S = Permission, DelegationStatus


def group_names() -> dict[str, str]:
    """Groups of lines by their names in the reader's language."""
    return {group: str(name) for group, name in budgets.GROUPS.items()}


def seat_budget(delegation: Delegation) -> Budget | None:
    """What a seat of this delegation costs: its own approved budget, else its edition's."""
    approved = budgets.seat_budgets(delegation.edition_id)
    return approved.get(delegation.id) or approved.get(None)


def may_here(delegation: Delegation) -> dict[str, bool]:
    """What the reader may do here."""
    user, place = person(), {"edition_id": delegation.edition_id, "delegation_id": delegation.id}
    wanted = {
        "edit": P.DELEGATION_EDIT,
        "allocate": P.DELEGATION_ALLOCATE,
        "accredit": P.NOMINATION_ACCREDIT,
        "plan": P.PLAN_MANAGE,
        "record": P.ENTRY_RECORD,
        "books": P.LEDGER_READ,
    }
    return {word: can(user, permission, **place) for word, permission in wanted.items()}


def state_kind(status: DelegationStatus) -> str:
    """The shape beside a delegation's state."""
    if status in (S.CONFIRMED, S.LOCKED, S.CLOSED):
        return "good"
    return "off" if status in (S.DECLINED, S.WITHDRAWN) else "wait"


def seat_card(seat: Seat, coverage: Coverage) -> dict[str, Any]:
    """A seat on the board: who sits there, its state in a word and a shape, who nominates.

    A planned seat whose lines are all paid shows as funded; that is derived here and stored nowhere.
    """
    covered = coverage.by_seat.get(seat.code)
    shown = seat.status
    if shown is SeatStatus.PLANNED and covered and covered.need and not covered.remaining:
        shown = SeatStatus.FUNDED
    nomination = seat.nomination
    words = str(seats.STATES[shown])
    if nomination and nomination.status is not NominationStatus.ACCREDITED:
        words = str(nominating.STATES[nomination.status])
    return {
        "seat": seat,
        "state": shown.value,
        "name": nomination.person.name if nomination else "",
        "words": words,
        "missing": covered.remaining if covered and covered.remaining else None,
    }


@dataclass(frozen=True, slots=True)
class Step:
    """What comes next: a sentence, an action and where; one with `post` is done by pressing."""

    say: str
    do: str
    url: str
    post: bool = False


def next_step(
    delegation: Delegation, board: Sequence[Seat], has_plan: bool, may: dict[str, bool], holds: int = 0
) -> Step | None:
    """The one thing the reader should do next, if there is one; the delegation `holds` so many others."""
    if holds and not delegation.seats_requested:
        say = ngettext("It adds up %(num)s delegation.", "It adds up %(num)s delegations.", holds)
        return Step(say, _("Delegations together"), url_for("delegations.members", code=delegation.code))
    return _towards_seats(delegation, board, may) or _towards_people(delegation, board, has_plan, may)


def _towards_seats(delegation: Delegation, board: Sequence[Seat], may: dict[str, bool]) -> Step | None:
    code, status = delegation.code, delegation.status
    if may["edit"] and status in (S.INVITED, S.DRAFT):
        say = _("Tell the organisers how many seats you would need.")
        if may["allocate"]:
            say = _("The delegation has not said yet how many seats it would need; you can say it for it.")
        return Step(say, _("Ask for seats"), url_for("delegations.ask", code=code))
    if may["allocate"] and status is S.SUBMITTED:
        asked = delegation.seats_requested
        say = ngettext("%(num)s seat is asked for.", "%(num)s seats are asked for.", asked)
        return Step(say, _("Allocate seats"), url_for("delegations.allocate", code=code))
    if may["edit"] and status is S.ALLOCATED:
        given = sum(seat.status in seats.ACTIVE for seat in board)
        say = ngettext(
            "%(num)s seat is yours once you confirm.", "%(num)s seats are yours once you confirm.", given
        )
        return Step(say, _("Confirm the seats"), url_for("delegations.confirm", code=code), post=True)
    return None


def _towards_people(
    delegation: Delegation, board: Sequence[Seat], has_plan: bool, may: dict[str, bool]
) -> Step | None:
    code = delegation.code
    named = [seat.nomination for seat in board if seat.nomination]
    completed = [one for one in named if one.status is NominationStatus.COMPLETED]
    trusted = approvals.with_focal_point([delegation.id]) if completed else set()
    with_word = [one for one in completed if approvals.has_word(one, trusted)]
    if may["accredit"] and with_word:
        say = ngettext("%(num)s record waits for you.", "%(num)s records wait for you.", len(with_word))
        return Step(say, _("Look at the records"), url_for("delegations.accreditation"))
    if not may["edit"] or delegation.status is not S.CONFIRMED:
        return None
    if not may["accredit"] and len(with_word) < len(completed):
        mine = len(completed) - len(with_word)
        say = ngettext("%(num)s record waits for you.", "%(num)s records wait for you.", mine)
        return Step(say, _("Confirm the records"), board_of_ours(code))
    if may["plan"] and not has_plan:
        say = _("Small regular deposits spare you a lump sum.")
        return Step(say, _("Open a savings plan"), url_for("delegations.open_plan", code=code))
    free = waiting.free_seats(delegation)
    if not free:
        return None
    say = ngettext("%(num)s seat has nobody yet.", "%(num)s seats have nobody yet.", len(free))
    where = url_for("delegations.nominate", code=code, number=free[0].number)
    return Step(say, _("Name somebody for %(seat)s", seat=free[0].code), where)


def before_cost(delegation: Delegation, coverage: Coverage, may: dict[str, bool]) -> Step | None:
    """What is missing before there is anything to cover: a seat, else a budget. None where there is a cost.

    The step has no `url` where the reader can do nothing about it.
    """
    if coverage.need:
        return None
    if not coverage.seat_count:
        return Step(_("Nothing is to be covered yet: there is no seat."), *_seats_to_get(delegation, may))
    if coverage.costs:
        say = _("Nothing is to be covered: the approved budget of a seat costs nothing.")
    else:
        say = _("Nothing is to be covered yet: there is no approved budget of what a seat costs.")
    if may["allocate"]:
        where = url_for("delegations.costs", code=delegation.edition.code)
        return Step(say, _("Budgets of the gathering"), where)
    where = url_for("delegations.budgets_of", code=delegation.code)
    return Step(say, _("Budgets of this delegation"), where)


def _seats_to_get(delegation: Delegation, may: dict[str, bool]) -> tuple[str, str]:
    code, status = delegation.code, delegation.status
    if may["edit"] and status in (S.INVITED, S.DRAFT):
        return _("Ask for seats"), url_for("delegations.ask", code=code)
    if may["allocate"] and status is S.SUBMITTED:
        return _("Allocate seats"), url_for("delegations.allocate", code=code)
    if may["allocate"] and status in (S.ALLOCATED, S.CONFIRMED):
        return _("Add seats"), url_for("delegations.more_seats", code=code)
    return "", ""


def board_of_ours(code: str) -> str:
    """The seats of a delegation in which the next move is the delegation's own."""
    return url_for("delegations.seat_board", code=code, move=Mover.DELEGATION.value)


def form_page(template: str, form: Any, **told: Any) -> Any:
    """The page of a form; 422 when something in it is refused."""
    return render_template(template, form=form, **told), 422 if form.errors else 200


def actor() -> User:
    """Who is signed in; the door has seen to it that somebody is."""
    user = person()
    if user is None:
        raise Forbidden
    return user
