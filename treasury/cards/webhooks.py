"""Where the payment network tells that something happened. It only tells us to look; then we look."""

from flask import Blueprint, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.exceptions import RequestEntityTooLarge

from shared.database import db
from shared.web import csrf, public
from treasury.cards.gateway_errors import UnknownToGateway
from treasury.cards.gateway_values import GatewayEvent as SignedEvent
from treasury.cards.values import CardNetwork
from treasury.cards.watch import look
from treasury.models import GatewayEvent

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
    gateway: CardNetwork = current_app.extensions["teranga.gateway"]
    event = gateway.verify_event(request.get_data(), request.headers.get("Stripe-Signature"))
    if _known(event):
        return jsonify(outcome="known")
    try:
        return jsonify(outcome=_look_once_more(event, gateway))
    except UnknownToGateway:
        return jsonify(outcome="ignored")


def _known(event: SignedEvent) -> bool:
    return db.session.scalar(select(GatewayEvent.id).where(GatewayEvent.event_id == event.id)) is not None


def _look_once_more(event: SignedEvent, gateway: CardNetwork) -> str:
    """Look; where another message wrote the same thing at the same moment, look again at what is left."""

    def noted() -> None:
        db.session.add(GatewayEvent(event_id=event.id, kind=event.type, object_id=event.object_id))
        db.session.flush()

    try:
        return look(event.object_kind, event.object_id, gateway, noted)
    except IntegrityError:
        db.session.rollback()
        return "known" if _known(event) else look(event.object_kind, event.object_id, gateway, noted)
