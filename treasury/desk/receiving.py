"""Money for a payment, recorded where it goes: a cheque in hand, notes in the open box, the rest as said."""

from access.models import User
from shared.clock import today
from treasury import chart, payments
from treasury.desk import cash, cheques
from treasury.desk.cash import TakeCash
from treasury.desk.models import CashSession
from treasury.models import Payment
from treasury.payments import RecordReceipt


def receive(payment: Payment, command: RecordReceipt, *, by: User) -> CashSession | None:
    """Record a receipt; the box that its notes went into, if they did.

    Notes that came today go into the box that is open in their currency, where there is just one. Raises what
    `payments.record_receipt` raises.
    """
    if command.account_code == chart.CHEQUES:
        cheques.receive_cheque(payment, command, by=by)
        return None
    amount = payment.amount if command.amount is None else command.amount
    at_hand = command.account_code == chart.CASH and command.received_on == today()
    box = cash.only_open_box(amount.currency) if at_hand else None
    if box is None or amount.currency != payment.currency:
        payments.record_receipt(payment, command, by=by)
        return None
    taken = TakeCash(
        on=command.received_on, amount=amount, paid_by=command.paid_by, narration=command.narration
    )
    cash.take_payment(box, payment, taken, by=by)
    return box
