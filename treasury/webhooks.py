"""Where the payment network tells that something happened. It only tells us to look; then we look."""

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import RequestEntityTooLarge

from shared.database import db, transaction
from shared.web import csrf, public
from treasury import payments
from treasury.gateway_errors import UnknownToGateway
from treasury.gateway_values import CheckoutState, PaymentGateway
from treasury.gateway_values import GatewayEvent as SignedEvent
from treasury.models import GatewayEvent, Payment

blueprint = Blueprint("stripe", __name__)
csrf.exempt(blueprint)

_LARGEST = 512 * 1024  # bytes; the network's messages are a few thousand


@blueprint.post("/webhooks/stripe")
@public
def receive() -> ResponseReturnValue:
    """Answer 200 once it is in the books, or is none of ours; anything else makes the network send again.

    400 when it is not signed, 503 when no secret is set or the network does not answer our question.
    """
    if (request.content_length or 0) > _LARGEST:
        raise RequestEntityTooLarge
    gateway: PaymentGateway = current_app.extensions["teranga.gateway"]
    event = gateway.verify_event(request.get_data(), request.headers.get("Stripe-Signature"))
    checkout = _checkout_of(event)
    if checkout is None:
        return jsonify(outcome="ignored")
    if db.session.scalar(select(GatewayEvent.id).where(GatewayEvent.event_id == event.id)):
        return jsonify(outcome="known")
    try:
        state = gateway.fetch_checkout(checkout)
    except UnknownToGateway:
        return jsonify(outcome="ignored")
    return jsonify(outcome=_take_into_account(event, state))


def _checkout_of(event: SignedEvent) -> str | None:
    """The checkout to look at: the one named, or the one whose charge is named (its fee was booked)."""
    if event.object_kind == "checkout.session":
        return event.object_id
    if event.object_kind == "charge":
        return db.session.scalar(select(Payment.checkout_id).where(Payment.charge_id == event.object_id))
    return None


def _take_into_account(event: SignedEvent, state: CheckoutState) -> str:
    try:
        with transaction():
            db.session.add(GatewayEvent(event_id=event.id, kind=event.type, object_id=event.object_id))
            db.session.flush()
            payment = payments.settle_checkout(state)
    except IntegrityError:
        if db.session.scalar(select(GatewayEvent.id).where(GatewayEvent.event_id == event.id)):
            return "known"  # the same message at the same moment: the other one did it
        raise
    return "foreign" if payment is None else "seen"
