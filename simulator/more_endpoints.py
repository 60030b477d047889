"""The endpoints under ``/v1`` for customers and their cards, disputes and payouts."""

from simulator import customers, disputes, payouts
from simulator.api import endpoint
from simulator.endpoints import page
from simulator.store import Store
from simulator.wire import Object, Params, StripeProblem

# Customers and their cards


@endpoint("POST", "/customers")
def create_customer(store: Store, values: Object) -> Object:
    """Somebody whose cards may be kept."""
    params = Params(values, ("description", "email", "metadata", "name", "preferred_locales"))
    return customers.new_customer(
        store, email=params.text("email"), name=params.text("name"), metadata=params.metadata(),
        description=params.text("description"),
    )  # fmt: skip


@endpoint("GET", "/customers/<id_>/payment_methods")
def list_methods(store: Store, values: Object, id_: str) -> Object:
    """The cards kept for a customer."""
    store.get("customer", id_, "customer")
    return page(store, {**values, "customer": id_}, "payment_method", "customer", "type")


@endpoint("POST", "/payment_methods/<id_>/attach")
def attach_method(store: Store, values: Object, id_: str) -> Object:
    """Keep a card for a customer."""
    params = Params(values, ("customer",))
    customer = store.get("customer", params.need_text("customer"), "customer")
    return customers.attach(store, customers.find_method(store, id_), customer)


@endpoint("POST", "/payment_methods/<id_>/detach")
def detach_method(store: Store, values: Object, id_: str) -> Object:
    """Keep a card no longer."""
    Params(values, ())
    return customers.detach(store, store.get("payment_method", id_))


@endpoint("POST", "/setup_intents")
def create_setup(store: Store, values: Object) -> Object:
    """A SetupIntent, confirmed at once when asked."""
    allowed = (
        "automatic_payment_methods", "confirm", "customer", "description", "metadata", "payment_method",
        "payment_method_types", "return_url", "usage",
    )  # fmt: skip
    params = Params(values, allowed)
    if (customer := params.text("customer")) is not None:
        store.get("customer", customer, "customer")
    setup = customers.new_setup(
        store, customer=customer, metadata=params.metadata(), description=params.text("description"),
        usage=params.choice("usage", ("off_session", "on_session")) or "off_session",
    )  # fmt: skip
    if params.choice("confirm", ("true", "false")) != "true":
        return setup
    method = customers.find_method(store, params.need_text("payment_method"))
    if customers.confirm_setup(store, setup, method["_number"]):
        raise customers.setup_problem(setup)
    return setup


# Disputes


@endpoint("GET", "/disputes")
def list_disputes(store: Store, values: Object) -> Object:
    """Disputes, newest first."""
    return page(store, values, "dispute", "charge", "payment_intent")


@endpoint("POST", "/disputes/<id_>")
def answer_dispute(store: Store, values: Object, id_: str) -> Object:
    """Give evidence."""
    params = Params(values, ("evidence", "metadata", "submit"))
    evidence = params.inner("evidence", ("uncategorized_text",))
    submit = params.choice("submit", ("true", "false")) != "false"
    text = evidence.text("uncategorized_text") if evidence else None
    return disputes.answer_dispute(store, store.get("dispute", id_), text, submit=submit)


@endpoint("POST", "/disputes/<id_>/close")
def close_dispute(store: Store, values: Object, id_: str) -> Object:
    """Give in."""
    Params(values, ())
    return disputes.close_dispute(store, store.get("dispute", id_), "lost")


# Payouts


@endpoint("POST", "/payouts")
def create_payout(store: Store, values: Object) -> Object:
    """Send money to the bank."""
    params = Params(
        values, ("amount", "currency", "description", "metadata", "method", "statement_descriptor")
    )
    return payouts.request_payout(
        store,
        params.need_integer("amount", least=1),
        params.need_text("currency"),
        metadata=params.metadata(),
    )


@endpoint("GET", "/payouts")
def list_payouts(store: Store, values: Object) -> Object:
    """Payouts, newest first."""
    return page(store, values, "payout", "status")


@endpoint("POST", "/payouts/<id_>/cancel")
def cancel_payout(store: Store, values: Object, id_: str) -> Object:
    """Stop a payout that has not left."""
    Params(values, ())
    payout = store.get("payout", id_)
    if payout["status"] != "pending":
        raise StripeProblem("Only pending payouts can be canceled.", saved=True)
    return payouts.end_payout(store, payout, "canceled")
