"""A savings plan for whoever saves: by a private link, or signed in. Deposits by card and by transfer."""

import secrets
from typing import Any

from flask import Response, current_app, flash, redirect, render_template, request, url_for
from sqlalchemy import select

from access import links
from access.asking import person, speak
from access.policy import Permission
from access.users import names_of
from delegations import pictures, queries
from delegations.forms import DepositForm, OpenPlanForm, PayForm
from delegations.models import PlanStatus, SavingsPlan
from delegations.pages import actor, blueprint, form_page, may_here
from delegations.savings import card_deposits, payer_queries, payer_standings, stakes
from delegations.savings import plans as savings
from delegations.savings import reminders as plan_reminders
from delegations.savings import versions as plan_versions
from delegations.savings.payer_models import Payer, PlanPayer
from delegations.savings.projection import project
from delegations.savings.schedule import Frequency, InstalmentState
from delegations.savings.schedule import PlanStatus as PlanStanding
from delegations.savings.targets import target_of
from delegations.savings.words import CAUSES, POLICIES, REMINDERS, STATES, share_words
from documents import pdf
from shared.addresses import absolute
from shared.audit import System
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import explain, reader
from shared.i18n import _, show_date
from shared.limits import limiter
from shared.money import Money
from shared.web import public, requires, row_id
from treasury.bank_details import bank_details, code_for
from treasury.cards import retries
from treasury.cards.books import settle_checkout
from treasury.cards.checkouts import start_checkout
from treasury.models import Payment, PaymentStatus
from treasury.respoken import respoken

P = Permission


@blueprint.route("/delegations/<code>/plans/open", methods=["GET", "POST"])
@requires(P.PLAN_MANAGE)
def open_plan(code: str) -> Any:
    """Open a savings plan for a delegation."""
    delegation = queries.find_delegation(code, person(), P.PLAN_MANAGE)
    proposed = target_of(delegation)
    form = OpenPlanForm()
    form.target.currency = proposed.coverage.currency
    if request.method == "GET":
        form.code.data = savings.next_code()
        form.seats.data = proposed.coverage.seat_count or None
        offered: Any = proposed.amount or None
        form.target.data = offered
        form.prefill(request.args)
    if form.validate_on_submit():
        try:
            with transaction():
                payer = savings.payer_named(
                    form.payer_name.data or "", form.payer_email.data or "", reader(), by=actor()
                )
                plan = savings.open_plan(form.command(delegation, payer.id), by=actor())
                opened = plan.code
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The plan is open; its payer receives a link."), "good")
            return redirect(url_for("delegations.show_plan", code=code, plan_code=opened))
    return form_page("delegations/open_plan.html", form, delegation=delegation, proposed=proposed)


@blueprint.get("/delegations/<code>/plans/<plan_code>")
@requires(P.DELEGATION_READ)
def show_plan(code: str, plan_code: str) -> Any:
    """A plan for those who look after the delegation."""
    delegation = queries.find_delegation(code, person())
    return plan_page(queries.find_plan(delegation, plan_code), may=may_here(delegation))


@blueprint.post("/delegations/<code>/plans/<plan_code>/remind")
@requires(P.PLAN_MANAGE)
def remind(code: str, plan_code: str) -> Any:
    """Send a payer a message with a link to the plan."""
    plan = queries.find_plan(queries.find_delegation(code, person(), P.PLAN_MANAGE), plan_code)
    try:
        with transaction():
            payer = payer_queries.payer_of(plan, request.form.get("payer", type=row_id))
            plan_reminders.remind(payer, by=actor())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("The reminder is on its way."), "good")
    return redirect(url_for("delegations.show_plan", code=code, plan_code=plan_code))


@blueprint.route("/delegations/<code>/plans/<plan_code>/deposit", methods=["GET", "POST"])
@requires(P.ENTRY_RECORD)
def record_deposit(code: str, plan_code: str) -> Any:
    """The treasurer records a deposit that arrived; somebody else approves it."""
    plan = queries.find_plan(queries.find_delegation(code, person(), P.ENTRY_RECORD), plan_code)
    form = DepositForm()
    form.amount.currency = plan.currency
    form.offer([(one.id, one.organisation.name) for one in payer_queries.payers_of(plan)])
    if request.method == "GET":
        form.received_on.data = today(plan.delegation.edition.zone)
        form.key.data = secrets.token_urlsafe(16)
    if form.validate_on_submit():
        try:
            with transaction():
                savings.record_deposit(plan, form.command(), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("The deposit is recorded. It counts once somebody else has approved it."), "good")
            return redirect(url_for("delegations.show_plan", code=code, plan_code=plan_code))
    names = payer_queries.payer_names([plan])[plan.id]
    return form_page("delegations/deposit.html", form, plan=plan, delegation=plan.delegation, payers=names)


@blueprint.route("/delegations/<code>/plans/<plan_code>/pay", methods=["GET", "POST"])
@requires(P.PLAN_MANAGE)
def pay(code: str, plan_code: str) -> Any:
    """Pay a deposit by card, signed in."""
    delegation = queries.find_delegation(code, person(), P.PLAN_MANAGE)
    return _pay(queries.find_plan(delegation, plan_code), may=may_here(delegation))


@blueprint.get("/delegations/<code>/plans/<plan_code>/paid")
@requires(P.DELEGATION_READ)
def paid(code: str, plan_code: str) -> Any:
    """Back from the page to pay on."""
    return _paid(queries.find_plan(queries.find_delegation(code, person()), plan_code))


@blueprint.get("/delegations/<code>/plans/<plan_code>/passbook.pdf")
@requires(P.DELEGATION_READ)
def passbook(code: str, plan_code: str) -> Any:
    """The passbook, to print."""
    plan = queries.find_plan(queries.find_delegation(code, person()), plan_code)
    return _passbook(payer_queries.payer_of(plan, request.args.get("payer", type=row_id)))


@blueprint.get("/plan/<token>")
@public
def payers_plan(token: str) -> Any:
    """A plan for its payer, who needs no account."""
    payer = payer_by_link(token)
    return plan_page(payer.plan, payer=payer, token=token)


@blueprint.route("/plan/<token>/pay", methods=["GET", "POST"])
@public
@limiter.limit("20 per minute")
def payers_pay(token: str) -> Any:
    """Pay a deposit by card, by the private link."""
    payer = payer_by_link(token)
    return _pay(payer.plan, payer=payer, token=token)


@blueprint.get("/plan/<token>/paid")
@public
@limiter.limit("60 per minute")
def payers_paid(token: str) -> Any:
    """Back from the page to pay on, by the private link."""
    return _paid(payer_by_link(token).plan, token=token)


@blueprint.get("/plan/<token>/passbook.pdf")
@public
@limiter.limit("10 per minute")
def payers_passbook(token: str) -> Any:
    """The passbook of the payer."""
    return _passbook(payer_by_link(token))


def payer_by_link(token: str) -> Payer:
    """Who a private link is for, their page in their language unless they chose another."""
    try:
        plan = db.session.get(SavingsPlan, links.open_link("plan", token))
        payer = Payer(plan) if plan else None
    except NotFound:
        row = db.session.get(PlanPayer, links.open_link("plan-payer", token))
        payer = Payer(row.plan, row) if row else None
    if payer is None:
        raise NotFound
    speak(payer.organisation.locale)
    return payer


def plan_page(
    plan: SavingsPlan,
    *,
    payer: Payer | None = None,
    token: str = "",
    may: dict[str, bool] | None = None,
    form: Any = None,
) -> Any:
    """The plan's page, by the private link or signed in; with a refused `form`, 422.

    A `payer` who shares the plan sees what is theirs of it, beside the whole.
    """
    whole = savings.plan_status(plan)
    versions = plan_versions.changes_of(plan)
    shown = _payers_shown(plan, payer) | {"asked_then": payer_queries.asked_by_version(plan, versions)}
    mine = shown["mine"]
    status = mine.status if mine and mine.status else whole
    offered = _asked_next(shown["asked"] or whole)
    projection = project(status, Frequency(plan.every_months))
    seat_count = plan_versions.seats_of(plan, versions)
    refused = form is not None
    form = form or PayForm(amount=offered)
    form.amount.currency = plan.currency
    page = render_template(
        "delegations/plan.html",
        plan=plan,
        delegation=plan.delegation,
        status=status,
        whole=whole,
        projection=projection,
        share=min(1.0, status.saved.minor / status.target.minor),
        seats=seat_count,
        versions=versions,
        writers=names_of(one.actor for one in versions),
        band=pictures.band_sentence(projection, show_date),
        stakes=stakes.stakes(status, projection, seat_count) if status is whole else [],
        paid_count=sum(part.state is InstalmentState.PAID for part in status.instalments),
        curve=pictures.curve_of(status, projection, reader()),
        heading=pictures.plan_sentence(projection, reader(), show_date),
        token=token,
        may=may or dict.fromkeys(("edit", "plan", "record", "books"), False),
        form=form,
        urls=plan_urls(plan, token),
        **shown,
        **_paying_shown(plan, shown["payer"], offered),
        waiting=[
            one for one in savings.deposits_to_approve(plan) if mine is None or one.payer_id == mine.payer.id
        ],
        **_WORDS,
    )
    return page, 422 if refused else 200


_WORDS = {
    "causes": CAUSES,
    "policies": POLICIES,
    "reminder_words": REMINDERS,
    "share_words": share_words,
    "states": STATES,
    "late_words": pictures.late_words,
}
"""What the plan's page says in words."""


def _asked_next(status: PlanStanding) -> Money | None:
    """What to offer as the next deposit: what is late, else what falls due next."""
    following = status.next_due
    return status.late_amount or (following.instalment.amount - following.paid if following else None)


def _payers_shown(plan: SavingsPlan, payer: Payer | None) -> dict[str, Any]:
    """Who pays, whose page it is (`mine`, where the plan is shared), what is `asked` of whoever deposits."""
    payers = payer_standings.standings([plan])[plan.id]
    shared, whose = len(payers) > 1, payer or Payer(plan)
    theirs = next(one for one in payers if one.payer.id == whose.id)
    stops = plan_reminders.stops_of(plan)
    return {
        "payer": whose,
        "payers": payers if shared else [],
        "mine": theirs if shared and payer else None,
        "asked": theirs.status,
        "others": payer_standings.others_of(payer) if payer else [],
        "stops": stops,
        "stopped": stops.get(whose.id),
        "reminded": plan_reminders.sent(plan),
    }


def _paying_shown(plan: SavingsPlan, payer: Payer, offered: Money | None) -> dict[str, Any]:
    """How a deposit is made, and what a kept card does."""
    return {
        "open": plan.status is PlanStatus.OPEN,
        "bank_details": bank_details(),
        "code": code_for(offered, payer.reference),
        "offered": offered,
        "card": card_deposits.card_of(payer),
        "taken_next": card_deposits.waiting_collection(payer),
        "taken_last": card_deposits.last_collection(payer),
        "consent": card_deposits.consent_of(payer),
        "retry_days": retries.RETRY_AFTER,
    }


def plan_urls(plan: SavingsPlan, token: str) -> dict[str, str]:
    """The plan's pages, by the private link or signed in."""
    if token:
        names = {"page": "payers_plan", "pay": "payers_pay", "paid": "payers_paid", "book": "payers_passbook"}
        return {key: url_for(f"delegations.{name}", token=token) for key, name in names.items()}
    names = {"page": "show_plan", "pay": "pay", "paid": "paid", "book": "passbook"}
    code = plan.delegation.code
    return {
        key: url_for(f"delegations.{name}", code=code, plan_code=plan.code) for key, name in names.items()
    }


def _pay(
    plan: SavingsPlan, *, payer: Payer | None = None, token: str = "", may: dict[str, bool] | None = None
) -> Any:
    """Ask for the deposit, then send the browser to the page to pay on."""
    form = PayForm()
    form.amount.currency = plan.currency
    urls = plan_urls(plan, token)
    if request.method == "GET":  # a refused form read again in another language
        return redirect(urls["page"])
    if not form.validate_on_submit():
        return plan_page(plan, payer=payer, token=token, may=may, form=form)
    try:
        with transaction():
            by = person() or System(f"plan:{plan.id}")
            payment = savings.request_deposit(payer or Payer(plan), form.amount.required(), by=by)
            payment_id, reference = payment.id, payment.reference
        url = start_checkout(
            payment_id,
            current_app.extensions["teranga.gateway"],
            success_url=absolute(f"{urls['paid']}?reference={reference}"),
            cancel_url=absolute(urls["page"]),
            locale=reader(),
        )
    except DomainError as refused:
        explain(form, refused)
        return plan_page(plan, payer=payer, token=token, may=may, form=form)
    return redirect(url, 303)


def _paid(plan: SavingsPlan, *, token: str = "") -> Any:
    """Whether the deposit has arrived, after asking the network again: its message may be late."""
    payment = db.session.scalar(
        select(Payment).where(
            Payment.reference == request.args.get("reference", ""),
            Payment.purpose == savings.PURPOSE,
            Payment.subject_id == plan.id,
        )
    )
    if payment is None:
        raise NotFound
    if payment.status is PaymentStatus.REQUESTED and payment.checkout_id:
        _look_again(payment.checkout_id)
    return render_template(
        "delegations/paid.html",
        plan=plan,
        payment=payment,
        settled=payment.status is PaymentStatus.SETTLED,
        urls=plan_urls(plan, token),
    )


def _look_again(checkout_id: str) -> None:
    try:
        state = current_app.extensions["teranga.gateway"].fetch_checkout(checkout_id)
    except DomainError:
        return  # the network cannot be reached: its message will come, and the page says that we wait
    if state.paid:
        with transaction():
            settle_checkout(state)


def _passbook(payer: Payer) -> Any:
    plan, stands = payer.plan, payer_standings.standing_of(payer)
    versions = plan_versions.changes_of(plan)
    html = render_template(
        "delegations/print/passbook.html",
        plan=plan,
        payer=payer,
        stands=stands,
        status=stands.status,
        share_words=share_words,
        delegation=plan.delegation,
        edition=plan.delegation.edition,
        deposits=stands.deposits,
        note=lambda narration: respoken(narration, [savings.DEPOSIT]),
        today=today(plan.delegation.edition.zone),
        versions=versions,
        asked_then=payer_queries.asked_by_version(plan, versions),
        causes=CAUSES,
        policies=POLICIES,
        states=STATES,
        bank_details=bank_details(),
        lang=reader(),
    )
    name = f"{plan.delegation.code}-{plan.code}{f'-{payer.id}' if payer.row else ''}.pdf"
    return Response(
        pdf.render_pdf(html),
        mimetype="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{name}"'},
    )
