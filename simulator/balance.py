"""The account's balance: what moved it, and what it holds."""

from decimal import ROUND_HALF_UP, Decimal

from simulator.money import decimals
from simulator.store import Store
from simulator.wire import Object, new_id

_DAY = 24 * 3600
_SETTLEMENT = "switch_settlement"


def book(store: Store, source: Object, amount: int, kept: int, kind: str, category: str = "") -> Object:
    """Move the balance: a balance transaction of `amount`, of which `kept` is the network's.

    Both are in the currency of `source`, and change into the one in which the account settles it.
    """
    currency, rate = _settlement(store, source["currency"])
    amount, kept = (_changed(one, source["currency"], currency, rate) for one in (amount, kept))
    detail = {"amount": kept, "application": None, "currency": currency, "type": "stripe_fee"}
    return store.add({
        "id": new_id("txn_"), "object": "balance_transaction", "amount": amount,
        "available_on": store.now() + 2 * _DAY, "balance_type": "payments", "created": store.now(),
        "currency": currency, "description": source.get("description"),
        "exchange_rate": float(rate) if rate else None,
        "fee": kept,
        "fee_details": [{**detail, "description": "Stripe processing fees"}] if kept else [],
        "net": amount - kept,
        "reporting_category": category or kind, "source": source["id"], "status": "pending", "type": kind,
    })  # fmt: skip


def settle_in(store: Store, currency: str, rates: dict[str, str]) -> None:
    """From now on settle the currencies of `rates` in `currency`, so many of it for one of each."""
    store.remove(_SETTLEMENT)
    store.add({"id": _SETTLEMENT, "object": "switch", "currency": currency, "rates": rates})


def _settlement(store: Store, currency: str) -> tuple[str, Decimal | None]:
    switch = store.find(_SETTLEMENT)
    if switch is None or currency not in switch["rates"]:
        return currency, None
    return switch["currency"], Decimal(switch["rates"][currency])


def _changed(amount: int, given: str, received: str, rate: Decimal | None) -> int:
    if rate is None:
        return amount
    scale = Decimal(10) ** (decimals(received) - decimals(given))
    return int((amount * rate * scale).quantize(Decimal(1), ROUND_HALF_UP))


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
