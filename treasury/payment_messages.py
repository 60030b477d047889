"""What a payer is told by e-mail about money: that some of it is still due, that it was given back."""

from collections.abc import Sequence

from flask_babel import force_locale

from outbox import mail
from outbox.rendering import render
from shared.i18n import _
from shared.money import Money, format_money
from treasury.bank_details import bank_details
from treasury.models import Payment
from treasury.paper.payment_papers import MadeOutTo, payer_of


def tell_still_due(payment: Payment) -> bool:
    """Tell the payer how to pay what is missing; False when nobody knows where to write."""
    to = payer_of(payment)
    with force_locale(to.locale):
        amount = format_money(payment.amount, to.locale)
        lines = [
            _("%(name)s,", name=to.name),
            _("%(amount)s is still to be paid for: %(what)s.", amount=amount, what=payment.description),
            _("Write this reference in the transfer: %(reference)s.", reference=payment.reference),
            *bank_details(),
            _("If you have paid it meanwhile, thank you: there is nothing to do."),
        ]
        subject = _("%(amount)s still to be paid", amount=amount)
        return _send(to, subject, lines, key=f"still-due-{payment.id}")


def tell_given_back(payment: Payment, amount: Money, refund_id: int, *, to_card: bool) -> bool:
    """Tell the payer that money goes back to them, and where; False when nobody knows where to write."""
    to = payer_of(payment)
    with force_locale(to.locale):
        shown = format_money(amount, to.locale)
        lines = [
            _("%(name)s,", name=to.name),
            _("we give %(amount)s back to you of: %(what)s.", amount=shown, what=payment.description),
            _("It goes back to the card it came from; banks take five to ten days to show it.")
            if to_card
            else _("It leaves by the way we agreed on with you: transfer, cheque, cash or mobile money."),
        ]
        subject = _("%(amount)s given back to you", amount=shown)
        return _send(to, subject, lines, key=f"given-back-{refund_id}")


def _send(to: MadeOutTo, subject: str, lines: Sequence[str], *, key: str) -> bool:
    if not to.email:
        return False
    told = {"subject": subject, "lines": lines, "action": "", "link": ""}
    mail.send(
        to.email,
        subject,
        render("emails/message.txt", **told),
        render("emails/message.html", **told),
        key=key,
    )
    return True
