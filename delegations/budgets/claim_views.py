"""Advances and claims of a delegation: who holds what, which voucher is missing, whose move it is."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select

from access.models import Grant, User
from access.policy import Permission, can
from delegations import queries
from delegations.budgets import advances, claims, spending
from delegations.budgets.claim_forms import (
    AdvanceForm,
    ChangeForm,
    ClaimForm,
    ClaimLineForm,
    ReturnForm,
    VoucherForm,
)
from delegations.budgets.claim_models import Advance, ClaimLine, ClaimStatus, ExpenseClaim
from delegations.forms import ReasonForm
from delegations.models import Delegation
from delegations.pages import actor, blueprint, form_page, seat_budget
from delegations.seats.seats import ACTIVE
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import as_choices, explain
from shared.i18n import _, _l
from shared.web import requires
from treasury.models import Fund

P, S = Permission, ClaimStatus

STATES = {
    S.DRAFT: _l("being written"),
    S.SUBMITTED: _l("waits for an approver"),
    S.APPROVED: _l("approved, to be paid"),
    S.PAID: _l("paid, with its entry"),
}
STEPS = {
    "given": _l("handed to the holder"),
    "changed": _l("changed by the holder"),
    "claimed": _l("claimed"),
    "returned": _l("given back by the holder"),
}
"""What became of an advance."""


def delegation_of(code: str, permission: Permission = P.DELEGATION_READ) -> Delegation:
    """The delegation, for somebody who may do this there. Raises `NotFound`, `Forbidden`."""
    return queries.find_delegation(code, actor(), permission)


def _advance(delegation: Delegation, advance_id: int) -> Advance:
    found = db.session.get(Advance, advance_id)
    if found is None or found.delegation_id != delegation.id:
        raise NotFound
    return found


def claim_of(delegation: Delegation, claim_id: int) -> ExpenseClaim:
    """A claim of this delegation. Raises `NotFound`."""
    found = db.session.get(ExpenseClaim, claim_id)
    if found is None or found.delegation_id != delegation.id:
        raise NotFound
    return found


def _may(delegation: Delegation) -> dict[str, bool]:
    place = {"edition_id": delegation.edition_id, "delegation_id": delegation.id}
    wanted = {"claim": P.DELEGATION_EDIT, "record": P.ENTRY_RECORD, "approve": P.ENTRY_APPROVE}
    here = {word: can(actor(), permission, **place) for word, permission in wanted.items()}
    return here | {"see_entries": can(actor(), P.LEDGER_READ)}


@blueprint.get("/delegations/<code>/claims")
@requires(P.DELEGATION_READ)
def money_in_hands(code: str) -> Any:
    """Advances with what is left of each, claims with what they miss."""
    delegation = delegation_of(code)
    return render_template(
        "delegations/claims.html",
        delegation=delegation,
        advances=[
            (
                one,
                advances.in_hand(one),
                advances.all_free(one),
                advances.difference(one),
                advances.settled(one),
            )
            for one in advances.advances_of(delegation)
        ],
        claims=claims.claims_of(delegation),
        states=STATES,
        steps=STEPS,
        may=_may(delegation),
        reader=actor(),
    )


@blueprint.route("/delegations/<code>/advances/new", methods=["GET", "POST"])
@requires(P.ENTRY_RECORD)
def new_advance(code: str) -> Any:
    """Write down an advance to somebody of the delegation."""
    delegation = delegation_of(code, P.ENTRY_RECORD)
    form = AdvanceForm()
    form.amount.currency = delegation.edition.currency
    form.holder.choices = as_choices((one.id, one.name) for one in _people(delegation))
    funds = db.session.scalars(select(Fund).where(Fund.id.in_(spending.funds_of(delegation))))
    form.fund.choices = as_choices((one.id, f"{one.name} ({one.code})") for one in funds)
    if form.validate_on_submit():
        done = _done(
            form,
            lambda: advances.ask_advance(delegation, form.command(), by=actor()),
            _("Written down. Somebody else gives it."),
            code,
        )
        if done:
            return done
    return form_page("delegations/claim_form.html", form, delegation=delegation, title=_("New advance"))


def _people(delegation: Delegation) -> list[User]:
    chosen = (
        select(User)
        .join(Grant, Grant.user_id == User.id)
        .where(Grant.scope_kind == "delegation", Grant.scope_id == delegation.id, Grant.revoked_at.is_(None))
        .order_by(User.name)
        .distinct()
    )
    return list(db.session.scalars(chosen))


def _done(form: Any, operation: Any, words: str, code: str) -> Any:
    """Do it in a transaction and go back to the list; None when it is refused, with why in the form."""
    try:
        with transaction():
            operation()
    except DomainError as refused:
        explain(form, refused)
        return None
    flash(words, "good")
    return redirect(url_for("delegations.money_in_hands", code=code))


@blueprint.post("/delegations/<code>/advances/<int:advance_id>/give")
@requires(P.ENTRY_APPROVE)
def give_advance(code: str, advance_id: int) -> Any:
    """A third person gives it."""
    advance = _advance(delegation_of(code, P.ENTRY_APPROVE), advance_id)
    return pressed(lambda: advances.give_advance(advance, by=actor()), _("The advance is given."), code)


def pressed(operation: Any, words: str, code: str, claim_id: int | None = None) -> Any:
    """A button was pressed: do it, say what happened, show the page again."""
    try:
        with transaction():
            operation()
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(words, "good")
    if claim_id is None:
        return redirect(url_for("delegations.money_in_hands", code=code))
    return redirect(url_for("delegations.claim", code=code, claim_id=claim_id))


@blueprint.route("/delegations/<code>/advances/<int:advance_id>/change/<currency>", methods=["GET", "POST"])
@requires(P.ENTRY_RECORD)
def change_advance(code: str, advance_id: int, currency: str) -> Any:
    """Record what the holder changed into another currency of the edition."""
    delegation = delegation_of(code, P.ENTRY_RECORD)
    advance = _advance(delegation, advance_id)
    if currency not in delegation.edition.currencies or currency == advance.amount.currency:
        raise NotFound
    form = ChangeForm()
    form.given.currency, form.received.currency = advance.amount.currency, currency
    title = _("Changed into %(currency)s", currency=currency)
    if form.validate_on_submit():
        done = _done(
            form,
            lambda: advances.change_advance(advance, form.command(), by=actor()),
            _("Written as a draft. Somebody else approves it."),
            code,
        )
        if done:
            return done
    return form_page("delegations/claim_form.html", form, delegation=delegation, title=title)


@blueprint.route("/delegations/<code>/advances/<int:advance_id>/return/<currency>", methods=["GET", "POST"])
@requires(P.ENTRY_RECORD)
def return_advance(code: str, advance_id: int, currency: str) -> Any:
    """Record what the holder gave back."""
    delegation = delegation_of(code, P.ENTRY_RECORD)
    advance = _advance(delegation, advance_id)
    if currency not in advances.in_hand(advance):
        raise NotFound
    form = ReturnForm()
    form.amount.currency = currency
    title = _("Given back, in %(currency)s", currency=currency)
    if form.validate_on_submit():
        done = _done(
            form,
            lambda: advances.return_advance(
                advance, form.amount.required(), form.on.data or today(), by=actor()
            ),
            _("Written as a draft. Somebody else approves it."),
            code,
        )
        if done:
            return done
    return form_page("delegations/claim_form.html", form, delegation=delegation, title=title)


@blueprint.route("/delegations/<code>/claims/new", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def new_claim(code: str) -> Any:
    """Begin a claim of one's own."""
    delegation = delegation_of(code, P.DELEGATION_EDIT)
    form = ClaimForm()
    form.currency.choices = as_choices((one, one) for one in currencies(delegation))
    form.advance.choices = as_choices([(0, _("no advance")), *own_advances(delegation)])
    if form.validate_on_submit():
        try:
            with transaction():
                claim_id = claims.open_claim(delegation, form.command(), by=actor()).id
        except DomainError as refused:
            explain(form, refused)
        else:
            return redirect(url_for("delegations.claim", code=code, claim_id=claim_id))
    return form_page("delegations/claim_form.html", form, delegation=delegation, title=_("New claim"))


def currencies(delegation: Delegation) -> list[str]:
    """What a claim may be written in, the usual one first."""
    return list(delegation.edition.currencies) or [delegation.edition.currency]


def own_advances(delegation: Delegation) -> list[tuple[int, str]]:
    """The advances of the reader, as choices; one that is not in their hands yet says so."""
    theirs = [one for one in advances.advances_of(delegation) if one.holder_id == actor().id]
    return [
        (one.id, one.purpose if one.approver_id else f"{one.purpose} ({_('to be given')})") for one in theirs
    ]


@blueprint.route("/delegations/<code>/claims/<int:claim_id>", methods=["GET", "POST"])
@requires(P.DELEGATION_READ)
def claim(code: str, claim_id: int) -> Any:
    """One claim, line by line; its claimant adds a line while it is a draft."""
    delegation = delegation_of(code)
    found = claim_of(delegation, claim_id)
    form = line_form(delegation, found)
    if form.validate_on_submit():
        try:
            with transaction():
                claims.add_line(found, form.command(), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The line is kept."), "good")
            return redirect(url_for("delegations.claim", code=code, claim_id=claim_id))
    return form_page(
        "delegations/claim.html",
        form,
        delegation=delegation,
        claim=found,
        advanced=claims.from_advance(found),
        states=STATES,
        may=_may(delegation),
        mine=found.claimant_id == actor().id,
        reader=actor(),
        voucher=VoucherForm(),
    )


def line_form(delegation: Delegation, claim: ExpenseClaim, known: ClaimLine | None = None) -> ClaimLineForm:
    """The form of a line, a new one or a `known` one: the budget's lines, the seats that may share it."""
    return ClaimLineForm(claim.currency, budget_lines(delegation), sharing_seats(delegation), known)


def budget_lines(delegation: Delegation) -> list[tuple[str, str]]:
    """The lines of the budget, as choices."""
    budget = seat_budget(delegation)
    return [(one.code, f"{one.code} {one.label}") for one in budget.costs] if budget else []


def sharing_seats(delegation: Delegation) -> list[tuple[int, str]]:
    """The seats that a line may be shared among: more than one, or none."""
    seats = [(one.id, one.code) for one in delegation.seats if one.status in ACTIVE]
    return seats if len(seats) > 1 else []


@blueprint.post("/delegations/<code>/claims/<int:claim_id>/submit")
@requires(P.DELEGATION_EDIT)
def submit_claim(code: str, claim_id: int) -> Any:
    """Hand it in."""
    found = claim_of(delegation_of(code, P.DELEGATION_EDIT), claim_id)
    done = _("Handed in. Somebody else looks at it now.")
    return pressed(lambda: claims.submit_claim(found, by=actor()), done, code, claim_id)


@blueprint.post("/delegations/<code>/claims/<int:claim_id>/approve")
@requires(P.ENTRY_APPROVE)
def approve_claim(code: str, claim_id: int) -> Any:
    """Another person says that it is right."""
    found = claim_of(delegation_of(code, P.ENTRY_APPROVE), claim_id)
    done = _("Approved. A third person pays it.")
    return pressed(lambda: claims.approve_claim(found, by=actor()), done, code, claim_id)


@blueprint.route("/delegations/<code>/claims/<int:claim_id>/send-back", methods=["GET", "POST"])
@requires(P.ENTRY_APPROVE)
def send_claim_back(code: str, claim_id: int) -> Any:
    """Give it back with a reason."""
    delegation = delegation_of(code, P.ENTRY_APPROVE)
    found = claim_of(delegation, claim_id)
    form = ReasonForm()
    if form.validate_on_submit():
        done = _("The claim is with its claimant again.")
        reason = form.reason.data or ""
        return pressed(lambda: claims.send_back(found, reason, by=actor()), done, code, claim_id)
    title = _("Send the claim back")
    return form_page("delegations/claim_form.html", form, delegation=delegation, title=title, do=title)


@blueprint.post("/delegations/<code>/claims/<int:claim_id>/pay")
@requires(P.ENTRY_RECORD)
def pay_claim(code: str, claim_id: int) -> Any:
    """A third person pays it; the entry follows."""
    found = claim_of(delegation_of(code, P.ENTRY_RECORD), claim_id)
    done = _("Paid: the entry is posted with its vouchers.")
    return pressed(lambda: claims.pay_claim(found, today(), by=actor()), done, code, claim_id)
