"""Where a delegation stands: its path, whose move it is, its history, and the steps that can be taken."""

from typing import Any

from flask import flash, redirect, render_template, url_for

from access.asking import person
from access.policy import Permission, can
from delegations import queries
from delegations.forms import ReasonForm, WhyForm
from delegations.lifecycle import cloning, standing
from delegations.lifecycle import moves as lifecycle
from delegations.lifecycle.moves import RULES, Move
from delegations.models import Delegation
from delegations.pages import actor, blueprint, form_page, may_here
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain
from shared.i18n import _, _l
from shared.web import requires

P = Permission

STEPS = {
    Move.RECALL: (
        standing.recall,
        _l("The request goes back to the delegation, which can change it and ask again."),
    ),
    Move.LOCK: (
        standing.lock,
        _l("Seats and names stay as they are: nobody is named, replaced or taken back any more. Badges, "
           "payments and accreditation go on."),
    ),
    Move.UNLOCK: (standing.unlock, _l("People can be named, replaced and taken back again.")),
    Move.CLOSE: (
        standing.close,
        _l("Nothing more changes in its seats. Money that still comes is recorded all the same."),
    ),
    Move.REOPEN: (standing.reopen, _l("It is locked again, and what was forgotten can be done.")),
    Move.WITHDRAW: (
        standing.withdraw,
        _l("The delegation does not come. What was saved stays in its plans until a minuted decision."),
    ),
    Move.RESTORE: (standing.restore, _l("It goes back to where it was before it said no.")),
}  # fmt: skip
"""The steps taken from this page, with what follows; the others have pages of their own."""


def _offered(delegation: Delegation, may: dict[str, bool]) -> list[Move]:
    """The steps that this reader may take now."""
    return [
        move
        for move in STEPS
        if delegation.status in RULES[move].sources and may["allocate" if RULES[move].organisers else "edit"]
    ]


@blueprint.get("/delegations/<code>/path")
@requires(P.DELEGATION_READ)
def path(code: str) -> Any:
    """From the invitation to the closing: where it stands, whose move it is, what happened."""
    delegation = queries.find_delegation(code, person())
    told = standing.history(delegation)
    return render_template(
        "delegations/path.html",
        delegation=delegation,
        stations=standing.path(delegation.status, told[0].step.left if told else None),
        whose=standing.WHOSE_MOVE[delegation.status],
        history=told,
        states=lifecycle.STATES,
        rules=RULES,
        offered=_offered(delegation, may_here(delegation)),
        parent=_readable(cloning.parent_of(delegation)),
        may_begin=can(person(), P.DELEGATION_CREATE),
    )


def _readable(delegation: Delegation | None) -> Delegation | None:
    """A delegation, if the reader may open it."""
    if delegation is None:
        return None
    place = {"edition_id": delegation.edition_id, "delegation_id": delegation.id}
    return delegation if can(person(), P.DELEGATION_READ, **place) else None


@blueprint.route("/delegations/<code>/path/<move>", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def step(code: str, move: str) -> Any:
    """Take one step, told before it happens."""
    if move not in set(STEPS):
        raise NotFound
    chosen = Move(move)
    rule, (take, follows) = RULES[chosen], STEPS[chosen]
    permission = P.DELEGATION_ALLOCATE if rule.organisers else P.DELEGATION_EDIT
    delegation = queries.find_delegation(code, person(), permission)
    form = ReasonForm() if rule.why else WhyForm()
    if form.validate_on_submit():
        try:
            with transaction():
                take(delegation, form.reason.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The delegation is now: %(state)s.", state=lifecycle.STATES[delegation.status]), "good")
            return redirect(url_for("delegations.path", code=code))
    return form_page(
        "delegations/step.html",
        form,
        delegation=delegation,
        rule=rule,
        follows=follows,
        not_ready=standing.not_ready(delegation) if chosen is Move.LOCK else None,
        still_open=standing.open_matters(delegation) if chosen is Move.CLOSE else None,
    )


@blueprint.route("/delegations/reset/<code>", methods=["GET", "POST"])
@requires(P.DELEGATION_ALLOCATE)
def reset(code: str) -> Any:
    """The gathering moved: whom it concerns, what they keep, and one button that asks them all again."""
    edition = queries.find_edition(code, person(), P.DELEGATION_ALLOCATE)
    form = ReasonForm()
    if form.validate_on_submit():
        with transaction():
            asked = len(standing.reset_confirmations(edition, form.reason.data or "", by=actor()))
        flash(_("Delegations asked to confirm again: %(count)s.", count=asked), "good")
        return redirect(url_for("delegations.index"))
    return form_page(
        "delegations/reset.html", form, edition=edition, concerned=standing.concerned_by_reset(edition),
        states=lifecycle.STATES,
    )  # fmt: skip
