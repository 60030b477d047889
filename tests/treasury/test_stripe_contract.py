"""What we rely on of Stripe, asserted against the loopback simulator and against Stripe itself.

The second half runs when STRIPE_TEST_KEY holds a ``sk_test_…`` key, and is skipped visibly otherwise: without
it nothing here shows that Stripe still behaves so. Nobody can pay a hosted page from a script, so payments
here are confirmed intents with Stripe's own test payment methods.
"""

import os
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import stripe

from shared.money import Money
from tests.simulator.fixtures import KEY
from treasury.gateway import StripeGateway
from treasury.gateway_connection import translated
from treasury.gateway_errors import (
    GatewayClosed,
    GatewayRefused,
    KeyUsedOtherwise,
    PaymentDeclined,
    UnknownToGateway,
)
from treasury.gateway_values import CheckoutStatus

REAL_KEY = os.environ.get("STRIPE_TEST_KEY", "")


@dataclass(frozen=True, slots=True)
class Account:
    """An account to run the contract on."""

    gateway: StripeGateway
    client: stripe.StripeClient
    base: str | None


@pytest.fixture(
    params=[
        "simulator",
        pytest.param(
            "stripe",
            marks=pytest.mark.skipif(
                not REAL_KEY.startswith("sk_test_"),
                reason="STRIPE_TEST_KEY is not set: the contract with Stripe itself is NOT verified",
            ),
        ),
    ]
)
def account(request: pytest.FixtureRequest) -> Account:
    simulated = request.param == "simulator"
    base = request.getfixturevalue("stripe_simulator").base_url if simulated else None
    gateway = StripeGateway(
        secret_key=KEY if simulated else REAL_KEY, webhook_secret="whsec_unused", api_base=base
    )
    return Account(gateway, gateway.client, base)


def fresh(name: str) -> str:
    return f"{name}-{uuid.uuid4()}"


def checkout(**changes: Any) -> dict[str, Any]:
    return {
        "amount": Money.of("750.00", "CAD"),
        "reference": "OUT-7K4Q-92",
        "description": "Savings plan, instalment 1 of 12",
        "payer_email": "payer@example.org",
        "locale": "fr",
        "success_url": "https://teranga.example/back?checkout={CHECKOUT_SESSION_ID}",
        "cancel_url": "https://teranga.example/pay",
        "idempotency_key": fresh("checkout"),
        "metadata": {"payment": "1"},
        **changes,
    }


def paid(account: Account, amount: int = 75_000, currency: str = "cad") -> stripe.PaymentIntent:
    return account.client.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": currency,
            "payment_method": "pm_card_visa",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )


def booking(account: Account, intent: str) -> stripe.BalanceTransaction:
    """The booked charge of an intent; Stripe may take some seconds to book it."""
    path = "latest_charge.balance_transaction"
    for _ in range(20):
        charge = account.client.v1.payment_intents.retrieve(intent, {"expand": [path]}).latest_charge
        assert isinstance(charge, stripe.Charge)
        if isinstance(charge.balance_transaction, stripe.BalanceTransaction):
            return charge.balance_transaction
        time.sleep(1)
    pytest.fail("the charge was not booked within 20 seconds")


def test_a_checkout_opens_unpaid_for_a_day_and_can_be_closed(account: Account) -> None:
    made = account.gateway.create_checkout(**checkout())
    assert made.url.startswith("https://" if account.base is None else account.base)
    assert abs(made.expires_at - datetime.now(UTC) - timedelta(hours=24)) < timedelta(minutes=5)
    state = account.gateway.fetch_checkout(made.id)
    assert (state.status, state.paid, state.fee) == (CheckoutStatus.OPEN, False, None)
    assert (state.amount, state.reference) == (Money.of("750.00", "CAD"), "OUT-7K4Q-92")
    assert account.gateway.expire_checkout(made.id).status is CheckoutStatus.EXPIRED
    assert account.gateway.expire_checkout(made.id).status is CheckoutStatus.EXPIRED


def test_francs_are_asked_for_whole(account: Account) -> None:
    made = account.gateway.create_checkout(**checkout(amount=Money(10_000, "XOF")))
    assert account.gateway.fetch_checkout(made.id).amount == Money(10_000, "XOF")


def test_one_key_is_one_request(account: Account) -> None:
    asked = checkout()
    assert account.gateway.create_checkout(**asked).id == account.gateway.create_checkout(**asked).id
    with pytest.raises(KeyUsedOtherwise):
        account.gateway.create_checkout(**{**asked, "amount": Money.of("7.50", "CAD")})


def test_a_payment_is_booked_with_its_fee(account: Account) -> None:
    intent = paid(account)
    assert (intent.status, intent.amount_received) == ("succeeded", 75_000)
    booked = booking(account, intent.id)
    assert booked.fee > 0
    assert booked.net == booked.amount - booked.fee


def test_two_refunds_with_the_same_key_are_one_and_no_more_than_was_paid(account: Account) -> None:
    intent = paid(account).id
    key = fresh("refund")
    asked: dict[str, Any] = {"payment_intent": intent, "reason": "requested_by_customer", "metadata": {}}
    first = account.gateway.refund(**asked, amount=Money.of("250.00", "CAD"), idempotency_key=key)
    again = account.gateway.refund(**asked, amount=Money.of("250.00", "CAD"), idempotency_key=key)
    assert first.id == again.id
    with pytest.raises(KeyUsedOtherwise):
        account.gateway.refund(**asked, amount=Money.of("1.00", "CAD"), idempotency_key=key)
    with pytest.raises(GatewayRefused):
        account.gateway.refund(**asked, amount=Money.of("500.01", "CAD"), idempotency_key=fresh("refund"))
    account.gateway.refund(**asked, amount=Money.of("500.00", "CAD"), idempotency_key=fresh("refund"))
    with pytest.raises(GatewayRefused) as refused:
        account.gateway.refund(**asked, amount=Money.of("1.00", "CAD"), idempotency_key=fresh("refund"))
    assert refused.value.details["reason"] == "charge_already_refunded"
    assert len(account.client.v1.refunds.list({"payment_intent": intent}).data) == 2


def test_a_declined_card_says_why(account: Account) -> None:
    with pytest.raises(stripe.CardError) as refused:
        account.client.v1.payment_intents.create(
            {
                "amount": 75_000,
                "currency": "cad",
                "payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds",
                "confirm": True,
                "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
            }
        )
    declined = translated(refused.value)
    assert isinstance(declined, PaymentDeclined)
    assert declined.details["reason"] == "insufficient_funds"


def test_lists_are_paged_newest_first(account: Account) -> None:
    made = [
        account.client.v1.payment_intents.create({"amount": 5_000 + k, "currency": "cad"}).id
        for k in range(3)
    ]
    page = account.client.v1.payment_intents.list({"limit": 2})
    assert [intent.id for intent in page.data] == [made[2], made[1]]
    rest = account.client.v1.payment_intents.list({"limit": 1, "starting_after": made[1]})
    assert rest.data[0].id == made[0]


@pytest.mark.parametrize("amount", [5_001, 5_005])
def test_three_decimals_are_charged_in_tens(amount: int, account: Account) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        account.client.v1.payment_intents.create({"amount": amount, "currency": "tnd"})


def test_what_is_not_there_and_who_is_not_known(account: Account) -> None:
    with pytest.raises(UnknownToGateway):
        account.gateway.fetch_checkout("cs_test_nobody")
    stranger = StripeGateway(secret_key="sk_live_unknown", webhook_secret=None, api_base=account.base)
    with pytest.raises(GatewayClosed):
        stranger.fetch_checkout("cs_test_nobody")
