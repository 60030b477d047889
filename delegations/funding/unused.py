"""Why part of what a funder offers a delegation pays nothing, as reasons; and what would set it free."""

from collections.abc import Iterator

from delegations.funding.allocation import Pouring
from delegations.funding.offers import Agreement, MatchAgreement
from delegations.funding.sharing import FirstCome, InProportion
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


def awaits_base(offer: Agreement, pouring: Pouring) -> bool:
    """Whether it is a match that gave all it counted here and has room: with more base it gives more."""
    if not isinstance(offer, MatchAgreement):
        return False
    used, nominal = pouring.used[offer.code], pouring.nominal(offer)
    if isinstance(offer.shared, InProportion) and not nominal:
        return True  # its share of the cap begins with its base
    portion = None if offer.portions is None else offer.portions.get(pouring.delegation.code)
    room = offer.portions is None or (portion is not None and portion.minor > used)
    return offer.code not in pouring.capped and room and used == nominal


def taken(offer: Agreement, pouring: Pouring) -> bool:
    """Whether others used up what it gives, up to its cap, so that nothing of it came here."""
    if pouring.used[offer.code]:
        return False
    if isinstance(offer.shared, FirstCome):
        return sum(offer.shared.portions().values()) == offer.shared.cap
    return offer.code in pouring.capped
