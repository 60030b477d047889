"""The cash box at the desk: counted at both ends of a session; a difference is explained and posted."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from access.models import User
from shared import audit
from shared.clock import now, today
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger, payments
from treasury.desk.models import CashMove, CashSession
from treasury.ledger import Leg
from treasury.models import JournalEntry, Payment, PaymentMethod
from treasury.payments import RecordReceipt

DENOMINATIONS: dict[str, tuple[int, ...]] = {
    "CAD": (10000, 5000, 2000, 1000, 500, 200, 100, 25, 10, 5),
    "EUR": (20000, 10000, 5000, 2000, 1000, 500, 200, 100, 50, 20, 10, 5, 2, 1),
    "USD": (10000, 5000, 2000, 1000, 500, 100, 25, 10, 5, 1),
    "XOF": (10000, 5000, 2000, 1000, 500, 250, 200, 100, 50, 25, 10, 5),
}
"""Notes and coins by currency, in minor units, the largest first."""


class BoxOpen(DomainError):
    """This box has an open session already."""

    code = "box_open"
    message = _l("This box is open already. Close it first.")


class OtherBox(DomainError):
    """A box holds one currency."""

    code = "other_box"
    status = 422
    message = _l("This payment is in %(currency)s: take it into a box of that currency.")


class NeedsExplanation(DomainError):
    """A difference is said, not hidden."""

    code = "needs_explanation"
    status = 422
    message = _l("Counted %(counted)s, expected %(expected)s. Say what may explain the difference.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenBox:
    """Open the box at `place` with what was counted: pieces by denomination (minor units).

    `fund_id` is the fund that a difference is posted in.
    """

    place: str
    currency: str
    fund_id: int
    count: Mapping[int, int]


def total(count: Mapping[int, int], currency: str) -> Money:
    """What so many pieces of each denomination are worth."""
    return Money(sum(denomination * pieces for denomination, pieces in count.items()), currency)


def open_box(command: OpenBox, *, by: User) -> CashSession:
    """Open a session with its opening count. Raises `BoxOpen`."""
    known = select(CashSession.id).where(
        CashSession.place == command.place,
        CashSession.currency == command.currency,
        CashSession.closed_at.is_(None),
    )
    if db.session.scalar(known):
        raise BoxOpen
    session = CashSession(
        place=command.place,
        currency=command.currency,
        fund_id=command.fund_id,
        opening_count=_kept(command.count),
        opening_minor=total(command.count, command.currency).minor,
        opened_by_id=by.id,
    )
    db.session.add(session)
    audit.record("cash.open", session, by=by, counted=str(session.opening))
    return session


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeCash:
    """Notes and coins for a payment: how much (what was asked by default), and who brought them."""

    on: date
    amount: Money | None = None
    paid_by: str = ""
    narration: str = ""


def take_payment(session: CashSession, payment: Payment, command: TakeCash, *, by: User) -> CashMove:
    """A payment was paid in notes and coins at the desk; it is recorded, and somebody else approves it.

    Raises `Conflict` when the session is closed, `OtherBox` when it is of another currency, `AlreadySettled`.
    """
    _open(session)
    if payment.currency != session.currency:
        raise OtherBox(currency=payment.currency)
    amount = payment.amount if command.amount is None else command.amount
    receipt = RecordReceipt(
        received_on=command.on,
        account_code=chart.CASH,
        method=PaymentMethod.CASH,
        amount=amount,
        paid_by=command.paid_by,
        narration=command.narration,
    )
    payments.record_receipt(payment, receipt, by=by)
    move = CashMove(
        session_id=session.id,
        amount=amount,
        what=f"{payment.payer_name or payment.description} ({payment.reference})"[:200],
        payment_id=payment.id,
        entry_id=payment.entry_id,
        by_id=by.id,
    )
    db.session.add(move)
    db.session.flush()
    return move


def give_out(entry: JournalEntry, *, by: User) -> CashMove | None:
    """Notes that go back to a payer today leave the one box that is open in their currency."""
    out = [one.amount for one in entry.postings if one.account.code == chart.CASH and one.amount.minor < 0]
    box = only_open_box(out[0].currency) if out and entry.dated_on == today() else None
    if box is None:
        return None
    gone = Money.total(out, box.currency)
    move = CashMove(
        session_id=box.id, amount=gone, what=entry.narration[:200], entry_id=entry.id, by_id=by.id
    )
    db.session.add(move)
    db.session.flush()
    return move


def forget_draft(entry: JournalEntry) -> None:
    """A receipt's draft is thrown away: its notes are in the box all the same, for nobody's payment."""
    for move in db.session.scalars(select(CashMove).where(CashMove.entry_id == entry.id)):
        move.payment_id = move.entry_id = None
    for session in db.session.scalars(select(CashSession).where(CashSession.entry_id == entry.id)):
        session.entry_id = None
    db.session.flush()


def moves_of(session: CashSession) -> list[CashMove]:
    """What went into the box and out of it, the first first."""
    return list(
        db.session.scalars(select(CashMove).where(CashMove.session_id == session.id).order_by(CashMove.id))
    )


def expected(session: CashSession) -> Money:
    """What should be in the box now: the opening count and what was taken and given since.

    A receipt whose draft was thrown away is in the box all the same until somebody gives it back.
    """
    moved = db.session.scalar(
        select(func.coalesce(func.sum(CashMove.amount_minor), 0)).where(CashMove.session_id == session.id)
    )
    return session.opening + Money(int(moved or 0), session.currency)


def close_box(
    session: CashSession, count: Mapping[int, int], explanation: str, on: date, *, by: User
) -> CashSession:
    """Close a session with its closing count. A difference needs an explanation and drafts its entry.

    Somebody else approves the entry. Raises `NeedsExplanation`, `Conflict`.
    """
    _open(session)
    counted, should = total(count, session.currency), expected(session)
    if counted != should and not explanation.strip():
        raise NeedsExplanation(field="explanation", counted=counted, expected=should)
    session.closing_count, session.closing_minor = _kept(count), counted.minor
    session.expected_minor, session.explanation = should.minor, explanation.strip()
    session.closed_at, session.closed_by_id = now(), by.id
    if counted != should:
        session.entry_id = _draft_difference(session, counted - should, on, by=by).id
    audit.record("cash.close", session, by=by, counted=str(counted), expected=str(should))
    return session


def _draft_difference(session: CashSession, difference: Money, on: date, *, by: User) -> JournalEntry:
    return ledger.draft(
        on,
        f"{session.place} – {session.explanation}"[:200],
        [
            Leg(chart.CASH, session.fund_id, difference),
            Leg(chart.CASH_DIFFERENCES, session.fund_id, -difference),
        ],
        by=by,
        idempotency_key=f"cash-difference:{session.id}",
    )


def only_open_box(currency: str) -> CashSession | None:
    """The one box that is open in a currency, held; None where there is none, or a choice."""
    found = db.session.scalars(
        select(CashSession)
        .where(CashSession.currency == currency, CashSession.closed_at.is_(None))
        .limit(2)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).all()
    return found[0] if len(found) == 1 else None


def sessions() -> list[CashSession]:
    """The sessions, open ones and then the latest first."""
    return list(
        db.session.scalars(
            select(CashSession)
            .order_by(CashSession.closed_at.is_not(None), CashSession.id.desc())
            .limit(50)
            .options(joinedload(CashSession.opened_by))
        )
    )


def _open(session: CashSession) -> None:
    hold(session)
    if session.closed_at is not None:
        raise Conflict


def _kept(count: Mapping[int, int]) -> dict[str, int]:
    return {str(denomination): pieces for denomination, pieces in count.items() if pieces}
