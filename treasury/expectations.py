"""What should come and go, told by whoever knows: plans and pledges above this room, promises inside it.

An expectation is an intention, never a fact: nothing here is in the books.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from shared.clock import today
from shared.database import db
from shared.money import Money
from treasury.funds import commitments
from treasury.models import Payment, PaymentStatus


@dataclass(frozen=True, slots=True)
class Expected:
    """Money to come (positive) or to go (negative) on `due`: from or to `who`; empty for several together.

    What is not `sure` depends on something that may not happen; what is not `owed` is never late.
    """

    due: date
    amount: Money
    who: str = ""
    sure: bool = True
    owed: bool = True


@dataclass(frozen=True, slots=True)
class Funder:
    """Somebody whose money has rules: what was promised, into which fund it comes, and what it may pay.

    `blocked` says what a promise waits for; it counts nothing meanwhile.
    """

    code: str
    name: str
    terms: str
    promised: Money | None = None
    fund_id: int | None = None
    blocked: str = ""


FUNDERS: dict[str, Callable[[], Iterable[Funder]]] = {}
"""Who promised money under which rules; filled in `app.py`."""


def requested_payments() -> Iterable[Expected]:
    """Payments that were asked for and did not arrive; due since they were asked. Not deposits or gifts."""
    asked = db.session.scalars(
        select(Payment).where(
            Payment.status == PaymentStatus.REQUESTED, Payment.purpose.not_in(("savings", "gift"))
        )
    )
    for one in asked:
        yield Expected(one.created_at.date(), one.amount, one.payer_name or one.payer_email, sure=False)


def pledged_gifts() -> Iterable[Expected]:
    """Gifts that were promised and not paid."""
    pledged = select(Payment).where(Payment.status == PaymentStatus.REQUESTED, Payment.purpose == "gift")
    for one in db.session.scalars(pledged):
        yield Expected(one.created_at.date(), one.amount, one.payer_name, sure=False, owed=False)


def promised_payments() -> Iterable[Expected]:
    """What commitments still promise to others: due at their last day, or now when they have none."""
    for one in commitments.outstanding():
        yield Expected(one.expires_on or today(), -one.outstanding, one.payee)


EXPECTED: dict[str, Callable[[], Iterable[Expected]]] = {
    "fees": requested_payments,
    "gifts": pledged_gifts,
    "commitments": promised_payments,
}
"""By kind, what is still to come or to go; `app.py` adds what the rooms above know."""


def expected() -> list[Expected]:
    """Everything that is still to come or to go, by date."""
    every = [one for told in EXPECTED.values() for one in told()]
    return sorted(every, key=lambda one: (one.due, one.who, one.amount.minor))


def funders() -> list[Funder]:
    """Everybody who promised money under rules, by code."""
    return sorted((one for told in FUNDERS.values() for one in told()), key=lambda one: one.code)
