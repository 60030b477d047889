"""The one place that speaks with the payment network (Stripe), through its official library.

What it says is a hint until re-read: a webhook only names an object, `fetch_checkout` tells how it stands.
Moments here are the real time, never the clock of a demonstration: Stripe stamps and expires by it.
"""

import json
import time
from collections.abc import Mapping
from datetime import datetime

import stripe
from stripe.params import RefundCreateParams
from stripe.params.checkout import SessionCreateParams

from shared.money import Money
from treasury.cards.gateway_cards import SavedCards
from treasury.cards.gateway_connection import expanded, moment, translating
from treasury.cards.gateway_errors import BadSignature, GatewayClosed, GatewayRefused
from treasury.cards.gateway_money import CardMoney, refund_state
from treasury.cards.gateway_values import (
    Checkout,
    CheckoutState,
    CheckoutStatus,
    GatewayEvent,
    RefundReason,
    RefundState,
)
from treasury.cards.stripe_amounts import from_stripe, to_stripe

TOLERANCE = 300  # seconds a webhook's stamp may lie in the past or in the future


class StripeGateway(SavedCards, CardMoney):
    """Stripe, or the loopback simulator when `api_base` is given.

    Every request raises `GatewayUnavailable` when Stripe does not answer, `GatewayClosed` when there is
    no key or Stripe does not know it, `PaymentDeclined`, `KeyUsedOtherwise`, `UnknownToGateway` or
    `GatewayRefused` when it says no.
    """

    def create_checkout(
        self,
        *,
        amount: Money,
        reference: str,
        description: str,
        payer_email: str | None,
        locale: str,
        success_url: str,
        cancel_url: str,
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> Checkout:
        """A page to pay `amount` on by card, in `locale` (fr, en), open for a day.

        ``{CHECKOUT_SESSION_ID}`` in `success_url` becomes the checkout's id. The same `idempotency_key` with
        the same arguments gives the same page again. Raises `NotChargeable`.
        """
        noted = {**metadata, "reference": reference}
        params: SessionCreateParams = {
            "mode": "payment",
            "line_items": [
                {
                    "quantity": 1,
                    "price_data": {
                        "currency": amount.currency.lower(),
                        "unit_amount": to_stripe(amount),
                        "product_data": {"name": description[:250]},
                    },
                }
            ],
            # Cards settle at once; a method that settles in days would leave the payer without an answer.
            "allowed_payment_method_types": ["card"],
            # Otherwise Stripe may let the payer choose another currency, and the amount would not be ours.
            "adaptive_pricing": {"enabled": False},
            "client_reference_id": reference,
            "locale": "fr" if locale.startswith("fr") else "en",
            "success_url": success_url,
            "cancel_url": cancel_url,
            "metadata": noted,
            "payment_intent_data": {"description": description[:250], "metadata": noted},
        }
        if payer_email:
            params["customer_email"] = payer_email
        with translating():
            made = self.client.v1.checkout.sessions.create(params, {"idempotency_key": idempotency_key})
        if made.url is None:
            raise GatewayRefused(reason="closed")
        return Checkout(id=made.id, url=made.url, expires_at=moment(made.expires_at))

    def fetch_checkout(self, checkout_id: str) -> CheckoutState:
        """How a checkout stands at Stripe now, with its charge and fee once they are booked."""
        path = "payment_intent.latest_charge.balance_transaction"
        with translating():
            return _checkout_state(self.client.v1.checkout.sessions.retrieve(checkout_id, {"expand": [path]}))

    def expire_checkout(self, checkout_id: str) -> CheckoutState:
        """Close the page of a checkout; one that is paid or closed already is returned as it stands."""
        with translating():
            try:
                self.client.v1.checkout.sessions.expire(checkout_id)
            except stripe.InvalidRequestError as refused:
                if refused.http_status == 404:
                    raise
        return self.fetch_checkout(checkout_id)

    def refund(
        self,
        *,
        amount: Money,
        reason: RefundReason,
        payment_intent: str = "",
        charge: str = "",
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> RefundState:
        """Give `amount` of a payment, or of a charge, back to its card. The same key refunds once."""
        params: RefundCreateParams = {
            "amount": to_stripe(amount),
            "reason": reason,
            "metadata": dict(metadata),
        }
        if charge:
            params["charge"] = charge
        else:
            params["payment_intent"] = payment_intent
        with translating():
            made = self.client.v1.refunds.create(params, {"idempotency_key": idempotency_key})
        return refund_state(made)

    def real_time(self) -> datetime:
        """The present moment as the network counts it, whatever the clock of a demonstration says."""
        return moment(int(time.time()))

    def verify_event(self, payload: bytes, signature: str | None) -> GatewayEvent:
        """Read a webhook. Its body is trusted only for naming an object.

        Raises `GatewayClosed` while no secret is set, `BadSignature` unless the signature is ours and stamped
        within `TOLERANCE` seconds of now, past or future (the library alone lets the future pass).
        """
        if not self._webhook_secret:
            raise GatewayClosed
        try:
            stripe.WebhookSignature.verify_header(payload, signature, self._webhook_secret, TOLERANCE)
            if _stamp(signature or "") > time.time() + TOLERANCE:
                raise BadSignature
            body = json.loads(payload)
            found = body["data"]["object"]
            return GatewayEvent(
                id=str(body["id"]),
                type=str(body["type"]),
                object_id=str(found["id"]),
                object_kind=str(found["object"]),
                created=moment(int(body["created"])),
            )
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as wrong:
            raise BadSignature from wrong


def _checkout_state(found: stripe.checkout.Session) -> CheckoutState:
    intent = expanded(found.payment_intent, stripe.PaymentIntent)
    charge = expanded(intent.latest_charge, stripe.Charge) if intent else None
    booked = expanded(charge.balance_transaction, stripe.BalanceTransaction) if charge else None
    return CheckoutState(
        id=found.id,
        status=CheckoutStatus(found.status or "open"),
        paid=found.payment_status == "paid",
        amount=from_stripe(found.amount_total or 0, found.currency or ""),
        reference=found.client_reference_id,
        fee=from_stripe(booked.fee, booked.currency) if booked else None,
        settled=from_stripe(booked.amount, booked.currency) if booked else None,
        payment_intent=intent.id if intent else None,
        charge=charge.id if charge else None,
        balance_transaction=booked.id if booked else None,
    )


def _stamp(signature: str) -> int:
    """The moment (epoch seconds) at which a verified signature says it was made."""
    return int(next(part[2:] for part in signature.split(",") if part.startswith("t=")))
