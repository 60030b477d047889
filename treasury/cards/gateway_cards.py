"""Cards kept on file with the payment network, and charged on the days their holder agreed to."""

from collections.abc import Mapping

import stripe
from stripe.params import PaymentIntentCreateParams
from stripe.params.checkout import SessionCreateParams

from shared.money import Money
from treasury.cards.gateway_connection import StripeConnection, expanded, noted, object_id, translating
from treasury.cards.gateway_errors import GatewayRefused
from treasury.cards.stripe_amounts import to_stripe
from treasury.cards.values import KeptCard, SetupPage


class SavedCards(StripeConnection):
    """Keeps cards at Stripe and charges them without their holder present."""

    def create_setup(
        self,
        *,
        currency: str,
        reference: str,
        payer_name: str,
        payer_email: str,
        locale: str,
        success_url: str,
        cancel_url: str,
        idempotency_key: str,
    ) -> SetupPage:
        """A page to leave a card on, for later charges. The same key gives the same page again."""
        notes = {"reference": reference}
        with translating():
            customer = self.client.v1.customers.create(
                {"name": payer_name[:250], "email": payer_email, "metadata": notes},
                {"idempotency_key": f"{idempotency_key}-customer"},
            )
            params: SessionCreateParams = {
                "mode": "setup",
                "currency": currency.lower(),
                "customer": customer.id,
                "allowed_payment_method_types": ["card"],
                "client_reference_id": reference,
                "locale": "fr" if locale.startswith("fr") else "en",
                "success_url": success_url,
                "cancel_url": cancel_url,
                "metadata": notes,
                "setup_intent_data": {"metadata": notes},
            }
            made = self.client.v1.checkout.sessions.create(params, {"idempotency_key": idempotency_key})
        if made.url is None:
            raise GatewayRefused(reason="closed")
        return SetupPage(id=made.id, url=made.url, customer=customer.id)

    def fetch_kept_card(self, setup_page: str) -> KeptCard | None:
        """The card that was left on the page; None while none was."""
        with translating():
            found = self.client.v1.checkout.sessions.retrieve(
                setup_page, {"expand": ["setup_intent.payment_method"]}
            )
        setup = expanded(found.setup_intent, stripe.SetupIntent)
        method = expanded(setup.payment_method, stripe.PaymentMethod) if setup else None
        customer = object_id(found.customer)
        if (
            setup is None
            or setup.status != "succeeded"
            or method is None
            or method.card is None
            or not customer
        ):
            return None
        card = method.card
        return KeptCard(
            customer=customer,
            method=method.id,
            brand=card.brand,
            last4=card.last4,
            expires=f"{card.exp_year:04d}-{card.exp_month:02d}",
        )

    def charge_kept_card(
        self,
        *,
        customer: str,
        method: str,
        amount: Money,
        description: str,
        idempotency_key: str,
        metadata: Mapping[str, str],
    ) -> str:
        """Charge a kept card without its holder; the payment intent. Raises `PaymentDeclined`."""
        params: PaymentIntentCreateParams = {
            "amount": to_stripe(amount),
            "currency": amount.currency.lower(),
            "customer": customer,
            "payment_method": method,
            "off_session": True,
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            "description": description[:250],
            "metadata": dict(metadata),
        }
        with translating():
            return self.client.v1.payment_intents.create(params, {"idempotency_key": idempotency_key}).id

    def paid_intent(self, customer: str, reference: str, attempt: str) -> str | None:
        """The paid intent of a customer for our reference and attempt: for a charge whose answer was lost."""
        with translating():
            for one in self.client.v1.payment_intents.list({"customer": customer, "limit": 100}).data:
                notes = noted(one.metadata)
                ours = notes.get("reference") == reference and notes.get("attempt") == attempt
                if ours and one.status == "succeeded":
                    return one.id
        return None

    def forget_card(self, method: str) -> None:
        """Keep a card no longer; one that is gone already is gone."""
        with translating():
            try:
                self.client.v1.payment_methods.detach(method)
            except stripe.InvalidRequestError as refused:
                if refused.http_status not in (400, 404):
                    raise
