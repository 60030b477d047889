"""A batch of papers killed half-way: issued without a gap, sent once, set as PDF once and for all."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import undefer

from outbox.jobs import Job
from shared.audit import System
from shared.database import db, transaction
from shared.money import Money
from tests.treasury.killed_work import CAD, Desk
from tests.treasury.kills import PART, Done, Work
from treasury import payments
from treasury.cards import books as card_books
from treasury.cards.values import BalanceMove, ChargeState
from treasury.funds import funds
from treasury.funds.funds import DescribeEntity
from treasury.models import Payment, PaymentMethod
from treasury.paper import papers, payment_papers
from treasury.paper.models import Paper

BATCH = 3
"""Papers of one piece of work."""


class Papers:
    """Payments by card that came, and the evening's papers about them."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self.printed: dict[int, str] = {}
        with desk.app.app_context():
            with transaction():
                funds.describe_entity(None, DescribeEntity(name="Fédération fictive"), by=System("tests"))
            db.session.remove()

    def works(self) -> dict[str, tuple[Work, Done]]:
        """The batch by its name."""
        return {"papers": (self.print_all, self.all_there)}

    def print_all(self, number: int) -> None:
        """Three payments come; then each has its paper; then each paper is set and kept."""
        with transaction():
            if not self._payments(number):
                self._come(number)
        with transaction():
            payment_papers.acknowledge_all(by=System("tests"))
        for paper in self._papers(number):
            papers.printed(paper.id)

    def all_there(self, number: int) -> int:
        """Once when each payment has one paper with its PDF, as it was printed before, and one message."""
        batch = self._papers(number)
        db.session.expire_all()
        complete = [one for one in batch if one.pdf is not None]
        kept = all(self.printed.setdefault(one.id, one.sha256) == one.sha256 for one in complete)
        sent = db.session.scalars(select(Job.payload).where(Job.kind == "paper-message")).all()
        messages = [sum(job["paper"] == one.id for job in sent) for one in batch]
        if not kept or any(one.missing for one in papers.series()) or any(one != 1 for one in messages):
            return PART
        return len(complete) // BATCH if len(batch) in (0, BATCH) else PART

    def _come(self, number: int) -> None:
        for place in range(BATCH):
            wish = payments.RequestPayment(
                purpose="savings",
                subject_id=self._subject(number),
                amount=Money(7500 + place, CAD),
                fund_id=self.desk.fund,
                income_code="4100",
                method=PaymentMethod.CARD,
                description="a deposit",
                payer_name=f"Payeur fictif {place}",
                payer_email=f"payer{place}@example.org",
            )
            payment = payments.request(wish, by=System("tests"))
            mark = f"{number}_{place}"
            booked = BalanceMove(
                id=f"txn_p{mark}",
                kind="charge",
                source=f"ch_p{mark}",
                amount=payment.amount,
                fee=Money(30, CAD),
            )
            card_books.book_charge(
                ChargeState(
                    id=f"ch_p{mark}",
                    paid=True,
                    amount=payment.amount,
                    reference=payment.reference,
                    payment_intent=None,
                    booked=booked,
                )
            )

    def _subject(self, number: int) -> int:
        return 10**9 + number

    def _payments(self, number: int) -> int:
        chosen = select(func.count()).where(Payment.subject_id == self._subject(number))
        return db.session.scalar(chosen.select_from(Payment)) or 0

    def _papers(self, number: int) -> Sequence[Paper]:
        return db.session.scalars(
            select(Paper)
            .join(Payment, Payment.id == Paper.payment_id)
            .where(Payment.subject_id == self._subject(number))
            .options(undefer(Paper.pdf))
            .order_by(Paper.id)
        ).all()
