"""Opening balances: what each account held, in which fund, on the day the books begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from shared.audit import Actor
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger
from treasury.ledger import Leg
from treasury.models import JournalEntry


class NoOpening(DomainError):
    """An opening names at least one account with something on it."""

    code = "no_opening"
    status = 422
    message = _l("Name at least one account, its fund, and what stood on it.")


@dataclass(frozen=True, slots=True)
class Opening:
    """What stood on an account in a fund: positive for what we had, negative for what we owed."""

    account_code: str
    fund_id: int
    amount: Money


def open_books(
    dated_on: date,
    narration: str,
    openings: Sequence[Opening],
    *,
    by: Actor,
    idempotency_key: str | None = None,
) -> JournalEntry:
    """Draft the opening entry: each fund is balanced against opening equity. Raises `NoOpening`."""
    stood = [one for one in openings if one.amount]
    if not stood:
        raise NoOpening
    legs = [Leg(one.account_code, one.fund_id, one.amount) for one in stood]
    sums: dict[tuple[int, str], Money] = {}
    for leg in legs:
        key = leg.fund_id, leg.amount.currency
        sums[key] = sums.get(key, Money.zero(key[1])) + leg.amount
    legs += [Leg(chart.OPENING, fund_id, -total) for (fund_id, _currency), total in sums.items() if total]
    return ledger.draft(dated_on, narration, legs, by=by, idempotency_key=idempotency_key)
