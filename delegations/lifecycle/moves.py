"""The states of a delegation and the moves between them, in one table. Each step is a row that stays.

invited → draft → submitted → allocated → confirmed → locked → closed;  declined, withdrawn
"""

from dataclasses import dataclass
from enum import StrEnum

from delegations.lifecycle.models import DelegationStep
from delegations.models import Delegation, DelegationStatus
from shared import audit
from shared.audit import Actor
from shared.database import hold, write
from shared.errors import DomainError
from shared.i18n import LazyString, _l

S = DelegationStatus


class NotInThisState(DomainError):
    """The delegation is not at the step where this can be done."""

    code = "not_in_this_state"
    message = _l("This cannot be done now: the delegation is %(state)s.")

    def sentence(self) -> str:
        return str(self.message) % {"state": STATES[DelegationStatus(self.details["state"])]}


class WhyMissing(DomainError):
    """A step back, or out, says why."""

    code = "why_missing"
    status = 422
    message = _l("Write the reason: it is kept with the delegation.")


STATES = {
    S.INVITED: _l("invited"),
    S.DRAFT: _l("being prepared"),
    S.SUBMITTED: _l("waiting for its seats"),
    S.ALLOCATED: _l("to be confirmed"),
    S.CONFIRMED: _l("confirmed"),
    S.LOCKED: _l("locked"),
    S.CLOSED: _l("closed"),
    S.DECLINED: _l("declined"),
    S.WITHDRAWN: _l("withdrawn"),
}
"""A delegation's state in words."""


ALIVE = (S.ALLOCATED, S.CONFIRMED, S.LOCKED)
"""A delegation that has seats and is not over."""


class Move(StrEnum):
    """What can happen to a delegation; `RULES` says from where to where."""

    REQUEST = "request"
    RECALL = "recall"
    ALLOCATE = "allocate"
    CONFIRM = "confirm"
    LOCK = "lock"
    UNLOCK = "unlock"
    CLOSE = "close"
    REOPEN = "reopen"
    RESET = "reset"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    RESTORE = "restore"


@dataclass(frozen=True, slots=True)
class Rule:
    """From which states a move starts and where it leads (None: where the delegation came from).

    `why`: a reason must be given; `organisers`: only they make it. `does` is what its button says.
    """

    sources: tuple[DelegationStatus, ...]
    target: DelegationStatus | None
    does: LazyString
    why: bool = False
    organisers: bool = False


RULES = {
    Move.REQUEST: Rule((S.INVITED, S.DRAFT, S.SUBMITTED), S.SUBMITTED, _l("Ask for seats")),
    Move.RECALL: Rule((S.SUBMITTED,), S.DRAFT, _l("Take the request back"), why=True),
    Move.ALLOCATE: Rule((S.SUBMITTED,), S.ALLOCATED, _l("Allocate seats"), organisers=True),
    Move.CONFIRM: Rule((S.ALLOCATED,), S.CONFIRMED, _l("Confirm the seats")),
    Move.LOCK: Rule((S.CONFIRMED,), S.LOCKED, _l("Lock the delegation"), organisers=True),
    Move.UNLOCK: Rule((S.LOCKED,), S.CONFIRMED, _l("Unlock the delegation"), why=True, organisers=True),
    Move.CLOSE: Rule((S.LOCKED,), S.CLOSED, _l("Close the delegation"), organisers=True),
    Move.REOPEN: Rule((S.CLOSED,), S.LOCKED, _l("Open it again"), why=True, organisers=True),
    Move.RESET: Rule(
        (S.CONFIRMED, S.LOCKED), S.ALLOCATED, _l("Ask for confirmation again"), why=True, organisers=True
    ),
    Move.DECLINE: Rule((S.INVITED, S.DRAFT, S.SUBMITTED), S.DECLINED, _l("Decline the invitation")),
    Move.WITHDRAW: Rule((S.ALLOCATED, S.CONFIRMED), S.WITHDRAWN, _l("Withdraw the delegation"), why=True),
    Move.RESTORE: Rule(
        (S.DECLINED, S.WITHDRAWN), None, _l("Bring the delegation back"), why=True, organisers=True
    ),
}
"""Every move there is; what is not here cannot happen."""


def must_be(delegation: Delegation, *states: DelegationStatus) -> None:
    """Raises `NotInThisState` unless the delegation is in one of `states`."""
    if delegation.status not in states:
        raise NotInThisState(state=delegation.status.value)


def prepare(delegation: Delegation, move: Move) -> None:
    """Hold the delegation still and see that `move` may start. Raises `NotInThisState`."""
    hold(delegation)
    must_be(delegation, *RULES[move].sources)


def begin(delegation: Delegation, *, by: Actor) -> None:
    """Write the first step: the delegation exists."""
    write(DelegationStep(delegation_id=delegation.id, reached=delegation.status, actor=by.actor_label))


def take(
    delegation: Delegation,
    move: Move,
    *,
    by: Actor,
    reason: str = "",
    to: DelegationStatus | None = None,
    **details: object,
) -> None:
    """Make a prepared move and write it down; `to` where the table leaves it open. Raises `WhyMissing`."""
    rule, reason = RULES[move], " ".join(reason.split())
    if rule.why and not reason:
        raise WhyMissing(field="reason")
    reached = rule.target or to
    assert reached is not None, "a move leads somewhere"
    left, delegation.status = delegation.status, reached
    audit.record(
        f"delegation.{move.value}",
        delegation,
        by=by,
        reason=reason,
        **{"from": left.value, "to": reached.value},
        **details,
    )
    write(
        DelegationStep(
            delegation_id=delegation.id, left=left, reached=reached, actor=by.actor_label, reason=reason
        )
    )
