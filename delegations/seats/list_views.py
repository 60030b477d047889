"""A list of nominees: sent as a file or pasted, reported first, then taken in whole or not at all."""

from collections.abc import Collection
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_wtf.file import FileField
from wtforms import HiddenField, TextAreaField
from wtforms.validators import DataRequired, Length

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.lifecycle import moves as lifecycle
from delegations.models import Delegation, DelegationStatus
from delegations.pages import actor, blueprint, form_page
from delegations.seats import nominee_list
from delegations.seats.nominee_list import VERDICTS, ListChanged, Report, Verdict
from delegations.seats.nominee_reading import MOST_ROWS, Written, as_text, read_list
from events.models import ROLE_LABELS
from shared.database import transaction
from shared.errors import DomainError
from shared.forms import Form, explain
from shared.i18n import _, _l, ngettext
from shared.web import requires, row_id

P = Permission
_MOST_TEXT = 1_000_000  # characters


class ListForm(Form):
    """People as a file or as text."""

    file = FileField(_l("The file (CSV or XLSX)"))
    text = TextAreaField(_l("Or paste the rows here"), [Length(max=_MOST_TEXT)])

    def validate(self, extra_validators: Any = None) -> bool:
        """Whether there is a list at all: a file, or something pasted."""
        good = super().validate(extra_validators)
        if good and not self.file.data and not (self.text.data or "").strip():
            self.text.errors = [_("Choose a file, or paste the rows here.")]
            return False
        return good

    def rows(self) -> list[Written]:
        """The rows of the file, else of what was pasted. What is wrong with them is said where they are."""
        sent = self.file.data.read() if self.file.data else b""
        try:
            return read_list(sent or (self.text.data or "").encode())
        except DomainError as refused:
            refused.field = "file" if sent else "text"
            raise


class AgreeForm(Form):
    """The same rows as the report showed, with its seal."""

    rows = HiddenField(validators=[DataRequired(), Length(max=_MOST_TEXT)])
    seal = HiddenField(validators=[DataRequired()])


@blueprint.route("/delegations/<code>/seats/list", methods=["GET", "POST"])
@requires(P.DELEGATION_EDIT)
def nominee_list_sent(code: str) -> Any:
    """Send a list; the answer is a report, and nothing is taken in yet."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    form = ListForm()
    if form.validate_on_submit():
        try:
            lifecycle.must_be(delegation, DelegationStatus.CONFIRMED)
            rows = form.rows()
        except DomainError as refused:
            explain(form, refused)
        else:
            return _report(delegation, rows)
    return form_page("delegations/list.html", form, delegation=delegation, most=MOST_ROWS)


@blueprint.post("/delegations/<code>/seats/list/take")
@requires(P.DELEGATION_EDIT)
def take_list_in(code: str) -> Any:
    """Take in what the report said, with the doubtful rows that somebody agreed to."""
    delegation = queries.find_delegation(code, person(), P.DELEGATION_EDIT)
    form = AgreeForm()
    if not form.validate_on_submit():
        return redirect(url_for("delegations.nominee_list_sent", code=code))
    agreed = set(request.form.getlist("agreed", type=row_id))
    rows: list[Written] = []
    try:
        rows = read_list((form.rows.data or "").encode())
        with transaction():
            taken = nominee_list.take_in(
                delegation, rows, seal=form.seal.data or "", agreed=agreed, by=actor()
            )
    except DomainError as refused:
        flash(refused.sentence(), "error")
        if isinstance(refused, ListChanged):
            return _report(delegation, rows, agreed)
        return redirect(url_for("delegations.nominee_list_sent", code=code))
    flash(_said(taken.named, taken.waiting), "good")
    return redirect(url_for("delegations.seat_board", code=code))


def _said(named: int, waiting: int) -> str:
    if not named and not waiting:
        return str(_("Nobody was new: nothing is changed."))
    told = []
    if named:
        told.append(ngettext("%(num)s person is named.", "%(num)s people are named.", named))
    if waiting:
        told.append(ngettext("%(num)s person waits for a seat.", "%(num)s people wait for a seat.", waiting))
    return " ".join(told)


def _report(delegation: Delegation, rows: list[Written], agreed: Collection[int] = ()) -> Any:
    """The report; where it changed meanwhile, the doubtful rows that were `agreed` to stay ticked."""
    report: Report = nominee_list.judge(delegation, rows)
    form = AgreeForm(formdata=None, data={"rows": as_text(rows), "seal": report.seal})
    return render_template(
        "delegations/list_report.html",
        delegation=delegation,
        form=form,
        report=report,
        agreed=agreed,
        verdicts=VERDICTS,
        counts={verdict: len(report.of(verdict)) for verdict in Verdict},
        taken=len(report.of(Verdict.READY)) + len(report.of(Verdict.WAITS)),
        roles=ROLE_LABELS,
    )
