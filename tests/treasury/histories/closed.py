"""Periods: closed, opened again, locked."""

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from shared.database import db
from tests.treasury.histories.chapter import DAYS, Chapter
from treasury.books import periods
from treasury.models import Period


class Closed(Chapter):
    """The books up to a day."""

    @rule(day=DAYS)
    def close(self, day: int) -> None:
        """The books are closed up to a day."""
        until = self.on(day)
        refusal = self.books.refusal_to_close(until)
        made = self.expect(refusal, lambda: periods.close_until(until, "told", by=self.zoe))
        if made is not None:
            self.books.close(until)
            self.ground.period_ids[self.books.periods[-1]] = made

    @precondition(lambda self: self.books.periods[-1].ends >= self.first)
    @rule(lock=st.sampled_from([False, False, True]))
    def reopen_or_lock(self, lock: bool) -> None:
        """The last period is opened again with a reason, or locked for good."""
        period = self.books.periods[-1]
        key = self.ground.period_ids[period]

        def make() -> Period:
            found = db.session.get_one(Period, key)
            return periods.lock(found, by=self.zoe) if lock else periods.reopen(found, "late", by=self.zoe)

        earlier = any(one.status == "open" for one in self.books.periods[:-1])
        refused = period.status != "closed" or (lock and earlier)
        if self.expect("conflict" if refused else "", make) is not None:
            for one in self.books.periods if lock else [period]:
                one.status = ("locked" if one.status == "closed" else one.status) if lock else "open"
