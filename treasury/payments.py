"""Money asked for and money received: by card, by transfer, cheque or cash. Received money is never refused.

A payment is a wish until its entry is posted. Card payments settle when the network, asked again, says that
they are paid; everything else is recorded by one person and approved by another.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy import bindparam, select

from access.models import User
from shared import audit
from shared.audit import Actor
from shared.clock import now
from shared.database import connection, db, hold, write
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger
from treasury.attention import attend
from treasury.ledger import Leg
from treasury.models import JournalEntry, Payment, PaymentMethod, PaymentStatus
from treasury.receipt_models import Placement, PlacementKind, ReceiptDetail
from treasury.references import new_reference

SETTLED: dict[str, Callable[[Payment], None]] = {}
"""What follows when a payment of a purpose is settled; filled in `app.py`, run inside the transaction.

A handler never refuses for a business reason: money received is a fact, so it puts what is odd on the
attention list.
"""


class Gone(StrEnum):
    """Why money that had settled a payment left again; also the kind under which it asks for attention."""

    TAKEN_BACK = "taken_back"
    DISPUTE_LOST = "dispute_lost"


ASKS_AGAIN: dict[str, Callable[[Payment, Money, Gone], bool]] = {}
"""What follows when money of a settled payment of a purpose is gone again; filled in `app.py`, run inside the
transaction. It is given how much went, and says whether that is asked for again."""


USUAL_ACCOUNT = {
    PaymentMethod.TRANSFER: chart.BANK,
    PaymentMethod.CHEQUE: chart.CHEQUES,
    PaymentMethod.CASH: chart.CASH,
    PaymentMethod.MOBILE_MONEY: chart.MOBILE_MONEY,
}
"""Where money that came in a way usually is: a cheque in hand, notes in the box."""


class AlreadySettled(DomainError):
    """The payment has its posted entry: there is nothing left to pay."""

    code = "already_settled"
    message = _l("This is already paid.")


class NothingToPay(DomainError):
    """A payment is of a positive amount."""

    code = "nothing_to_pay"
    status = 422
    message = _l("The amount must be more than zero.")


class ReferenceUsed(DomainError):
    """The operator's reference was recorded before: the same money must not come in twice."""

    code = "reference_used"
    message = _l("The reference %(number)s was recorded already.")


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

    `method`, `amount` and `paid_by` say how it came, how much and from whom, where that is not what was asked
    for; `operator` and `number` are the mobile money operator (or the bank of a cheque) and its reference.
    """

    received_on: date
    account_code: str = chart.BANK
    narration: str = ""
    method: PaymentMethod | None = None
    amount: Money | None = None
    paid_by: str = ""
    operator: str = ""
    number: str = ""


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


def ask_another(payment: Payment, name: str, email: str) -> None:
    """What is still asked of a person is asked of somebody else; who has paid stays who paid."""
    if payment.status is PaymentStatus.REQUESTED and payment.payer_id is None:
        payment.payer_name, payment.payer_email = name, email


_REFERENCED = select(Payment.id).where(Payment.reference == bindparam("reference"))


def _unused_reference() -> str:
    while True:
        reference = new_reference()
        if not connection().scalar(_REFERENCED, {"reference": reference}):
            return reference


def record_receipt(
    payment: Payment, command: RecordReceipt, *, by: User, paid_with: Sequence[Leg] = ()
) -> Payment:
    """Record that money arrived for a payment; somebody else approves it.

    It is recorded as it came: more, less, in another currency, from somebody else, or for what was cancelled;
    what is odd is put on the attention list. `paid_with` are the legs that bring the money to the payment's
    fund (by default it arrives in `account_code`). Raises `AlreadySettled` when the payment is recorded or
    settled already, `ReferenceUsed` for an operator's reference that paid something else.
    """
    hold(payment)
    if payment.status not in (PaymentStatus.REQUESTED, PaymentStatus.CANCELLED):
        raise AlreadySettled
    amount = payment.amount if command.amount is None else command.amount
    fund = payment.fund_id
    if amount.minor <= 0:
        raise NothingToPay(field="amount")
    foreign = amount.currency != payment.currency
    entry = ledger.draft(
        command.received_on,
        command.narration or payment.description,
        [
            *(paid_with or [Leg(command.account_code, fund, amount, memo=payment.reference)]),
            Leg(chart.CREDITS if foreign else payment.income_code, fund, -amount, memo=payment.reference),
        ],
        by=by,
        idempotency_key=None if foreign else f"payment:{payment.id}",
    )
    _keep_details(payment, entry, command)
    _say_what_is_odd(payment, entry, command, amount)
    audit.record("payment.record", payment, by=by, amount=str(amount))
    if foreign:
        _keep_as_credit(payment, entry, amount)
        return payment
    payment.entry_id = entry.id
    payment.method = command.method or payment.method
    payment.received_on = command.received_on
    payment.recorded_by_id = by.id
    payment.status = PaymentStatus.RECORDED
    return payment


def _keep_details(payment: Payment, entry: JournalEntry, command: RecordReceipt) -> None:
    if not (command.paid_by or command.operator or command.number):
        return
    if command.number and db.session.scalar(
        select(ReceiptDetail.id).where(
            ReceiptDetail.operator == command.operator, ReceiptDetail.number == command.number
        )
    ):
        raise ReferenceUsed(field="number", number=command.number)
    db.session.add(
        ReceiptDetail(
            payment_id=payment.id,
            entry_id=entry.id,
            paid_by=command.paid_by,
            operator=command.operator,
            number=command.number or None,
        )
    )


def _say_what_is_odd(payment: Payment, entry: JournalEntry, command: RecordReceipt, amount: Money) -> None:
    """Put on the attention list what a person must decide; `amount` there is what is at stake."""

    def odd(kind: str, details: str, at_stake: Money | None = None) -> None:
        attend(kind, f"receipt:{entry.id}", payment_id=payment.id, details=details, amount=at_stake)

    if amount.currency != payment.currency:
        odd("wrong_currency", f"{amount} ≠ {payment.amount}", amount)
    elif payment.status is PaymentStatus.CANCELLED:
        odd("paid_after_cancellation", str(amount), amount)
    elif amount > payment.amount:
        odd("over_paid", f"{amount} > {payment.amount}", amount - payment.amount)
    elif amount < payment.amount:
        odd("under_paid", f"{amount} < {payment.amount}", payment.amount - amount)
    if command.paid_by and command.paid_by.casefold() != payment.payer_name.casefold():
        odd("paid_by_other", f"{command.paid_by} ≠ {payment.payer_name}")


def _keep_as_credit(payment: Payment, entry: JournalEntry, amount: Money) -> None:
    db.session.add(
        Placement(kind=PlacementKind.CREDIT, payment_id=payment.id, amount=amount, entry_id=entry.id)
    )


def approve_receipt(payment: Payment, *, by: User) -> Payment:
    """Post what somebody else recorded. Raises `SamePerson`, `AlreadySettled`, `PeriodClosed`."""
    hold(payment)
    if payment.status is not PaymentStatus.RECORDED or payment.entry is None:
        raise AlreadySettled
    entry = ledger.post(payment.entry, by=by)
    settled(payment, entry, by=by)
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
    lost = _brought(payment, payment.entry)
    gone(payment, Gone.TAKEN_BACK, f"return:{mirror.id}", lost, details=mirror.narration)
    return payment


def gone(payment: Payment, why: Gone, key: str, lost: Money, *, details: str) -> None:
    """Money of a settled payment is gone again: its purpose asks for it again, or a person decides.

    Either way it is on the attention list, by `key` once; a payment of which all went counts as returned.
    """
    if lost >= payment.amount:
        payment.status = PaymentStatus.RETURNED
    asks = ASKS_AGAIN.get(payment.purpose)
    if asks is not None and asks(payment, lost, why):
        attend("owed_again", asked_again_key(payment), payment_id=payment.id, details=details, amount=lost)
    else:
        attend(why, key, payment_id=payment.id, details=details, amount=lost)


def asked_again_key(payment: Payment) -> str:
    """The end of the key under which it stands on the attention list that a payment is asked for again."""
    return f"asked-again:{payment.id}"


def _brought(payment: Payment, entry: JournalEntry) -> Money:
    """What an entry brought the payment's fund as its income."""
    return -Money.total(
        (
            one.amount
            for one in entry.postings
            if (one.fund_id, one.account.code) == (payment.fund_id, payment.income_code)
        ),
        payment.currency,
    )


def cancel(payment: Payment, *, by: Actor) -> Payment:
    """No longer ask for it. Money that arrives all the same will be recorded and shown for attention."""
    if payment.status is PaymentStatus.REQUESTED:
        payment.status = PaymentStatus.CANCELLED
        audit.record("payment.cancel", payment, by=by)
    return payment


def settle_from_fund(
    payment: Payment, source_fund_id: int, on: date, *, by: User, category: str = ""
) -> Payment:
    """Record that another fund of the house pays what was asked (a fee paid by the delegation's money).

    The draft moves the amount out of `source_fund_id` and into the payment's fund as income; somebody else
    approves it with `approve_receipt`. `category` is the budget line it is spent on. Raises `AlreadySettled`.
    """
    amount = payment.amount
    return record_receipt(
        payment,
        RecordReceipt(received_on=on, method=PaymentMethod.INTERNAL),
        by=by,
        paid_with=[
            Leg(chart.GATHERING, source_fund_id, amount, category, payment.reference),
            Leg(chart.BANK, source_fund_id, -amount),
            Leg(chart.BANK, payment.fund_id, amount),
        ],
    )


def settled(payment: Payment, entry: JournalEntry, *, by: Actor) -> None:
    """The payment has its posted entry: what follows from its purpose happens now."""
    payment.entry_id = entry.id
    payment.status = PaymentStatus.SETTLED
    payment.settled_at = now()
    audit.record("payment.settle", payment, by=by, amount=str(payment.amount))
    SETTLED[payment.purpose](payment)
