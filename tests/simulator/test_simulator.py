"""The loopback Stripe answers the official library as Stripe does."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from tests.simulator.fixtures import (
    DECLINED,
    POOR,
    OpenCheckout,
    SimulatedStripe,
    running_simulator,
)
from tests.simulator.reading import booking_of, intent_of


class TestPaying:
    def test_a_card_pays_and_the_payer_comes_back(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout()
        assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
        answer = stripe_simulator.pay(session.id)
        assert answer.status_code == 303
        assert answer.headers["Location"] == f"https://teranga.example/paid?checkout={session.id}"
        found = stripe_simulator.client.v1.checkout.sessions.retrieve(session.id)
        assert (found.status, found.payment_status, found.url) == ("complete", "paid", None)
        assert found.amount_total == 75_000
        assert found.client_reference_id == "DKR05-OUT-7K4"

    def test_a_declined_card_can_be_followed_by_another(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout(locale="fr")
        refused = stripe_simulator.pay(session.id, DECLINED)
        assert refused.status_code == 402
        assert "La banque a refusé cette carte." in refused.text
        assert "provision" in stripe_simulator.pay(session.id, POOR).text
        assert intent_of(stripe_simulator, session.id).status == "requires_payment_method"
        assert stripe_simulator.pay(session.id).status_code == 303
        intent = intent_of(stripe_simulator, session.id)
        charges = stripe_simulator.client.v1.charges.list({"payment_intent": intent.id}).data
        assert [charge.status for charge in charges] == ["succeeded", "failed", "failed"]

    def test_a_page_sent_twice_charges_once(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout()
        first, second = stripe_simulator.pay(session.id), stripe_simulator.pay(session.id)
        assert first.headers["Location"] == second.headers["Location"]
        assert len(stripe_simulator.control.state()["objects"]["charge"]) == 1

    @pytest.mark.parametrize(
        ("typed", "said"),
        [
            ("4242 4242 4242 4243", "This is not a card number."),
            ("4539578763621486", "This is not a test card: never type a real one here."),
            ("", "This is not a card number."),
        ],
    )
    def test_what_is_no_test_card_is_refused_and_not_kept(
        self,
        typed: str,
        said: str,
        stripe_simulator: SimulatedStripe,
        open_checkout: OpenCheckout,
        tmp_path: Path,
    ) -> None:
        answer = stripe_simulator.pay(open_checkout(locale="en").id, typed)
        assert answer.status_code == 402
        assert said in answer.text
        kept = (tmp_path / "stripe.db").read_bytes()
        assert b"4539578763621486" not in kept and b'"last4": "1486"' not in kept

    def test_the_page_speaks_the_session_s_language_or_the_browser_s(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        french, either = open_checkout(locale="fr"), open_checkout()
        assert french.url and either.url
        page = requests.get(french.url, timeout=10).text
        assert 'lang="fr"' in page and "Payer 750,00\u00a0CAD" in page
        english = requests.get(either.url, timeout=10, headers={"Accept-Language": "en"}).text
        assert 'lang="en"' in english and "Pay 750.00\u00a0CAD" in english
        assert "<script" not in page
        assert 'href="https://teranga.example/plans/1"' in page

    def test_what_an_organiser_writes_is_shown_as_text(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout(client_reference_id="<script>alert(1)</script>")
        assert session.url
        assert "<script>" not in requests.get(session.url, timeout=10).text

    def test_an_expired_page_takes_no_money(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout()
        stripe_simulator.client.v1.checkout.sessions.expire(session.id)
        assert stripe_simulator.pay(session.id).status_code == 410
        with pytest.raises(stripe.InvalidRequestError, match="can be expired"):
            stripe_simulator.client.v1.checkout.sessions.expire(session.id)
        assert (
            requests.get(f"{stripe_simulator.base_url}/c/pay/cs_test_nobody", timeout=10).status_code == 404
        )

    def test_a_session_lapses_when_its_moment_has_passed(self, tmp_path: Path) -> None:
        moment = [1_700_000_000.0]
        with running_simulator(tmp_path / "stripe.db", clock=lambda: moment[0]) as running:
            session = running.client.v1.checkout.sessions.create(
                {
                    "mode": "payment",
                    "success_url": "https://teranga.example/",
                    "expires_at": 1_700_001_800,
                    "line_items": [
                        {
                            "quantity": 1,
                            "price_data": {
                                "currency": "cad",
                                "unit_amount": 5_000,
                                "product_data": {"name": "x"},
                            },
                        }
                    ],
                }
            )
            moment[0] += 1_799
            assert running.client.v1.checkout.sessions.retrieve(session.id).status == "open"
            moment[0] += 1
            assert running.pay(session.id).status_code == 410
            assert running.client.v1.checkout.sessions.retrieve(session.id).status == "expired"


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "currency", "fee"),
        [(75_000, "cad", 2_205), (10_000, "xof", 487), (50, "cad", 31), (100_000, "tnd", 3_200)],
    )
    def test_a_charge_costs_2_9_percent_and_a_fixed_part(
        self,
        amount: int,
        currency: str,
        fee: int,
        stripe_simulator: SimulatedStripe,
        open_checkout: OpenCheckout,
    ) -> None:
        session = open_checkout(amount, currency)
        stripe_simulator.pay(session.id)
        booked = booking_of(stripe_simulator, session.id)
        assert (booked.amount, booked.fee, booked.net, booked.currency) == (
            amount,
            fee,
            amount - fee,
            currency,
        )
        assert sum(detail.amount for detail in booked.fee_details) == fee

    def test_a_franc_has_no_cents(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout(10_000, "xof", locale="fr")
        assert session.url
        assert "10\u202f000\u00a0XOF" in requests.get(session.url, timeout=10).text

    @pytest.mark.parametrize(
        ("amount", "currency", "code"),
        [(49, "cad", "amount_too_small"), (100_000_000, "cad", "amount_too_large"), (5_001, "tnd", None)],
    )
    def test_amounts_stripe_would_refuse_are_refused(
        self, amount: int, currency: str, code: str | None, open_checkout: OpenCheckout
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            open_checkout(amount, currency)
        assert refused.value.code == code

    def test_a_fee_may_be_known_later_than_the_payment(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        stripe_simulator.control.late_fees(True)
        session = open_checkout()
        stripe_simulator.pay(session.id)
        charge = intent_of(stripe_simulator, session.id).latest_charge
        assert isinstance(charge, stripe.Charge)
        assert charge.paid and charge.balance_transaction is None
        stripe_simulator.control.late_fees(False)
        assert booking_of(stripe_simulator, session.id).fee == 2_205
        assert stripe_simulator.client.v1.events.list({"type": "charge.updated"}).data

    def test_the_balance_is_what_came_less_what_left(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout()
        stripe_simulator.pay(session.id)
        intent = intent_of(stripe_simulator, session.id)
        stripe_simulator.client.v1.refunds.create({"payment_intent": intent.id, "amount": 5_000})
        balance = stripe_simulator.client.v1.balance.retrieve()
        assert [(part.amount, part.currency) for part in balance.pending] == [(75_000 - 2_205 - 5_000, "cad")]


class TestRefunds:
    @pytest.fixture
    def paid(self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout) -> str:
        session = open_checkout()
        stripe_simulator.pay(session.id)
        return intent_of(stripe_simulator, session.id).id

    def test_in_part_then_the_rest_then_nothing_is_left(
        self, stripe_simulator: SimulatedStripe, paid: str
    ) -> None:
        refunds = stripe_simulator.client.v1.refunds
        part = refunds.create({"payment_intent": paid, "amount": 25_000, "reason": "requested_by_customer"})
        assert (part.status, part.amount, part.currency) == ("succeeded", 25_000, "cad")
        with pytest.raises(stripe.InvalidRequestError, match=r"greater than unrefunded amount"):
            refunds.create({"payment_intent": paid, "amount": 50_001})
        assert refunds.create({"payment_intent": paid}).amount == 50_000
        with pytest.raises(stripe.InvalidRequestError) as refused:
            refunds.create({"payment_intent": paid})
        assert refused.value.code == "charge_already_refunded"
        charge = stripe_simulator.client.v1.charges.list({"payment_intent": paid}).data[0]
        assert (charge.amount_refunded, charge.refunded) == (75_000, True)
        booked = stripe_simulator.client.v1.balance_transactions.list({"type": "refund"}).data
        assert sorted(found.amount for found in booked) == [-50_000, -25_000]

    def test_the_same_key_refunds_once(self, stripe_simulator: SimulatedStripe, paid: str) -> None:
        refunds = stripe_simulator.client.v1.refunds
        once = refunds.create({"payment_intent": paid, "amount": 100}, {"idempotency_key": "refund-1"})
        again = refunds.create({"payment_intent": paid, "amount": 100}, {"idempotency_key": "refund-1"})
        other = refunds.create({"payment_intent": paid, "amount": 100}, {"idempotency_key": "refund-2"})
        assert once.id == again.id != other.id
        assert again.last_response is not None
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        assert len(refunds.list({"payment_intent": paid}).data) == 2

    def test_twenty_at_once_are_one(self, stripe_simulator: SimulatedStripe, paid: str) -> None:
        def refund(_: int) -> str:
            params: Any = {"payment_intent": paid, "amount": 75_000}
            return stripe_simulator.client.v1.refunds.create(params, {"idempotency_key": "refund-1"}).id

        with ThreadPoolExecutor(20) as crowd:
            assert len(set(crowd.map(refund, range(20)))) == 1
