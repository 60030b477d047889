"""A card network that says what it seldom says: its charges, what is given back, its pages to pay on."""

from datetime import date
from typing import Any, cast

from shared import clock
from shared.database import transaction
from shared.money import Money
from tests.treasury.card_money import cad
from treasury.cards import checkouts
from treasury.cards.books import book_charge
from treasury.cards.gateway_errors import (
    KeyUsedOtherwise,
)
from treasury.cards.gateway_values import Checkout, CheckoutState, CheckoutStatus, RefundState
from treasury.cards.values import BalanceMove, ChargeState, KeptCard
from treasury.models import Payment

DAY = date(2005, 10, 15)
WHERE = {"success_url": "http://localhost/", "cancel_url": "http://localhost/", "locale": "fr"}


def move(kind: str, source: str, amount: Money, fee: str = "0.00") -> BalanceMove:
    return BalanceMove(id=f"txn_{source}", kind=kind, source=source, amount=amount, fee=cad(fee))


def charge(payment: Payment, *given_back: RefundState) -> ChargeState:
    return ChargeState(
        id="ch_1",
        paid=True,
        amount=payment.amount,
        reference=payment.reference,
        payment_intent=None,
        booked=move("charge", "ch_1", payment.amount, "22.05"),
        refunds=given_back,
    )


def given_back(amount: str = "100.00", **told: Any) -> RefundState:
    said = {"status": "succeeded", "balance_transaction": "txn_re_1", **told}
    return RefundState(id="re_1", amount=cad(amount), payment_intent=None, **said)


def book(state: ChargeState) -> None:
    with transaction():
        book_charge(state)


class Pages:
    """A network whose pages are as a test says; `used` keys belong to pages made otherwise."""

    def __init__(self, used: int = 0, **states: CheckoutStatus) -> None:
        self.used, self.states = used, states
        self.asked: list[str] = []

    def create_checkout(self, *, idempotency_key: str, **_asked: Any) -> Checkout:
        self.asked.append(idempotency_key)
        if len(self.asked) <= self.used:
            raise KeyUsedOtherwise
        number = f"cs_{len(self.asked)}"
        return Checkout(id=number, url=f"http://network/{number}", expires_at=clock.now())

    def fetch_checkout(self, number: str) -> CheckoutState:
        status = self.states.get(number, CheckoutStatus.OPEN)
        return CheckoutState(
            id=number,
            status=status,
            paid=False,
            amount=cad("750.00"),
            reference=None,
            fee=None,
            settled=None,
            payment_intent=None,
            charge=None,
            balance_transaction=None,
        )

    def fetch_kept_card(self, number: str) -> KeptCard | None:
        kept = KeptCard(customer="cus_1", method="pm_1", brand="visa", last4="4242", expires="2034-12")
        return None if number == "nothing" else kept


def start(payment_id: int, pages: Pages) -> str:
    return checkouts.start_checkout(payment_id, cast(Any, pages), **WHERE)
