"""Whatever is done with payments, by whom and how often, the books stay even and sound."""

import contextlib
from datetime import date, timedelta

import pytest
from flask import Flask
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from access.models import User
from shared.database import db, transaction
from shared.errors import DomainError
from shared.money import Money
from tests.treasury.card_money import cad, paid, uneven
from tests.treasury.conftest import Ask
from treasury import approvals, ledger, payments, queries
from treasury.books import verification
from treasury.cards import books as card_books
from treasury.funds.transfers import FundTransfer, transfer
from treasury.models import (
    EntryStatus,
    Fund,
    JournalEntry,
    Payment,
)
from treasury.payments import RecordReceipt

both = pytest.mark.usefixtures("both_databases")
DAY = date(2005, 10, 15)


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                "ask",
                "card",
                "record",
                "approve",
                "return",
                "cancel",
                "from fund",
                "move",
                "discard",
                "reverse",
            )
        ),
        st.integers(0, 5),
        st.integers(1, 10_000_000),
    ),
    min_size=1,
    max_size=25,
)


class History:
    """Whatever people may do, in any order; what the rules refuse leaves nothing behind."""

    def __init__(self, ask: Ask, funds: list[Fund], people: tuple[User, User]) -> None:
        self.ask, self.funds = ask, funds
        self.treasurer, self.approver = people
        self.asked: list[Payment] = []

    def step(self, what: str, which: int, minor: int) -> None:
        """One thing done, or refused whole."""
        amount = Money(minor, "CAD")
        if what == "ask":
            self.asked.append(self.ask(amount.decimal(), fund=self.funds[which % 2]))
            return
        payment = self.asked[which % len(self.asked)] if self.asked else None
        drafts = db.session.scalars(
            select(JournalEntry).where(JournalEntry.status == EntryStatus.DRAFT).order_by(JournalEntry.id)
        ).all()
        draft = drafts[which % len(drafts)] if drafts else None
        with contextlib.suppress(DomainError), transaction():
            self._do(what, which, amount, payment, draft)

    def _do(
        self, what: str, which: int, amount: Money, payment: Payment | None, draft: JournalEntry | None
    ) -> None:
        on = DAY + timedelta(days=which)
        if what == "move":
            source, target = self.funds[which % 2], self.funds[1 - which % 2]
            command = FundTransfer(
                source_fund_id=source.id,
                target_fund_id=target.id,
                amount=amount,
                dated_on=on,
                narration="Moved",
            )
            transfer(command, by=self.treasurer)
        elif what in ("approve", "discard") and draft:
            if what == "approve":
                approvals.approve(draft, by=self.approver)
            else:
                approvals.discard(draft, "?", by=self.treasurer)
        elif what == "reverse":
            posted = db.session.scalars(
                select(JournalEntry).where(JournalEntry.number == 1 + which)
            ).one_or_none()
            if posted:
                ledger.reverse(posted, on, "Wrong", by=self.treasurer)
        elif payment:
            self._do_with(payment, what, which, amount, on)

    def _do_with(self, payment: Payment, what: str, which: int, amount: Money, on: date) -> None:
        if what == "card":
            state = paid(payment, charge=f"ch_{payment.id}_{which % 2}")
            card_books.settle_checkout(state)
        elif what == "record":
            payments.record_receipt(payment, RecordReceipt(received_on=on), by=self.treasurer)
        elif what == "return":
            payments.return_receipt(payment, on, "Returned", by=self.treasurer)
        elif what == "cancel":
            payments.cancel(payment, by=self.treasurer)
        elif what == "from fund":
            payments.settle_from_fund(payment, self.funds[1 - which % 2].id, on, by=self.treasurer)


@both
@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate, Phase.target, Phase.shrink),
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
def test_whatever_is_done_the_books_stay_even_and_sound(
    app: Flask,
    ask: Ask,
    outaouais: Fund,
    sorel: Fund,
    aristide: User,
    zoe: User,
    steps: list[tuple[str, int, int]],
) -> None:
    history = History(ask, [outaouais, sorel], (aristide, zoe))
    for what, which, minor in steps:
        history.step(what, which, minor)
    assert uneven() == []
    with app.app_context():  # a session of its own: the walk lets go of every row
        verdict = verification.check()
    assert verdict.sound, verdict.findings
    held = queries.fund_balances([outaouais.id, sorel.id], "CAD").values()
    assert [Money.total(held, "CAD")] == (queries.cash_by_currency() or [cad("0.00")])
