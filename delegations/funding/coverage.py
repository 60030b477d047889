"""How far the cost of a delegation's seats is covered, by what, and why not further.

`cover` is exact; what is best and why is told in `allocation`. The picture, the table by line, the table by
seat and the JSON are sums of the same payments, so they cannot disagree.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property

from delegations.budgets.lines import in_order
from delegations.funding.allocation import Payment, Pouring, Source, SourceKind, source_of
from delegations.funding.offers import Agreement, DelegationFunding, Funding, Lock, MatchAgreement
from delegations.funding.shortfall import Reason, ReasonKind
from delegations.funding.unused import awaits_base, taken, why_unused
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Shares:
    """A cost and what pays it: need = own + match + grants + gap, and gap = support + remaining."""

    need: Money
    own: Money
    match: Money
    grants: Money
    support: Money

    @property
    def gap(self) -> Money:
        """Not covered before the support fund helps."""
        return self.need - self.own - self.match - self.grants

    @property
    def remaining(self) -> Money:
        """Not covered by anything."""
        return self.gap - self.support

    @property
    def covered(self) -> Money:
        return self.need - self.remaining


@dataclass(frozen=True, slots=True)
class LineCoverage(Shares):
    """A budget line over all seats."""

    code: str
    label: str
    group: str


@dataclass(frozen=True, slots=True)
class SeatCoverage(Shares):
    """A seat over all its lines. Free money fills seats in the order of their codes."""

    code: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A ribbon of the picture: so much of a source goes to a line."""

    source: Source
    line: str
    amount: Money


@dataclass(frozen=True, slots=True)
class SourceUse:
    """What one agreement offers a delegation, and what of it is used."""

    source: Source
    nominal: Money
    used: Money


@dataclass(frozen=True, slots=True)
class KeptLock:
    """A lock, and what of its amount could be kept."""

    lock: Lock
    amount: Money


@dataclass(frozen=True)
class Coverage:
    """The coverage of one delegation, in its currency. Lines and seats are in the order of their codes.

    Totals are there at once; who pays which line is arranged when it is first asked for.
    """

    delegation: str
    currency: str
    shares: Shares
    own_left: Money
    sources: tuple[SourceUse, ...]
    seat_count: int
    _funding: Funding = field(repr=False, compare=False)
    _pouring: Pouring = field(repr=False, compare=False)

    @cached_property
    def payments(self) -> tuple[Payment, ...]:
        return tuple(self._pouring.payments())

    @cached_property
    def _sums(self) -> "tuple[Columns, Columns]":
        return _sums(self._pouring.delegation, self.payments)

    @cached_property
    def lines(self) -> tuple[LineCoverage, ...]:
        about = {line.code: line for seat in self._pouring.seats for line in seat.lines}
        return tuple(
            LineCoverage(code=code, label=about[code].label, group=about[code].group, **row)
            for code, row in self._sums[0].items()
        )

    @cached_property
    def seats(self) -> tuple[SeatCoverage, ...]:
        by_seat = self._sums[1]
        return tuple(SeatCoverage(code=seat.code, **by_seat[seat.code]) for seat in self._pouring.seats)

    @cached_property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(_reasons(self._funding, self._pouring, self.shares, self.lines))

    @cached_property
    def costs(self) -> dict[tuple[str, str], Money]:
        """What each line of each seat costs, by the codes of both."""
        return {(seat.code, line.code): line.amount for seat in self._pouring.seats for line in seat.lines}

    def short_seats(self, line: str) -> list[str]:
        """The seats in which a line misses money."""
        paid: dict[str, int] = dict.fromkeys((seat for seat, of in self.costs if of == line), 0)
        for payment in self.payments:
            if payment.line == line:
                paid[payment.seat] += payment.amount.minor
        return [seat for seat, amount in paid.items() if amount < self.costs[seat, line].minor]

    def awaits_base(self, offer: Agreement) -> bool:
        """Whether an agreement would give more here as more cash or services arrive: a match with room."""
        return awaits_base(offer, self._pouring)

    def taken(self, offer: Agreement) -> bool:
        """Whether others used up an agreement, up to its cap, so that nothing of it came here."""
        return taken(offer, self._pouring)

    @property
    def kept_locks(self) -> tuple[KeptLock, ...]:
        """What was decided by hand, and how much of it the sources could keep."""
        return tuple(KeptLock(lock, Money(minor, self.currency)) for lock, minor in self._pouring.kept)

    @property
    def splits(self) -> int:
        """How many more payments there are than lines of seats paid."""
        return self._pouring.arrangement.splits

    @property
    def fewest_splits(self) -> int:
        """How few splits there are at the very least: equal to `splits` where that is proven the optimum."""
        return self._pouring.arrangement.at_least

    @property
    def need(self) -> Money:
        return self.shares.need

    @property
    def own_used(self) -> Money:
        return self.shares.own

    @property
    def match_nominal(self) -> Money:
        """What the agreements' ratios give on the cash received, before caps and eligibility."""
        matches = (use.nominal for use in self.sources if use.source.kind is SourceKind.MATCH)
        return Money.total(matches, self.currency)

    @property
    def match_usable(self) -> Money:
        return self.shares.match

    @property
    def match_unusable(self) -> Money:
        return self.match_nominal - self.match_usable

    @property
    def grants(self) -> Money:
        return self.shares.grants

    @property
    def support(self) -> Money:
        return self.shares.support

    @property
    def gap(self) -> Money:
        return self.shares.gap

    @property
    def remaining(self) -> Money:
        return self.shares.remaining

    @property
    def by_seat(self) -> dict[str, SeatCoverage]:
        return {seat.code: seat for seat in self.seats}

    @property
    def flows(self) -> list[Flow]:
        """Source → line, over all seats, in the order of lines."""
        found: dict[tuple[str, Source], Money] = {}
        for payment in self.payments:
            key = payment.line, payment.source
            found[key] = found.get(key, Money.zero(self.currency)) + payment.amount
        return [Flow(key[1], key[0], found[key]) for key in sorted(found, key=lambda key: in_order(key[0]))]


@dataclass(frozen=True, slots=True)
class FunderUse:
    """One agreement over the whole network. `by_delegation` holds what each uses, in the order served."""

    agreement: Agreement
    used: Money
    by_delegation: tuple[tuple[str, Money], ...]

    @property
    def left(self) -> Money | None:
        """What the cap still allows; `None` without a cap."""
        return None if self.agreement.cap is None else self.agreement.cap - self.used


@dataclass(frozen=True, slots=True)
class NetworkCoverage:
    """Every delegation's coverage by its code, and every agreement's use."""

    delegations: Mapping[str, Coverage]
    funders: Mapping[str, FunderUse]


def cover(funding: Funding) -> NetworkCoverage:
    """Allocate a network's money. The same funding gives the same answer, in whatever order it is listed.

    Raises `OrdersDisagree` when agreements contradict each other, `CurrencyMismatch` when one offers
    another currency than the delegation counts in.
    """
    caps = {offer.code: offer.cap.minor for offer in funding.agreements if offer.cap is not None}
    pourings = [Pouring(funding, delegation) for delegation in funding.in_service_order()]
    for pouring in pourings:
        pouring.lay(caps)
    for pouring in pourings:
        pouring.pour(caps, max(0, pouring.need - pouring.delegation.own.minor))
    for pouring in pourings:
        pouring.pour(caps, pouring.need)
    pourings.sort(key=lambda pouring: in_order(pouring.delegation.code))
    found = {pouring.delegation.code: _coverage(funding, pouring) for pouring in pourings}
    return NetworkCoverage(found, {offer.code: _use(offer, found) for offer in funding.agreements})


def _coverage(funding: Funding, pouring: Pouring) -> Coverage:
    currency = pouring.delegation.currency
    shares = _empty() | {"need": pouring.need}
    for source, amount in pouring.spent.items():
        shares[_COLUMNS[source.kind]] += amount
    return Coverage(
        delegation=pouring.delegation.code,
        currency=currency,
        shares=Shares(**{name: Money(minor, currency) for name, minor in shares.items()}),
        own_left=pouring.delegation.own - Money(shares["own"], currency),
        sources=tuple(_source_uses(funding, pouring)),
        seat_count=len(pouring.seats),
        _funding=funding,
        _pouring=pouring,
    )


_FIELDS = tuple(field.name for field in fields(Shares))
_COLUMNS = {
    SourceKind.OWN: "own",
    SourceKind.MATCH: "match",
    SourceKind.GRANT: "grants",
    SourceKind.SUPPORT: "support",
}


Columns = dict[str, dict[str, Money]]
"""The fields of `Shares` by the code of a line or of a seat, in the order of codes."""


def _sums(delegation: DelegationFunding, payments: Iterable[Payment]) -> tuple[Columns, Columns]:
    """What each line, over all seats, and each seat, over all lines, costs and who pays it."""
    lines: dict[str, dict[str, int]] = {}
    seats: dict[str, dict[str, int]] = {}
    for seat in delegation.seats:
        row = seats[seat.code] = _empty()
        for line in seat.lines:
            if line.code not in lines:
                lines[line.code] = _empty()
            lines[line.code]["need"] += line.amount.minor
            row["need"] += line.amount.minor
    for payment in payments:
        column = _COLUMNS[payment.source.kind]
        lines[payment.line][column] += payment.amount.minor
        seats[payment.seat][column] += payment.amount.minor
    by_line, by_seat = (
        {
            code: {name: Money(minor, delegation.currency) for name, minor in rows[code].items()}
            for code in sorted(rows, key=in_order)
        }
        for rows in (lines, seats)
    )
    return by_line, by_seat


def _source_uses(funding: Funding, pouring: Pouring) -> Iterator[SourceUse]:
    """Grants, then matches, each in the order of their codes."""
    currency = pouring.delegation.currency
    for offer in _in_code_order(funding.for_delegation(pouring.delegation.code)):
        nominal, used = pouring.nominal(offer), pouring.used[offer.code]
        yield SourceUse(source_of(offer), Money(nominal, currency), Money(used, currency))


def _empty() -> dict[str, int]:
    return dict.fromkeys(_FIELDS, 0)


def _in_code_order(offers: Iterable[Agreement]) -> list[Agreement]:
    return sorted(offers, key=lambda offer: (isinstance(offer, MatchAgreement), in_order(offer.code)))


def _reasons(
    funding: Funding, pouring: Pouring, shares: Shares, lines: Iterable[LineCoverage]
) -> Iterator[Reason]:
    delegation = pouring.delegation
    offers = _in_code_order(funding.for_delegation(delegation.code))
    for offer in offers:
        yield from why_unused(offer, pouring)
    payable = frozenset[str]().union(*(offer.eligible for offer in offers))
    waiting = (offer.eligible for offer in offers if awaits_base(offer, pouring))
    awaited = frozenset[str]().union(*waiting)
    short = [line for line in lines if line.gap]
    for kind, rows in (
        (ReasonKind.ONLY_FREE_MONEY, [line for line in short if line.group not in payable]),
        (ReasonKind.AWAITS_BASE, [line for line in short if line.group in awaited]),
        (ReasonKind.USED_UP, [line for line in short if line.group in payable - awaited]),
    ):
        if rows:
            amount = Money.total((line.gap for line in rows), delegation.currency)
            yield Reason(kind, amount, groups=tuple(sorted({line.group for line in rows})))
    for pledge in sorted(funding.pledges, key=lambda pledge: in_order(pledge.code)):
        if shares.gap and (pledge.serves is None or delegation.code in pledge.serves):
            yield Reason(
                ReasonKind.PLEDGE_BLOCKED,
                pledge.amount,
                pledge.code,
                pledge.label,
                condition=pledge.condition,
            )
    if unneeded := delegation.support - shares.support:
        yield Reason(ReasonKind.SUPPORT_UNUSED, unneeded)


def _use(offer: Agreement, found: Mapping[str, Coverage]) -> FunderUse:
    source = source_of(offer)
    served = [found[code] for code in offer.serves if code in found]
    used = [(one.delegation, next(use.used for use in one.sources if use.source == source)) for one in served]
    currency = offer.cap.currency if offer.cap is not None else served[0].currency if served else ""
    return FunderUse(offer, Money.total((amount for _code, amount in used), currency), tuple(used))


@dataclass(frozen=True, slots=True)
class Totals(Shares):
    """A network's coverage in one currency."""

    match_nominal: Money

    @property
    def match_unusable(self) -> Money:
        return self.match_nominal - self.match


def total(coverages: Iterable[Coverage], currency: str) -> Totals:
    """The sum of coverages that are all in `currency`. Raises `CurrencyMismatch` otherwise."""
    every = list(coverages)
    columns = {
        field.name: Money.total((getattr(one.shares, field.name) for one in every), currency)
        for field in fields(Shares)
    }
    return Totals(match_nominal=Money.total((one.match_nominal for one in every), currency), **columns)
