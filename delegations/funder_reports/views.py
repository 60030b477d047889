"""Reports to funders: today's figures, what was sent, and what a funder sees by a private link."""

from typing import Any

from flask import Response, flash, redirect, render_template, url_for
from sqlalchemy import select
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length

from access import links
from access.asking import speak
from access.forms import LANGUAGES
from access.policy import Permission, can
from delegations.funder_reports import gathering as funder_gathering
from delegations.funder_reports import reports as funder_reports
from delegations.funder_reports import words as funder_words
from delegations.funder_reports.figures import Facts, read
from delegations.funder_reports.models import FunderReport
from delegations.funder_reports.reports import PURPOSE, SendReport
from delegations.funder_reports.words import TOPICS, Told, answers_of, report_of
from delegations.models import FundingAgreement
from delegations.pages import actor, blueprint
from events.models import Edition, EditionStatus
from network.fields import an_address
from shared.database import db, transaction
from shared.errors import DomainError, NotFound
from shared.forms import Form, explain, reader
from shared.i18n import _, _l, show_date
from shared.limits import limiter
from shared.web import public, requires
from treasury import attachments
from treasury.reports.files import file_of, sandboxed

P = Permission


class SendForm(Form):
    """To whom a report goes."""

    addressee = StringField(_l("To whom"), [DataRequired(), Length(max=160)])
    email = StringField(_l("E-mail address"), [DataRequired(), an_address, Length(max=255)])
    locale = SelectField(_l("Language of the message"), choices=LANGUAGES)
    words = TextAreaField(_l("A word with it"), [Length(max=2000)])
    open_papers = BooleanField(_l("The link opens the documents behind the figures"))

    def command(self) -> SendReport:
        """What was filled in."""
        return SendReport(
            addressee=self.addressee.data or "",
            email=self.email.data or "",
            locale=self.locale.data or "",
            words=self.words.data or "",
            open_papers=bool(self.open_papers.data),
        )


class AuditForm(Form):
    """What an auditor says of a report."""

    words = StringField(_l("What you looked at, in a sentence"), [DataRequired(), Length(max=500)])


def _agreement(code: str, agreement: str) -> tuple[Edition, FundingAgreement]:
    """The agreement of an edition whose delegations the reader may see. Raises `NotFound`."""
    edition = db.session.scalar(select(Edition).where(Edition.code == code))
    if edition is None or not can(actor(), P.DELEGATION_READ, edition_id=edition.id):
        raise NotFound
    found = db.session.scalar(
        select(FundingAgreement).where(
            FundingAgreement.code == agreement, FundingAgreement.edition_id == edition.id
        )
    )
    if found is None:
        raise NotFound
    return edition, found


def _sent(report_id: int) -> FunderReport:
    """A report that left, for somebody who may see the delegations of its edition. Raises `NotFound`."""
    report = funder_reports.find(report_id)
    if not can(actor(), P.DELEGATION_READ, edition_id=report.agreement.edition_id):
        raise NotFound
    return report


@blueprint.get("/delegations/reports/<code>/<agreement>")
@requires(P.DELEGATION_READ)
def funder_report(code: str, agreement: str) -> Any:
    """What a funder would be told today, and what was sent already."""
    edition, found = _agreement(code, agreement)
    return _today(edition, found, SendForm(locale=reader()))


def _today(edition: Edition, agreement: FundingAgreement, form: SendForm, status: int = 200) -> Any:
    facts = funder_gathering.gather(agreement)
    me = actor()
    told = Told(False, me.name, "delegations.funder_report",
                {"code": edition.code, "agreement": agreement.code},
                published=edition.status is not EditionStatus.DRAFT)  # fmt: skip
    return (
        render_template(
            "delegations/funder_report.html",
            edition=edition,
            agreement=agreement,
            form=form,
            may_send=can(me, P.PAPER_ISSUE),
            sent=funder_reports.sent_for(agreement),
            files=lambda ending: url_for(
                "delegations.funder_report_file", code=edition.code, agreement=agreement.code, ending=ending
            ),
            **_shown(facts, told),
        ),
        status,
    )


def _shown(facts: Facts, told: Told) -> dict[str, Any]:
    """What every page of a report shows."""
    return {
        "facts": facts,
        "report": report_of(facts, told, show_date(funder_words.day_of(facts))),
        "answers": answers_of(facts, told),
        "topics": TOPICS,
        "told": told,
    }


@blueprint.get("/delegations/reports/<code>/<agreement>/file.<ending>")
@requires(P.DELEGATION_READ)
def funder_report_file(code: str, agreement: str, ending: str) -> Response:
    """Today's figures to keep: ``pdf``, ``xlsx`` or ``csv``."""
    _edition, found = _agreement(code, agreement)
    facts = funder_gathering.gather(found)
    told = Told(False, actor().name, "delegations.funder_report", {})
    report = report_of(facts, told, show_date(funder_words.day_of(facts)))
    return file_of(report, ending, agreement, dated=False)


@blueprint.post("/delegations/reports/<code>/<agreement>/send")
@requires(P.PAPER_ISSUE)
def send_funder_report(code: str, agreement: str) -> Any:
    """Freeze today's figures and send the link to them."""
    edition, found = _agreement(code, agreement)
    form = SendForm()
    if not form.validate_on_submit():
        return _today(edition, found, form, 422)
    try:
        with transaction():
            report = funder_reports.send_report(found, form.command(), by=actor())
            sent_id = report.id
    except DomainError as refused:
        explain(form, refused)
        return _today(edition, found, form, refused.status)
    flash(_("The report is on its way. Its figures stay as they are today."), "good")
    return redirect(url_for("delegations.sent_report", report_id=sent_id), 303)


@blueprint.get("/delegations/reports/sent/<int:report_id>")
@requires(P.DELEGATION_READ)
def sent_report(report_id: int) -> Any:
    """A report as it was sent."""
    return _sent_page(_sent(report_id), AuditForm())


def _sent_page(report: FunderReport, form: AuditForm, status: int = 200) -> Any:
    told = _told(report, "delegations.sent_report", {"report_id": report.id})
    me = actor()
    return (
        render_template(
            "delegations/sent_report.html",
            sent=report,
            edition=db.session.get_one(Edition, report.agreement.edition_id),
            form=form,
            link_until=funder_reports.link_until(report),
            may_send=can(me, P.PAPER_ISSUE),
            may_vouch=can(me, P.REPORT_AUDIT) and report.audited_at is None and me.id != report.sent_by_id,
            files=lambda ending: url_for("delegations.sent_report_file", report_id=report.id, ending=ending),
            **_shown(read(report.facts), told),
        ),
        status,
    )


def _told(report: FunderReport, endpoint: str, args: dict[str, Any]) -> Told:
    contact = f"{report.sent_by.name}, {report.sent_by.email}"
    edition = db.session.get_one(Edition, report.agreement.edition_id)
    return Told(
        report.audited_at is not None,
        contact,
        endpoint,
        args,
        report.words,
        report.number,
        edition.status is not EditionStatus.DRAFT,
    )


@blueprint.get("/delegations/reports/sent/<int:report_id>/file.<ending>")
@requires(P.DELEGATION_READ)
def sent_report_file(report_id: int, ending: str) -> Response:
    """A sent report to keep."""
    return _sent_file(_sent(report_id), ending)


def _sent_file(report: FunderReport, ending: str) -> Response:
    told = _told(report, "delegations.sent_report", {"report_id": report.id})
    name = f"{report.agreement.code}-{report.number}"
    return file_of(report_of(read(report.facts), told, show_date(report.as_of)), ending, name, dated=False)


@blueprint.post("/delegations/reports/sent/<int:report_id>/<any(again,end):step>")
@requires(P.PAPER_ISSUE)
def report_link(report_id: int, step: str) -> Any:
    """A new link to a sent report, or no link any more."""
    report = _sent(report_id)
    try:
        with transaction():
            change = funder_reports.send_again if step == "again" else funder_reports.end_links
            change(report, by=actor())
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        told = _("A new link is on its way; the earlier one opens nothing any more.")
        flash(told if step == "again" else _("No link opens this report any more."), "good")
    return redirect(url_for("delegations.sent_report", report_id=report_id), 303)


@blueprint.post("/delegations/reports/sent/<int:report_id>/audit")
@requires(P.REPORT_AUDIT)
def audit_report(report_id: int) -> Any:
    """An auditor vouches for a sent report."""
    report = _sent(report_id)
    form = AuditForm()
    if not form.validate_on_submit():
        return _sent_page(report, form, 422)
    try:
        with transaction():
            funder_reports.vouch(report, form.words.data or "", by=actor())
    except DomainError as refused:
        explain(form, refused)
        return _sent_page(_sent(report_id), form, refused.status)
    flash(_("Its figures are audited from now on, and say so."), "good")
    return redirect(url_for("delegations.sent_report", report_id=report_id), 303)


def _by_link(token: str) -> FunderReport:
    """The report that a private link opens, in the funder's language. Raises `NotFound`, `LinkExpired`."""
    report = funder_reports.find(links.open_link(PURPOSE, token))
    speak(report.locale)
    return report


@blueprint.get("/report/<token>")
@public
@limiter.limit("60 per minute")
def funders_report(token: str) -> Any:
    """A report for its funder, who needs no account."""
    report = _by_link(token)
    told = _told(report, "delegations.funders_report", {"token": token})
    return render_template(
        "delegations/funders_report.html",
        sent=report,
        token=token,
        files=lambda ending: url_for("delegations.funders_file", token=token, ending=ending),
        documents=_documents(report, token),
        **_shown(read(report.facts), told),
    )


def _documents(report: FunderReport, token: str) -> list[str]:
    """Where the link opens the documents behind the figures; nowhere when they stay in the house."""
    count = len(read(report.facts).papers()) if report.open_papers else 0
    return [
        url_for("delegations.funders_document", token=token, number=number) for number in range(1, count + 1)
    ]


@blueprint.get("/report/<token>/file.<ending>")
@public
@limiter.limit("20 per minute")
def funders_file(token: str, ending: str) -> Response:
    """The funder's report as a PDF, a workbook or plain text."""
    return _sent_file(_by_link(token), ending)


@blueprint.get("/report/<token>/documents/<int:number>")
@public
@limiter.limit("60 per minute")
def funders_document(token: str, number: int) -> Response:
    """One document behind the figures, counted from 1, where the report opens them."""
    report = _by_link(token)
    papers = read(report.facts).papers()
    if not report.open_papers or not 1 <= number <= len(papers):
        raise NotFound
    return sandboxed(attachments.document(papers[number - 1]))
