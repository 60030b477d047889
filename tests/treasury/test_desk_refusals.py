"""At the desk: what cannot be is said beside what was typed; box, cheque and money stay as they are."""

from datetime import date

import pytest
from flask import Flask
from sqlalchemy import func, select

from access.models import User
from shared.database import db, transaction
from shared.errors import Conflict
from tests.treasury.card_money import cad
from tests.treasury.conftest import Ask
from tests.treasury.desk import Desk
from treasury import approvals, chart, epc_qr
from treasury.desk import cash, cheques
from treasury.desk.cash import OpenBox, OtherBox, TakeCash
from treasury.desk.models import CashSession, ChequeDeposit
from treasury.models import Account, Fund
from treasury.payments import RecordReceipt

DAY = date(2005, 10, 15)


@pytest.fixture
def box(house: Fund, aristide: User) -> CashSession:
    """The box of the welcome desk, opened with 45.00."""
    with transaction():
        command = OpenBox(place="Accueil", currency="CAD", fund_id=house.id, count={2000: 2, 500: 1})
        return cash.open_box(command, by=aristide)


@pytest.fixture
def treasurer(app: Flask, aristide: User) -> Desk:
    return Desk(app, aristide)


def test_a_box_takes_its_own_currency(box: CashSession, ask: Ask, aristide: User) -> None:
    euros = ask("20.00", currency="EUR")
    with pytest.raises(OtherBox), transaction():
        cash.take_payment(box, euros, TakeCash(on=DAY), by=aristide)
    assert (cash.expected(box), box.difference) == (cad("45.00"), None)  # open: nothing was counted yet


def test_a_difference_thrown_away_stays_explained(box: CashSession, aristide: User, zoe: User) -> None:
    with transaction():
        cash.close_box(box, {2000: 2}, "change given twice", DAY, by=aristide)
    [waiting] = approvals.waiting()
    with transaction():
        approvals.discard(waiting.entry, "found under the table", by=zoe)
    assert (box.entry_id, box.difference) == (None, cad("-5.00"))


def test_a_second_box_at_one_place_is_refused_with_what_was_typed(treasurer: Desk, box: CashSession) -> None:
    page = "/treasury/desk/cash/new/CAD"
    fund = str(box.fund_id)
    refused = treasurer.press(page, page, place="Accueil", fund=fund, pieces_2000="3")
    assert refused.status_code == 422
    assert "is open already" in refused.text
    assert 'value="3"' in refused.text
    assert db.session.scalar(select(func.count()).select_from(CashSession)) == 1


def test_money_is_taken_once_and_by_an_open_box(treasurer: Desk, box: CashSession, ask: Ask) -> None:
    payment = ask("60.00")
    page = f"/treasury/desk/cash/{box.id}"
    once, twice = (treasurer.press(page, f"{page}/take", reference=payment.reference) for _ in range(2))
    assert (once.status_code, twice.status_code) == (303, 409)
    assert "This is already paid." in twice.text
    assert cash.expected(box) == cad("105.00")


def test_a_count_that_is_no_number_closes_nothing(treasurer: Desk, box: CashSession) -> None:
    page = f"/treasury/desk/cash/{box.id}"
    assert treasurer.press(page, f"{page}/close", pieces_2000="a few").status_code == 422
    db.session.refresh(box)
    assert box.closing is None


def test_a_cheque_that_is_not_there_goes_nowhere(bank: Account) -> None:
    with pytest.raises(Conflict):
        cheques.must_be_known([1])
    assert cheques.in_hand() == []


@pytest.mark.usefixtures("without_tokens")
def test_a_cheque_whose_receipt_waits_is_not_brought_to_the_bank(
    treasurer: Desk, ask: Ask, aristide: User
) -> None:
    payment = ask()
    with transaction():
        receipt = RecordReceipt(received_on=DAY, operator="Caisse fictive", number="7")
        cheque = cheques.receive_cheque(payment, receipt, by=aristide)
    refused = treasurer.client.post(
        "/treasury/desk/cheques/deposit", data={"cheque": str(cheque.id), "on": "2005-10-16", "slip": "B-1"}
    )
    assert refused.status_code == 409
    assert "Only cheques that are approved" in refused.text
    for nothing in ("9" * 30, "-1", "²"):
        told = {"cheque": nothing, "on": "2005-10-16", "slip": "B-1"}
        answer = treasurer.client.post("/treasury/desk/cheques/deposit", data=told)
        assert 400 <= answer.status_code < 500
    assert db.session.scalar(select(ChequeDeposit.id)) is None


def test_a_receipt_for_what_was_paid_by_another_reference_says_so(treasurer: Desk, ask: Ask) -> None:
    how = {"method": "mobile_money", "account_code": chart.MOBILE_MONEY, "received_on": "2005-10-15"}
    for payment, status in ((ask(), 302), (ask("60.00"), 409)):
        page = f"/treasury/payments/{payment.reference}"
        answer = treasurer.press(page, f"{page}/receipt", **how, operator="Wave", number="T_1")
        assert answer.status_code == status, answer.text


def test_bank_details_may_name_no_bic() -> None:
    lines = ["Caisse fictive de solidarité", "IBAN FR76 3000 6000 0112 3456 7890 189"]
    assert epc_qr.sepa_account(lines) == epc_qr.SepaAccount(lines[0], "FR7630006000011234567890189")
