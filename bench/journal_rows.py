"""A journal as large as asked, written straight into the tables: balanced, in order, its hashes right.

`teranga ledger check` finds it sound. The triggers step aside while rows are written, and the figures
that they keep are summed afterwards; a million postings posted one by one would take an hour.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random
from typing import Any, cast

from sqlalchemy import text
from sqlalchemy.engine import Connection

from shared.database import db, transaction
from treasury import chart, ledger
from treasury.books import seals
from treasury.books.seals import Evidence
from treasury.models import Fund, FundKind, LedgerHead

FUNDS = 60
HOUSE = "HOUSE"
"""The fund of two postings in five; the others share the rest."""

_FIRST_DAY, _DAYS = date(2000, 1, 1), 3650
MOMENT = "2005-01-01 00:00:00"
NOTHING = Evidence({}, {})
_PIECE = 20_000
ENTRY = "id dated_on narration source status number created_at posted_at previous_hash hash seal".split()
POSTING = "id entry_id account_id fund_id amount_minor currency category memo posted_on".split()


@dataclass(slots=True)
class Row:
    id: int
    entry_id: int
    account_id: int
    fund_id: int
    amount_minor: int
    currency: str
    category: str = ""
    memo: str = ""
    rate_id: int | None = None
    posted_on: str = ""

    def row(self) -> tuple[object, ...]:
        return tuple(getattr(self, name) for name in POSTING)


@dataclass(slots=True)
class Written:
    id: int
    number: int
    dated_on: date
    narration: str
    source: str
    postings: list[Row] = field(default_factory=list)
    seal: int = seals.PRESENT
    reverses_id: int | None = None
    author_id: int | None = None
    approver_id: int | None = None


class Books:
    """The books that grow: funds and accounts are opened, rows are added by `grow`."""

    def __init__(self) -> None:
        self.draw = Random(2005)
        with transaction():
            chart.open_chart("CAD")
            chart.open_chart("EUR")
            for number in range(FUNDS):
                code = HOUSE if not number else f"FUND-{number:02}"
                db.session.add(Fund(code=code, name=f"Fund {number}", kind=FundKind.RESTRICTED))
            db.session.flush()
            self.funds: Sequence[int] = db.session.scalars(db.select(Fund.id).order_by(Fund.id)).all()
            codes = (chart.BANK, chart.STRIPE, chart.SAVINGS, chart.TRAVEL, chart.BANK_FEES)
            self.accounts = {
                (code, currency): ledger.account(code, currency).id
                for code in codes
                for currency in ("CAD", "EUR")
            }
        self.postings = self.entries = 0
        self.hash = "0" * 64

    def grow(self, postings: int) -> None:
        """Add entries until there are about so many postings."""
        while self.postings < postings:
            count = min(_PIECE, postings - self.postings)
            self._write(count)
        with transaction():
            head = db.session.get_one(LedgerHead, 1)
            head.number, head.hash = self.entries, self.hash
        with db.engine.begin() as connection:
            sum_again(connection)
            connection.execute(text("ANALYZE"))

    def _write(self, count: int) -> None:
        entry_rows: list[tuple[object, ...]] = []
        posting_rows: list[tuple[object, ...]] = []
        for entry in self._entries(count):
            previous = self.hash
            self.hash = seals.digest(entry, previous, NOTHING)
            entry_rows.append(
                (
                    *(entry.id, f"{entry.dated_on}", entry.narration, entry.source, "posted", entry.number),
                    *(MOMENT, MOMENT, previous, self.hash, entry.seal),
                )
            )
            posting_rows += [one.row() for one in entry.postings]
        with db.engine.begin() as connection, without_guards(connection):
            insert_rows(connection, "journal_entry", ENTRY, entry_rows)
            insert_rows(connection, "posting", POSTING, posting_rows)

    def _entries(self, count: int) -> Iterator[Written]:
        last = self.postings + count
        while self.postings < last:
            self.entries += 1
            day = _FIRST_DAY + timedelta(days=(self.entries * 7919) % _DAYS)
            entry = Written(self.entries, self.entries, day, f"Invented {self.entries}", "payment:0")
            fund = self.funds[0 if self.draw.random() < 0.4 else self.draw.randrange(FUNDS)]
            currency = "CAD" if self.draw.random() < 0.8 else "EUR"
            for code, minor in self._legs():
                self.postings += 1
                account = self.accounts[code, currency]
                entry.postings.append(
                    Row(self.postings, entry.id, account, fund, minor, currency, posted_on=f"{day}")
                )
            yield entry

    def _legs(self) -> list[tuple[str, int]]:
        """A deposit by transfer, one by card with its fee, or a smaller payment: no fund is overdrawn."""
        amount, kind = self.draw.randrange(50_000, 100_000), self.draw.random()
        if kind < 0.5 or self.entries < 50 * FUNDS:
            return [(chart.BANK, amount), (chart.SAVINGS, -amount)]
        if kind < 0.7:
            fee = amount // 40
            gross = [(chart.STRIPE, amount), (chart.SAVINGS, -amount)]
            return [*gross, (chart.BANK_FEES, fee), (chart.STRIPE, -fee)]
        return [(chart.TRAVEL, amount // 4), (chart.BANK, -(amount // 4))]


class without_guards:  # noqa: N801  # reads as the `with` it is
    """Triggers step aside inside the block: it is the bench that answers for the rows."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.guards: Sequence[Any] = ()

    def __enter__(self) -> None:
        if self.connection.dialect.name != "sqlite":
            self.connection.execute(text("SET LOCAL session_replication_role = replica"))
            return
        self.guards = self.connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' "
            "AND tbl_name IN ('journal_entry', 'posting')"
        ).all()
        for name, _statement in self.guards:
            self.connection.exec_driver_sql(f"DROP TRIGGER {name}")

    def __exit__(self, *_raised: object) -> None:
        for _name, statement in self.guards:
            self.connection.exec_driver_sql(statement)


def insert_rows(
    connection: Connection, table: str, columns: list[str], rows: list[tuple[object, ...]]
) -> None:
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        places = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({places})", cast(Any, rows))
        return
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:  # type: ignore[attr-defined]
        for row in rows:
            copy.write_row(row)


_SPENDABLE = """FROM posting p JOIN account a ON a.id = p.account_id
    WHERE (a.kind = 'asset' AND a.spendable) OR a.kind = 'liability'"""


def sum_again(connection: Connection) -> None:
    """What triggers would have counted."""
    connection.execute(text("DELETE FROM fund_balance"))
    connection.execute(text("DELETE FROM posted_balance"))
    connection.execute(
        text(
            "INSERT INTO posted_balance (account_id, fund_id, minor, postings) "
            "SELECT account_id, fund_id, sum(amount_minor), count(*) FROM posting "
            "GROUP BY account_id, fund_id"
        )
    )
    connection.execute(
        text(
            "INSERT INTO fund_balance (fund_id, currency, minor, committed_minor) "
            f"SELECT p.fund_id, p.currency, sum(p.amount_minor), 0 {_SPENDABLE} "
            "GROUP BY p.fund_id, p.currency"
        )
    )
