"""Checkout Sessions: opened by the application, paid on the page, or expired."""

import re
from typing import Any

from simulator import cards, customers
from simulator.money import check_amount, read_currency
from simulator.payments import charge_intent, new_intent
from simulator.store import Store
from simulator.wire import Object, Params, StripeProblem, new_id

LOCALES = ("auto", "ar", "de", "en", "es", "fr", "fr-CA", "it", "nl", "pt", "pt-BR")
_ALLOWED = (
    "adaptive_pricing", "allowed_payment_method_types", "cancel_url", "client_reference_id", "currency",
    "customer", "customer_email", "expires_at", "line_items", "locale", "metadata", "mode",
    "payment_intent_data", "payment_method_types", "setup_intent_data", "submit_type", "success_url",
    "ui_mode",
)  # fmt: skip
_MAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_HALF_HOUR, _DAY = 1800, 24 * 3600


class SessionClosed(Exception):
    """The session is not open any more: paid already, or expired."""


def open_session(store: Store, values: Object, public_url: str) -> Object:
    """Create a session from the parameters of a request. Raises `StripeProblem`."""
    params = Params(values, _ALLOWED)
    mode = params.choice("mode", ("payment", "setup"))
    if mode is None:
        raise params.missing("mode")
    success_url = params.url("success_url")
    if success_url is None:
        raise params.missing("success_url")
    params.inner("adaptive_pricing", ("enabled",))
    customer = params.text("customer")
    if customer is not None:
        store.get("customer", customer, "customer")
    id_ = new_id("cs_test_", 58)
    asked = _payment(params) if mode == "payment" else _setup(params)
    return store.add({
        "id": id_, "object": "checkout.session", "adaptive_pricing": {"enabled": False},
        "automatic_tax": {"enabled": False}, "cancel_url": params.url("cancel_url"),
        "client_reference_id": params.text("client_reference_id", longest=200),
        "created": store.now(), "customer": customer, "customer_creation": "if_required",
        "customer_details": None, "customer_email": _email(params), "expires_at": _expiry(store, params),
        "livemode": False, "locale": params.choice("locale", LOCALES), "metadata": params.metadata(),
        "mode": mode, "payment_intent": None, "payment_method_types": ["card"], "setup_intent": None,
        "status": "open", "submit_type": params.choice("submit_type", ("auto", "book", "donate", "pay")),
        "success_url": success_url, "ui_mode": params.choice("ui_mode", ("hosted_page",)) or "hosted_page",
        "url": f"{public_url}/c/pay/{id_}", **asked,
    })  # fmt: skip


def _payment(params: Params) -> Object:
    """What is particular to a session that is paid in."""
    items = _line_items(params)
    currency, total = items[0]["currency"], sum(item["amount_total"] for item in items)
    if any(item["currency"] != currency for item in items):
        raise StripeProblem("All line items must have the same currency.", param="line_items")
    check_amount(total, currency, "line_items")
    return {
        "amount_subtotal": total, "amount_total": total, "currency": currency, "payment_status": "unpaid",
        "_line_items": items, "_intent": _intent_data(params),
    }  # fmt: skip


def _setup(params: Params) -> Object:
    """What is particular to a session that only keeps a card."""
    if "line_items" in params:
        raise StripeProblem("`line_items` is not allowed in `setup` mode.", param="line_items")
    currency = read_currency(params.need_text("currency"), "currency")
    inner = params.inner("setup_intent_data", ("description", "metadata"))
    return {
        "amount_subtotal": None, "amount_total": None, "currency": currency,
        "payment_status": "no_payment_required", "_line_items": [],
        "_setup": {"metadata": inner.metadata() if inner else {}},
    }  # fmt: skip


def _line_items(params: Params) -> list[Object]:
    rows = params.rows("line_items", ("price_data", "quantity", "price"))
    if not rows:
        raise params.missing("line_items")
    return [_line_item(row, f"line_items[{k}]") for k, row in enumerate(rows)]


def _line_item(row: Params, where: str) -> Object:
    if "price" in row:
        raise StripeProblem(
            f"No such price: '{row.text('price')}'", code="resource_missing", param=f"{where}[price]"
        )
    quantity = row.need_integer("quantity", least=1)
    price = row.need_inner("price_data", ("currency", "unit_amount", "product_data"))
    currency = read_currency(price.need_text("currency"), f"{where}[price_data][currency]")
    unit = price.need_integer("unit_amount", least=0)
    product = price.need_inner("product_data", ("name", "description"))
    return {
        "id": new_id("li_"), "object": "item", "amount_discount": 0, "amount_subtotal": unit * quantity,
        "amount_tax": 0, "amount_total": unit * quantity, "currency": currency,
        "description": product.need_text("name"), "quantity": quantity,
        "price": {"object": "price", "currency": currency, "unit_amount": unit, "type": "one_time"},
    }  # fmt: skip


def _email(params: Params) -> str | None:
    email = params.text("customer_email", longest=512)
    if email is not None and not _MAIL.fullmatch(email):
        raise StripeProblem(f"Invalid email address: {email}", code="email_invalid", param="customer_email")
    return email


def _expiry(store: Store, params: Params) -> int:
    wanted = params.integer("expires_at")
    if wanted is None:
        return store.now() + _DAY
    if not store.now() + _HALF_HOUR <= wanted <= store.now() + _DAY:
        message = (
            "The `expires_at` timestamp must be from 30 minutes to 24 hours after Checkout Session creation."
        )
        raise StripeProblem(message, param="expires_at")
    return wanted


def _intent_data(params: Params) -> dict[str, Any]:
    inner = params.inner(
        "payment_intent_data", ("description", "metadata", "receipt_email", "setup_future_usage")
    )
    if inner is None:
        return {}
    return {
        "description": inner.text("description", longest=1000),
        "metadata": inner.metadata(),
        "receipt_email": inner.text("receipt_email"),
        "setup_future_usage": inner.choice("setup_future_usage", ("off_session", "on_session")),
    }


def lapse(store: Store, session: Object) -> Object:
    """Expire the session if its moment has passed; the session as it now stands."""
    if session["status"] == "open" and session["expires_at"] <= store.now():
        return _expire(store, session)
    return session


def expire_session(store: Store, session: Object) -> Object:
    """Close an open session on request. Raises `StripeProblem` when it is not open."""
    if lapse(store, session)["status"] != "open":
        message = (
            "Only Checkout Sessions with a status in [\"open\"] can be expired."
            f" This Checkout Session has a status of {session['status']}."
        )  # fmt: skip
        raise StripeProblem(message, saved=True)
    return _expire(store, session)


def _expire(store: Store, session: Object) -> Object:
    session.update(status="expired", url=None)
    store.save(session)
    store.emit("checkout.session.expired", session)
    return session


def pay_session(store: Store, session: Object, *, number: str, name: str, email: str) -> cards.Decline | None:
    """The payer's card is tried once. `None` when it paid. Raises `SessionClosed`."""
    if lapse(store, session)["status"] != "open":
        raise SessionClosed
    session["customer_details"] = {
        "address": None,
        "email": email or None,
        "name": name or None,
        "phone": None,
    }
    if session["mode"] == "setup":
        decline = _keep_card(store, session, number)
    else:
        decline = _pay(store, session, number, email)
    if decline:
        store.save(session)
        return decline
    paid = "no_payment_required" if session["mode"] == "setup" else "paid"
    session.update(status="complete", payment_status=paid, url=None)
    store.save(session)
    store.emit("checkout.session.completed", session)
    return None


def _pay(store: Store, session: Object, number: str, email: str) -> cards.Decline | None:
    """Charge the card; keep it for the customer when the intent says it will be used again."""
    intent = _intent_of(store, session, email)
    decline = charge_intent(store, intent, number)
    if not decline and intent.get("setup_future_usage") and session["customer"]:
        method = customers.new_method(store, number, None, session["customer_details"])
        customers.attach(store, method, store.get("customer", session["customer"]))
    return decline


def _keep_card(store: Store, session: Object, number: str) -> cards.Decline | None:
    """Keep the card without charging it."""
    setup = session["setup_intent"] and store.get("setup_intent", session["setup_intent"])
    if not setup:
        setup = customers.new_setup(store, customer=session["customer"], **session["_setup"])
        session["setup_intent"] = setup["id"]
    return customers.confirm_setup(store, setup, number, session["customer_details"])


def _intent_of(store: Store, session: Object, email: str) -> Object:
    """The session's intent: Stripe makes it when somebody first tries to pay."""
    if session["payment_intent"] is not None:
        return store.get("payment_intent", session["payment_intent"])
    fields = {"metadata": {}, "description": None, "customer": session["customer"], **session["_intent"]}
    intent = new_intent(store, amount=session["amount_total"], currency=session["currency"], **fields)
    intent["receipt_email"] = intent["receipt_email"] or email or None
    store.save(intent)
    session["payment_intent"] = intent["id"]
    return intent


def return_url(session: Object) -> str:
    """Where the payer goes after paying, with the session's id filled in."""
    return str(session["success_url"]).replace("{CHECKOUT_SESSION_ID}", session["id"])
