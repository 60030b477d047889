"""The seat board: how far each seat has come, who pays it, what it still misses, and whose move it is.

    planned → funded → named → accredited → attended

Money and people advance side by side: a seat may be named before it is funded. What is shown is derived from
postings, nominations and arrivals; nothing of it is stored.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from delegations.funding.allocation import Payment, Source
from delegations.funding.coverage import Coverage, SeatCoverage
from delegations.models import (
    CredentialStatus,
    DelegationStatus,
    Nomination,
    NominationStatus,
    Seat,
    SeatStatus,
)
from delegations.seats.seats import ACTIVE
from shared.i18n import LazyString, _l
from shared.money import Money
from treasury.models import PaymentStatus


class Mover(StrEnum):
    """On whom a seat waits."""

    DELEGATION = "delegation"
    NOMINEE = "nominee"
    SECRETARIAT = "secretariat"
    NOBODY = "nobody"


MOVERS: dict[Mover, LazyString] = {
    Mover.DELEGATION: _l("The delegation"),
    Mover.NOMINEE: _l("The person"),
    Mover.SECRETARIAT: _l("The organisers"),
    Mover.NOBODY: _l("Nobody"),
}

STEPS: dict[SeatStatus, LazyString] = {
    SeatStatus.PLANNED: _l("foreseen"),
    SeatStatus.FUNDED: _l("funded"),
    SeatStatus.NAMED: _l("named"),
    SeatStatus.ACCREDITED: _l("accredited"),
    SeatStatus.ATTENDED: _l("attended"),
}
"""The five steps of a seat, in the order in which they are drawn."""


@dataclass(frozen=True, slots=True)
class Move:
    """What comes next for a seat, and who does it."""

    mover: Mover
    what: LazyString


@dataclass(frozen=True, slots=True)
class SeatLine:
    """One seat on the board. `reached` are its steps that are done; `missing` is the money nobody gives."""

    seat: Seat
    nomination: Nomination | None
    reached: frozenset[SeatStatus]
    money: SeatCoverage | None
    move: Move

    @property
    def given_back(self) -> bool:
        return self.seat.status not in ACTIVE

    @property
    def missing(self) -> Money | None:
        return self.money.remaining if self.money and self.money.remaining else None

    @property
    def share(self) -> float:
        """How much of its cost is covered, from 0 to 1."""
        if not self.money or not self.money.need:
            return 0.0
        return self.money.covered.minor / self.money.need.minor


@dataclass(frozen=True, slots=True)
class PaidAlike:
    """Seats whose every line is paid by the same sources with the same amounts, by the codes of lines."""

    seats: tuple[str, ...]
    lines: Mapping[str, tuple[Payment, ...]]

    @property
    def sources(self) -> dict[Source, Money]:
        """What each source gives to one of these seats, the largest first."""
        found: dict[Source, Money] = {}
        for paid in self.lines.values():
            for one in paid:
                found[one.source] = found[one.source] + one.amount if one.source in found else one.amount
        return dict(sorted(found.items(), key=lambda pair: -pair[1].minor))


@dataclass(frozen=True, slots=True)
class Around:
    """What a seat's next move depends on besides itself; seats by their ids.

    With a `focal_point` the delegation confirms a record before the organisers accredit it. `offered` seats
    wait for the answer of somebody who waited; the visa of the person in `refused` ones was refused.
    """

    focal_point: bool = False
    letter_required: bool = False
    offered: Collection[int] = ()
    refused: Collection[int] = ()


def board_of(
    seats: Sequence[Seat], coverage: Coverage, arrived: Collection[int], around: Around
) -> list[SeatLine]:
    """Every seat of a delegation on the board; `arrived` are the ids of registrations seen at the door."""
    by_seat = coverage.by_seat
    return [_line(seat, by_seat.get(seat.code), arrived, around) for seat in seats]


def counts(board: Sequence[SeatLine]) -> dict[SeatStatus, int]:
    """How many seats in use have reached each step."""
    reached = Counter(step for line in board if not line.given_back for step in line.reached)
    return {step: reached[step] for step in STEPS}


def waiting_on(board: Sequence[SeatLine]) -> dict[Mover, int]:
    """How many seats wait on whom; who is waited for by none is left out."""
    found = Counter(line.move.mover for line in board if not line.given_back)
    return {mover: found[mover] for mover in Mover if found[mover] and mover is not Mover.NOBODY}


def _line(seat: Seat, money: SeatCoverage | None, arrived: Collection[int], around: Around) -> SeatLine:
    nomination = seat.nomination
    reached = {SeatStatus.PLANNED}
    if money and money.need and not money.remaining:
        reached.add(SeatStatus.FUNDED)
    if nomination:
        reached.add(SeatStatus.NAMED)
    if seat.status in (SeatStatus.ACCREDITED, SeatStatus.ATTENDED):
        reached.add(SeatStatus.ACCREDITED)
    if seat.status is SeatStatus.ATTENDED or seat.registration_id in arrived:
        reached.add(SeatStatus.ATTENDED)
    move = _move(seat, nomination, reached, money, around)
    return SeatLine(seat, nomination, frozenset(reached), money, move)


def _move(
    seat: Seat,
    nomination: Nomination | None,
    reached: Collection[SeatStatus],
    money: SeatCoverage | None,
    around: Around,
) -> Move:
    """The first thing that is not done, along the way of the person, then the money."""
    if seat.status not in ACTIVE or SeatStatus.ATTENDED in reached:
        return Move(Mover.NOBODY, _l("nothing"))
    if seat.delegation.status is DelegationStatus.ALLOCATED:
        return Move(Mover.DELEGATION, _l("confirm the seat"))
    if seat.id in around.offered:
        return Move(Mover.NOMINEE, _l("answer the offer"))
    if nomination is None:
        return Move(Mover.DELEGATION, _l("name somebody") if seat.nominator else _l("say who names somebody"))
    if seat.id in around.refused:
        return Move(Mover.DELEGATION, _l("name somebody else: the visa was refused"))
    if nomination.status is not NominationStatus.ACCREDITED:
        return _towards_accreditation(nomination, around)
    payment = seat.registered.payment if seat.registered else None
    if payment and payment.status is PaymentStatus.REQUESTED:
        return Move(Mover.DELEGATION, _l("pay the registration fee"))
    if money and money.remaining:
        return Move(Mover.DELEGATION, _l("find the money that is missing"))
    return Move(Mover.NOBODY, _l("ready to travel"))


def _towards_accreditation(nomination: Nomination, around: Around) -> Move:
    """What is missing before somebody is accredited: the record, the delegation's word, the letter."""
    if nomination.status in (NominationStatus.NOMINATED, NominationStatus.RETURNED):
        if not nomination.person.email:
            return Move(Mover.DELEGATION, _l("reach the person: no e-mail address is known"))
        return Move(Mover.NOMINEE, _l("complete the record"))
    if around.focal_point and not nomination.endorsed_at:
        return Move(Mover.DELEGATION, _l("confirm the record"))
    if nomination.credential is CredentialStatus.REFUSED:
        return Move(Mover.DELEGATION, _l("send another nomination letter"))
    if nomination.credential is CredentialStatus.MISSING and around.letter_required:
        return Move(Mover.DELEGATION, _l("send the nomination letter"))
    if nomination.credential is CredentialStatus.UPLOADED:
        return Move(Mover.SECRETARIAT, _l("look at the nomination letter"))
    return Move(Mover.SECRETARIAT, _l("accredit the person"))


def paid_alike(coverage: Coverage) -> list[PaidAlike]:
    """Which line of which seat is paid by whom, seats that are paid the same way together."""
    lines: dict[str, dict[str, list[Payment]]] = {seat.code: {} for seat in coverage.seats}
    for payment in coverage.payments:
        lines[payment.seat].setdefault(payment.line, []).append(payment)
    alike: dict[object, list[str]] = {}
    for code, paid in lines.items():
        pattern = tuple(
            (line, tuple((one.source, one.amount) for one in payments))
            for line, payments in sorted(paid.items())
        )
        alike.setdefault(pattern, []).append(code)
    return [
        PaidAlike(tuple(codes), {line: tuple(paid) for line, paid in lines[codes[0]].items()})
        for codes in alike.values()
    ]
