"""The year's end: each fund is carried forward for itself, so that restricted money stays restricted.

The accounts of the year are not emptied: a pair of equity accounts carries the result, as in the French
*report en fonds dédiés*. What is saved, received and spent is still summed over all years.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import case, func, select

from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger
from treasury.ledger import Leg
from treasury.models import Account, AccountKind, EntryStatus, Fund, FundKind, JournalEntry, Posting

CARRIED = (chart.CARRIED, chart.CARRIED_RESTRICTED)


class NothingToCarry(DomainError):
    """Every fund is carried forward as it stands."""

    code = "nothing_to_carry"
    message = _l("Nothing is left to carry forward on that day.")


class DraftWaits(DomainError):
    """A draft of this year's end waits for approval."""

    code = "draft_waits"
    message = _l("The entry of this year’s end is written and waits for approval.")


@dataclass(frozen=True, slots=True)
class Carry:
    """One fund in one currency at the year's end: what it has, and how much of it is carried already."""

    fund: Fund
    net: Money
    carried: Money

    @property
    def to_carry(self) -> Money:
        """What the year's end adds to what is carried forward; negative when the fund shrank."""
        return self.net - self.carried


def at_year_end(day: date) -> list[Carry]:
    """Every fund and currency: its net assets on `day`, advances included, and what was carried before."""
    net = func.sum(
        case((Account.kind.in_((AccountKind.ASSET, AccountKind.LIABILITY)), Posting.amount_minor), else_=0)
    )
    carried = func.sum(case((Account.code.in_(CARRIED), -Posting.amount_minor), else_=0))
    rows = db.session.execute(
        select(Fund, Posting.currency, net, carried)
        .join(Posting, Posting.fund_id == Fund.id)
        .join(Account, Account.id == Posting.account_id)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .where(JournalEntry.status == EntryStatus.POSTED, JournalEntry.dated_on <= day)
        .group_by(Fund.id, Posting.currency)
        .order_by(Fund.code, Posting.currency)
    )
    found = [
        Carry(fund, Money(int(has), currency), Money(int(before), currency))
        for fund, currency, has, before in rows
    ]
    return [one for one in found if one.net or one.carried]


def carry_forward(day: date, narration: str, *, by: Actor) -> JournalEntry:
    """Draft the one entry that carries every fund forward on `day`; another person posts it.

    Raises `NothingToCarry`, `DraftWaits`, `PeriodClosed`.
    """
    key = f"year-end:{day}"
    waiting = select(JournalEntry.id).where(
        JournalEntry.idempotency_key.startswith(key), JournalEntry.status == EntryStatus.DRAFT
    )
    if db.session.scalar(waiting):
        raise DraftWaits
    ledger.see_open(day)
    legs = [leg for one in at_year_end(day) if one.to_carry for leg in _legs(one)]
    if not legs:
        raise NothingToCarry
    before = db.session.scalar(
        select(func.count(JournalEntry.id)).where(JournalEntry.idempotency_key.startswith(key))
    )
    return ledger.draft(day, narration, legs, by=by, idempotency_key=f"{key}:{before}")


def _legs(one: Carry) -> list[Leg]:
    code = chart.CARRIED if one.fund.kind is FundKind.UNRESTRICTED else chart.CARRIED_RESTRICTED
    return [Leg(chart.YEAR_RESULT, one.fund.id, one.to_carry), Leg(code, one.fund.id, -one.to_carry)]
