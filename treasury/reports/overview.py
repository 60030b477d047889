"""The treasurer's night: what there is and may pay, what is late, what is coming, as shapes ready to draw."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import exists, select

from shared.database import db
from shared.i18n import LazyString, _l
from shared.money import Money
from treasury import expectations, queries
from treasury.expectations import Expected
from treasury.funds import standings
from treasury.funds.standings import Holding
from treasury.models import BankStatement, FundKind
from treasury.reconciliation import open_money
from treasury.reports import ahead as report_ahead
from treasury.reports.ahead import Month
from treasury.reports.answers import Answer, Known, Topic, answers
from treasury.reports.values import Drawing, by_currency

USES: Mapping[str, tuple[LazyString, tuple[FundKind, ...]]] = {
    "ochre": (_l("restricted"), (FundKind.RESTRICTED,)),
    "indigo": (_l("support fund and match"), (FundKind.POOL, FundKind.MATCH)),
    "leaf": (_l("free to use"), (FundKind.UNRESTRICTED,)),
}
"""By its colour, what money may be used for."""

_MOST_LATE = 5


@dataclass(frozen=True, slots=True)
class Cash:
    """What is at hand in one currency; `uses` is each colour's share, `owed` what is others'."""

    amount: Money
    uses: Mapping[str, Money]
    owed: Money
    promised: Money


@dataclass(frozen=True, slots=True)
class Late:
    """What one payer owes since when, and how much of the most owed in its currency that is (0 to 1)."""

    who: str
    amount: Money
    since: date
    share: float


@dataclass(frozen=True, slots=True)
class Ahead:
    """A currency's coming months, drawn and told."""

    currency: str
    drawing: Drawing
    months: Sequence[Month]


@dataclass(frozen=True, slots=True)
class Overview:
    """All that the home page shows of the books."""

    cash: Sequence[Cash]
    holdings: Sequence[Holding]
    unmatched: Sequence[tuple[object, int, int]]
    has_statements: bool
    late: Sequence[Late]
    more_late: int
    ahead: Sequence[Ahead]
    answers: Mapping[Topic, Sequence[Answer]]


def overview(day: date, locale: str) -> Overview:
    """What the books and those who know of plans say on `day`, in a number of queries that does not grow."""
    cash = queries.cash_by_currency()
    rows = standings.holdings()
    every = expectations.expected()
    overdue = [one for one in every if one.owed and one.amount.minor > 0 and one.due < day]
    known = Known(
        holdings=rows,
        unmatched=open_money.open_lines_by_account(),
        has_statements=bool(db.session.scalar(select(exists().where(BankStatement.id > 0)))),
        late=overdue,
    )
    late = late_by_payer(overdue)
    return Overview(
        cash=[_cash(one, rows) for one in cash],
        holdings=rows,
        unmatched=known.unmatched,
        has_statements=known.has_statements,
        late=late[:_MOST_LATE],
        more_late=max(len(late) - _MOST_LATE, 0),
        ahead=_ahead(cash, every, day, locale),
        answers=answers(known, day),
    )


def _cash(amount: Money, rows: Sequence[Holding]) -> Cash:
    zero = Money.zero(amount.currency)
    mine = [one for one in rows if one.currency == amount.currency]
    uses = {
        colour: Money(sum(one.balance for one in mine if one.kind in kinds), amount.currency)
        for colour, (_words, kinds) in USES.items()
    }
    owed = max(amount - Money.total(uses.values(), amount.currency), zero)
    return Cash(amount, uses, owed, Money(sum(one.committed for one in mine), amount.currency))


def late_by_payer(overdue: Sequence[Expected]) -> list[Late]:
    """Who is late, by currency, the most owed first."""
    owing: dict[tuple[str, str], list[Expected]] = {}
    for one in overdue:
        owing.setdefault((one.amount.currency, one.who), []).append(one)
    owed = {key: Money.total((one.amount for one in mine), key[0]) for key, mine in owing.items()}
    found: list[Late] = []
    most: dict[str, int] = {}
    for (currency, who), amount in sorted(
        owed.items(), key=lambda one: (one[0][0], -one[1].minor, one[0][1])
    ):
        most.setdefault(currency, amount.minor)  # the largest comes first
        since = min(one.due for one in owing[currency, who])
        found.append(Late(who, amount, since, amount.minor / most[currency]))
    return found


def _ahead(cash: Sequence[Money], every: Sequence[Expected], day: date, locale: str) -> list[Ahead]:
    """The coming months of each currency in which something is expected."""
    at_hand = {one.currency: one for one in cash}
    coming = [one for one in every if one.due >= day or one.amount.minor < 0]
    found = []
    for currency in by_currency(one.amount for one in coming):
        now = at_hand.get(currency, Money.zero(currency))
        months = report_ahead.months(now, [one for one in every if one.amount.currency == currency], day)
        found.append(Ahead(currency, report_ahead.curve(currency, now, months, locale), months))
    return found
