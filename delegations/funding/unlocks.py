"""What would close a delegation's remaining gap: each change is tried, and what it brings is measured."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date

from delegations.funding.coverage import Coverage, NetworkCoverage, cover
from delegations.funding.offers import Agreement, Funding, MatchAgreement
from delegations.funding.sharing import Shared, most_of, rise_for
from delegations.funding.shortfall import ReasonKind, Unlock, UnlockKind
from shared.money import Money


def unlocks(funding: Funding, network: NetworkCoverage, code: str, on: date) -> list[Unlock]:
    """What would shrink the gap that remains for delegation `code`, the surest first; empty without a gap.

    Each is measured alone, with everybody else's money left where `network` put it; what would be saved, as
    if it arrived `on` a day.
    """
    remaining = network.delegations[code].remaining
    if not remaining:
        return []
    alone = _alone(funding, network, code)
    return [
        Unlock(UnlockKind.FREE_MONEY, remaining, remaining),
        *_by_saving(alone, remaining, on),
        *_by_agreeing(alone, network.delegations[code]),
        *(
            Unlock(
                UnlockKind.UNBLOCK, min(remaining, pledge.amount), pledge.amount, pledge.code, pledge.label
            )
            for pledge in sorted(funding.pledges, key=lambda pledge: pledge.code)
            if pledge.serves is None or code in pledge.serves
        ),
    ]


def least_saving(funding: Funding, network: NetworkCoverage, code: str, on: date) -> Money:
    """The least that `code` has to save to miss nothing, with what funders then add; 0 without a gap.

    It is taken to arrive `on` a day; everybody else's money stays where `network` put it.
    """
    return _least_saving(_alone(funding, network, code), network.delegations[code].remaining, on)


def _alone(funding: Funding, network: NetworkCoverage, code: str) -> Funding:
    """The one delegation, with what the others leave of each cap."""
    delegation = next(one for one in funding.delegations if one.code == code)

    def left(offer: Agreement) -> Money | None:
        others = [amount for other, amount in network.funders[offer.code].by_delegation if other != code]
        return offer.cap and offer.cap - Money.total(others, delegation.currency)

    return Funding(
        (delegation,),
        tuple(replace(offer, cap=left(offer)) for offer in funding.matches if code in offer.serves),
        tuple(replace(offer, cap=left(offer)) for offer in funding.grants if code in offer.serves),
    )


def _remaining(alone: Funding) -> Money:
    [coverage] = cover(alone).delegations.values()
    return coverage.remaining


def _by_saving(alone: Funding, remaining: Money, on: date) -> Iterator[Unlock]:
    """Saving closes the gap, where it takes less than the gap: a match comes with it."""
    if (effort := _least_saving(alone, remaining, on)) < remaining:
        yield Unlock(UnlockKind.SAVE_MORE, remaining, effort)


def _least_saving(alone: Funding, remaining: Money, on: date) -> Money:
    """The least extra saving that closes a gap: what funders add to it comes with it."""
    too_little, enough = 0, remaining.minor
    while enough - too_little > 1:
        middle = (too_little + enough) // 2
        missing = _remaining(_with_saved(alone, Money(middle, remaining.currency), on))
        too_little, enough = (middle, enough) if missing else (too_little, middle)
    return Money(enough, remaining.currency)


def _with_saved(alone: Funding, more: Money, on: date) -> Funding:
    """The same, once the delegation saved more."""
    [delegation] = alone.delegations
    saved = replace(delegation, received=delegation.received + more)
    matches = tuple(offer.with_saved(saved, more, on) for offer in alone.matches)
    return replace(alone, delegations=(saved,), matches=matches)


def _by_agreeing(alone: Funding, coverage: Coverage) -> Iterator[Unlock]:
    """What funders could change who offer more than they may give: a higher cap, one more group of lines."""
    short = sorted({line.group for line in coverage.lines if line.remaining})
    offers = {offer.code: offer for offer in alone.agreements}
    for reason in coverage.reasons:
        offer = offers.get(reason.source)
        if offer is None:
            continue
        if reason.kind is ReasonKind.CAP_REACHED and offer.cap is not None:
            raised = replace(offer, cap=offer.cap + reason.amount)
            if gained := coverage.remaining - _remaining(_with(alone, raised)):
                yield Unlock(UnlockKind.RAISE_CAP, gained, gained, offer.code, offer.label)
        elif reason.kind is ReasonKind.SHARE_REACHED and offer.shared and offer.portions:
            more = _more_at_most(offer.portions, offer.shared, coverage.delegation, reason.amount)
            raised = _raised_share(offer, coverage.delegation, more)
            if gained := coverage.remaining - _remaining(_with(alone, raised)):
                effort = _rise(offer.portions, offer.shared, coverage.delegation, gained)
                yield Unlock(UnlockKind.RAISE_CAP, gained, effort, offer.code, offer.label)
        elif reason.kind is ReasonKind.INELIGIBLE:
            for group in short:
                wider = replace(offer, eligible=offer.eligible | {group})
                if gained := coverage.remaining - _remaining(_with(alone, wider)):
                    yield Unlock(UnlockKind.WIDEN, gained, gained, offer.code, offer.label, group)


def _raised_share(offer: Agreement, code: str, more: Money) -> Agreement:
    """The same, with a larger share of its cap for one delegation."""
    portions = dict(offer.portions or {})
    portions[code] = portions.get(code, more * 0) + more
    return replace(offer, cap=offer.cap and offer.cap + more, portions=portions)


def _more_at_most(portions: Mapping[str, Money], shared: Shared, code: str, wished: Money) -> Money:
    """What of `wished` a delegation would get besides its share, however high the cap."""
    return min(wished, Money(most_of(shared, code), wished.currency) - portions[code])


def _rise(portions: Mapping[str, Money], shared: Shared, code: str, gained: Money) -> Money:
    """By how much a shared cap would rise for one delegation to gain so much."""
    return Money(rise_for((portions[code] + gained).minor, code, shared), gained.currency)


def _with(alone: Funding, changed: Agreement) -> Funding:
    """The same, with one agreement changed."""
    return replace(
        alone,
        matches=tuple(
            changed if isinstance(changed, MatchAgreement) and offer.code == changed.code else offer
            for offer in alone.matches
        ),
        grants=tuple(
            changed if not isinstance(changed, MatchAgreement) and offer.code == changed.code else offer
            for offer in alone.grants
        ),
    )
