"""A seat's registration fee paid out of its delegation's savings, approved by a second person."""

from datetime import date

import pytest

from access.models import User
from delegations.models import SavingsPlan, Seat
from delegations.seats import fees
from delegations.seats.fees import NothingDue, NotThisDelegations, SavingsTooSmall
from events.models import Edition, RegistrationStatus
from shared.database import transaction
from tests.delegations.conftest import accredited, cad, delegation_of, deposit, plan_of
from treasury import chart, payments, queries

ON = date(2005, 10, 15)


@pytest.fixture
def sitting(seat: Seat) -> Seat:
    with transaction():
        accredited(seat, "Ondine Exemple")
    return seat


def test_the_plan_pays_the_fee_and_the_registration_is_confirmed(
    sitting: Seat, plan: SavingsPlan, aristide: User, zoe: User
) -> None:
    with transaction():
        deposit(plan, "750.00", ON, aristide, zoe)
        payment = fees.settle_fee(sitting, plan.fund, ON, by=aristide)
    assert sitting.registration and payment.entry
    with pytest.raises(NothingDue), transaction():  # pressed twice
        fees.settle_fee(sitting, plan.fund, ON, by=aristide)
    with transaction():
        payments.approve_receipt(payment, by=zoe)
    assert sitting.registration.status is RegistrationStatus.CONFIRMED
    assert queries.fund_balance(plan.fund_id, "CAD") == cad("500.00")
    assert {(one.account.code, one.category) for one in payment.entry.postings if one.category} == {
        (chart.GATHERING, "L05")  # the line of the stay of 250.00; L10 is one of travel
    }


def test_a_fund_pays_no_more_than_it_holds(sitting: Seat, plan: SavingsPlan, aristide: User) -> None:
    with pytest.raises(SavingsTooSmall, match="P1"), transaction():
        fees.settle_fee(sitting, plan.fund, ON, by=aristide)


def test_nobody_pays_with_another_delegation_s_money(sitting: Seat, dakar: Edition, aristide: User) -> None:
    with transaction():
        other = plan_of(delegation_of(dakar, "QUE", "Québec", 1), "P2", "4500.00", 12)
    with pytest.raises(NotThisDelegations), transaction():
        fees.settle_fee(sitting, other.fund, ON, by=aristide)
