"""What accrediting several people at once would do, told before it happens; nothing is written here."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from delegations.models import Nomination
from delegations.seats import approvals
from events.models import Edition
from events.registration import EditionFull, RegistrationClosed, admits_seats
from shared.errors import DomainError
from shared.money import Money


@dataclass(frozen=True, slots=True)
class Passes:
    """Somebody who would be accredited. `fee` is asked for; None where the seat is registered already."""

    nomination: Nomination
    fee: Money | None


@dataclass(frozen=True, slots=True)
class Stays:
    """Somebody who would not be, and why."""

    nomination: Nomination
    why: DomainError


@dataclass(frozen=True, slots=True)
class Preview:
    """Everybody who was chosen, in their order."""

    passing: tuple[Passes, ...]
    staying: tuple[Stays, ...]

    @property
    def fees(self) -> list[Money]:
        """What would be asked for, one total a currency."""
        totals: dict[str, Money] = {}
        for one in self.passing:
            if one.fee:
                totals[one.fee.currency] = totals.get(one.fee.currency, one.fee * 0) + one.fee
        return list(totals.values())


def preview(chosen: Sequence[Nomination]) -> Preview:
    """Who would pass, in order: a gathering with three places left takes the first three."""
    taken: Counter[int] = Counter()
    passing, staying = [], []
    for one in chosen:
        edition, registered = one.seat.delegation.edition, one.seat.registered is not None
        why = hindrance(one) or (None if registered else _kept_out(edition, taken[edition.id]))
        if why:
            staying.append(Stays(one, why))
        else:
            taken[edition.id] += not registered
            passing.append(Passes(one, None if registered else edition.fee))
    return Preview(tuple(passing), tuple(staying))


def hindrance(nomination: Nomination) -> DomainError | None:
    """What the delegation or the letter still misses before this person can be accredited."""
    try:
        approvals.must_have_word(nomination)
        approvals.must_have_letter(nomination)
    except DomainError as why:
        return why
    return None


def _kept_out(edition: Edition, more: int) -> DomainError | None:
    """Why the gathering registers nobody, or not so many `more`."""
    if not admits_seats(edition):
        return RegistrationClosed()
    full = edition.capacity is not None and edition.places_taken + more >= edition.capacity
    return EditionFull() if full else None
