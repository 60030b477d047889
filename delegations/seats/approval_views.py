"""Agreeing to records: the delegation's word, accreditation in bulk, who is turned down, what is asked."""

from collections.abc import Callable, Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from wtforms import BooleanField, SelectMultipleField
from wtforms.widgets import CheckboxInput, ListWidget

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.forms import ReasonForm
from delegations.funding import coverage_queries
from delegations.models import Delegation, Nomination, Seat
from delegations.pages import actor, blueprint, form_page
from delegations.seats import accrediting, approvals, leaving, nominations
from delegations.seats.approvals import MATTERS, Rules
from delegations.seats.leaving_views import say_offered, who_come
from network.editing import EditForm
from shared.database import hold, transaction
from shared.errors import DomainError, NotFound
from shared.forms import as_choices, explain
from shared.i18n import _, _l, ngettext
from shared.web import requires

P = Permission


class RulesForm(EditForm):
    """What a gathering asks before it accredits anybody."""

    letter_required = BooleanField(_l("A nomination letter is needed"))
    matters = SelectMultipleField(
        _l("A change of these is approved again"),
        choices=as_choices((field, label) for field, (label, _value) in MATTERS.items()),
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )

    @staticmethod
    def known(rules: Rules) -> dict[str, Any]:
        """The rules as they are, by the names of the fields."""
        return {"letter_required": rules.letter_required, "matters": list(rules.fields)}

    def command(self) -> Rules:
        """The rules."""
        return Rules(bool(self.letter_required.data), tuple(self.matters.data or ()))


@blueprint.post("/delegations/<code>/seats/confirm")
@requires(P.DELEGATION_EDIT)
def confirm_records(code: str) -> Any:
    """The delegation gives its word on the records that are ticked."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    mine = [seat.nomination for seat in queries.seat_board(delegation) if seat.nomination]
    done = _each(_ticked(mine), lambda one: nominations.endorse(one, by=actor()))
    flash(ngettext("%(num)s record is confirmed.", "%(num)s records are confirmed.", done), "good")
    return redirect(url_for("delegations.seat_board", code=code))


@blueprint.get("/delegations/accreditation/preview")
@requires(P.NOMINATION_ACCREDIT)
def preview_accreditation() -> Any:
    """What accrediting those who are ticked would do, and who stays behind and why."""
    chosen = _ticked(queries.to_accredit(person()))
    if not chosen:
        flash(_("Choose at least one person."), "error")
        return redirect(url_for("delegations.accreditation"))
    return render_template("delegations/accreditation_preview.html", told=accrediting.preview(chosen))


@blueprint.post("/delegations/accreditation")
@requires(P.NOMINATION_ACCREDIT)
def accredit_many() -> Any:
    """Accredit the people who were previewed."""
    chosen = _ticked(queries.to_accredit(person()))
    done = _each(chosen, lambda one: nominations.accredit(one, by=actor()))
    flash(ngettext("%(num)s person is accredited.", "%(num)s people are accredited.", done), "good")
    return redirect(url_for("delegations.accreditation"))


@blueprint.route("/delegations/<code>/seats/<int:number>/open", methods=["GET", "POST"])
@requires(P.NOMINATION_ACCREDIT)
def open_record(code: str, number: int) -> Any:
    """Let one person correct their record after the deadline, for a reason."""
    delegation, seat, nomination = _nomination(code, number)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                nominations.open_record(nomination, form.reason.data or "", by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("%(name)s may correct the record for a week.", name=nomination.person.name), "good")
            return redirect(url_for("delegations.show_seat", code=code, number=number))
    return form_page(
        "delegations/open_record.html", form, delegation=delegation, seat=seat, nomination=nomination
    )


@blueprint.route("/delegations/<code>/seats/<int:number>/refuse", methods=["GET", "POST"])
@requires(P.NOMINATION_ACCREDIT)
def refuse_person(code: str, number: int) -> Any:
    """Turn a person down, with a reason that they and their delegation read; the seat is free again."""
    delegation, seat, nomination = _nomination(code, number)
    form = ReasonForm()
    if form.validate_on_submit():
        try:
            with transaction():
                come = who_come(leaving.refuse(nomination, form.reason.data or "", by=actor()))
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("%(name)s is turned down; the seat is free again.", name=nomination.person.name), "good")
            say_offered(come)
            return redirect(url_for("delegations.accreditation"))
    return form_page(
        "delegations/refuse.html",
        form,
        delegation=delegation,
        seat=seat,
        nomination=nomination,
        follows=leaving.consequences(seat, coverage_queries.coverage_of(delegation)),
    )


@blueprint.route("/delegations/rules/<code>", methods=["GET", "POST"])
@requires(P.NOMINATION_ACCREDIT)
def accreditation_rules(code: str) -> Any:
    """What a gathering asks before it accredits anybody."""
    edition = queries.find_edition(code, person(), P.NOMINATION_ACCREDIT)
    form = RulesForm()
    form.open(form.known(approvals.rules_of(edition)))
    if form.validate_on_submit():
        try:
            with transaction():
                hold(edition)
                form.must_be_as_seen(form.known(approvals.rules_of(edition)))
                approvals.set_rules(edition, form.command(), by=actor())
        except DomainError as refused:
            explain(form, refused)
        else:
            flash(_("These are the rules now. Who is accredited stays so."), "good")
            return redirect(url_for("delegations.accreditation_rules", code=code))
    return form_page("delegations/accreditation_rules.html", form, edition=edition)


def _nomination(code: str, number: int) -> tuple[Delegation, Seat, Nomination]:
    delegation = queries.find_delegation(code, person(), P.NOMINATION_ACCREDIT)
    seat = queries.find_seat(delegation, number)
    if seat.nomination is None:
        raise NotFound
    return delegation, seat, seat.nomination


def _ticked(nominations_here: Sequence[Nomination]) -> list[Nomination]:
    """Those of these nominations that the form names; what is not among them does not exist here."""
    wanted = set(request.values.getlist("nomination"))
    return [one for one in nominations_here if str(one.id) in wanted]


def _each(chosen: list[Nomination], act: Callable[[Nomination], object]) -> int:
    """Do it for each by itself: who cannot pass keeps nobody else waiting, and is named. How many passed."""
    done = 0
    for one in chosen:
        name = one.person.name
        try:
            with transaction():
                act(one)
        except DomainError as refused:
            flash(_("%(what)s: %(told)s", what=name, told=refused.sentence()), "error")
        else:
            done += 1
    return done
