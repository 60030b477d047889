"""What a treasurer asks of the books at a glance, each answer with the list or the postings that make it.

Rooms above answer what they alone know (`ELSEWHERE`); what nobody knows is not asked.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Literal

from babel.numbers import format_decimal
from sqlalchemy import func, select

from shared.database import db
from shared.forms import reader
from shared.i18n import LazyString, _, _l, ngettext, pgettext
from shared.money import Money
from treasury import chart
from treasury.books import exchange, periods, vouchers
from treasury.expectations import Expected
from treasury.funds.standings import Holding
from treasury.models import Account, FundKind
from treasury.paper.models import Paper
from treasury.reports import journal_queries
from treasury.reports.journal_queries import Which
from treasury.reports.values import by_currency

State = Literal["good", "wait", "bad", "plain"]


class Topic(StrEnum):
    """What a question is about."""

    HELD = "held"
    TO_COME = "to_come"
    PROVED = "proved"


TOPICS: Mapping[Topic, LazyString] = {
    Topic.HELD: _l("What there is"),
    Topic.TO_COME: _l("What should come"),
    Topic.PROVED: _l("What is proved"),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """One question and its answer: amounts (never added across currencies), words or a day.

    `endpoint` and `args` name the page of what makes it up.
    """

    topic: StrEnum
    question: str
    endpoint: str
    amounts: Sequence[Money] = ()
    words: str = ""
    day: date | None = None
    state: State = "plain"
    note: str = ""
    args: Mapping[str, Any] = field(default_factory=dict)


def so_many(count: int) -> str:
    """How many, as the reader writes numbers."""
    return str(format_decimal(count, locale=reader()))


ELSEWHERE: dict[str, Callable[[], Iterable[Answer]]] = {}
"""What the rooms above know of a treasurer's questions; filled in `app.py`."""


@dataclass(frozen=True, slots=True)
class Known:
    """What was read already for the page: where funds stand, bank lines to match, what is late."""

    holdings: Sequence[Holding]
    unmatched: Sequence[tuple[Account, int, int]]
    has_statements: bool
    late: Sequence[Expected]


def answers(known: Known, day: date) -> dict[Topic, list[Answer]]:
    """Every question that somebody can answer on `day`, by topic."""
    every = [
        *_held(known),
        _late(known.late, day),
        *(one for told in ELSEWHERE.values() for one in told()),
        _unmatched(known),
        *_proved(),
    ]
    return {topic: [one for one in every if one.topic is topic] for topic in Topic}


def _held(known: Known) -> Iterable[Answer]:
    def held(question: str, endpoint: str, amounts: list[Money], nothing: str, **more: Any) -> Answer:
        return Answer(Topic.HELD, question, endpoint, amounts, "" if amounts else nothing, **more)

    rows = known.holdings
    kept = _sums((one.currency, one.balance) for one in rows if one.kind is not FundKind.UNRESTRICTED)
    kinds = [one.value for one in FundKind if one is not FundKind.UNRESTRICTED]
    yield held(_("Restricted balances"), "treasury.funds", kept, _("none"), args={"kind": kinds})
    promised = _sums((one.currency, one.committed) for one in rows)
    yield held(_("Promised, not yet paid"), "funds.all_commitments", promised, _("nothing"))
    advanced = [one for one in journal_queries.totals(Which(code=chart.ADVANCES)) if one]
    if advanced:
        place = {"code": chart.ADVANCES, "currency": advanced[0].currency}
        yield held(_("Advances open"), "treasury.account", advanced, "", state="wait", args=place)
    else:
        yield held(_("Advances open"), "treasury.trial_balance", [], pgettext("advance", "none"))
    lost = together(one.amount for one in exchange.differences())
    yield held(_("Exchange differences"), "books.money_changed", lost, _("none"))


def _late(late: Sequence[Expected], day: date) -> Answer:
    amounts = together(one.amount for one in late)
    since = min((one.due for one in late), default=day)
    days = (day - since).days
    return Answer(
        Topic.TO_COME,
        _("Instalments and fees late"),
        "reports.show",
        amounts,
        words="" if amounts else _("none"),
        state="bad" if amounts else "good",
        note=ngettext("the oldest for %(num)s day", "the oldest for %(num)s days", days) if amounts else "",
        args={"name": "due"},
    )


def _unmatched(known: Known) -> Answer:
    count = sum(lines for _account, lines, _statement in known.unmatched)
    question = _("Bank lines to match")
    if not known.has_statements:
        return Answer(Topic.PROVED, question, "statements.index", words=_("no statement yet"), state="wait")
    if not count:
        return Answer(
            Topic.PROVED, question, "reconciled.index", words=pgettext("bank line", "none"), state="good"
        )
    return Answer(
        Topic.PROVED,
        question,
        "reconciliation.workbench",
        words=so_many(count),
        state="wait",
        args={"statement_id": known.unmatched[0][2]},
    )


def _proved() -> Iterable[Answer]:
    missing = vouchers.count()
    most = f"{vouchers.MOST}+" if missing > vouchers.MOST else str(missing)
    yield Answer(
        Topic.PROVED,
        _("Vouchers missing"),
        "treasury.vouchers_missing",
        words=most if missing else pgettext("voucher", "none"),
        state="bad" if missing else "good",
    )
    voided = db.session.scalar(select(func.count(Paper.id)).where(Paper.voided_at.is_not(None))) or 0
    yield Answer(
        Topic.PROVED,
        _("Papers voided"),
        "papers.index",
        words=so_many(voided) if voided else _("none"),
        args={"voided": 1} if voided else {},
    )
    shut = next((one for one in periods.periods() if one.status != "open"), None)
    yield Answer(
        Topic.PROVED,
        _("Books locked to") if shut and shut.status == "locked" else _("Books closed to"),
        "books.all_periods",
        words="" if shut else _("no day yet"),
        day=shut.ends_on if shut else None,
        state="good" if shut else "plain",
    )


def _sums(parts: Iterable[tuple[str, int]]) -> list[Money]:
    """`together` of bare numbers."""
    found: dict[str, int] = defaultdict(int)
    for currency, minor in parts:
        found[currency] += minor
    return together(Money(minor, currency) for currency, minor in found.items())


def together(amounts: Iterable[Money]) -> list[Money]:
    """The total in each currency, those that come to nothing left out."""
    totals = [Money.total(mine, currency) for currency, mine in by_currency(amounts).items()]
    return [one for one in totals if one]
