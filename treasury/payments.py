"""Money asked for and money received: by card, by transfer, cheque or cash. Received money is never refused.

A payment is a wish until its entry is posted. Card payments settle when the network, asked again, says that
they are paid; everything else is recorded by one person and approved by another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import bindparam, select

from access.models import User
from shared import audit
from shared.audit import Actor, System
from shared.clock import now
from shared.database import connection, db, hold, transaction, write
from shared.errors import Conflict, DomainError, NotFound
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger
from treasury.gateway_errors import KeyUsedOtherwise
from treasury.gateway_values import Checkout, CheckoutState, CheckoutStatus, PaymentGateway
from treasury.ledger import Leg
from treasury.models import Attention, JournalEntry, Payment, PaymentMethod, PaymentStatus
from treasury.references import new_reference

SETTLED: dict[str, Callable[[Payment], None]] = {}
"""What follows when a payment of a purpose is settled; filled in `app.py`, run inside the transaction.

A handler never refuses for a business reason: money received is a fact, so it puts what is odd on the
attention list.
"""


class AlreadySettled(DomainError):
    """The payment has its posted entry: there is nothing left to pay."""

    code = "already_settled"
    message = _l("This is already paid.")


class NothingToPay(DomainError):
    """A payment is of a positive amount."""

    code = "nothing_to_pay"
    status = 422
    message = _l("The amount must be more than zero.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestPayment:
    """What is asked for: how much, for which subject, into which fund and income account (chart code)."""

    purpose: str
    subject_id: int
    amount: Money
    fund_id: int
    income_code: str
    method: PaymentMethod
    description: str
    payer_id: int | None = None
    payer_name: str = ""
    payer_email: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordReceipt:
    """Money seen to arrive on `received_on` in the account `account_code` (the bank by default).

    `method` says how it came, where that is not how it was asked for.
    """

    received_on: date
    account_code: str = chart.BANK
    narration: str = ""
    method: PaymentMethod | None = None


def request(command: RequestPayment, *, by: Actor) -> Payment:
    """Ask for a payment and give it the reference that a person types. Raises `NothingToPay`."""
    if command.amount.minor <= 0:
        raise NothingToPay(field="amount")
    payment = Payment(
        reference=_unused_reference(),
        purpose=command.purpose,
        subject_id=command.subject_id,
        amount=command.amount,
        method=command.method,
        fund_id=command.fund_id,
        income_code=command.income_code,
        description=command.description[:200],
        payer_id=command.payer_id,
        payer_name=command.payer_name,
        payer_email=command.payer_email,
    )
    write(payment)
    audit.record("payment.request", payment, by=by, amount=str(command.amount), purpose=command.purpose)
    return payment


_REFERENCED = select(Payment.id).where(Payment.reference == bindparam("reference"))


def _unused_reference() -> str:
    while True:
        reference = new_reference()
        if not connection().scalar(_REFERENCED, {"reference": reference}):
            return reference


def start_checkout(
    payment_id: int, gateway: PaymentGateway, *, success_url: str, cancel_url: str, locale: str
) -> str:
    """The address of a page to pay on. Opens and ends its own transactions around the call to the network.

    The same page is given again while it is open, so two clicks cannot become two charges; one that was
    made in another language, or through another link, is closed first. Raises `AlreadySettled` and the
    gateway's errors.
    """
    payment = db.session.get(Payment, payment_id)
    if payment is None:
        raise NotFound
    known, attempt = payment.checkout_id, payment.attempt
    if known and _unless_paid(gateway.fetch_checkout(known)).status is CheckoutStatus.EXPIRED:
        attempt += 1
    if db.session.get_one(Payment, payment_id).status is not PaymentStatus.REQUESTED:
        raise AlreadySettled
    where = {"success_url": success_url, "cancel_url": cancel_url, "locale": locale}
    try:
        checkout = _page_to_pay_on(gateway, payment, attempt, **where)
    except KeyUsedOtherwise:
        if known:
            _unless_paid(gateway.expire_checkout(known))
        attempt += 1
        checkout = _page_to_pay_on(gateway, payment, attempt, **where)
    with transaction():
        payment = db.session.get_one(Payment, payment_id, with_for_update=True)
        if payment.status is not PaymentStatus.REQUESTED:
            raise AlreadySettled
        payment.checkout_id, payment.attempt, payment.method = checkout.id, attempt, PaymentMethod.CARD
    return checkout.url


def _page_to_pay_on(
    gateway: PaymentGateway, payment: Payment, attempt: int, *, success_url: str, cancel_url: str, locale: str
) -> Checkout:
    return gateway.create_checkout(
        amount=payment.amount,
        reference=payment.reference,
        description=payment.description,
        payer_email=payment.payer_email or None,
        locale=locale,
        success_url=success_url,
        cancel_url=cancel_url,
        idempotency_key=f"payment-{payment.reference}-{attempt}",
        metadata={"purpose": payment.purpose},
    )


def _unless_paid(state: CheckoutState) -> CheckoutState:
    """`state`, unless it is paid: then it is settled. Raises `AlreadySettled`."""
    if not state.paid:
        return state
    with transaction():
        settle_checkout(state)
    raise AlreadySettled


def settle_checkout(state: CheckoutState) -> Payment | None:
    """Turn a paid checkout, as just re-read from the network, into its one entry; None when it is not ours.

    Any number of times, in any order: one entry, and one for the network's fee if it became known later.
    Money for a payment that was cancelled or settled otherwise is recorded all the same, and put on the
    attention list. So is less than was asked, which settles nothing: a reference may be typed on another page
    of the same account, with a smaller amount.
    """
    payment = db.session.scalar(
        select(Payment).where(Payment.checkout_id == state.id).with_for_update()
    ) or db.session.scalar(select(Payment).where(Payment.reference == state.reference).with_for_update())
    if payment is None or not state.paid:
        return payment
    booked = db.session.scalar(
        select(JournalEntry).where(JournalEntry.idempotency_key == f"charge:{state.charge}")
    )
    if booked is not None:  # the payment's own charge, or a second one that was told again
        _post_late_fee(payment, booked, state)
        return payment
    first = payment.status in (PaymentStatus.REQUESTED, PaymentStatus.CANCELLED) and payment.entry_id is None
    entry = _post_charge(payment, state)
    if not first:
        attend("paid_twice", f"charge:{state.charge}", payment_id=payment.id, details=str(state.amount))
        return payment
    if state.amount != payment.amount:
        details = f"{state.amount} ≠ {payment.amount}"
        attend("other_amount", f"charge:{state.charge}", payment_id=payment.id, details=details)
    if not _covers(state.amount, payment.amount):
        return payment
    was_cancelled = payment.status is PaymentStatus.CANCELLED
    payment.charge_id, payment.checkout_id = state.charge, state.id
    payment.method = PaymentMethod.CARD
    payment.received_on = entry.dated_on
    _settled(payment, entry, by=System("stripe"))
    if was_cancelled:
        attend(
            "paid_after_cancellation",
            f"charge:{state.charge}",
            payment_id=payment.id,
            details=str(state.amount),
        )
    return payment


def _covers(paid: Money, asked: Money) -> bool:
    return paid.currency == asked.currency and paid >= asked


def _post_charge(payment: Payment, state: CheckoutState) -> JournalEntry:
    fund, gross = payment.fund_id, state.amount
    legs = [Leg(chart.STRIPE, fund, gross), Leg(payment.income_code, fund, -gross, memo=payment.reference)]
    if state.fee and state.fee.currency == gross.currency:
        legs += [Leg(chart.BANK_FEES, fund, state.fee), Leg(chart.STRIPE, fund, -state.fee)]
    return ledger.post_now(
        now().date(),
        payment.description,
        legs,
        source=f"payment:{payment.id}",
        idempotency_key=f"charge:{state.charge}",
    )


def _post_late_fee(payment: Payment, charged: JournalEntry, state: CheckoutState) -> None:
    """The fee of a charge that was booked after it was paid; once, and not when it came with the charge."""
    key = f"fee:{state.charge}"
    if not state.fee:
        return
    if state.fee.currency != payment.amount.currency:
        attend("fee_in_other_currency", key, payment_id=payment.id, details=str(state.fee))
        return
    known = any(one.account.code == chart.BANK_FEES for one in charged.postings) or db.session.scalar(
        select(JournalEntry.id).where(JournalEntry.idempotency_key == key)
    )
    if not known:
        fund, fee = payment.fund_id, state.fee
        ledger.post_now(
            now().date(),
            payment.description,
            [Leg(chart.BANK_FEES, fund, fee), Leg(chart.STRIPE, fund, -fee, memo=payment.reference)],
            source=f"payment:{payment.id}",
            idempotency_key=key,
        )


def record_receipt(payment: Payment, command: RecordReceipt, *, by: User) -> Payment:
    """Record that a transfer, cheque, cash or mobile money arrived; somebody else approves it.

    What was cancelled and is paid all the same is recorded too, and put on the attention list. Raises
    `AlreadySettled` when the payment is recorded or settled already.
    """
    hold(payment)
    if payment.status not in (PaymentStatus.REQUESTED, PaymentStatus.CANCELLED):
        raise AlreadySettled
    if payment.status is PaymentStatus.CANCELLED:
        key = f"receipt:{payment.id}"
        attend("paid_after_cancellation", key, payment_id=payment.id, details=str(payment.amount))
    amount, fund = payment.amount, payment.fund_id
    entry = ledger.draft(
        command.received_on,
        command.narration or payment.description,
        [
            Leg(command.account_code, fund, amount, memo=payment.reference),
            Leg(payment.income_code, fund, -amount, memo=payment.reference),
        ],
        by=by,
        idempotency_key=f"payment:{payment.id}",
    )
    payment.entry_id = entry.id
    payment.method = command.method or payment.method
    payment.received_on = command.received_on
    payment.recorded_by_id = by.id
    payment.status = PaymentStatus.RECORDED
    audit.record("payment.record", payment, by=by, amount=str(amount))
    return payment


def approve_receipt(payment: Payment, *, by: User) -> Payment:
    """Post what somebody else recorded. Raises `SamePerson`, `AlreadySettled`, `PeriodClosed`."""
    hold(payment)
    if payment.status is not PaymentStatus.RECORDED or payment.entry is None:
        raise AlreadySettled
    entry = ledger.post(payment.entry, by=by)
    _settled(payment, entry, by=by)
    return payment


def return_receipt(payment: Payment, on: date, reason: str, *, by: User) -> JournalEntry:
    """Draft the reversal of a receipt that the bank took back (a returned cheque); another person posts it.

    The payment counts as returned once the reversal is posted. Raises `AlreadyReversed`, `Conflict`.
    """
    hold(payment)
    if payment.status is not PaymentStatus.SETTLED or payment.entry is None:
        raise Conflict
    mirror = ledger.reverse(payment.entry, on, reason, by=by)
    audit.record("payment.return", payment, by=by, reason=reason)
    return mirror


def approve_return(payment: Payment, mirror: JournalEntry, *, by: User) -> Payment:
    """Post the reversal drafted by somebody else. Raises `SamePerson`."""
    if payment.entry is None or mirror.reverses_id != payment.entry_id:
        raise Conflict
    ledger.post(mirror, by=by)
    payment.status = PaymentStatus.RETURNED
    return payment


def cancel(payment: Payment, *, by: Actor) -> Payment:
    """No longer ask for it. Money that arrives all the same will be recorded and shown for attention."""
    if payment.status is PaymentStatus.REQUESTED:
        payment.status = PaymentStatus.CANCELLED
        audit.record("payment.cancel", payment, by=by)
    return payment


def settle_from_fund(payment: Payment, source_fund_id: int, on: date, *, by: User) -> Payment:
    """Record that another fund of the house pays what was asked (a fee paid by the delegation's money).

    The draft moves the amount out of `source_fund_id` and into the payment's fund as income; somebody else
    approves it with `approve_receipt`. Raises `AlreadySettled`.
    """
    hold(payment)
    if payment.status is not PaymentStatus.REQUESTED:
        raise AlreadySettled
    amount = payment.amount
    entry = ledger.draft(
        on,
        payment.description,
        [
            Leg(chart.GATHERING, source_fund_id, amount, memo=payment.reference),
            Leg(chart.BANK, source_fund_id, -amount),
            Leg(chart.BANK, payment.fund_id, amount),
            Leg(payment.income_code, payment.fund_id, -amount, memo=payment.reference),
        ],
        by=by,
        idempotency_key=f"payment:{payment.id}",
    )
    payment.entry_id, payment.method = entry.id, PaymentMethod.INTERNAL
    payment.received_on, payment.recorded_by_id = on, by.id
    payment.status = PaymentStatus.RECORDED
    audit.record("payment.record", payment, by=by, amount=str(amount))
    return payment


def _settled(payment: Payment, entry: JournalEntry, *, by: Actor) -> None:
    payment.entry_id = entry.id
    payment.status = PaymentStatus.SETTLED
    payment.settled_at = now()
    audit.record("payment.settle", payment, by=by, amount=str(payment.amount))
    SETTLED[payment.purpose](payment)


def attend(kind: str, key: str, *, details: str, payment_id: int | None = None) -> None:
    """Put something about money on the list that a person looks at; the same `kind` and `key` once."""
    if not db.session.scalar(select(Attention.id).where(Attention.key == f"{kind}:{key}")):
        db.session.add(Attention(kind=kind, key=f"{kind}:{key}", payment_id=payment_id, details=details))
    db.session.flush()
