"""What funders offer the delegations of an edition: their terms, with what the books say of base money."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from math import floor

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from delegations.budgets.versions import GROUPS
from delegations.funding import sharing
from delegations.funding.offers import (
    Basis,
    BlockedPledge,
    DelegationFunding,
    MatchAgreement,
    SeatGrant,
)
from delegations.funding.service_models import InKind
from delegations.funding.sharing import Arrival
from delegations.funding.terms import Sharing, Terms, terms_of
from delegations.models import FundingAgreement, FundingKind, SavingsPlan
from shared.database import db
from shared.money import Money
from treasury import chart, queries


@dataclass(frozen=True, slots=True)
class Network:
    """What offers are made to: delegations, their codes by id, and when their base money came."""

    delegations: Mapping[str, DelegationFunding]
    codes: Mapping[int, str]
    edition_id: int

    def serves(self, terms: Terms) -> tuple[str, ...] | None:
        """Codes of the delegations served that count in the currency of the terms; None for nobody here."""
        named = [self.codes[one] for one in terms.serves if one in self.codes]
        if terms.serves and not named:
            return None
        every = named or sorted(self.delegations)
        return tuple(code for code in every if self.delegations[code].currency == terms.currency)

    def arrivals(self, terms: Terms, serves: tuple[str, ...]) -> list[Arrival]:
        """When base money of an agreement came, within its window."""
        ids = [one for one, code in self.codes.items() if code in serves]
        source = _cash_arrivals if terms.basis is Basis.CASH else _service_arrivals
        return [
            Arrival(on, number, self.codes[delegation], minor)
            for delegation, on, number, minor in source(ids, terms.currency)
            if terms.counts_on(on)
        ]


def _cash_arrivals(ids: list[int], currency: str) -> Iterator[tuple[int, date, int, int]]:
    owner = {
        fund: delegation
        for delegation, fund in db.session.execute(
            select(SavingsPlan.delegation_id, SavingsPlan.fund_id).where(SavingsPlan.delegation_id.in_(ids))
        )
    }
    for fund, receipts in queries.receipts(list(owner), chart.SAVINGS, currency).items():
        for one in receipts:
            yield owner[fund], one.on, one.entry_number, one.amount.minor


def _service_arrivals(ids: list[int], currency: str) -> Iterator[tuple[int, date, int, int]]:
    for one in db.session.scalars(
        select(InKind).where(
            InKind.delegation_id.in_(ids), InKind.state == "accepted", InKind.currency == currency
        )
    ):
        if one.delegation_id is not None:
            yield one.delegation_id, one.given_on or date.min, one.id, one.value_minor


def offers(
    network: Network, instead: Mapping[int, Terms]
) -> tuple[tuple[MatchAgreement, ...], tuple[SeatGrant, ...], tuple[BlockedPledge, ...]]:
    """Matches, grants and blocked pledges. A promise that waits for nothing any more is a grant."""
    matches: list[MatchAgreement] = []
    grants: list[SeatGrant] = []
    pledges: list[BlockedPledge] = []
    for row in db.session.scalars(
        select(FundingAgreement)
        .where(FundingAgreement.edition_id == network.edition_id)
        .order_by(FundingAgreement.code)
        .options(selectinload(FundingAgreement.served))
    ):
        terms = instead.get(row.id) or terms_of(row)
        serves = network.serves(terms)
        if serves is None:
            continue  # it serves only others
        if terms.blocked:
            if terms.amount:
                named = serves if terms.serves else None
                pledges.append(BlockedPledge(row.code, terms.name, terms.amount, terms.blocked, named))
        elif terms.kind is FundingKind.MATCH:
            matches.append(_match(network, row.code, terms, serves))
        else:
            grants.append(_grant(network, row.code, terms, serves))
    return tuple(matches), tuple(grants), tuple(pledges)


def _match(network: Network, code: str, terms: Terms, serves: tuple[str, ...]) -> MatchAgreement:
    """A match; who came first is read from the books only where the agreement asks for it."""
    match = MatchAgreement(
        code,
        terms.name,
        terms.ratio,
        frozenset(terms.categories or GROUPS),
        serves,
        terms.cap,
        stacks=terms.stacks,
        basis=terms.basis,
    )
    dated = terms.opens or terms.closes
    if not dated and terms.sharing is Sharing.STATED:
        return match
    arrivals = network.arrivals(terms, serves)
    if dated:
        match = replace(match, counted=_together(arrivals, serves, terms.currency))
    if terms.cap is None or terms.sharing is Sharing.STATED:
        return match
    limits = {}
    for one in (network.delegations[served] for served in serves):
        able = floor(terms.ratio * match.base(one).minor)
        limits[one.code] = min(able, one.eligible_need(match.eligible).minor)
    if terms.sharing is Sharing.PRO_RATA:
        shares = sharing.pro_rata(terms.cap.minor, limits)
        match = replace(match, wanted=_in(terms.currency, limits))
    else:
        shares = sharing.first_come(terms.cap.minor, terms.ratio, limits, arrivals)
    return replace(match, portions=_in(terms.currency, shares))


def _grant(network: Network, code: str, terms: Terms, serves: tuple[str, ...]) -> SeatGrant:
    """A grant a seat; a pledge gives its amount once, not once a seat."""
    amount = terms.amount or Money.zero(terms.currency)
    cap = amount if terms.cap is None and terms.kind is FundingKind.PLEDGE else terms.cap
    grant = SeatGrant(code, terms.name, amount, frozenset(terms.categories or GROUPS), serves, cap)
    if cap is None or terms.sharing is not Sharing.PRO_RATA:
        return grant
    limits = {
        served: min(
            amount.minor * len(network.delegations[served].seats),
            network.delegations[served].eligible_need(grant.eligible).minor,
        )
        for served in serves
    }
    shares = sharing.pro_rata(cap.minor, limits)
    return replace(grant, portions=_in(terms.currency, shares), wanted=_in(terms.currency, limits))


def _together(arrivals: list[Arrival], serves: tuple[str, ...], currency: str) -> dict[str, Money]:
    sums = dict.fromkeys(serves, 0)
    for one in arrivals:
        sums[one.delegation] += one.minor
    return _in(currency, {code: max(0, minor) for code, minor in sums.items()})


def _in(currency: str, minors: Mapping[str, int]) -> dict[str, Money]:
    return {code: Money(minor, currency) for code, minor in minors.items()}
