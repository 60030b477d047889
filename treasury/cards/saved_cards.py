"""Cards their holders let us charge on agreed dates: left on the network's page, charged, taken off."""

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import select

from shared import audit
from shared.audit import Actor, System
from shared.clock import now
from shared.database import db, hold, transaction
from treasury.cards.books import book_charge
from treasury.cards.checkouts import announce_page, close_page, opened
from treasury.cards.gateway_errors import PaymentDeclined
from treasury.cards.models import AttemptStatus, CardAttempt, CardStatus, CheckoutPage, SavedCard
from treasury.cards.values import CardNetwork, KeptCard
from treasury.models import Payment, PaymentStatus

CARD_KEPT: dict[str, Callable[[SavedCard], None]] = {}
"""What follows when a card of a purpose is kept; filled in `app.py`, run inside the transaction."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskCard:
    """Whose card is asked for, for which subject, and the sentence its holder agrees to."""

    purpose: str
    subject_id: int
    reference: str
    currency: str
    payer_name: str
    payer_email: str
    consent: str


def card_of(purpose: str, subject_id: int) -> SavedCard | None:
    """The card that is charged for this subject, or that has failed and is not replaced yet."""
    return db.session.scalar(
        select(SavedCard).where(
            SavedCard.purpose == purpose,
            SavedCard.subject_id == subject_id,
            SavedCard.status.in_((CardStatus.ACTIVE, CardStatus.FAILING)),
        )
    )


def ask_card(
    command: AskCard, gateway: CardNetwork, *, success_url: str, cancel_url: str, locale: str
) -> str:
    """The address of a page to leave a card on. Opens and ends its own transactions around the network."""
    with transaction():
        card = SavedCard(
            purpose=command.purpose,
            subject_id=command.subject_id,
            reference=command.reference,
            consent=command.consent,
        )
        db.session.add(card)
        db.session.flush()
        card_id, key = card.id, f"card-{command.reference}-{card.id}"
        announce_page(key, saved_card_id=card_id)
    page = gateway.create_setup(
        currency=command.currency,
        reference=command.reference,
        payer_name=command.payer_name,
        payer_email=command.payer_email,
        locale=locale,
        success_url=success_url,
        cancel_url=cancel_url,
        idempotency_key=key,
    )
    with transaction():
        opened(key, page.id)
        db.session.get_one(SavedCard, card_id).customer_id = page.customer
    return page.url


def card_page(object_id: str) -> SavedCard | None:
    """The card that is asked for on a page of the network."""
    return db.session.scalar(
        select(SavedCard)
        .join(CheckoutPage, CheckoutPage.saved_card_id == SavedCard.id)
        .where(CheckoutPage.object_id == object_id)
    )


def look_at_page(object_id: str, gateway: CardNetwork) -> SavedCard | None:
    """Ask the network whether a card was left on the page, and keep it if so; again changes nothing."""
    kept = gateway.fetch_kept_card(object_id)
    if kept is None:
        return None
    with transaction():
        card = card_page(object_id)
        return keep_card(card, kept, object_id) if card else None


def keep_card(card: SavedCard, kept: KeptCard, page: str) -> SavedCard:
    """The holder left their card: it takes the place of the one before, and what follows is planned."""
    hold(card)
    if card.status is not CardStatus.ASKED:
        return card
    before = card_of(card.purpose, card.subject_id)
    if before is not None:
        before.status, before.removed_at = CardStatus.REMOVED, now()
        db.session.flush()
    card.customer_id, card.method_id = kept.customer, kept.method
    card.brand, card.last4, card.expires = kept.brand, kept.last4, kept.expires
    card.status, card.kept_at = CardStatus.ACTIVE, now()
    close_page(page)
    audit.record("card.keep", card, by=System("stripe"), whose=f"{card.purpose}:{card.subject_id}")
    CARD_KEPT[card.purpose](card)
    return card


def remove_card(card: SavedCard, *, by: Actor) -> None:
    """Charge it no more. The network is told afterwards (`gateway.forget_card`)."""
    hold(card)
    if card.status is not CardStatus.REMOVED:
        card.status, card.removed_at = CardStatus.REMOVED, now()
        audit.record("card.remove", card, by=by)


def charge_card(payment_id: int, card_id: int, number: int, gateway: CardNetwork) -> CardAttempt:
    """Try to charge a kept card for a payment, as try `number`. Opens and ends its own transactions.

    The try is written down first. Asked again after a crash, the network is first asked whether it was paid:
    it forgets our key after a day, we never do. Raises `GatewayUnavailable` when it does not answer.
    """
    with transaction():
        attempt, fresh = _attempt(payment_id, card_id, number)
        attempt_id, status = attempt.id, attempt.status
    if status is AttemptStatus.SENT:
        intent, reason = _charge(attempt_id, gateway, fresh=fresh)
        state = gateway.fetch_intent_charge(intent) if intent else None
        with transaction():
            attempt = db.session.get_one(CardAttempt, attempt_id, with_for_update=True)
            if state is not None:
                book_charge(state)
            attempt.status = AttemptStatus.DECLINED if reason else AttemptStatus.PAID
            attempt.reason = reason
            audit.record(f"card.{attempt.status.value}", attempt, by=System("stripe"), reason=reason)
    return db.session.get_one(CardAttempt, attempt_id)


def _attempt(payment_id: int, card_id: int, number: int) -> tuple[CardAttempt, bool]:
    payment = db.session.get_one(Payment, payment_id, with_for_update=True)
    key = f"charge-{payment.reference}-{number}"
    found = db.session.scalar(select(CardAttempt).where(CardAttempt.key == key))
    if found is not None:
        return found, False
    made = CardAttempt(key=key, payment_id=payment_id, saved_card_id=card_id, number=number)
    if payment.status is not PaymentStatus.REQUESTED:  # paid otherwise meanwhile: nothing is to be taken
        made.status = AttemptStatus.PAID
    db.session.add(made)
    db.session.flush()
    return made, True


def _charge(attempt_id: int, gateway: CardNetwork, *, fresh: bool) -> tuple[str | None, str]:
    """The paid intent, or the reason why there is none; neither when it was paid otherwise meanwhile."""
    attempt = db.session.get_one(CardAttempt, attempt_id)
    payment, card = attempt.payment, attempt.card
    told = {"reference": payment.reference, "attempt": str(attempt.number)}
    if not fresh:
        paid = gateway.paid_intent(card.customer_id, payment.reference, told["attempt"])
        if paid or payment.status is not PaymentStatus.REQUESTED:  # paid otherwise since: nothing is taken
            return paid, ""
    try:
        intent = gateway.charge_kept_card(
            customer=card.customer_id,
            method=card.method_id,
            amount=payment.amount,
            description=payment.description,
            idempotency_key=attempt.key,
            metadata=told,
        )
    except PaymentDeclined as declined:
        return None, str(declined.details.get("reason") or "card_declined")
    return intent, ""
