"""Money changed into another currency: through a clearing account, at a dated rate kept with the entry.

The clearing account is moved at the rate of reference (a central bank's, a parity, one that was agreed); what
was really received differs from it, and that difference stands in an account of its own, in the currency
received, in the fund that bore it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from shared import audit
from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger
from treasury.balance_models import PostedBalance
from treasury.books import rates
from treasury.books.rates import NoRate, Rate
from treasury.ledger import Leg
from treasury.models import Account, EntryStatus, ExchangeRate, Fund, JournalEntry, Posting

TYPED_BY_HAND = "rate.type"
"""What the trail calls it when somebody keeps a rate that they read somewhere."""


class SameCurrency(DomainError):
    """Money is changed into another currency."""

    code = "same_currency"
    status = 422
    message = _l("Choose another currency than the one that was given.")


class BadRate(DomainError):
    """A rate is positive, and says where it was read."""

    code = "bad_rate"
    status = 422
    message = _l("A rate is more than zero, between two currencies, and says where it was read.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """`given` left `account_code` and `received` came to `received_code` (the same account by default).

    `slip` says where the amounts were read. `reference` is the rate the books hold them against; without one
    it is that of the day, and where none is known the two amounts make it.
    """

    fund_id: int
    given: Money
    received: Money
    dated_on: date
    narration: str
    slip: str
    reference: Rate | None = None
    account_code: str = chart.CASH
    received_code: str | None = None
    source: str = "manual"
    idempotency_key: str | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """What exchanges cost a fund in one currency (positive), or brought it (negative)."""

    fund: Fund
    amount: Money


def record_rate(base: str, quote: str, rate: Fraction, dated_on: date, source: str) -> ExchangeRate:
    """Keep a dated rate: units of `quote` for one of `base`, exactly, with where it was read. Once each.

    Raises `BadRate`.
    """
    source = source.strip()[:160]
    if rate <= 0 or base == quote or not source:
        raise BadRate(field="value")
    known = db.session.scalars(
        select(ExchangeRate).where(
            ExchangeRate.base == base,
            ExchangeRate.quote == quote,
            ExchangeRate.dated_on == dated_on,
            ExchangeRate.source == source,
            ExchangeRate.numerator == rate.numerator,
            ExchangeRate.denominator == rate.denominator,
        )
    ).first()
    if known is not None:
        return known
    found = ExchangeRate(
        base=base,
        quote=quote,
        numerator=rate.numerator,
        denominator=rate.denominator,
        dated_on=dated_on,
        source=source,
    )
    db.session.add(found)
    db.session.flush()
    return found


def type_rate(rate: Rate, *, by: Actor) -> ExchangeRate:
    """Keep a rate that somebody read somewhere. Raises `BadRate`."""
    kept = record_rate(rate.base, rate.quote, rate.value, rate.dated_on, rate.source)
    audit.record(TYPED_BY_HAND, kept, by=by, rate=f"{rate.base}/{rate.quote}", source=rate.source)
    return kept


def as_rate(kept: ExchangeRate) -> Rate:
    """A kept rate as a value."""
    value = Fraction(kept.numerator, kept.denominator)
    return Rate(kept.base, kept.quote, value, kept.dated_on, kept.source)


def convert(command: Conversion, *, by: Actor) -> JournalEntry:
    """Draft the conversion; another person posts it. Each currency balances by itself.

    Raises `SameCurrency`.
    """
    given, received = command.given, command.received
    if given.currency == received.currency:
        raise SameCurrency(field="received_currency")
    reference = command.reference or _of_the_day(command)
    told = record_rate(given.currency, received.currency, _made(command), command.dated_on, command.slip)
    held = record_rate(
        given.currency, received.currency, reference.value, reference.dated_on, reference.source
    )
    worth = given.convert(reference.value, received.currency)
    difference, fund = worth - received, command.fund_id
    legs = [
        Leg(chart.CONVERSION, fund, given, rate_id=held.id),
        Leg(command.account_code, fund, -given, rate_id=told.id),
        Leg(command.received_code or command.account_code, fund, received, rate_id=told.id),
        Leg(chart.CONVERSION, fund, -worth, rate_id=held.id),
    ]
    if difference:
        legs.append(Leg(chart.EXCHANGE, fund, difference, rate_id=held.id))
    return ledger.draft(
        command.dated_on,
        command.narration,
        legs,
        by=by,
        source=command.source,
        idempotency_key=command.idempotency_key,
    )


def _of_the_day(command: Conversion) -> Rate:
    given, received = command.given.currency, command.received.currency
    try:
        return rates.rate_on(given, received, command.dated_on)
    except NoRate:
        return Rate(given, received, _made(command), command.dated_on, command.slip)


def _made(command: Conversion) -> Fraction:
    """The rate that the two amounts make."""
    return Fraction(command.received.decimal()) / Fraction(command.given.decimal())


def typed_rates() -> Sequence[ExchangeRate]:
    """Every kept rate, the latest first."""
    chosen = select(ExchangeRate).order_by(ExchangeRate.dated_on.desc(), ExchangeRate.id.desc())
    return db.session.scalars(chosen.limit(200)).all()


def differences() -> list[Difference]:
    """What exchanges cost each fund, by currency; never added across currencies."""
    rows = db.session.execute(
        select(Fund, Account.currency, PostedBalance.minor)
        .join(PostedBalance, PostedBalance.fund_id == Fund.id)
        .join(Account, Account.id == PostedBalance.account_id)
        .where(Account.code == chart.EXCHANGE)
        .order_by(Fund.event, Fund.code, Account.currency)
    )
    return [Difference(fund, Money(minor, currency)) for fund, currency, minor in rows]


@dataclass(frozen=True, slots=True)
class Changed:
    """One conversion of the books: what was given, what came, at which two rates, with what difference."""

    entry: JournalEntry
    fund: Fund
    given: Money
    received: Money
    told: ExchangeRate
    held: ExchangeRate
    difference: Money


def conversions() -> list[Changed]:
    """The last two hundred posted conversions, the last first; one that was reversed is none."""
    on_clearing = (
        select(Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(Account.code == chart.CONVERSION)
    )
    undone = select(JournalEntry.reverses_id).where(
        JournalEntry.reverses_id.is_not(None), JournalEntry.status == EntryStatus.POSTED
    )
    entries = db.session.scalars(
        select(JournalEntry)
        .where(
            JournalEntry.status == EntryStatus.POSTED,
            JournalEntry.id.in_(on_clearing),
            JournalEntry.reverses_id.is_(None),
            JournalEntry.id.not_in(undone),
        )
        .order_by(JournalEntry.number.desc())
        .limit(200)
        .options(
            selectinload(JournalEntry.postings).joinedload(Posting.account),
            selectinload(JournalEntry.postings).joinedload(Posting.fund),
        )
    ).all()
    kept = _kept_rates(entries)
    return [found for entry in entries if (found := _changed(entry, kept))]


def _kept_rates(entries: Sequence[JournalEntry]) -> dict[int, ExchangeRate]:
    ids = {one.rate_id for entry in entries for one in entry.postings if one.rate_id}
    return {one.id: one for one in db.session.scalars(select(ExchangeRate).where(ExchangeRate.id.in_(ids)))}


def _changed(entry: JournalEntry, kept: Mapping[int, ExchangeRate]) -> Changed | None:
    """The entry read as a conversion; None for what somebody wrote by hand in another shape."""
    by_code: dict[str, list[Posting]] = {}
    for one in entry.postings:
        code = one.account.code
        by_code.setdefault(code if code in (chart.CONVERSION, chart.EXCHANGE) else "", []).append(one)
    out = [one for one in by_code.get("", []) if one.amount_minor < 0]
    came = [one for one in by_code.get("", []) if one.amount_minor > 0]
    if len(out) != 1 or len(came) != 1:
        return None
    told, held = (kept.get(one.rate_id or 0) for one in (came[0], by_code[chart.CONVERSION][0]))
    if told is None or held is None:
        return None
    lost = Money.total((one.amount for one in by_code.get(chart.EXCHANGE, [])), came[0].currency)
    return Changed(entry, came[0].fund, -out[0].amount, came[0].amount, told, held, lost)
