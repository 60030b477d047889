"""The support fund: its committee's minuted decisions, and the entries that carry them out.

One person records a decision, another approves it; only then does money move, to delegations' own funds or
for guests' tickets. Money reaches the fund by gifts, by each seat's contribution, and by decisions that move
the savings of a withdrawn seat.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import func, select

from access.models import User
from delegations.models import Delegation, SavingsPlan, SupportAward, SupportDecision
from delegations.seats.seats import reason_of
from delegations.support import applying
from delegations.support.models import ApplicationOutcome, DecisionMinute
from shared import audit
from shared.audit import Actor
from shared.database import db, hold
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import chart, ledger, queries
from treasury.funds.transfers import FundTransfer, transfer
from treasury.ledger import Leg, SamePerson
from treasury.models import Fund, FundKind, JournalEntry


class FundTooSmall(DomainError):
    """A fund gives no more than it holds."""

    code = "fund_too_small"
    message = _l("The fund %(fund)s holds %(balance)s: that is not enough for %(wanted)s.")


class BadDecision(DomainError):
    """A decision gives something, in one currency."""

    code = "bad_decision"
    status = 422
    message = _l("A decision gives positive amounts, all in one currency, each to a delegation or a person.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """What a decision gives, to a delegation's gap or for a guest's ticket (with or without a person)."""

    label: str
    amount: Money
    delegation_id: int | None = None
    person_id: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decide:
    """A minuted decision: when, who was there, how the criteria were scored, what it gives."""

    edition_id: int
    decided_on: date
    title: str
    fund_id: int
    awards: Sequence[Award]
    number: int | None = None
    members_present: Sequence[str] = ()
    criteria: Mapping[str, Any] = field(default_factory=dict)
    is_demo: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveSavings:
    """Savings of a plan that a minuted decision moves to the support fund; `minute` says which decision."""

    support_fund_id: int
    amount: Money
    decided_on: date
    minute: str


def open_fund(code: str, name: str, *, is_demo: bool = False, by: Actor) -> Fund:
    """Open a support fund, pooled money that only its committee's decisions give away."""
    fund = Fund(code=code, name=name, kind=FundKind.POOL, is_demo=is_demo)
    db.session.add(fund)
    audit.record("fund.open", fund, by=by, code=code)
    return fund


def decide(command: Decide, *, by: User) -> SupportDecision:
    """Record a decision; nothing moves before somebody else approves it. Raises `BadDecision`.

    Without awards it says no to what was asked.
    """
    currencies = {award.amount.currency for award in command.awards}
    small = [award for award in command.awards if award.amount.minor <= 0]
    if len(currencies) > 1 or small:
        raise BadDecision
    last = db.session.scalar(
        select(func.max(SupportDecision.number)).where(SupportDecision.edition_id == command.edition_id)
    )
    decision = SupportDecision(
        edition_id=command.edition_id,
        number=command.number if command.number is not None else (last or 0) + 1,
        decided_on=command.decided_on,
        title=command.title,
        members_present=list(command.members_present),
        criteria=dict(command.criteria),
        fund_id=command.fund_id,
        recorder_id=by.id,
        is_demo=command.is_demo,
    )
    db.session.add(decision)
    db.session.flush()
    for award in command.awards:
        db.session.add(
            SupportAward(
                decision_id=decision.id,
                label=award.label,
                amount=award.amount,
                delegation_id=award.delegation_id,
                person_id=award.person_id,
            )
        )
    audit.record("support.decide", decision, by=by, number=decision.number)
    db.session.expire(decision, ["awards"])
    return decision


def approve(decision: SupportDecision, *, by: User) -> SupportDecision:
    """Carry a decision out: one posted entry an award, which cites it.

    Raises `SamePerson`, `Conflict`, `FundTooSmall`, `Conflicted`.
    """
    hold(decision)
    told = db.session.get(DecisionMinute, decision.id)
    if decision.approver_id is not None or (told and told.sent_back):
        raise Conflict
    if decision.recorder_id == by.id:
        raise SamePerson
    for outcome in db.session.scalars(
        select(ApplicationOutcome).where(ApplicationOutcome.decision_id == decision.id)
    ):
        applying.refuse_conflicted(outcome.application, by)
    for award in decision.awards[:1]:
        given = Money.total((one.amount for one in decision.awards), award.currency)
        _enough(decision.fund_id, given)
    recorder = db.session.get_one(User, decision.recorder_id)
    for award in sorted(decision.awards, key=lambda award: award.id):
        entry = _draft(decision, award, by=recorder)
        ledger.post(entry, by=by)
        award.entry_id = entry.id
    decision.approver_id = by.id
    audit.record("support.approve", decision, by=by, number=decision.number)
    return decision


def _draft(decision: SupportDecision, award: SupportAward, *, by: User) -> JournalEntry:
    narration = f"{decision.title} (n° {decision.number}, {decision.decided_on}) – {award.label}"
    key = f"award:{award.id}"
    if award.delegation_id is None:
        legs = [
            Leg(chart.TRAVEL, decision.fund_id, award.amount),
            Leg(chart.BANK, decision.fund_id, -award.amount),
        ]
        return ledger.draft(decision.decided_on, narration, legs, by=by, idempotency_key=key)
    target = db.session.get_one(Delegation, award.delegation_id)
    return transfer(
        FundTransfer(
            source_fund_id=decision.fund_id,
            target_fund_id=target.fund_id,
            amount=award.amount,
            dated_on=decision.decided_on,
            narration=narration,
            idempotency_key=key,
        ),
        by=by,
    )


def move_savings(plan: SavingsPlan, command: MoveSavings, *, by: User) -> JournalEntry:
    """Draft the entry that moves a withdrawn seat's savings to the support fund; another posts it.

    From then on they are no own savings of the delegation. Raises `FundTooSmall`, `ReasonMissing` (the
    decision has a minute).
    """
    minute = reason_of(command.minute)
    _enough(plan.fund_id, command.amount)
    entry = transfer(
        FundTransfer(
            source_fund_id=plan.fund_id,
            target_fund_id=command.support_fund_id,
            amount=command.amount,
            dated_on=command.decided_on,
            narration=minute,
        ),
        by=by,
    )
    audit.record("plan.move_savings", plan, by=by, reason=minute, amount=str(command.amount), entry=entry.id)
    return entry


def contribute(plan: SavingsPlan, command: MoveSavings, line: str, *, by: User) -> JournalEntry:
    """Draft the payment of a seats' budget `line` (its code) to the support fund; another posts it.

    It is spending on the seats, so the savings still count as theirs. Raises `FundTooSmall`.
    """
    _enough(plan.fund_id, command.amount)
    return transfer(
        FundTransfer(
            source_fund_id=plan.fund_id,
            target_fund_id=command.support_fund_id,
            amount=command.amount,
            dated_on=command.decided_on,
            narration=command.minute,
            category=line,
        ),
        by=by,
    )


def _enough(fund_id: int, wanted: Money) -> None:
    """Hold the fund and see that it has what is to leave it."""
    fund = db.session.get_one(Fund, fund_id, with_for_update=True)
    balance = queries.fund_balance(fund_id, wanted.currency)
    if balance < wanted:
        raise FundTooSmall(fund=fund.code, balance=balance, wanted=wanted)
