"""The account's balance: what moved it, and what it holds."""

from simulator.store import Store
from simulator.wire import Object, new_id

_DAY = 24 * 3600


def book(store: Store, source: Object, amount: int, kept: int, kind: str, category: str = "") -> Object:
    """Move the balance: a balance transaction of `amount`, of which `kept` is the network's."""
    detail = {"amount": kept, "application": None, "currency": source["currency"], "type": "stripe_fee"}
    return store.add({
        "id": new_id("txn_"), "object": "balance_transaction", "amount": amount,
        "available_on": store.now() + 2 * _DAY, "balance_type": "payments", "created": store.now(),
        "currency": source["currency"], "description": source.get("description"), "exchange_rate": None,
        "fee": kept,
        "fee_details": [{**detail, "description": "Stripe processing fees"}] if kept else [],
        "net": amount - kept,
        "reporting_category": category or kind, "source": source["id"], "status": "pending", "type": kind,
    })  # fmt: skip


def balance(store: Store) -> Object:
    """What the account holds, per currency: usable now, and on its way."""
    sums: dict[str, dict[str, int]] = {"available": {}, "pending": {}}
    for booked in store.select("balance_transaction"):
        state = "available" if booked["available_on"] <= store.now() else "pending"
        sums[state][booked["currency"]] = sums[state].get(booked["currency"], 0) + booked["net"]
    rows = {
        state: [
            {"amount": amount, "currency": currency, "source_types": {"card": amount}}
            for currency, amount in by
        ]
        for state, by in ((state, sorted(found.items())) for state, found in sums.items())
    }
    return {"object": "balance", "livemode": False, **rows}
