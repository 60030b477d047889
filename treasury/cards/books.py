"""The card network's account in the books: charge, fee, refund, dispute and payout, each posted once.

Every entry carries the network's own number of what it comes from as its key, and follows only from how the
object stands when it is re-read. So messages may come twice, late and in any order: the books end the same.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from flask_babel import force_locale
from sqlalchemy import select

from shared.audit import System
from shared.clock import now, today
from shared.database import db
from shared.i18n import DEFAULT_LOCALE, LazyString, _l
from shared.money import Money
from treasury import chart, ledger, payment_messages
from treasury.attention import attend, settle_attention
from treasury.books.exchange import Conversion, convert
from treasury.cards.gateway_values import CheckoutState, RefundState
from treasury.cards.models import Dispute, Refund, RefundStatus
from treasury.cards.values import ChargeState, DisputeState
from treasury.ledger import Leg
from treasury.models import JournalEntry, Payment, PaymentMethod, PaymentStatus, Period
from treasury.payments import Gone, gone, settled

_STRIPE = System("stripe")

_DISPUTED = _l("%(what)s: disputed by the card’s holder")
_DISPUTE_WON = _l("%(what)s: the dispute is won")
_DISPUTE_LOST = _l("%(what)s: the dispute is lost")
_FEE = _l("%(what)s: fee of the card network")
_GIVEN_BACK_THERE = _l("given back at the card network itself")


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidCharge:
    """What is known of a charge that was paid.

    `fee` and `settled` (what it brought before the fee) are in the currency in which the network settles, and
    known once it has booked the charge.
    """

    charge: str
    amount: Money
    reference: str | None
    fee: Money | None
    settled: Money | None
    checkout: str | None = None


def settle_checkout(state: CheckoutState) -> Payment | None:
    """Turn a paid checkout, as just re-read from the network, into its one entry; None when it is not ours.

    Any number of times, in any order: one entry, and one for the network's fee if it became known later.
    Money for a payment that was cancelled or settled otherwise is recorded all the same, and put on the
    attention list. So is less than was asked, which settles nothing.
    """
    payment = db.session.scalar(
        select(Payment).where(Payment.checkout_id == state.id).with_for_update()
    ) or _by_reference(state.reference)
    if payment is not None and state.paid and state.charge:
        _settle(
            payment,
            PaidCharge(
                charge=state.charge,
                amount=state.amount,
                reference=state.reference,
                fee=state.fee,
                settled=state.settled,
                checkout=state.id,
            ),
        )
    return payment


def book_charge(state: ChargeState) -> Payment | None:
    """Bring into the books all that a charge led to, as just re-read; None when it is not ours."""
    payment = _by_reference(state.reference)
    if payment is None or not state.paid:
        return payment
    _settle(
        payment,
        PaidCharge(
            charge=state.id,
            amount=state.amount,
            reference=state.reference,
            fee=state.booked.fee if state.booked else None,
            settled=state.booked.amount if state.booked else None,
        ),
    )
    for refund in state.refunds:
        _book_refund(payment, state.id, refund)
    for dispute in state.disputes:
        _book_dispute(payment, state.id, dispute)
    return payment


def _by_reference(reference: str | None) -> Payment | None:
    if reference is None:
        return None
    return db.session.scalar(select(Payment).where(Payment.reference == reference).with_for_update())


def _settle(payment: Payment, paid: PaidCharge) -> None:
    booked = posted(f"charge:{paid.charge}")
    if booked is not None:  # the payment's own charge, or a second one that was told again
        _post_settlement(payment, booked, paid)
        return
    first = payment.status in (PaymentStatus.REQUESTED, PaymentStatus.CANCELLED) and payment.entry_id is None
    entry = _post_charge(payment, paid)
    _post_settlement(payment, entry, paid)
    key = f"charge:{paid.charge}"
    if not first:
        attend("paid_twice", key, payment_id=payment.id, details=str(paid.amount), amount=paid.amount)
        return
    if paid.amount != payment.amount:
        details = f"{paid.amount} ≠ {payment.amount}"
        attend("other_amount", key, payment_id=payment.id, details=details)
    if paid.amount.currency != payment.currency or paid.amount < payment.amount:
        return  # less settles nothing: a reference may be typed on another page of the same account
    was_cancelled = payment.status is PaymentStatus.CANCELLED
    payment.charge_id, payment.checkout_id = paid.charge, paid.checkout or payment.checkout_id
    payment.method = PaymentMethod.CARD
    payment.received_on = entry.dated_on
    settled(payment, entry, by=_STRIPE)
    if was_cancelled:
        details = str(paid.amount)
        attend("paid_after_cancellation", key, payment_id=payment.id, details=details, amount=paid.amount)


def _post_charge(payment: Payment, paid: PaidCharge) -> JournalEntry:
    fund, gross = payment.fund_id, paid.amount
    legs = [Leg(chart.STRIPE, fund, gross), Leg(payment.income_code, fund, -gross, memo=payment.reference)]
    if paid.fee and paid.fee.currency == gross.currency:
        legs += [Leg(chart.BANK_FEES, fund, paid.fee), Leg(chart.STRIPE, fund, -paid.fee)]
    return _post(payment, payment.description, legs, f"charge:{paid.charge}")


def _post_settlement(payment: Payment, charged: JournalEntry, paid: PaidCharge) -> None:
    """What the network settled in a currency of its own, and the fee unless it came with the charge; once."""
    if paid.settled and paid.settled.currency != paid.amount.currency:
        _exchange(payment, paid.amount, paid.settled, paid.charge, f"settled:{paid.charge}")
    key = f"fee:{paid.charge}"
    if not paid.fee:
        return
    if any(one.account.code == chart.BANK_FEES for one in charged.postings) or posted(key):
        return
    fund, fee = payment.fund_id, paid.fee
    legs = [Leg(chart.BANK_FEES, fund, fee), Leg(chart.STRIPE, fund, -fee, memo=payment.reference)]
    _post(payment, _of(payment, _FEE), legs, key)


def in_house(words: LazyString, **told: str) -> str:
    """A narration in the language of the house, in which its books are kept."""
    with force_locale(DEFAULT_LOCALE):
        return str(words) % told


def _of(payment: Payment, words: LazyString) -> str:
    """A narration about a payment."""
    return in_house(words, what=payment.description[:150])


def _book_refund(payment: Payment, charge: str, state: RefundState) -> None:
    """A refund once it left the balance; and its way back, when the payer's bank would not have it."""
    if state.balance_transaction is None and not state.failed:
        return  # pending at the network: it tells when it leaves
    refund = _our_refund(payment, charge, state)
    fund, amount, income = payment.fund_id, state.amount, payment.income_code
    out = [Leg(income, fund, amount, memo=payment.reference), Leg(chart.STRIPE, fund, -amount)]
    if state.balance_transaction is not None:
        if state.taken and state.taken.currency != amount.currency:
            _exchange(payment, state.taken, amount, state.id, f"refund-settled:{state.id}")
        entry = _once(payment, f"{payment.description} – {refund.reason}", out, f"refund:{state.id}")
        refund.entry_id = refund.entry_id or entry.id
    if state.failed:
        if state.balance_transaction is not None:
            back = [Leg(one.account, one.fund_id, -one.amount, memo=one.memo) for one in out]
            _once(payment, f"{payment.description} – {refund.reason}", back, f"refund-failed:{state.id}")
            if state.taken and state.taken.currency != amount.currency:
                _exchange(payment, amount, state.taken, state.id, f"refund-failed-settled:{state.id}")
        attend(
            "refund_failed",
            f"refund:{state.id}",
            payment_id=payment.id,
            details=str(amount),
            amount=amount,
        )
    if refund.done_at is None and not state.failed:
        payment_messages.tell_given_back(payment, amount, refund.id, to_card=True)
    refund.status = RefundStatus.FAILED if state.failed else RefundStatus.DONE
    refund.done_at = refund.done_at or now()
    if refund.attention_id and not state.failed:
        settle_attention(refund.attention_id, refund.reason, by=_STRIPE)


def _our_refund(payment: Payment, charge: str, state: RefundState) -> Refund:
    """The row of a refund: asked for here, or made at the network itself, which somebody should know."""
    found = db.session.scalar(select(Refund).where(Refund.object_id == state.id).with_for_update())
    if found is None and state.ours:
        found = db.session.get(Refund, int(state.ours), with_for_update=True)
    if found is None:
        found = Refund(
            payment_id=payment.id,
            amount=state.amount,
            reason=in_house(_GIVEN_BACK_THERE),
            status=RefundStatus.DONE,
            charge_id=charge,
        )
        db.session.add(found)
        attend("refund_elsewhere", f"refund:{state.id}", payment_id=payment.id, details=str(state.amount))
    found.object_id = state.id
    db.session.flush()
    return found


def _book_dispute(payment: Payment, charge: str, state: DisputeState) -> None:
    """What a dispute takes from the balance is held apart until it is decided; lost, it is income no more."""
    row = db.session.scalar(select(Dispute).where(Dispute.object_id == state.id))
    if row is None:
        row = Dispute(
            object_id=state.id,
            payment_id=payment.id,
            amount=state.amount,
            status=state.status,
            reason=state.reason,
        )
        db.session.add(row)
    row.status, row.answer_by = state.status, state.due_by
    fund = payment.fund_id
    held = -Money.total(
        (move.amount for move in state.moves),
        state.moves[0].amount.currency if state.moves else payment.currency,
    )
    for move in state.moves:
        legs = [Leg(chart.DISPUTED, fund, -move.amount), Leg(chart.STRIPE, fund, move.amount)]
        if move.fee:
            legs += [Leg(chart.BANK_FEES, fund, move.fee), Leg(chart.STRIPE, fund, -move.fee)]
        words = _DISPUTED if move.amount.minor < 0 else _DISPUTE_WON
        _once(payment, _of(payment, words), legs, f"dispute:{move.id}")
    if state.lost and held:
        lost = held
        if held.currency != state.amount.currency:  # given up in the currency in which it came in
            lost = state.amount
            key = f"dispute-settled:{state.id}"
            _exchange(payment, held, lost, state.id, key, account=chart.DISPUTED)
        legs = [
            Leg(payment.income_code, fund, lost, memo=payment.reference),
            Leg(chart.DISPUTED, fund, -lost),
        ]
        key = f"dispute-lost:{state.id}"
        if posted(key) is None:
            _post(payment, _of(payment, _DISPUTE_LOST), legs, key)
            _tell_lost(payment, charge, state.id, lost)
    opened = attend("dispute_opened", state.id, payment_id=payment.id, details=str(state.amount))
    if state.closed:
        settle_attention(opened.id, state.status, by=_STRIPE)


def _tell_lost(payment: Payment, charge: str, dispute: str, lost: Money) -> None:
    """What settled the payment is gone again; or only what came besides (a second charge)."""
    if charge == payment.charge_id:
        gone(payment, Gone.DISPUTE_LOST, dispute, lost, details=str(lost))
    else:
        attend(Gone.DISPUTE_LOST, dispute, payment_id=payment.id, details=str(lost), amount=lost)


def _exchange(
    payment: Payment, given: Money, received: Money, told_by: str, key: str, account: str = chart.STRIPE
) -> None:
    """The network changed money on our account there: at its rate, held against that of the day; once."""
    if posted(key) is not None:
        return
    conversion = Conversion(
        fund_id=payment.fund_id,
        given=given,
        received=received,
        dated_on=open_day(),
        narration=payment.description,
        slip=f"Stripe {told_by}",
        account_code=account,
        source=f"payment:{payment.id}",
        idempotency_key=key,
    )
    ledger.post(convert(conversion, by=_STRIPE), by=_STRIPE)


def open_day(day: date | None = None) -> date:
    """`day` (today), or the first day after it on which the books are open: a fact is never refused."""
    day = day or today()
    while True:
        ends = db.session.scalar(
            select(Period.ends_on).where(
                Period.starts_on <= day, Period.ends_on >= day, Period.status != "open"
            )
        )
        if ends is None:
            return day
        day = ends + timedelta(days=1)


def posted(key: str) -> JournalEntry | None:
    """The entry of this key."""
    return db.session.scalar(select(JournalEntry).where(JournalEntry.idempotency_key == key))


def _once(payment: Payment, narration: str, legs: Sequence[Leg], key: str) -> JournalEntry:
    return posted(key) or _post(payment, narration, legs, key)


def _post(payment: Payment, narration: str, legs: Sequence[Leg], key: str) -> JournalEntry:
    return ledger.post_now(open_day(), narration, legs, source=f"payment:{payment.id}", idempotency_key=key)
