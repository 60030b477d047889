"""The support fund: what it is asked, what the committee thinks and decides, and what everybody may know."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select

from access.models import User
from access.policy import Permission, can
from delegations import queries
from delegations.funding.coverage_queries import coverage_of
from delegations.models import SupportDecision
from delegations.pages import actor, blueprint, form_page
from delegations.support import applying, committee
from delegations.support import decisions as support
from delegations.support.forms import ApplicationForm, AsideForm, GridForm, MinuteForm, opinion_form
from delegations.support.models import (
    CommitteeVote,
    CriteriaGrid,
    DecisionMinute,
    SupportApplication,
)
from delegations.support.story import Story, fund_of, story_of
from events.models import Edition
from events.queries import public_edition
from shared.clock import today
from shared.database import db, transaction
from shared.errors import DomainError, Forbidden, NotFound
from shared.forms import Form, as_choices, explain, reader
from shared.i18n import _, _l
from shared.money import format_plain
from shared.web import public, requires

P = Permission


def edition_for(code: str, permission: Permission = P.SUPPORT_READ) -> Edition:
    """The edition, for somebody who may do this with its support fund. Raises `NotFound`, `Forbidden`."""
    edition = db.session.scalar(select(Edition).where(Edition.code == code))
    if edition is None or not can(actor(), P.SUPPORT_READ, edition_id=edition.id):
        raise NotFound
    if not can(actor(), permission, edition_id=edition.id):
        raise Forbidden
    return edition


class NoFund(DomainError):
    """Nothing is asked of a fund that is not there."""

    code = "no_support_fund"
    status = 404
    message = _l(
        "This gathering has no support fund yet. The treasurer opens one under Funds: a support fund, with "
        "the code of the gathering."
    )


def _fund(edition: Edition) -> int:
    found = fund_of(edition)
    if found is None:
        raise NoFund
    return found


def application_in(edition: Edition, application_id: int) -> SupportApplication:
    """What an edition's fund is asked. Raises `NotFound`."""
    found = db.session.get(SupportApplication, application_id)
    if found is None or found.edition_id != edition.id:
        raise NotFound
    return found


def _decision(edition: Edition, number: int) -> SupportDecision:
    found = db.session.scalar(
        select(SupportDecision).where(
            SupportDecision.edition_id == edition.id, SupportDecision.number == number
        )
    )
    if found is None:
        raise NotFound
    return found


def _did(form: Form, operation: Callable[[], object], words: str, url: str) -> Any:
    """Do it and go on to `url`; None when it is refused, with why in the form."""
    try:
        with transaction():
            operation()
    except DomainError as refused:
        explain(form, refused)
        return None
    flash(words, "good")
    return redirect(url)


@blueprint.get("/delegations/support/<code>")
@requires(P.SUPPORT_READ)
def support_fund(code: str) -> Any:
    """What the fund holds, what it is asked with how it stands, and its decisions."""
    edition = edition_for(code)
    fund = _fund(edition)
    asked = committee.applications(edition.id)
    return render_template(
        "delegations/support.html",
        edition=edition,
        story=(story := story_of(fund, edition)),
        came=came_parts(story),
        went=went_parts(story),
        asked=[(one, applying.standing_of(one)) for one in asked],
        kinds=applying.KINDS,
        decisions=queries.support_decisions(edition),
        grids=db.session.scalars(select(CriteriaGrid).order_by(CriteriaGrid.id)).all(),
        may={
            "apply": can(actor(), P.EDITION_MANAGE, edition_id=edition.id),
            "decide": can(actor(), P.ENTRY_RECORD, edition_id=edition.id),
        },
        waiting=any(one.outcome is None and one.taken_back_at is None for one in asked),
    )


def came_parts(story: Story) -> list[dict[str, Any]]:
    """Where the money came from, for a stacked bar."""
    return [
        {"value": amount.minor, "colour": colour, "label": label, "amount": format_plain(amount, reader())}
        for label, amount, colour in (
            (_("Contribution of every seat"), story.contributions, "indigo"),
            (_("Seats that were given up"), story.freed, "ochre"),
            (_("Gifts"), story.gifts, "leaf"),
            (_("Other"), story.other, "soft"),
        )
        if amount
    ]


def went_parts(story: Story) -> list[dict[str, Any]]:
    """What it did, and what is left, for a stacked bar of the same length."""
    return [
        {"value": amount.minor, "colour": colour, "label": label, "amount": format_plain(amount, reader())}
        for label, amount, colour in (
            (_("Towards gaps"), story.gaps, "leaf"),
            (_("Tickets from the South"), story.tickets, "indigo"),
            (_("For other gatherings"), story.elsewhere, "soft"),
            (_("Still there"), story.balance, "ochre"),
        )
        if amount
    ]


@blueprint.get("/support/<code>")
@public
def public_support(code: str) -> Any:
    """What the fund received and did, without a person, a delegation or a debt."""
    edition = public_edition(code)
    story = story_of(_fund(edition), edition)
    return render_template(
        "delegations/public_support.html",
        edition=edition,
        story=story,
        came=came_parts(story),
        went=went_parts(story),
        as_of=today(),
    )


@blueprint.route("/delegations/support/<code>/apply", methods=["GET", "POST"])
@requires(P.EDITION_MANAGE)
def apply_for_ticket(code: str) -> Any:
    """Ask for a guest's ticket."""
    edition = edition_for(code, P.EDITION_MANAGE)
    form = _application_form(edition)
    if form.validate_on_submit():
        done = _did(
            form,
            lambda: applying.apply(_asked(form, edition, form.label.data or "", None), by=actor()),
            _("The request is with the committee."),
            url_for("delegations.support_fund", code=code),
        )
        if done:
            return done
    return form_page("delegations/support_form.html", form, edition=edition, title=_("Ask for a ticket"))


@blueprint.route("/delegations/<code>/support", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def apply_for_gap(code: str) -> Any:
    """The head asks the fund to close what is missing; what was asked before stands below."""
    delegation = queries.find_delegation(code, actor(), P.DELEGATION_EDIT)
    edition = delegation.edition
    form = _application_form(edition)
    del form.label
    missing = coverage_of(delegation).remaining
    if not form.is_submitted() and missing:
        form.amount.data = format_plain(missing, reader())
    if form.validate_on_submit():
        done = _did(
            form,
            lambda: applying.apply(_asked(form, edition, delegation.name, delegation.id), by=actor()),
            _("The request is with the committee."),
            url_for("delegations.apply_for_gap", code=code),
        )
        if done:
            return done
    before = [one for one in committee.applications(edition.id) if one.delegation_id == delegation.id]
    return form_page(
        "delegations/support_form.html",
        form,
        edition=edition,
        delegation=delegation,
        title=_("Ask the support fund"),
        missing=missing,
        before=before,
    )


def _application_form(edition: Edition) -> ApplicationForm:
    form = ApplicationForm()
    form.amount.currency = edition.currency
    grids = db.session.scalars(select(CriteriaGrid).order_by(CriteriaGrid.id))
    form.grid.choices = as_choices((one.id, one.name) for one in grids)
    _fund(edition)
    return form


def _asked(form: ApplicationForm, edition: Edition, label: str, delegation_id: int | None) -> applying.Apply:
    return applying.Apply(
        edition_id=edition.id,
        fund_id=_fund(edition),
        grid_id=form.grid.data,
        label=label,
        amount=form.amount.required(),
        grounds=form.grounds.data or "",
        delegation_id=delegation_id,
    )


@blueprint.route("/delegations/support/<code>/grids", methods=["GET", "POST"])
@requires(P.EDITION_MANAGE)
def criteria_grids(code: str) -> Any:
    """The criteria on which applications are scored; a new grid."""
    edition = edition_for(code, P.EDITION_MANAGE)
    form = GridForm()
    if form.validate_on_submit():
        done = _did(
            form,
            lambda: applying.add_grid(form.command(), by=actor()),
            _("The grid can be used."),
            url_for("delegations.criteria_grids", code=code),
        )
        if done:
            return done
    grids = db.session.scalars(select(CriteriaGrid).order_by(CriteriaGrid.id)).all()
    return form_page("delegations/support_grids.html", form, edition=edition, grids=grids)


@blueprint.route("/delegations/support/<code>/<int:application_id>", methods=["GET", "POST"])
@requires(P.SUPPORT_READ)
def support_application(code: str, application_id: int) -> Any:
    """One application; a member of the committee scores it."""
    edition = edition_for(code)
    application = application_in(edition, application_id)
    mine = next((one for one in application.opinions if one.scorer_id == actor().id), None)
    known = {one.criterion_id: one.points for one in mine.points} if mine else {}
    form = opinion_form(application.grid, known, mine.remark if mine else "")
    may_score = can(actor(), P.SUPPORT_SCORE, edition_id=edition.id)
    if form.is_submitted() and not may_score:
        raise Forbidden
    if form.validate_on_submit():
        points = {one.id: int(form[f"c{one.id}"].data) for one in application.grid.criteria}
        done = _did(
            form,
            lambda: applying.score(application, points, form.remark.data or "", by=actor()),
            _("Your opinion is kept."),
            url_for("delegations.support_fund", code=code),
        )
        if done:
            return done
    aside = {one.user_id for one in application.conflicts} | {application.applicant_id}
    return form_page(
        "delegations/support_application.html",
        form,
        edition=edition,
        application=application,
        kinds=applying.KINDS,
        standing=applying.standing_of(application),
        opinions=[one for one in application.opinions if one.scorer_id not in aside],
        open=application.outcome is None and application.taken_back_at is None,
        may_score=may_score and actor().id not in aside,
        may_take_back=can(actor(), P.EDITION_MANAGE, edition_id=edition.id),
        may_stand_aside=may_score and actor().id not in aside,
        aside_form=AsideForm(formdata=None),
    )


@blueprint.post("/delegations/support/<code>/<int:application_id>/aside")
@requires(P.SUPPORT_SCORE)
def stand_aside(code: str, application_id: int) -> Any:
    """A member declares an interest of their own."""
    edition = edition_for(code, P.SUPPORT_SCORE)
    application = application_in(edition, application_id)
    form, here = (
        AsideForm(),
        url_for("delegations.support_application", code=code, application_id=application_id),
    )
    if form.validate_on_submit():
        done = _did(
            form,
            lambda: applying.declare_conflict(application, form.reason.data or "", by=actor()),
            _("Kept. You neither score nor decide this."),
            here,
        )
        if done:
            return done
    flash(_("Say why you stand aside."), "error")
    return redirect(here)


@blueprint.route("/delegations/support/<code>/decide", methods=["GET", "POST"])
@requires(P.ENTRY_RECORD)
def minute_decision(code: str) -> Any:
    """The recorder writes down what the committee decided."""
    edition = edition_for(code, P.ENTRY_RECORD)
    asked = committee.open_ones(edition.id)
    form = MinuteForm(asked, committee.members(edition.id))
    if form.validate_on_submit():
        command = committee.Minute(
            edition_id=edition.id,
            fund_id=_fund(edition),
            decided_on=form.decided_on.data or today(),
            title=form.title.data or "",
            reason=form.reason.data or "",
            rulings=form.read(),
            votes=form.read_votes(),
        )
        done = _did(
            form,
            lambda: committee.minute(command, by=actor()),
            _("The decision is minuted. Somebody else approves it, and then the money moves."),
            url_for("delegations.support_fund", code=code),
        )
        if done:
            return done
    standings = {one.id: applying.standing_of(one) for one in asked}
    return form_page("delegations/support_minute.html", form, edition=edition, standings=standings)


@blueprint.route("/delegations/support/<code>/decisions/<int:number>", methods=["GET", "POST"])
@requires(P.SUPPORT_READ)
def support_decision(code: str, number: int) -> Any:
    """A minuted decision; the second person sends it back with a reason."""
    edition = edition_for(code)
    decision = _decision(edition, number)
    form = AsideForm()
    if form.is_submitted() and not can(actor(), P.ENTRY_APPROVE):
        raise Forbidden
    if form.validate_on_submit():
        done = _did(
            form,
            lambda: committee.send_back(decision, form.reason.data or "", by=actor()),
            _("Sent back: the requests are open again."),
            url_for("delegations.support_fund", code=code),
        )
        if done:
            return done
    votes = select(CommitteeVote).where(CommitteeVote.decision_id == decision.id)
    return form_page(
        "delegations/support_decision.html",
        form,
        edition=edition,
        decision=decision,
        minute=db.session.get(DecisionMinute, decision.id),
        votes=db.session.scalars(votes.order_by(CommitteeVote.member_id)).all(),
        vote_words=committee.VOTES,
        recorder=db.session.get_one(User, decision.recorder_id),
        approver=db.session.get(User, decision.approver_id) if decision.approver_id else None,
        may_approve=can(actor(), P.ENTRY_APPROVE) and decision.recorder_id != actor().id,
        may_see_entries=can(actor(), P.LEDGER_READ),
    )


@blueprint.post("/delegations/support/<code>/decisions/<int:number>/approve")
@requires(P.ENTRY_APPROVE)
def approve_decision(code: str, number: int) -> Any:
    """The second person approves; the entries follow."""
    edition = edition_for(code)
    decision = _decision(edition, number)
    try:
        with transaction():
            support.approve(decision, by=actor())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("Approved, with its entries in the books."), "good")
    return redirect(url_for("delegations.support_decision", code=code, number=number))
