"""A running loopback Stripe on a free port, and a tiny endpoint that receives its webhooks."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
from werkzeug.serving import make_server

from simulator.app import close_simulator, create_simulator

KEY = "sk_test_worked_example"
SECRET = "whsec_worked_example"
PAYS, DECLINED, POOR = "4242424242424242", "4000000000000002", "4000000000009995"


@dataclass(frozen=True, slots=True)
class Control:
    """The simulator's controls: how a test makes it misbehave."""

    base_url: str

    def webhooks(self, mode: str | None = None, **settings: Any) -> dict[str, Any]:
        """Choose a mode (normal, duplicate, delay, hold, reorder, first), or move the endpoint."""
        return self._post("webhooks", **({"mode": mode} if mode else {}), **settings)

    def flush(self, order: str = "normal", seed: int = 0) -> list[dict[str, Any]]:
        """Deliver what is held or waiting; what came of each."""
        found: list[dict[str, Any]] = self._post("flush", order=order, seed=seed)["delivered"]
        return found

    def faults(self, kind: str, path: str = "/v1/", *, seconds: float = 0, times: int = 1) -> None:
        """Let the next requests to `path` fail (``error``) or be slow."""
        self._post("faults", kind=kind, path=path, seconds=seconds, times=times)

    def late_fees(self, late: bool) -> None:
        """Book charges later than they are paid, or now."""
        self._post("fees", late=late)

    def settle_in(self, currency: str, **rates: str) -> None:
        """Settle other currencies in this one: so many of it for one of each."""
        self._post("settlement", currency=currency, rates=rates)

    def state(self) -> dict[str, Any]:
        """Objects by kind, deliveries."""
        found: dict[str, Any] = requests.get(f"{self.base_url}/_control/state", timeout=10).json()
        return found

    def packets(self) -> list[dict[str, str]]:
        """What waits or is held, as it would be sent now: type, payload, signature."""
        found: list[dict[str, str]] = requests.get(f"{self.base_url}/_control/packets", timeout=10).json()[
            "packets"
        ]
        return found

    def dispute(self, charge: str, outcome: str = "") -> str:
        """Let the card's holder dispute a charge; with `outcome` (won, lost), decide the dispute."""
        return str(self._post("disputes", charge=charge, **({"outcome": outcome} if outcome else {}))["id"])

    def pay_out(self, currency: str = "cad") -> str:
        """The automatic payout of what has gathered."""
        return str(self._post("payouts", currency=currency)["id"])

    def end_payout(self, payout: str, outcome: str) -> None:
        """The payout arrived (``paid``), or came back (``failed``)."""
        self._post("payouts", payout=payout, outcome=outcome)

    def fail_refund(self, refund: str) -> None:
        """The payer's bank sends a refund back."""
        self._post("refunds", refund=refund)

    def reset(self) -> None:
        """Forget everything and behave well."""
        self._post("reset")

    def _post(self, name: str, **body: Any) -> dict[str, Any]:
        answer = requests.post(f"{self.base_url}/_control/{name}", json=body, timeout=30)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@dataclass(frozen=True, slots=True)
class SimulatedStripe:
    """A running simulator: reach it with the real library at `base_url`, or through `client`."""

    base_url: str
    control: Control
    client: stripe.StripeClient
    key: str = KEY
    secret: str = SECRET

    def pay(self, session_id: str, card: str = PAYS) -> requests.Response:
        """What the payer's browser does on the page, without following where it is sent."""
        url = f"{self.base_url}/c/pay/{session_id}"
        form = {"number": card, "name": "Payeuse Fictive", "email": "payeuse@example.org"}
        return requests.post(url, form, timeout=30, allow_redirects=False)


@contextmanager
def running_simulator(
    database: Path, webhook_url: str | None = None, **options: Any
) -> Iterator[SimulatedStripe]:
    """Serve a simulator on a free loopback port while the block runs."""
    server = make_server("127.0.0.1", 0, lambda environ, start: app(environ, start), threaded=True)
    url = f"http://127.0.0.1:{server.server_port}"
    app = create_simulator(database, webhook_url, SECRET, url, **options)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="simulator", daemon=True)
    thread.start()
    http = stripe.RequestsClient(timeout=10, session=_direct())
    client = stripe.StripeClient(KEY, base_addresses={"api": url}, max_network_retries=0, http_client=http)
    try:
        yield SimulatedStripe(url, Control(url), client)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
        close_simulator(app)
        http.close()  # type: ignore[no-untyped-call]


def _direct() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


@dataclass
class Receiver:
    """A webhook endpoint that notes what reaches it. `answers` are its statuses; then always 200."""

    url: str
    received: list[tuple[bytes, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int, patience: float = 5.0) -> list[tuple[bytes, str]]:
        """The first `count` messages. Fails when they do not come in time."""
        with self.arrived:
            assert self.arrived.wait_for(lambda: len(self.received) >= count, patience), self.received
            return list(self.received)


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Serve a `Receiver` on a free loopback port while the block runs."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            with receiver.arrived:
                receiver.received.append((body, self.headers["Stripe-Signature"]))
                status = receiver.answers.pop(0) if receiver.answers else 200
                receiver.arrived.notify_all()
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_port}/webhooks/stripe")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="receiver", daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def webhook_receiver() -> Iterator[Receiver]:
    """An endpoint that notes the webhooks that reach it."""
    with running_receiver() as receiver:
        yield receiver


@pytest.fixture
def stripe_simulator(tmp_path: Path) -> Iterator[SimulatedStripe]:
    """A fresh simulator without an endpoint; `control.webhooks(url=…)` gives it one."""
    with running_simulator(tmp_path / "stripe.db", retries=(0.05, 0.05)) as running:
        yield running


OpenCheckout = Callable[..., stripe.checkout.Session]


@pytest.fixture
def open_checkout(stripe_simulator: SimulatedStripe) -> OpenCheckout:
    """Open a checkout for 750.00 CAD, one instalment of the Outaouais, or as the arguments say."""

    def build(amount: int = 75_000, currency: str = "cad", **more: Any) -> stripe.checkout.Session:
        price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "Instalment 1 of 12"}}
        params: Any = {
            "mode": "payment",
            "line_items": [{"quantity": 1, "price_data": price}],
            "success_url": "https://teranga.example/paid?checkout={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://teranga.example/plans/1",
            "client_reference_id": "DKR05-OUT-7K4",
            **more,
        }
        return stripe_simulator.client.v1.checkout.sessions.create(params)

    return build
