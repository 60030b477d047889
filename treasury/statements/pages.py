"""What the pages of a bank's file share."""

from shared.database import db
from shared.errors import NotFound
from treasury.statements.models import StatementUpload
from treasury.statements.uploads import LONG


def upload_or_404(upload_id: int) -> StatementUpload:
    """The file that was sent, unless it was let go."""
    kept = db.session.get(StatementUpload, upload_id)
    if kept is None:
        raise NotFound
    return kept


def is_long(kept: StatementUpload) -> bool:
    """Whether the worker deals with this file, beside the pages."""
    return kept.size > LONG
