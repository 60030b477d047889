"""Card payments through the gateway: what the treasury may rely on, whatever the network does.

The payer of the Outaouais pays an instalment of 750.00 CAD; a member pays 10,000 XOF in Dakar.
"""

import hashlib
import hmac
import json
import socket
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe
from hypothesis import given
from hypothesis import strategies as st

from shared.money import EXPONENTS, Money, format_money
from tests.simulator.fixtures import DECLINED, KEY, SECRET, Receiver, SimulatedStripe
from treasury.cards.gateway import StripeGateway
from treasury.cards.gateway_connection import translated
from treasury.cards.gateway_errors import (
    BadSignature,
    GatewayClosed,
    GatewayRefused,
    GatewayUnavailable,
    KeyUsedOtherwise,
    NotChargeable,
    PaymentDeclined,
    UnknownToGateway,
)
from treasury.cards.gateway_values import CheckoutStatus, PaymentGateway
from treasury.cards.stripe_amounts import from_stripe, to_stripe

INSTALMENT = Money.of("750.00", "CAD")


@pytest.fixture
def gateway(stripe_simulator: SimulatedStripe) -> PaymentGateway:
    return StripeGateway(secret_key=KEY, webhook_secret=SECRET, api_base=stripe_simulator.base_url)


def checkout_asked(**changes: Any) -> dict[str, Any]:
    return {
        "amount": INSTALMENT,
        "reference": "OUT-7K4Q-92",
        "description": "Plan d’épargne Outaouais, échéance 1 de 12",
        "payer_email": "payeuse@example.org",
        "locale": "fr",
        "success_url": "https://teranga.example/pay/1/back?checkout={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://teranga.example/pay/1",
        "idempotency_key": "checkout-payment-1",
        "metadata": {"payment": "1"},
        **changes,
    }


class TestCheckout:
    def test_opened_then_paid(self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe) -> None:
        made = gateway.create_checkout(**checkout_asked())
        assert made.url.startswith(stripe_simulator.base_url)
        assert timedelta(hours=23) < made.expires_at - datetime.now(UTC) <= timedelta(hours=24)
        before = gateway.fetch_checkout(made.id)
        assert (before.status, before.paid, before.charge, before.fee) == (
            CheckoutStatus.OPEN,
            False,
            None,
            None,
        )

        stripe_simulator.pay(made.id)

        after = gateway.fetch_checkout(made.id)
        assert (after.status, after.paid) == (CheckoutStatus.COMPLETE, True)
        assert (after.amount, after.fee, after.settled) == (INSTALMENT, Money.of("22.05", "CAD"), INSTALMENT)
        assert after.reference == "OUT-7K4Q-92"
        assert after.payment_intent and after.charge and after.balance_transaction

    def test_a_declined_card_is_not_a_payment_and_another_may_follow(
        self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        made = gateway.create_checkout(**checkout_asked())
        stripe_simulator.pay(made.id, DECLINED)
        declined = gateway.fetch_checkout(made.id)
        assert (declined.status, declined.paid, declined.fee) == (CheckoutStatus.OPEN, False, None)
        stripe_simulator.pay(made.id)
        assert gateway.fetch_checkout(made.id).paid

    def test_francs_have_no_cents(self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe) -> None:
        made = gateway.create_checkout(**checkout_asked(amount=Money(10_000, "XOF")))
        stripe_simulator.pay(made.id)
        state = gateway.fetch_checkout(made.id)
        assert (state.amount, state.fee) == (Money(10_000, "XOF"), Money(487, "XOF"))

    def test_the_fee_may_come_after_the_payment(
        self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        stripe_simulator.control.late_fees(True)
        made = gateway.create_checkout(**checkout_asked())
        stripe_simulator.pay(made.id)
        early = gateway.fetch_checkout(made.id)
        assert early.paid and early.fee is None and early.charge
        stripe_simulator.control.late_fees(False)
        assert gateway.fetch_checkout(made.id).fee == Money.of("22.05", "CAD")

    def test_asked_twice_with_one_key_it_is_one_page(self, gateway: PaymentGateway) -> None:
        assert gateway.create_checkout(**checkout_asked()) == gateway.create_checkout(**checkout_asked())
        with pytest.raises(KeyUsedOtherwise):
            gateway.create_checkout(**checkout_asked(amount=Money.of("7.50", "CAD")))
        other = gateway.create_checkout(**checkout_asked(idempotency_key="checkout-payment-2"))
        assert other.id != gateway.create_checkout(**checkout_asked()).id

    def test_closed_on_request_unless_paid(
        self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        left, paid = (gateway.create_checkout(**checkout_asked(idempotency_key=key)) for key in ("a", "b"))
        stripe_simulator.pay(paid.id)
        assert gateway.expire_checkout(left.id).status is CheckoutStatus.EXPIRED
        assert gateway.expire_checkout(left.id).status is CheckoutStatus.EXPIRED
        assert gateway.expire_checkout(paid.id).paid
        with pytest.raises(UnknownToGateway):
            gateway.expire_checkout("cs_test_nobody")

    def test_the_page_is_in_the_payer_s_language_and_needs_no_address(
        self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        made = gateway.create_checkout(**checkout_asked(locale="en_CA", payer_email=None))
        session = stripe_simulator.client.v1.checkout.sessions.retrieve(made.id)
        assert (session.locale, session.customer_email) == ("en", None)
        assert session.metadata is not None
        assert session.metadata["reference"] == "OUT-7K4Q-92" and session.metadata["payment"] == "1"

    def test_what_the_network_does_not_accept_is_refused_with_its_reason(
        self, gateway: PaymentGateway
    ) -> None:
        with pytest.raises(GatewayRefused) as refused:
            gateway.create_checkout(**checkout_asked(payer_email="nobody"))
        assert refused.value.details == {"reason": "email_invalid"}
        with pytest.raises(UnknownToGateway):
            gateway.fetch_checkout("cs_test_of_somebody_else")


class TestRefund:
    def test_the_same_key_gives_back_once(
        self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        made = gateway.create_checkout(**checkout_asked())
        stripe_simulator.pay(made.id)
        intent = gateway.fetch_checkout(made.id).payment_intent
        assert intent
        asked: dict[str, Any] = {
            "payment_intent": intent,
            "reason": "requested_by_customer",
            "metadata": {"refund": "1"},
        }
        part = Money.of("250.00", "CAD")
        first = gateway.refund(**asked, amount=part, idempotency_key="refund-1")
        again = gateway.refund(**asked, amount=part, idempotency_key="refund-1")
        assert first == again
        assert (first.amount, first.status, first.failed) == (part, "succeeded", False)
        assert first.payment_intent == intent and first.balance_transaction
        with pytest.raises(KeyUsedOtherwise):
            gateway.refund(**asked, amount=INSTALMENT, idempotency_key="refund-1")
        with pytest.raises(GatewayRefused):
            gateway.refund(**asked, amount=Money.of("500.01", "CAD"), idempotency_key="refund-2")
        assert gateway.refund(**asked, amount=Money.of("500.00", "CAD"), idempotency_key="refund-3").amount
        with pytest.raises(GatewayRefused) as refused:
            gateway.refund(**asked, amount=Money.of("1.00", "CAD"), idempotency_key="refund-4")
        assert refused.value.details["reason"] == "charge_already_refunded"
        assert len(stripe_simulator.control.state()["objects"]["refund"]) == 2


def signed(payload: bytes, *, secret: str = SECRET, late: int = 0) -> str:
    stamp = int(time.time()) - late
    return f"t={stamp},v1={hmac.new(secret.encode(), b'%d.' % stamp + payload, hashlib.sha256).hexdigest()}"


EVENT = json.dumps({
    "id": "evt_1", "object": "event", "type": "checkout.session.completed", "created": 1_700_000_000,
    "data": {"object": {"id": "cs_test_1", "object": "checkout.session", "payment_status": "paid"}},
}).encode()  # fmt: skip


class TestWebhook:
    gateway = StripeGateway(secret_key=KEY, webhook_secret=SECRET)

    def test_a_signed_message_names_an_object(self) -> None:
        event = self.gateway.verify_event(EVENT, signed(EVENT))
        assert (event.id, event.type) == ("evt_1", "checkout.session.completed")
        assert (event.object_kind, event.object_id) == ("checkout.session", "cs_test_1")
        assert event.created == datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC)

    @pytest.mark.parametrize("late", [290, -290])
    def test_clocks_may_differ_a_little(self, late: int) -> None:
        assert self.gateway.verify_event(EVENT, signed(EVENT, late=late)).id == "evt_1"

    @pytest.mark.parametrize("late", [302, 86_400, -310, -3_600])
    def test_too_old_or_from_the_future_is_refused(self, late: int) -> None:
        with pytest.raises(BadSignature):
            self.gateway.verify_event(EVENT, signed(EVENT, late=late))

    def test_the_library_alone_would_let_the_future_pass(self) -> None:
        assert stripe.WebhookSignature.verify_header(EVENT, signed(EVENT, late=-3_600), SECRET, 300)

    @pytest.mark.parametrize(
        "signature",
        [
            None,
            "",
            "nonsense",
            "t=,v1=",
            "v1=00",
            f"t={int(time.time())}",
            f"t={int(time.time())},v0=00",
            signed(EVENT, secret="whsec_another"),
            signed(EVENT + b" "),
        ],
        ids=[
            "none",
            "empty",
            "nonsense",
            "no moment",
            "no stamp",
            "unsigned",
            "other scheme",
            "other key",
            "other body",
        ],
    )
    def test_what_is_not_signed_by_the_network_is_refused(self, signature: str | None) -> None:
        with pytest.raises(BadSignature):
            self.gateway.verify_event(EVENT, signature)

    @pytest.mark.parametrize(
        "body", [b"[]", b"{}", b'"x"', b"not json", b"\xff", b'{"data": {"object": []}}', b""]
    )
    def test_a_signed_body_that_is_no_event_is_refused(self, body: bytes) -> None:
        with pytest.raises(BadSignature):
            self.gateway.verify_event(body, signed(body))

    @pytest.mark.parametrize("secret", [None, "", "  "])
    def test_without_a_secret_the_door_is_closed(self, secret: str | None) -> None:
        gateway = StripeGateway(secret_key=KEY, webhook_secret=secret)
        with pytest.raises(GatewayClosed) as closed:
            gateway.verify_event(EVENT, signed(EVENT, secret=""))
        assert closed.value.status == 503

    def test_what_the_network_sends_is_understood(
        self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe, webhook_receiver: Receiver
    ) -> None:
        stripe_simulator.control.webhooks("duplicate", url=webhook_receiver.url)
        made = gateway.create_checkout(**checkout_asked())
        stripe_simulator.pay(made.id)
        events = [gateway.verify_event(*packet) for packet in webhook_receiver.wait_for(8)]
        completed = [event for event in events if event.object_id == made.id]
        assert [event.type for event in completed] == ["checkout.session.completed"] * 2
        assert len({event.id for event in completed}) == 1


class TestFailure:
    def test_no_answer(self) -> None:
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            base = f"http://127.0.0.1:{nobody.getsockname()[1]}"
            gateway = StripeGateway(secret_key=KEY, webhook_secret=SECRET, api_base=base, patience=(0.2, 0.2))
            with pytest.raises(GatewayUnavailable) as unavailable:
                gateway.fetch_checkout("cs_test_1")
        assert unavailable.value.status == 503

    def test_an_answer_lost_on_the_way_is_asked_for_again_with_the_same_key(
        self, stripe_simulator: SimulatedStripe
    ) -> None:
        hasty = StripeGateway(
            secret_key=KEY, webhook_secret=SECRET, api_base=stripe_simulator.base_url, patience=(1, 0.4)
        )
        stripe_simulator.control.faults("slow", "/v1/checkout/sessions", seconds=0.7)
        made = hasty.create_checkout(**checkout_asked())
        assert stripe_simulator.control.state()["objects"]["checkout.session"] == [made.id]

    def test_a_network_that_keeps_failing_is_unavailable(
        self, gateway: PaymentGateway, stripe_simulator: SimulatedStripe
    ) -> None:
        stripe_simulator.control.faults("error", times=3)
        with pytest.raises(GatewayUnavailable):
            gateway.create_checkout(**checkout_asked())
        assert gateway.create_checkout(**checkout_asked()).url

    def test_no_key_or_a_wrong_one(self, stripe_simulator: SimulatedStripe) -> None:
        for key in (None, "", "sk_live_wrong"):
            gateway = StripeGateway(secret_key=key, webhook_secret=SECRET, api_base=stripe_simulator.base_url)
            with pytest.raises(GatewayClosed):
                gateway.fetch_checkout("cs_test_1")

    @pytest.mark.parametrize(
        ("card", "reason", "said"),
        [
            (
                "pm_card_visa_chargeDeclined",
                "generic_decline",
                "The bank declined this card. Nothing was taken.",
            ),
            (
                "pm_card_visa_chargeDeclinedInsufficientFunds",
                "insufficient_funds",
                "There is not enough money on this card. Nothing was taken.",
            ),
        ],
    )
    def test_a_declined_card_says_why(
        self, card: str, reason: str, said: str, stripe_simulator: SimulatedStripe
    ) -> None:
        with pytest.raises(stripe.CardError) as refused:
            stripe_simulator.client.v1.payment_intents.create(
                {"amount": 75_000, "currency": "cad", "payment_method": card, "confirm": True}
            )
        declined = translated(refused.value)
        assert isinstance(declined, PaymentDeclined)
        assert (declined.details["reason"], declined.status, declined.sentence()) == (reason, 402, said)


class TestAmounts:
    @pytest.mark.parametrize(
        ("amount", "units"),
        [
            (Money.of("750.00", "CAD"), 75_000),
            (Money.of("10000", "XOF"), 10_000),
            (Money.of("12.340", "TND"), 12_340),
            (Money.of("5000", "UGX"), 500_000),
            (Money.of("5000.00", "MGA"), 5_000),
        ],
    )
    def test_each_currency_as_stripe_counts_it(self, amount: Money, units: int) -> None:
        assert to_stripe(amount) == units
        assert from_stripe(units, amount.currency.lower()) == amount

    @pytest.mark.parametrize(
        "amount",
        [
            Money(0, "CAD"),
            Money(-75_000, "CAD"),
            Money(100_000_000, "CAD"),
            Money.of("12.345", "TND"),
            Money.of("5000.50", "MGA"),
        ],
    )
    def test_what_no_card_can_pay(self, amount: Money) -> None:
        with pytest.raises(NotChargeable) as refused:
            to_stripe(amount)
        assert format_money(amount, "en") in refused.value.sentence()

    def test_a_part_of_a_shilling_is_an_alarm(self) -> None:
        with pytest.raises(ValueError, match="whole amount"):
            from_stripe(550, "ugx")

    @given(st.sampled_from(sorted(EXPONENTS)), st.integers(1, 10**10))
    def test_there_and_back_loses_nothing(self, currency: str, minor: int) -> None:
        amount = Money(minor, currency)
        try:
            units = to_stripe(amount)
        except NotChargeable:
            return
        assert from_stripe(units, currency) == amount
