"""What the payment network may answer besides yes, in sentences."""

from shared.errors import Conflict, DomainError, NotFound
from shared.i18n import LazyString, _l


class GatewayClosed(DomainError):
    """Cards are not set up here: no key, no webhook secret, or a key the network does not know."""

    code = "gateway_closed"
    status = 503
    message = _l("Payment by card is not open here.")


class GatewayUnavailable(DomainError):
    """The network did not answer in time, or answered that it cannot. The same request may be sent again."""

    code = "gateway_unavailable"
    status = 503
    message = _l("The card service is not answering. Try again in a few minutes: nothing is taken twice.")


class GatewayRefused(DomainError):
    """The network understood and said no; `details["reason"]` is its own code for why."""

    code = "gateway_refused"
    status = 409
    message = _l("The card service refused this (%(reason)s).")


class KeyUsedOtherwise(Conflict):
    """An idempotency key came back with another request: nothing was done."""

    code = "key_used_otherwise"
    message = _l("This request was already sent with other figures. Start again.")


class UnknownToGateway(NotFound):
    """The network knows no such object."""

    code = "unknown_to_gateway"
    message = _l("The card service knows no such payment.")


class BadSignature(DomainError):
    """A webhook that the network did not sign, or signed too long ago or in the future."""

    code = "bad_signature"
    status = 400
    message = _l("This message was not signed by the card service, or too long ago.")


class NotChargeable(DomainError):
    """The amount cannot be charged to a card: zero, too large, or finer than the network counts."""

    code = "not_chargeable"
    status = 422
    message = _l("%(amount)s cannot be paid by card.")


class PaymentDeclined(DomainError):
    """The bank refused the card; `details["reason"]` is the network's code for why."""

    code = "payment_declined"
    status = 402
    message = _l("The bank declined this card. Nothing was taken.")

    def sentence(self) -> str:
        """Why, when the bank says something a payer can act on."""
        return str(_DECLINES.get(self.details.get("reason", ""), self.message))


_DECLINES: dict[str, LazyString] = {
    "insufficient_funds": _l("There is not enough money on this card. Nothing was taken."),
    "expired_card": _l("This card has expired. Nothing was taken."),
    "incorrect_cvc": _l("The security code of the card is not right. Nothing was taken."),
    "incorrect_number": _l("This is not a card number. Nothing was taken."),
}
