"""What is killed half-way: an entry, a payment with its receipt, a card network's message, a bank's file.

Each piece is sent again as its sender would, by the same number.
"""

from datetime import date

from flask import Flask
from sqlalchemy import select

from access.models import User
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.card_money import signed
from tests.treasury.kills import PART, Done, Work, times
from treasury import approvals, chart, ledger, payments
from treasury.cards.gateway import StripeGateway
from treasury.cards.values import BalanceMove, ChargeState
from treasury.ledger import Leg
from treasury.models import (
    Account,
    EntryStatus,
    Fund,
    FundKind,
    GatewayEvent,
    JournalEntry,
    Payment,
    PaymentMethod,
    Posting,
    StatementLine,
)
from treasury.statements.importing import import_statement
from treasury.statements.values import ParsedLine, StatementAccount, StatementFile

DAY, CAD = date(2005, 10, 15), "CAD"
SECRET = "whsec_killed"  # a secret of the tests
LINES = 12
POINTS = {"post": 60, "payment": 150, "webhook": 110, "import": 30}
"""About how many statements and commits a piece of work is made of."""


class Desk:
    """The books on which the work is done; made in the parent, used by parent and children alike."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        with app.app_context():
            with transaction():
                chart.open_chart(CAD)
                people = [User(email=f"{name}@example.org", name=name) for name in ("aristide", "zoe")]
                fund = Fund(code="DKR05-OUT", name="Outaouais", kind=FundKind.RESTRICTED)
                db.session.add_all([*people, fund])
                db.session.flush()
                self.aristide, self.zoe = (one.id for one in people)
                self.fund, self.bank = fund.id, ledger.account(chart.BANK, CAD).id
            db.session.remove()
        app.extensions["teranga.gateway"] = _Network()

    def works(self) -> dict[str, tuple[Work, Done]]:
        """Every kind of work by name, with how often a piece of it is in the books."""
        return {
            "post": (self.post, self.posted),
            "payment": (self.pay, self.paid),
            "webhook": (self.hear, self.heard),
            "import": (self.bring_in, self.brought_in),
        }

    # An entry by the machine ---------------------------------------------------------------------------

    def post(self, number: int) -> None:
        key = f"killed:{number}"
        with transaction():
            if not times(JournalEntry, JournalEntry.idempotency_key == key):
                ledger.post_now(DAY, "by rule", self.legs(7500), source="rule:1", idempotency_key=key)

    def posted(self, number: int) -> int:
        key = f"killed:{number}"
        return times(
            JournalEntry, JournalEntry.idempotency_key == key, JournalEntry.status == EntryStatus.POSTED
        )

    # A payment: asked for, recorded by one, approved by the other, each its own transaction -----------

    def pay(self, number: int) -> None:
        with transaction():
            payment = self._payment(number) or payments.request(self._wish(number), by=System("tests"))
            key = payment.id
        with transaction():
            payment = db.session.get_one(Payment, key, with_for_update=True)
            if payment.status == "requested":
                aristide = db.session.get_one(User, self.aristide)
                payments.record_receipt(payment, payments.RecordReceipt(received_on=DAY), by=aristide)
        with transaction():
            payment = db.session.get_one(Payment, key, with_for_update=True)
            if payment.status == "recorded" and payment.entry:
                approvals.approve(payment.entry, by=db.session.get_one(User, self.zoe))

    def paid(self, number: int) -> int:
        payment = self._payment(number)
        settled = payment is not None and payment.status == "settled"
        return times(Posting, Posting.memo == payment.reference) // 2 if payment and settled else 0

    def _payment(self, number: int) -> Payment | None:
        return db.session.scalar(select(Payment).where(Payment.subject_id == number))

    def _wish(self, number: int, method: PaymentMethod = PaymentMethod.TRANSFER) -> payments.RequestPayment:
        return payments.RequestPayment(
            purpose="savings",
            subject_id=number,
            amount=Money(7500, CAD),
            fund_id=self.fund,
            income_code=chart.SAVINGS,
            method=method,
            description="a deposit",
        )

    # A message of the card network, through the whole application ------------------------------------

    def hear(self, number: int) -> None:
        gateway = self.app.extensions["teranga.gateway"]
        with transaction():
            payment = self._payment(-number) or payments.request(
                self._wish(-number, PaymentMethod.CARD), by=System("tests")
            )
            gateway.reference[f"ch_{number}"] = payment.reference
        packet = signed(
            {
                "id": f"evt_{number}",
                "object": "event",
                "type": "charge.succeeded",
                "created": 1,
                "data": {"object": {"id": f"ch_{number}", "object": "charge"}},
            },
            secret=SECRET,
        )
        db.session.remove()
        answer = self.app.test_client().post(
            "/webhooks/stripe",
            data=packet["payload"].encode(),
            headers={"Stripe-Signature": packet["signature"], "Content-Type": "application/json"},
        )
        if answer.status_code != 200:
            raise RuntimeError(answer.text)

    def heard(self, number: int) -> int:
        entries = times(JournalEntry, JournalEntry.idempotency_key == f"charge:ch_{number}")
        payment = self._payment(-number)
        events = times(GatewayEvent, GatewayEvent.event_id == f"evt_{number}")
        whole = payment is not None and payment.status == "settled" and events == 1
        return entries if whole or not entries else PART

    # A bank's file -------------------------------------------------------------------------------------

    def bring_in(self, number: int) -> None:
        lines = tuple(
            ParsedLine(DAY, Money(100 + n, CAD), f"K{number}", "", "", None, 1, f"K{number} {n}")
            for n in range(LINES)
        )
        file = StatementFile("csv", (StatementAccount("", CAD, None, None, lines),), ())
        with transaction():
            aristide = db.session.get_one(User, self.aristide)
            import_statement(db.session.get_one(Account, self.bank), file, by=aristide, file_name="k.csv")

    def brought_in(self, number: int) -> int:
        found = times(StatementLine, StatementLine.reference == f"K{number}")
        return found // LINES if found % LINES == 0 else PART

    def legs(self, minor: int) -> list[Leg]:
        return [
            Leg(chart.BANK, self.fund, Money(minor, CAD)),
            Leg(chart.SAVINGS, self.fund, Money(-minor, CAD)),
        ]


class _Network(StripeGateway):
    """The network as it answers about a charge, without one."""

    def __init__(self) -> None:
        super().__init__(secret_key="sk_test_killed", webhook_secret=SECRET)
        self.reference: dict[str, str] = {}

    def fetch_charge(self, charge_id: str) -> ChargeState:
        paid = Money(7500, CAD)
        return ChargeState(
            id=charge_id,
            paid=True,
            amount=paid,
            reference=self.reference.get(charge_id),
            payment_intent=None,
            booked=BalanceMove(
                id=f"txn_{charge_id}", kind="charge", source=charge_id, amount=paid, fee=Money(248, CAD)
            ),
        )
