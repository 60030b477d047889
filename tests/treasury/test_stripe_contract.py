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
from treasury.cards.gateway import StripeGateway
from treasury.cards.gateway_connection import translated
from treasury.cards.gateway_errors import (
    GatewayClosed,
    GatewayRefused,
    KeyUsedOtherwise,
    PaymentDeclined,
    UnknownToGateway,
)
from treasury.cards.gateway_values import CheckoutStatus

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


# Kept cards, disputes, payouts ----------------------------------------------------------------------------


def kept(account: Account, method: str = "pm_card_visa") -> tuple[str, str]:
    """A customer and the card that a SetupIntent put on file for them."""
    client = account.client.v1
    customer = client.customers.create({"name": "Payeuse Fictive", "email": "payer@example.org"})
    setup = client.setup_intents.create(
        {
            "customer": customer.id,
            "payment_method": method,
            "confirm": True,
            "usage": "off_session",
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    assert setup.status == "succeeded"
    assert isinstance(setup.payment_method, str)
    return customer.id, setup.payment_method


def test_a_page_to_leave_a_card_on_takes_nothing(account: Account) -> None:
    page = account.gateway.create_setup(
        currency="CAD",
        reference="TG7K-492Q-X",
        payer_name="Payeuse Fictive",
        payer_email="payer@example.org",
        locale="fr",
        success_url="https://teranga.example/back?page={CHECKOUT_SESSION_ID}",
        cancel_url="https://teranga.example/plan",
        idempotency_key=fresh("setup"),
    )
    assert page.url.startswith("https://" if account.base is None else account.base)
    assert account.gateway.fetch_kept_card(page.id) is None
    session = account.client.v1.checkout.sessions.retrieve(page.id)
    assert (session.mode, session.payment_status) == ("setup", "no_payment_required")


def test_a_kept_card_is_charged_without_its_holder_and_found_by_our_reference(account: Account) -> None:
    customer, method = kept(account)
    asked: dict[str, Any] = {
        "customer": customer,
        "method": method,
        "amount": Money.of("750.00", "CAD"),
        "description": "Instalment 1 of 12",
        "idempotency_key": fresh("charge"),
        "metadata": {"reference": "TG7K-492Q-X", "attempt": "1"},
    }
    intent = account.gateway.charge_kept_card(**asked)
    assert account.gateway.charge_kept_card(**asked) == intent
    assert account.gateway.paid_intent(customer, "TG7K-492Q-X", "1") == intent
    assert account.gateway.paid_intent(customer, "TG7K-492Q-X", "2") is None
    state = account.gateway.fetch_intent_charge(intent)
    assert (state.paid, state.reference, state.amount) == (True, "TG7K-492Q-X", Money.of("750.00", "CAD"))
    account.gateway.forget_card(method)
    account.gateway.forget_card(method)


def test_a_kept_card_that_is_refused_says_so(account: Account) -> None:
    customer, method = kept(account, "pm_card_chargeCustomerFail")
    with pytest.raises(PaymentDeclined):
        account.gateway.charge_kept_card(
            customer=customer,
            method=method,
            amount=Money.of("750.00", "CAD"),
            description="Instalment",
            idempotency_key=fresh("charge"),
            metadata={},
        )


def test_a_dispute_takes_its_amount_and_lost_evidence_loses_it(account: Account) -> None:
    client = account.client.v1
    intent = client.payment_intents.create(
        {
            "amount": 75_000,
            "currency": "cad",
            "payment_method": "pm_card_createDispute",
            "confirm": True,
            "automatic_payment_methods": {"enabled": True, "allow_redirects": "never"},
        }
    )
    state = account.gateway.fetch_intent_charge(intent.id)
    for _ in range(20):
        if state.disputes and state.disputes[0].moves:
            break
        time.sleep(1)
        state = account.gateway.fetch_charge(state.id)
    [dispute] = state.disputes
    assert dispute.moves[0].amount.minor < 0
    assert not dispute.closed
    evidence: Any = {"evidence": {"uncategorized_text": "losing_evidence"}, "submit": True}
    client.disputes.update(dispute.id, evidence)
    for _ in range(20):
        [dispute] = account.gateway.fetch_charge(state.id).disputes
        if dispute.closed:
            break
        time.sleep(1)
    assert dispute.lost


def test_what_moved_the_balance_is_listed_with_its_source(account: Account) -> None:
    intent = paid(account)
    booked = booking(account, intent.id)
    since = account.gateway.real_time() - timedelta(minutes=5)
    moves = {move.id: move for move in account.gateway.moves_since(since)}
    move = moves[booked.id]
    assert (move.kind, move.source, move.net.minor) == ("charge", intent.latest_charge, booked.net)
