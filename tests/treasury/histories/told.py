"""Histories: the treasury's own operations in any order, beside the plain books, compared after each step.

What one history leaves open is swept away at its end, so that the next one can close its month.
"""

from hypothesis.stateful import invariant
from sqlalchemy import text

from shared import clock
from shared.database import connection, db, transaction
from tests.treasury.histories.cards import Cards
from tests.treasury.histories.chapter import CAD, XOF
from tests.treasury.histories.closed import Closed
from tests.treasury.histories.paid import Payments
from tests.treasury.histories.promised import Promised
from tests.treasury.histories.seen import Seen
from treasury.books import periods
from treasury.funds import overdrafts
from treasury.models import Period

_SAID = text(
    """
    SELECT 'balance', p.fund_id, a.code, p.currency, sum(p.amount_minor)
    FROM posting p JOIN account a ON a.id = p.account_id JOIN journal_entry e ON e.id = p.entry_id
    WHERE p.fund_id IN (:one, :two, :unclear) AND e.status = 'posted' AND p.posted_on >= :first
    GROUP BY p.fund_id, a.code, p.currency
    UNION ALL
    SELECT 'available', fund_id, '', currency, minor - committed_minor
    FROM fund_balance WHERE fund_id IN (:one, :two, :unclear)
    UNION ALL
    SELECT 'lines', 0, '', '', count(*) FROM statement_line WHERE account_id = :bank
    UNION ALL
    SELECT 'linked', 0, '', '', coalesce(sum(abs(k.amount_minor)), 0)
    FROM reconciliation_link k JOIN statement_line l ON l.id = k.line_id
    WHERE l.account_id = :bank AND k.undone_at IS NULL
    """
)
"""All that is compared, in one question."""

_NO_DRAFTS = [
    text(one)
    for one in (
        "UPDATE refund SET status = 'dropped', entry_id = NULL WHERE status = 'requested'",
        "UPDATE payment SET status = 'requested', entry_id = NULL, recorded_by_id = NULL, received_on = NULL "
        "WHERE status = 'recorded'",
        "DELETE FROM commitment_draft",
        "DELETE FROM posting WHERE entry_id IN (SELECT id FROM journal_entry WHERE status = 'draft')",
        "DELETE FROM journal_entry WHERE status = 'draft'",
    )
]
_NO_PAYMENTS = text("UPDATE payment SET status = 'cancelled' WHERE status = 'requested'")


class History(Closed, Promised, Payments, Cards, Seen):
    """Everything that may happen."""

    @invariant()
    def agrees(self) -> None:
        """Every balance of every fund and currency, what is available, and what is linked."""
        unclear = self.ground.unclear_fund
        one, two = self.funds
        asked = {"one": one, "two": two, "unclear": unclear, "first": self.first, "bank": self.bank_id}
        said = {tuple(key): int(minor) for *key, minor in connection().execute(_SAID, asked) if minor}
        db.session.rollback()
        told = {("balance", *key): minor for key, minor in self.books.told().items()}
        for fund in (*self.funds, unclear):
            for currency in (CAD, XOF):
                before = self.ground.unclear if (fund, currency) == (unclear, CAD) else 0
                told["available", fund, "", currency] = self.books.available(fund, currency) + before
        told["lines", 0, "", ""] = len(self.lines)
        told["linked", 0, "", ""] = sum(link[3] for link in self.links)
        assert said == {key: minor for key, minor in told.items() if minor}

    def teardown(self) -> None:
        """Nothing is left open for the next history."""
        if self.payouts:
            self.ground.unclear = overdrafts.available(self.ground.unclear_fund, CAD).minor
        left_open = [one for one in self.books.periods if one.status == "open"]
        with transaction():
            for statement in _NO_DRAFTS if self.books.drafts else ():
                connection().execute(statement)
            if self.payments or self.cards:
                connection().execute(_NO_PAYMENTS)
            for period in left_open:
                last = db.session.get_one(Period, self.ground.period_ids[period])
                periods.close(last, "end", by=self.zoe)
                period.status = "closed"
        db.session.remove()
        clock.travel_to(None)
