"""What happens to money: intents, charges, refunds, balance transactions, and the events they cause."""

from simulator import cards, disputes
from simulator.balance import book
from simulator.money import check_amount, decimals, fee
from simulator.store import Store
from simulator.wire import Object, StripeProblem, new_id


def new_intent(store: Store, *, amount: int, currency: str, **fields: object) -> Object:
    """A PaymentIntent waiting for a payment method."""
    check_amount(amount, currency, "amount")
    id_ = new_id("pi_")
    intent = store.add({
        "id": id_, "object": "payment_intent", "amount": amount, "amount_capturable": 0, "amount_received": 0,
        "automatic_payment_methods": {"allow_redirects": "always", "enabled": True}, "canceled_at": None,
        "cancellation_reason": None, "capture_method": "automatic_async",
        "client_secret": new_id(f"{id_}_secret_"),
        "confirmation_method": "automatic", "created": store.now(), "currency": currency, "customer": None,
        "description": None, "last_payment_error": None, "latest_charge": None, "livemode": False,
        "metadata": {},
        "next_action": None, "payment_method": None, "payment_method_types": ["card"], "processing": None,
        "receipt_email": None, "status": "requires_payment_method", **fields,
    })  # fmt: skip
    store.emit("payment_intent.created", intent)
    return intent


def charge_intent(
    store: Store, intent: Object, number: str, method: str | None = None
) -> cards.Decline | None:
    """Try the card on the intent. `None` when it paid, otherwise the reason; both leave a charge behind.

    `method` is the id of the card, when it is one kept on file.
    """
    decline = cards.judge(number)
    charge = store.add(_charge(store, intent, number, decline, method or new_id("pm_")))
    intent["latest_charge"] = charge["id"]
    intent["payment_method"] = charge["payment_method"]
    if decline:
        intent["status"], intent["payment_method"] = "requires_payment_method", None
        intent["last_payment_error"] = decline_error(decline, charge["id"])
        store.save(intent)
        store.emit("charge.failed", charge)
        store.emit("payment_intent.payment_failed", intent)
        return decline
    intent.update(status="succeeded", amount_received=intent["amount"], last_payment_error=None)
    store.save(intent)
    if not late_fees(store):
        _settle(store, charge)
    store.emit("charge.succeeded", charge)
    store.emit("payment_intent.succeeded", intent)
    if number in cards.DISPUTED:
        disputes.open_dispute(store, charge)
    return None


def _charge(store: Store, intent: Object, number: str, decline: cards.Decline | None, method: str) -> Object:
    paid = decline is None
    card = {
        "brand": cards.brand(number),
        "country": "CA",
        "exp_month": 12,
        "exp_year": 2034,
        "last4": cards.last_four(number),
    }
    return {
        "id": new_id("ch_"), "object": "charge", "amount": intent["amount"],
        "amount_captured": intent["amount"] if paid else 0, "amount_refunded": 0, "balance_transaction": None,
        "billing_details": {"address": None, "email": intent["receipt_email"], "name": None, "phone": None},
        "captured": paid, "created": store.now(), "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"], "disputed": False, "failure_balance_transaction": None,
        "failure_code": decline and decline.code, "failure_message": decline and decline.message,
        "fraud_details": {}, "livemode": False, "metadata": dict(intent["metadata"]),
        "outcome": {
            "network_status": "approved_by_network" if paid else "declined_by_network",
            "reason": decline and decline.decline_code, "risk_level": "normal",
            "type": "authorized" if paid else "issuer_declined",
        },
        "paid": paid, "payment_intent": intent["id"], "payment_method": method,
        "payment_method_details": {"card": card, "type": "card"}, "receipt_email": intent["receipt_email"],
        "receipt_number": None, "receipt_url": None, "refunded": False,
        "status": "succeeded" if paid else "failed",
    }  # fmt: skip


def _settle(store: Store, charge: Object) -> None:
    """Book a paid charge and what it cost."""
    kept = fee(charge["amount"], charge["currency"])
    booked = book(store, charge, charge["amount"], kept, "charge")
    charge["balance_transaction"] = booked["id"]
    store.save(charge)


def late_fees(store: Store) -> bool:
    """Whether charges are booked later than they are paid, as live accounts do by default."""
    return store.find("switch_late_fees") is not None


def set_late_fees(store: Store, *, late: bool) -> None:
    """Book charges later, or at once; turning it off books those that wait and says ``charge.updated``."""
    if late and not late_fees(store):
        store.add({"id": "switch_late_fees", "object": "switch"})
    if not late and late_fees(store):
        store.remove("switch_late_fees")
        for charge in store.select("charge", {"status": "succeeded"}):
            if charge["balance_transaction"] is None:
                _settle(store, charge)
                store.emit("charge.updated", charge)


def decline_error(decline: cards.Decline, charge: str | None) -> Object:
    """A refused card as errors and intents describe it."""
    error = {
        "charge": charge, "code": decline.code, "doc_url": f"https://stripe.com/docs/error-codes/{decline.code}",
        "message": decline.message, "type": "card_error",
    }  # fmt: skip
    return error | ({"decline_code": decline.decline_code} if decline.decline_code else {})


def card_problem(intent: Object) -> StripeProblem:
    """The 402 that answers a confirmation whose card was refused."""
    error = dict(intent["last_payment_error"])
    shown = {name: value for name, value in intent.items() if not name.startswith("_")}
    return StripeProblem(
        error.pop("message"), status=402, kind=error.pop("type"), saved=True, payment_intent=shown, **error
    )


def refund_charge(store: Store, charge: Object, amount: int | None, **fields: object) -> Object:
    """Give back a charge, whole or in part. Raises `StripeProblem` beyond what is left of it."""
    left = charge["amount"] - charge["amount_refunded"]
    if charge["status"] != "succeeded":
        raise StripeProblem(f"Charge {charge['id']} did not succeed: nothing to refund.", saved=True)
    if charge["disputed"]:
        message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
        raise StripeProblem(message, code="charge_disputed", saved=True)
    if left == 0:
        message = f"Charge {charge['id']} has already been refunded."
        raise StripeProblem(message, code="charge_already_refunded", saved=True)
    wanted = left if amount is None else amount
    if wanted > left:
        raise StripeProblem(
            f"Refund amount ({_plain(wanted, charge)}) is greater than unrefunded amount on charge"
            f" ({_plain(left, charge)})", param="amount", saved=True,
        )  # fmt: skip
    refund = store.add({
        "id": new_id("re_"), "object": "refund", "amount": wanted, "balance_transaction": None,
        "charge": charge["id"], "created": store.now(), "currency": charge["currency"], "description": None,
        "destination_details": {"card": {"reference_status": "pending", "type": "refund"}, "type": "card"},
        "metadata": {}, "payment_intent": charge["payment_intent"], "reason": None, "receipt_number": None,
        "source_transfer_reversal": None, "status": "succeeded", "transfer_reversal": None, **fields,
    })  # fmt: skip
    refund["balance_transaction"] = book(store, refund, -wanted, 0, "refund")["id"]
    store.save(refund)
    charge["amount_refunded"] += wanted
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    store.save(charge)
    store.emit("charge.refunded", charge)
    store.emit("refund.created", refund)
    return refund


def fail_refund(store: Store, refund: Object) -> Object:
    """The payer's bank sends the money back: the refund failed, and the balance has it again."""
    if refund["status"] != "succeeded":
        raise StripeProblem(f"Refund {refund['id']} is {refund['status']}.")
    back = book(store, refund, refund["amount"], 0, "refund_failure")
    refund.update(
        status="failed", failure_reason="lost_or_stolen_card", failure_balance_transaction=back["id"]
    )
    store.save(refund)
    charge = store.get("charge", refund["charge"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    store.save(charge)
    store.emit("refund.failed", refund)
    store.emit("charge.refund.updated", refund)
    return refund


def _plain(amount: int, charge: Object) -> str:
    places = decimals(charge["currency"])
    return f"{amount / 10**places:.{places}f} {charge['currency']}"
