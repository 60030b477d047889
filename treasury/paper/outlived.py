"""Papers that outlived their money: what they acknowledge was given back, taken back or put elsewhere since.

Nothing is voided by itself. They stand on the attention list until a person voids them; where something is
left, another paper takes their place and says that much.
"""

from dataclasses import dataclass

from sqlalchemy import Select, select, union

from shared.audit import Actor
from shared.database import db
from shared.errors import DomainError
from shared.i18n import _l
from shared.money import Money
from treasury.cards.models import Dispute, Refund
from treasury.models import JournalEntry, Payment
from treasury.paper import gifts, papers
from treasury.paper.models import Paper, PaperKind
from treasury.paper.papers import Correction
from treasury.paper.printing import as_fact
from treasury.placing import left_of, left_of_each
from treasury.receipt_models import Placement

_OF_MONEY = (PaperKind.RECEIPT, PaperKind.DEPOSIT, PaperKind.DONATION)
"""Kinds that say what was received."""


class NothingLeft(DomainError):
    """No paper takes the place of one whose money is gone."""

    code = "nothing_left"
    message = _l("Nothing is left of what it acknowledges: void it without another in its place.")


@dataclass(frozen=True, slots=True)
class Outlived:
    """A paper that holds, what it says was received, and what is left of that."""

    paper: Paper
    said: Money
    left: Money


def outlived(about: Payment | None = None) -> list[Outlived]:
    """The papers that hold of more than is left, oldest first; all of them, or those `about` a payment.

    A return or a refund that is only drafted leaves them as they are.
    """
    rows = db.session.scalars(
        _of_money()
        .where(Paper.payment_id.in_(_touched()) if about is None else Paper.payment_id == about.id)
        .order_by(Paper.id)
    ).all()
    payments = [paper.payment for paper in rows if paper.payment]
    left = left_of_each(payments, posted_only=True)
    found = [Outlived(one, _said(one), left[one.payment.id]) for one in rows if one.payment]
    return [one for one in found if one.left < one.said]


def outlived_by(paper: Paper) -> Outlived | None:
    """What is left of what a paper acknowledges, where that is less than it says; else None."""
    if paper.payment is None:
        return None
    return next((one for one in outlived(paper.payment) if one.paper.id == paper.id), None)


def _of_money() -> Select[Paper]:
    return select(Paper).where(Paper.kind.in_(_OF_MONEY), Paper.voided_at.is_(None))


def _touched() -> Select[int]:
    """The payments of which something may have gone again."""
    returned = select(Payment.id).join(JournalEntry, JournalEntry.reverses_id == Payment.entry_id)
    every = union(
        returned, select(Refund.payment_id), select(Dispute.payment_id), select(Placement.payment_id)
    ).subquery()
    return select(every.c.id)


def _said(paper: Paper) -> Money:
    """What a paper says was received: of a gift its whole value, the advantage not taken off."""
    value = paper.facts.get("value")
    return Money(value["minor"], value["currency"]) if value else paper.amount


def replace(paper: Paper, reason: str, correction: Correction, *, by: Actor) -> Paper:
    """Void a paper and issue another in its place, made out as it should be, of what is left.

    Raises `NothingLeft`, `NoReceipt` where what is left of a gift is none, and what `papers.reissue` raises.
    """
    left = left_of(paper.payment) if paper.payment and paper.kind in _OF_MONEY else None
    if left is None or left >= _said(paper):
        return papers.reissue(paper, reason, correction, by=by)
    if left.minor <= 0:
        raise NothingLeft(field="replace")
    if paper.gift is None:
        facts = {"lines": [{"label": paper.facts["description"], "amount": as_fact(left)}]}
        return papers.reissue(paper, reason, correction, by=by, amount=left, facts=facts)
    if refused := gifts.refusal(paper.gift):
        raise refused
    amount = left - paper.gift.advantage
    return papers.reissue(paper, reason, correction, by=by, amount=amount, facts={"value": as_fact(left)})
