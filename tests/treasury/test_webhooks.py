"""What the payment network tells, in every order it may tell it: one entry, one confirmation.

Personne Exemple 1 registers for Dakar 2005 and pays the fee of 60.00 CAD by card.
"""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from events import registration
from events.models import Registration, RegistrationStatus
from shared.database import db, transaction
from shared.money import Money
from tests.events.gathering import BY, dakar, somebody
from tests.simulator.fixtures import DECLINED, KEY, SECRET, SimulatedStripe
from treasury import chart
from treasury.cards import checkouts
from treasury.cards.gateway import StripeGateway
from treasury.models import Account, Attention, GatewayEvent, JournalEntry, Payment, PaymentMethod, Posting

pytestmark = pytest.mark.usefixtures("both_databases")


@pytest.fixture
def gateway(app: Flask, stripe_simulator: SimulatedStripe) -> StripeGateway:
    """The application speaks with a simulator that keeps its webhooks until they are asked for."""
    found = StripeGateway(secret_key=KEY, webhook_secret=SECRET, api_base=stripe_simulator.base_url)
    app.extensions["teranga.gateway"] = found
    stripe_simulator.control.webhooks("hold", url="http://127.0.0.1:9/webhooks/stripe")
    return found


@pytest.fixture
def joined(gateway: StripeGateway) -> Registration:
    edition = dakar()
    with transaction():
        found = registration.register(edition, somebody(method=PaymentMethod.CARD), by=BY)
    checkout(found, gateway)
    return found


def checkout(found: Registration, gateway: StripeGateway) -> str:
    assert found.payment_id is not None
    checkouts.start_checkout(
        found.payment_id,
        gateway,
        success_url="http://localhost/paid",
        cancel_url="http://localhost/",
        locale="fr",
    )
    payment = db.session.get_one(Payment, found.payment_id)
    assert payment.checkout_id is not None
    return payment.checkout_id


def tell(client: FlaskClient, packet: dict[str, str]) -> TestResponse:
    headers = {"Stripe-Signature": packet["signature"], "Content-Type": "application/json"}
    return client.post("/webhooks/stripe", data=packet["payload"].encode(), headers=headers)


def packet(
    kind: str, stripe_object: dict[str, Any], *, secret: str = SECRET, moment: int | None = None
) -> Any:
    moment = int(time.time()) if moment is None else moment
    body = {
        "id": f"evt_{kind}",
        "object": "event",
        "type": kind,
        "created": moment,
        "data": {"object": stripe_object},
    }
    payload = json.dumps(body)
    signature = hmac.new(secret.encode(), f"{moment}.{payload}".encode(), hashlib.sha256).hexdigest()
    return {"type": kind, "payload": payload, "signature": f"t={moment},v1={signature}"}


def packets(simulator: SimulatedStripe, kind: str) -> list[dict[str, str]]:
    return [one for one in simulator.control.packets() if one["type"] == kind]


def balance(code: str) -> Money:
    minor = db.session.scalar(
        select(func.coalesce(func.sum(Posting.amount_minor), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == code)
    )
    return Money(int(minor or 0), "CAD")


def entries() -> int:
    return db.session.scalar(select(func.count()).select_from(JournalEntry)) or 0


def test_a_webhook_before_the_page_returns_settles_and_confirms(
    client: FlaskClient, joined: Registration, stripe_simulator: SimulatedStripe
) -> None:
    assert joined.payment is not None and joined.payment.checkout_id is not None
    stripe_simulator.pay(joined.payment.checkout_id)
    [completed] = packets(stripe_simulator, "checkout.session.completed")
    assert tell(client, completed).json == {"outcome": "seen"}
    assert joined.status is RegistrationStatus.CONFIRMED
    assert balance(chart.FEES) == Money.of("-60.00", "CAD")
    assert balance(chart.STRIPE) + balance(chart.BANK_FEES) == Money.of("60.00", "CAD")


def test_the_same_webhook_twice_and_all_of_them_in_any_order_are_one_entry(
    client: FlaskClient, joined: Registration, stripe_simulator: SimulatedStripe
) -> None:
    assert joined.payment is not None and joined.payment.checkout_id is not None
    stripe_simulator.pay(joined.payment.checkout_id)
    told = list(reversed(stripe_simulator.control.packets()))
    assert len(told) > 1
    for one in told + told:
        assert tell(client, one).status_code == 200
    [completed] = packets(stripe_simulator, "checkout.session.completed")
    assert tell(client, completed).json == {"outcome": "known"}
    assert (entries(), joined.status) == (1, RegistrationStatus.CONFIRMED)
    assert balance(chart.FEES) == Money.of("-60.00", "CAD")


def test_a_webhook_that_lies_about_payment_is_looked_into_and_changes_nothing(
    client: FlaskClient, joined: Registration
) -> None:
    assert joined.payment is not None
    lie = packet(
        "checkout.session.completed",
        {"id": joined.payment.checkout_id, "object": "checkout.session", "payment_status": "paid"},
    )
    assert tell(client, lie).status_code == 200
    assert (entries(), joined.status) == (0, RegistrationStatus.UNPAID)


def test_forged_unsigned_old_and_future_messages_are_refused(
    client: FlaskClient, joined: Registration
) -> None:
    about = {"id": "cs_test_1", "object": "checkout.session"}
    now = int(time.time())
    for refused in (
        packet("checkout.session.completed", about, secret="whsec_somebody_elses"),
        packet("checkout.session.completed", about, moment=now - 301),
        packet("checkout.session.completed", about, moment=now + 3600),
        {"payload": "{}", "signature": "t=1,v1=0"},
        {"payload": "{}", "signature": ""},
    ):
        assert tell(client, refused).status_code == 400
    assert client.post("/webhooks/stripe", data="{}").status_code == 400
    assert db.session.scalar(select(GatewayEvent.id)) is None


def test_without_a_secret_nothing_is_taken(app: Flask, client: FlaskClient, joined: Registration) -> None:
    app.extensions["teranga.gateway"] = StripeGateway(secret_key=KEY, webhook_secret=None)
    about = {"id": "cs_test_1", "object": "checkout.session"}
    assert tell(client, packet("checkout.session.completed", about)).status_code == 503


def test_objects_of_others_are_ignored(
    client: FlaskClient, gateway: StripeGateway, stripe_simulator: SimulatedStripe
) -> None:
    foreign = gateway.create_checkout(
        amount=Money.of("10.00", "CAD"),
        reference="TG22-2222-2",
        description="Somebody else's",
        payer_email=None,
        locale="fr",
        success_url="http://localhost/paid",
        cancel_url="http://localhost/",
        idempotency_key="foreign",
        metadata={},
    )
    stripe_simulator.pay(foreign.id)
    for told in (
        packet("customer.created", {"id": "cus_1", "object": "customer"}),
        packet("charge.updated", {"id": "ch_nobodys", "object": "charge"}),
        packet("checkout.session.completed", {"id": "cs_test_unknown", "object": "checkout.session"}),
    ):
        assert tell(client, told).json == {"outcome": "ignored"}
    [completed] = packets(stripe_simulator, "checkout.session.completed")
    assert tell(client, completed).json == {"outcome": "foreign"}
    assert entries() == 0


def test_a_declined_card_settles_nothing_and_the_next_one_does(
    client: FlaskClient, joined: Registration, stripe_simulator: SimulatedStripe
) -> None:
    assert joined.payment is not None and joined.payment.checkout_id is not None
    stripe_simulator.pay(joined.payment.checkout_id, DECLINED)
    for told in stripe_simulator.control.packets():
        assert tell(client, told).status_code == 200
    assert joined.status is RegistrationStatus.UNPAID
    stripe_simulator.pay(joined.payment.checkout_id)
    for told in stripe_simulator.control.packets():
        assert tell(client, told).status_code == 200
    assert (joined.status, entries()) == (RegistrationStatus.CONFIRMED, 1)


def test_a_fee_booked_later_is_a_second_entry_once(
    client: FlaskClient, joined: Registration, stripe_simulator: SimulatedStripe
) -> None:
    assert joined.payment is not None and joined.payment.checkout_id is not None
    stripe_simulator.control.late_fees(True)
    stripe_simulator.pay(joined.payment.checkout_id)
    for told in stripe_simulator.control.packets():
        tell(client, told)
    assert (entries(), balance(chart.BANK_FEES)) == (1, Money.zero("CAD"))
    stripe_simulator.control.late_fees(False)
    for told in stripe_simulator.control.packets() * 2:
        assert tell(client, told).status_code == 200
    assert entries() == 2
    assert balance(chart.BANK_FEES) == Money.of("2.04", "CAD")
    assert balance(chart.STRIPE) == Money.of("57.96", "CAD")


def test_money_for_a_cancelled_registration_is_recorded_and_shown_for_attention(
    client: FlaskClient, joined: Registration, stripe_simulator: SimulatedStripe
) -> None:
    assert joined.payment is not None and joined.payment.checkout_id is not None
    with transaction():
        registration.cancel(joined, "cannot come", by=BY)
    stripe_simulator.pay(joined.payment.checkout_id)
    for told in stripe_simulator.control.packets():
        assert tell(client, told).status_code == 200
    assert (joined.status, entries()) == (RegistrationStatus.CANCELLED, 1)
    kinds = set(db.session.scalars(select(Attention.kind)))
    assert kinds == {"paid_while_cancelled"}  # said once
