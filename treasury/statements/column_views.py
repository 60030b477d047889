"""What the columns of a table are: the guess is shown on its first rows, a person corrects it."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, url_for

from access.policy import Permission
from shared.database import transaction
from shared.errors import DomainError, NotFound
from shared.forms import reader
from shared.web import requires
from treasury.pages import page_context
from treasury.statements import jobs as statement_jobs
from treasury.statements import uploads as statement_uploads
from treasury.statements.forms import ColumnsForm
from treasury.statements.models import StatementUpload
from treasury.statements.pages import is_long, upload_or_404
from treasury.statements.reading import Sketch, beginning, examples, shape, sketch
from treasury.statements.values import Assumptions

blueprint = Blueprint("statement_columns", __name__, url_prefix="/treasury/statements")
blueprint.context_processor(page_context)

_EXAMPLES = 3


@blueprint.route("/import/<int:upload_id>/columns", methods=["GET", "POST"])
@requires(Permission.STATEMENT_RECONCILE)
def columns(upload_id: int) -> Any:
    """Show what each column is taken for; have it read otherwise, look again, go on."""
    kept = upload_or_404(upload_id)
    if kept.agreed_at:
        return redirect(url_for("statements.preview", upload_id=upload_id))
    data = statement_uploads.content_of(kept)
    assume = statement_uploads.assumptions_of(kept)
    form = ColumnsForm()
    if not form.is_submitted():
        layout = assume.layout
        found = _table(data, layout.encoding, layout.delimiter) if layout else _table(data)
        form.offer(found, assume)
        return _shown(kept, form, found, replace(assume, layout=form.layout(found)), data)
    found = _table(data, form.encoding.data or "", form.delimiter.data or "")
    if form.shape.data != shape(found):  # other letters or another delimiter: other columns
        form.offer(found, replace(assume, layout=None))
    elif form.validate() and form.go.data:
        return _go_on(kept, form, found, data)
    return _shown(kept, form, found, form.assumptions(found, assume), data)


def _table(data: bytes, encoding: str = "", delimiter: str = "") -> Sketch:
    """The table of a file; 404 for a file whose format says itself what is what."""
    found = sketch(data, encoding, delimiter)
    if found is None:
        raise NotFound
    return found


def _go_on(kept: StatementUpload, form: ColumnsForm, found: Sketch, data: bytes) -> Any:
    """Have the file read as it was said, and show what it says then."""
    assume = form.assumptions(found, statement_uploads.assumptions_of(kept))
    try:
        if not is_long(kept):
            statement_uploads.look_at(data, kept.file_name, kept.account, assume, kept.bank_account)
    except DomainError as refused:
        form.form_errors.append(refused.sentence())
        return _shown(kept, form, found, assume, data)
    with transaction():
        kept = upload_or_404(kept.id)
        statement_uploads.read_as(kept, assume)
        if is_long(kept):
            statement_jobs.look_later(kept, reader())
    return redirect(url_for("statements.preview", upload_id=kept.id), 303)


def _shown(kept: StatementUpload, form: ColumnsForm, found: Sketch, assume: Assumptions, data: bytes) -> Any:
    """The columns with their first cells, and the first lines as they would be understood."""
    look, problem = None, ""
    try:
        look = statement_uploads.look_at(beginning(data), kept.file_name, kept.account, assume)
    except DomainError as refused:
        problem = refused.sentence()
    form.shape.data = shape(found)
    page = render_template(
        "treasury/statement_columns.html",
        upload=kept,
        form=form,
        examples=examples(found, _EXAMPLES),
        titles=found.layout.titles,
        delimited=bool(found.layout.delimiter),
        look=look,
        problem="" if form.errors else problem,
    )
    return page, 422 if form.errors else 200
