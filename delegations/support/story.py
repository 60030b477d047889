"""What a support fund received and did, as the books have it: sums by kind, never who."""

from dataclasses import dataclass

from sqlalchemy import func, select

from delegations.models import SupportAward, SupportDecision
from events.models import Edition
from shared.database import db
from shared.money import Money
from treasury import chart, queries
from treasury.models import Account, EntryStatus, Fund, FundKind, JournalEntry, Posting


@dataclass(frozen=True, slots=True)
class Story:
    """All in one currency: `contributions` of seats, `freed` by seats given up, `gifts`, `other`; then what
    closed `gaps` of so many delegations, paid so many `tickets`, and was given for gatherings `elsewhere`."""

    gifts: Money
    contributions: Money
    freed: Money
    other: Money
    gaps: Money
    tickets: Money
    elsewhere: Money
    balance: Money
    delegations_helped: int
    tickets_paid: int
    decisions: int

    @property
    def received(self) -> Money:
        return self.gifts + self.contributions + self.freed + self.other

    @property
    def given(self) -> Money:
        return self.gaps + self.tickets


def story_of(fund_id: int, edition: Edition) -> Story:
    """The fund's story for an edition, in the edition's currency, from posted entries."""
    currency = edition.currency
    came = _came(fund_id, currency)
    gaps, tickets, helped, paid, decisions = _gave(fund_id, edition)
    elsewhere = _gave_elsewhere(fund_id, edition)
    balance = queries.fund_balance(fund_id, currency)
    gifts, contributions, freed = (
        Money(came.get(kind, 0), currency) for kind in ("gifts", "contributions", "freed")
    )
    other = balance + gaps + tickets + elsewhere - gifts - contributions - freed
    return Story(
        gifts, contributions, freed, other, gaps, tickets, elsewhere, balance, helped, paid, decisions
    )


def fund_of(edition: Edition) -> int | None:
    """The fund that an edition's decisions draw on, else the pool opened for it, else the only one."""
    decided = select(SupportDecision.fund_id).where(SupportDecision.edition_id == edition.id)
    its_own = select(Fund.id).where(Fund.kind == FundKind.POOL, Fund.event == edition.code)
    return (
        db.session.scalar(decided.order_by(SupportDecision.id).limit(1))
        or db.session.scalar(its_own.order_by(Fund.id).limit(1))
        or queries.only_pool()
    )


def _came(fund_id: int, currency: str) -> dict[str, int]:
    """Minor units by how they came."""
    transfer = Account.code == chart.TRANSFERS
    rows = db.session.execute(
        select(Account.code, Posting.category, -func.sum(Posting.amount_minor))
        .join(Posting.account)
        .join(Posting.entry)
        .where(
            Posting.fund_id == fund_id,
            Posting.currency == currency,
            JournalEntry.status == EntryStatus.POSTED,
            (Account.code == chart.GIFTS) | (transfer & (Posting.amount_minor < 0)),
        )
        .group_by(Account.code, Posting.category)
    )
    kinds: dict[str, int] = {}
    for code, line, minor in rows:
        kind = "gifts" if code == chart.GIFTS else "contributions" if line else "freed"
        kinds[kind] = kinds.get(kind, 0) + int(minor)
    return kinds


def _gave(fund_id: int, edition: Edition) -> tuple[Money, Money, int, int, int]:
    """For gaps, for tickets; how many delegations, tickets, approved decisions."""
    rows = db.session.execute(
        select(SupportAward.delegation_id, SupportAward.decision_id, SupportAward.amount_minor)
        .join(SupportAward.decision)
        .where(
            SupportDecision.fund_id == fund_id,
            SupportDecision.edition_id == edition.id,
            SupportDecision.approver_id.is_not(None),
            SupportAward.currency == edition.currency,
        )
    ).all()
    gaps = sum(row.amount_minor for row in rows if row.delegation_id is not None)
    tickets = [row.amount_minor for row in rows if row.delegation_id is None]
    return (
        Money(gaps, edition.currency),
        Money(sum(tickets), edition.currency),
        len({row.delegation_id for row in rows} - {None}),
        len(tickets),
        len({row.decision_id for row in rows}),
    )


def _gave_elsewhere(fund_id: int, edition: Edition) -> Money:
    """What the fund gave by the decisions of other gatherings, which it serves too."""
    minor = db.session.scalar(
        select(func.sum(SupportAward.amount_minor))
        .join(SupportAward.decision)
        .where(
            SupportDecision.fund_id == fund_id,
            SupportDecision.edition_id != edition.id,
            SupportDecision.approver_id.is_not(None),
            SupportAward.currency == edition.currency,
        )
    )
    return Money(int(minor or 0), edition.currency)
