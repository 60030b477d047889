"""Pages of the card network to pay on, or to leave a card on; our row of each comes first."""

from sqlalchemy import select

from shared.clock import now
from shared.database import db, transaction
from shared.errors import NotFound
from treasury.cards.books import settle_checkout
from treasury.cards.gateway_errors import KeyUsedOtherwise
from treasury.cards.gateway_values import Checkout, CheckoutState, CheckoutStatus, PaymentGateway
from treasury.cards.models import CheckoutPage
from treasury.models import Payment, PaymentMethod, PaymentStatus
from treasury.payments import AlreadySettled


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
        checkout = _page_to_pay_on(gateway, payment_id, attempt, **where)
    except KeyUsedOtherwise:
        if known:
            _unless_paid(gateway.expire_checkout(known))
        attempt += 1
        checkout = _page_to_pay_on(gateway, payment_id, attempt, **where)
    with transaction():
        payment = db.session.get_one(Payment, payment_id, with_for_update=True)
        if payment.status is not PaymentStatus.REQUESTED:
            raise AlreadySettled
        payment.checkout_id, payment.attempt, payment.method = checkout.id, attempt, PaymentMethod.CARD
        opened(_key(payment, attempt), checkout.id)
    return checkout.url


def _key(payment: Payment, attempt: int) -> str:
    return f"payment-{payment.reference}-{attempt}"


def _page_to_pay_on(
    gateway: PaymentGateway, payment_id: int, attempt: int, *, success_url: str, cancel_url: str, locale: str
) -> Checkout:
    with transaction():
        announce_page(_key(db.session.get_one(Payment, payment_id), attempt), payment_id=payment_id)
    payment = db.session.get_one(Payment, payment_id)
    return gateway.create_checkout(
        amount=payment.amount,
        reference=payment.reference,
        description=payment.description,
        payer_email=payment.payer_email or None,
        locale=locale,
        success_url=success_url,
        cancel_url=cancel_url,
        idempotency_key=_key(payment, attempt),
        metadata={"purpose": payment.purpose},
    )


def _unless_paid(state: CheckoutState) -> CheckoutState:
    """`state`, unless it is paid: then it is settled. Raises `AlreadySettled`."""
    if not state.paid:
        return state
    with transaction():
        settle_checkout(state)
        close_page(state.id)
    raise AlreadySettled


def announce_page(key: str, *, payment_id: int | None = None, saved_card_id: int | None = None) -> None:
    """Write down that a page will be asked for, with the key it is asked with; again changes nothing."""
    if not db.session.scalar(select(CheckoutPage.id).where(CheckoutPage.key == key).with_for_update()):
        db.session.add(CheckoutPage(key=key, payment_id=payment_id, saved_card_id=saved_card_id))
        db.session.flush()


def opened(key: str, object_id: str) -> None:
    """Write down the network's number of the page that was asked for."""
    page = db.session.scalars(select(CheckoutPage).where(CheckoutPage.key == key)).one()
    page.object_id = object_id


def close_page(object_id: str) -> None:
    """Nothing more will happen on this page."""
    page = db.session.scalar(select(CheckoutPage).where(CheckoutPage.object_id == object_id))
    if page is not None and page.closed_at is None:
        page.closed_at = now()
