"""The loopback Stripe on the wire: keys that count once, the form of each answer, signed messages."""

from pathlib import Path

import pytest
import requests
import stripe

from tests.simulator.fixtures import (
    KEY,
    SECRET,
    OpenCheckout,
    Receiver,
    SimulatedStripe,
    running_simulator,
)
from tests.simulator.reading import PAID, types_of


class TestIdempotency:
    def test_the_same_key_with_another_body_is_an_error(self, stripe_simulator: SimulatedStripe) -> None:
        intents = stripe_simulator.client.v1.payment_intents
        intents.create({"amount": 5_000, "currency": "cad"}, {"idempotency_key": "one"})
        with pytest.raises(stripe.IdempotencyError, match="same parameters"):
            intents.create({"amount": 5_001, "currency": "cad"}, {"idempotency_key": "one"})
        with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
            stripe_simulator.client.v1.refunds.create({"charge": "ch_x"}, {"idempotency_key": "one"})

    def test_a_declined_card_stays_declined_for_its_key(self, stripe_simulator: SimulatedStripe) -> None:
        codes = []
        for _ in range(2):
            with pytest.raises(stripe.CardError) as refused:
                stripe_simulator.client.v1.payment_intents.create(
                    {
                        "amount": 5_000,
                        "currency": "cad",
                        "payment_method": "pm_card_visa_chargeDeclinedInsufficientFunds",
                        "confirm": True,
                    },
                    {"idempotency_key": "instalment-3"},
                )
            assert refused.value.error is not None
            codes.append((refused.value.code, refused.value.error.decline_code, refused.value.error.charge))
        assert codes[0] == codes[1]
        assert codes[0][:2] == ("card_declined", "insufficient_funds")
        assert len(stripe_simulator.client.v1.charges.list().data) == 1

    def test_a_request_refused_before_it_began_leaves_its_key_free(
        self, stripe_simulator: SimulatedStripe
    ) -> None:
        intents = stripe_simulator.client.v1.payment_intents
        with pytest.raises(stripe.InvalidRequestError) as refused:
            intents.create({"amount": 5_000, "currency": "zzz"}, {"idempotency_key": "two"})
        assert refused.value.param == "currency"
        assert (
            intents.create({"amount": 5_000, "currency": "cad"}, {"idempotency_key": "two"}).amount == 5_000
        )

    def test_keys_and_objects_survive_a_restart_and_keys_are_forgotten_after_a_day(
        self, tmp_path: Path
    ) -> None:
        moment = [1_700_000_000.0]
        made = []
        for later in (0, 3_600, 86_400):
            moment[0] = 1_700_000_000.0 + later
            with running_simulator(tmp_path / "stripe.db", clock=lambda: moment[0]) as running:
                create = running.client.v1.payment_intents.create
                made.append(create({"amount": 5_000, "currency": "cad"}, {"idempotency_key": "k"}).id)
                assert running.client.v1.payment_intents.retrieve(made[0]).amount == 5_000
        assert made[0] == made[1] != made[2]

    def test_an_answer_that_never_arrived_is_had_by_asking_again(
        self, stripe_simulator: SimulatedStripe
    ) -> None:
        patient = stripe.StripeClient(
            KEY,
            base_addresses={"api": stripe_simulator.base_url},
            max_network_retries=1,
            http_client=(http := stripe.RequestsClient(timeout=0.5)),
        )
        stripe_simulator.control.faults("slow", "/v1/payment_intents", seconds=0.8)
        patient.v1.payment_intents.create({"amount": 5_000, "currency": "cad"})
        stripe_simulator.control.faults("error", "/v1/payment_intents")
        patient.v1.payment_intents.create({"amount": 6_000, "currency": "cad"})
        http.close()  # type: ignore[no-untyped-call]
        found = stripe_simulator.client.v1.payment_intents.list().data
        assert [intent.amount for intent in found] == [6_000, 5_000]


class TestWireFormat:
    def test_lists_are_paged_by_cursor(self, stripe_simulator: SimulatedStripe) -> None:
        intents = stripe_simulator.client.v1.payment_intents
        made = [intents.create({"amount": 1_000 + k, "currency": "cad"}).id for k in range(5)]
        first = intents.list({"limit": 2})
        assert first.has_more and [found.id for found in first.data] == [made[4], made[3]]
        assert [found.id for found in first.auto_paging_iter()] == made[::-1]
        back = intents.list({"limit": 2, "ending_before": made[0]})
        assert [found.id for found in back.data] == [made[2], made[1]] and back.has_more
        assert not intents.list({"created": {"gt": 4_000_000_000}}).data
        assert len(intents.list({"created": {"gte": 1_600_000_000}}).data) == 5
        with pytest.raises(stripe.InvalidRequestError) as refused:
            intents.list({"limit": 101})
        assert refused.value.param == "limit"

    @pytest.mark.parametrize(
        ("more", "param", "code"),
        [
            ({"mode": "subscription"}, "mode", None),
            ({"success_url": "javascript:alert(1)"}, "success_url", "url_invalid"),
            ({"customer_email": "nobody"}, "customer_email", "email_invalid"),
            ({"expires_at": 1}, "expires_at", None),
            ({"line_items": []}, "line_items", "parameter_missing"),
            (
                {"line_items": [{"price": "price_other", "quantity": 1}]},
                "line_items[0][price]",
                "resource_missing",
            ),
            ({"colour": "ochre"}, "colour", "parameter_unknown"),
        ],
    )
    def test_a_wrong_parameter_is_named(
        self, more: dict[str, object], param: str, code: str | None, open_checkout: OpenCheckout
    ) -> None:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            open_checkout(**more)
        assert (refused.value.param, refused.value.code, refused.value.http_status) == (param, code, 400)

    def test_a_quantity_of_minus_one_is_refused(self, open_checkout: OpenCheckout) -> None:
        price = {"currency": "cad", "unit_amount": 5_000, "product_data": {"name": "Seat"}}
        with pytest.raises(stripe.InvalidRequestError, match="greater than or equal to 1"):
            open_checkout(line_items=[{"quantity": -1, "price_data": price}])

    def test_what_does_not_exist_is_a_404(self, stripe_simulator: SimulatedStripe) -> None:
        with pytest.raises(
            stripe.InvalidRequestError, match="No such payment_intent: 'pi_nobody'"
        ) as refused:
            stripe_simulator.client.v1.payment_intents.retrieve("pi_nobody")
        assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
        with pytest.raises(stripe.InvalidRequestError, match=r"Unrecognized request URL \(GET: /v1/prices\)"):
            stripe_simulator.client.v1.prices.list()
        with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
            stripe_simulator.client.v1.balance.retrieve({"expand": ["nothing"]})

    @pytest.mark.parametrize(
        "body",
        [
            "a[b]=1&a=2",
            "mode=payment&line_items[x]=1",
            "mode[a]=1",
            "[]=1",
            "a]=b[",
            "expand=x",
            "metadata[]=x",
            "=%FF",
        ],
    )
    def test_a_form_that_makes_no_sense_is_a_bad_request(
        self, body: str, stripe_simulator: SimulatedStripe
    ) -> None:
        answer = requests.post(
            f"{stripe_simulator.base_url}/v1/checkout/sessions",
            body,
            auth=(KEY, ""),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            timeout=10,
        )
        assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")

    def test_a_list_may_be_written_without_positions(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout(metadata={"1": "a note whose name is a number"})
        assert session.metadata is not None and session.metadata["1"]
        stripe_simulator.pay(session.id)
        found = requests.get(
            f"{stripe_simulator.base_url}/v1/checkout/sessions/{session.id}?expand[]=line_items&expand[]=payment_intent",
            auth=(KEY, ""),
            timeout=10,
        ).json()
        assert found["payment_intent"]["status"] == "succeeded" and found["line_items"]["data"]

    def test_a_key_is_needed_and_a_live_one_refused(self, stripe_simulator: SimulatedStripe) -> None:
        answer = requests.get(f"{stripe_simulator.base_url}/v1/balance", timeout=10)
        assert answer.status_code == 401
        with pytest.raises(stripe.AuthenticationError):
            stripe_simulator.client.v1.balance.retrieve(options={"api_key": "sk_live_never_send_this"})

    def test_line_items_and_version_are_told(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout
    ) -> None:
        session = open_checkout(expand=["line_items"])
        assert session.line_items is not None
        assert session.line_items.data[0].description == "Instalment 1 of 12"
        assert session.last_response is not None
        assert session.last_response.headers["Stripe-Version"] == "2026-10-28.endive"
        items = stripe_simulator.client.v1.checkout.sessions.line_items.list(session.id)
        assert items.data[0].amount_total == 75_000


class TestWebhooks:
    @pytest.fixture
    def listened(self, stripe_simulator: SimulatedStripe, webhook_receiver: Receiver) -> Receiver:
        stripe_simulator.control.webhooks(url=webhook_receiver.url)
        return webhook_receiver

    def test_a_payment_is_told_and_signed(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout, listened: Receiver
    ) -> None:
        session = open_checkout()
        stripe_simulator.pay(session.id)
        received = listened.wait_for(4)
        assert types_of(received) == PAID
        event = stripe.Webhook.construct_event(*received[-1], SECRET)
        assert event.data.object["id"] == session.id
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(*received[-1], "whsec_another")

    def test_twice(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout, listened: Receiver
    ) -> None:
        stripe_simulator.control.webhooks("duplicate")
        stripe_simulator.pay(open_checkout().id)
        assert types_of(listened.wait_for(8)) == [kind for kind in PAID for _ in range(2)]

    def test_in_another_order(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout, listened: Receiver
    ) -> None:
        stripe_simulator.control.webhooks("reorder")
        stripe_simulator.pay(open_checkout().id)
        assert types_of(listened.wait_for(4)) == PAID[::-1]

    def test_held_back_until_asked_for(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout, listened: Receiver
    ) -> None:
        stripe_simulator.control.webhooks("hold")
        stripe_simulator.pay(open_checkout().id)
        assert [packet["type"] for packet in stripe_simulator.control.packets()] == PAID
        assert listened.received == []
        delivered = stripe_simulator.control.flush("reverse")
        assert [found["state"] for found in delivered] == ["delivered"] * 4
        assert types_of(listened.wait_for(4)) == PAID[::-1]
        assert stripe_simulator.control.flush() == []

    def test_before_the_page_returns(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout, listened: Receiver
    ) -> None:
        stripe_simulator.control.webhooks("first")
        stripe_simulator.pay(open_checkout().id)
        assert len(listened.received) == 4

    def test_later(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout, listened: Receiver
    ) -> None:
        stripe_simulator.control.webhooks("delay", seconds=0.3)
        stripe_simulator.pay(open_checkout().id)
        assert listened.received == []
        assert types_of(listened.wait_for(4)) == PAID

    def test_again_when_the_endpoint_fails_but_not_for_ever(
        self, stripe_simulator: SimulatedStripe, open_checkout: OpenCheckout, listened: Receiver
    ) -> None:
        listened.answers += [500, 302]
        stripe_simulator.client.v1.checkout.sessions.expire(open_checkout().id)
        listened.wait_for(3)
        listened.answers += [500] * 9
        stripe_simulator.client.v1.checkout.sessions.expire(open_checkout().id)
        listened.wait_for(6)
        stripe_simulator.control.flush()
        deliveries = stripe_simulator.control.state()["deliveries"]
        assert [(found["state"], found["attempts"]) for found in deliveries] == [
            ("delivered", 3),
            ("failed", 3),
        ]

    def test_what_waits_survives_a_restart(self, tmp_path: Path, webhook_receiver: Receiver) -> None:
        with running_simulator(tmp_path / "stripe.db", webhook_receiver.url) as running:
            running.control.webhooks("delay", seconds=0.5)
            running.client.v1.payment_intents.create({"amount": 5_000, "currency": "cad"})
        assert webhook_receiver.received == []
        with running_simulator(tmp_path / "stripe.db", webhook_receiver.url):
            assert types_of(webhook_receiver.wait_for(1)) == ["payment_intent.created"]

    def test_controls_refuse_what_they_do_not_know(self, stripe_simulator: SimulatedStripe) -> None:
        for path, body in (
            ("webhooks", {"mode": "loud"}),
            ("flush", {"order": "up"}),
            ("faults", {"kind": "fire"}),
        ):
            answer = requests.post(f"{stripe_simulator.base_url}/_control/{path}", json=body, timeout=10)
            assert answer.status_code == 400
        stripe_simulator.client.v1.payment_intents.create({"amount": 5_000, "currency": "cad"})
        stripe_simulator.control.reset()
        assert stripe_simulator.control.state()["objects"]["payment_intent"] == []
