"""What takes long with a bank's file, beside the pages: looking at it, and bringing its lines in by pieces.

Each piece is a transaction of its own, so that others write between two. An interrupted import is taken up
again by the next worker: what is there stays, what is missing is added.
"""

import time
from collections.abc import Callable
from typing import Any

from flask_babel import force_locale

from access.models import User
from outbox.jobs import enqueue
from shared.audit import Actor, System
from shared.database import db, transaction
from shared.errors import DomainError
from treasury.models import Account, BankStatement
from treasury.statements import uploads as statement_uploads
from treasury.statements.importing import (
    PIECE,
    add_piece,
    begin_import,
    end_import,
    import_statement,
    pieces_of,
    take_in,
)
from treasury.statements.models import StatementUpload
from treasury.statements.reading import inspect
from treasury.statements.values import StatementFile

_BREATH = 0.03
"""Seconds between two pieces: who waits for SQLite's one write lock looks again every 25 milliseconds."""

Progress = Callable[[int, int], None]


def look_later(upload: StatementUpload, locale: str) -> None:
    """Have a long file looked at; reasons are written in `locale`."""
    enqueue("statement-look", {"upload_id": upload.id, "locale": locale})


def import_later(upload: StatementUpload, locale: str) -> None:
    """Have a long file imported, once."""
    key = f"statement-import:{upload.id}"
    enqueue("statement-import", {"upload_id": upload.id, "locale": locale}, key=key)


def take_a_look(payload: dict[str, Any]) -> None:
    """The job: keep what a long file says, or why it cannot be read."""
    upload = db.session.get(StatementUpload, payload["upload_id"])
    if upload is None or upload.look is not None or upload.problem:
        return
    with force_locale(payload["locale"]):
        look, problem = None, ""
        try:
            look = statement_uploads.look_again(upload)
        except DomainError as refused:
            problem = refused.sentence()
    with transaction():
        upload = db.session.get(StatementUpload, payload["upload_id"])
        if upload is not None:
            upload.problem = problem
            if look is not None:
                statement_uploads.keep_look(upload, look)


def finish_import(payload: dict[str, Any]) -> None:
    """The job: import a file that was agreed to, or what is missing of it."""
    with force_locale(payload["locale"]):
        import_upload(payload["upload_id"])


def import_upload(upload_id: int) -> int | None:
    """Import the file; the statement's id, or None if it cannot be imported and why is kept with it."""
    upload = db.session.get(StatementUpload, upload_id)
    if upload is None or not upload.content:
        return None if upload is None else upload.statement_id
    try:
        found = inspect(
            statement_uploads.content_of(upload), upload.file_name, statement_uploads.assumptions_of(upload)
        )
        by = db.session.get(User, upload.uploaded_by_id) or System()
        statement_id = import_by_pieces(
            upload.account_id,
            found,
            by=by,
            file_name=upload.file_name,
            bank_account=upload.bank_account,
            upload_id=upload_id,
        )
    except DomainError as refused:
        with transaction():
            db.session.get_one(StatementUpload, upload_id).problem = refused.sentence()
        return None
    with transaction():
        db.session.get_one(StatementUpload, upload_id).content = b""
    return statement_id


def import_by_pieces(
    account_id: int,
    found: StatementFile,
    *,
    by: Actor,
    file_name: str,
    bank_account: str | None,
    upload_id: int | None = None,
    progress: Progress = lambda done, expected: None,
) -> int:
    """Import in as many transactions as there are pieces, one if there is one piece; the statement's id."""
    account = db.session.get_one(Account, account_id)
    intake = take_in(account, found, bank_account)
    if len(intake.moving) <= PIECE:
        with transaction():
            account = db.session.get_one(Account, account_id)
            statement = import_statement(
                account, found, by=by, file_name=file_name, bank_account=bank_account
            )
            _note(upload_id, statement)
            return statement.id
    with transaction():
        account = db.session.get_one(Account, account_id)
        statement = begin_import(account, intake, by=by, file_name=file_name)
        _note(upload_id, statement)
        statement_id, expected, here = statement.id, statement.lines_expected, statement.complete
    done = 0
    for piece in () if here else pieces_of(intake.moving):
        with transaction():
            add_piece(db.session.get_one(BankStatement, statement_id), piece)
        done += len(piece)
        progress(done, expected)
        time.sleep(_BREATH)
    with transaction():
        end_import(db.session.get_one(BankStatement, statement_id), by=by)
    return statement_id


def _note(upload_id: int | None, statement: BankStatement) -> None:
    if upload_id is not None:
        db.session.get_one(StatementUpload, upload_id).statement_id = statement.id
