"""What is due to a funder and called up from one: reports and evidence with their days, drawdown claims.

A claim is an intention: what came of it is in the books, and covers claims from the oldest on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from access.models import User
from delegations.funding.agreement_models import Drawdown, DutyKind, FunderDuty
from delegations.models import FundingAgreement
from delegations.seats.seats import reason_of
from shared import audit
from shared.clock import today
from shared.database import db, hold
from shared.errors import Conflict, DomainError, NotFound
from shared.i18n import _l
from shared.money import Money


class MoreThanEarned(DomainError):
    """No more is called up than was earned."""

    code = "more_than_earned"
    status = 422
    message = _l("Only %(left)s is earned and not called up yet: a match is earned as base money arrives.")


class WordsMissing(DomainError):
    """Something has to be said."""

    code = "words_missing"
    status = 422
    message = _l("Say what it is.")


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claim, and what of it came by now."""

    claim: Drawdown
    received: Money

    @property
    def open(self) -> Money:
        """What is still to come."""
        return self.claim.amount - self.received


def add_duty(agreement: FundingAgreement, kind: DutyKind, what: str, due_on: date, *, by: User) -> FunderDuty:
    """Note something that is due to a funder. Raises `WordsMissing`."""
    if not what.strip():
        raise WordsMissing(field="what")
    duty = FunderDuty(agreement_id=agreement.id, kind=kind, what=what.strip(), due_on=due_on)
    db.session.add(duty)
    db.session.flush()
    audit.record("duty.add", duty, by=by, agreement=agreement.code, due=due_on.isoformat())
    return duty


def finish_duty(duty: FunderDuty, words: str, *, on: date | None = None, by: User) -> None:
    """It was handed over, today or `on` a day: `words` say what. Raises `Conflict` when it was before."""
    hold(duty)
    if duty.done_on is not None:
        raise Conflict
    duty.done_on, duty.done_by_id, duty.done_words = on or today(), by.id, words.strip()
    audit.record("duty.finish", duty, by=by, words=duty.done_words)


def duty_of(agreement: FundingAgreement, duty_id: int) -> FunderDuty:
    """One of an agreement's. Raises `NotFound`."""
    found = db.session.get(FunderDuty, duty_id)
    if found is None or found.agreement_id != agreement.id:
        raise NotFound
    return found


def duties_of(agreement: FundingAgreement) -> Sequence[FunderDuty]:
    """What is due, the next one first; then what was done."""
    return db.session.scalars(
        select(FunderDuty)
        .where(FunderDuty.agreement_id == agreement.id)
        .order_by(FunderDuty.done_on.is_not(None), FunderDuty.due_on, FunderDuty.id)
    ).all()


def next_report(agreement_id: int) -> date | None:
    """When the next report is due, if one is."""
    return db.session.scalar(
        select(func.min(FunderDuty.due_on)).where(
            FunderDuty.agreement_id == agreement_id,
            FunderDuty.kind == DutyKind.REPORT,
            FunderDuty.done_on.is_(None),
        )
    )


def due_in(edition_id: int) -> Sequence[FunderDuty]:
    """What is still due to the funders of an edition, the next one first."""
    return db.session.scalars(
        select(FunderDuty)
        .join(FundingAgreement, FundingAgreement.id == FunderDuty.agreement_id)
        .where(FundingAgreement.edition_id == edition_id, FunderDuty.done_on.is_(None))
        .order_by(FunderDuty.due_on, FunderDuty.id)
        .options(joinedload(FunderDuty.agreement))
    ).all()


def claims_of(agreement: FundingAgreement) -> Sequence[Drawdown]:
    """Every claim, the first one first."""
    return db.session.scalars(
        select(Drawdown).where(Drawdown.agreement_id == agreement.id).order_by(Drawdown.number)
    ).all()


def replayed(claims: Sequence[Drawdown], received: Money) -> Iterator[Claimed]:
    """What was received covers claims that stand from the oldest on."""
    left = received
    for one in claims:
        paid = left * 0 if one.taken_back_reason else min(left, one.amount)
        left -= paid
        yield Claimed(one, paid)


def callable_now(claims: Sequence[Drawdown], earned: Money, received: Money) -> Money:
    """What may still be called up: earned, and neither called up nor received."""
    called = Money.total((one.amount for one in claims if not one.taken_back_reason), earned.currency)
    return max(earned * 0, earned - max(called, received))


def claim(
    agreement: FundingAgreement, amount: Money, evidence: str, *, earned: Money, received: Money, by: User
) -> Drawdown:
    """Call up money that was earned. Raises `MoreThanEarned`, `WordsMissing`."""
    hold(agreement)
    if not evidence.strip():
        raise WordsMissing(field="evidence")
    claims = claims_of(agreement)
    left = callable_now(claims, earned, received)
    if amount.currency != left.currency or amount > left:
        raise MoreThanEarned(field="amount", left=left)
    made = Drawdown(
        agreement_id=agreement.id,
        number=len(claims) + 1,
        amount=amount,
        claimed_on=today(),
        claimed_by_id=by.id,
        evidence=evidence.strip(),
    )
    db.session.add(made)
    db.session.flush()
    audit.record("drawdown.claim", made, by=by, agreement=agreement.code, amount=str(amount))
    return made


def take_back(made: Drawdown, reason: str, *, by: User) -> None:
    """The claim does not stand any more. Raises `ReasonMissing`, `Conflict`."""
    reason = reason_of(reason)
    hold(made)
    if made.taken_back_reason:
        raise Conflict
    made.taken_back_reason = reason
    audit.record("drawdown.take_back", made, by=by, reason=reason)
