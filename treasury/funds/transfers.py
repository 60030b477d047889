"""Money of one fund given to another: an entry that says who decided it, never a silent drift."""

from dataclasses import dataclass
from datetime import date

from shared.audit import Actor
from shared.money import Money
from treasury import chart, ledger
from treasury.ledger import Leg
from treasury.models import JournalEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class FundTransfer:
    """Move `amount` (positive) from one fund to another on a book date; `category` is a budget category."""

    source_fund_id: int
    target_fund_id: int
    amount: Money
    dated_on: date
    narration: str
    category: str = ""
    idempotency_key: str | None = None


def transfer(command: FundTransfer, *, by: Actor) -> JournalEntry:
    """Draft the transfer; another person posts it (`ledger.post`)."""
    source, target, amount = command.source_fund_id, command.target_fund_id, command.amount
    return ledger.draft(
        command.dated_on,
        command.narration,
        [
            Leg(chart.TRANSFERS, source, amount, category=command.category),
            Leg(chart.BANK, source, -amount),
            Leg(chart.BANK, target, amount),
            Leg(chart.TRANSFERS, target, -amount, category=command.category),
        ],
        by=by,
        idempotency_key=command.idempotency_key,
    )
