"""Why part of what a funder offers a delegation pays nothing, as reasons."""

from collections.abc import Iterator

from delegations.funding.allocation import Pouring
from delegations.funding.offers import Agreement
from delegations.funding.shortfall import Reason, ReasonKind
from shared.money import Money


def why_unused(offer: Agreement, pouring: Pouring) -> Iterator[Reason]:
    """The reasons of what an offer leaves unused once all is poured; their amounts add up to it."""
    delegation, unused = pouring.delegation, pouring.unused(offer)
    groups = tuple(sorted(offer.eligible))
    if unused.ineligible:
        each = {
            sum(line.amount.minor for line in seat.lines if line.group in offer.eligible)
            for seat in delegation.seats
        }
        yield Reason(
            ReasonKind.INELIGIBLE,
            unused.ineligible,
            offer.code,
            offer.label,
            groups,
            limit=delegation.eligible_need(offer.eligible),
            per_seat=Money(each.pop(), delegation.currency) if len(each) == 1 else None,
        )
    if unused.over_cap:
        kind, limit = ReasonKind.CAP_REACHED, offer.cap
        if offer.portions is not None:
            kind, limit = ReasonKind.SHARE_REACHED, offer.portions.get(delegation.code, limit)
        yield Reason(kind, unused.over_cap, offer.code, offer.label, groups, limit=limit)
    if unused.already_matched:
        yield Reason(ReasonKind.ALREADY_MATCHED, unused.already_matched, offer.code, offer.label, groups)
