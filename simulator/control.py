"""Endpoints under ``/_control/``: how a test or a demonstration makes this outside world misbehave.

Bodies are JSON. Only the loopback reaches them, since the simulator listens nowhere else.
"""

import threading
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from simulator import disputes, payments, payouts
from simulator.api import memory
from simulator.balance import settle_in
from simulator.webhooks import MODES, Courier

control = Blueprint("control", __name__, url_prefix="/_control")


@dataclass(frozen=True, slots=True)
class Fault:
    """One way to fail: ``error`` answers 503 and does nothing; ``slow`` does it and answers late."""

    kind: str
    path: str
    seconds: float


class Faults:
    """Faults waiting for a request whose path begins as theirs does; each is used once."""

    def __init__(self) -> None:
        self._waiting: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault, times: int) -> None:
        """Let the next `times` matching requests fail."""
        with self._lock:
            self._waiting += [fault] * times

    def next(self, path: str) -> Fault | None:
        """The fault meant for this request, if any."""
        with self._lock:
            found = next((fault for fault in self._waiting if path.startswith(fault.path)), None)
            if found is not None:
                self._waiting.remove(found)
            return found

    def clear(self) -> None:
        """Work well again."""
        with self._lock:
            self._waiting.clear()


def _courier() -> Courier:
    courier = current_app.extensions["simulator_courier"]
    assert isinstance(courier, Courier)
    return courier


def _asked() -> dict[str, Any]:
    body = request.get_json(silent=True) if request.data else {}
    return body if isinstance(body, dict) else {}


def _refuse(sentence: str) -> tuple[Response, int]:
    return jsonify(error=sentence), 400


@control.post("/webhooks")
def set_webhooks() -> Response | tuple[Response, int]:
    """Choose ``mode`` (and ``seconds`` for ``delay``), or move the endpoint (``url``, ``secret``)."""
    asked, courier = _asked(), _courier()
    mode = asked.get("mode", courier.mode)
    if mode not in MODES:
        return _refuse(f"mode is one of {', '.join(MODES)}")
    courier.mode = mode
    courier.delay = float(asked.get("seconds", courier.delay))
    courier.url = asked.get("url", courier.url)
    courier.secret = asked.get("secret", courier.secret)
    return jsonify(mode=courier.mode, seconds=courier.delay, url=courier.url)


@control.post("/flush")
def flush() -> Response | tuple[Response, int]:
    """Deliver now all that is held or waiting, in ``order`` (normal, reverse, shuffle with ``seed``)."""
    asked = _asked()
    order = asked.get("order", "normal")
    if order not in {"normal", "reverse", "shuffle"}:
        return _refuse("order is normal, reverse or shuffle")
    return jsonify(delivered=_courier().flush(order, int(asked.get("seed", 0))))


@control.post("/faults")
def set_faults() -> Response | tuple[Response, int]:
    """Let the next ``times`` requests to ``path`` fail: ``kind`` error, or slow by ``seconds``."""
    asked = _asked()
    if asked.get("kind") not in {"error", "slow"}:
        return _refuse("kind is error or slow")
    fault = Fault(asked["kind"], asked.get("path", "/v1/"), float(asked.get("seconds", 0)))
    current_app.extensions["simulator_faults"].add(fault, int(asked.get("times", 1)))
    return jsonify(ok=True)


@control.post("/fees")
def set_fees() -> Response:
    """With ``late`` true, charges are booked only once it is set to false again."""
    store = memory()
    with store.writing():
        payments.set_late_fees(store, late=bool(_asked().get("late")))
    return jsonify(late=payments.late_fees(store))


@control.post("/settlement")
def set_settlement() -> Response:
    """Settle the currencies of ``rates`` in ``currency``: so many of it (as text) for one of each."""
    asked, store = _asked(), memory()
    with store.writing():
        settle_in(store, asked["currency"], asked["rates"])
    return jsonify(ok=True)


@control.post("/disputes")
def set_dispute() -> Response:
    """Let the holder of the card that paid ``charge`` dispute it, or decide (``outcome`` won or lost)."""
    asked, store = _asked(), memory()
    with store.writing():
        found = store.select("dispute", {"charge": asked["charge"]})
        if found:
            made = disputes.close_dispute(store, found[0], asked["outcome"])
        else:
            made = disputes.open_dispute(store, store.get("charge", asked["charge"]))
    return jsonify(id=made["id"], status=made["status"])


@control.post("/payouts")
def set_payout() -> Response:
    """Pay out by itself all that gathered in ``currency``, or end ``payout`` (``outcome`` paid or failed)."""
    asked, store = _asked(), memory()
    with store.writing():
        if "payout" in asked:
            made = payouts.end_payout(store, store.get("payout", asked["payout"]), asked["outcome"])
            return jsonify(id=made["id"], status=made["status"])
        sent = payouts.pay_out(store, asked["currency"])
    return jsonify(id=sent and sent["id"])


@control.post("/refunds")
def fail_refund() -> Response:
    """Let the payer's bank send ``refund`` back."""
    store = memory()
    with store.writing():
        made = payments.fail_refund(store, store.get("refund", _asked()["refund"]))
    return jsonify(id=made["id"], status=made["status"])


@control.post("/reset")
def reset() -> Response:
    """Forget everything and behave well."""
    store, courier = memory(), _courier()
    courier.mode, courier.delay = "normal", 0.0
    current_app.extensions["simulator_faults"].clear()
    with store.writing():
        store.forget_all()
    return jsonify(ok=True)


@control.get("/state")
def state() -> Response:
    """What the simulator knows: objects by kind, the deliveries and how they went."""
    store, courier = memory(), _courier()
    kinds = (
        "checkout.session", "payment_intent", "charge", "refund", "balance_transaction", "event", "customer",
        "payment_method", "setup_intent", "dispute", "payout",
    )  # fmt: skip
    deliveries = [
        {
            "event": found.event["id"], "type": found.event["type"], "state": found.state,
            "attempts": found.attempts, "answer": found.answer,
        }
        for found in store.deliveries()
    ]  # fmt: skip
    objects = {kind: [item["id"] for item in store.select(kind)] for kind in kinds}
    return jsonify(mode=courier.mode, url=courier.url, objects=objects, deliveries=deliveries)


@control.get("/packets")
def packets() -> Response:
    """What is held or waiting, as it would be sent now: for a test that has no server to deliver to."""
    courier = _courier()
    found = []
    for delivery in memory().deliveries("held", "waiting"):
        payload, signature = courier.packet(delivery.event)
        found.append({"type": delivery.event["type"], "payload": payload, "signature": signature})
    return jsonify(packets=found)
