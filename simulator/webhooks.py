"""Webhooks: signed as Stripe signs them, delivered by a thread, and out of order when asked."""

import hashlib
import hmac
import json
import random
import threading
import urllib.error
import urllib.request
from collections.abc import Sequence
from http.client import HTTPException
from typing import Any

from simulator.store import Delivery, Store
from simulator.wire import Object

MODES = ("normal", "duplicate", "delay", "hold", "reorder", "first")
"""``first`` brings the webhook before the payer's page answers; ``hold`` keeps it until flushed."""

RETRIES = (1.0, 5.0, 25.0)
"""Seconds before each further attempt when the endpoint does not answer with success."""

_PATIENCE = 10.0  # seconds given to the endpoint to answer


def sign(payload: str, secret: str, moment: int) -> str:
    """The ``Stripe-Signature`` header for `payload`, stamped with `moment` (epoch seconds)."""
    signed = hmac.new(secret.encode(), f"{moment}.{payload}".encode(), hashlib.sha256)
    return f"t={moment},v1={signed.hexdigest()}"


class Courier:
    """Brings events to the endpoint, one at a time, until told otherwise."""

    def __init__(
        self, store: Store, url: str | None, secret: str, retries: Sequence[float] = RETRIES
    ) -> None:
        self.url = url
        self.secret = secret
        self.mode = "normal"
        self.delay = 0.0
        self._store = store
        self._retries = tuple(retries)
        self._sending = threading.Lock()
        self._wake = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)
        store.announce = self._announce
        store.committed = self._wake.set

    def start(self) -> None:
        """Begin delivering, what an earlier run left waiting included."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the attempt under way and deliver no more."""
        self._stopped.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)

    def flush(self, order: str = "normal", seed: int = 0, *, held: bool = True) -> list[Object]:
        """Deliver now what waits, what is `held` included, in `order` (normal, reverse, shuffle)."""
        with self._sending:
            pending = self._store.deliveries("waiting", *(["held"] if held else []))
            if order == "reverse":
                pending.reverse()
            elif order == "shuffle":
                random.Random(seed).shuffle(pending)  # noqa: S311 - a test order, not a secret
            return [self._attempt(delivery) for delivery in pending]

    def packet(self, event: Object) -> tuple[str, str]:
        """The body and the signature header that would be sent now."""
        payload = json.dumps(event, indent=2)
        return payload, sign(payload, self.secret, self._store.now())

    def _announce(self, events: list[Object]) -> None:
        """Plan the deliveries of one unit of work, in the manner of the present mode."""
        if self.url is None and self.mode != "hold":
            return
        due = self._store.clock() + (self.delay if self.mode == "delay" else 0.0)
        for event in reversed(events) if self.mode == "reorder" else events:
            for _ in range(2 if self.mode == "duplicate" else 1):
                self._store.schedule(event, due=due, held=self.mode == "hold")

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wake.clear()
            with self._sending:
                delivery = None if self._stopped.is_set() else self._store.due()
                if delivery is not None:
                    self._attempt(delivery)
            if delivery is None:
                upcoming = self._store.next_due()
                self._wake.wait(None if upcoming is None else max(0.01, upcoming - self._store.clock()))

    def _attempt(self, delivery: Delivery) -> Object:
        payload, signature = self.packet(delivery.event)
        answer = self._post(payload, signature)
        if answer is not None and 200 <= answer < 300:
            state, wait = "delivered", 0.0
        elif delivery.attempts < len(self._retries):
            state, wait = "waiting", self._retries[delivery.attempts]
        else:
            state, wait = "failed", 0.0
        self._store.record_attempt(delivery, state=state, answer=answer, due=self._store.clock() + wait)
        return {
            "event": delivery.event["id"],
            "type": delivery.event["type"],
            "answer": answer,
            "state": state,
        }

    def _post(self, payload: str, signature: str) -> int | None:
        """The endpoint's status, or `None` when it could not be reached."""
        if self.url is None:
            return None
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature,
            "User-Agent": "Stripe/1.0 (simulator)",
        }
        request = urllib.request.Request(self.url, payload.encode(), headers, method="POST")  # noqa: S310 - our own
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)
        try:
            with opener.open(request, timeout=_PATIENCE) as response:
                return int(response.status)
        except urllib.error.HTTPError as refused:
            refused.close()
            return refused.code
        except (OSError, HTTPException):
            return None


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect is not a success: Stripe does not follow it either."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None
