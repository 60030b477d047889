"""Papers about payments: a receipt or an acknowledgement of what came, an invoice of what is asked, a credit.

A deposit for one's own delegates is acknowledged: it is no gift, and never an official donation receipt.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Select, func, select

from network.models import Organisation
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import DEFAULT_LOCALE, LOCALES, _l
from shared.money import Money
from treasury import chart
from treasury.models import Payment, PaymentMethod, PaymentStatus
from treasury.paper import papers
from treasury.paper.models import Paper, PaperKind
from treasury.paper.papers import Content
from treasury.paper.printing import as_fact
from treasury.placing import left_of, left_of_each

AT_ONCE = 200
"""Papers that are issued and sent together, so that nobody waits long for the page."""

_OWED = (PaymentStatus.REQUESTED, PaymentStatus.RECORDED, PaymentStatus.SETTLED)


class NothingReceived(DomainError):
    """What did not arrive, or was taken back, is not receipted."""

    code = "nothing_received"
    message = _l("Nothing was received for this payment: there is nothing to acknowledge.")


class NothingOwed(DomainError):
    """What is cancelled is not invoiced."""

    code = "nothing_owed"
    message = _l("This payment is not asked for any more: there is nothing to invoice.")


class OnlyInvoices(DomainError):
    """A credit note corrects an invoice that holds."""

    code = "only_invoices"
    message = _l("A credit note corrects an invoice that holds.")


class BadCredit(DomainError):
    """A credit is above zero, within what the invoice still asks, and says why."""

    code = "bad_credit"
    status = 422
    message = _l("Give an amount above zero, up to %(most)s, and say why.")


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOutTo:
    """To whom a paper is made out, where they live, and the language they read."""

    name: str
    address: str = ""
    email: str = ""
    locale: str = DEFAULT_LOCALE


def payer_of(payment: Payment) -> MadeOutTo:
    """What is known of a payment's payer."""
    organisation = db.session.get(Organisation, payment.payer_id) if payment.payer_id else None
    locale = organisation.locale if organisation else DEFAULT_LOCALE
    return MadeOutTo(
        name=payment.payer_name or (organisation.name if organisation else ""),
        email=payment.payer_email or (organisation.email if organisation else ""),
        locale=locale if locale in LOCALES else DEFAULT_LOCALE,
    )


def acknowledgement_kind(payment: Payment) -> PaperKind:
    """A deposit into a savings plan is acknowledged as what it is; anything else is a payment."""
    return PaperKind.DEPOSIT if payment.income_code == chart.SAVINGS else PaperKind.RECEIPT


def acknowledge(payment: Payment, to: MadeOutTo, *, by: Actor) -> Paper:
    """Issue the receipt of what is kept of a payment, or the acknowledgement of a deposit.

    Raises `NothingReceived`, `NoHolder`, `AlreadyIssued`.
    """
    kept = left_of(payment)
    if payment.status is not PaymentStatus.SETTLED or kept.minor <= 0:
        raise NothingReceived
    return papers.issue(_content(payment, acknowledgement_kind(payment), to, kept), by=by)


def _unacknowledged() -> Select[Payment]:
    """Payments that came and have no receipt; gifts have official ones."""
    living = select(Paper.payment_id).where(
        Paper.kind.in_((PaperKind.RECEIPT, PaperKind.DEPOSIT)), Paper.voided_at.is_(None)
    )
    return select(Payment).where(
        Payment.status == PaymentStatus.SETTLED,
        Payment.method != PaymentMethod.INTERNAL,
        Payment.purpose != "gift",
        Payment.id.not_in(living),
    )


def missing() -> Sequence[Payment]:
    """The payments that came, are kept and have no receipt yet, the oldest `AT_ONCE`."""
    waiting = db.session.scalars(_unacknowledged().order_by(Payment.id).limit(AT_ONCE)).all()
    left = left_of_each(waiting)
    return [one for one in waiting if left[one.id].minor > 0]


def count_missing() -> int:
    """How many there are; beyond `AT_ONCE`, what of them was given back whole is counted too."""
    found = len(missing())
    chosen = _unacknowledged().with_only_columns(func.count())
    return found if found < AT_ONCE else db.session.scalar(chosen) or 0


def acknowledge_all(*, by: Actor) -> int:
    """Acknowledge what `missing` finds and send each paper to its payer; how many were.

    Raises `NoHolder`.
    """
    waiting = missing()
    for payment in waiting:
        paper = acknowledge(payment, payer_of(payment), by=by)
        if paper.email:
            papers.send(paper, by=by)
    return len(waiting)


def invoice(payment: Payment, to: MadeOutTo, *, by: Actor) -> Paper:
    """Issue the invoice of what is asked for. Raises `NothingOwed`, `NoHolder`, `AlreadyIssued`."""
    if payment.status not in _OWED:
        raise NothingOwed
    return papers.issue(_content(payment, PaperKind.INVOICE, to, payment.amount), by=by)


def _content(payment: Payment, kind: PaperKind, to: MadeOutTo, amount: Money) -> Content:
    entity = papers.holder_of(payment.fund)
    entry = payment.entry
    received = kind is not PaperKind.INVOICE and payment.received_on
    return Content(
        kind=kind,
        entity_id=entity.id,
        locale=to.locale,
        addressee=to.name.strip(),
        email=to.email.strip(),
        amount=amount,
        template="paper_1",
        facts={
            "holder": papers.holder_facts(entity),
            "address": to.address.strip(),
            "description": payment.description,
            "lines": [{"label": payment.description, "amount": as_fact(amount)}],
            "reference": payment.reference,
            "method": payment.method.value if received else "",
            "received_on": payment.received_on.isoformat() if received and payment.received_on else "",
            "entry": entry.number if received and entry else None,
        },
        payment_id=payment.id,
    )


def credit(invoice: Paper, amount: Money, reason: str, *, by: Actor) -> Paper:
    """Issue a credit note: the invoice asks for that much less. Raises `OnlyInvoices`, `BadCredit`."""
    hold(invoice)
    if invoice.kind is not PaperKind.INVOICE or invoice.voided_at is not None:
        raise OnlyInvoices
    most = still_asked(invoice)
    if not reason.strip() or not Money.zero(most.currency) < amount <= most:
        raise BadCredit(field="amount", most=most)
    entity = papers.holder_of(invoice.payment.fund) if invoice.payment else invoice.entity
    return papers.issue(
        Content(
            kind=PaperKind.CREDIT_NOTE,
            entity_id=invoice.entity_id,
            locale=invoice.locale,
            addressee=invoice.addressee,
            email=invoice.email,
            amount=amount,
            template="paper_1",
            facts={
                **invoice.facts,
                "holder": papers.holder_facts(entity),
                "description": reason.strip(),
                "lines": [{"label": reason.strip(), "amount": as_fact(amount)}],
                "corrects": invoice.serial,
            },
            payment_id=invoice.payment_id,
            corrects_id=invoice.id,
        ),
        by=by,
    )


def still_asked(invoice: Paper) -> Money:
    """What an invoice asks for, its credit notes taken off."""
    credited = Money.total((one.amount for one in papers.credit_notes(invoice)), invoice.currency)
    return invoice.amount - credited
