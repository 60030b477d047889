"""How a page writes a draft: once however often its form is sent, with the document that came along."""

from collections.abc import Callable
from typing import Any

from flask import flash, redirect, render_template, url_for
from sqlalchemy import select

from shared.database import db, transaction
from shared.errors import DomainError
from shared.forms import explain
from shared.i18n import _
from treasury import attachments, ledger
from treasury.forms import Drafting
from treasury.models import JournalEntry
from treasury.pages import whoever_acts


def drafted(form: Drafting, write: Callable[[], JournalEntry], template: str, **shown: Any) -> Any:
    """The page of the draft that `write` makes; what was refused is said on the form, and nothing is kept.

    What could never be approved, the books being closed on its day, is not written.

    `shown` is what the page of the form shows besides it.
    """
    try:
        with transaction():
            entry = db.session.scalar(select(JournalEntry).where(JournalEntry.idempotency_key == form.key))
            entry = entry or write()
            ledger.see_open(entry.dated_on)
            if file := form.document.data:
                attachments.attach(entry, file.read(), file.filename or "", by=whoever_acts())
            entry_id = entry.id
    except DomainError as refused:
        explain(form, refused)
        return render_template(template, form=form, **shown), refused.status
    flash(_("Written as a draft. Somebody else approves it."), "good")
    return redirect(url_for("treasury.entry", entry_id=entry_id))
