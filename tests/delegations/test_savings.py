"""Savings plans as worked examples: deposits recorded by one, approved by another, replayed from postings."""

from dataclasses import replace
from datetime import date

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from access.models import PrivateLink, User
from delegations.models import Delegation, SavingsPlan
from delegations.savings import plans as savings
from delegations.savings.payer_models import Payer
from delegations.savings.plans import OpenPlan, PlanClosed, RecordDeposit, WrongCurrency
from delegations.savings.projection import Course, project
from delegations.savings.schedule import QUARTER, InstalmentState, TargetTooSmall
from outbox.jobs import Job
from shared.database import db, transaction
from shared.money import Money
from tests.conftest import sign_in
from tests.delegations.conftest import BY, cad, deposit, plan_of
from treasury import chart, payments
from treasury.desk import cheques
from treasury.ledger import SamePerson
from treasury.models import Attention, PaymentMethod, PaymentStatus
from treasury.payments import NothingToPay
from treasury.references import is_valid

pytestmark = pytest.mark.usefixtures("both_databases")


def mails(to: str) -> list[str]:
    return [
        str(job.payload["subject"]) for job in db.session.scalars(select(Job)) if job.payload.get("to") == to
    ]


def test_a_plan_has_a_fund_a_reference_and_tells_its_payer(plan: SavingsPlan) -> None:
    assert plan.fund.code == "DKR05-OUT/P1"
    assert plan.fund_id != plan.delegation.fund_id
    assert is_valid(plan.reference)
    assert len(mails("p1@example.org")) == 1
    assert len(db.session.scalars(select(PrivateLink)).all()) == 1


def test_a_deposit_counts_once_somebody_else_approved_it(
    plan: SavingsPlan, aristide: User, zoe: User
) -> None:
    on = date(2003, 1, 15)
    with transaction():
        payment = savings.record_deposit(
            plan, RecordDeposit(amount=cad("750.00"), received_on=on), by=aristide
        )
    assert savings.plan_status(plan, on).saved == cad("0.00")
    assert [one.amount for one in savings.deposits_to_approve(plan)] == [cad("750.00")]
    with pytest.raises(SamePerson), transaction():
        payments.approve_receipt(payment, by=aristide)
    with transaction():
        payments.approve_receipt(payment, by=zoe)
    status = savings.plan_status(plan, on)
    assert status.saved == cad("750.00")
    assert savings.deposits_to_approve(plan) == []
    assert status.instalments[0].state is InstalmentState.PAID
    assert len(mails("p1@example.org")) == 2  # the link, the acknowledgement


def test_a_form_sent_twice_records_one_deposit(plan: SavingsPlan, aristide: User) -> None:
    command = RecordDeposit(amount=cad("750.00"), received_on=date(2003, 1, 15), submission_key="k1")
    with transaction():
        first = savings.record_deposit(plan, command, by=aristide)
    with transaction():
        assert savings.record_deposit(plan, command, by=aristide).id == first.id
    with transaction():
        other = savings.record_deposit(plan, replace(command, submission_key="k2"), by=aristide)
    assert other.id != first.id


def test_cash_goes_to_the_cash_box(plan: SavingsPlan, aristide: User) -> None:
    command = RecordDeposit.by_method(PaymentMethod.CASH, amount=cad("20.00"), received_on=date(2003, 1, 15))
    with transaction():
        payment = savings.record_deposit(plan, command, by=aristide)
    assert payment.entry
    assert payment.entry.postings[0].account.code == chart.CASH


def test_a_cheque_stays_in_hand_and_mobile_money_keeps_its_reference(
    plan: SavingsPlan, client: FlaskClient, aristide: User, zoe: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wtf.csrf.validate_csrf", lambda *_given, **_options: None)
    sign_in(client, aristide)
    page = "/delegations/DKR05-OUT/plans/P1/deposit"
    sent = {"amount": "750,00", "received_on": "2003-01-15"}
    assert client.post(page, data=sent | {"method": "mobile_money"}).status_code == 422  # by which operator?
    wave = sent | {"method": "mobile_money", "operator": "Wave", "number": "T-1"}
    assert client.post(page, data=wave).status_code == 302
    assert client.post(page, data=wave).status_code == 422  # the same money once
    assert client.post(page, data=sent | {"method": "cheque", "number": "77"}).status_code == 302
    for one in savings.deposits_to_approve(plan):
        with transaction():
            payments.approve_receipt(one, by=zoe)
    [cheque] = cheques.in_hand()
    assert (cheque.amount, cheque.payment.subject_id) == (cad("750.00"), plan.id)


def test_a_payer_is_found_in_the_directory_or_entered(plan: SavingsPlan, ondine: User) -> None:
    with transaction():
        known = savings.payer_named("payeur FICTIF p1", "other@example.org", "fr", by=ondine)
        assert (known.id, known.email) == (plan.payer_id, "p1@example.org")
        assert savings.payer_named("Caisse fictive", "caisse@example.org", "fr", by=ondine).id != known.id


def test_the_link_goes_to_the_address_given_for_the_plan(plan: SavingsPlan, ondine: User) -> None:
    assert plan.written_to == "p1@example.org"  # nothing was given: the directory's
    with transaction():
        command = OpenPlan(
            delegation_id=plan.delegation_id, payer_id=plan.payer_id, code="P20", target=cad("9000.00"),
            count=12, first_due=date(2003, 1, 15), payer_email="Tresorerie@example.org",
        )  # fmt: skip
        other = savings.open_plan(command, by=ondine)
    assert savings.next_code() == "P21"
    assert other.written_to == "tresorerie@example.org"
    assert len(mails("tresorerie@example.org")) == 1


def test_january_2004_was_paid_41_days_late(plan: SavingsPlan, aristide: User, zoe: User) -> None:
    days = [date(2003, m, 15) for m in (1, 4, 7, 10)] + [date(2004, 2, 25)]
    with transaction():
        for on in days:
            deposit(plan, "750.00", on, aristide, zoe)
    on = date(2004, 3, 1)
    status = savings.plan_status(plan, on)
    assert status.instalments[4].days_late == 41
    assert [(one.days, one.most, one.caught_up) for one in status.history] == [(41, cad("750.00"), True)]
    assert not status.late_amount
    assert project(status, QUARTER).course is Course.ON_COURSE


def test_a_returned_cheque_is_no_deposit(plan: SavingsPlan, aristide: User, zoe: User) -> None:
    with transaction():
        command = RecordDeposit(amount=cad("750.00"), received_on=date(2003, 1, 15))
        payment = savings.record_deposit(plan, command, by=aristide)
        payments.approve_receipt(payment, by=zoe)
        mirror = payments.return_receipt(payment, date(2003, 1, 20), "Chèque retourné", by=aristide)
        payments.approve_return(payment, mirror, by=zoe)
    status = savings.plan_status(plan, date(2003, 1, 21))
    assert (status.saved, status.late_amount) == (cad("0.00"), cad("750.00"))


def test_several_payers_of_one_delegation_stay_apart(
    outaouais: Delegation, aristide: User, zoe: User
) -> None:
    with transaction():
        first, second = plan_of(outaouais, "P1", "6000.00", 12), plan_of(outaouais, "P2", "3000.00", 12)
        deposit(first, "500.00", date(2003, 1, 15), aristide, zoe)
        deposit(second, "250.00", date(2003, 1, 15), aristide, zoe)
    found = savings.plan_statuses([first, second], date(2003, 2, 1))
    assert [found[one.id].saved for one in (first, second)] == [cad("500.00"), cad("250.00")]


def test_asking_for_the_same_card_deposit_twice_is_asking_once(plan: SavingsPlan) -> None:
    with transaction():
        first = savings.request_deposit(Payer(plan), cad("750.00"), by=BY)
        assert savings.request_deposit(Payer(plan), cad("750.00"), by=BY).id == first.id
        assert savings.request_deposit(Payer(plan), cad("100.00"), by=BY).id != first.id
    assert first.status is PaymentStatus.REQUESTED


@pytest.mark.parametrize("text", ["0.00", "-5.00"])
def test_a_deposit_is_more_than_nothing(plan: SavingsPlan, text: str) -> None:
    with pytest.raises(NothingToPay), transaction():
        savings.request_deposit(Payer(plan), cad(text), by=BY)


def test_a_deposit_in_another_currency_is_refused(plan: SavingsPlan, aristide: User) -> None:
    with pytest.raises(WrongCurrency), transaction():
        savings.record_deposit(
            plan, RecordDeposit(amount=Money(5000, "XOF"), received_on=date(2003, 1, 15)), by=aristide
        )


def test_too_much_money_is_taken_and_shown(plan: SavingsPlan, aristide: User, zoe: User) -> None:
    with transaction():
        deposit(plan, "9000.01", date(2003, 1, 15), aristide, zoe)
    assert [one.kind for one in db.session.scalars(select(Attention))] == ["surplus"]
    assert savings.plan_status(plan, date(2003, 1, 16)).saved == cad("9000.01")


def test_a_closed_plan_asks_for_nothing_but_refuses_no_money(
    plan: SavingsPlan, aristide: User, zoe: User
) -> None:
    with transaction():
        savings.close_plan(plan, "Édition close", by=BY)
    with pytest.raises(PlanClosed), transaction():
        savings.request_deposit(Payer(plan), cad("750.00"), by=BY)
    with transaction():
        deposit(plan, "750.00", date(2005, 12, 1), aristide, zoe)
    assert [one.kind for one in db.session.scalars(select(Attention))] == ["plan_closed"]


def test_numbers_that_make_no_plan_open_none(outaouais: Delegation, plan: SavingsPlan) -> None:
    with pytest.raises(TargetTooSmall), transaction():
        savings.open_plan(
            OpenPlan(
                delegation_id=outaouais.id,
                payer_id=plan.payer_id,
                code="P9",
                target=cad("0.10"),
                count=12,
                first_due=date(2003, 1, 15),
            ),
            by=BY,
        )
    assert db.session.scalars(select(SavingsPlan)).all() == [plan]
