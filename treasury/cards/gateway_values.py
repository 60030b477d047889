"""What a payment network is asked and what it answers; `treasury/cards/gateway.py` asks it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal, Protocol

from shared.money import Money


class CheckoutStatus(StrEnum):
    """Where a checkout stands: the page can be paid on, was paid on, or is closed."""

    OPEN = "open"
    COMPLETE = "complete"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """A page to pay on, made for one payment."""

    id: str
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckoutState:
    """How a checkout stands at the network now.

    `amount` is what was asked; `charge` is the latest try, which paid only if `paid`. `fee` and `settled`
    are known once the network has booked the charge, which may be after `paid`; they are in the currency
    the account is settled in, which may not be the payment's.
    """

    id: str
    status: CheckoutStatus
    paid: bool
    amount: Money
    reference: str | None
    fee: Money | None = None
    settled: Money | None = None
    payment_intent: str | None = None
    charge: str | None = None
    balance_transaction: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundState:
    """How a refund stands. `amount` is positive, what the payer gets back; `ours` our own number for it.

    `taken` is what left the balance, positive, in the currency in which the account is settled; None before.
    """

    id: str
    status: str
    amount: Money
    payment_intent: str | None
    balance_transaction: str | None
    taken: Money | None = None
    ours: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the money did not, or will not, reach the payer."""
        return self.status in {"failed", "canceled"}


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayEvent:
    """A signed message: something happened to an object, which is to be re-read."""

    id: str
    type: str
    object_id: str
    object_kind: str
    created: datetime


RefundReason = Literal["duplicate", "fraudulent", "requested_by_customer"]


class PaymentGateway(Protocol):
    """What the treasury asks of a payment network."""

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
        """Make a page to pay `amount` on."""
        ...

    def fetch_checkout(self, checkout_id: str) -> CheckoutState:
        """How a checkout stands now."""
        ...

    def expire_checkout(self, checkout_id: str) -> CheckoutState:
        """Close a page that nobody shall pay on any more."""
        ...

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
        """Give `amount` of a payment back."""
        ...

    def verify_event(self, payload: bytes, signature: str | None) -> GatewayEvent:
        """Read a webhook that the network signed."""
        ...
