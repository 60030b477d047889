"""A report as a file, and a document that leaves the house in a sandbox."""

from typing import Protocol

from babel.numbers import format_decimal
from flask import Response

from documents.pdf import render_pdf
from documents.spreadsheets import CSV_MIME, XLSX_MIME, as_csv, as_workbook
from outbox.rendering import render
from shared.clock import today
from shared.errors import DomainError, NotFound
from shared.forms import reader
from shared.i18n import _l, show_date
from shared.money import format_money, format_plain
from treasury.reports.values import Report, sheets

ENDINGS = ("pdf", "xlsx", "csv")

_LONGEST = 3000  # rows of a PDF; what is longer is for a spreadsheet
_SANDBOX = "default-src 'none'; sandbox"


class TooLong(DomainError):
    """Nobody reads that many pages."""

    code = "report_too_long"
    status = 422
    message = _l("This would be more than a hundred pages. Choose fewer days, or take the workbook.")


def file_of(report: Report, ending: str, name: str, *, dated: bool = True) -> Response:
    """The report as ``pdf`` (`dated`: with the day it is printed on), ``xlsx`` or ``csv``.

    Raises `NotFound` for another ending, `TooLong` for a PDF that nobody reads.
    """
    if ending not in ENDINGS:
        raise NotFound
    headers = {"Content-Disposition": f"attachment; filename={name}-{today().isoformat()}.{ending}"}
    if ending == "csv":
        return Response(as_csv(sheets(report)).encode(), content_type=CSV_MIME, headers=headers)
    if ending == "xlsx":
        return Response(as_workbook(sheets(report)), content_type=XLSX_MIME, headers=headers)
    if sum(len(section.rows) for section in report.sections) > _LONGEST:
        raise TooLong
    return Response(
        render_pdf(_printed(report, show_date(today()) if dated else ""), seconds=60),
        content_type="application/pdf",
        headers=headers,
    )


def _printed(report: Report, printed_on: str) -> str:
    locale = reader()
    return render(
        "treasury/print/report_1.html",
        report=report,
        plain=lambda amount: format_plain(amount, locale),
        money=lambda amount: format_money(amount, locale),
        day=lambda one: show_date(one, "medium"),
        count=lambda number: format_decimal(number, locale=locale),
        printed_on=printed_on,
    )


class Kept(Protocol):
    """A document that was made harmless and kept, under a name of ours."""

    @property
    def content(self) -> bytes: ...
    @property
    def media_type(self) -> str: ...
    @property
    def file_name(self) -> str: ...


def sandboxed(document: Kept) -> Response:
    """A document as an attachment that nothing opens inside the site."""
    headers = {
        "Content-Disposition": f"attachment; filename={document.file_name}",
        "Content-Security-Policy": _SANDBOX,
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(document.content, mimetype=document.media_type, headers=headers)
