"""The papers of an entry: put to it, taken from a draft. They leave as attachments, in a sandbox."""

from typing import Any

from flask import Blueprint, flash, redirect, url_for

from access.policy import Permission
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.i18n import _
from shared.web import requires
from treasury import attachments
from treasury.books.forms import DocumentForm
from treasury.pages import whoever_acts
from treasury.reports import journal_queries
from treasury.reports.files import sandboxed

blueprint = Blueprint("documents", __name__, url_prefix="/treasury")


@blueprint.post("/entries/<int:entry_id>/documents")
@requires(Permission.ENTRY_RECORD)
def attach(entry_id: int) -> Any:
    """Put a document to an entry."""
    form = DocumentForm()
    if not form.validate_on_submit():
        flash(" ".join(str(one) for one in form.document.errors), "error")
        return redirect(url_for("treasury.entry", entry_id=entry_id))
    content = form.document.data.read()
    try:
        with transaction():
            entry = journal_queries.entry(entry_id)
            attachments.attach(entry, content, form.document.data.filename or "", by=whoever_acts())
    except NotFound:
        raise
    except DomainError as refused:
        flash(refused.sentence(), "error")
    else:
        flash(_("The document is kept with the entry."), "good")
    return redirect(url_for("treasury.entry", entry_id=entry_id))


@blueprint.get("/documents/<int:document_id>/<name>")
@requires(Permission.LEDGER_READ)
def download(document_id: int, name: str) -> Any:
    """One document, never opened inside the site."""
    found = attachments.document(document_id)
    if name != found.file_name:
        raise NotFound
    return sandboxed(found)


@blueprint.post("/documents/<int:document_id>/remove")
@requires(Permission.ENTRY_RECORD)
def remove(document_id: int) -> Any:
    """Take a document away from a draft."""
    with transaction():
        found = attachments.document(document_id)
        entry_id = found.entry_id
        attachments.remove(found, by=whoever_acts())
    return redirect(url_for("treasury.entry", entry_id=entry_id))
