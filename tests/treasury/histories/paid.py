"""What is asked for, paid by transfer, and given back."""

from dataclasses import dataclass, field
from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.database import db
from shared.money import Money
from tests.treasury.histories.chapter import AMOUNTS, ANY, AT_ONCE, CAD, DAYS, Chapter
from tests.treasury.histories.plain_books import PlainEntry
from treasury import chart, payments
from treasury.cards import refunds
from treasury.cards.models import Refund
from treasury.cards.refunds import RequestRefund
from treasury.models import JournalEntry, Payment, PaymentMethod


@dataclass(eq=False)
class Paid:
    """A transfer: its payment, fund, amount and entry, and the refunds that were asked for."""

    payment: int
    fund: int
    amount: int
    entry: PlainEntry
    refunds: list[tuple[int, PlainEntry, int]] = field(default_factory=list)

    @property
    def open(self) -> tuple[int, PlainEntry, int] | None:
        """The refund that waits."""
        return next((one for one in self.refunds if not one[1].posted and not one[1].thrown), None)

    @property
    def left(self) -> int:
        """What of it was not given back."""
        return self.amount - sum(amount for _refund, entry, amount in self.refunds if entry.posted)


class Payments(Chapter):
    """Transfers and refunds."""

    def __init__(self) -> None:
        super().__init__()
        self.payments: list[Paid] = []

    @rule(fund=st.integers(0, 1), amount=AMOUNTS, day=DAYS, now=AT_ONCE)
    def pay(self, fund: int, amount: int, day: int, now: bool) -> None:
        """A transfer is asked for and recorded."""
        whose = self.funds[fund]
        payment = self.asked(whose, amount, PaymentMethod.TRANSFER)

        def make(on: date) -> JournalEntry:
            found = db.session.get_one(Payment, payment)
            receipt = payments.RecordReceipt(received_on=on, account_code=self.bank)
            payments.record_receipt(found, receipt, by=self.aristide)
            return db.session.get_one(JournalEntry, found.entry_id)

        legs = [(whose, self.bank, CAD, amount), (whose, chart.SAVINGS, CAD, -amount)]
        entry = self.drafted(legs, day, make, False)
        entry.by_hand = False
        if now:
            self.approved(entry, same=False)
        self.payments.append(Paid(payment, whose, amount, entry))

    @precondition(lambda self: any(one.entry.posted for one in self.payments))
    @rule(which=ANY, amount=AMOUNTS, day=DAYS)
    def ask_refund(self, which: int, amount: int, day: int) -> None:
        """Somebody asks to give a transfer back."""
        settled = [one for one in self.payments if one.entry.posted]
        paid = settled[which % len(settled)]
        refusal = "refund_open" if paid.open else "nothing_to_refund" if amount > paid.left else ""
        asked: list[int] = []

        def make() -> Refund:
            found = db.session.get_one(Payment, paid.payment)
            command = RequestRefund(amount=Money(amount, CAD), reason="ill", on=self.on(day))
            refund = refunds.request_refund(found, command, by=self.aristide)
            asked.append(refund.entry_id or 0)
            return refund

        made = self.expect(refusal, make)
        if made is not None:
            legs = [(paid.fund, chart.SAVINGS, CAD, amount), (paid.fund, self.bank, CAD, -amount)]
            entry = self.books.draft(PlainEntry(self.on(day), legs, by_hand=False))
            self.real[entry] = asked[0]
            paid.refunds.append((made, entry, amount))

    @precondition(lambda self: any(one.open for one in self.payments))
    @rule(which=ANY, same=st.booleans())
    def approve_refund(self, which: int, same: bool) -> None:
        """Somebody says yes to a refund."""
        (refund, entry, _amount), *_others = [
            one.open for one in self.payments[which % len(self.payments) :] + self.payments if one.open
        ]
        by = self.aristide if same else self.zoe
        made = self.expect(
            self.books.refusal(entry, by.name),
            lambda: refunds.approve_refund(db.session.get_one(Refund, refund), by=by),
        )
        if made is not None:
            self.books.post(entry)
