"""Where each fund stands: what it has, what of it is promised, what is available, what is with people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select

from shared.database import db
from shared.money import Money
from treasury import chart, queries
from treasury.balance_models import PostedBalance
from treasury.funds import commitments
from treasury.funds.funds import default_entity
from treasury.funds.models import LegalEntity, Overdraft
from treasury.models import Account, Fund, FundKind


@dataclass(frozen=True, slots=True)
class Standing:
    """One fund in one currency. `available` is the balance less what is committed."""

    fund: Fund
    balance: Money
    committed: Money
    advanced: Money

    @property
    def available(self) -> Money:
        return self.balance - self.committed


class Holding(NamedTuple):
    """The bare numbers of a `Standing`, for pages that add up thousands: minor units of `currency`."""

    fund_id: int
    kind: FundKind
    currency: str
    balance: int
    committed: int

    @property
    def available(self) -> int:
        return self.balance - self.committed


def holdings() -> list[Holding]:
    """What every fund holds and has promised in each currency that ever moved, by code."""
    promised = {key: amount.minor for key, amount in commitments.committed().items()}
    return [
        Holding(fund, kind, currency, int(minor), promised.get((fund, currency), 0))
        for fund, kind, currency, minor in queries.held()
    ]


def told(rows: Sequence[Holding]) -> list[Standing]:
    """A few holdings with their funds."""
    funds, advanced = {fund.id: fund for fund in _funds(one.fund_id for one in rows)}, _advanced()
    return [
        Standing(
            funds[one.fund_id],
            Money(one.balance, one.currency),
            Money(one.committed, one.currency),
            advanced.get((one.fund_id, one.currency), Money.zero(one.currency)),
        )
        for one in rows
    ]


def standings(event: str | None = None) -> list[Standing]:
    """Every fund and currency that ever moved, by code; of one event if it is named."""
    promised = commitments.committed()
    advanced = _advanced()
    rows = queries.funds()
    moved = {(row.fund.id, row.balance.currency) for row in rows}
    only_advanced = [key for key, amount in advanced.items() if amount and key not in moved]
    kept = {fund.id: fund for fund in _funds(fund_id for fund_id, _currency in only_advanced)}
    rows += [queries.FundRow(kept[fund_id], Money.zero(currency)) for fund_id, currency in only_advanced]
    return [
        _standing(row, promised, advanced)
        for row in sorted(rows, key=lambda row: (row.fund.code, row.balance.currency))
        if event is None or row.fund.event == event
    ]


def _funds(ids: Iterable[int]) -> Sequence[Fund]:
    wanted = set(ids)
    return db.session.scalars(select(Fund).where(Fund.id.in_(wanted))).all() if wanted else ()


def standings_of(fund: Fund) -> list[Standing]:
    """The fund in each of its currencies."""
    return [one for one in standings() if one.fund.id == fund.id]


def _standing(
    row: queries.FundRow,
    promised: dict[tuple[int, str], Money],
    advanced: dict[tuple[int, str], Money],
) -> Standing:
    key, zero = (row.fund.id, row.balance.currency), Money.zero(row.balance.currency)
    return Standing(row.fund, row.balance, promised.get(key, zero), advanced.get(key, zero))


def _advanced() -> dict[tuple[int, str], Money]:
    rows = db.session.execute(
        select(PostedBalance.fund_id, Account.currency, PostedBalance.minor)
        .join(Account, Account.id == PostedBalance.account_id)
        .where(Account.code == chart.ADVANCES)
    )
    return {(fund, currency): Money(minor, currency) for fund, currency, minor in rows}


def overdrafts_of(fund: Fund) -> Sequence[Overdraft]:
    """The leave given to a fund to go below zero, the last first; what one entry got alone is left out."""
    return db.session.scalars(
        select(Overdraft)
        .where(Overdraft.fund_id == fund.id, Overdraft.entry_id.is_(None))
        .order_by(Overdraft.id.desc())
    ).all()


def keeper(fund: Fund) -> LegalEntity | None:
    """The legal entity that keeps the fund's money: its own, or the default one."""
    return db.session.get(LegalEntity, fund.entity_id) if fund.entity_id else default_entity()
