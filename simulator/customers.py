"""Customers, the cards they keep on file, and the SetupIntents that put them there."""

from typing import Any

from simulator import cards
from simulator.payments import decline_error
from simulator.store import Store
from simulator.wire import Object, StripeProblem, new_id, no_such


def new_customer(store: Store, **fields: object) -> Object:
    """Somebody whose cards may be kept."""
    return store.add({
        "id": new_id("cus_", 14), "object": "customer", "address": None, "balance": 0, "created": store.now(),
        "currency": None, "default_source": None, "delinquent": False, "description": None, "email": None,
        "invoice_settings": {"default_payment_method": None}, "livemode": False, "metadata": {}, "name": None,
        "phone": None, "preferred_locales": [], "shipping": None, "tax_exempt": "none", **fields,
    })  # fmt: skip


def card_of(number: str) -> Object:
    """What is told of a card: never its number."""
    return {
        "brand": cards.brand(number), "country": "CA", "exp_month": 12, "exp_year": 2034,
        "fingerprint": f"fp_{cards.last_four(number)}", "funding": "credit", "last4": cards.last_four(number),
    }  # fmt: skip


def new_method(store: Store, number: str, customer: str | None, details: Object | None = None) -> Object:
    """A card kept on file."""
    nobody = {"address": None, "email": None, "name": None, "phone": None}
    return store.add({
        "id": new_id("pm_"), "object": "payment_method", "billing_details": details or nobody,
        "card": card_of(number), "created": store.now(), "customer": customer, "livemode": False,
        "metadata": {},
        "type": "card", "_number": number,
    })  # fmt: skip


def find_method(store: Store, id_: str, param: str = "payment_method") -> Object:
    """A kept card, or a fresh one for a name that tests use. Raises `StripeProblem`."""
    if id_ in cards.METHODS:
        return new_method(store, cards.METHODS[id_], None)
    found = store.find(id_)
    if found is None or found["object"] != "payment_method":
        raise no_such("PaymentMethod", id_, param)
    return found


def attach(store: Store, method: Object, customer: Object) -> Object:
    """Keep the card for the customer. Raises `StripeProblem` when the bank refuses the card."""
    decline = cards.judge(method["_number"], attaching=True)
    if decline:
        error = decline_error(decline, None)
        raise StripeProblem(error.pop("message"), status=402, kind=error.pop("type"), saved=True, **error)
    if method["customer"] not in (None, customer["id"]):
        message = "The payment method you provided has already been attached to a customer."
        raise StripeProblem(message, saved=True)
    method["customer"] = customer["id"]
    store.save(method)
    store.emit("payment_method.attached", method)
    return method


def detach(store: Store, method: Object) -> Object:
    """Keep the card no longer."""
    if method["customer"] is None:
        raise StripeProblem("The payment method is not attached to a customer.", saved=True)
    method["customer"] = None
    store.save(method)
    store.emit("payment_method.detached", method)
    return method


def new_setup(store: Store, **fields: Any) -> Object:
    """A SetupIntent waiting for a card."""
    id_ = new_id("seti_")
    setup = store.add({
        "id": id_, "object": "setup_intent", "automatic_payment_methods": {"enabled": True},
        "cancellation_reason": None, "client_secret": new_id(f"{id_}_secret_"), "created": store.now(),
        "customer": None, "description": None, "last_setup_error": None, "latest_attempt": None,
        "livemode": False, "mandate": None, "metadata": {}, "next_action": None, "payment_method": None,
        "payment_method_types": ["card"], "single_use_mandate": None, "status": "requires_payment_method",
        "usage": "off_session", **fields,
    })  # fmt: skip
    store.emit("setup_intent.created", setup)
    return setup


def confirm_setup(
    store: Store, setup: Object, number: str, details: Object | None = None
) -> cards.Decline | None:
    """Try to keep the card. `None` when it is kept; of one that is refused nothing is."""
    decline = cards.judge(number, attaching=True)
    if decline:
        setup.update(status="requires_payment_method", last_setup_error=decline_error(decline, None))
        store.save(setup)
        store.emit("setup_intent.setup_failed", setup)
        return decline
    method = new_method(store, number, None, details)
    if setup["customer"]:
        attach(store, method, store.get("customer", setup["customer"]))
    setup.update(status="succeeded", payment_method=method["id"], last_setup_error=None)
    store.save(setup)
    store.emit("setup_intent.succeeded", setup)
    return None


def setup_problem(setup: Object) -> StripeProblem:
    """The 402 that answers a confirmation whose card was refused."""
    error = dict(setup["last_setup_error"])
    shown = {name: value for name, value in setup.items() if not name.startswith("_")}
    return StripeProblem(
        error.pop("message"), status=402, kind=error.pop("type"), saved=True, setup_intent=shown, **error
    )
