"""What money in other currencies is worth on a day, against what it cost: nothing is posted for it.

What came is worth the rate kept with its entry, else that of its day; what went takes its share of the cost
with it, at the average. What a conversion lost or won is in the books already, so its money counts at the
rate of reference.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from babel.numbers import get_territory_currencies
from sqlalchemy import ColumnElement, and_, case, func, or_, select

from shared.clock import today
from shared.database import db
from shared.i18n import _, show_date
from shared.money import EXPONENTS, Money
from treasury import chart
from treasury.books import exchange, rates
from treasury.books.rates import NoRate, Rate
from treasury.funds.models import LegalEntity
from treasury.models import Account, AccountKind, EntryStatus, ExchangeRate, JournalEntry, Posting
from treasury.reports.books import account_link
from treasury.reports.values import Asked, Column, Kind, Report, Section
from treasury.wording import account_name, rate_told

_MONETARY = (AccountKind.ASSET, AccountKind.LIABILITY)


@dataclass(frozen=True, slots=True)
class Movement:
    """Money of one currency that came (positive) or went, and what one unit of it was worth that day."""

    amount: Money
    rate: Fraction


@dataclass(frozen=True, slots=True)
class Held:
    """What is held in one currency, what it cost in `cost.currency`, and what it is worth at `rate`."""

    amount: Money
    cost: Money
    rate: Rate

    @property
    def worth(self) -> Money:
        return self.amount.convert(self.rate.value, self.cost.currency)

    @property
    def difference(self) -> Money:
        """What would be won (positive) or lost if it were changed at that rate."""
        return self.worth - self.cost


def cost_of(movements: Iterable[Movement], currency: str) -> Money:
    """What is left of all that came and went cost, in `currency`, at the moving average.

    What goes beyond what there was is owed, and costs what it was worth that day.
    """
    held = cost = Fraction(0)
    for one in movements:
        amount = Fraction(one.amount.decimal())
        if held * amount < 0:  # towards nothing: the average goes with it, what is beyond begins anew
            back = min(abs(amount), abs(held)) * (1 if amount > 0 else -1)
            cost += back * cost / held
            held, amount = held + back, amount - back
        held, cost = held + amount, cost + amount * one.rate
    minor = round(cost * 10 ** EXPONENTS[currency])
    return Money(minor, currency)


def house_currency() -> str:
    """The currency of the country where the money is kept; the Canadian dollar where nobody told."""
    country = db.session.scalar(select(LegalEntity.country).where(LegalEntity.is_default))
    known = get_territory_currencies(country) if country else []
    return next((one for one in known if one in EXPONENTS), "CAD")


def revaluation(asked: Asked) -> Report:
    """Each other currency: what is held and where, what it cost, what it is worth at the rate of the day."""
    until, home = asked.until or today(), asked.currency or house_currency()
    sections, missing = [], []
    for currency in _currencies(until):
        if currency == home:
            continue
        try:
            sections.append(_section(currency, home, until))
        except NoRate as unknown:
            missing.append(unknown.sentence())
    note = _("Nothing is posted for this: the difference becomes real when the money is changed or spent.")
    return Report(
        _("What other currencies are worth"),
        _("in %(currency)s, as of %(day)s", currency=home, day=show_date(until)),
        [one for one in sections if one.rows],
        note=" ".join([note, *missing]),
    )


def held(currency: str, home: str, until: date) -> Held:
    """What is held in `currency` on a day. Raises `NoRate`."""
    movements = list(_movements(currency, home, until))
    amount = Money.total((one.amount for one in movements), currency)
    return Held(amount, cost_of(movements, home), rate_of(currency, home, until))


def _section(currency: str, home: str, until: date) -> Section:
    places = _places(currency, until)
    if not places:
        return Section("", [], [])
    whole = held(currency, home, until)
    return Section(
        title=currency,
        columns=[
            Column(_("Account")),
            Column(_("Name")),
            Column(_("Held"), Kind.AMOUNT),
            Column(_("What it cost"), Kind.MONEY),
            Column(_("Worth that day"), Kind.MONEY),
            Column(_("Difference"), Kind.MONEY),
        ],
        rows=[
            [account_link(one.code, currency), account_name(one), amount, None, None, None]
            for one, amount in places
        ],
        total=[_("Together"), "", whole.amount, whole.cost, whole.worth, whole.difference],
        currency=home,
        note=f"{rate_told(whole.rate)} · {show_date(whole.rate.dated_on)}",
    )


def _currencies(until: date) -> Sequence[str]:
    found = select(Posting.currency).join(Posting.entry).where(*_posted(until)).distinct()
    return db.session.scalars(found.order_by(Posting.currency)).all()


def _places(currency: str, until: date) -> list[tuple[Account, Money]]:
    """The accounts on which something is held, or owed, in `currency`."""
    total = func.sum(Posting.amount_minor)
    rows = db.session.execute(
        select(Account, total)
        .join(Posting, Posting.account_id == Account.id)
        .join(Posting.entry)
        .where(*_posted(until), Account.currency == currency, Account.kind.in_(_MONETARY))
        .group_by(Account.id)
        .having(total != 0)
        .order_by(Account.code)
    )
    return [(account, Money(int(minor), currency)) for account, minor in rows]


def _movements(currency: str, home: str, until: date) -> Iterator[Movement]:
    """What each entry brought or took, oldest first, at the rate it was held against."""
    moved = func.sum(case((Account.kind.in_(_MONETARY), Posting.amount_minor), else_=0))
    against = func.max(case((Account.code == chart.CONVERSION, Posting.rate_id)))
    rows = db.session.execute(
        select(JournalEntry.dated_on, moved, against.label("against"))
        .select_from(Posting)
        .join(Posting.entry)
        .join(Account, Account.id == Posting.account_id)
        .where(*_posted(until), Posting.currency == currency)
        .group_by(JournalEntry.id)
        .having(moved != 0)
        .order_by(JournalEntry.dated_on, JournalEntry.number)
    ).all()
    kept = _kept({row.against for row in rows if row.against}, currency, home)
    for day, minor, rate_id in rows:
        rate = kept.get(rate_id) or rate_of(currency, home, day).value
        yield Movement(Money(int(minor), currency), rate)


def _kept(ids: set[int], currency: str, home: str) -> dict[int, Fraction]:
    """The kept rates between these two, as units of `home` for one of `currency`."""
    chosen = db.session.scalars(select(ExchangeRate).where(ExchangeRate.id.in_(ids)))
    between = ((one.id, exchange.as_rate(one)) for one in chosen)
    return {key: rate.value for key, one in between if (rate := _towards(one, currency, home))}


def _towards(one: Rate, currency: str, home: str) -> Rate | None:
    """The rate read from `currency` to `home`, whichever way it was told; None for other currencies."""
    if (one.base, one.quote) == (currency, home):
        return one
    if (one.base, one.quote) == (home, currency):
        return Rate(currency, home, 1 / one.value, one.dated_on, one.source)
    return None


def rate_of(currency: str, home: str, day: date) -> Rate:
    """The rate of a day; where no bank tells it, the last that somebody typed. Raises `NoRate`."""
    try:
        return rates.rate_on(currency, home, day)
    except NoRate:
        typed = select(ExchangeRate).where(
            or_(
                and_(ExchangeRate.base == currency, ExchangeRate.quote == home),
                and_(ExchangeRate.base == home, ExchangeRate.quote == currency),
            ),
            ExchangeRate.dated_on <= day,
        )
        last = db.session.scalars(
            typed.order_by(ExchangeRate.dated_on.desc(), ExchangeRate.id.desc()).limit(1)
        ).first()
        found = _towards(exchange.as_rate(last), currency, home) if last else None
        if found is None:
            raise
        return found


def _posted(until: date) -> tuple[ColumnElement[bool], ...]:
    return (JournalEntry.status == EntryStatus.POSTED, JournalEntry.dated_on <= until)
