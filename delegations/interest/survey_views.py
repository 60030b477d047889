"""Taking a survey in, first as a report of what was understood; and the map as a table for spreadsheets."""

from typing import Any

from flask import Response, flash, redirect, url_for
from wtforms import HiddenField, IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

from access.asking import person
from access.policy import Permission
from delegations import queries
from delegations.interest import surveys, whereabouts
from delegations.interest.surveys import VERDICTS, Row, Verdict
from delegations.pages import actor, blueprint, form_page
from documents.spreadsheets import CSV_MIME, XLSX_MIME, Sheet, as_csv, as_workbook
from network.wording import SECTORS
from shared.clock import today
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, explain
from shared.i18n import _, _l
from shared.web import requires

P = Permission


class SurveyForm(Form):
    """A survey as its author wrote it down; `agreed` once the report was looked at."""

    title = StringField(_l("Title"), [DataRequired(), Length(max=200)])
    source = StringField(_l("Where it was read"), [Length(max=120)])
    stated = IntegerField(_l("Respondents, as its author states"), [InputRequired(), NumberRange(0, 100_000)])
    text = TextAreaField(_l("One organisation a line"), [DataRequired(), Length(max=200_000)])
    agreed = HiddenField()


@blueprint.route("/delegations/interest/<code>/survey", methods=["GET", "POST"])
@requires(P.NETWORK_EDIT)
def interest_survey(code: str) -> Any:
    """Read it, show what was understood, and take it in once that was looked at."""
    edition = queries.find_edition(code, person(), P.NETWORK_EDIT)
    form, rows = SurveyForm(), list[Row]()
    if form.validate_on_submit():
        try:
            rows = surveys.read_survey(form.text.data or "")
            if form.agreed.data == form.text.data:
                with transaction():
                    report = surveys.take_survey(
                        edition, form.title.data or "", form.stated.data or 0, rows,
                        provenance=form.source.data or "", by=actor(),
                    )  # fmt: skip
                flash(_("Taken in: %(count)s organisations.", count=report.named), "good")
                return redirect(url_for("delegations.interest_map", code=code))
        except DomainError as refused:
            explain(form, refused)
    named = sum(row.verdict is not Verdict.TWICE for row in rows)
    return form_page(
        "delegations/interest_survey.html",
        form,
        edition=edition,
        rows=rows,
        named=named,
        verdicts=VERDICTS,
        new=sum(row.verdict is Verdict.NEW for row in rows),
    )


@blueprint.get("/delegations/interest/<code>/table.<ending>")
@requires(P.NETWORK_READ)
def interest_table(code: str, ending: str) -> Response:
    """Every body, what it says and what comes next, as ``csv`` or ``xlsx``."""
    edition = queries.find_edition(code, person(), P.NETWORK_READ)
    if ending not in ("csv", "xlsx"):
        raise NotFound
    day = today()
    heads = [_("Organisation"), _("Region or sector"), _("What it says"), _("Asked on"), _("Reminders"),
             _("Answered on"), _("Anything else")]  # fmt: skip
    rows = [
        (
            one.organisation.name,
            one.organisation.region or str(SECTORS.get(one.organisation.sector, one.organisation.sector)),
            str(whereabouts.WORDS[one.where(day)]),
            one.asked_on.isoformat() if one.asked_on else None,
            len(one.reminded_on),
            one.answered_on.isoformat() if one.answered_on else None,
            one.note,
        )
        for one in whereabouts.network_of(edition)
    ]
    sheet = Sheet(f"{_('Who is interested')} · {edition.name}", heads, rows)
    named = {"Content-Disposition": f"attachment; filename=interest-{edition.code}-{day}.{ending}"}
    if ending == "csv":
        return Response(as_csv([sheet]).encode(), content_type=CSV_MIME, headers=named)
    return Response(as_workbook([sheet]), content_type=XLSX_MIME, headers=named)
