"""What moves the account at the payment network: charges, refunds, disputes, payouts, as they stand now."""

from collections.abc import Iterable
from datetime import datetime

import stripe
from stripe.params import BalanceTransactionListParams

from shared.clock import as_told
from treasury.cards.gateway_connection import (
    StripeConnection,
    expanded,
    moment,
    noted,
    object_id,
    translating,
)
from treasury.cards.gateway_errors import UnknownToGateway
from treasury.cards.gateway_values import RefundState
from treasury.cards.stripe_amounts import from_stripe
from treasury.cards.values import BalanceMove, ChargeState, DisputeState, PayoutState


class CardMoney(StripeConnection):
    """Reads what happened to money at Stripe."""

    def fetch_charge(self, charge_id: str) -> ChargeState:
        """A charge as it stands, with its fee once booked, its refunds and disputes."""
        with translating():
            found = self.client.v1.charges.retrieve(
                charge_id, {"expand": ["balance_transaction", "payment_intent"]}
            )
            refunds = self.client.v1.refunds.list(
                {"charge": charge_id, "limit": 100, "expand": ["data.balance_transaction"]}
            ).auto_paging_iter()
            disputes = self.client.v1.disputes.list({"charge": charge_id}).data if found.disputed else []
            intent = expanded(found.payment_intent, stripe.PaymentIntent)
            notes = {**noted(intent and intent.metadata), **noted(found.metadata)}
            booked = expanded(found.balance_transaction, stripe.BalanceTransaction)
            return ChargeState(
                id=found.id,
                paid=found.paid and found.status == "succeeded",
                amount=from_stripe(found.amount, found.currency),
                reference=notes.get("reference"),
                payment_intent=intent.id if intent else None,
                booked=_move(booked) if booked else None,
                refunds=tuple(sorted((refund_state(one) for one in refunds), key=lambda one: one.id)),
                disputes=tuple(sorted((_dispute_state(one) for one in disputes), key=lambda one: one.id)),
            )

    def fetch_intent_charge(self, intent_id: str) -> ChargeState:
        """The last charge of a payment intent. Raises `UnknownToGateway` when nobody tried to pay."""
        with translating():
            latest = object_id(self.client.v1.payment_intents.retrieve(intent_id).latest_charge)
        if latest is None:
            raise UnknownToGateway
        return self.fetch_charge(latest)

    def charge_of(self, object_id_: str, kind: str) -> str | None:
        """The charge that a refund or a dispute is about."""
        with translating():
            if kind == "refund":
                return object_id(self.client.v1.refunds.retrieve(object_id_).charge)
            return object_id(self.client.v1.disputes.retrieve(object_id_).charge)

    def answer_dispute(self, dispute_id: str, words: str, *, idempotency_key: str) -> None:
        """Send our evidence to the card's bank, for good. Raises `GatewayRefused` once it was sent."""
        with translating():
            self.client.v1.disputes.update(
                dispute_id,
                {"evidence": {"uncategorized_text": words}, "submit": True},
                {"idempotency_key": idempotency_key},
            )

    def refund_with(self, charge: str, ours: str) -> RefundState | None:
        """The refund of `charge` that carries our own number, if it was made."""
        with translating():
            for one in self.client.v1.refunds.list({"charge": charge, "limit": 100}).auto_paging_iter():
                if noted(one.metadata).get("refund") == ours:
                    return refund_state(one)
        return None

    def fetch_payout(self, payout_id: str) -> PayoutState:
        """A payout as it stands, with what it is made of."""
        with translating():
            found = self.client.v1.payouts.retrieve(payout_id)
            if found.automatic:
                asked: BalanceTransactionListParams = {"payout": payout_id}
            else:
                asked = {"currency": found.currency, "created": {"lte": found.created}}
            moves = self._moves(asked, but_not=payout_id)
        return PayoutState(
            id=found.id,
            status=found.status,
            amount=from_stripe(found.amount, found.currency),
            automatic=found.automatic,
            arrives_on=as_told(moment(found.arrival_date)).date(),
            moves=moves,
        )

    def moves_since(self, since: datetime) -> tuple[BalanceMove, ...]:
        """All that moved the balance from a moment on, oldest first."""
        with translating():
            return self._moves({"created": {"gte": int(since.timestamp())}})

    def _moves(self, asked: BalanceTransactionListParams, but_not: str = "") -> tuple[BalanceMove, ...]:
        listed: Iterable[stripe.BalanceTransaction] = self.client.v1.balance_transactions.list(
            {**asked, "limit": 100}
        ).auto_paging_iter()
        moves = [_move(one) for one in listed if object_id(one.source) != but_not]
        return tuple(reversed(moves))


def refund_state(found: stripe.Refund) -> RefundState:
    """A refund of the library's as this house's value."""
    booked = expanded(found.balance_transaction, stripe.BalanceTransaction)
    return RefundState(
        id=found.id,
        status=found.status or "pending",
        amount=from_stripe(found.amount, found.currency),
        payment_intent=object_id(found.payment_intent),
        balance_transaction=object_id(found.balance_transaction),
        taken=-from_stripe(booked.amount, booked.currency) if booked else None,
        ours=noted(found.metadata).get("refund"),
    )


def _move(found: stripe.BalanceTransaction) -> BalanceMove:
    return BalanceMove(
        id=found.id,
        kind=found.type,
        source=object_id(found.source) or found.id,
        amount=from_stripe(found.amount, found.currency),
        fee=from_stripe(found.fee, found.currency),
    )


def _dispute_state(found: stripe.Dispute) -> DisputeState:
    due = found.evidence_details.due_by
    return DisputeState(
        id=found.id,
        charge=object_id(found.charge) or "",
        status=found.status,
        reason=found.reason,
        amount=from_stripe(found.amount, found.currency),
        due_by=as_told(moment(due)) if due else None,
        moves=tuple(_move(one) for one in found.balance_transactions),
    )
