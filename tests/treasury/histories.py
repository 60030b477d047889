"""Histories: the treasury's own operations in any order, beside the plain books, compared after each step.

Many short histories share one database: each has funds and a month of its own. What one history leaves open
is thrown away at its end, so that the next one can close its month.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, select

from access.models import Grant, RoleName, User
from shared import clock
from shared.audit import System
from shared.database import db, transaction
from shared.errors import DomainError
from shared.money import Money
from tests.treasury.plain_books import PlainBooks, PlainEntry, PlainPeriod
from treasury import approvals, chart, ledger, payments
from treasury.books import exchange, periods
from treasury.books.rates import Rate
from treasury.cards import books as card_books
from treasury.cards import refunds
from treasury.cards.gateway_values import RefundState
from treasury.cards.models import Refund
from treasury.cards.refunds import RequestRefund
from treasury.cards.values import BalanceMove, ChargeState, DisputeState
from treasury.funds import commitments
from treasury.funds.commitment_models import Commitment
from treasury.funds.models import FundBalance
from treasury.funds.transfers import FundTransfer, transfer
from treasury.ledger import Leg
from treasury.models import (
    Account,
    EntryStatus,
    Fund,
    FundKind,
    JournalEntry,
    Payment,
    PaymentMethod,
    Period,
    Posting,
    ReconciliationLink,
    StatementLine,
)
from treasury.reconciliation.links import confirm, import_statement, undo
from treasury.statements.values import ParsedLine, StatementAccount, StatementFile

MONTH = 30
DAYS = st.integers(0, 20)
AMOUNTS = st.integers(1, 60).map(lambda dollars: dollars * 100)
AT_ONCE = st.sampled_from([True, True, False])
CAD, XOF = "CAD", "XOF"


@dataclass
class Ground:
    """A database on which histories follow each other, and the application around it."""

    aristide: User
    zoe: User
    bank: int
    count: int = 0
    periods: list[PlainPeriod] = field(default_factory=list)
    period_ids: dict[PlainPeriod, int] = field(default_factory=dict)


def open_ground() -> Ground:
    """People, a chart, and everything before the first month closed."""
    with transaction():
        people = [User(email=f"{name}@example.org", name=name) for name in ("aristide", "zoe")]
        db.session.add_all(people)
        db.session.flush()
        for one, role in zip(people, (RoleName.TREASURER, RoleName.APPROVER), strict=True):
            db.session.add(Grant(user_id=one.id, role=role))
        for currency in (CAD, XOF):
            chart.open_chart(currency)
        ground = Ground(people[0], people[1], ledger.account(chart.BANK, CAD).id)
        last = date(1599, 12, 31)
        first = periods.close_until(last, "before", by=people[1])
        ground.periods.append(PlainPeriod(last, last))
        ground.period_ids[ground.periods[0]] = first.id
    for one in people:  # who acts does not change: read once, with what they were granted
        db.session.refresh(one)
        assert one.grants
        db.session.expunge(one)
    return ground


class History(RuleBasedStateMachine):
    """One history; `ground` is set by whoever runs it, inside an application context."""

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        ground = self.ground
        ground.count += 1
        self.first = date(1600, 1, 1) + timedelta(days=MONTH * ground.count)
        moment = self.first + timedelta(days=14)
        clock.travel_to(datetime(moment.year, moment.month, moment.day, 12, tzinfo=UTC))
        self.books = PlainBooks(ground.periods)
        self.real: dict[PlainEntry, int] = {}
        self.posted: list[PlainEntry] = []
        self.payments: list[_Paid] = []
        self.cards: list[_Card] = []
        self.promises: list[tuple[int, int, list[int]]] = []
        self.lines: Counter[tuple[str, int]] = Counter()
        self.links: list[list[int]] = []
        with transaction():
            made = [
                Fund(code=f"H{ground.count}-{one}", name=one, kind=FundKind.RESTRICTED) for one in ("A", "B")
            ]
            db.session.add_all(made)
            db.session.flush()
            self.funds = [one.id for one in made]

    # What people write --------------------------------------------------------------------------------

    @rule(fund=st.integers(0, 1), amount=AMOUNTS, day=DAYS, out=st.booleans(), now=AT_ONCE)
    def write(self, fund: int, amount: int, day: int, out: bool, now: bool) -> None:
        """An entry by hand: money came, or travel is paid."""
        sign, other = (-1, chart.TRAVEL) if out else (1, chart.SAVINGS)
        whose = self.funds[fund]
        legs = [(whose, chart.BANK, CAD, sign * amount), (whose, other, CAD, -sign * amount)]
        self._draft(legs, day, lambda legs, on, by: ledger.draft(on, "by hand", legs, by=by), now)

    @rule(amount=AMOUNTS, day=DAYS, source=st.integers(0, 1), now=AT_ONCE)
    def transfer(self, amount: int, day: int, source: int, now: bool) -> None:
        """Money of one fund given to the other."""
        one, two = self.funds[source], self.funds[1 - source]
        legs = [
            (one, chart.TRANSFERS, CAD, amount),
            (one, chart.BANK, CAD, -amount),
            (two, chart.BANK, CAD, amount),
            (two, chart.TRANSFERS, CAD, -amount),
        ]

        def make(_legs: Any, on: date, by: User) -> JournalEntry:
            return transfer(
                FundTransfer(
                    source_fund_id=one,
                    target_fund_id=two,
                    amount=Money(amount, CAD),
                    dated_on=on,
                    narration="given",
                ),
                by=by,
            )

        self._draft(legs, day, make, now)

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

        def make(_legs: Any, on: date, by: User) -> JournalEntry:
            return exchange.convert(
                exchange.Conversion(
                    fund_id=whose,
                    given=Money(amount, CAD),
                    received=Money(worth - lost, XOF),
                    dated_on=on,
                    narration="changed",
                    slip="receipt",
                    reference=Rate(CAD, XOF, Fraction(415), on, "agreed"),
                ),
                by=by,
            )

        self._draft(legs, day, make, now)

    @precondition(lambda self: self.posted)
    @rule(which=st.integers(0, 99), day=DAYS)
    def reverse(self, which: int, day: int) -> None:
        """Draft the mirror of an entry that was written by hand."""
        entry = self.posted[which % len(self.posted)]

        def make() -> JournalEntry:
            found = db.session.get_one(JournalEntry, self.real[entry])
            return ledger.reverse(found, self._on(day), "wrong", by=self._aristide())

        made = self._expect("already_reversed" if entry.reversed else "", make)
        if made is not None:
            entry.reversed = True
            legs = [(fund, account, currency, -minor) for fund, account, currency, minor in entry.legs]
            mirror = PlainEntry(self._on(day), legs, fact=True, reversal=True)
            self.real[self.books.draft(mirror)] = made

    @precondition(lambda self: self.books.drafts)
    @rule(which=st.integers(0, 99), same=st.sampled_from([False, False, False, True]))
    def post(self, which: int, same: bool) -> None:
        """Somebody approves a draft."""
        open_drafts = [one for one in self.books.drafts if one in self.real]
        if not open_drafts:
            return
        self._approve(open_drafts[which % len(open_drafts)], same=same)

    def _approve(self, entry: PlainEntry, *, same: bool) -> None:
        by = "aristide" if same else "zoe"

        def make() -> JournalEntry:
            found = db.session.get_one(JournalEntry, self.real[entry])
            return approvals.approve(found, by=self._aristide() if same else self._zoe())

        if self._expect(self.books.refusal(entry, by), make) is not None:
            self.books.post(entry)
            if not entry.reversal and not entry.payment:
                self.posted.append(entry)

    # What is paid and given back ----------------------------------------------------------------------

    @rule(fund=st.integers(0, 1), amount=AMOUNTS, day=DAYS, now=AT_ONCE)
    def pay(self, fund: int, amount: int, day: int, now: bool) -> None:
        """A transfer is asked for and recorded."""
        whose = self.funds[fund]
        payment = self._asked(whose, amount, PaymentMethod.TRANSFER)

        def make(_legs: Any, on: date, by: User) -> JournalEntry:
            found = db.session.get_one(Payment, payment)
            payments.record_receipt(found, payments.RecordReceipt(received_on=on), by=by)
            return db.session.get_one(JournalEntry, found.entry_id)

        legs = [(whose, chart.BANK, CAD, amount), (whose, chart.SAVINGS, CAD, -amount)]
        entry = self._draft(legs, day, make, False)
        entry.payment = True
        if now:
            self._approve(entry, same=False)
        self.payments.append(_Paid(payment, whose, amount, entry))

    @precondition(lambda self: any(one.entry.posted for one in self.payments))
    @rule(which=st.integers(0, 99), amount=AMOUNTS, day=DAYS)
    def ask_refund(self, which: int, amount: int, day: int) -> None:
        """Somebody asks to give a transfer back."""
        settled = [one for one in self.payments if one.entry.posted]
        paid = settled[which % len(settled)]
        refusal = (
            "refund_open" if paid.refund else "nothing_to_refund" if amount > paid.amount - paid.given else ""
        )

        def make() -> Any:
            found = db.session.get_one(Payment, paid.payment)
            command = RequestRefund(amount=Money(amount, CAD), reason="ill", on=self._on(day))
            return refunds.request_refund(found, command, by=self._aristide())

        made = self._expect(refusal, make)
        if made is not None:
            legs = [(paid.fund, chart.SAVINGS, CAD, amount), (paid.fund, chart.BANK, CAD, -amount)]
            paid.refund = (made, self.books.draft(PlainEntry(self._on(day), legs)), amount)

    @precondition(lambda self: any(one.refund for one in self.payments))
    @rule(which=st.integers(0, 99), same=st.booleans())
    def approve_refund(self, which: int, same: bool) -> None:
        """Somebody says yes to a refund."""
        asked = [one for one in self.payments if one.refund]
        paid = asked[which % len(asked)]
        assert paid.refund
        refund, entry, amount = paid.refund

        def make() -> Any:
            found = db.session.get_one(Refund, refund)
            return refunds.approve_refund(found, by=self._aristide() if same else self._zoe())

        if self._expect(self.books.refusal(entry, "aristide" if same else "zoe"), make) is not None:
            self.books.post(entry)
            paid.given, paid.refund = paid.given + amount, None

    @rule(fund=st.integers(0, 1), dollars=st.integers(10, 60), stage=st.integers(0, 3), again=st.booleans())
    def card(self, fund: int, dollars: int, stage: int, again: bool) -> None:
        """The card network is looked at: charged, then given back in part, disputed, lost; in any order."""
        if again and self.cards:
            card = self.cards[fund % len(self.cards)]
        else:
            whose, amount = self.funds[fund], dollars * 100
            payment = self._asked(whose, amount, PaymentMethod.CARD)
            card = _Card(payment, whose, amount, f"{self.ground.count}-{len(self.cards)}")
            self.cards.append(card)
        reference = db.session.get_one(Payment, card.payment).reference
        self._expect("", lambda: card_books.book_charge(card.state(stage, reference)))
        for key, legs in card.booked(stage):
            if key not in card.known:
                card.known.add(key)
                day = self.books.open_day(self.first + timedelta(days=14))
                self.books.post(PlainEntry(day, legs, author="", fact=True))

    # What is promised, closed, seen at the bank -------------------------------------------------------

    @rule(fund=st.integers(0, 1), amount=AMOUNTS)
    def promise(self, fund: int, amount: int) -> None:
        """Money of a fund is promised."""
        whose = self.funds[fund]
        command = commitments.Reserve(
            fund_id=whose, amount=Money(amount, CAD), payee="hotel", purpose="stay", dated_on=self._on(14)
        )
        refusal = "not_available" if amount > self.books.available(whose, CAD) else ""
        made = self._expect(refusal, lambda: commitments.reserve(command, by=self._aristide()))
        if made is not None:
            self.promises.append((made, whose, [amount]))
            self.books.promised[whose, CAD] += amount

    @precondition(lambda self: self.promises)
    @rule(which=st.integers(0, 99), amount=AMOUNTS)
    def release(self, which: int, amount: int) -> None:
        """Part of a promise is given back."""
        promise, whose, left = self.promises[which % len(self.promises)]

        def make() -> Any:
            found = db.session.get_one(Commitment, promise)
            return commitments.release(found, Money(amount, CAD), "less", by=self._zoe())

        if self._expect("nothing_promised" if amount > left[0] else "", make) is not None:
            left[0] -= amount
            self.books.promised[whose, CAD] -= amount

    @rule(day=DAYS)
    def close(self, day: int) -> None:
        """The books are closed up to a day."""
        until = self._on(day)
        refusal = self.books.refusal_to_close(until)
        made = self._expect(refusal, lambda: periods.close_until(until, "told", by=self._zoe()))
        if made is not None:
            self.books.close(until)
            self.ground.period_ids[self.books.periods[-1]] = made

    @precondition(lambda self: self.books.periods[-1].ends >= self.first)
    @rule(lock=st.sampled_from([False, False, True]))
    def reopen_or_lock(self, lock: bool) -> None:
        """The last period is opened again with a reason, or locked for good."""
        period = self.books.periods[-1]
        key = self.ground.period_ids[period]

        def make() -> Any:
            found = db.session.get_one(Period, key)
            return (
                periods.lock(found, by=self._zoe()) if lock else periods.reopen(found, "late", by=self._zoe())
            )

        earlier = any(one.status == "open" for one in self.books.periods[:-1])
        refused = period.status != "closed" or (lock and earlier)
        if self._expect("conflict" if refused else "", make) is not None:
            for one in self.books.periods if lock else [period]:
                one.status = ("locked" if one.status == "closed" else one.status) if lock else "open"

    @precondition(lambda self: self.posted)
    @rule(which=st.integers(0, 99), twice=st.booleans(), short=st.sampled_from([0, 0, 100]))
    def bank_tells(self, which: int, twice: bool, short: int) -> None:
        """The bank shows a movement, perhaps some of it, perhaps in two files."""
        entry = self.posted[which % len(self.posted)]
        moved = [
            minor for _fund, account, currency, minor in entry.legs if (account, currency) == ("1010", CAD)
        ]
        if not moved or abs(moved[0]) <= short:
            return
        minor = moved[0] - (short if moved[0] > 0 else -short)
        told = f"E{self.real[entry]}"
        line = ParsedLine(entry.day, Money(minor, CAD), told, "", "seen", None, 1, f"{told} {minor}")
        file = StatementFile("csv", (StatementAccount("", CAD, None, None, (line,)),), ())

        def make() -> Any:
            return import_statement(self._bank(), file, by=self._aristide(), file_name="a")

        for _file in range(1 + twice):
            self._expect("", make)
        self.lines[f"E{self.real[entry]}", minor] = 1

    @precondition(lambda self: self.lines and self.posted)
    @rule(line=st.integers(0, 99), which=st.integers(0, 99))
    def match(self, line: int, which: int) -> None:
        """A bank line is said to be an entry."""
        found = self._lines()[line % len(self.lines)]
        entry = self.posted[which % len(self.posted)]
        posting = db.session.scalar(
            select(Posting)
            .where(Posting.entry_id == self.real[entry], Posting.account_id == self.ground.bank)
            .limit(1)
        )
        if posting is None:
            return
        key, other, minor = found.id, posting.id, found.amount_minor
        left_line = abs(minor) - sum(one[3] for one in self.links if one[1] == key)
        left_posting = abs(posting.amount_minor) - sum(one[3] for one in self.links if one[2] == other)
        left = min(left_line, left_posting)
        known = any((one[1], one[2]) == (key, other) for one in self.links)
        if (minor > 0) != (posting.amount_minor > 0):
            refusal = "does_not_fit"
        else:
            refusal = "" if left or known else "nothing_left"

        def make() -> Any:
            line, other_posting = db.session.get_one(StatementLine, key), db.session.get_one(Posting, other)
            return confirm(line, other_posting, by=self._zoe())

        made = self._expect(refusal, make)
        if made is not None and left:
            self.links.append([made, key, other, left])

    @precondition(lambda self: self.links)
    @rule(which=st.integers(0, 99))
    def undo(self, which: int) -> None:
        """One link is taken back, and no other."""
        link = self.links.pop(which % len(self.links))
        self._expect("", lambda: undo(db.session.get_one(ReconciliationLink, link[0]), by=self._zoe()))

    # What must hold -----------------------------------------------------------------------------------

    @invariant()
    def agrees(self) -> None:
        """Every balance of every fund and currency, what is promised, and what is linked."""
        rows = db.session.execute(
            select(Posting.fund_id, Account.code, Posting.currency, func.sum(Posting.amount_minor))
            .join(Account, Account.id == Posting.account_id)
            .join(JournalEntry, JournalEntry.id == Posting.entry_id)
            .where(Posting.fund_id.in_(self.funds), JournalEntry.status == EntryStatus.POSTED)
            .group_by(Posting.fund_id, Account.code, Posting.currency)
        )
        said = {(fund, code, currency): int(minor) for fund, code, currency, minor in rows if minor}
        assert said == self.books.told()
        kept = {
            (fund, currency): left
            for fund, currency, left in db.session.execute(
                select(
                    FundBalance.fund_id, FundBalance.currency, FundBalance.minor - FundBalance.committed_minor
                ).where(FundBalance.fund_id.in_(self.funds))
            )
        }
        for fund in self.funds:
            for currency in (CAD, XOF):
                assert kept.get((fund, currency), 0) == self.books.available(fund, currency)
        if self.lines:
            found = [one.id for one in self._lines()]
            assert len(found) == len(self.lines)
            linked = db.session.scalar(
                select(func.sum(func.abs(ReconciliationLink.amount_minor))).where(
                    ReconciliationLink.line_id.in_(found), ReconciliationLink.undone_at.is_(None)
                )
            )
            assert int(linked or 0) == sum(one[3] for one in self.links)
        db.session.rollback()

    def teardown(self) -> None:
        """Nothing is left open for the next history."""
        with transaction():
            for paid in self.payments:
                if paid.refund:
                    refunds.drop_refund(db.session.get_one(Refund, paid.refund[0]), "end", by=self._zoe())
            drafts = db.session.scalars(
                select(JournalEntry).where(
                    JournalEntry.status == EntryStatus.DRAFT, JournalEntry.dated_on >= self.first
                )
            ).all()
            for draft in drafts:
                approvals.discard(draft, "end", by=self._zoe())
            for period in self.books.periods:
                if period.status == "open":
                    last = db.session.get_one(Period, self.ground.period_ids[period])
                    periods.close(last, "end", by=self._zoe())
                    period.status = "closed"
        db.session.remove()
        clock.travel_to(None)

    # Pieces -------------------------------------------------------------------------------------------

    def _on(self, day: int) -> date:
        return self.first + timedelta(days=day)

    def _aristide(self) -> User:
        return self.ground.aristide

    def _zoe(self) -> User:
        return self.ground.zoe

    def _bank(self) -> Account:
        return db.session.get_one(Account, self.ground.bank)

    def _lines(self) -> list[StatementLine]:
        references = [reference for reference, _minor in self.lines]
        return list(
            db.session.scalars(
                select(StatementLine)
                .where(StatementLine.reference.in_(references))
                .order_by(StatementLine.id)
            )
        )

    def _expect(self, refusal: str, work: Callable[[], Any]) -> int | None:
        """Do it in a transaction of its own: refused for this reason, or done. The id of what was made."""
        said, made = "", None
        try:
            with transaction():
                made = work()
                made = getattr(made, "id", 0)
        except DomainError as refused:
            said = refused.code
        assert said == refusal, f"said {said or 'yes'!r}, the plain books say {refusal or 'yes'!r}"
        return None if said else made

    def _draft(
        self,
        legs: list[tuple[int, str, str, int]],
        day: int,
        make: Callable[[Any, date, User], JournalEntry],
        at_once: bool,
    ) -> PlainEntry:
        real = [Leg(account, fund, Money(minor, currency)) for fund, account, currency, minor in legs]
        made = self._expect("", lambda: make(real, self._on(day), self._aristide()))
        entry = self.books.draft(PlainEntry(self._on(day), legs))
        self.real[entry] = made or 0
        if at_once:
            self._approve(entry, same=False)
        return entry

    def _asked(self, fund: int, amount: int, method: PaymentMethod) -> int:
        command = payments.RequestPayment(
            purpose="savings",
            subject_id=1,
            amount=Money(amount, CAD),
            fund_id=fund,
            income_code=chart.SAVINGS,
            method=method,
            description="asked",
        )
        return self._expect("", lambda: payments.request(command, by=System("histories"))) or 0


@dataclass(eq=False)
class _Paid:
    """A transfer: its payment, fund, amount and entry; what was given back, and the refund that is open."""

    payment: int
    fund: int
    amount: int
    entry: PlainEntry
    given: int = 0
    refund: tuple[int, PlainEntry, int] | None = None


@dataclass(eq=False)
class _Card:
    """A card payment as the network would show it at each stage, and what the plain books make of it."""

    payment: int
    fund: int
    amount: int
    mark: str
    known: set[str] = field(default_factory=set)

    def state(self, stage: int, reference: str) -> ChargeState:
        """Charged (0), given back in part (1), disputed for the rest (2), lost (3)."""
        back, rest = Money(300, CAD), Money(self.amount - 300, CAD)
        refund = RefundState(
            id=f"re_{self.mark}",
            status="succeeded",
            amount=back,
            payment_intent=None,
            balance_transaction=f"txn_r{self.mark}",
        )
        move = BalanceMove(
            id=f"txn_d{self.mark}", kind="adjustment", source="dp", amount=-rest, fee=Money(15, CAD)
        )
        dispute = DisputeState(
            id=f"dp_{self.mark}",
            charge=f"ch_{self.mark}",
            status="lost" if stage == 3 else "needs_response",
            reason="fraudulent",
            amount=rest,
            due_by=None,
            moves=(move,),
        )
        booked = BalanceMove(
            id=f"txn_{self.mark}",
            kind="charge",
            source="ch",
            amount=Money(self.amount, CAD),
            fee=Money(30, CAD),
        )
        return ChargeState(
            id=f"ch_{self.mark}",
            paid=True,
            amount=Money(self.amount, CAD),
            reference=reference,
            payment_intent=None,
            booked=booked,
            refunds=(refund,) if stage >= 1 else (),
            disputes=(dispute,) if stage >= 2 else (),
        )

    def booked(self, stage: int) -> Iterator[tuple[str, list[tuple[int, str, str, int]]]]:
        """The entries that lead there."""
        rest = self.amount - 300
        yield "charge", self._legs(("1020", self.amount), ("4100", -self.amount), ("5800", 30), ("1020", -30))
        if stage >= 1:
            yield "refund", self._legs(("4100", 300), ("1020", -300))
        if stage >= 2:
            yield "dispute", self._legs(("1060", rest), ("1020", -rest), ("5800", 15), ("1020", -15))
        if stage >= 3:
            yield "lost", self._legs(("4100", rest), ("1060", -rest))

    def _legs(self, *legs: tuple[str, int]) -> list[tuple[int, str, str, int]]:
        return [(self.fund, account, CAD, minor) for account, minor in legs]


@contextmanager
def without_handlers() -> Iterator[None]:
    """Deposits settle and nothing follows: what follows belongs to other rooms."""
    kept = dict(payments.SETTLED)
    payments.SETTLED["savings"] = lambda _payment: None
    try:
        yield
    finally:
        payments.SETTLED.clear()
        payments.SETTLED.update(kept)
