"""Promises of a fund's money: reserved when made, consumed by the entry that pays, released or expired.

What is available is the balance less what is promised; the database refuses a promise beyond it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload, selectinload

from access.models import User
from outbox.jobs import enqueue
from shared import audit, clock
from shared.audit import Actor, System
from shared.clock import today
from shared.database import db, hold, transaction
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.funds import overdrafts
from treasury.funds.commitment_models import Commitment, CommitmentDraft, CommitmentEvent, CommitmentStep
from treasury.models import EntryStatus, Fund, JournalEntry, LedgerHead


class NotAvailable(DomainError):
    """A fund promises no more than it has available."""

    code = "not_available"
    message = _l("The fund %(fund)s has %(available)s available: that is not enough for %(wanted)s.")


class BadCommitment(DomainError):
    """A commitment is a positive amount for somebody and something."""

    code = "bad_commitment"
    status = 422
    message = _l("Say to whom, for what, and an amount above zero.")


class EndsBeforeItBegins(BadCommitment):
    """A promise would have ended before it was made."""

    code = "ends_before_it_begins"
    message = _l("The last day comes before the day of the promise.")


class NothingPromised(DomainError):
    """Nothing, or not so much, of the commitment is left."""

    code = "nothing_promised"
    message = _l("Of this commitment %(outstanding)s is left.")


class OtherFund(DomainError):
    """The entry that consumes a commitment takes from its fund, in its currency."""

    code = "other_fund"
    status = 422
    message = _l("This entry takes nothing from the fund and in the currency of that commitment.")


SIGNED = case(
    (CommitmentEvent.step == CommitmentStep.RESERVED, CommitmentEvent.amount_minor),
    else_=-CommitmentEvent.amount_minor,
)
"""What an event adds to what is promised."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """Promise `amount` of a fund to `payee`; without `expires_on` until it is paid or released."""

    fund_id: int
    amount: Money
    payee: str
    purpose: str
    dated_on: date
    expires_on: date | None = None
    idempotency_key: str | None = None


def reserve(command: Reserve, *, by: Actor) -> Commitment:
    """Promise money of a fund; the same key again is the same promise.

    Raises `BadCommitment`, `EndsBeforeItBegins`, `NotAvailable`.
    """
    known = command.idempotency_key and db.session.scalar(
        select(Commitment).where(Commitment.idempotency_key == command.idempotency_key)
    )
    if known:
        return known
    payee, purpose = command.payee.strip(), command.purpose.strip()
    if command.amount.minor <= 0 or not payee or not purpose:
        raise BadCommitment
    if command.expires_on and command.expires_on < command.dated_on:
        raise EndsBeforeItBegins(field="expires_on")
    currency = command.amount.currency
    if overdrafts.available(command.fund_id, currency, on=command.dated_on) < command.amount:
        fund = db.session.get_one(Fund, command.fund_id)
        left = overdrafts.available(command.fund_id, currency)
        raise NotAvailable(field="amount", fund=fund.code, available=left, wanted=command.amount)
    commitment = Commitment(
        fund_id=command.fund_id,
        currency=currency,
        payee=payee,
        purpose=purpose,
        expires_on=command.expires_on,
        idempotency_key=command.idempotency_key,
    )
    db.session.add(commitment)
    db.session.flush()
    _happen(commitment, CommitmentStep.RESERVED, command.amount, command.dated_on, by=by)
    if command.expires_on:
        due = datetime.combine(command.expires_on + timedelta(days=1), time(), ZoneInfo(clock.house))
        enqueue("commitment-expires", {"id": commitment.id}, key=f"commitment:{commitment.id}", due_at=due)
    return commitment


def release(commitment: Commitment, amount: Money, reason: str, *, by: Actor) -> CommitmentEvent:
    """Give back a part or all of what is still promised. Raises `NothingPromised`, `BadCommitment`."""
    hold(commitment)
    if not reason.strip() or amount.minor <= 0:
        raise BadCommitment
    _enough(commitment, amount)
    return _happen(commitment, CommitmentStep.RELEASED, amount, today(), by=by, reason=reason.strip())


def expire(payload: dict[str, Any]) -> None:
    """A job: what is still promised after the last day is free again. Opens its own transaction."""
    with transaction():
        commitment = db.session.get_one(Commitment, payload["id"], with_for_update=True)
        due = commitment.expires_on is not None and commitment.expires_on < today()
        if due and commitment.outstanding:
            _happen(
                commitment, CommitmentStep.EXPIRED, commitment.outstanding, today(), by=System("calendar")
            )


def intend(entry: JournalEntry, commitment: Commitment) -> None:
    """Say that a draft, once posted, consumes this commitment.

    Raises `OtherFund`, `NothingPromised`, `Conflict`.
    """
    if entry.status is EntryStatus.POSTED or db.session.get(CommitmentDraft, entry.id) is not None:
        raise Conflict
    if (commitment.fund_id, commitment.currency) not in overdrafts.takes(entry):
        raise OtherFund(field="commitment")
    if not commitment.outstanding:
        raise NothingPromised(outstanding=commitment.outstanding)
    db.session.add(CommitmentDraft(entry_id=entry.id, commitment_id=commitment.id))
    db.session.flush()


def intended(entry: JournalEntry) -> Commitment | None:
    """The commitment that a draft will consume."""
    intent = db.session.get(CommitmentDraft, entry.id)
    return db.session.get(Commitment, intent.commitment_id) if intent else None


def payable(entry: JournalEntry) -> Sequence[Commitment]:
    """The commitments that a draft could pay: of a fund it takes from, in that currency."""
    if entry.status is EntryStatus.POSTED:
        return ()
    taken = overdrafts.takes(entry)
    return [one for one in outstanding() if (one.fund_id, one.currency) in taken]


def consume_intended(entry: JournalEntry, *, by: Actor) -> None:
    """Just before a draft is posted: what it was meant to consume is consumed, as far as it is promised."""
    intent = db.session.get(CommitmentDraft, entry.id)
    if intent is None:
        return
    db.session.get_one(LedgerHead, 1, with_for_update=True)  # first, as whoever posts does: no deadlock
    commitment = db.session.get_one(Commitment, intent.commitment_id, with_for_update=True)
    db.session.expire(commitment, ["events"])
    taken = overdrafts.takes(entry).get((commitment.fund_id, commitment.currency))
    amount = min(taken, commitment.outstanding) if taken else None
    db.session.delete(intent)
    if amount:
        _happen(commitment, CommitmentStep.CONSUMED, amount, entry.dated_on, by=by, entry_id=entry.id)


def outstanding(fund_id: int | None = None) -> Sequence[Commitment]:
    """The commitments of which something is still promised, the next to expire first."""
    left = (
        select(CommitmentEvent.commitment_id)
        .group_by(CommitmentEvent.commitment_id)
        .having(func.sum(SIGNED) > 0)
    )
    chosen = (
        select(Commitment)
        .where(Commitment.id.in_(left))
        .order_by(Commitment.expires_on.is_(None), Commitment.expires_on, Commitment.id)
        .options(selectinload(Commitment.events), joinedload(Commitment.fund))
    )
    if fund_id is not None:
        chosen = chosen.where(Commitment.fund_id == fund_id)
    return db.session.scalars(chosen).all()


def committed() -> dict[tuple[int, str], Money]:
    """What each fund has promised and not yet paid, by fund and currency."""
    chosen = (
        select(Commitment.fund_id, Commitment.currency, func.sum(SIGNED))
        .join(CommitmentEvent)
        .group_by(Commitment.fund_id, Commitment.currency)
        .having(func.sum(SIGNED) != 0)
    )
    return {
        (fund_id, currency): Money(int(minor), currency)
        for fund_id, currency, minor in db.session.execute(chosen)
    }


def _enough(commitment: Commitment, amount: Money) -> None:
    db.session.expire(commitment, ["events"])
    if commitment.outstanding < amount:
        raise NothingPromised(field="amount", outstanding=commitment.outstanding)


def _happen(
    commitment: Commitment,
    step: CommitmentStep,
    amount: Money,
    on: date,
    *,
    by: Actor,
    reason: str = "",
    entry_id: int | None = None,
) -> CommitmentEvent:
    event = CommitmentEvent(
        commitment_id=commitment.id,
        step=step.value,
        amount_minor=amount.minor,
        dated_on=on,
        entry_id=entry_id,
        reason=reason,
        by_id=by.id if isinstance(by, User) else None,
    )
    db.session.add(event)
    db.session.flush()
    db.session.expire(commitment, ["events"])
    audit.record(f"commitment.{step.value}", commitment, by=by, reason=reason, amount=str(amount))
    return event
