"""What people write: entries, transfers, conversions, reversals; approved by another, or thrown away."""

from datetime import date
from fractions import Fraction

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.database import db
from shared.money import Money
from tests.treasury.histories.chapter import (
    AMOUNTS,
    ANY,
    AT_ONCE,
    CAD,
    DAYS,
    SELDOM,
    XOF,
    Chapter,
    PlainLegs,
    as_legs,
)
from tests.treasury.histories.plain_books import PlainEntry
from treasury import approvals, chart, ledger
from treasury.books import exchange
from treasury.books.rates import Rate
from treasury.funds.transfers import FundTransfer, transfer
from treasury.models import JournalEntry


class Written(Chapter):
    """Entries by hand."""

    @rule(fund=st.integers(0, 1), amount=AMOUNTS, day=DAYS, out=SELDOM, now=AT_ONCE)
    def write(self, fund: int, amount: int, day: int, out: bool, now: bool) -> None:
        """Money came, or travel is paid; the mark is what the bank will quote."""
        sign, other = (-1, chart.TRAVEL) if out else (1, chart.SAVINGS)
        whose = self.funds[fund]
        legs = [(whose, self.bank, CAD, sign * amount), (whose, other, CAD, -sign * amount)]
        self.written(legs, day, now=now)

    def written(self, legs: PlainLegs, day: int, *, now: bool) -> PlainEntry:
        """An entry by hand with a mark of its own."""
        mark = self.new_mark()
        real = as_legs(legs, mark)
        entry = self.drafted(legs, day, lambda on: ledger.draft(on, "by hand", real, by=self.aristide), now)
        self.marks[entry] = mark
        return entry

    @rule(amount=AMOUNTS, day=DAYS, source=st.integers(0, 1), now=AT_ONCE)
    def give(self, amount: int, day: int, source: int, now: bool) -> None:
        """Money of one fund given to the other."""
        one, two = self.funds[source], self.funds[1 - source]
        legs = [
            (one, chart.TRANSFERS, CAD, amount),
            (one, chart.BANK, CAD, -amount),
            (two, chart.BANK, CAD, amount),
            (two, chart.TRANSFERS, CAD, -amount),
        ]

        def make(on: date) -> JournalEntry:
            command = FundTransfer(
                source_fund_id=one,
                target_fund_id=two,
                amount=Money(amount, CAD),
                dated_on=on,
                narration="given",
            )
            return transfer(command, by=self.aristide)

        self.drafted(legs, day, make, now)

    @rule(fund=st.integers(0, 1), amount=AMOUNTS, lost=st.integers(-50, 50), day=DAYS, now=AT_ONCE)
    def convert(self, fund: int, amount: int, lost: int, day: int, now: bool) -> None:
        """Dollars into francs at 415, some francs lost or won."""
        whose, worth = self.funds[fund], amount // 100 * 415
        legs = [
            (whose, chart.CONVERSION, CAD, amount),
            (whose, chart.CASH, CAD, -amount),
            (whose, chart.CASH, XOF, worth - lost),
            (whose, chart.CONVERSION, XOF, -worth),
        ]
        legs += [(whose, chart.EXCHANGE, XOF, lost)] if lost else []

        def make(on: date) -> JournalEntry:
            command = exchange.Conversion(
                fund_id=whose,
                given=Money(amount, CAD),
                received=Money(worth - lost, XOF),
                dated_on=on,
                narration="changed",
                slip="receipt",
                reference=Rate(CAD, XOF, Fraction(415), on, "agreed"),
            )
            return exchange.convert(command, by=self.aristide)

        self.drafted(legs, day, make, now)

    @precondition(lambda self: self.posted)
    @rule(which=ANY, day=DAYS)
    def reverse(self, which: int, day: int) -> None:
        """Draft the mirror of an entry that was written by hand."""
        entry = self.posted[which % len(self.posted)]

        def make() -> JournalEntry:
            found = db.session.get_one(JournalEntry, self.real[entry])
            return ledger.reverse(found, self.on(day), "wrong", by=self.aristide)

        made = self.expect("already_reversed" if entry.reversed else "", make)
        if made is not None:
            entry.reversed = True
            legs = [(fund, account, currency, -minor) for fund, account, currency, minor in entry.legs]
            mirror = PlainEntry(self.on(day), legs, fact=True, mirrors=entry)
            self.real[self.books.draft(mirror)] = made

    @precondition(lambda self: self.books.drafts)
    @rule(which=ANY, same=SELDOM)
    def approve(self, which: int, same: bool) -> None:
        """Somebody approves a draft: an entry, a receipt, a refund."""
        self.approved(self.books.drafts[which % len(self.books.drafts)], same=same)

    @precondition(lambda self: self.real)
    @rule(which=ANY, same=st.booleans())
    def throw_away(self, which: int, same: bool) -> None:
        """Somebody throws a draft away; what is posted stays."""
        entries = [one for one in self.real if not one.thrown]
        if not entries:
            return
        entry = entries[which % len(entries)]

        def make() -> None:
            found = db.session.get_one(JournalEntry, self.real[entry])
            approvals.discard(found, "not this", by=self.aristide if same else self.zoe)

        if self.expect("already_posted" if entry.posted else "", make) is not None:
            self.books.throw(entry)

    @rule()
    def see_what_waits(self) -> None:
        """The list of what another must approve has every draft, and nothing else."""
        waiting = {one.entry.id: one.author for one in approvals.waiting()}
        db.session.rollback()
        assert waiting == {self.real[one]: one.author for one in self.books.drafts}
