"""Reports to funders: frozen when they are sent, read through a private link, audited by somebody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from access import links
from access.models import PrivateLink, User
from delegations import messages
from delegations.funder_reports import gathering as funder_gathering
from delegations.funder_reports.figures import kept
from delegations.funder_reports.models import FunderReport
from delegations.models import FundingAgreement
from shared import audit
from shared.clock import now, today
from shared.database import db, hold
from shared.errors import Conflict, DomainError, NotFound
from shared.i18n import _l
from treasury.ledger import SamePerson

PURPOSE = "funder-report"
"""Of the private link."""
LINK_LASTS = timedelta(days=365)
"""A funder's files are looked at again a year later."""
_TOLD = ("as_of", "addressee", "email", "locale", "words", "facts", "open_papers", "sent_by_id")
"""What tells one report from another."""


class NobodyToSend(DomainError):
    """A report goes to somebody."""

    code = "nobody_to_send"
    status = 422
    message = _l("Write to whom it goes, and an e-mail address.")


@dataclass(frozen=True, slots=True, kw_only=True)
class SendReport:
    """To whom, in which language, with which words of ours; `open_papers` lets the link open the vouchers."""

    addressee: str
    email: str
    locale: str
    words: str = ""
    open_papers: bool = False


def send_report(agreement: FundingAgreement, command: SendReport, *, by: User) -> FunderReport:
    """Freeze today's figures and send the link to them; the same form sent twice is one report.

    Raises `NobodyToSend`, `OrdersDisagree`.
    """
    if not command.addressee.strip() or "@" not in command.email:
        raise NobodyToSend(field="email")
    hold(agreement)
    last = next(iter(sent_for(agreement)), None)
    report = FunderReport(
        agreement_id=agreement.id,
        number=(last.number if last else 0) + 1,
        as_of=today(),
        addressee=command.addressee.strip(),
        email=command.email.strip(),
        locale=command.locale,
        words=command.words.strip(),
        facts=kept(funder_gathering.gather(agreement)),
        open_papers=command.open_papers,
        sent_by_id=by.id,
    )
    if last is not None and all(getattr(last, name) == getattr(report, name) for name in _TOLD):
        return last
    db.session.add(report)
    audit.record("funder-report.send", report, by=by, agreement=agreement.code, number=report.number)
    _send_link(report)
    return report


def send_again(report: FunderReport, *, by: User) -> None:
    """Send a new link to the same figures; earlier links end."""
    links.revoke_links(PURPOSE, report.id)
    audit.record("funder-report.link", report, by=by)
    _send_link(report)


def end_links(report: FunderReport, *, by: User) -> None:
    """No link opens the report any more. Raises `Conflict` when none does."""
    if link_until(report) is None:
        raise Conflict
    links.revoke_links(PURPOSE, report.id)
    audit.record("funder-report.end-link", report, by=by)


def _send_link(report: FunderReport) -> None:
    token = links.issue_link(PURPOSE, report.id, now() + LINK_LASTS)
    messages.tell_funder(report.email, report.locale, report.agreement.name, report.number, token)


def vouch(report: FunderReport, words: str, *, by: User) -> FunderReport:
    """An auditor looked at it: what the books told is audited from now on.

    Raises `SamePerson` for who sent it, `Conflict` when somebody did already.
    """
    hold(report)
    if report.audited_at is not None:
        raise Conflict
    if by.id == report.sent_by_id:
        raise SamePerson
    report.audited_by_id, report.audited_at, report.audit_words = by.id, now(), words.strip()
    audit.record("funder-report.audit", report, by=by, reason=report.audit_words)
    return report


def find(report_id: int) -> FunderReport:
    """The report. Raises `NotFound`."""
    report = db.session.get(FunderReport, report_id, options=[joinedload(FunderReport.agreement)])
    if report is None:
        raise NotFound
    return report


def sent_for(agreement: FundingAgreement) -> Sequence[FunderReport]:
    """The reports that left for an agreement, the last first."""
    chosen = select(FunderReport).where(FunderReport.agreement_id == agreement.id)
    return db.session.scalars(chosen.order_by(FunderReport.number.desc())).all()


def link_until(report: FunderReport) -> datetime | None:
    """Until when a link opens it; None when none does."""
    return db.session.scalar(
        select(func.max(PrivateLink.expires_at)).where(
            PrivateLink.purpose == PURPOSE,
            PrivateLink.subject_id == report.id,
            PrivateLink.revoked_at.is_(None),
            PrivateLink.expires_at > now(),
        )
    )
