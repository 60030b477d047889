"""Each line that misses money: how much, in which seats, what binds, and what would lift it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from delegations.funding.coverage import Coverage
from delegations.funding.offers import Agreement, Basis, DelegationFunding, Funding, MatchAgreement, pool
from delegations.funding.shortfall import ReasonKind, Unlock, UnlockKind
from shared.forms import reader
from shared.i18n import _, _l
from shared.money import Money, format_money

_CAPPED = (ReasonKind.CAP_REACHED, ReasonKind.SHARE_REACHED)


@dataclass(frozen=True, slots=True)
class LineShortfall:
    """What a line misses over all seats, why, and what would lift it: sentences in the reader's language."""

    line: str
    label: str
    missing: Money
    seats: tuple[str, ...]
    why: str
    lifts: tuple[str, ...]


def line_shortfalls(
    funding: Funding, coverage: Coverage, unlocks: Iterable[Unlock], groups: Mapping[str, str]
) -> list[LineShortfall]:
    """Every line that misses money, in the order of lines."""
    helps = list(unlocks)
    return [
        LineShortfall(
            line.code,
            line.label,
            line.remaining,
            tuple(coverage.short_seats(line.code)),
            " · ".join(_why(funding, coverage, line.group, groups)),
            tuple(_lifts(line.remaining, line.group, funding, coverage, helps, groups)),
        )
        for line in coverage.lines
        if line.remaining
    ]


def _why(funding: Funding, coverage: Coverage, group: str, groups: Mapping[str, str]) -> Iterator[str]:
    """What binds: nobody may pay it, a cap, too little that a match counts on, others, or all is used."""
    able = [offer for offer in funding.for_delegation(coverage.delegation) if group in offer.eligible]
    if not able:
        yield _("no funder here may pay %(group)s", group=groups.get(group, group))
        return
    capped = {one.source for one in coverage.reasons if one.kind in _CAPPED}
    if reached := [offer for offer in able if offer.code in capped]:
        yield _("the cap of %(funder)s is reached", funder=_names(reached))
    waiting = [offer for offer in able if isinstance(offer, MatchAgreement) and coverage.awaits_base(offer)]
    delegation = next(one for one in funding.delegations if one.code == coverage.delegation)
    for offer in waiting:
        yield _waits(offer, delegation) % {"funder": offer.label or offer.code}
    if reached or waiting:
        return
    if taken := [offer for offer in able if coverage.taken(offer)]:
        yield _("others used all of %(funder)s, up to its cap", funder=_names(taken))
    if used := [offer for offer in able if offer not in taken]:
        yield _("all that %(funder)s gives here is used", funder=_names(used))


def _names(offers: Iterable[Agreement]) -> str:
    return ", ".join(offer.label or offer.code for offer in offers)


def _waits(offer: MatchAgreement, delegation: DelegationFunding) -> str:
    """What a match lacks: nothing arrived yet, nothing within its dates, or all that did is counted."""
    services = offer.basis is Basis.SERVICES
    if offer.base(delegation):
        if services:
            return str(_l("%(funder)s matches the services accepted: all of it is used"))
        return str(_l("%(funder)s matches what is saved: all of it is used"))
    if pool(delegation, offer.basis):
        return str(_l("%(funder)s counts nothing of what was given: it is outside its dates"))
    if services:
        return str(_l("%(funder)s gives nothing here until services are accepted"))
    return str(_l("%(funder)s gives nothing here until something is saved"))


def _lifts(
    missing: Money,
    group: str,
    funding: Funding,
    coverage: Coverage,
    helps: list[Unlock],
    groups: Mapping[str, str],
) -> Iterator[str]:
    yield _("%(amount)s more of any money", amount=format_money(missing, reader()))
    eligible = {offer.code: offer.eligible for offer in funding.for_delegation(coverage.delegation)}
    for one in helps:
        if one.kind is UnlockKind.WIDEN and one.group == group:
            yield _("%(funder)s agreeing to %(group)s", funder=one.label, group=groups.get(group, group))
        elif one.kind is UnlockKind.RAISE_CAP and group in eligible.get(one.source, ()):
            effort = format_money(one.effort, reader())
            yield _("%(funder)s raising its cap by %(amount)s", funder=one.label, amount=effort)
        elif one.kind is UnlockKind.SAVE_MORE and one.effort < missing:  # it closes the whole gap
            effort = format_money(one.effort, reader())
            yield _("%(amount)s more in savings, with what they earn", amount=effort)
        elif one.kind is UnlockKind.UNBLOCK:
            yield _("what %(funder)s waits for, once it serves here first", funder=one.label)
