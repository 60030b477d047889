"""The connection to the payment network: one client of its official library, its errors in our words."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TypeVar

import requests
import stripe

from shared.errors import DomainError
from treasury.cards.gateway_errors import (
    GatewayClosed,
    GatewayRefused,
    GatewayUnavailable,
    KeyUsedOtherwise,
    PaymentDeclined,
    UnknownToGateway,
)

_PATIENCE = (4.0, 15.0)  # seconds to connect, seconds to answer
_RETRIES = 2  # of a request that got no answer, with the same idempotency key

stripe.enable_telemetry = False

_Kind = TypeVar("_Kind")


class StripeConnection:
    """The key, the client and where it is reached; what is asked of it is in the classes built on this."""

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


def expanded(value: object, kind: type[_Kind]) -> _Kind | None:
    """The object, where the network wrote it out; None where it only named it."""
    return value if isinstance(value, kind) else None


def object_id(value: object) -> str | None:
    """The id of a reference, expanded or not."""
    found = value if isinstance(value, str) else getattr(value, "id", None)
    return str(found) if found else None


def noted(metadata: stripe.StripeObject | None) -> dict[str, str]:
    """Our own notes on an object of the network's."""
    return {} if metadata is None else {str(key): str(value) for key, value in metadata.to_dict().items()}


def moment(epoch: int) -> datetime:
    """A moment of the network's, in UTC."""
    return datetime.fromtimestamp(epoch, UTC)


def _session(base: str | None) -> requests.Session | None:
    """A session that ignores proxies, for the loopback; Stripe itself is reached as the machine says."""
    if base is None:
        return None
    session = requests.Session()
    session.trust_env = False
    return session
