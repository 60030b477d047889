"""The registration fee of a seat, paid out of what was saved for it."""

from datetime import date

from access.models import User
from delegations.budgets.versions import seat_budgets
from delegations.models import Delegation, SavingsPlan, Seat
from shared.database import hold
from shared.errors import Conflict, DomainError
from shared.i18n import _l
from shared.money import Money
from treasury import payments, queries
from treasury.models import Fund, Payment, PaymentStatus

STAY = "U"
"""The group of a seat's costs (`budgets.GROUPS`) that a registration fee belongs to."""


class NotThisDelegations(DomainError):
    """A fee is paid by the money of the seat's own delegation."""

    code = "not_this_delegations"
    status = 422
    message = _l("This money belongs to another delegation.")


class NothingDue(DomainError):
    """There is no fee, or it is paid or on its way."""

    code = "nothing_due"
    message = _l("No fee is due for this seat.")


class SavingsTooSmall(DomainError):
    """The fund holds less than the fee."""

    code = "savings_too_small"
    message = _l("The fund %(fund)s holds %(balance)s: that is not enough for the fee of %(wanted)s.")


def settle_fee(seat: Seat, fund: Fund, on: date, *, by: User) -> Payment:
    """Record that a fund of the delegation pays the seat's fee; somebody else approves it.

    Raises `NotThisDelegations`, `NothingDue`, `SavingsTooSmall`, `Conflict` without a registration.
    """
    if seat.registered is None:
        raise Conflict
    if fund.id not in {one.id for one in funds_of(seat.delegation)}:
        raise NotThisDelegations
    payment = seat.registered.payment
    if payment is None or payment.status is not PaymentStatus.REQUESTED:
        raise NothingDue
    hold(fund)
    balance = queries.fund_balance(fund.id, payment.currency)
    if balance < payment.amount:
        raise SavingsTooSmall(fund=fund.code, balance=balance, wanted=payment.amount)
    line = _line_of(seat.delegation, payment.amount)
    return payments.settle_from_fund(payment, fund.id, on, by=by, category=line)


def _line_of(delegation: Delegation, fee: Money) -> str:
    """The line of the seat's budget the fee is spent on: the one of the stay that plans just this amount.

    Without one (or with several) the fee counts in the group of the stay.
    """
    budgets = seat_budgets(delegation.edition_id)
    budget = budgets.get(delegation.id) or budgets.get(None)
    planned = [
        line.code
        for line in (budget.lines if budget else ())
        if not line.is_source and line.category == STAY and line.amount == fee
    ]
    return planned[0] if len(planned) == 1 else STAY


def funds_of(delegation: Delegation) -> list[Fund]:
    """The delegation's own fund and those of its plans, the plans' first."""
    plans: list[SavingsPlan] = sorted(delegation.plans, key=lambda plan: plan.code)
    return [*(plan.fund for plan in plans), delegation.fund]
