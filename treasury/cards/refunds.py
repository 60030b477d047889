"""Money given back: asked for by one person, approved by another, sent once.

A card payment goes back to its card through the network; any other leaves an account by an entry that the
second person posts, and the money itself by a transfer, a cheque or the cash box.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from access.models import User
from outbox.jobs import enqueue
from shared import audit
from shared.database import db, hold, transaction
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import ledger, payment_messages
from treasury.attention import attend, settle_attention
from treasury.cards.books import book_charge
from treasury.cards.gateway_errors import GatewayRefused
from treasury.cards.models import Refund, RefundStatus
from treasury.cards.values import CardNetwork
from treasury.ledger import Leg, SamePerson
from treasury.models import Attention, Payment
from treasury.placing import left_of, received_in, see_enough

JOB = "refund"
"""The kind of job that sends an approved refund to the network."""


_TO_A_CARD_WAITING = (Refund.status == RefundStatus.REQUESTED, Refund.charge_id.is_not(None))


class NothingToRefund(DomainError):
    """All of it was given back or placed elsewhere already, or is about to be."""

    code = "nothing_to_refund"
    message = _l("Of this payment %(left)s can be given back.")


class RefundOpen(DomainError):
    """One refund of a payment at a time."""

    code = "refund_open"
    message = _l("A refund of this payment is on its way already.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRefund:
    """Give `amount` back, and why; `account_code` is where it leaves from when it did not come by card.

    `charge_id` is the charge of the network, when there were several; `attention_id` what it settles.
    """

    amount: Money
    reason: str
    on: date
    account_code: str = ""
    charge_id: str = ""
    attention_id: int | None = None


def request_refund(payment: Payment, command: RequestRefund, *, by: User) -> Refund:
    """Ask for money to be given back; somebody else approves it. Fifty requests at once make one.

    Raises `RefundOpen`, `NothingToRefund`.
    """
    hold(payment)
    if open_refund(payment.id) is not None:
        raise RefundOpen
    left = left_of(payment)
    if command.amount.currency != left.currency or not 0 < command.amount.minor <= left.minor:
        raise NothingToRefund(field="amount", left=left)
    charge = command.charge_id or payment.charge_id
    refund = Refund(
        payment_id=payment.id,
        amount=command.amount,
        reason=command.reason[:200],
        charge_id=charge if not command.account_code else None,
        requested_by_id=by.id,
        attention_id=command.attention_id,
    )
    if refund.charge_id is None:
        refund.entry_id = _draft(payment, command, by=by)
    db.session.add(refund)
    audit.record("refund.request", refund, by=by, reason=command.reason, amount=str(command.amount))
    return refund


def _draft(payment: Payment, command: RequestRefund, *, by: User) -> int:
    account = command.account_code or received_in(payment)
    fund, amount = payment.fund_id, command.amount
    return ledger.draft(
        command.on,
        f"{payment.description} – {command.reason}"[:200],
        [Leg(payment.income_code, fund, amount, memo=payment.reference), Leg(account, fund, -amount)],
        by=by,
    ).id


def open_refund(payment_id: int) -> Refund | None:
    """The refund of a payment that is asked for or on its way."""
    return db.session.scalar(
        select(Refund).where(
            Refund.payment_id == payment_id,
            Refund.status.in_((RefundStatus.REQUESTED, RefundStatus.APPROVED)),
        )
    )


def approve_refund(refund: Refund, *, by: User) -> Refund:
    """Say yes to what somebody else asked for. A card's goes to the network next; any other is posted now.

    Approving again changes nothing. Raises `SamePerson`, `PeriodClosed`, `NotThatMuch` when the bank took the
    money back meanwhile.
    """
    hold(refund)
    if refund.requested_by_id == by.id:
        raise SamePerson
    if refund.status is not RefundStatus.REQUESTED:
        return refund
    see_enough(refund.payment, refund.amount)
    refund.approved_by_id = by.id
    audit.record("refund.approve", refund, by=by, amount=str(refund.amount))
    if refund.entry is not None:
        ledger.post(refund.entry, by=by)
        refund.status = RefundStatus.DONE
        payment_messages.tell_given_back(refund.payment, refund.amount, refund.id, to_card=False)
        _settle(refund, by=by)
    else:
        refund.status = RefundStatus.APPROVED
        enqueue(JOB, {"refund": refund.id}, key=f"refund:{refund.id}")
    return refund


def drop_refund(refund: Refund, reason: str, *, by: User) -> Refund:
    """Say no, or take one's own request back. One that is approved goes on its way."""
    hold(refund)
    if refund.status is RefundStatus.REQUESTED:
        refund.status, refund.entry_id = RefundStatus.DROPPED, None
        audit.record("refund.drop", refund, by=by, reason=reason)
    return refund


def send_refund(refund_id: int, gateway: CardNetwork) -> None:
    """Let the network give an approved refund back, once however often it is run; then book it.

    Opens and ends its own transactions. Before asking, it looks whether an earlier run was heard.
    """
    refund = db.session.get_one(Refund, refund_id)
    if refund.status is not RefundStatus.APPROVED or refund.charge_id is None:
        return
    charge, amount, ours = refund.charge_id, refund.amount, str(refund.id)
    reference = refund.payment.reference
    try:
        if gateway.refund_with(charge, ours) is None:
            gateway.refund(
                charge=charge,
                amount=amount,
                reason="requested_by_customer",
                idempotency_key=f"refund-{ours}",
                metadata={"refund": ours, "reference": reference},
            )
    except GatewayRefused as refused:
        _refused(refund_id, str(refused.details.get("reason", "")))
        return
    state = gateway.fetch_charge(charge)
    with transaction():
        book_charge(state)


def _refused(refund_id: int, reason: str) -> None:
    """The network said no (disputed, refunded elsewhere): a person looks for another way."""
    with transaction():
        refund = db.session.get_one(Refund, refund_id, with_for_update=True)
        refund.status = RefundStatus.FAILED
        attend(
            "refund_failed",
            f"refund:{refund_id}",
            payment_id=refund.payment_id,
            details=reason,
            amount=refund.amount,
        )


def _settle(refund: Refund, *, by: User) -> None:
    if refund.attention_id and db.session.get(Attention, refund.attention_id):
        settle_attention(refund.attention_id, refund.reason, by=by)


def refunds_of(payment: Payment) -> list[Refund]:
    """What of a payment was asked to be given back, the first first."""
    return list(db.session.scalars(select(Refund).where(Refund.payment_id == payment.id).order_by(Refund.id)))


def waiting_refunds() -> list[tuple[Refund, str]]:
    """Refunds to a card that wait for a second person, with who asked; others wait as drafts."""
    rows = db.session.execute(
        select(Refund, User.name)
        .join(User, User.id == Refund.requested_by_id)
        .where(*_TO_A_CARD_WAITING)
        .order_by(Refund.id)
        .options(joinedload(Refund.payment))
    )
    return [(refund, name) for refund, name in rows]


def how_many_wait_for(user: User) -> int:
    """How many of them `user` may be asked to approve: those that others asked for."""
    asked = select(func.count(Refund.id)).where(*_TO_A_CARD_WAITING, Refund.requested_by_id != user.id)
    return db.session.scalar(asked) or 0
