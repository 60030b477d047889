"""Money changed into another currency through a clearing account, at a dated rate kept with the entry."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from shared.audit import Actor
from shared.database import db
from shared.money import Money
from treasury import chart, ledger
from treasury.ledger import Leg
from treasury.models import ExchangeRate, JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """`given` left the account `account_code` and `received` came back, in another currency."""

    fund_id: int
    given: Money
    received: Money
    dated_on: date
    narration: str
    rate_source: str
    account_code: str = chart.CASH
    received_code: str | None = None


def record_rate(base: str, quote: str, rate: Fraction, dated_on: date, source: str) -> ExchangeRate:
    """Keep a dated rate: units of `quote` for one of `base`, exactly, with where it was read."""
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


def convert(command: Conversion, *, by: Actor) -> JournalEntry:
    """Draft the conversion: each currency balances by itself through the conversion account."""
    units = Fraction(command.received.decimal()) / Fraction(command.given.decimal())
    rate = record_rate(
        command.given.currency, command.received.currency, units, command.dated_on, command.rate_source
    )
    fund = command.fund_id
    return ledger.draft(
        command.dated_on,
        command.narration,
        [
            Leg(chart.CONVERSION, fund, command.given, rate_id=rate.id),
            Leg(command.account_code, fund, -command.given, rate_id=rate.id),
            Leg(command.received_code or command.account_code, fund, command.received, rate_id=rate.id),
            Leg(chart.CONVERSION, fund, -command.received, rate_id=rate.id),
        ],
        by=by,
    )
