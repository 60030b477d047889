"""The endpoints under ``/v1``, resource by resource. A handler takes the store and the parameters."""

from flask import current_app, request

from simulator import cards, checkout, payments
from simulator.api import endpoint, expansions
from simulator.money import read_currency
from simulator.store import BOUNDS, Store, listing, page_of, render
from simulator.wire import Object, Params, StripeProblem, no_such

_INTENT = (
    "allowed_payment_method_types", "amount", "automatic_payment_methods", "confirm", "currency",
    "description",
    "metadata", "off_session", "payment_method", "receipt_email", "return_url",
)  # fmt: skip


def _page(store: Store, values: Object, kind: str, *filters: str) -> Object:
    """One page of a list, with Stripe's cursors and filters."""
    params = Params(values, ("limit", "starting_after", "ending_before", "created", *filters))
    limit = params.integer("limit") if "limit" in params else 10
    if limit is None or not 1 <= limit <= 100:
        message = "Invalid limit: must be between 1 and 100"
        raise StripeProblem(message, code="parameter_invalid_integer", param="limit")
    wanted: dict[str, str | int] = {name: text for name in filters if (text := params.text(name)) is not None}
    after, before = params.text("starting_after"), params.text("ending_before")
    between = params.inner("created", BOUNDS)
    bounds = {name: moment for name in BOUNDS if between and (moment := between.integer(name)) is not None}
    rows, more = page_of(store.select(kind, wanted, bounds), limit, after, before)
    inner = [path.removeprefix("data.") for path in expansions(values)]
    return listing([render(store, row, inner) for row in rows], request.path, more=more)


# Checkout Sessions


@endpoint("POST", "/checkout/sessions")
def create_session(store: Store, values: Object) -> Object:
    """Open a session to pay in."""
    return checkout.open_session(store, values, current_app.config["PUBLIC_URL"])


@endpoint("GET", "/checkout/sessions")
def list_sessions(store: Store, values: Object) -> Object:
    """Sessions, newest first."""
    return _page(store, values, "checkout.session", "payment_intent", "status")


@endpoint("GET", "/checkout/sessions/<id_>")
def retrieve_session(store: Store, values: Object, id_: str) -> Object:
    """One session; it expires here when its moment has passed."""
    Params(values, ())
    return checkout.lapse(store, store.get("checkout.session", id_, "session"))


@endpoint("POST", "/checkout/sessions/<id_>/expire")
def expire_session(store: Store, values: Object, id_: str) -> Object:
    """Close an open session."""
    Params(values, ())
    return checkout.expire_session(store, store.get("checkout.session", id_, "session"))


@endpoint("GET", "/checkout/sessions/<id_>/line_items")
def list_line_items(store: Store, values: Object, id_: str) -> Object:
    """What a session charges for."""
    Params(values, ("limit",))
    return listing(store.get("checkout.session", id_, "session")["_line_items"], request.path)


# PaymentIntents


@endpoint("POST", "/payment_intents")
def create_intent(store: Store, values: Object) -> Object:
    """An intent, confirmed at once when asked."""
    params = Params(values, _INTENT)
    amount = params.need_integer("amount", least=1)
    currency = read_currency(params.need_text("currency"), "currency")
    number = _test_number(params)
    confirm = params.choice("confirm", ("true", "false")) == "true"
    intent = payments.new_intent(
        store, amount=amount, currency=currency, description=params.text("description", longest=1000),
        metadata=params.metadata(), receipt_email=params.text("receipt_email"),
    )  # fmt: skip
    if number is not None:
        intent.update(
            status="requires_confirmation", payment_method=params.text("payment_method"), _number=number
        )
        store.save(intent)
    return _confirm(store, intent) if confirm else intent


@endpoint("POST", "/payment_intents/<id_>/confirm")
def confirm_intent(store: Store, values: Object, id_: str) -> Object:
    """Try a test card on an intent."""
    params, intent = (
        Params(values, ("payment_method", "return_url")),
        store.get("payment_intent", id_, "intent"),
    )
    if (number := _test_number(params)) is not None:
        intent["_number"] = number
    return _confirm(store, intent)


def _test_number(params: Params) -> str | None:
    method = params.text("payment_method")
    if method is not None and method not in cards.METHODS:
        raise no_such("PaymentMethod", method, "payment_method")
    return cards.METHODS[method] if method else None


def _confirm(store: Store, intent: Object) -> Object:
    if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
        message = f"This PaymentIntent's status is {intent['status']}: it cannot be confirmed."
        raise StripeProblem(message, code="payment_intent_unexpected_state", saved=True)
    if "_number" not in intent:
        raise StripeProblem("A payment method is missing.", code="parameter_missing", param="payment_method")
    if payments.charge_intent(store, intent, intent.pop("_number")):
        raise payments.card_problem(intent)
    return intent


@endpoint("POST", "/payment_intents/<id_>/cancel")
def cancel_intent(store: Store, values: Object, id_: str) -> Object:
    """Give an intent up."""
    params, intent = Params(values, ("cancellation_reason",)), store.get("payment_intent", id_, "intent")
    if intent["status"] in {"succeeded", "canceled"}:
        message = f"You cannot cancel this PaymentIntent because it has a status of {intent['status']}."
        raise StripeProblem(message, code="payment_intent_unexpected_state", saved=True)
    reason = params.text("cancellation_reason")
    intent.update(status="canceled", canceled_at=store.now(), cancellation_reason=reason)
    store.save(intent)
    store.emit("payment_intent.canceled", intent)
    return intent


@endpoint("GET", "/payment_intents")
def list_intents(store: Store, values: Object) -> Object:
    """Intents, newest first."""
    return _page(store, values, "payment_intent", "customer")


# Refunds


@endpoint("POST", "/refunds")
def create_refund(store: Store, values: Object) -> Object:
    """Give money back."""
    params = Params(values, ("amount", "charge", "metadata", "payment_intent", "reason"))
    amount = params.need_integer("amount", least=1) if "amount" in params else None
    reason = params.choice("reason", ("duplicate", "fraudulent", "requested_by_customer"))
    metadata = params.metadata()
    return payments.refund_charge(
        store, _charge_to_refund(store, params), amount, reason=reason, metadata=metadata
    )


def _charge_to_refund(store: Store, params: Params) -> Object:
    if (charge := params.text("charge")) is not None:
        return store.get("charge", charge, "charge")
    if (wanted := params.text("payment_intent")) is None:
        raise StripeProblem(
            "One of the following params should be provided for this request: payment_intent or charge."
        )
    intent = store.get("payment_intent", wanted, "payment_intent")
    if intent["status"] != "succeeded":
        message = f"This PaymentIntent ({wanted}) does not have a successful charge to refund."
        raise StripeProblem(message, saved=True)
    return store.get("charge", intent["latest_charge"])


@endpoint("GET", "/refunds")
def list_refunds(store: Store, values: Object) -> Object:
    """Refunds, newest first."""
    return _page(store, values, "refund", "charge", "payment_intent")


# What is only read


@endpoint("GET", "/charges")
def list_charges(store: Store, values: Object) -> Object:
    """Charges, newest first, refused ones included."""
    return _page(store, values, "charge", "customer", "payment_intent")


@endpoint("GET", "/balance_transactions")
def list_balance_transactions(store: Store, values: Object) -> Object:
    """What moved the balance, newest first."""
    return _page(store, values, "balance_transaction", "currency", "source", "type")


@endpoint("GET", "/events")
def list_events(store: Store, values: Object) -> Object:
    """Events, newest first."""
    return _page(store, values, "event", "type")


@endpoint("GET", "/balance")
def retrieve_balance(store: Store, values: Object) -> Object:
    """The balance per currency."""
    Params(values, ())
    return payments.balance(store)


def _readable(folder: str, kind: str) -> None:
    """Register ``GET /folder/id``."""

    @endpoint("GET", f"/{folder}/<id_>")
    def retrieve(store: Store, values: Object, id_: str) -> Object:
        Params(values, ("client_secret",))
        return store.get(kind, id_)


for _folder, _kind in {
    "payment_intents": "payment_intent", "refunds": "refund", "charges": "charge",
    "balance_transactions": "balance_transaction", "events": "event",
}.items():  # fmt: skip
    _readable(_folder, _kind)
