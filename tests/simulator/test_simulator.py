"""The loopback Stripe answers the official library as Stripe does."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe

from tests.simulator.fixtures import (
    DECLINED,
    KEY,
    POOR,
    SECRET,
    OpenCheckout,
    Receiver,
    SimulatedStripe,
    running_simulator,
)

BOOKED = {"expand": ["payment_intent.latest_charge.balance_transaction"]}


def intent_of(running: SimulatedStripe, session_id: str) -> stripe.PaymentIntent:
    found = running.client.v1.checkout.sessions.retrieve(
        session_id, {"expand": BOOKED["expand"]}
    ).payment_intent
    assert isinstance(found, stripe.PaymentIntent)
    return found


def booking_of(running: SimulatedStripe, session_id: str) -> stripe.BalanceTransaction:
    charge = intent_of(running, session_id).latest_charge
    assert isinstance(charge, stripe.Charge)
    assert isinstance(charge.balance_transaction, stripe.BalanceTransaction)
    return charge.balance_transaction


def types_of(received: list[tuple[bytes, str]]) -> list[str]:
    return [stripe.Webhook.construct_event(body, signed, SECRET).type for body, signed in received]


PAID = [
    "payment_intent.created",
    "charge.succeeded",
    "payment_intent.succeeded",
    "checkout.session.completed",
]


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
