"""One voucher for several people: a line of a claim shared among seats, and what was spent for each seat."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import selectinload

from delegations.budgets.claim_models import ClaimLine, ClaimShare, ClaimStatus, ExpenseClaim
from delegations.models import Delegation, Seat
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.models import EntryStatus, JournalEntry


class OtherSeats(DomainError):
    """What a delegation spends is for its own seats."""

    code = "other_seats"
    status = 422
    message = _l("Choose among the seats of this delegation.")


def share(line: ClaimLine, delegation: Delegation, seat_ids: Sequence[int]) -> None:
    """Split a line among seats in equal parts, to the smallest unit; without seats it is the delegation's.

    Raises `OtherSeats`.
    """
    wanted = set(seat_ids)
    seats = [seat for seat in sorted(delegation.seats, key=lambda one: one.number) if seat.id in wanted]
    if len(seats) < len(wanted):
        raise OtherSeats(field="seats")
    if not seats:
        return
    for seat, part in zip(seats, line.amount.split(len(seats)), strict=True):
        db.session.add(ClaimShare(line_id=line.id, seat_id=seat.id, amount=part))
    db.session.flush()
    db.session.expire(line, ["shares"])


def parts(line: ClaimLine) -> list[tuple[str, Money]]:
    """What is posted for a line: one amount a seat with its code, or the whole."""
    words = line.description if line.voucher else f"{line.description} – {line.missing_reason}"
    if not line.shares:
        return [(words[:200], line.amount)]
    return [(f"{one.seat.code} · {words}"[:200], one.amount) for one in line.shares if one.amount]


@dataclass(frozen=True, slots=True)
class Proof:
    """A voucher by its digest, and the postings of its claim's entry that it proves: category and memo."""

    sha256: str
    postings: frozenset[tuple[str, str]]


def proofs(entry_ids: Iterable[int]) -> dict[int, list[Proof]]:
    """The vouchers of the claims that these entries paid, by entry."""
    chosen = (
        select(ExpenseClaim)
        .where(ExpenseClaim.entry_id.in_(list(entry_ids)))
        .options(
            selectinload(ExpenseClaim.lines).joinedload(ClaimLine.voucher),
            selectinload(ExpenseClaim.lines).selectinload(ClaimLine.shares).joinedload(ClaimShare.seat),
        )
    )
    return {
        claim.entry_id: [
            Proof(line.voucher.sha256, frozenset((line.category, memo) for memo, _part in parts(line)))
            for line in claim.lines
            if line.voucher
        ]
        for claim in db.session.scalars(chosen)
        if claim.entry_id
    }


def by_seat(delegation: Delegation) -> dict[str, dict[str, Money]]:
    """What claims that were paid spent for each seat (its code), by currency; what was reversed is none."""
    reversed_ones = select(JournalEntry.reverses_id).where(
        JournalEntry.reverses_id.is_not(None), JournalEntry.status == EntryStatus.POSTED
    )
    rows = db.session.execute(
        select(Seat.code, ClaimShare.currency, func.sum(ClaimShare.amount_minor))
        .join(Seat, Seat.id == ClaimShare.seat_id)
        .join(ClaimLine, ClaimLine.id == ClaimShare.line_id)
        .join(ExpenseClaim, ExpenseClaim.id == ClaimLine.claim_id)
        .where(
            Seat.delegation_id == delegation.id,
            ExpenseClaim.status == ClaimStatus.PAID,
            ExpenseClaim.entry_id.not_in(reversed_ones),
        )
        .group_by(Seat.code, ClaimShare.currency)
        .order_by(Seat.code, ClaimShare.currency)
    )
    found: dict[str, dict[str, Money]] = defaultdict(dict)
    for code, currency, minor in rows:
        found[code][currency] = Money(int(minor), currency)
    return dict(found)
