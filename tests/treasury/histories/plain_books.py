"""The books in ordinary Python, as somebody would keep them on paper: what histories are held against.

Nothing of the treasury is imported. Amounts are minor units; a leg is (fund, account, currency, amount).
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta

Leg = tuple[int, str, str, int]


def spendable(account: str) -> bool:
    """Bank, card network, cash box: what can be paid out as it is, less what nobody placed yet.

    ``1010-7`` is one more bank account.
    """
    return account[:4] in {"1010", "1020", "1030", "1900"}


@dataclass(eq=False)
class PlainPromise:
    """What of a fund's money is still promised, and the last day of the promise."""

    fund: int
    currency: str
    left: int
    until: date | None = None


@dataclass(eq=False)
class PlainEntry:
    """A draft, then an entry or nothing. `fact`: it has happened, so that no missing money holds it up.

    `mirrors` is the entry that it takes back, `pays` the promise that it is meant to keep.
    """

    day: date
    legs: list[Leg]
    author: str = "aristide"
    fact: bool = False
    posted: bool = False
    thrown: bool = False
    reversed: bool = False
    mirrors: "PlainEntry | None" = None
    by_hand: bool = True
    pays: PlainPromise | None = None


@dataclass(eq=False)
class PlainPeriod:
    """A span of days, both included."""

    starts: date
    ends: date
    status: str = "closed"


@dataclass
class PlainBooks:
    """One history's funds among the periods that all histories share."""

    periods: list[PlainPeriod]
    balances: Counter[tuple[int, str, str]] = field(default_factory=Counter)
    promised: Counter[tuple[int, str]] = field(default_factory=Counter)
    drafts: list[PlainEntry] = field(default_factory=list)

    def available(self, fund: int, currency: str) -> int:
        """What can be paid out, less what is promised."""
        has = sum(
            minor
            for (whose, account, code), minor in self.balances.items()
            if (whose, code) == (fund, currency) and spendable(account)
        )
        return has - self.promised[fund, currency]

    def taken(self, legs: list[Leg]) -> dict[tuple[int, str], int]:
        """What an entry takes from each fund, positive."""
        sums: Counter[tuple[int, str]] = Counter()
        for fund, account, currency, minor in legs:
            if spendable(account):
                sums[fund, currency] -= minor
        return {key: minor for key, minor in sums.items() if minor > 0}

    def kept(self, entry: PlainEntry) -> int:
        """How much of its promise an entry would keep."""
        promise = entry.pays
        if promise is None:
            return 0
        return min(promise.left, self.taken(entry.legs).get((promise.fund, promise.currency), 0))

    def closed(self, day: date) -> bool:
        """Whether nothing may be posted on that day."""
        return any(one.starts <= day <= one.ends and one.status != "open" for one in self.periods)

    def open_day(self, day: date) -> date:
        """That day, or the first after it that is not closed."""
        while self.closed(day):
            day += timedelta(days=1)
        return day

    def refusal(self, entry: PlainEntry, by: str) -> str:
        """Why this entry may not be posted by this person; empty if it may."""
        if entry.posted:
            return "already_posted"
        if by == entry.author:
            return "same_person"
        if self.closed(entry.day):
            return "period_closed"
        kept = self.kept(entry)
        for key, minor in self.taken(entry.legs).items():
            freed = kept if entry.pays and key == (entry.pays.fund, entry.pays.currency) else 0
            if not entry.fact and minor > self.available(*key) + freed:
                return "fund_overdrawn"
        return ""

    def draft(self, entry: PlainEntry) -> PlainEntry:
        """Written, not posted."""
        self.drafts.append(entry)
        return entry

    def post(self, entry: PlainEntry) -> None:
        """It counts from now on, and keeps its promise."""
        if entry.pays:
            self.give_back(entry.pays, self.kept(entry))
        entry.posted = True
        if entry in self.drafts:
            self.drafts.remove(entry)
        for fund, account, currency, minor in entry.legs:
            self.balances[fund, account, currency] += minor

    def throw(self, entry: PlainEntry) -> None:
        """A draft that is no more; what it would have taken back stands."""
        entry.thrown = True
        self.drafts.remove(entry)
        if entry.mirrors:
            entry.mirrors.reversed = False

    def promise(self, promise: PlainPromise) -> None:
        """Some of a fund is promised."""
        self.promised[promise.fund, promise.currency] += promise.left

    def give_back(self, promise: PlainPromise, minor: int) -> None:
        """Less of it is promised."""
        promise.left -= minor
        self.promised[promise.fund, promise.currency] -= minor

    def refusal_to_close(self, until: date) -> str:
        """Why the books may not be closed up to that day."""
        if until <= self.periods[-1].ends:
            return "not_after"
        return "still_open" if any(one.day <= until for one in self.drafts) else ""

    def close(self, until: date) -> None:
        """Closed from the day after the last period."""
        self.periods.append(PlainPeriod(self.periods[-1].ends + timedelta(days=1), until))

    def told(self) -> dict[tuple[int, str, str], int]:
        """Every balance that is not nothing."""
        return {key: minor for key, minor in self.balances.items() if minor}
