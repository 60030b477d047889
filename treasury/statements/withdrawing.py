"""A file that came in by mistake (of another account, of somebody else) is taken back if nothing rests on it.

Its lines go and may come in again; the statement stays, with who took it back and why in the trail. The
database deletes no line of another statement, and none that was ever matched.
"""

from sqlalchemy import delete, exists, func, or_, select

from access.models import User
from shared import audit
from shared.clock import now
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import LazyString, _l
from treasury.models import Account, BankStatement, LineEntry, ReconciliationLink, StatementLine
from treasury.reconciliation import proposals
from treasury.reconciliation.models import MatchProposal, StatementClosing
from treasury.statements.models import StatementUpload


class Rested(DomainError):
    """Something rests on this statement."""

    code = "statement_in_use"
    message = _l("This statement stays: %(why)s")


_COMING = _l("its lines are still coming in.")
_MATCHED = _l("something of it was matched or written into the books.")
_CLOSED = _l("it was closed.")
_REPEATED = _l("another statement repeats lines of it; take that one back first.")


def withdraw(statement: BankStatement, reason: str, *, by: User) -> int:
    """Take a statement back, with the reason; how many lines went, none the second time. Raises `Rested`."""
    db.session.scalar(select(Account.id).where(Account.id == statement.account_id).with_for_update())
    hold(statement)
    if statement.withdrawn_at is not None:
        return 0
    if why := what_rests_on(statement):
        raise Rested(why=str(why))
    lines = select(StatementLine.id).where(StatementLine.statement_id == statement.id)
    count = db.session.scalar(select(func.count()).select_from(lines.subquery())) or 0
    statement.withdrawn_at, statement.withdrawn_for = now(), reason
    db.session.flush()
    db.session.execute(delete(MatchProposal).where(MatchProposal.line_id.in_(lines)))
    db.session.execute(delete(StatementLine).where(StatementLine.statement_id == statement.id))
    db.session.execute(delete(StatementUpload).where(StatementUpload.statement_id == statement.id))
    proposals.out_of_date(statement.account_id)
    audit.record("statement.withdraw", statement, by=by, reason=reason, lines=count, file=statement.file_name)
    return count


def what_rests_on(statement: BankStatement) -> LazyString | None:
    """Why a statement is not taken back, if it is not."""
    if not statement.complete:
        return _COMING
    its_lines = select(StatementLine.id).where(StatementLine.statement_id == statement.id)
    matched = or_(
        exists().where(ReconciliationLink.line_id.in_(its_lines)),
        exists().where(LineEntry.line_id.in_(its_lines)),
    )
    closed = exists().where(StatementClosing.statement_id == statement.id)
    repeated = exists().where(
        BankStatement.account_id == statement.account_id,
        BankStatement.id > statement.id,
        BankStatement.withdrawn_at.is_(None),
        BankStatement.repeated > 0,
        BankStatement.first_on <= statement.last_on,
        BankStatement.last_on >= statement.first_on,
    )
    found = db.session.execute(select(matched, closed, repeated)).one()
    return next((why for why, so in zip((_MATCHED, _CLOSED, _REPEATED), found, strict=True) if so), None)
