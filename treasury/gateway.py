"""The one place that speaks with the payment network (Stripe), through its official library.

What it says is a hint until re-read: a webhook only names an object, `fetch_checkout` tells how it stands.
Moments here are the real time, never the clock of a demonstration: Stripe stamps and expires by it.
"""

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import requests
import stripe
from stripe.params.checkout import SessionCreateParams

from shared.errors import DomainError
from shared.money import Money
from treasury.gateway_errors import (
    BadSignature,
    GatewayClosed,
    GatewayRefused,
    GatewayUnavailable,
    KeyUsedOtherwise,
    PaymentDeclined,
    UnknownToGateway,
)
from treasury.gateway_values import (
    Checkout,
    CheckoutState,
    CheckoutStatus,
    GatewayEvent,
    RefundReason,
    RefundState,
)
from treasury.stripe_amounts import from_stripe, to_stripe

TOLERANCE = 300  # seconds a webhook's stamp may lie in the past or in the future
_PATIENCE = (4.0, 15.0)  # seconds to connect, seconds to answer
_RETRIES = 2  # of a request that got no answer, with the same idempotency key

stripe.enable_telemetry = False

_Kind = TypeVar("_Kind")


class StripeGateway:
    """Stripe, or the loopback simulator when `api_base` is given.

    Every request raises `GatewayUnavailable` when Stripe does not answer, `GatewayClosed` when there is
    no key or Stripe does not know it, `PaymentDeclined`, `KeyUsedOtherwise`, `UnknownToGateway` or
    `GatewayRefused` when it says no.
    """

    def __init__(
        self,
        *,
        secret_key: str | None,
        webhook_secret: str | None,
        api_base: str | None = None,
        patience: tuple[float, float] = _PATIENCE,
    ) -> None:
        self._key = secret_key
        self._webhook_secret = (webhook_secret or "").strip()
        self._base = api_base
        self._patience = patience
        self._made: stripe.StripeClient | None = None

    @property
    def client(self) -> stripe.StripeClient:
        """The library's client, made at the first use. Raises `GatewayClosed` without a key."""
        if not self._key:
            raise GatewayClosed
        if self._made is None:
            self._made = stripe.StripeClient(
                self._key,
                base_addresses={"api": self._base} if self._base else None,
                http_client=stripe.RequestsClient(timeout=self._patience, session=_session(self._base)),
                max_network_retries=_RETRIES,
            )
        return self._made

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
        return Checkout(id=made.id, url=made.url, expires_at=_moment(made.expires_at))

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
        payment_intent: str,
        amount: Money,
        reason: RefundReason,
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> RefundState:
        """Give `amount` of a payment back to the card it came from. The same key refunds once."""
        with translating():
            made = self.client.v1.refunds.create(
                {
                    "payment_intent": payment_intent,
                    "amount": to_stripe(amount),
                    "reason": reason,
                    "metadata": dict(metadata),
                },
                {"idempotency_key": idempotency_key},
            )
        return RefundState(
            id=made.id,
            status=made.status or "pending",
            amount=from_stripe(made.amount, made.currency),
            payment_intent=_id(made.payment_intent),
            balance_transaction=_id(made.balance_transaction),
        )

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
                created=_moment(int(body["created"])),
            )
        except (stripe.SignatureVerificationError, ValueError, KeyError, TypeError) as wrong:
            raise BadSignature from wrong


@contextmanager
def translating() -> Iterator[None]:
    """Turn the library's errors into this house's."""
    try:
        yield
    except stripe.StripeError as error:
        raise translated(error) from error


def translated(error: stripe.StripeError) -> DomainError:
    """The house's error for one of the library's."""
    if isinstance(error, stripe.CardError):
        decline = error.error.decline_code if error.error else None
        return PaymentDeclined(reason=decline or error.code or "card_declined")
    if isinstance(error, stripe.IdempotencyError):
        return KeyUsedOtherwise()
    if isinstance(error, stripe.AuthenticationError | stripe.PermissionError):
        return GatewayClosed()
    if isinstance(error, stripe.InvalidRequestError):
        missing = error.http_status == 404 or error.code == "resource_missing"
        return (
            UnknownToGateway() if missing else GatewayRefused(reason=error.code or error.param or "refused")
        )
    return GatewayUnavailable()


def _checkout_state(found: stripe.checkout.Session) -> CheckoutState:
    intent = _expanded(found.payment_intent, stripe.PaymentIntent)
    charge = _expanded(intent.latest_charge, stripe.Charge) if intent else None
    booked = _expanded(charge.balance_transaction, stripe.BalanceTransaction) if charge else None
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


def _expanded(value: object, kind: type[_Kind]) -> _Kind | None:
    return value if isinstance(value, kind) else None


def _id(value: object) -> str | None:
    """The id of a reference, expanded or not."""
    found = value if isinstance(value, str) else getattr(value, "id", None)
    return str(found) if found else None


def _stamp(signature: str) -> int:
    """The moment (epoch seconds) the signature was made at. Raises `ValueError` without one."""
    stamps = [part.partition("=")[2] for part in signature.split(",") if part.partition("=")[0] == "t"]
    if not stamps:
        raise ValueError("a signature without a stamp")
    return int(stamps[0])


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _session(base: str | None) -> requests.Session | None:
    """A session that ignores proxies, for the loopback; Stripe itself is reached as the machine says."""
    if base is None:
        return None
    session = requests.Session()
    session.trust_env = False
    return session
