"""What funders offer the delegations of an edition: their terms, with what the books say of base money."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from sqlalchemy import select

from delegations.funding.circles import Offered
from delegations.funding.offers import Basis
from delegations.funding.service_models import InKind
from delegations.funding.sharing import Arrival
from delegations.funding.terms import Sharing, Terms, terms_of
from delegations.models import FundingAgreement, FundingKind, FundingServes, SavingsPlan
from shared.database import db
from treasury import chart, queries


def offered(edition_id: int, instead: Mapping[int, Terms]) -> list[Offered]:
    """The agreements of an edition by code; those whose id stands in `instead` with these terms."""
    serves: dict[int, list[int]] = defaultdict(list)
    for agreement, delegation in db.session.execute(
        select(FundingServes.agreement_id, FundingServes.delegation_id)
        .join(FundingAgreement, FundingAgreement.id == FundingServes.agreement_id)
        .where(FundingAgreement.edition_id == edition_id)
        .order_by(FundingServes.position)
    ):
        serves[agreement].append(delegation)
    rows = db.session.scalars(
        select(FundingAgreement)
        .where(FundingAgreement.edition_id == edition_id)
        .order_by(FundingAgreement.code)
    )
    return [Offered(one.code, instead.get(one.id) or terms_of(one, serves[one.id])) for one in rows]


def with_arrivals(offer: Offered, codes: Mapping[int, str]) -> Offered:
    """The same, with when base money came within its window, where its terms ask for that.

    `codes` are those of the delegations that were read, by their ids.
    """
    terms = offer.terms
    asks = terms.opens or terms.closes or (terms.cap and terms.sharing is Sharing.FIRST_COME)
    if terms.kind is not FundingKind.MATCH or terms.blocked or not asks:
        return offer
    ids = [one for one in terms.serves or codes if one in codes]
    source = _cash_arrivals if terms.basis is Basis.CASH else _service_arrivals
    return offer._replace(
        arrivals=tuple(
            Arrival(on, number, codes[delegation], minor)
            for delegation, on, number, minor in source(ids, terms.currency)
            if terms.counts_on(on)
        )
    )


def _cash_arrivals(ids: Sequence[int], currency: str) -> Iterator[tuple[int, date, int, int]]:
    owner = {
        fund: delegation
        for delegation, fund in db.session.execute(
            select(SavingsPlan.delegation_id, SavingsPlan.fund_id).where(SavingsPlan.delegation_id.in_(ids))
        )
    }
    for fund, receipts in queries.receipts(list(owner), chart.SAVINGS, currency).items():
        for one in receipts:
            yield owner[fund], one.on, one.entry_number, one.amount.minor


def _service_arrivals(ids: Sequence[int], currency: str) -> Iterator[tuple[int, date, int, int]]:
    for one in db.session.scalars(
        select(InKind).where(
            InKind.delegation_id.in_(ids), InKind.state == "accepted", InKind.currency == currency
        )
    ):
        if one.delegation_id is not None:
            yield one.delegation_id, one.given_on or date.min, one.id, one.value_minor
