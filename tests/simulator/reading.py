"""What the tests of the loopback Stripe share: a session's intent and booking, messages by their type."""

import stripe

from tests.simulator.fixtures import (
    SECRET,
    SimulatedStripe,
)

BOOKED = {"expand": ["payment_intent.latest_charge.balance_transaction"]}


def intent_of(running: SimulatedStripe, session_id: str) -> stripe.PaymentIntent:
    found = running.client.v1.checkout.sessions.retrieve(
        session_id, {"expand": BOOKED["expand"]}
    ).payment_intent
    assert isinstance(found, stripe.PaymentIntent)
    return found


def booking_of(running: SimulatedStripe, session_id: str) -> stripe.BalanceTransaction:
    charge = intent_of(running, session_id).latest_charge
    assert isinstance(charge, stripe.Charge)
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    return charge.balance_transaction


def types_of(received: list[tuple[bytes, str]]) -> list[str]:
    return [stripe.Webhook.construct_event(body, signed, SECRET).type for body, signed in received]


PAID = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]
