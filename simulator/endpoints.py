"""The endpoints under ``/v1``, resource by resource. A handler takes the store and the parameters."""

from flask import current_app, request

from simulator import balance, cards, checkout, customers, payments, payouts
from simulator.api import endpoint, expansions
from simulator.money import read_currency
from simulator.store import BOUNDS, Store, listing, page_of, render
from simulator.wire import Object, Params, StripeProblem

_INTENT = (
    "allowed_payment_method_types", "amount", "automatic_payment_methods", "confirm", "currency", "customer",
    "description", "metadata", "off_session", "payment_method", "payment_method_types", "receipt_email",
    "return_url", "setup_future_usage",
)  # fmt: skip


_KEPT_AS = {"payout": "_payout"}
"""Filters whose field never leaves the simulator."""


def page(store: Store, values: Object, kind: str, *filters: str) -> Object:
    """One page of a list, with Stripe's cursors and filters."""
    params = Params(values, ("limit", "starting_after", "ending_before", "created", *filters))
    limit = params.integer("limit") if "limit" in params else 10
    if limit is None or not 1 <= limit <= 100:
        message = "Invalid limit: must be between 1 and 100"
        raise StripeProblem(message, code="parameter_invalid_integer", param="limit")
    wanted: dict[str, str | int] = {
        _KEPT_AS.get(name, name): text for name in filters if (text := params.text(name)) is not None
    }
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
    return page(store, values, "checkout.session", "payment_intent", "status")


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
    customer = params.text("customer")
    if customer is not None:
        store.get("customer", customer, "customer")
    method = _method(store, params, customer)
    confirm = params.choice("confirm", ("true", "false")) == "true"
    intent = payments.new_intent(
        store, amount=amount, currency=currency, description=params.text("description", longest=1000),
        metadata=params.metadata(), receipt_email=params.text("receipt_email"), customer=customer,
    )  # fmt: skip
    if method is not None:
        intent.update(status="requires_confirmation", payment_method=method["id"])
        store.save(intent)
    return _confirm(store, intent) if confirm else intent


@endpoint("POST", "/payment_intents/<id_>/confirm")
def confirm_intent(store: Store, values: Object, id_: str) -> Object:
    """Try a test card on an intent."""
    params, intent = (
        Params(values, ("payment_method", "return_url")),
        store.get("payment_intent", id_, "intent"),
    )
    if (method := _method(store, params, intent["customer"])) is not None:
        intent["payment_method"] = method["id"]
    return _confirm(store, intent)


def _method(store: Store, params: Params, customer: str | None) -> Object | None:
    """The card named, which a customer may only use if it is theirs."""
    named = params.text("payment_method")
    if named is None:
        return None
    method = customers.find_method(store, named)
    if named not in cards.METHODS and method["customer"] != customer:
        message = f"The payment method {named} does not belong to the Customer you supplied."
        raise StripeProblem(message, param="payment_method", saved=True)
    return method


def _confirm(store: Store, intent: Object) -> Object:
    if intent["status"] not in {"requires_payment_method", "requires_confirmation"}:
        message = f"This PaymentIntent's status is {intent['status']}: it cannot be confirmed."
        raise StripeProblem(message, code="payment_intent_unexpected_state", saved=True)
    if intent["payment_method"] is None:
        raise StripeProblem("A payment method is missing.", code="parameter_missing", param="payment_method")
    method = store.get("payment_method", intent["payment_method"])
    if payments.charge_intent(store, intent, method["_number"], method["id"]):
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
    return page(store, values, "payment_intent", "customer")


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
    return page(store, values, "refund", "charge", "payment_intent")


# What is only read


@endpoint("GET", "/charges")
def list_charges(store: Store, values: Object) -> Object:
    """Charges, newest first, refused ones included."""
    return page(store, values, "charge", "customer", "payment_intent")


@endpoint("GET", "/balance_transactions")
def list_balance_transactions(store: Store, values: Object) -> Object:
    """What moved the balance, newest first; with `payout`, what an automatic payout is made of."""
    if (wanted := values.get("payout")) is not None:
        payouts.must_be_automatic(store, str(wanted))
    return page(store, values, "balance_transaction", "currency", "source", "type", "payout")


@endpoint("GET", "/events")
def list_events(store: Store, values: Object) -> Object:
    """Events, newest first."""
    return page(store, values, "event", "type")


@endpoint("GET", "/balance")
def retrieve_balance(store: Store, values: Object) -> Object:
    """The balance per currency."""
    Params(values, ())
    return balance.balance(store)


def _readable(folder: str, kind: str) -> None:
    """Register ``GET /folder/id``."""

    @endpoint("GET", f"/{folder}/<id_>")
    def retrieve(store: Store, values: Object, id_: str) -> Object:
        Params(values, ("client_secret",))
        return store.get(kind, id_)


for _folder, _kind in {
    "payment_intents": "payment_intent", "refunds": "refund", "charges": "charge",
    "balance_transactions": "balance_transaction", "events": "event", "customers": "customer",
    "payment_methods": "payment_method", "setup_intents": "setup_intent", "disputes": "dispute",
    "payouts": "payout",
}.items():  # fmt: skip
    _readable(_folder, _kind)
