"""Periods: closed when nothing is open any more, opened again with a reason, locked for good.

Periods follow each other without gaps: closing means “up to this day”.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from sqlalchemy import func, select

from access.models import User
from shared import audit
from shared.audit import AuditRecord
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from treasury.books import open_items
from treasury.models import EntryStatus, JournalEntry, LedgerHead, Period

BEGINNING = date.min
"""The first period starts here: what is dated before the first entry is closed with it."""


class StillOpen(DomainError):
    """What could no longer be posted must be posted or thrown away first."""

    code = "still_open"
    message = _l("Drafts dated before this day: %(count)s. Approve them or throw them away first.")


class ReasonNeeded(DomainError):
    """Closing with things open, and opening again, are explained."""

    code = "reason_needed"
    status = 422
    message = _l("Say why.")


class NotAfter(DomainError):
    """A period ends after the one before it."""

    code = "not_after"
    status = 422
    message = _l("The books are closed until %(day)s already. Choose a later day.")


def periods() -> Sequence[Period]:
    """Every period, the last first."""
    return db.session.scalars(select(Period).order_by(Period.starts_on.desc())).all()


def next_start() -> date | None:
    """The first day that no period covers; None while the journal is empty."""
    if (last := _last_day()) is not None:
        return last + timedelta(days=1)
    first: date | None = db.session.scalar(
        select(func.min(JournalEntry.dated_on)).where(JournalEntry.status == EntryStatus.POSTED)
    )
    return first


def _last_day() -> date | None:
    last: date | None = db.session.scalar(select(func.max(Period.ends_on)))
    return last


def close_until(day: date, reason: str, *, by: User) -> Period:
    """Close the books up to `day`: nothing dated until then is posted any more.

    Raises `NotAfter`, `StillOpen`, `ReasonNeeded` (something is open, and nobody said why it may be).
    """
    _hold_postings()
    last = _last_day()
    starts_on = BEGINNING if last is None else last + timedelta(days=1)
    if day < starts_on:
        raise NotAfter(field="day", day=starts_on - timedelta(days=1))
    period = Period(starts_on=starts_on, ends_on=day)
    db.session.add(period)
    db.session.flush()
    return close(period, reason, by=by)


def close(period: Period, reason: str, *, by: User) -> Period:
    """Close an open period. Raises `Conflict`, `StillOpen`, `ReasonNeeded`."""
    _hold_postings()
    hold(period)
    if period.status != "open":
        raise Conflict
    found = open_items.open_items(period.ends_on)
    blocking = sum(one.count for one in found if one.blocking)
    if blocking:
        raise StillOpen(count=blocking)
    if found and not reason.strip():
        raise ReasonNeeded(field="reason")
    left = {one.kind: one.count for one in found}
    _set(period, "closed", "period.close", reason, by=by, until=str(period.ends_on), still_open=left)
    return period


def reopen(period: Period, reason: str, *, by: User) -> Period:
    """Open a closed period again, for a reason. Raises `Conflict` (it is open, or locked), `ReasonNeeded`."""
    hold(period)
    if period.status != "closed":
        raise Conflict
    if not reason.strip():
        raise ReasonNeeded(field="reason")
    _set(period, "open", "period.reopen", reason, by=by)
    return period


def lock(period: Period, *, by: User) -> Period:
    """Lock a closed period for good, and every closed one before it. Raises `Conflict`."""
    hold(period)
    earlier = db.session.scalars(select(Period).where(Period.starts_on < period.starts_on)).all()
    if period.status != "closed" or any(one.status == "open" for one in earlier):
        raise Conflict
    for one in (*earlier, period):
        if one.status == "closed":
            _set(one, "locked", "period.lock", "", by=by)
    return period


def _set(period: Period, status: str, action: str, reason: str, *, by: User, **details: object) -> None:
    period.status = status
    period.reopened_for = reason.strip() if status == "open" else None
    audit.record(action, period, by=by, reason=reason.strip(), **details)


def _hold_postings() -> None:
    """Nothing is posted while a period closes."""
    db.session.get_one(LedgerHead, 1, with_for_update=True)


def history(period: Period) -> Sequence[AuditRecord]:
    """What happened to a period, oldest first."""
    return db.session.scalars(
        select(AuditRecord)
        .where(AuditRecord.subject == f"Period:{period.id}", AuditRecord.action.startswith("period."))
        .order_by(AuditRecord.id)
    ).all()
