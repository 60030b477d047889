"""The organiser's registrations: the list, its exports, one registration and what is decided about it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flask import Blueprint, Response, flash, redirect, render_template, request, stream_with_context, url_for

from access.asking import person
from access.policy import Permission, can
from documents.spreadsheets import CSV_MIME, XLSX_MIME
from events import registration, registration_export
from events.manage_forms import ReasonForm, ReceiptForm
from events.manage_views import STATUS_LABELS, asked_by, managed
from events.models import ROLE_LABELS, Edition, Registration
from events.owed_again import REASONS, earlier_payments
from events.registration_list import ORDERS, Wanted, exported, history, listing, of_edition, parties
from shared import audit
from shared.clock import today
from shared.database import db, transaction
from shared.i18n import _, _l
from shared.web import locale_code, page_number, requires
from treasury import payments
from treasury.payments import Gone
from treasury.wording import METHODS, PAYMENT_STATES

blueprint = Blueprint("registrations", __name__, url_prefix="/manage/events/<code>/registrations")

ORDER_LABELS = {
    "newest": _l("newest first"),
    "oldest": _l("oldest first"),
    "name": _l("by name"),
    "status": _l("by status"),
    "party": _l("by delegation"),
}

ACTION_LABELS = {
    "registration.create": _l("Registration made"),
    "registration.confirmed": _l("Confirmed"),
    "registration.unpaid": _l("Place taken, fee due"),
    "registration.offered": _l("Place offered"),
    "registration.waitlisted": _l("Back on the waiting list"),
    "registration.cancelled": _l("Cancelled"),
    "registration.admit_unpaid": _l("Admitted although unpaid"),
    "registration.vacant": _l("Nobody is named any more"),
    "registration.replace_person": _l("Somebody else comes instead"),
}


ACTOR_LABELS = {
    "private link": _l("by the person"),
    "public form": _l("by the person"),
    "treasury": _l("by the books of the treasury"),
    "waiting list": _l("by the waiting list"),
}
"""The machine's names for itself, for people."""

REASON_LABELS = {
    REASONS[Gone.TAKEN_BACK]: _l("the bank took the payment back"),
    REASONS[Gone.DISPUTE_LOST]: _l("the card payment was disputed and lost"),
    "cancelled by the person": _l("cancelled by the person"),
    "the offer was not taken in time": _l("the offer was not taken in time"),
}
"""Reasons that the machine gives, for people; those that people write stand as they wrote them."""


@blueprint.get("")
@requires(Permission.REGISTRATION_READ)
def index(code: str) -> Any:
    """A page of the list, searched, filtered and sorted."""
    edition = managed(code, Permission.REGISTRATION_READ)
    wanted = _wanted()
    return render_template(
        "events/manage/registrations.html",
        edition=edition,
        wanted=wanted,
        found=listing(edition, wanted),
        parties=parties(edition),
        labels=STATUS_LABELS,
        orders=ORDER_LABELS,
        query=_query(wanted),
    )


@blueprint.get("/export.csv")
@requires(Permission.REGISTRATION_READ)
def as_csv(code: str) -> Any:
    """The whole list, as wanted, as CSV. That it left is noted."""
    key, wanted, locale = managed(code, Permission.REGISTRATION_READ).id, _wanted(), locale_code()
    _note_export(code, "csv")

    def lines() -> Iterator[str]:
        """Written while it is sent: what it reads is read anew, for the view has ended by then."""
        yield from registration_export.csv_lines(exported(db.session.get_one(Edition, key), wanted, locale))

    return Response(stream_with_context(lines()), headers=_download(f"{code}.csv", CSV_MIME))


@blueprint.get("/export.xlsx")
@requires(Permission.REGISTRATION_READ)
def as_workbook(code: str) -> Any:
    """The whole list, as wanted, as a workbook. That it left is noted."""
    edition = managed(code, Permission.REGISTRATION_READ)
    _note_export(code, "xlsx")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "registrations.xlsx"
        rows = exported(edition, _wanted(), locale_code())
        registration_export.write_workbook(path, rows, edition.code)
        return Response(path.read_bytes(), headers=_download(f"{code}.xlsx", XLSX_MIME))


@blueprint.get("/<int:registration_id>")
@requires(Permission.REGISTRATION_READ)
def page(code: str, registration_id: int) -> Any:
    """One registration: who, what is due, what was done."""
    edition = managed(code, Permission.REGISTRATION_READ)
    return _page(of_edition(edition, registration_id), ReasonForm())


def _page(found: Registration, form: ReasonForm, status: int = 200) -> Any:
    place = {"edition_id": found.edition_id}
    return (
        render_template(
            "events/manage/registration.html",
            registration=found,
            edition=found.edition,
            payment=found.payment,
            history=history(found),
            actions=ACTION_LABELS,
            actors=ACTOR_LABELS,
            reasons=REASON_LABELS,
            earlier=earlier_payments(found),
            form=form,
            receipt=ReceiptForm(received_on=today(found.edition.zone)),
            labels=STATUS_LABELS,
            payment_labels=PAYMENT_STATES,
            methods=METHODS,
            roles=ROLE_LABELS,
            may_manage=can(person(), Permission.REGISTRATION_MANAGE, **place),
            may_record=can(person(), Permission.ENTRY_RECORD, **place),
        ),
        status,
    )


@blueprint.post("/<int:registration_id>/<any(admit,cancel):step>")
@requires(Permission.REGISTRATION_MANAGE)
def decide(code: str, registration_id: int, step: str) -> Any:
    """Admit somebody although unpaid, or cancel; with a reason."""
    edition = managed(code, Permission.REGISTRATION_MANAGE)
    found = of_edition(edition, registration_id)
    form = ReasonForm()
    if not form.validate_on_submit():
        return _page(found, form, 422)
    operation = {"admit": registration.admit_unpaid, "cancel": registration.cancel}[step]
    with transaction():
        operation(found, form.reason.data or "", by=asked_by())
    flash(_("Done, and written into the history."), "good")
    return redirect(url_for(".page", code=code, registration_id=registration_id), 303)


@blueprint.post("/<int:registration_id>/receipt")
@requires(Permission.ENTRY_RECORD)
def record(code: str, registration_id: int) -> Any:
    """Record that the fee arrived at the bank; somebody else approves it."""
    edition = managed(code, Permission.ENTRY_RECORD)
    found = of_edition(edition, registration_id)
    form = ReceiptForm()
    if found.payment is None or not form.validate_on_submit() or form.received_on.data is None:
        return _page(found, ReasonForm(), 422)
    with transaction():
        payments.record_receipt(
            found.payment, payments.RecordReceipt(received_on=form.received_on.data), by=asked_by()
        )
    flash(_("Recorded. Somebody else approves it in the treasury."), "good")
    return redirect(url_for(".page", code=code, registration_id=registration_id), 303)


def _wanted() -> Wanted:
    asked = request.args
    return Wanted(
        text=asked.get("q", "")[:100],
        status=asked.get("status", ""),
        tier=asked.get("tier", ""),
        party=asked.get("party", ""),
        order=asked.get("order", "newest") if asked.get("order") in ORDERS else "newest",
        page=page_number(),
    )


def _query(wanted: Wanted) -> dict[str, str]:
    """What is wanted, for the addresses of other pages and of the exports."""
    named = {
        "q": wanted.text,
        "status": wanted.status,
        "tier": wanted.tier,
        "party": wanted.party,
        "order": wanted.order,
    }
    return {name: value for name, value in named.items() if value}


def _note_export(code: str, form: str) -> None:
    with transaction():
        edition = managed(code, Permission.REGISTRATION_READ)
        audit.record("registration.export", edition, by=asked_by(), form=form, **_query(_wanted()))


def _download(name: str, mime: str) -> dict[str, str]:
    return {"Content-Type": mime, "Content-Disposition": f'attachment; filename="{name}"'}
