"""One seat: who nominates, who sits there, accreditation, replacement, withdrawal, its fee."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for

from access.asking import person
from access.policy import Permission
from delegations import pictures, queries
from delegations.forms import (
    FeeForm,
    NominateForm,
    NominatorForm,
    ReasonForm,
    RoleForm,
)
from delegations.funding import coverage_queries
from delegations.models import Delegation, Nomination, NominationStatus, Seat
from delegations.pages import actor, blueprint, form_page, group_names, may_here, seat_budget, seat_card
from delegations.seats import (
    accrediting,
    approvals,
    fees,
    letters,
    nominations,
    seats,
    visas,
    waiting,
    withdrawn_money,
)
from delegations.stays import stays
from events.models import ROLE_LABELS, BadgeRole
from network.models import Person
from shared.clock import today
from shared.database import db, hold, transaction
from shared.errors import DomainError, NotFound
from shared.forms import as_choices, explain, reader
from shared.i18n import LazyString, _, _l
from shared.web import requires, row_id
from treasury.models import Fund, PaymentStatus
from treasury.queries import fund_balances

P = Permission

HAPPENED: dict[str, LazyString] = {
    "seat.nominator": _l("Nominator named"),
    "seat.release": _l("Seat given back"),
    "seat.withdraw": _l("Seat withdrawn"),
    "seat.substitute": _l("Person replaced"),
    "nomination.nominate": _l("Person named"),
    "nomination.role": _l("Role changed"),
    "nomination.link": _l("Private link sent"),
    "nomination.link_handed": _l("Private link shown, to be handed over"),
    "nomination.complete": _l("Record completed"),
    "nomination.endorse": _l("Record confirmed by the delegation"),
    "nomination.correction": _l("Opened for correction"),
    "nomination.letter": _l("Nomination letter sent"),
    "nomination.letter_verified": _l("Nomination letter verified"),
    "nomination.letter_refused": _l("Nomination letter refused"),
    "nomination.invitation": _l("Invitation letter issued"),
    "nomination.stay_asked": _l("Asked about the journey"),
    "nomination.stay": _l("Journey told"),
    "nomination.lodged": _l("Place to sleep said"),
    "visa.requested": _l("Visa asked for"),
    "visa.granted": _l("Visa granted"),
    "visa.refused": _l("Visa refused"),
    "visa.unanswered": _l("Visa without an answer"),
    "visa.withdrawn": _l("Visa no longer asked for"),
    "nomination.accredit": _l("Accredited"),
    "nomination.return": _l("Returned for completion"),
    "nomination.refused": _l("Refused"),
    "nomination.withdrawn": _l("Nomination withdrawn"),
}
"""The audit trail's words about a seat, for people."""


def _seat(code: str, number: int, permission: Permission = P.DELEGATION_READ) -> tuple[Delegation, Seat]:
    delegation = queries.find_delegation(code, person(), permission)
    return delegation, queries.find_seat(delegation, number)


def _back(delegation: Delegation, seat: Seat) -> Any:
    return redirect(url_for("delegations.show_seat", code=delegation.code, number=seat.number))


@blueprint.get("/delegations/<code>/seats/<int:number>")
@requires(P.DELEGATION_READ)
def show_seat(code: str, number: int) -> Any:
    """A seat: its person, what it costs and what pays it, line by line, and all that happened to it."""
    delegation, seat = _seat(code, number)
    form = NominatorForm()
    form.open({"nominator": seat.nominator})
    return _page(delegation, seat, form)


def _page(delegation: Delegation, seat: Seat, nominator_form: NominatorForm) -> Any:
    coverage = coverage_queries.coverage_of(delegation)
    may, nomination = may_here(delegation), seat.nomination
    trusted = approvals.with_focal_point([delegation.id])
    payment = seat.registered.payment if seat.registered else None
    due = payment if payment and payment.status is PaymentStatus.REQUESTED else None
    return render_template(
        "delegations/seat.html",
        delegation=delegation,
        seat=seat,
        card=seat_card(seat, coverage),
        covered=coverage.by_seat.get(seat.code),
        paid=_paid(seat, coverage),
        source_name=pictures.source_name,
        budget=seat_budget(delegation),
        groups=group_names(),
        states=nominations.STATES,
        roles=ROLE_LABELS,
        moments=queries.history(seat),
        happened=HAPPENED,
        in_words=approvals.in_words,
        may=may,
        nominator_form=nominator_form,
        payment=payment,
        fee_form=_fee_form(delegation, due) if due and may["record"] else None,
        statuses=NominationStatus,
        has_word=nomination is None or approvals.has_word(nomination, trusted),
        frozen=nomination is not None and approvals.is_frozen(nomination),
        visa=visas.standing(nomination) if nomination else None,
        outcomes=visas.OUTCOMES,
        stay=stays.stay_of(nomination) if nomination else None,
        lodgings=stays.LODGINGS,
        offered=waiting.offered_to(seat),
        left=withdrawn_money.money_of(seat),
        role_form=RoleForm(formdata=None, role=nomination.role.value) if nomination and may["edit"] else None,
        letter_states=letters.STATES,
        letter_hinders=nomination is not None and accrediting.hindrance(nomination) is not None,
    )


def _paid(seat: Seat, coverage: Any) -> dict[str, list[Any]]:
    """What pays each line of this seat."""
    found: dict[str, list[Any]] = {}
    for payment in coverage.payments:
        if payment.seat == seat.code:
            found.setdefault(payment.line, []).append(payment)
    return found


def _fee_form(delegation: Delegation, due: Any) -> FeeForm:
    form = FeeForm()
    funds = fees.funds_of(delegation)
    held = fund_balances([fund.id for fund in funds], due.currency)
    form.fund_id.choices = as_choices(
        (fund.id, fund.name) for fund in funds if fund.id in held and held[fund.id] >= due.amount
    )
    return form


@blueprint.post("/delegations/<code>/seats/<int:number>/nominator")
@requires(P.DELEGATION_EDIT)
def set_nominator(code: str, number: int) -> Any:
    """Say which body names the person of this seat."""
    delegation, seat = _seat(code, number, P.DELEGATION_EDIT)
    form = NominatorForm()
    if form.validate_on_submit():
        try:
            with transaction():
                hold(seat)
                form.must_be_as_seen({"nominator": seat.nominator})
                seats.set_nominator(seat, form.nominator.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("Saved."), "good")
            return _back(delegation, seat)
    return _page(delegation, seat, form), 422


@blueprint.route("/delegations/<code>/seats/<int:number>/nominate", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def nominate(code: str, number: int) -> Any:
    """Name a person for a free seat."""
    delegation, seat = _seat(code, number, P.DELEGATION_EDIT)
    form = NominateForm(locale=reader())
    if form.validate_on_submit():
        try:
            with transaction():
                named = nominations.nominate(seat, form.command(), by=actor()).person
        except DomainError as refused:
            explain(form, refused)
        else:
            _say_named(named)
            return _back(delegation, seat)
    return form_page("delegations/nominate.html", form, delegation=delegation, seat=seat)


def _say_named(new: Person) -> None:
    if new.email:
        flash(_("%(name)s is named. A private link is on its way.", name=new.name), "good")
    else:
        flash(_("%(name)s is named. No e-mail address is known: reach them.", name=new.name), "good")


@blueprint.post("/delegations/<code>/seats/<int:number>/role")
@requires(P.DELEGATION_EDIT)
def change_role(code: str, number: int) -> Any:
    """Let the person of a seat come as something else."""
    delegation, seat = _seat(code, number, P.DELEGATION_EDIT)
    nomination, form = _nomination(seat), RoleForm()
    if form.validate_on_submit():
        try:
            with transaction():
                nominations.change_role(nomination, BadgeRole(form.role.data), by=actor())
        except DomainError as refused:
            flash(refused.sentence(), "error")
        else:
            flash(_("Role: %(role)s.", role=ROLE_LABELS[nomination.role]), "good")
    return _back(delegation, seat)


@blueprint.post("/delegations/<code>/seats/<int:number>/link")
@requires(P.DELEGATION_EDIT)
def send_link(code: str, number: int) -> Any:
    """Send the person their private link again."""
    delegation, seat = _seat(code, number, P.DELEGATION_EDIT)
    nomination = _nomination(seat)
    try:
        with transaction():
            nominations.resend_link(nomination, by=actor())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("A new link is on its way. The earlier one no longer opens."), "good")
    return _back(delegation, seat)


@blueprint.get("/delegations/accreditation")
@requires(P.NOMINATION_ACCREDIT)
def accreditation() -> Any:
    """The records that wait for the organiser."""
    waiting = queries.to_accredit(person())
    trusted = approvals.with_focal_point({one.seat.delegation_id for one in waiting})
    editions = sorted({one.seat.delegation.edition for one in waiting}, key=lambda edition: edition.code)
    return render_template(
        "delegations/accreditation.html",
        waiting=[one for one in waiting if approvals.has_word(one, trusted)],
        without_word=[one for one in waiting if not approvals.has_word(one, trusted)],
        letter_states=letters.STATES,
        editions=editions,
        corrected=approvals.corrected(waiting),
        letter_needed={one.id for one in editions if approvals.rules_of(one).letter_required},
    )


@blueprint.post("/delegations/<code>/seats/<int:number>/accredit")
@requires(P.NOMINATION_ACCREDIT)
def accredit(code: str, number: int) -> Any:
    """Accept the person: their registration exists from now on."""
    _delegation, seat = _seat(code, number, P.NOMINATION_ACCREDIT)
    nomination = _nomination(seat)
    name = nomination.person.name
    try:
        with transaction():
            nominations.accredit(nomination, by=actor())
    except DomainError as refused:
        flash(_("%(what)s: %(told)s", what=name, told=refused.sentence()), "error")
    else:
        flash(_("%(name)s is accredited for %(seat)s.", name=name, seat=seat.code), "good")
    return redirect(url_for("delegations.accreditation"))


@blueprint.route("/delegations/<code>/seats/<int:number>/return", methods=["GET", "POST"])
@requires(P.NOMINATION_ACCREDIT)
def return_record(code: str, number: int) -> Any:
    """Send a record back to its person, saying what is missing."""
    delegation, seat = _seat(code, number, P.NOMINATION_ACCREDIT)
    nomination = _nomination(seat)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                nominations.return_(nomination, form.reason.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The record is on its way back to %(name)s.", name=nomination.person.name), "good")
            return redirect(url_for("delegations.accreditation"))
    return form_page("delegations/return.html", form, delegation=delegation, seat=seat, nomination=nomination)


@blueprint.post("/delegations/<code>/seats/<int:number>/fee")
@requires(P.ENTRY_RECORD)
def pay_fee(code: str, number: int) -> Any:
    """Record that a fund of the delegation pays this seat's fee; somebody else approves it."""
    delegation, seat = _seat(code, number, P.ENTRY_RECORD)
    fund = db.session.get(Fund, request.form.get("fund_id", type=row_id) or 0)
    if fund is None:
        raise NotFound
    try:
        with transaction():
            fees.settle_fee(seat, fund, today(delegation.edition.zone), by=actor())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("The fee is recorded. Somebody else approves it."), "good")
    return _back(delegation, seat)


def _nomination(seat: Seat) -> Nomination:
    nomination = seat.nomination
    if nomination is None:
        raise NotFound
    return nomination
