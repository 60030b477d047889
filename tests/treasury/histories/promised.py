"""What is promised of a fund's money: kept by what pays it, given back, or run out."""

from datetime import date

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.database import db
from shared.money import Money
from tests.treasury.histories.chapter import AMOUNTS, ANY, AT_ONCE, CAD, DAYS, TODAY
from tests.treasury.histories.plain_books import PlainEntry, PlainPromise
from tests.treasury.histories.written import Written
from treasury import chart
from treasury.funds import commitments
from treasury.funds.commitment_models import Commitment, CommitmentEvent
from treasury.models import JournalEntry


class Promised(Written):
    """Commitments."""

    def __init__(self) -> None:
        super().__init__()
        self.promises: list[tuple[int, PlainPromise]] = []

    @precondition(lambda self: any(self.books.available(one, CAD) > 0 for one in self.funds))
    @rule(fund=st.integers(0, 1), amount=AMOUNTS, until=st.sampled_from([None, TODAY - 1, TODAY]))
    def promise(self, fund: int, amount: int, until: int | None) -> None:
        """Money of a fund is promised."""
        whose = self.funds[fund]
        made_on = TODAY if until is None else until
        last: date | None = None if until is None else self.on(until)
        command = commitments.Reserve(
            fund_id=whose,
            amount=Money(amount, CAD),
            payee="hotel",
            purpose="stay",
            dated_on=self.on(made_on),
            expires_on=last,
        )
        refusal = "not_available" if amount > self.books.available(whose, CAD) else ""
        made = self.expect(refusal, lambda: commitments.reserve(command, by=self.aristide))
        if made is not None:
            promise = PlainPromise(whose, CAD, amount, last)
            self.books.promise(promise)
            self.promises.append((made, promise))

    @precondition(lambda self: self.promises)
    @rule(which=ANY, amount=AMOUNTS)
    def release(self, which: int, amount: int) -> None:
        """Part of a promise is given back."""
        key, promise = self.promises[which % len(self.promises)]

        def make() -> CommitmentEvent:
            found = db.session.get_one(Commitment, key)
            return commitments.release(found, Money(amount, CAD), "less", by=self.zoe)

        if self.expect("nothing_promised" if amount > promise.left else "", make) is not None:
            self.books.give_back(promise, amount)

    @precondition(lambda self: self.promises)
    @rule(which=ANY)
    def run_out(self, which: int) -> None:
        """The evening's job looks at a promise: what is left of it after its last day is free again."""
        key, promise = self.promises[which % len(self.promises)]
        commitments.expire({"id": key})
        if promise.until is not None and promise.until < self.on(TODAY):
            self.books.give_back(promise, promise.left)

    @precondition(lambda self: self.promises)
    @rule(which=ANY, amount=AMOUNTS, day=DAYS, now=AT_ONCE)
    def pay_promised(self, which: int, amount: int, day: int, now: bool) -> None:
        """What was promised is paid, or less, or more; once posted, that much of the promise is kept."""
        key, promise = self.promises[which % len(self.promises)]
        legs = [(promise.fund, self.bank, CAD, -amount), (promise.fund, chart.TRAVEL, CAD, amount)]
        entry = self.written(legs, day, now=False)
        self._mean(entry, key, promise)
        if now:
            self.approved(entry, same=False)

    @precondition(lambda self: self.promises and self.books.drafts)
    @rule(which=ANY, promised=ANY)
    def mean(self, which: int, promised: int) -> None:
        """Any draft is said to pay what was promised."""
        entry = self.books.drafts[which % len(self.books.drafts)]
        self._mean(entry, *self.promises[promised % len(self.promises)])

    def _mean(self, entry: PlainEntry, key: int, promise: PlainPromise) -> None:
        if entry.pays:
            refusal = "conflict"
        elif (promise.fund, promise.currency) not in self.books.taken(entry.legs):
            refusal = "other_fund"
        else:
            refusal = "" if promise.left else "nothing_promised"

        def make() -> None:
            found = db.session.get_one(JournalEntry, self.real[entry])
            commitments.intend(found, db.session.get_one(Commitment, key))

        if self.expect(refusal, make) is not None:
            entry.pays = promise
