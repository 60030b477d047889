"""What a funder sends: into a fund of its own, which keeps what it may pay; a second person posts it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from access.models import User
from delegations.models import FundingAgreement, FundingKind
from events.models import Edition
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger
from treasury.funds.funds import DescribeFund, open_fund
from treasury.ledger import Leg
from treasury.models import EntryStatus, Fund, FundKind, JournalEntry, Posting


class WrongCurrency(DomainError):
    """A funder's money is in the currency of its agreement."""

    code = "wrong_currency"
    status = 422
    message = _l("This agreement is in %(currency)s.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Receive:
    """Money that arrived from a funder; the same `key` again is the same arrival."""

    amount: Money
    received_on: date
    note: str = ""
    key: str | None = None


def fund_of(agreement: FundingAgreement, *, by: Actor) -> Fund:
    """The fund that keeps an agreement's money, opened the first time it is asked for.

    One that the treasurer opened before under its code is taken.
    """
    if agreement.fund_id is not None:
        return db.session.get_one(Fund, agreement.fund_id)
    edition = db.session.get_one(Edition, agreement.edition_id)
    code = f"{edition.code}/{agreement.code}"
    fund = db.session.scalar(select(Fund).where(Fund.code == code))
    if fund is None:
        fund = open_fund(
            code,
            FundKind.MATCH if agreement.kind is FundingKind.MATCH else FundKind.RESTRICTED,
            DescribeFund(name=agreement.name, purpose=" ".join(agreement.categories), event=edition.code),
            by=by,
        )
        fund.is_demo = agreement.is_demo
    db.session.flush()
    agreement.fund_id = fund.id
    return fund


def receive(agreement: FundingAgreement, command: Receive, *, by: User) -> JournalEntry:
    """Draft the entry of money that a funder sent, whatever was agreed: money received is never refused.

    Somebody else posts it (`ledger.post`). Raises `WrongCurrency`, `PeriodClosed`.
    """
    if command.amount.currency != agreement.currency:
        raise WrongCurrency(field="amount", currency=agreement.currency)
    hold(agreement)
    known = command.key and db.session.scalar(
        select(JournalEntry).where(JournalEntry.idempotency_key == command.key)
    )
    if known:
        return known
    ledger.see_open(command.received_on)
    fund = fund_of(agreement, by=by)
    income = chart.MATCHES if agreement.kind is FundingKind.MATCH else chart.GRANTS
    entry = ledger.draft(
        command.received_on,
        f"{agreement.name} – {note}" if (note := command.note.strip()) else agreement.name,
        [Leg(chart.BANK, fund.id, command.amount), Leg(income, fund.id, -command.amount)],
        by=by,
        idempotency_key=command.key,
    )
    db.session.flush()
    audit.record("agreement.receive", agreement, by=by, amount=str(command.amount), entry=entry.id)
    return entry


def waiting(agreement: FundingAgreement) -> Sequence[JournalEntry]:
    """Its arrivals that nobody has approved yet, the first one first."""
    if agreement.fund_id is None:
        return []
    mine = select(Posting.entry_id).where(Posting.fund_id == agreement.fund_id)
    return db.session.scalars(
        select(JournalEntry)
        .where(JournalEntry.id.in_(mine), JournalEntry.status == EntryStatus.DRAFT)
        .order_by(JournalEntry.id)
    ).all()
