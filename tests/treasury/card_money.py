"""A deposit of 750.00 CAD paid by card at the loopback Stripe, and how its messages reach us."""

import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from shared.database import db
from shared.money import Money
from tests.simulator.fixtures import KEY, PAYS, SECRET, SimulatedStripe
from tests.treasury.conftest import Ask
from treasury.cards import checkouts
from treasury.cards.gateway import StripeGateway
from treasury.cards.gateway_values import CheckoutState, CheckoutStatus
from treasury.cards.values import BalanceMove, ChargeState, DisputeState
from treasury.models import (
    Account,
    Attention,
    EntryStatus,
    Fund,
    JournalEntry,
    Payment,
    PaymentMethod,
    Posting,
)

Packet = dict[str, str]
Books = dict[tuple[str, str], int]


@dataclass
class CardDesk:
    """The application with the simulator, whose messages are kept until a test delivers them."""

    app: Flask
    client: FlaskClient
    stripe: SimulatedStripe
    gateway: StripeGateway
    ask: Ask

    def asked(self, amount: str = "750.00", currency: str = "CAD") -> Payment:
        """A deposit asked for by card, its page open."""
        payment: Payment = self.ask(amount, method=PaymentMethod.CARD, currency=currency)
        self.open_page(payment)
        return payment

    def open_page(self, payment: Payment) -> str:
        """The page to pay on, asked for as the site does."""
        return checkouts.start_checkout(
            payment.id,
            self.gateway,
            success_url="http://localhost/",
            cancel_url="http://localhost/",
            locale="fr",
        )

    def pay(self, payment: Payment, card: str = PAYS) -> None:
        """What the payer does on the page; nothing is told yet."""
        assert payment.checkout_id
        self.stripe.pay(payment.checkout_id, card)

    def paid(self, amount: str = "750.00") -> Payment:
        """A deposit that was paid by card and told."""
        payment = self.asked(amount)
        self.pay(payment)
        self.tell_all()
        return payment

    def packets(self) -> list[Packet]:
        """All that waits to be told, oldest first."""
        return self.stripe.control.packets()

    def tell(self, packet: Packet) -> str:
        """Deliver one message; the outcome in a word."""
        headers = {"Stripe-Signature": packet["signature"], "Content-Type": "application/json"}
        answer = self.client.post("/webhooks/stripe", data=packet["payload"].encode(), headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json and answer.json["outcome"])

    def tell_all(self) -> None:
        """Deliver everything, in order."""
        for packet in self.packets():
            self.tell(packet)

    def charge(self, payment: Payment) -> str:
        """The charge that paid, as the network numbers it."""
        assert payment.checkout_id
        found = self.gateway.fetch_checkout(payment.checkout_id).charge
        assert found
        return found


def desk_of(app: Flask, client: FlaskClient, simulator: SimulatedStripe, ask: Ask) -> CardDesk:
    """The desk, its messages held."""
    gateway = StripeGateway(secret_key=KEY, webhook_secret=SECRET, api_base=simulator.base_url)
    app.extensions["teranga.gateway"] = gateway
    simulator.control.webhooks("hold", url="http://127.0.0.1:9/webhooks/stripe")
    return CardDesk(app, client, simulator, gateway, ask)


def books() -> Books:
    """Every balance by account and fund: what the books say in the end."""
    rows = db.session.execute(
        select(Account.code, Fund.code, func.sum(Posting.amount_minor))
        .join(Posting, Posting.account_id == Account.id)
        .join(Fund, Fund.id == Posting.fund_id)
        .group_by(Account.code, Fund.code)
        .having(func.sum(Posting.amount_minor) != 0)
    )
    return {(account, fund): int(minor) for account, fund, minor in rows}


def keys() -> set[str]:
    """What was posted, by the network's numbers."""
    found = db.session.scalars(select(JournalEntry.idempotency_key)).all()
    return {key for key in found if key}


def cad(text: str) -> Money:
    return Money.of(text, "CAD")


def balance(code: str) -> Money:
    minor = db.session.scalar(
        select(func.coalesce(func.sum(Posting.amount_minor), 0))
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == code)
    )
    return Money(int(minor or 0), "CAD")


def signed(body: dict[str, object], moment: int | None = None, secret: str = SECRET) -> Packet:
    """A message as the network would sign it."""
    stamp = int(time.time()) if moment is None else moment
    payload = json.dumps(body)
    mac = hmac.new(secret.encode(), f"{stamp}.{payload}".encode(), hashlib.sha256).hexdigest()
    return {"type": str(body.get("type")), "payload": payload, "signature": f"t={stamp},v1={mac}"}


def attention() -> set[str]:
    """The kinds of what asks for a person's attention."""
    return set(db.session.scalars(select(Attention.kind).where(Attention.resolved_at.is_(None))))


def paid(payment: Payment, charge: str = "ch_1", amount: str = "", fee: str = "") -> CheckoutState:
    """What the card network answers about a checkout that was paid."""
    return CheckoutState(
        id=f"cs_{payment.reference}",
        reference=payment.reference,
        status=CheckoutStatus.COMPLETE,
        paid=True,
        amount=Money.of(amount, "CAD") if amount else payment.amount,
        charge=charge,
        fee=Money.of(fee, "CAD") if fee else None,
    )


def uneven() -> list[Any]:
    """Currencies, or funds of a currency, whose posted postings do not add up to nothing."""
    total = func.sum(Posting.amount_minor)
    return list(
        db.session.execute(
            select(Posting.fund_id, Posting.currency, total)
            .join(JournalEntry, JournalEntry.id == Posting.entry_id)
            .where(JournalEntry.status == EntryStatus.POSTED)
            .group_by(Posting.fund_id, Posting.currency)
            .having(total != 0)
        )
    )


def disputed_and_lost(payment: Payment, charge: str, amount: Money) -> ChargeState:
    """What the card network answers about a charge of which `amount` was disputed and lost."""
    taken = BalanceMove(id="txn_1", kind="adjustment", source="du_1", amount=-amount, fee=amount * 0)
    dispute = DisputeState(
        id="du_1",
        charge=charge,
        status="lost",
        reason="duplicate",
        amount=amount,
        due_by=None,
        moves=(taken,),
    )
    return ChargeState(
        id=charge,
        paid=True,
        amount=payment.amount,
        reference=payment.reference,
        payment_intent=None,
        booked=None,
        disputes=(dispute,),
    )
