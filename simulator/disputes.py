"""Disputes: the card's holder says they never paid; the bank takes the money back, until it decides."""

from simulator.balance import book
from simulator.money import decimals
from simulator.store import Store
from simulator.wire import Object, StripeProblem, new_id

_FEE = 1500  # what a dispute costs, in minor units of a currency with cents
_TO_ANSWER = 7 * 24 * 3600
OUTCOMES = {"winning_evidence": "won", "losing_evidence": "lost"}
"""What evidence decides here, as in Stripe's own test mode."""


def open_dispute(store: Store, charge: Object, reason: str = "fraudulent") -> Object:
    """Dispute a paid charge: its amount and a fee leave the balance at once."""
    if charge["status"] != "succeeded" or charge["disputed"]:
        raise StripeProblem(f"Charge {charge['id']} cannot be disputed.")
    dispute = store.add({
        "id": new_id("du_"), "object": "dispute", "amount": charge["amount"], "balance_transactions": [],
        "charge": charge["id"], "created": store.now(), "currency": charge["currency"],
        "enhanced_eligibility_types": [], "evidence": {},
        "evidence_details": {
            "due_by": store.now() + _TO_ANSWER, "has_evidence": False, "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": False, "livemode": False, "metadata": {},
        "payment_intent": charge["payment_intent"], "reason": reason, "status": "needs_response",
    })  # fmt: skip
    fee = 0 if decimals(charge["currency"]) == 0 else _FEE
    booked = book(store, dispute, -charge["amount"], fee, "adjustment", "dispute")
    dispute["balance_transactions"] = [_shown(booked)]
    store.save(dispute)
    charge["disputed"] = True
    store.save(charge)
    store.emit("charge.dispute.created", dispute)
    store.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def answer_dispute(store: Store, dispute: Object, text: str | None, *, submit: bool) -> Object:
    """Give evidence; words known from Stripe's test mode decide at once, others leave it under review."""
    _must_be_open(dispute)
    if text:
        dispute["evidence"] = {"uncategorized_text": text}
        dispute["evidence_details"]["has_evidence"] = True
    if not submit:
        return store.save(dispute)
    dispute["evidence_details"]["submission_count"] += 1
    dispute["status"] = "under_review"
    store.save(dispute)
    store.emit("charge.dispute.updated", dispute)
    outcome = OUTCOMES.get(text or "")
    return close_dispute(store, dispute, outcome) if outcome else dispute


def close_dispute(store: Store, dispute: Object, outcome: str) -> Object:
    """Won: the amount comes back. Lost: it stays away."""
    _must_be_open(dispute)
    dispute["status"] = outcome
    if outcome == "won":
        back = book(store, dispute, dispute["amount"], 0, "adjustment", "dispute_reversal")
        dispute["balance_transactions"].append(_shown(back))
    store.save(dispute)
    if outcome == "won":
        store.emit("charge.dispute.funds_reinstated", dispute)
    store.emit("charge.dispute.closed", dispute)
    return dispute


def _must_be_open(dispute: Object) -> None:
    if dispute["status"] in {"won", "lost"}:
        raise StripeProblem("This dispute is already closed.", saved=True)


def _shown(booked: Object) -> Object:
    return {name: value for name, value in booked.items() if not name.startswith("_")}
