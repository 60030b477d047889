"""How a delegation comes to be: invited, asks for seats, is given some, confirms, or says no.

What comes after is in `standing.py`. Each step locks the delegation's row, so that two people who press at
once do it once.
"""

import re
from dataclasses import dataclass

from sqlalchemy import select

from access import users
from access.users import CreateUser
from delegations.lifecycle import handing_over, messages, quotas
from delegations.lifecycle import moves as lifecycle
from delegations.lifecycle.moves import Move
from delegations.models import Delegation, Seat
from events.models import Edition
from shared import audit
from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from treasury import chart
from treasury.models import Fund, FundKind

MOST_SEATS = 200
"""Beyond it a number of seats is a slip of the finger."""

CODE = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*")
LONGEST_CODE = 24


class BadCode(DomainError):
    """A code is short and made of capitals and figures, so that it can be said at the desk and typed."""

    code = "bad_code"
    status = 422
    message = _l("Write a code in capitals, figures and hyphens, such as %(example)s.")


class CodeTaken(DomainError):
    """Another delegation or plan has this code."""

    code = "code_taken"
    message = _l("The code %(code)s is already used.")


class BadSeatCount(DomainError):
    """A number of seats is at least one and not absurd."""

    code = "bad_seat_count"
    status = 422
    message = _l("Write a number of seats from 1 to %(most)s.")


class MoreThanRequested(DomainError):
    """Nobody is given more seats than they asked for."""

    code = "more_than_requested"
    status = 422
    message = _l("The delegation asked for %(requested)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class InviteDelegation:
    """Whom an edition invites. `contact_email` is the head's; they sign in with it, in `locale`.

    Who has no account yet gets one under `contact_name`, else under the delegation's name.
    """

    edition_id: int
    code: str
    name: str
    organisation_id: int | None = None
    contact_email: str = ""
    contact_name: str = ""
    locale: str = "fr"
    is_demo: bool = False
    provenance: str = ""


def invite(command: InviteDelegation, *, by: Actor) -> Delegation:
    """Invite a delegation: it gets a fund of its own, and its contact the right to look after it.

    Raises `BadCode`, `CodeTaken`, `BadEmail`.
    """
    edition = db.session.get_one(Edition, command.edition_id)
    code = command.code.strip().upper()
    if not CODE.fullmatch(code) or len(code) > LONGEST_CODE:
        raise BadCode(field="code", example=f"{edition.code}-OUT")
    if db.session.scalar(select(Delegation.id).where(Delegation.code == code)):
        raise CodeTaken(field="code", code=code)
    chart.open_chart(edition.currency)
    delegation = Delegation(
        code=code,
        name=command.name.strip(),
        edition_id=edition.id,
        organisation_id=command.organisation_id,
        fund_id=_open_fund(code, edition.code, command).id,
        contact_email=command.contact_email.strip(),
        is_demo=command.is_demo,
        provenance=command.provenance,
    )
    db.session.add(delegation)
    audit.record("delegation.invite", delegation, by=by, code=code)
    lifecycle.begin(delegation, by=by)
    if delegation.contact_email:
        _let_head_in(delegation, command, by=by)
    return delegation


def _open_fund(code: str, event: str, command: InviteDelegation) -> Fund:
    """What is given to the delegation as a whole; each savings plan opens a fund of its own beside it."""
    fund = Fund(
        code=code,
        name=command.name.strip(),
        kind=FundKind.RESTRICTED,
        holder_id=command.organisation_id,
        event=event,
        is_demo=command.is_demo,
    )
    db.session.add(fund)
    db.session.flush()
    return fund


def _let_head_in(delegation: Delegation, command: InviteDelegation, *, by: Actor) -> None:
    head = users.find_user(command.contact_email)
    if head is None:
        about = CreateUser(
            email=command.contact_email,
            name=command.contact_name.strip() or command.name.strip(),
            locale=command.locale,
            is_demo=command.is_demo,
        )
        head = users.create_user(about, by=by)
    handing_over.begin(delegation, head, by=by)
    messages.tell_invited(delegation, head)


def request_seats(delegation: Delegation, count: int, note: str, *, by: Actor) -> Delegation:
    """Ask for seats; asking again before an answer replaces the question.

    Raises `BadSeatCount`, `NotInThisState`.
    """
    lifecycle.prepare(delegation, Move.REQUEST)
    if not 1 <= count <= MOST_SEATS:
        raise BadSeatCount(field="count", most=MOST_SEATS)
    delegation.seats_requested, delegation.request_note = count, note.strip()
    lifecycle.take(delegation, Move.REQUEST, by=by, count=count)
    return delegation


def allocate_seats(delegation: Delegation, count: int, *, by: Actor) -> list[Seat]:
    """Give seats, numbered from 1: from now on they exist, whoever will sit in them.

    Raises `BadSeatCount`, `MoreThanRequested`, `QuotaFull`, `NotInThisState` (seats are allocated once).
    """
    lifecycle.prepare(delegation, Move.ALLOCATE)
    if not 1 <= count <= MOST_SEATS:
        raise BadSeatCount(field="count", most=MOST_SEATS)
    if count > delegation.seats_requested:
        raise MoreThanRequested(field="count", requested=delegation.seats_requested)
    quotas.must_have_room(delegation, count)
    seats = [
        Seat(delegation_id=delegation.id, number=number, code=f"{delegation.code}-{number:02}")
        for number in range(1, count + 1)
    ]
    db.session.add_all(seats)
    delegation.seats_allocated = count
    lifecycle.take(delegation, Move.ALLOCATE, by=by, count=count)
    messages.tell_allocated(delegation)
    return seats


def confirm(delegation: Delegation, *, by: Actor) -> Delegation:
    """Take the seats that were given. Raises `NotInThisState`."""
    lifecycle.prepare(delegation, Move.CONFIRM)
    lifecycle.take(delegation, Move.CONFIRM, by=by)
    return delegation


def decline(delegation: Delegation, reason: str, *, by: Actor) -> Delegation:
    """Say no to the invitation, before its seats are confirmed. Raises `NotInThisState`."""
    lifecycle.prepare(delegation, Move.DECLINE)
    lifecycle.take(delegation, Move.DECLINE, by=by, reason=reason)
    return delegation
