"""Payouts: the balance goes to the bank, by itself or on request; it arrives, or comes back."""

from simulator.balance import book
from simulator.money import read_currency
from simulator.store import Store
from simulator.wire import Object, StripeProblem, new_id

_ARRIVES = 2 * 24 * 3600


def pay_out(store: Store, currency: str) -> Object | None:
    """The automatic payout of all that has gathered in `currency`; None when there is nothing to send."""
    waiting = [
        booked
        for booked in store.select("balance_transaction", {"currency": currency})
        if booked.get("_payout") is None
    ]
    amount = sum(booked["net"] for booked in waiting)
    if amount <= 0:
        return None
    payout = _new(store, amount, currency, automatic=True)
    for booked in waiting:
        booked["_payout"] = payout["id"]
        store.save(booked)
    return payout


def request_payout(store: Store, amount: int, currency: str, **fields: object) -> Object:
    """A payout somebody asked for. Raises `StripeProblem` beyond what there is."""
    currency = read_currency(currency, "currency")
    there = sum(booked["net"] for booked in store.select("balance_transaction", {"currency": currency}))
    if amount > there:
        message = "You have insufficient funds in your Stripe account for this transfer."
        raise StripeProblem(message, code="balance_insufficient", saved=True)
    return _new(store, amount, currency, automatic=False, **fields)


def _new(store: Store, amount: int, currency: str, *, automatic: bool, **fields: object) -> Object:
    payout = store.add({
        "id": new_id("po_"), "object": "payout", "amount": amount, "arrival_date": store.now() + _ARRIVES,
        "automatic": automatic, "balance_transaction": None, "created": store.now(), "currency": currency,
        "description": "STRIPE PAYOUT", "destination": "ba_simulated", "failure_balance_transaction": None,
        "failure_code": None, "failure_message": None, "livemode": False, "metadata": {},
        "method": "standard",
        "original_payout": None, "payout_method": None,
        "reconciliation_status": "completed" if automatic else "not_applicable", "reversed_by": None,
        "source_type": "card", "statement_descriptor": None, "status": "pending", "trace_id": None,
        "type": "bank_account", **fields,
    })  # fmt: skip
    booked = book(store, payout, -amount, 0, "payout")
    if automatic:
        booked["_payout"] = payout["id"]
        store.save(booked)
    payout["balance_transaction"] = booked["id"]
    store.save(payout)
    store.emit("payout.created", payout)
    if automatic:
        store.emit("payout.reconciliation_completed", payout)
    return payout


def end_payout(store: Store, payout: Object, outcome: str) -> Object:
    """`paid`: it arrived. `failed` or `canceled`: the balance has it again."""
    if payout["status"] not in {"pending", "in_transit"}:
        raise StripeProblem(f"Payouts with a status of {payout['status']} do not change.", saved=True)
    payout["status"] = outcome
    if outcome != "paid":
        kind = "payout_failure" if outcome == "failed" else "payout_cancel"
        payout["failure_balance_transaction"] = book(store, payout, payout["amount"], 0, kind)["id"]
        if outcome == "failed":
            payout.update(failure_code="account_closed", failure_message="The bank account has been closed.")
    store.save(payout)
    store.emit(f"payout.{outcome}", payout)
    return payout


def must_be_automatic(store: Store, id_: str) -> None:
    """Only automatic payouts know what they are made of. Raises `StripeProblem`."""
    if not store.get("payout", id_, "payout")["automatic"]:
        raise StripeProblem(
            "Balance transaction history can only be filtered on automatic transfers, not manual.",
            param="payout", saved=True,
        )  # fmt: skip
