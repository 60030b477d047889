"""What every chapter of a history stands on: the database, two funds, a bank account, and the plain books.

Many short histories share one database: each has funds, a bank account and a month of its own.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine

from access.models import Grant, RoleName, User
from shared import clock
from shared.audit import System
from shared.database import db, transaction
from shared.errors import DomainError
from shared.money import Money
from tests.treasury.histories.plain_books import PlainBooks, PlainEntry, PlainPeriod
from treasury import approvals, chart, ledger, payments
from treasury.books import periods
from treasury.cards.payouts import clarifying_fund
from treasury.ledger import Leg
from treasury.models import Account, AccountKind, Fund, FundKind, JournalEntry, PaymentMethod

MONTH = 30
DAYS = st.integers(0, 20)
AMOUNTS = st.integers(1, 60).map(lambda dollars: dollars * 100)
AT_ONCE = st.sampled_from([True, True, False])
SELDOM = st.sampled_from([False, False, False, True])
ANY = st.integers(0, 99)
"""Which of what there is."""
CAD, XOF = "CAD", "XOF"
TODAY = 14
"""The day of its month on which a history takes place."""

BEGUN = 4000
"""What the first fund has when a history begins."""

PlainLegs = list[tuple[int, str, str, int]]


def as_legs(legs: PlainLegs, mark: str) -> list[Leg]:
    """As the treasury takes them."""
    return [Leg(account, fund, Money(minor, code), memo=mark) for fund, account, code, minor in legs]


@dataclass
class Ground:
    """A database on which histories follow each other, and the application around it.

    `unclear` is what the fund of money to be clarified, which histories share, had when the last one ended.
    """

    aristide: User
    zoe: User
    unclear_fund: int
    count: int = 0
    periods: list[PlainPeriod] = field(default_factory=list)
    period_ids: dict[PlainPeriod, int] = field(default_factory=dict)
    unclear: int = 0


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
        ground = Ground(people[0], people[1], clarifying_fund().id)
        last = date(1599, 12, 31)
        first = periods.close_until(last, "before", by=people[1])
        ground.periods.append(PlainPeriod(last, last))
        ground.period_ids[ground.periods[0]] = first.id
    for one in people:  # who acts does not change: read once, with what they were granted
        db.session.refresh(one)
        assert one.grants
        db.session.expunge(one)
    return ground


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


class Chapter(RuleBasedStateMachine):
    """Rules about one topic; `ground` is set by whoever runs them, inside an application context."""

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        ground = self.ground
        ground.count += 1
        self.first = date(1600, 1, 1) + timedelta(days=MONTH * ground.count)
        moment = self.on(TODAY)
        clock.travel_to(datetime(moment.year, moment.month, moment.day, 12, tzinfo=UTC))
        self.aristide, self.zoe = ground.aristide, ground.zoe
        self.books = PlainBooks(ground.periods)
        self.real: dict[PlainEntry, int] = {}
        self.posted: list[PlainEntry] = []
        self.marks: dict[PlainEntry, str] = {}
        self.lines: Counter[tuple[str, int]] = Counter()
        self.bank = f"{chart.BANK}-{ground.count}"
        with transaction():
            bank = Account(code=self.bank, name="Bank", kind=AccountKind.ASSET, currency=CAD)
            made = [
                Fund(code=f"H{ground.count}-{one}", name=one, kind=FundKind.RESTRICTED) for one in ("A", "B")
            ]
            db.session.add_all([bank, *made])
            db.session.flush()
            self.funds = [one.id for one in made]
            self.bank_id = bank.id
            self._begin()

    def _begin(self) -> None:
        """The first fund has some money: a short history has something to spend, to match, to undo."""
        whose, mark = self.funds[0], self.new_mark()
        legs = [(whose, self.bank, CAD, BEGUN), (whose, chart.SAVINGS, CAD, -BEGUN)]
        begun = PlainEntry(self.on(0), legs, author="", fact=True)
        real = ledger.post_now(begun.day, "begun", as_legs(legs, mark), source="histories")
        self.books.post(begun)
        self.posted.append(begun)
        self.real[begun], self.marks[begun] = real.id, mark

    def new_mark(self) -> str:
        """What the bank will quote of an entry: none looks like another."""
        return sha256(f"{self.ground.count} {len(self.marks)}".encode()).hexdigest()[:12].upper()

    def on(self, day: int) -> date:
        """A day of this history's month."""
        return self.first + timedelta(days=day)

    def expect(self, refusal: str, work: Callable[[], Any]) -> int | None:
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

    def drafted(
        self, legs: PlainLegs, day: int, make: Callable[[date], JournalEntry], at_once: bool
    ) -> PlainEntry:
        """Have Aristide write an entry, and Zoé approve it if `at_once`."""
        made = self.expect("", lambda: make(self.on(day)))
        entry = self.books.draft(PlainEntry(self.on(day), legs))
        self.real[entry] = made or 0
        if at_once:
            self.approved(entry, same=False)
        return entry

    def approved(self, entry: PlainEntry, *, same: bool) -> None:
        """Have a draft approved, by who wrote it if `same`."""
        by = self.aristide if same else self.zoe

        def make() -> JournalEntry:
            return approvals.approve(db.session.get_one(JournalEntry, self.real[entry]), by=by)

        if self.expect(self.books.refusal(entry, by.name), make) is not None:
            self.books.post(entry)
            if entry.by_hand and not entry.mirrors:
                self.posted.append(entry)

    def asked(self, fund: int, amount: int, method: PaymentMethod) -> int:
        """Ask for a payment; its id."""
        command = payments.RequestPayment(
            purpose="savings",
            subject_id=1,
            amount=Money(amount, CAD),
            fund_id=fund,
            income_code=chart.SAVINGS,
            method=method,
            description="asked",
        )
        return self.expect("", lambda: payments.request(command, by=System("histories"))) or 0
